#!/bin/sh
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# An assembler that refuses everything.
echo "no thanks" >&2
exit 3
