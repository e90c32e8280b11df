#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a machine with only a shell, git and apt: installs what is missing, builds, runs every test.
set -eu
cd "$(dirname "$0")/.."
sh deploy/install-packages.sh test

# Some tests mount file systems in a namespace of their own. There the root must be a mount point,
# which the root of a plain chroot is not: the tests then run below a bind mount of it.
if [ "$(id -u)" -eq 0 ] && ! mountpoint -q /; then
    root=$(mktemp -d)
    status=0
    unshare --mount --propagation unchanged sh -c \
        'mount --rbind / "$0" && exec chroot "$0" make -C "$1" test' "$root" "$PWD" || status=$?
    rmdir "$root" 2>/dev/null || true
    exit "$status"
fi
exec make test
