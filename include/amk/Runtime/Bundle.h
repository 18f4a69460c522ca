//===- Bundle.h - A compiled model on disk, checked -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_BUNDLE_H
#define AMK_RUNTIME_BUNDLE_H

#include "amk/Runtime/Manifest.h"
#include "amk/Schedule/Tables.h"

#include <cstdint>
#include <string>
#include <vector>

namespace amk::runtime {

/// Larger tables than any schedule we can name a use for.
constexpr uint64_t kMaxTablesBytes = 1ull << 30;

/// A bundle whose manifest and tables agree with each other and whose schedule
/// the verifier has accepted. The code object is not loaded yet.
struct Bundle {
  std::string directory;
  Manifest manifest;
  schedule::Tables tables;
  /// Bytes of every worker's stream: the end of its last segment.
  std::vector<uint64_t> streamBytes;

  /// Throws amk::Error; nothing of the bundle is executed.
  static Bundle open(const std::string &directory);

  /// Like open(), but whether the schedule is safe is not asked.
  static Bundle read(const std::string &directory);

  std::string pathOf(const std::string &file) const;
};

/// Checks the tables against the manifest and against what the CPU runtime can
/// run, and returns the size of every worker's stream. `file` names the tables
/// in errors. Throws amk::Error.
std::vector<uint64_t> crossCheck(const Manifest &manifest,
                                 const schedule::Tables &tables,
                                 const std::string &file);

/// SHA-256 of the tables' bytes and of the verifier: under this name it is
/// remembered that the schedule is safe. What else the verdict depends on, the
/// sizes of memory, is in the bytes.
std::string proofKey(const std::string &tablesBytes);

/// Proves the schedule that the tables hold safe (docs/ScheduleSpec.md); throws
/// amk::Error with the rendered violations if it is not.
void verifyTables(const schedule::Tables &tables, const std::string &file);

} // namespace amk::runtime

#endif // AMK_RUNTIME_BUNDLE_H
