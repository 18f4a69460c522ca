//===- Gates.cpp - What the gates of the levels share ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gates.h"

using namespace mlir;
using namespace mlir::amk;

static bool isListed(Operation *op, ArrayRef<StringRef> names) {
  StringRef name = op->getName().getStringRef();
  return llvm::any_of(names, [&](StringRef listed) {
    return listed.ends_with(".") ? name.starts_with(listed) : name == listed;
  });
}

static std::string spell(ArrayRef<StringRef> names) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(names, os, [&](StringRef name) {
    os << name << (name.ends_with(".") ? "*" : "");
  });
  return text;
}

static LogicalResult verifyListed(Operation *op, const Level &level,
                                  ArrayRef<StringRef> names) {
  if (isListed(op, names))
    return success();
  return op->emitOpError() << "is not allowed at the " << level.name
                           << " level; expected " << spell(names);
}

LogicalResult mlir::amk::verifyLevel(ModuleOp module, const Level &level) {
  LogicalResult result = success();
  bool found = false;
  for (Operation &root : *module.getBody()) {
    if (failed(verifyListed(&root, level, level.roots))) {
      result = failure();
      continue;
    }
    found |= isListed(&root, level.roots.take_front());
    root.walk([&](Operation *op) {
      if (op != &root && failed(verifyListed(op, level, level.nested)))
        result = failure();
    });
  }
  if (!found)
    return module.emitError() << "expected at least one " << level.roots.front()
                              << " at the " << level.name << " level";
  return result;
}
