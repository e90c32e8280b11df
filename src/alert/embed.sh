#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the C source that carries the catalogue FILE inside the program; alert_private.h declares it.
set -eu

[ $# = 1 ] || {
	echo "embed.sh: usage: embed.sh FILE" >&2
	exit 1
}
echo '/* SPDX-License-Identifier: Apache-2.0 */'
echo '/* The catalogue of alerts. Generated: change catalogue.json instead. */'
echo '#include "alert_private.h"'
echo
echo 'const char alert_catalogue_data[] = {'
od -An -v -t d1 "$1" | awk '{ gsub(/^ +/, ""); gsub(/ +/, ","); print "\t" $0 "," }'
echo '	0'
echo '};'
