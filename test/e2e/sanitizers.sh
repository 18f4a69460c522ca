#!/usr/bin/env bash
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: test/e2e/sanitizers.sh BUILD TSAN_BUILD ASAN_BUILD
#
# Instrumented bundles in instrumented runtimes; see sanitizers.py.
set -euo pipefail
if [ "$#" -ne 3 ]; then
  echo "usage: $0 BUILD TSAN_BUILD ASAN_BUILD" >&2
  exit 2
fi
exec "$1/venv/bin/python" "$(dirname "${BASH_SOURCE[0]}")/sanitizers.py" "$@"
