#!/usr/bin/env bash
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Formats the C++ sources in place; with --check only names those that differ.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=(-i)
if [ "${1:-}" = --check ]; then
  mode=(--dry-run -Werror)
fi
git ls-files -co --exclude-standard '*.h' '*.cpp' '*.c' |
  xargs -r clang-format-22 "${mode[@]}"
