#!/bin/sh
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: run.sh BUILD_DIR SECONDS
#
# Runs every fuzz target of a build with AMK_SANITIZER=fuzzer for SECONDS, all
# at the same time, from the seeds beside this script (fuzz-schedule: from the lit
# tests of schedules). Prints one line for each target; exit status 1 if one of
# them found something, 2 if nothing could be run. Logs and failing inputs stay in
# BUILD_DIR/fuzz.

set -u

# Every case of the lit tests of schedules as a file of its own.
write_schedule_seeds() {
  rm -rf "$1"
  mkdir -p "$1"
  tests="$(dirname "$0")/../Dialect/AMK"
  for test in "$tests"/verifier/*.mlir "$tests"/schedule-*.mlir; do
    awk -v stem="$1/$(basename "$test" .mlir)" '
      /^\/\/ -----/ { ++part; next }
      { print > (stem "." part + 0) }' "$test"
  done
}

# One target: run.sh --one BUILD_DIR SECONDS TARGET
run_one() {
  target=$3
  log="$1/fuzz/$target.log"
  found="$1/fuzz/$target.corpus" # new inputs must not land in the sources
  rm -rf "$found"
  mkdir -p "$found"
  seeds="$(dirname "$0")/corpus/$target"
  if [ "$target" = fuzz-schedule ]; then
    seeds="$1/fuzz/$target.seeds"
    write_schedule_seeds "$seeds"
  fi
  [ -d "$seeds" ] || seeds=
  "$1/bin/$target" "$found" ${seeds:+"$seeds"} -max_total_time="$2" \
    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$1/fuzz/$target." >"$log" 2>&1
  status=$?
  execs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  if [ "$status" -eq 0 ]; then
    verdict=clean
  else
    verdict="FAILED (exit status $status, see $log)"
  fi
  echo "$target: ${execs:-0} execs, coverage ${coverage:-0} edges, $verdict"
  [ "$status" -eq 0 ] || exit 1
}

if [ "${1:-}" = --one ]; then
  shift
  run_one "$@"
  exit 0
fi

if [ $# -ne 2 ]; then
  echo "usage: $0 BUILD_DIR SECONDS" >&2
  exit 2
fi
targets=$(cd "$1/bin" 2>/dev/null && ls -d fuzz-* 2>/dev/null)
if [ -z "$targets" ]; then
  echo "$0: $1/bin: found no fuzz targets, expected fuzz-*; configure with" \
       "-DAMK_SANITIZER=fuzzer and build amk-fuzzers" >&2
  exit 2
fi
mkdir -p "$1/fuzz" || exit 2
# xargs exits with 123 when one of the runs failed.
echo "$targets" | xargs -n 1 -P 0 sh "$0" --one "$1" "$2" || exit 1
