#!/usr/bin/env bash
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: test/Install/run.sh BUILD
#
# Installs BUILD into BUILD/install-test/prefix, builds the consumer project
# against it and runs its programs. Ends with "N passed, N failed".
set -euo pipefail
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$build/install-test
prefix=$work/prefix

cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }

# A file that is no longer installed must not stay behind and be found.
rm -rf "$prefix"
cmake --install "$build" --prefix "$prefix" >"$work.log" 2>&1 ||
  { cat "$work.log"; exit 1; }

# Moved once: the package must not depend on where it was first installed.
rm -rf "$work/moved"
mv "$prefix" "$work/moved"
cmake -G Ninja -S "$source" -B "$work/consumer" \
  -DCMAKE_C_COMPILER="$(cached CMAKE_C_COMPILER)" \
  -DCMAKE_CXX_COMPILER="$(cached CMAKE_CXX_COMPILER)" \
  -DCMAKE_CXX_COMPILER_LAUNCHER="$(cached CMAKE_CXX_COMPILER_LAUNCHER)" \
  -DCMAKE_EXE_LINKER_FLAGS="$(cached CMAKE_EXE_LINKER_FLAGS)" \
  -DAMK_DIR="$work/moved/lib/cmake/AMK"
cmake --build "$work/consumer"

# No LLVM where only bundles are run.
if ldd "$work/consumer/use-runtime" | grep -E 'libLLVM|libMLIR'; then
  echo "use-runtime: found LLVM among its libraries, expected none"
  exit 1
fi

failed=0 passed=0
for program in use-runtime parse-module; do
  if "$work/consumer/$program"; then
    passed=$((passed + 1))
  else
    echo "$program: exit status $?, expected 0"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
