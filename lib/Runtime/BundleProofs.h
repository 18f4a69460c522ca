//===- BundleProofs.h - Remembers which tables are safe ---------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifying the tables of a large model takes longer than opening them. Tables
// that were found safe are remembered by what they are, never those that were
// not: in this process, and in the user's cache directory. docs/BundleFormat.md
// says where, and what this trusts.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_BUNDLEPROOFS_H
#define AMK_LIB_RUNTIME_BUNDLEPROOFS_H

#include <string>

namespace amk::runtime {

/// False if AMK_VERIFY_CACHE=0. Throws amk::Error for other values than 0, 1.
bool mayRememberProofs();

bool isProvenSafe(const std::string &key);

/// Files that cannot be written are no error: the next process verifies again.
void rememberProof(const std::string &key);

} // namespace amk::runtime

#endif // AMK_LIB_RUNTIME_BUNDLEPROOFS_H
