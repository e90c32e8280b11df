#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a machine with only a shell, git and apt: installs what is missing, builds, runs the demonstration.
set -eu
cd "$(dirname "$0")/.."
sh deploy/install-packages.sh demo
exec make demo
