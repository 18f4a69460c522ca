#!/usr/bin/env bash
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: test/gpu/racecheck/racecheck.sh PROGRAM [VARIANT...]
#
# Runs each variant of amk-gpu-racecheck under compute-sanitizer's racecheck:
# what the variant is, then what the tool reports. It does not judge: which
# reports are wrong is the question.
#
# Environment:
#   COMPUTE_SANITIZER  the tool (default: that in PATH). Its version matters:
#                      see docs/GpuKernel.md, 10.9
set -euo pipefail
program=$1
shift
variants=("$@")
[ "$#" -gt 0 ] || mapfile -t variants < <("$program" --list)
sanitizer=${COMPUTE_SANITIZER:-compute-sanitizer}

"$sanitizer" --version | grep -i '^version'
for variant in "${variants[@]}"; do
  echo "== $variant"
  # "analysis" has a line for each pair of instructions, "hazard" one for each
  # pair of accesses with its kind.
  "$sanitizer" --tool racecheck --num-cuda-barriers 16 --racecheck-report all \
    --print-limit 6 "$program" "$variant" || true
done
