//===- BufferGroups.h - Which buffers may share bytes -----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_BUFFERGROUPS_H
#define AMK_LIB_SCHEDULE_BUFFERGROUPS_H

#include "amk/Schedule/Program.h"

namespace amk::schedule {

/// Buffers whose addresses are connected by overlaps, group by group.
class BufferGroups {
public:
  /// Keeps the memory of the program before.
  void build(const Program &program);

  struct Group {
    uint32_t begin, end; ///< in `buffers`
    bool isAlone() const { return end - begin == 1; }
  };
  std::vector<Group> groups;
  std::vector<uint32_t> buffers; ///< by space, then offset; no empty ones
};

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_BUFFERGROUPS_H
