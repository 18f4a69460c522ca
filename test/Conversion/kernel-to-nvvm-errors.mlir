// What has no lowering to a GPU, and options that no GPU takes.

// RUN: amk-opt %s -split-input-file -verify-diagnostics \
// RUN:   -convert-amk-kernel-to-nvvm
// RUN: not amk-opt %s -convert-amk-kernel-to-nvvm=threads=48 2>&1 \
// RUN:   | FileCheck %s --check-prefix=ODD
// RUN: not amk-opt %s -convert-amk-kernel-to-nvvm=threads=0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NONE
// RUN: not amk-opt %s -convert-amk-kernel-to-nvvm=threads=1056 2>&1 \
// RUN:   | FileCheck %s --check-prefix=MANY
// RUN: not amk-opt %s -amk-nvvm-pipeline=chip=sm_75 2>&1 \
// RUN:   | FileCheck %s --check-prefix=CHIP

// ODD: error: threads: found 48, expected a multiple of 32 from 32 to 1024
// NONE: error: threads: found 0, expected a multiple of 32 from 32 to 1024
// MANY: error: threads: found 1056, expected a multiple of 32 from 32 to 1024
// CHIP: error: chip: found 'sm_75', expected one of sm_80, sm_86,

amk.kernel.program @gates scratch_bytes = 0 {
  amk.kernel.body @gate(%control: memref<1xi32, #amk.space<control>>) {
    // expected-error @below {{failed to legalize operation 'amk.kernel.gate'}}
    %stop = amk.kernel.gate %control : memref<1xi32, #amk.space<control>>
    amk.kernel.return %stop
  }
}

// -----

amk.kernel.program @adds scratch_bytes = 0 {
  amk.kernel.body @add(%x: memref<1x8xf32, #amk.space<arena>>, %begin: index,
                       %count: index) {
    // expected-error @below {{failed to legalize operation 'amk.kernel.add'}}
    amk.kernel.add %x, %x to %x[%begin, %count]
        : memref<1x8xf32, #amk.space<arena>>,
          memref<1x8xf32, #amk.space<arena>>,
          memref<1x8xf32, #amk.space<arena>>, index, index
    amk.kernel.return
  }
}
