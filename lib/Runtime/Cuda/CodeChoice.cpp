//===- CodeChoice.cpp - Which code object a GPU runs ----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CodeChoice.h"
#include "amk/Support/Error.h"

#include <optional>
#include <tuple>

using namespace amk;
using namespace amk::runtime;
using namespace amk::runtime::cuda;

/// Of the first GPUs with the asynchronous copies that every kernel uses.
static constexpr int kLowestNumber = 80;

namespace {

/// "sm_90a": 90, and only that.
struct Arch {
  int number = 0; ///< 10 * major + minor
  bool only = false;
};

} // namespace

static std::optional<Arch> parseArch(const std::string &name) {
  if (name.rfind("sm_", 0) != 0)
    return std::nullopt;
  std::string digits = name.substr(3);
  Arch arch;
  arch.only = !digits.empty() && digits.back() == 'a';
  if (arch.only)
    digits.pop_back();
  if (digits.size() < 2 || digits.size() > 3 ||
      digits.find_first_not_of("0123456789") != digits.npos)
    return std::nullopt;
  arch.number = std::stoi(digits);
  return arch;
}

static bool isCubin(const CodeInfo &code) {
  return code.gpu->format == GpuCodeInfo::Format::Cubin;
}

static int numberOf(const DeviceInfo &device) {
  return 10 * device.major + device.minor;
}

std::string cuda::obstacle(const DeviceInfo &device) {
  if (numberOf(device) < kLowestNumber)
    return device.name + " is sm_" + std::to_string(numberOf(device)) +
           ", expected sm_" + std::to_string(kLowestNumber) + " or later";
  if (!device.cooperativeLaunch || !device.mapsHostMemory)
    return device.name + ": cannot " +
           (device.cooperativeLaunch ? "map host memory"
                                     : "launch cooperatively") +
           ", which this kernel needs";
  return "";
}

std::string cuda::obstacle(const CodeInfo &code, const DeviceInfo &device) {
  std::optional<Arch> arch = parseArch(code.arch);
  if (!arch)
    return "unknown architecture " + code.arch;
  int has = numberOf(device);
  std::string gpu = "this GPU is sm_" + std::to_string(has);
  if (isCubin(code) && has != arch->number)
    return "a cubin for sm_" + std::to_string(arch->number) + ", " + gpu;
  if (arch->only && has != arch->number)
    return "for " + code.arch + " alone, " + gpu;
  if (has < arch->number)
    return "needs sm_" + std::to_string(arch->number) + ", " + gpu;
  if (code.gpu->sharedBytes > static_cast<uint32_t>(device.sharedBytesPerBlock))
    return "needs " + std::to_string(code.gpu->sharedBytes) +
           " bytes of shared memory a block, this GPU has " +
           std::to_string(device.sharedBytesPerBlock);
  return "";
}

CodeChoice cuda::chooseCode(const Manifest &manifest, const DeviceInfo &device,
                            const std::string &arch, const std::string &where,
                            bool trace) {
  using Rank = std::tuple<bool, int, bool>;
  std::optional<Rank> best;
  CodeChoice choice;
  std::string reasons;
  for (size_t i = 0; i < manifest.code.size(); ++i) {
    const CodeInfo &code = manifest.code[i];
    std::string reason;
    if (code.gpu->trace != trace)
      reason = trace ? "writes no trace" : "writes a trace";
    else if (!arch.empty() && code.arch != arch)
      reason = "not " + arch;
    else
      reason = obstacle(code, device);
    if (!reason.empty()) {
      reasons += "\n  " + code.file + ": " + reason;
      continue;
    }
    Arch parsed = *parseArch(code.arch);
    Rank rank{isCubin(code), parsed.number, parsed.only};
    if (best && *best >= rank)
      continue;
    best = rank;
    choice.index = i;
  }
  if (!best)
    fail(where, "code: no code object runs on " + device.name + ":" + reasons);
  const CodeInfo &code = manifest.code[choice.index];
  choice.reason = isCubin(code) ? "cubin for this GPU"
                                : "PTX of " + code.arch +
                                      ", which the driver assembles: there is "
                                      "no cubin for this GPU";
  if (!arch.empty())
    choice.reason += ", as asked for";
  return choice;
}
