#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Samba server of one's own on loopback, in the foreground, writing nothing outside its folder:
#   sh tests/fake/smbd_private.sh FOLDER PORT required|desired|off
# User "backup-user" (domain CONTOSO), password "Passw0rd!"; "disabled-user" is disabled. Shares: data,
# small (a file system of 8 MiB), readonly, denied (to "backup-user"), gone (without its folder).
# SMBD_OPTIONS: lines for the server's [global] section, which count before those here.
set -eu
folder=$1
port=$2
encrypt=$3

wrapped() {
    env LD_PRELOAD="$wrapper" NSS_WRAPPER_PASSWD="$folder/passwd" NSS_WRAPPER_GROUP="$folder/group" \
        "$@"
}

wrapper=$(find /usr/lib -name 'libnss_wrapper.so' 2>/dev/null | head -n 1)
[ -n "$wrapper" ] || { echo "smbd_private: the package libnss-wrapper is missing" >&2; exit 1; }
PATH=$PATH:/usr/sbin:/sbin

if [ "${4:-}" != inside ]; then
    umask 022
    for name in private lock state cache pid ncalrpc data small; do
        mkdir -p "$folder/$name"
    done
    chmod 0777 "$folder/data" "$folder/small"
    cp /etc/passwd "$folder/passwd"
    cp /etc/group "$folder/group"
    {
        echo 'backup-user:x:61001:61001::/nonexistent:/usr/sbin/nologin'
        echo 'disabled-user:x:61002:61001::/nonexistent:/usr/sbin/nologin'
    } >>"$folder/passwd"
    echo 'backup-user:x:61001:' >>"$folder/group"
    cat >"$folder/smb.conf" <<CONFIG
[global]
  netbios name = FILESRV01
  workgroup = CONTOSO
  server role = standalone server
  interfaces = 127.0.0.1/8
  bind interfaces only = yes
  smb ports = $port
  disable netbios = yes
  server min protocol = SMB3_11
  server signing = mandatory
  server smb encrypt = $encrypt
  ntlm auth = ntlmv2-only
  restrict anonymous = 2
  map to guest = never
  private dir = $folder/private
  lock directory = $folder/lock
  state directory = $folder/state
  cache directory = $folder/cache
  pid directory = $folder/pid
  ncalrpc dir = $folder/ncalrpc
  usershare path =
  passdb backend = tdbsam:$folder/private/passdb.tdb
  log file = $folder/log.smbd
  log level = 1 auth_audit:3
  max log size = 0
  load printers = no
  printcap name = /dev/null
  disable spoolss = yes
  strict sync = yes
${SMBD_OPTIONS:-}
[data]
  path = $folder/data
  read only = no
[small]
  path = $folder/small
  read only = no
[readonly]
  path = $folder/data
  read only = yes
[denied]
  path = $folder/data
  valid users = disabled-user
[gone]
  path = $folder/does-not-exist
  read only = no
CONFIG
    for user in backup-user disabled-user; do
        printf 'Passw0rd!\nPassw0rd!\n' |
            wrapped smbpasswd -c "$folder/smb.conf" -L -s -a "$user" >/dev/null
    done
    wrapped smbpasswd -c "$folder/smb.conf" -L -d disabled-user >/dev/null
    # The small file system lives in a mount namespace, so that it ends with the server.
    exec unshare -m --propagation private sh "$0" "$folder" "$port" "$encrypt" inside
fi

mount -t tmpfs -o size=8m,mode=0777 tmpfs "$folder/small"
exec env LD_PRELOAD="$wrapper" NSS_WRAPPER_PASSWD="$folder/passwd" \
    NSS_WRAPPER_GROUP="$folder/group" smbd -s "$folder/smb.conf" -F --no-process-group
