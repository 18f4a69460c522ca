//===- Import.h - From a checkpoint to amk.model ----------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The MLIR half of the importer. What can fail (reading and checking files)
// happens before, in readCheckpoint(), so nothing throws through MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_IMPORT_IMPORT_H
#define AMK_IMPORT_IMPORT_H

#include "amk/Import/Checkpoint.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::amk {

/// Builds a module with one `amk.model` for `context` positions (see
/// ::amk::contextLength).
OwningOpRef<ModuleOp> importModel(MLIRContext &mlirContext,
                                  const ::amk::Checkpoint &checkpoint,
                                  int64_t context);

} // namespace mlir::amk

#endif // AMK_IMPORT_IMPORT_H
