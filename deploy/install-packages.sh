#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing: sh deploy/install-packages.sh [build|demo|bench|test|contract]
set -eu

BUILD_PACKAGES="
    gcc make pkg-config libc6-dev ca-certificates openssl sqlite3
    libmicrohttpd-dev libgnutls28-dev libcjose-dev libjansson-dev libssl-dev libsqlite3-dev libcurl4-openssl-dev
    zlib1g-dev libzstd-dev libkrb5-dev gss-ntlmssp
"
# The file server that the demonstration backs up to, and what tells its connections to others than root.
DEMO_PACKAGES="samba libnss-wrapper libuid-wrapper"
# Whom the SMB client is measured against.
BENCH_PACKAGES="$DEMO_PACKAGES smbclient libsmbclient-dev python3 time"
# The compilers and checkers, then what the tests call.
TEST_PACKAGES="
    clang libclang-rt-14-dev llvm clang-format clang-tidy cppcheck universal-ctags valgrind git
    libcmocka-dev python3 python3-cryptography python3-jsonschema python3-jwt
    zstd curl strace attr acl procps util-linux
    $DEMO_PACKAGES
    python3-samba samba-dsdb-modules samba-ad-provision samba-vfs-modules winbind iproute2 nftables
    libfuse3-dev btrfs-progs e2fsprogs
"

case "${1:-build}" in
build) wanted=$BUILD_PACKAGES ;;
demo) wanted="$BUILD_PACKAGES $DEMO_PACKAGES" ;;
bench) wanted="$BUILD_PACKAGES $BENCH_PACKAGES" ;;
contract)
    wanted="$BUILD_PACKAGES python3 python3-jsonschema"
    # A machine may have its own node.
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || wanted="$wanted nodejs npm"
    ;;
test) wanted="$BUILD_PACKAGES $TEST_PACKAGES" ;;
*)
    echo "usage: sh deploy/install-packages.sh [build|demo|bench|test|contract]" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "install-packages: this is not a Debian system; nothing was installed." >&2
    echo "install-packages: what these Debian packages hold is needed:" $wanted >&2
    exit 0
fi

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "install-packages: these packages are missing:$missing" >&2
        echo "install-packages: this is neither root nor a machine with sudo; as root, run" >&2
        echo "    apt-get update && apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
    as_root=sudo
fi

echo "install-packages: installing$missing"
# Another apt may hold the lists, for which apt-get has no option that waits.
attempt=1
until $as_root apt-get -o DPkg::Lock::Timeout=300 -q update; do
    [ "$attempt" -lt 5 ] || exit 1
    attempt=$((attempt + 1))
    sleep 10
done
# Word splitting is meant: $missing is a list.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q -y \
    install --no-install-recommends $missing
