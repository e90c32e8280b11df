# SPDX-License-Identifier: Apache-2.0
# A Samba server of one's own on loopback, writing nothing outside its folder, for root and for
# others (whom it can only serve as themselves). To be read by a script (`. deploy/private-share.sh`):
#   private_share_prepare FOLDER PORT ENCRYPTION     FOLDER/smb.conf, which ends inside [global]
#   private_share_account FOLDER NAME UID GID        somebody whom the system need not know
#   private_share_password FOLDER NAME <FILE         who may log on; the first line is the password
#   private_share_run FOLDER COMMAND...              a Samba program that sees these accounts
#   private_share_serve FOLDER                       becomes the server, in the foreground
#   private_share_pretend                            from here on Samba takes whoever runs this for root,
#                                                    so that it serves all accounts: their files are his
# Packages: samba libnss-wrapper libuid-wrapper.

private_share_wrappers=libnss_wrapper.so

private_share_prepare() { # FOLDER PORT required|desired|off
    PATH=$PATH:/usr/sbin:/sbin
    ldconfig -p | grep -q libnss_wrapper.so || {
        echo "private-share: the package libnss-wrapper is missing" >&2
        return 1
    }
    for private_share_name in private lock state cache pid ncalrpc; do
        mkdir -p "$1/$private_share_name"
    done
    cp /etc/passwd "$1/passwd"
    cp /etc/group "$1/group"
    cat >"$1/smb.conf" <<CONFIG
[global]
  netbios name = FILESRV01
  workgroup = CONTOSO
  server role = standalone server
  interfaces = lo
  bind interfaces only = yes
  smb ports = $2
  disable netbios = yes
  server min protocol = SMB3_11
  server signing = mandatory
  server smb encrypt = $3
  ntlm auth = ntlmv2-only
  restrict anonymous = 2
  map to guest = never
  private dir = $1/private
  lock directory = $1/lock
  state directory = $1/state
  cache directory = $1/cache
  pid directory = $1/pid
  ncalrpc dir = $1/ncalrpc
  usershare path =
  passdb backend = tdbsam:$1/private/passdb.tdb
  log file = $1/log.smbd
  log level = 1 auth_audit:3
  max log size = 0
  load printers = no
  printcap name = /dev/null
  disable spoolss = yes
  strict sync = yes
CONFIG
}

private_share_pretend() {
    private_share_wrappers="libnss_wrapper.so libuid_wrapper.so"
    UID_WRAPPER=1
    UID_WRAPPER_ROOT=1
    export UID_WRAPPER UID_WRAPPER_ROOT
}

private_share_account() { # FOLDER NAME UID GID
    echo "$2:x:$3:$4::/nonexistent:/usr/sbin/nologin" >>"$1/passwd"
    grep -q "^[^:]*:[^:]*:$4:" "$1/group" || echo "$2:x:$4:" >>"$1/group"
}

# Nor does the machine's winbindd, if it has one, have a say in who somebody is.
private_share_enter() { # FOLDER
    export LD_PRELOAD="$private_share_wrappers${LD_PRELOAD:+ $LD_PRELOAD}" NSS_WRAPPER_PASSWD="$1/passwd" \
        NSS_WRAPPER_GROUP="$1/group" SELFTEST_WINBINDD_SOCKET_DIR="$1/no-winbindd"
}

private_share_run() { # FOLDER COMMAND...
    (
        private_share_enter "$1"
        shift
        exec "$@"
    )
}

private_share_password() { # FOLDER NAME <FILE: pdbedit asks twice
    IFS= read -r private_share_secret
    printf '%s\n%s\n' "$private_share_secret" "$private_share_secret" |
        private_share_run "$1" pdbedit -s "$1/smb.conf" -d 0 -a -t -u "$2" >/dev/null
}

private_share_serve() { # FOLDER
    PATH=$PATH:/usr/sbin:/sbin
    private_share_enter "$1"
    exec smbd -s "$1/smb.conf" -l "$1" -F --no-process-group
}
