//===- amk-doctor.cpp - Tells what would run here, and why ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Doctor.h"

#include <cstdio>
#include <exception>
#include <string>

static constexpr char kHelp[] =
    R"(usage: amk-doctor [--arch ARCH] [BUNDLE]

Describes the processor, the CUDA driver and its GPUs, and, for a bundle, which
of its code would be used and why, and whether its workers and memory fit. Runs
nothing.

  --arch ARCH  only code of this architecture, such as sm_80
  --help       print this text

Exit status: 0 the bundle can run here (without one: there is a usable GPU),
1 it cannot, 2 bad command line.
)";

int main(int argc, char **argv) {
  std::string bundle, arch;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--help") {
      std::fputs(kHelp, stdout);
      return 0;
    }
    if (word == "--arch" && i + 1 < argc) {
      arch = argv[++i];
    } else if (word.empty() || word[0] == '-' || !bundle.empty()) {
      std::fprintf(stderr, "amk-doctor: error: found \"%s\"\n%s", word.c_str(),
                   kHelp);
      return 2;
    } else {
      bundle = word;
    }
  }
  try {
    amk::runtime::Diagnosis diagnosis = amk::runtime::examine(bundle, arch);
    for (const std::string &line : diagnosis.lines)
      std::printf("%s\n", line.c_str());
    return diagnosis.ok ? 0 : 1;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "amk-doctor: error: %s\n", error.what());
    return 1;
  }
}
