#!/usr/bin/env bash
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: scripts/gpu_device_suite.sh SUITE OUT [PART...]
#
# Tests or measures on a machine with a GPU what scripts/gpu_suite.py prepared in
# SUITE, gpu-suite or gpu-bench. OUT gets few files, since few come back: results.md has the tables,
# results.tar.gz all outputs and JSON, and beside them traces and logits. Parts,
# by default all that SUITE is for:
#   doctor     what the machine has
#   gates      amk-gpu-model-test: ids, bits, divergence, broken schedule
#   bench      amk-bench of the full-size shapes, dummy weights
#   timeline   the same shapes with a trace: summaries
#   kl         scripts/kl_divergence.py on the 1B shape (needs python3 with torch
#              and transformers)
#   peers      scripts/bench_peers.py (needs python3 with torch)
#   sanitizer  compute-sanitizer on a short run
# A part that fails does not stop the others. AMK_SUITE_SECONDS bounds each
# program (300). Exit status: 0 only if every part passed.
set -uo pipefail
if [[ $# -lt 2 || ! -d $1/bin ]]; then
  echo "usage: scripts/gpu_device_suite.sh SUITE OUT [PART...]" >&2
  exit 2
fi
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
suite=$(cd "$1" && pwd)
mkdir -p "$2"
result=$(cd "$2" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
shift 2
if [[ -f $suite/suite.json ]]; then
  usual="doctor gates sanitizer"
else
  usual="doctor bench timeline kl peers"
fi
parts=${*:-$usual}
limit=${AMK_SUITE_SECONDS:-300}
bin=$suite/bin
export AMK_VERIFY_CACHE=0
failed=()

# step NAME COMMAND...: its output goes to OUT/NAME.txt, the end of it here, too
step() {
  local name=$1 status begin=$SECONDS
  shift
  echo "== $name: ${*/#$suite\//}"
  timeout "$limit" "$@" >"$out/$name.txt" 2>&1
  status=$?
  echo "exit status $status, $((SECONDS - begin)) s" >>"$out/$name.txt"
  tail -n "${lines:-25}" "$out/$name.txt"
  [[ $status == 0 ]] || failed+=("$name")
}

# name, bundle, positions and reference of every shape, separated by spaces
shapes() {
  python3 - "$suite/bench.json" <<'END'
import json, sys
for row in json.load(open(sys.argv[1]))["bundles"]:
    print(row["name"], row["bundle"], ",".join(map(str, row["positions"])),
          row["reference"])
END
}

for part in $parts; do
  case $part in
  doctor)
    step doctor "$bin/amk-doctor"
    nvidia-smi >"$out/nvidia-smi.txt" 2>&1
    ;;
  gates)
    lines=60 step gates "$bin/amk-gpu-model-test" "$suite" \
      --output "$out/gates.json"
    ;;
  bench)
    while read -r name bundle positions reference; do
      step "bench-$name" "$bin/amk-bench" "$suite/$bundle" \
        --dummy-weights 1 --positions "$positions" --steps-per-launch 1,128 \
        --reference "$suite/$reference" --output "$out/bench-$name.json"
    done < <(shapes)
    ;;
  timeline)
    while read -r name bundle _; do
      lines=45 step "timeline-$name" "$bin/amk-bench" "$suite/$bundle" \
        --dummy-weights 1 --steps-per-launch 128 --repetitions 3 \
        --gate-runs 2 --timeline "$out/timeline-$name.json"
      gzip -f "$out/timeline-$name.json"
    done < <(shapes)
    ;;
  kl)
    # Most distributions are sharp with dummy weights: it takes many positions.
    ids=$out/kl-ids.txt model=llama-3.2-1b
    seq 0 511 | awk '{ printf "%d ", (1000 + 777 * $1) % 128000 }' >"$ids"
    for name in $model $model-hi-lo; do
      step "kl-$name" "$bin/amk-run" "$suite/bench/$name" --dummy-weights 1 \
        --prompt-ids-file "$ids" --score --logits "$out/kl-$name.f32"
    done
    step kl python3 "$scripts/kl_divergence.py" \
      "$scripts/../test/models/shapes/$model" --dummy-seed 1 --device cuda \
      --ids "$ids" --logits "$out"/kl-*.f32 --output "$out/kl.json"
    ;;
  peers)
    lines=40 step peers python3 "$scripts/bench_peers.py" \
      --output "$out/peers.json"
    ;;
  sanitizer)
    for tool in memcheck initcheck racecheck; do
      step "sanitizer-$tool" compute-sanitizer --tool "$tool" \
        --error-exitcode 9 "$bin/amk-gpu-model-test" "$suite" \
        --only tiny-shakespeare --variant hi-lo --quick
    done
    ;;
  *)
    echo "gpu_device_suite: unknown part $part" >&2
    failed+=("$part")
    ;;
  esac
done

python3 "$scripts/gpu_report.py" "$suite" "$out" >"$out/results.md" ||
  failed+=(report)
cat "$out/results.md"
(cd "$out" && cp results.md "$result" &&
  tar -czf "$result/results.tar.gz" $(ls | grep -v '\.f32$\|\.gz$'))
find "$out" -name 'timeline-*.gz' | xargs -r cp -t "$result"
if ((${#failed[@]})); then
  echo "FAILED: ${failed[*]}"
  exit 1
fi
