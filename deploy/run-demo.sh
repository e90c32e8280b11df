#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole story on this machine, in a temporary folder: services, a file server that takes nothing but encrypted SMB, backups
# while the services work, their loss, their recovery, the proof. Called by `make demo`, which builds first. Ends no process but
# its own and leaves nothing behind.
set -eu
cd "$(dirname "$0")/.."
. deploy/private-share.sh
program=${INFRABACKUP:-$PWD/build/infrabackup}
PATH=$PATH:/usr/sbin:/sbin
umask 077

for tool in "$program" sqlite3 sha256sum find awk setsid smbd smbstatus; do
    command -v "$tool" >/dev/null 2>&1 || {
        echo "run-demo: $tool is missing: \`make demo\` installs and builds what is needed" >&2
        exit 1
    }
done

folder=$(mktemp -d "${TMPDIR:-/tmp}/infrabackup-demo.XXXXXX")
services=$folder/services
server=$folder/server
service=
share_server=
writer=

stop_writer() {
    [ -n "$writer" ] || return 0
    touch "$folder/stop"
    wait "$writer" || true
    writer=
    rm -f "$folder/stop"
}

stop_service() { # SIGNAL
    [ -n "$service" ] || return 0
    kill "-$1" "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
    service=
}

# With its children, which write below the folder to their end.
stop_share_server() {
    [ -n "$share_server" ] || return 0
    kill -TERM "-$share_server" 2>/dev/null || true
    wait "$share_server" 2>/dev/null || true
    tries=0
    while [ "$tries" -lt 50 ] && kill -0 "-$share_server" 2>/dev/null; do
        tries=$((tries + 1))
        sleep 0.1
    done
    kill -KILL "-$share_server" 2>/dev/null || true
    share_server=
}

