// RUN: amk-opt %s --pass-pipeline='builtin.module(amk-cpu-pipeline)' | FileCheck %s

// Everything becomes LLVM dialect, and exp becomes a polynomial, not a call.

// CHECK-LABEL: llvm.func @body
// CHECK-NOT:   exp
// CHECK:       llvm.intr.fma
// CHECK-NOT:   unrealized_conversion_cast
llvm.func @body(%p: !llvm.ptr, %n: i64) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %end = arith.index_cast %n : i64 to index
  scf.for %i = %zero to %end step %one {
    %x = llvm.load %p {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
    %y = math.exp %x : vector<16xf32>
    llvm.store %y, %p {alignment = 4 : i64} : vector<16xf32>, !llvm.ptr
  }
  llvm.return
}
