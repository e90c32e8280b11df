#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plants violations in a small tree of its own: every checker must go red for each, and be green before.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d "${TMPDIR:-/tmp}/check.XXXXXX")
trap 'rm -rf "$root"' EXIT
passed=0
failed=0

# A tree without a fault. git is not asked about it: source_files falls back to walking.
plant_clean() {
    rm -rf "$root/tree"
    mkdir -p "$root/tree/src/base" "$root/tree/src/share" "$root/tree/src/app" "$root/tree/src/api"
    mkdir -p "$root/tree/src/archive" "$root/tree/src/http" "$root/tree/tests/unit/share"
    mkdir -p "$root/tree/include/infrabackup/archive"
    cp "$here/../layers.txt" "$root/tree/tests/layers.txt"
    cp "$here/../../.clang-format" "$root/tree/.clang-format"
    cat >"$root/tree/src/share/share_good.c" <<'CODE'
/* SPDX-License-Identifier: Apache-2.0 */
/* A file that keeps every rule; it calls strcpy() only in this comment. */
#include <string.h>

#include "infrabackup/base.h"

#include "share_private.h"

int share_good(const char *text)
{
	return (int)strlen(text) + (int)strlen("system(now)");
}
CODE
    header 'A private header.' >"$root/tree/src/share/share_private.h"
    header 'A public header.' >"$root/tree/include/infrabackup/base.h"
    header 'A public sub-header.' >"$root/tree/include/infrabackup/archive/pack.h"
    printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\necho good\n' >"$root/tree/good.sh"
}

header() {
    printf '/* SPDX-License-Identifier: Apache-2.0 */\n/* %s */\n' "$1"
}

# source FILE LINE...: a C file with a proper head and these lines.
source_file() {
    file=$root/tree/$1
    shift
    header 'Planted.' >"$file"
    printf '%s\n' "$@" >>"$file"
}

run_checker() {
    CHECK_ROOT=$root/tree GIT_CEILING_DIRECTORIES=$root "${PYTHON:-/usr/bin/python3}" \
        "$here/check_$1.py" >"$root/output" 2>&1
}

# expect green|red CHECKER WHAT [TEXT]: red must name TEXT, so that it is red for the right reason.
expect() {
    colour=green
    run_checker "$2" || colour=red
    if [ "$colour" = "$1" ] && grep -qF -- "${4:-}" "$root/output"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "check_$2: $3: $colour, expected $1 with \"${4:-}\""
        sed 's/^/    /' "$root/output"
    fi
    plant_clean
}

# A function of $1 lines.
function_of() {
    printf 'int share_long(int value)\n{\n'
    line=4
    while [ "$line" -le "$1" ]; do
        printf '\tvalue++;\n'
        line=$((line + 1))
    done
    printf '}\n'
}

plant_clean
for checker in layers lengths text scripts format cppcheck; do
    expect green "$checker" 'a tree without a fault'
done

# --- layers ---
source_file src/base/base_bad.c '#include "infrabackup/share.h"'
expect red layers 'an include that goes up' 'base may not include share'
source_file src/share/share_bad.c '#include "infrabackup/archive/pack.h"'
expect red layers 'a sub-header of a module that goes up' 'share may not include archive'
source_file include/infrabackup/share.h '#include "infrabackup/api.h"'
expect red layers 'a public header that goes up' 'share may not include api'
source_file src/archive/archive_bad.c '#include "../share/share_private.h"'
expect red layers 'a private header of another folder' 'private header of src/share'
source_file tests/unit/share/test_good.c '#include "../../../src/share/share_private.h"' \
    '#include "infrabackup/archive/pack.h"' '#include <sqlite3.h>'
expect green layers 'a test that knows its own module'
source_file src/archive/archive_bad.c '#include "no_such_header.h"'
expect red layers 'a header that does not exist' 'neither beside'
source_file src/strange.c '#include "infrabackup/base.h"'
mkdir -p "$root/tree/src/strange" && mv "$root/tree/src/strange.c" "$root/tree/src/strange/strange_a.c"
expect red layers 'a module that the table does not know' 'not in tests/layers.txt'
for pair in microhttpd.h:api/api_a.c sqlite3.h:share/share_a.c openssl/evp.h:archive/archive_a.c \
    curl/curl.h:http/http_a.c zlib.h:archive/archive_a.c zstd.h:share/share_a.c \
    jansson.h:share/share_a.c cmocka.h:share/share_a.c; do
    source_file "src/${pair#*:}" "#include <${pair%%:*}>"
    expect red layers "<${pair%%:*}> in ${pair#*:}" 'belongs into'
