//===- SharedLibrary.h - Links an object file -------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_TARGET_SHAREDLIBRARY_H
#define AMK_LIB_TARGET_SHAREDLIBRARY_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace mlir::amk {

/// Makes a shared library of an object file, with the first linker that is
/// found: ld.lld-22 or ld.lld (in PATH or where LLVM's tools are), else cc.
/// `report` gets a message if that fails.
FailureOr<std::string>
linkSharedLibrary(llvm::StringRef object,
                  llvm::function_ref<void(const llvm::Twine &)> report);

/// Reports symbols that the object needs and that a loaded bundle does not
/// find: anything but libc, libm and the sanitizer's runtime.
LogicalResult
checkUndefinedSymbols(llvm::StringRef object,
                      llvm::function_ref<void(const llvm::Twine &)> report);

} // namespace mlir::amk

#endif // AMK_LIB_TARGET_SHAREDLIBRARY_H
