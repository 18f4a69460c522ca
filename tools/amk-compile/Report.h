//===- Report.h - What amk-compile tells its user ---------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TOOLS_AMKCOMPILE_REPORT_H
#define AMK_TOOLS_AMKCOMPILE_REPORT_H

#include "amk/Target/GpuCode.h"

#include <string>
#include <utility>
#include <vector>

namespace amk::tool {

/// Seconds per phase. A phase that takes more than a second is announced on
/// stderr while it runs.
class Stopwatch {
public:
  /// Runs `work` and returns what it returns.
  template <typename Work>
  auto measure(const std::string &phase, Work &&work) {
    Running running(*this, phase);
    return work();
  }

  std::string text() const; ///< "import 0.1 s, fused 0.0 s, ..."

private:
  class Running {
  public:
    Running(Stopwatch &watch, const std::string &phase);
    ~Running();
    Running(const Running &) = delete;

  private:
    struct Timer;
    Stopwatch &watch;
    std::string phase;
    Timer *timer;
  };

  std::vector<std::pair<std::string, double>> seconds;
};

/// Sizes of a bundle that was written to `directory`, what its kernels take of
/// a GPU, and the time it took. `gpuCode` is empty for a CPU.
std::string compileReport(const BundlePlan &plan,
                          const std::vector<CodeFile> &code,
                          const std::vector<mlir::amk::GpuCode> &gpuCode,
                          const std::string &directory, const Stopwatch &watch);

} // namespace amk::tool

#endif // AMK_TOOLS_AMKCOMPILE_REPORT_H