done
source_file src/http/http_a.c '#include <microhttpd.h>'
expect green layers '<microhttpd.h> in src/http'

# --- lengths ---
{ header 'Planted.'; function_of 121; } >"$root/tree/src/share/share_long.c"
expect red lengths 'a function of 121 lines' 'share_long has 121 lines'
{ header 'Planted.'; function_of 120; } >"$root/tree/src/share/share_long.c"
expect red lengths 'a median of over 25 lines' 'median function'
{ header 'Planted.'; echo '/* long: a table in the shape of code */'; function_of 130; } \
    >"$root/tree/tests/unit/share/test_long.c"
expect green lengths 'a long function with its reason'
{ header 'Planted.'; function_of 81; } >"$root/tree/tests/unit/share/test_long.c"
expect green lengths 'a function of 81 lines' 'warning: tests/unit/share/test_long.c'
{ header 'Planted.'; awk 'BEGIN { for (i = 0; i < 700; i++) print "extern int a" i ";" }'; } \
    >"$root/tree/src/share/share_long.c"
expect red lengths 'a file of 702 lines' '702 lines'

# --- text ---
for call in strcpy strcat sprintf vsprintf gets strtok atoi atol strncpy alloca system popen mktemp \
    tmpnam rand readdir_r; do
    source_file src/app/app_a.c "void app_a(void) { $call(x); }"
    expect red text "$call()" "$call() is banned"
done
source_file src/share/share_a.c 'void share_a(void) { exit(1); }'
expect red text 'exit() below app' 'end the process'
source_file src/app/app_a.c 'void app_a(void) { exit(1); }'
expect green text 'exit() in app'
source_file tests/unit/share/test_a.c 'void test_a(void) { usleep(10); }'
expect red text 'a test that sleeps' 'does not sleep'
source_file src/share/share_a.c 'int share_a(void) { return memcmp(secret, other, 32); }'
expect red text 'memcmp of a secret' 'secret_equal'
source_file src/share/share_a.c 'typedef struct thing thing_t;'
expect red text 'a typedef for a struct' 'typedef'
printf 'int share_a;\n' >"$root/tree/src/share/share_a.c"
expect red text 'no licence line' 'first line'
printf '/* SPDX-License-Identifier: Apache-2.0 */\nint share_a;\n' >"$root/tree/src/share/share_a.c"
expect red text 'no purpose' 'second line'
printf '#!/bin/sh\necho\n' >"$root/tree/bad.sh"
expect red text 'a script without a licence line' 'no SPDX'
for marker in TO-DO FIX-ME X-XX HA-CK; do
    source_file src/share/share_a.c "/* $(echo "$marker" | tr -d -): later */"
    expect red text "the marker $marker" 'do it or leave it'
done
for folder in work root home; do
    printf 'see /%s/a\n' "$folder" >"$root/tree/page.md"
    expect red text "a path below /$folder" 'path of one machine'
done
printf 'text \n' >"$root/tree/page.md"
expect red text 'white space at an end' 'white space'
printf 'text' >"$root/tree/page.md"
expect red text 'no newline at the end' 'no newline'

# --- scripts ---
printf '#!/bin/sh\nif true; then\n' >"$root/tree/bad.sh"
expect red scripts 'a shell script that does not parse' 'bad.sh'
printf '#!/usr/bin/env bash\ncase x in\n' >"$root/tree/run"
expect red scripts 'a bash script without an ending in its name' 'run:1'
printf '#!/usr/bin/env python3\ndef broken(:\n' >"$root/tree/bad.py"
expect red scripts 'a python program that does not parse' 'bad.py'
printf 'data\n' >"$root/tree/tool" && chmod +x "$root/tree/tool"
expect red scripts 'an executable without an interpreter' 'without an interpreter'

# --- format, cppcheck ---
source_file src/share/share_a.c 'int   share_a( void );'
expect red format 'a line that is not formatted' 'share_a.c'
source_file src/share/share_a.c 'int share_a(void)' '{' '	int values[2] = { 1, 2 };' '' \
    '	return values[3];' '}'
expect red cppcheck 'an index out of bounds' 'arrayIndexOutOfBounds'

# --- seen ---
plant_state() {
    mkdir -p "$root/tree/src/jobs"
    printf '\t[JOB_FAILED] = { "Failed", 0 },\n' >"$root/tree/src/jobs/jobs_state.c"
}
expect red seen 'tables that are not found' 'nothing is promised'
plant_state
expect red seen 'an end of a job that no test expects' 'Failed: no test'
plant_state
source_file tests/unit/share/test_share_a.c 'int a = JOB_FAILED;'
expect green seen 'an end of a job that a test expects'

echo "check-checkers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
