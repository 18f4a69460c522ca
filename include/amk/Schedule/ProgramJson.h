//===- ProgramJson.h - Programs as JSON -------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The form is in docs/ScheduleSpec.md, section 8. Reading takes the text as
// hostile: types and ranges are checked here, what the numbers mean by check().
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SCHEDULE_PROGRAMJSON_H
#define AMK_SCHEDULE_PROGRAMJSON_H

#include "amk/Schedule/Program.h"

#include <string>

namespace amk::schedule {

/// One line without its end. Bytes of names that are not UTF-8 are replaced.
std::string programToJson(const Program &program);

/// Throws amk::Error naming `file`, the member and the value. Every member must
/// be present, others are refused.
Program programFromJson(const std::string &text, const std::string &file);

} // namespace amk::schedule

#endif // AMK_SCHEDULE_PROGRAMJSON_H
