// What the gate of the kernel level refuses.

// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-verify-kernel

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

amk.schedule @calls workers = 1 config = #config {
  %control = amk.buffer control "control" offset 64 : memref<1xi32>
  amk.queue 0 {
    // expected-error @below {{has no kernel body}}
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
    // expected-error @below {{calls @nobody, which is not a body of @kernels}}
    amk.task.gate #amk.phase<1, "gate", 0 of 1> (%control)
        call <@nobody, [64]> : (memref<1xi32>) -> ()
    // expected-error @below {{passes 2 operands to a body with 1 arguments}}
    amk.task.gate #amk.phase<2, "gate", 0 of 1> (%control)
        call <@gate, [64, 0]> : (memref<1xi32>) -> ()
    // expected-error @below {{expects operands that are not negative, found -64}}
    amk.task.gate #amk.phase<3, "gate", 0 of 1> (%control)
        call <@gate, [-64]> : (memref<1xi32>) -> ()
    // expected-error @below {{passes operands that differ from its buffers and units: found [0], expected [64]}}
    amk.task.gate #amk.phase<6, "gate", 0 of 1> (%control)
        call <@gate, [0]> : (memref<1xi32>) -> ()
    // expected-error @below {{has 17 operands; an instruction has room for 16}}
    amk.task.gate #amk.phase<4, "gate", 0 of 1> (%control)
        call <@wide, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]>
        : (memref<1xi32>) -> ()
    amk.task.gate #amk.phase<5, "gate", 0 of 1> (%control)
        call <@gate, [64]> : (memref<1xi32>) -> ()
  }
}

amk.kernel.program @kernels scratch_bytes = 128 {
  // expected-note @below {{the body is here}}
  amk.kernel.body @gate(%control: memref<1xi32, #amk.space<control>>) {
    amk.kernel.return
  }
  amk.kernel.body @wide(
      %0: index, %1: index, %2: index, %3: index, %4: index, %5: index,
      %6: index, %7: index, %8: index, %9: index, %10: index, %11: index,
      %12: index, %13: index, %14: index, %15: index, %16: index) {
    amk.kernel.return
  }
  amk.kernel.body @scratch() {
    %all = amk.kernel.scratch 0 : memref<32xf32, #amk.space<scratch>>
    %half = amk.kernel.scratch 64 : memref<16xf32, #amk.space<scratch>>
    // expected-error @below {{uses 68 bytes at 64 of 128 scratch bytes}}
    %over = amk.kernel.scratch 64 : memref<17xf32, #amk.space<scratch>>
    // expected-error @below {{uses 132 bytes at 0 of 128 scratch bytes}}
    %large = amk.kernel.scratch 0 : memref<33xf32, #amk.space<scratch>>
    // expected-error @below {{uses 64 bytes at 9223372036854775744 of 128}}
    %far = amk.kernel.scratch 9223372036854775744
        : memref<16xf32, #amk.space<scratch>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @gate(%control: memref<1xi32, #amk.space<control>>) {
    amk.kernel.return
  }
}

// expected-error @below {{expects to be the only one, because tasks name bodies, not programs}}
amk.kernel.program @more scratch_bytes = 0 {
  amk.kernel.body @gate(%control: memref<1xi32, #amk.space<control>>) {
    amk.kernel.return
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// expected-error @below {{expected at least one amk.kernel.program at the kernel level}}
module {
  amk.schedule @alone workers = 1 config = #config {
    %control = amk.buffer control "control" offset 64 : memref<1xi32>
    amk.queue 0 {
      amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
          : (memref<1xi32>) -> ()
    }
  }
}
