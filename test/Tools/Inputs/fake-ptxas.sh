#!/bin/sh
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Says what NVIDIA's assembler says of a kernel that spills, and writes an ELF
# file, if not a cubin.
while [ "$1" != -o ]; do shift; done
cp /bin/sh "$2"
cat <<END
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'amk_gpu_main' for 'sm_90a'
ptxas info    : Function properties for amk_gpu_main
    40 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 96 registers, used 2 barriers, 40 bytes cumulative stack size
ptxas info    : Compile time = 820.933 ms
ptxas info    : Function properties for attention_0
    48 bytes stack frame, 12 bytes spill stores, 20 bytes spill loads
ptxas info    : Function properties for head_0
    8 bytes stack frame, 4 bytes spill stores, 8 bytes spill loads
END
