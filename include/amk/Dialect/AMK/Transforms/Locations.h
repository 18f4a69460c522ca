//===- Locations.h - Names of layers, kept in locations ---------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The importer names every layer operation with a NameLoc ("layers.0.q_proj").
// Fusion keeps such a name on what it creates, and tiling makes the labels of
// tasks from it.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_TRANSFORMS_LOCATIONS_H
#define AMK_DIALECT_AMK_TRANSFORMS_LOCATIONS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"

namespace mlir::amk {

/// The outermost name of an operation's location, else the operation's own
/// name without dialect and level.
inline std::string labelOf(Operation *op) {
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    return name.getName().str();
  StringRef mnemonic = op->getName().stripDialect();
  if (!mnemonic.consume_front("layer."))
    mnemonic.consume_front("fused.");
  return mnemonic.str();
}

/// The label of `op` with its last component replaced: "layers.0.q_proj" and
/// "qkv" give "layers.0.qkv".
inline std::string siblingLabel(Operation *op, StringRef component) {
  std::string label = labelOf(op);
  size_t dot = label.rfind('.');
  std::string prefix =
      dot == std::string::npos ? std::string() : label.substr(0, dot + 1);
  return prefix + component.str();
}

/// The location of an operation that replaces `parts`.
inline Location fusedLocation(StringRef label, ArrayRef<Operation *> parts) {
  MLIRContext *context = parts.front()->getContext();
  SmallVector<Location> locations;
  for (Operation *part : parts)
    locations.push_back(part->getLoc());
  return NameLoc::get(StringAttr::get(context, label),
                      FusedLoc::get(context, locations));
}

} // namespace mlir::amk

#endif // AMK_DIALECT_AMK_TRANSFORMS_LOCATIONS_H
