//===- BundleWriter.h - Writes bundles --------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The writing half of docs/BundleFormat.md. No LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TARGET_BUNDLEWRITER_H
#define AMK_TARGET_BUNDLEWRITER_H

#include "amk/Runtime/Manifest.h"
#include "amk/Schedule/Tables.h"

#include <string>
#include <vector>

namespace amk {

/// A code object: its entry in the manifest (the hash is computed when it is
/// written) and its bytes.
struct CodeFile {
  runtime::CodeInfo info;
  std::string bytes;
};

/// A bundle before it is written. Of the manifest, `code`, `tablesFile`, the
/// hashes and `amkVersion` are left for the writer.
struct BundlePlan {
  runtime::Manifest manifest;
  schedule::Tables tables;
};

/// The text of manifest.json. parseManifest() gives the same manifest back.
std::string printManifest(const runtime::Manifest &manifest);

/// Throws amk::Error if `directory` exists and is neither empty nor a bundle.
void checkBundleTarget(const std::string &directory);

/// Writes everything into a temporary directory beside `directory` and puts it
/// in place when it is complete. Replaces a bundle, and nothing else. Throws
/// amk::Error, also for a manifest that the runtime would refuse.
void writeBundle(const BundlePlan &plan, const std::vector<CodeFile> &code,
                 const std::string &directory);

} // namespace amk

#endif // AMK_TARGET_BUNDLEWRITER_H
