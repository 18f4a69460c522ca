//===- AMKDialect.td - The amk dialect ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_AMKDIALECT_TD
#define AMK_DIALECT_AMK_IR_AMKDIALECT_TD

include "mlir/IR/OpBase.td"

def AMK_Dialect : Dialect {
  let name = "amk";
  let summary = "A language model as one persistent, statically scheduled kernel";
  let description = [{
    Five levels, each closed by a verification gate, in one dialect:

    | level | prefix | holds |
    |---|---|---|
    | layer | `amk.layer.*` in `amk.model` | the model on tensors, value semantics, weights by name |
    | fused layer | `amk.fused.*` in `amk.model` | the same with prologues and epilogues merged |
    | task graph | `amk.task.*` in `amk.graph` | tiles on buffers, unplaced; accesses follow from the ops |
    | schedule | `amk.task.*` in `amk.schedule` | tasks in worker queues with counters, waits and signals; an unsafe schedule does not verify |
    | kernel | `amk.kernel.*` in `amk.kernel.program` | the bodies that the persistent loop dispatches to |

    `docs/Architecture.md` tells how a model moves through them.
  }];
  let cppNamespace = "::mlir::amk";
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

class AMK_Op<string mnemonic, list<Trait> traits = []>
    : Op<AMK_Dialect, mnemonic, traits>;

#endif // AMK_DIALECT_AMK_IR_AMKDIALECT_TD
