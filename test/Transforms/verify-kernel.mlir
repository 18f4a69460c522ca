// A task whose operands fit its body, and scratch that is used to the end.

// RUN: amk-opt %s -amk-verify-kernel | FileCheck %s

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

amk.schedule @step workers = 1 config = #config {
  %control = amk.buffer control "control" offset 64 : memref<1xi32>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        call <@gate, [64]> : (memref<1xi32>) -> ()
  }
}

// CHECK: amk.kernel.program @kernels scratch_bytes = 128
amk.kernel.program @kernels scratch_bytes = 128 {
  amk.kernel.body @gate(%control: memref<1xi32, #amk.space<control>>) {
    %c = arith.constant 1 : index
    %s = amk.kernel.scratch 64 : memref<16xf32, #amk.space<scratch>>
    amk.kernel.return
  }
}
