#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Samba server of one's own on loopback, in the foreground, writing nothing outside its folder:
#   sh tests/fake/smbd_private.sh FOLDER PORT required|desired|off
# User "backup-user" (domain CONTOSO), password "Passw0rd!"; "disabled-user" is disabled; "jörg müller" has
# "Pässwört €1 ß". Shares: data, small (a file system of 8 MiB), bounded (of 40 MiB), readonly, denied (to "backup-user"), gone
# (without its folder), "Büro Süd".
# SMBD_OPTIONS: lines for the server's [global] section, which count before the others.
set -eu
folder=$1
port=$2
encrypt=$3
. "$(dirname "$0")/../../deploy/private-share.sh"

# Others than root only look like it: to the server, and in a user namespace, where they may mount.
namespace=
modes=
if [ "$(id -u)" -ne 0 ] || [ "${4:-}" = others ]; then
    private_share_pretend
    namespace=--map-root-user
    # What the server makes belongs to who runs it: the accounts are others.
    modes="force create mode = 0666
  force directory mode = 0777"
fi

if [ $# -eq 3 ]; then
    umask 022
    private_share_prepare "$folder" "$port" "$encrypt"
    mkdir -p "$folder/data" "$folder/small" "$folder/bounded" "$folder/büro"
    chmod 0777 "$folder/data" "$folder/small" "$folder/bounded" "$folder/büro"
    cat >>"$folder/smb.conf" <<CONFIG
  $modes
${SMBD_OPTIONS:-}
[data]
  path = $folder/data
  read only = no
[small]
  path = $folder/small
  read only = no
[bounded]
  path = $folder/bounded
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
[Büro Süd]
  path = $folder/büro
  read only = no
CONFIG
    private_share_account "$folder" backup-user 61001 61001
    private_share_account "$folder" disabled-user 61002 61001
    private_share_account "$folder" 'jörg müller' 61003 61001
    for user in backup-user disabled-user; do
        echo 'Passw0rd!' | private_share_password "$folder" "$user"
    done
    echo 'Pässwört €1 ß' | private_share_password "$folder" 'jörg müller'
    private_share_run "$folder" smbpasswd -c "$folder/smb.conf" -L -d disabled-user >/dev/null
    # The small file system lives in a mount namespace, so that it ends with the server.
    exec unshare $namespace -m --propagation private sh "$0" "$folder" "$port" "$encrypt" \
        "${namespace:+others}"
fi

mount -t tmpfs -o size=8m,mode=0777 tmpfs "$folder/small"
mount -t tmpfs -o size=40m,mode=0777 tmpfs "$folder/bounded"
private_share_serve "$folder"