clean_up() {
    status=$?
    trap - EXIT INT TERM
    set +e
    stop_writer
    stop_service TERM
    stop_share_server
    if [ "$status" -ne 0 ]; then
        echo "run-demo: failed (exit $status)" >&2
        for log in "$folder/serve.log" "$server/log.smbd"; do
            [ ! -s "$log" ] || tail -n 20 "$log" >&2
        done
    fi
    chmod -R u+rwX "$folder" 2>/dev/null
    rm -rf "$folder"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

now() { date +%s.%N; }

step() { # TEXT: announces a step and starts its clock
    title=$1
    echo
    echo "== $title"
    begun=$(now)
}

note() { # FIGURES: a line of the table for the step that has just ended
    awk -v from="$begun" -v to="$(now)" -v title="$title" -v figures="$1" \
        'BEGIN { printf "%-44s %8.1f  %s\n", title, to - from, figures }' >>"$folder/table"
}

fail() {
    echo "run-demo: $1" >&2
    exit 1
}

# Type, mode, owner, time, link target and name of everything, and the hash of every file.
describe() { # DIRECTORY
    (
        cd "$1"
        find . -printf '%y %m %U %G %T@ %l %p\n' | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
    )
}

listens() { # PORT: by the kernel's list
    grep -qi ": 0100007F:$(printf '%04X' "$1") 00000000:0000 0A" /proc/net/tcp
}

choose_port() {
    port=$((20000 + $$ % 10000))
    while listens "$port"; do
        port=$((port + 1))
    done
}

# Whoever runs this is the server's only user, under the name backup-user. Every connection is noted as the server sees it when
# it is made; smbstatus only wants to be told that it is root.
configure_share_server() {
    mkdir -p "$server/data/north"
    head -c 18 /dev/urandom | base64 >"$folder/share.password"
    private_share_prepare "$server" "$port" required
    cat >"$server/note-session.sh" <<END
exec env LD_PRELOAD=libuid_wrapper.so UID_WRAPPER=1 UID_WRAPPER_ROOT=1 \\
    smbstatus -s "$server/smb.conf" -p >>"$server/sessions"
END
    cat >>"$server/smb.conf" <<END
[backups]
  path = $server/data
  read only = no
  preexec = sh $server/note-session.sh
END
    private_share_account "$server" backup-user "$(id -u)" "$(id -g)"
    private_share_password "$server" backup-user <"$folder/share.password"
}

start_share_server() {
    choose_port
    configure_share_server
    setsid sh -c '. deploy/private-share.sh; private_share_serve "$0"' "$server" >"$server/out" 2>&1 &
    share_server=$!
    tries=0
    until listens "$port"; do
        kill -0 "$share_server" 2>/dev/null || fail "the file server did not start: $(tail -n 3 "$server/out")"
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || fail "the file server is not ready after 30 seconds"
        sleep 0.1
    done
    share=smb://127.0.0.1:$port/backups/north
}

connections() { # PATTERN: how many the server saw; one that is open while others are made is noted more than once
    grep "^[0-9].*$1" "$server/sessions" | sort -u | wc -l
}

from_share() { # COMMAND OPTION...: with the share alone
    command=$1
    shift
    "$program" "$command" --from "$share" --user 'CONTOSO\backup-user' \
        --password-file "$folder/share.password" "$@"
}

rows() { sqlite3 -cmd '.timeout 20000' "$services/live.sqlite" 'SELECT count(*) FROM event'; }

start_service() {
    : >"$folder/serve.out"
    "$program" serve -c "$folder/config.json" >"$folder/serve.out" 2>>"$folder/serve.log" &
    service=$!
    tries=0
    until grep -q '^infrabackup: listening on ' "$folder/serve.out"; do
        kill -0 "$service" 2>/dev/null || fail "the service did not start"
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || fail "the service is not ready after 30 seconds"
        sleep 0.1
    done
    INFRABACKUP_URL=$(sed -n 's/^infrabackup: listening on //p' "$folder/serve.out")
    export INFRABACKUP_URL
    echo "the service listens on $INFRABACKUP_URL"
}

client() { # COMMAND OPTION...: against the running service
    command=$1
    shift
    "$program" "$command" -c "$folder/config.json" --token-file "$folder/token" "$@"
}

stored() { du -sk "$server/data" | awk '{ printf "%.1f MB on the share", $1 / 1024 }'; }

step "three services with data"
mkdir -p "$services"
cp -a /usr/share/doc "$services/documentation" 2>/dev/null || true
# What only root may read is left out when somebody else runs this.
cp -a /etc "$services/etc" 2>/dev/null || true
find "$services" -type f ! -readable -delete 2>/dev/null || true
sqlite3 "$services/live.sqlite" 'PRAGMA journal_mode = WAL;
    CREATE TABLE event (id INTEGER PRIMARY KEY, time TEXT, text TEXT);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
    INSERT INTO event (time, text) SELECT datetime(), hex(randomblob(40)) FROM n' >/dev/null
for role in documentation etc; do
    describe "$services/$role" >"$folder/$role.before"
done
(
    while [ ! -e "$folder/stop" ]; do
        sqlite3 -cmd '.timeout 20000' "$services/live.sqlite" \
            "INSERT INTO event (time, text) VALUES (datetime(), hex(randomblob(40)))" || exit 1
    done
) &
writer=$!
files=$(find "$services" -type f | wc -l)
note "$files files, $(du -sk "$services" | awk '{ printf "%.0f MB", $1 / 1024 }'), a database being written to"

step "keys, configuration, state directory"
head -c 18 /dev/urandom | base64 >"$folder/pfx.password"
"$program" key new-cert --out "$folder/recovery" --password-file "$folder/pfx.password"
cat >"$folder/config.json" <<END
{
  "stateDir": "$folder/state",
  "deployment": {
    "id": "b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002", "location": "north",
    "externalDomain": "example.com", "subscriptionId": "7d0f5f0e-6a39-4c5e-9a64-0b6c86f1a001",
    "stampVersion": "1.2311.1.22"
  },
  "http": { "listen": "127.0.0.1:0" },
  "services": [
    { "role": "Documentation", "provider": "directory", "path": "$services/documentation" },
    { "role": "Etc", "provider": "directory", "path": "$services/etc", "restorePriority": 0 },
    { "role": "Database", "provider": "sqlite", "path": "$services/live.sqlite" }
  ]
}
END
"$program" init -c "$folder/config.json" >"$folder/init.out"
sed -n 's/^token  *//p' "$folder/init.out" >"$folder/token"
signer=$(sed -n 's/^signer  *//p' "$folder/init.out")
echo "identity key $signer"
note "RSA 3072 certificate, Ed25519 identity"

step "a file server that requires encryption"
start_share_server
echo "Samba $(smbd --version | sed 's/^Version //') serves $share"
sed -n 's/^ *\(server smb encrypt = .*\)/its configuration says: \1/p' "$server/smb.conf"
note "SMB 3.1.1 with user and password"

step "service started, backup location set over REST"
start_service
client configure --path "$share" --user 'CONTOSO\backup-user' --password-file "$folder/share.password" \
    --cert "$folder/recovery.cer" --frequency 12 --retention 7
note "share tested by the service"

step "first backup"
client backup --wait
note "$(stored)"

step "second backup"
rows_before=$(rows)
client backup --wait
rows_after=$(rows)
note "$(stored)"

step "the catastrophe"
stop_writer
stop_service KILL
rm -rf "$services" "$folder/state"
mkdir "$services"
echo "service killed; data and state directory deleted; left: the share and its password, the PFX, the configuration"
note "everything but the share and the PFX is gone"

step "list"
from_share list --signer "$signer"
note "no key, no service, no database"

step "verify with the PFX"
from_share verify --signer "$signer" --pfx "$folder/recovery.pfx" \
    --pfx-password-file "$folder/pfx.password" | tee "$folder/verify.out"
note "$(sed -n 's/^verified .*; //p' "$folder/verify.out")"

step "recover into the services"
from_share recover --signer "$signer" --pfx "$folder/recovery.pfx" \
    --pfx-password-file "$folder/pfx.password" -c "$folder/config.json" | tee "$folder/recover.out"
recovered=$(sed -n 's/^recovered /recovered /p' "$folder/recover.out")
note "$recovered"

step "compare"
for role in documentation etc; do
    describe "$services/$role" >"$folder/$role.after"
    cmp "$folder/$role.before" "$folder/$role.after" ||
        fail "$role is not what it was: $(diff "$folder/$role.before" "$folder/$role.after" | head -n 5)"
    echo "$role: $(wc -l <"$folder/$role.after") lines of type, mode, owner, time, target, SHA-256: equal"
done
integrity=$(sqlite3 "$services/live.sqlite" 'PRAGMA integrity_check')
[ "$integrity" = ok ] || fail "the database is damaged: $integrity"
rows_recovered=$(rows)
{ [ "$rows_recovered" -ge "$rows_before" ] && [ "$rows_recovered" -le "$rows_after" ]; } ||
    fail "the database has $rows_recovered rows, not $rows_before to $rows_after"
echo "database: integrity ok, $rows_recovered rows (before the backup $rows_before, after it $rows_after)"
note "identical; database ok, $rows_recovered rows of $rows_before..$rows_after"

step "the recovered service goes on"
# The one that burnt down never gave the folder up.
"$program" share release --share "$share" --user 'CONTOSO\backup-user' --password-file "$folder/share.password"
start_service
client status
client backup --wait
backups=$(from_share list --signer "$signer" | grep -c ' Succeeded ')
note "same token, same history, $backups backups in one chain"
stop_service TERM

step "what went over the wire"
all=$(connections "")
encrypted=$(connections ' SMB3_11 .* AES-128-GCM ')
echo "smbstatus when each was made: $all connections, $encrypted of them SMB3_11 encrypted with AES-128-GCM"
{ [ "$all" -gt 0 ] && [ "$all" -eq "$encrypted" ]; } || fail "not every connection was encrypted"
note "$encrypted of $all connections encrypted"

echo
printf '%-44s %8s  %s\n' "step" "seconds" "figures"
cat "$folder/table"
echo
echo "$recovered: identical"
