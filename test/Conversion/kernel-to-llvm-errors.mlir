// Programs that have no lowering to the host.

// RUN: amk-opt %s -split-input-file -verify-diagnostics \
// RUN:   -convert-amk-kernel-to-llvm

amk.kernel.program @loose scratch_bytes = 0 {
  // expected-error @below {{is not allowed beside the bodies of a program}}
  %c = arith.constant 1 : index
}

// -----

amk.kernel.program @scratch scratch_bytes = 64 {
  // expected-error @below {{expects its scratch from amk.kernel.scratch, found the argument}}
  amk.kernel.body @body(%s: memref<4xf32, #amk.space<scratch>>) {
    amk.kernel.return
  }
}

// -----

amk.kernel.program @dynamic scratch_bytes = 64 {
  // expected-error @below {{expects a static shape of every argument but weights, found}}
  amk.kernel.body @body(%x: memref<?xf32, #amk.space<arena>>) {
    amk.kernel.return
  }
}
