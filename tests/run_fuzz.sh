#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs fuzz programs one after the other: sh tests/run_fuzz.sh SECONDS BUILD_FOLDER PROGRAM...
# Seeds come from tests/fuzz/seeds/<name>/; what was found is kept in BUILD_FOLDER/corpus/<name>/.
set -eu

seconds=$1
build=$2
shift 2
passed=0
failed=0
for program in "$@"; do
    name=$(basename "$program")
    corpus=$build/corpus/$name
    mkdir -p "$corpus"
    set -- "$corpus"
    [ ! -d "tests/fuzz/seeds/$name" ] || set -- "$@" "tests/fuzz/seeds/$name"
    echo "fuzz $name for $seconds s"
    if "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$build/$name-" "$@" >"$build/$name.log" 2>&1; then
        passed=$((passed + 1))
        grep -E 'number_of_executed_units|peak_rss_mb' "$build/$name.log" || true
    else
        failed=$((failed + 1))
        tail -n 60 "$build/$name.log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
