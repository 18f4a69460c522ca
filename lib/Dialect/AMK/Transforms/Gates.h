//===- Gates.h - What the gates of the levels share -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A gate closes a level: it says what may be passed on to the next one, and
// reports everything that may not.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_DIALECT_AMK_TRANSFORMS_GATES_H
#define AMK_LIB_DIALECT_AMK_TRANSFORMS_GATES_H

#include "amk/Dialect/AMK/IR/AMK.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::amk {

/// The operations of one level. A name that ends in a dot stands for all
/// operations that begin with it.
struct Level {
  StringRef name;
  /// What a module of the level holds; the first one at least once.
  ArrayRef<StringRef> roots;
  /// What may stand inside the roots.
  ArrayRef<StringRef> nested;
};

/// Reports every operation of `module` that does not belong to `level`.
LogicalResult verifyLevel(ModuleOp module, const Level &level);

} // namespace mlir::amk

#endif // AMK_LIB_DIALECT_AMK_TRANSFORMS_GATES_H
