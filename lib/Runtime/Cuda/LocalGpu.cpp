//===- LocalGpu.cpp - GPUs of this machine --------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/LocalGpu.h"
#include "CodeChoice.h"
#include "Driver.h"
#include "amk/Support/Error.h"

using namespace amk;
using namespace amk::runtime;

uint32_t runtime::parseGpu(const std::string &device) {
  if (device == "cuda")
    return 0;
  std::string digits = device.rfind("cuda:", 0) == 0 ? device.substr(5) : "";
  if (digits.empty() || digits.size() > 3 ||
      digits.find_first_not_of("0123456789") != digits.npos)
    fail("device", "found \"" + device + "\", expected cpu or cuda:NUMBER");
  return std::stoi(digits);
}

LocalGpu runtime::examineGpu(uint32_t ordinal) {
  std::string where = "cuda:" + std::to_string(ordinal), why;
  if (!cuda::available(&why))
    fail(where, why);
  const cuda::Context context(ordinal);
  const cuda::DeviceInfo &device = context.device();
  if (std::string problem = cuda::obstacle(device); !problem.empty())
    fail(where, problem);
  return LocalGpu{ordinal, device.name,
                  uint32_t(10 * device.major + device.minor),
                  uint32_t(device.multiprocessors)};
}

std::optional<LocalGpu> runtime::findLocalGpu(std::string *why) {
  std::string problems;
  if (cuda::available(&problems)) {
    int count = cuda::deviceCount();
    for (int ordinal = 0; ordinal < count; ++ordinal) {
      try {
        return examineGpu(ordinal);
      } catch (const Error &error) {
        problems += (problems.empty() ? "" : "; ") + std::string(error.what());
      }
    }
  }
  if (why)
    *why = problems;
  return std::nullopt;
}
