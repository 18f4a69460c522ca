#!/usr/bin/env bash
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Prepares a Debian 12 machine and this checkout: packages, Python environment
# and CMake configuration. Does nothing, and needs no network, where that is
# already so.
#
# usage: scripts/setup.sh [--packages] [--python] [--python-tests] [--configure]
#   With no argument: --packages --python --configure.
#
# Environment:
#   AMK_CC, AMK_CXX   compilers (default clang-22, clang++-22; gcc 12 works too)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build
venv=$build/venv

# Runs a command that uses the network, up to four times.
retry() {
  local delay
  for delay in 5 15 30; do
    "$@" && return 0
    echo "setup: '$1' failed; trying again in ${delay} s" >&2
    sleep "$delay"
  done
  "$@"
}

# missing_packages FILE: those of the list that are not installed.
missing_packages() {
  local package
  while read -r package; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null |
      grep -q '^.i' || echo "$package"
  done < <(grep -v '^#' "$1")
}

setup_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "setup: this script installs Debian packages; on another system" \
         "install the like of scripts/packages.txt yourself" >&2
    return 0
  fi
  local -a missing
  mapfile -t missing < <(missing_packages scripts/packages.txt)
  if [ "${#missing[@]}" -eq 0 ]; then
    setup_optional_packages
    return 0
  fi
  if [ "$(id -u)" -ne 0 ]; then
    echo "setup: ${#missing[@]} Debian package(s) missing. Run as root, then" \
         "repeat this command:" >&2
    echo "  apt-get update && apt-get install -y --no-install-recommends" \
         "${missing[*]}" >&2
    exit 1
  fi
  echo "setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  retry apt-get update
  retry apt-get install -y --no-install-recommends "${missing[@]}"
  setup_optional_packages
}

# Without these some tests are skipped; that they cannot be installed is no
# error.
setup_optional_packages() {
  local list=scripts/packages-optional.txt
  local -a missing
  mapfile -t missing < <(missing_packages "$list")
  [ "${#missing[@]}" -eq 0 ] && return 0
  if [ "$(id -u)" -eq 0 ] &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y \
      --no-install-recommends "${missing[@]}"; then
    return 0
  fi
  echo "setup: going on without the optional package(s) ${missing[*]};" \
       "$list says what they are for" >&2
}

# install_requirements FILE: pip-installs a pinned list once per content.
install_requirements() {
  local file=$1 stamp
  [ -f "$file" ] || return 0
  stamp=$venv/.installed-$(sha256sum "$file" | cut -c1-16)
  [ -f "$stamp" ] && return 0
  echo "setup: installing $file into $venv"
  retry "$venv/bin/python" -m pip install --quiet \
    --disable-pip-version-check -r "$file"
  touch "$stamp"
}

setup_python() {
  # Debian's Python, whatever else is first on PATH: the extension module is
  # built against its headers.
  if [ ! -x "$venv/bin/pip" ]; then
    mkdir -p "$build"
    /usr/bin/python3 -m venv "$venv"
  fi
  install_requirements python/requirements.txt
  if [ "${1:-}" = tests ]; then
    install_requirements python/requirements-test.txt
  fi
}

setup_configure() {
  local cc=${AMK_CC:-clang-22} cxx=${AMK_CXX:-clang++-22} launcher='' linker=''
  command -v ccache >/dev/null && launcher=ccache
  case $cxx in
    *clang*) command -v ld.lld-22 >/dev/null && linker=-fuse-ld=lld ;;
  esac
  local -a args=(
    -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx"
    -DCMAKE_C_COMPILER_LAUNCHER="$launcher"
    -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher"
    -DCMAKE_EXE_LINKER_FLAGS="$linker"
    -DCMAKE_SHARED_LINKER_FLAGS="$linker"
    -DCMAKE_MODULE_LINKER_FLAGS="$linker"
    -DPython3_EXECUTABLE=/usr/bin/python3)
  local stamp=$build/.configured
  if [ -f "$build/build.ninja" ] && [ "$(cat "$stamp" 2>/dev/null)" = "${args[*]}" ]
  then
    return 0
  fi
  # A CMake cache cannot change its compiler.
  cmake --fresh -G Ninja -S . -B "$build" "${args[@]}"
  echo "${args[*]}" >"$stamp"
}

[ "$#" -eq 0 ] && set -- --packages --python --configure
for step in "$@"; do
  case $step in
    --packages) setup_packages ;;
    --python) setup_python ;;
    --python-tests) setup_python tests ;;
    --configure) setup_configure ;;
    *) echo "setup: found '$step', expected --packages, --python," \
            "--python-tests or --configure" >&2
       exit 2 ;;
  esac
done
