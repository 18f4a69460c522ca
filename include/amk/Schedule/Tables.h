//===- Tables.h - tables.bin: encode, decode, and the program in it -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decoding treats the bytes as hostile: every section, index, count and string
// is checked before use. The encoder is used by the compiler only.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SCHEDULE_TABLES_H
#define AMK_SCHEDULE_TABLES_H

#include "amk/Schedule/Program.h"
#include "amk/Support/Abi.h"

#include <string>
#include <vector>

namespace amk::schedule {

/// The contents of tables.bin as owned arrays (strings resolved on demand).
struct Tables {
  uint32_t workers = 0;
  TagFormat tags;
  Limits limits;
  std::vector<abi::SpaceInfo> spaces;
  std::vector<abi::BufferInfo> buffers;
  std::vector<abi::Queue> queues;
  std::vector<abi::Instruction> instructions;
  std::vector<abi::Wait> waits;
  std::vector<abi::Signal> signals;
  std::vector<abi::Access> accesses;
  std::vector<abi::Counter> counters;
  std::vector<abi::PackSegment> segments;
  std::string strings; ///< NUL-terminated names; first byte is NUL

  const char *name(uint32_t offset) const { return strings.c_str() + offset; }
};

std::string encodeTables(const Tables &tables);

/// Throws amk::Error naming `file`, the section, the index and the value.
Tables decodeTables(const std::string &bytes, const std::string &file);

/// The program that decoded tables describe, for verify().
Program programFromTables(const Tables &tables);

} // namespace amk::schedule

#endif // AMK_SCHEDULE_TABLES_H
