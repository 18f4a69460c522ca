#!/usr/bin/env bash
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: scripts/demo.sh MODEL PROMPT TOKENS [DEVICE]
#
# From a fresh machine to generated text: set-up, build, `amk generate`. DEVICE is
# auto (the first usable GPU, else the CPU), cpu or cuda:N.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
model=$1 prompt=$2 tokens=$3 device=${4:-auto}

scripts/setup.sh
cmake --build build --target amk-compile amk-run amk-doctor amk-python

export PYTHONPATH=$PWD/build/python PATH=$PWD/build/bin:$PATH
exec build/venv/bin/python -m amk generate "$model" --prompt="$prompt" \
  -n "$tokens" --device "$device"
