//===- RingTemplate.h - A GPU worker's ring as a program --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How the stages of a worker's ring are filled and used does not depend on the
// schedule: one small program stands for all of them, and the verifier decides
// it. docs/GpuKernel.md, section 6.3, says why that is enough.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SCHEDULE_RINGTEMPLATE_H
#define AMK_SCHEDULE_RINGTEMPLATE_H

#include "amk/Schedule/Program.h"

#include <optional>
#include <string>

namespace amk::schedule {

/// A worker whose loader (agent 0) fills `stages` stages a step, one after the
/// other, and whose 16 warps (agents 1 to 16) use them: warps 0 to 7 the even
/// stages, warps 8 to 15 the odd ones. The ring has room for `stages` stages, a
/// positive even number; the loader waits for the copy `inFlight` stages back
/// before it begins one.
Program ringTemplate(uint32_t stages, uint32_t inFlight);

/// Nothing if the ring is safe for every schedule, else why it is not.
std::optional<std::string> checkRing(uint32_t stages, uint32_t inFlight);

} // namespace amk::schedule

#endif // AMK_SCHEDULE_RINGTEMPLATE_H
