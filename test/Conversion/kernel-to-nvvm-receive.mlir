// How the words of a vector are received: in pairs, of which all words must carry
// the tag. Of an odd number the last pair's second word is not asked about.

// RUN: amk-opt %s -convert-amk-kernel-to-nvvm | FileCheck %s

// CHECK-LABEL: llvm.func internal @even
// CHECK:         %[[LAST:.*]] = arith.addi %c38_i32{{.*}}, %c-2_i32
// CHECK:         arith.minui %{{.*}}, %[[LAST]]
// CHECK:         "ld.relaxed.gpu.global.v2.b64
// CHECK:         scf.while
// CHECK-NOT:     arith.cmpi ult
// CHECK:         %[[SECOND:.*]] = arith.cmpi eq
// CHECK-NOT:     arith.cmpi ult
// CHECK:         %[[FIRST:.*]] = arith.cmpi eq
// CHECK:         arith.andi %[[FIRST]], %[[SECOND]]

// CHECK-LABEL: llvm.func internal @odd
// CHECK:         %[[LAST:.*]] = arith.andi %{{.*}}, %c-2_i32
// CHECK:         arith.minui %{{.*}}, %[[LAST]]
// CHECK:         "ld.relaxed.gpu.global.v2.b64
// CHECK:         scf.while
// CHECK:         %[[TAG:.*]] = arith.cmpi eq
// CHECK:         %[[THERE:.*]] = arith.cmpi ult, %{{.*}}, %c37_i32
// CHECK:         %[[BEHIND:.*]] = arith.xori %[[THERE]]
// CHECK:         %[[SECOND:.*]] = arith.ori %[[TAG]], %[[BEHIND]]
// CHECK:         %[[FIRST:.*]] = arith.cmpi eq
// CHECK:         arith.andi %[[FIRST]], %[[SECOND]]
amk.kernel.program @words scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @even(%x: memref<1x38xi64, #amk.space<words>>) {
    %t = amk.kernel.input_tag 0
    %s = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    amk.kernel.receive %x tag %t to %s
        : (memref<1x38xi64, #amk.space<words>>, index,
           memref<1x64xf32, #amk.space<scratch>>) -> ()
    amk.kernel.return
  }
  amk.kernel.body @odd(%x: memref<1x37xi64, #amk.space<words>>) {
    %t = amk.kernel.input_tag 0
    %s = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    amk.kernel.receive %x tag %t to %s
        : (memref<1x37xi64, #amk.space<words>>, index,
           memref<1x64xf32, #amk.space<scratch>>) -> ()
    amk.kernel.return
  }
}
