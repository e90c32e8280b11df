#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A domain controller of one's own for CONTOSO.COM, in the foreground: DNS, Kerberos, LDAP and SMB on their standard
# ports of a network namespace that the caller made, nothing written outside FOLDER (an empty one, which becomes a
# tmpfs):
#   OUTER_NAMESPACES="$(readlink /proc/self/ns/net /proc/self/ns/mnt)" \
#       unshare -n -m --propagation private sh tests/fake/domain_private.sh FOLDER required|desired|off
# It is dc1.contoso.com, also filesrv01 (its second name with a Kerberos principal) and alias (one without).
# /etc of the mount namespace gets hosts, resolv.conf and krb5.conf for clients inside; with $DOMAIN_TICKET their
# tickets live that many seconds, at least 121: shorter ones count as those for changing a password. tests/fake/domain_accounts.py makes the users. Shares: data, small (8 MiB), denied
# (to all but "other-user"). $DOMAIN_OPTIONS: lines for [global], which count before those here.
# Killing it ends all of its processes.
set -eu
folder=$1
encrypt=$2
address=198.51.100.10
PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$0")

# Never in the machine's own, where it would cover /etc and take standard ports: what cannot be shown to be another
# is refused.
for kind in net mnt; do
    own=$(readlink "/proc/self/ns/$kind") || own=
    case "$own|${OUTER_NAMESPACES:-}" in
    "|"* | *"|" | *"|"*"$own"*) inside=no ;;
    *"|"*"$kind:["*) inside=yes ;;
    *) inside=no ;;
    esac
    [ "$inside" = yes ] || {
        echo "domain_private: this is not shown to be a $kind namespace of its own" >&2
        exit 2
    }
done
others=$(ip -o link show up | grep -Ev '^[0-9]+: (lo|domain[01])[:@]' || :)
[ -z "$others" ] || {
    echo "domain_private: this network is in use" >&2
    exit 2
}
ip link set lo up
ip link delete domain0 2>/dev/null || :  # of one before it
# Samba wants an interface that is not the loopback.
ip link add domain0 type veth peer name domain1
ip address add "$address/24" dev domain0
ip link set domain0 up
ip link set domain1 up

mount -t tmpfs -o mode=0755 tmpfs "$folder"
mkdir "$folder/etc" "$folder/work" "$folder/log" "$folder/data" "$folder/small"
chmod 0777 "$folder/data"
mount -t tmpfs -o size=8m,mode=0777 tmpfs "$folder/small"
mount -t overlay -o "lowerdir=/etc,upperdir=$folder/etc,workdir=$folder/work" overlay /etc
# Where libwbclient looks for winbindd is compiled in.
mkdir -p /run/samba
mount -t tmpfs -o mode=0755 tmpfs /run/samba

rm -f /etc/hosts /etc/resolv.conf
cat >/etc/hosts <<HOSTS
127.0.0.1 localhost
$address dc1.contoso.com dc1 filesrv01.contoso.com alias.contoso.com
HOSTS
printf 'search contoso.com\nnameserver %s\noptions timeout:2 attempts:1\n' "$address" >/etc/resolv.conf
{
    printf '[libdefaults]\n'
    [ -z "${DOMAIN_TICKET:-}" ] || printf '\tticket_lifetime = %ss\n' "$DOMAIN_TICKET"
} >/etc/krb5.conf

samba-tool domain provision --realm=CONTOSO.COM --domain=CONTOSO --server-role=dc \
    --dns-backend=SAMBA_INTERNAL --host-name=dc1 --host-ip="$address" --adminpass='Passw0rd!' \
    --targetdir="$folder/dc" >"$folder/log/provision" 2>&1 || {
    tail -n 5 "$folder/log/provision" >&2
    exit 1
}
cat >"$folder/dc/etc/smb.conf" <<CONFIG
[global]
${DOMAIN_OPTIONS:-}
  netbios name = DC1
  workgroup = CONTOSO
  realm = CONTOSO.COM
  server role = active directory domain controller
  server services = s3fs, rpc, ldap, cldap, kdc, dns, winbindd
  interfaces = $address
  bind interfaces only = yes
  disable netbios = yes
  prefork children = 1
  server min protocol = SMB3_11
  server signing = mandatory
  server smb encrypt = $encrypt
  ntlm auth = ntlmv2-only
  private dir = $folder/dc/private
  lock directory = $folder/dc
  state directory = $folder/dc/state
  cache directory = $folder/dc
  pid directory = $folder/dc
  ncalrpc dir = $folder/dc/ncalrpc
  ntp signd socket directory = $folder/dc/ntp
  usershare path =
  log file = $folder/log/domain
  log level = 1 auth_audit:5
  max log size = 0
  load printers = no
  printcap name = /dev/null
  disable spoolss = yes
  strict sync = yes
[sysvol]
  path = $folder/dc/state/sysvol
  read only = no
[netlogon]
  path = $folder/dc/state/sysvol/contoso.com/scripts
  read only = no
[data]
  path = $folder/data
  read only = no
[small]
  path = $folder/small
  read only = no
[denied]
  path = $folder/data
  read only = no
  valid users = CONTOSO\\other-user
CONFIG
/usr/bin/python3 "$here/domain_accounts.py" "$folder" create

exec unshare --pid --fork --kill-child samba -F --no-process-group \
    -s "$folder/dc/etc/smb.conf" >"$folder/log/samba" 2>&1
