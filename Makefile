# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A thin front: the work is in scripts/ and in CMake.

MODEL  ?= test/models/tiny-shakespeare
PROMPT ?= ROMEO:
TOKENS ?= 128
DEVICE ?= auto
# Through the environment, so that a prompt may hold quotes.
export MODEL PROMPT TOKENS DEVICE

.DEFAULT_GOAL := help
.PHONY: help demo check build experiment-verifier format docs clean distclean

help:
	@echo "make demo       set up, build, generate text with the small checkpoint"
	@echo "                on the GPU if there is one, else on the CPU"
	@echo "                (MODEL=dir PROMPT=text TOKENS=n DEVICE=cpu|cuda:0)"
	@echo "make check      set up, build, run every test"
	@echo "make build      set up, build everything into build/"
	@echo "make experiment-verifier  try to refute the schedule verifier"
	@echo "                (about 20 minutes; results in docs/results)"
	@echo "make format     clang-format the C++ sources"
	@echo "make docs       regenerate docs/reference from the dialect's sources"
	@echo "make clean      remove what was built; keeps the Python environment"
	@echo "make distclean  remove build/"
	@echo "AMK_CC=gcc AMK_CXX=g++ select another compiler than clang 22."

demo:
	@scripts/demo.sh "$$MODEL" "$$PROMPT" "$$TOKENS" "$$DEVICE"

check:
	@scripts/setup.sh --packages --python-tests --configure
	@/usr/bin/python3 scripts/check.py

build:
	@scripts/setup.sh
	@cmake --build build

experiment-verifier:
	@scripts/setup.sh --packages --python-tests --configure
	@/usr/bin/python3 scripts/experiment_verifier.py

format:
	@scripts/format.sh

docs:
	@scripts/setup.sh --packages --configure
	@scripts/docs.sh

clean:
	@if [ -f build/build.ninja ]; then cmake --build build --target clean; fi
	@rm -rf build/asan build/tsan build/fuzz build/install-test

distclean:
	@rm -rf build
