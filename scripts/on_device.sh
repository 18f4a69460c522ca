#!/usr/bin/env bash
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: scripts/on_device.sh OUT_DIR
#
# Trains the small checkpoint and computes all goldens, on a machine with torch
# and transformers (a GPU helps with the training). Leaves in OUT_DIR:
#   models.tar.gz   to unpack over test/models
#   train.log goldens.log
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [[ $# != 1 ]]; then
  echo "usage: scripts/on_device.sh OUT_DIR" >&2
  exit 2
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONUNBUFFERED=1

python3 scripts/train_tiny_shakespeare.py \
  --out "$work/models/tiny-shakespeare" --eval-out "$work/shakespeare-eval.txt" \
  2>&1 | tee "$out/train.log"
cmp "$work/shakespeare-eval.txt" test/data/shakespeare-eval.txt

cp -r test/models/random "$work/models/random"
python3 scripts/make_goldens.py --models "$work/models" \
  --eval "$work/shakespeare-eval.txt" 2>&1 | tee "$out/goldens.log"

chmod -R u=rwX,go=rX "$work/models"
tar -C "$work/models" -czf "$out/models.tar.gz" tiny-shakespeare random
ls -l "$out"
