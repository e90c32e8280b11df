#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the C source that carries the migrations given as FILES
# (migrations/<kind>/<NNNN>_<name>.sql) inside the program; src/db/db_migrations.h declares it.
set -eu

fail() {
	echo "embed.sh: $*" >&2
	exit 1
}

bytes() {
	od -An -v -t d1 "$1" | awk '{ gsub(/^ +/, ""); gsub(/ +/, ","); print "\t" $0 "," }'
}

[ $# -gt 0 ] || fail "usage: embed.sh FILES..."
echo '/* SPDX-License-Identifier: Apache-2.0 */'
echo '/* The migrations of both databases. Generated: change the .sql files instead. */'
echo '#include "db_migrations.h"'

table=''
state=0
catalogue=0
count=0
for file in "$@"; do
	kind=$(basename "$(dirname "$file")")
	base=$(basename "$file" .sql)
	number=${base%%_*}
	name=${base#*_}
	case $number in
	[0-9][0-9][0-9][0-9]) ;;
	*) fail "$file: the name must be NNNN_name.sql" ;;
	esac
	number=$(echo "$number" | sed 's/^0*//')
	case $kind in
	state) state=$((state + 1)) expected=$state constant=DB_STATE ;;
	catalogue) catalogue=$((catalogue + 1)) expected=$catalogue constant=DB_CATALOGUE ;;
	*) fail "$file: the folder must be state or catalogue" ;;
	esac
	[ "$number" = "$expected" ] || fail "$file: number $expected of $kind must come here"
	hash=$(sha256sum "$file" | awk '{ print $1 }')
	[ "${#hash}" = 64 ] || fail "$file: no hash"
	count=$((count + 1))
	printf '\nstatic const char sql_%s[] = {\n' "$count"
	bytes "$file"
	printf '\t0\n};\n'
	table="$table	{ $constant, $number, \"$name\", sql_$count, \"$hash\" },
"
done

printf '\nconst struct db_migration db_migrations[] = {\n%s};\n' "$table"
printf 'const size_t db_migration_count = sizeof db_migrations / sizeof db_migrations[0];\n'
