//===- TemporaryDirectory.h - Files of another program's run ----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_TARGET_TEMPORARYDIRECTORY_H
#define AMK_LIB_TARGET_TEMPORARYDIRECTORY_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace mlir::amk {

/// A new directory that goes away with this.
class TemporaryDirectory {
public:
  TemporaryDirectory() = default;
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  ~TemporaryDirectory() {
    if (!directory.empty())
      llvm::sys::fs::remove_directories(directory);
  }

  std::error_code create(llvm::StringRef prefix) {
    return llvm::sys::fs::createUniqueDirectory(prefix, directory);
  }
  std::string path(llvm::StringRef name) const {
    llvm::SmallString<128> result(directory);
    llvm::sys::path::append(result, name);
    return std::string(result);
  }
  std::error_code write(llvm::StringRef name, llvm::StringRef contents) const {
    std::error_code error;
    llvm::raw_fd_ostream out(path(name), error);
    if (error)
      return error;
    out << contents;
    out.close();
    error = out.error();
    out.clear_error();
    return error;
  }

private:
  llvm::SmallString<128> directory;
};

} // namespace mlir::amk

#endif // AMK_LIB_TARGET_TEMPORARYDIRECTORY_H
