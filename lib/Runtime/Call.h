//===- Call.h - State of one call of a session ------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_CALL_H
#define AMK_LIB_RUNTIME_CALL_H

#include "Engine.h"

#include <chrono>

namespace amk::runtime {

/// What one generate() or scoreTokens() asked for and got so far.
struct Session::Call {
  LaunchRequest request; ///< of the next launch
  bool wantTokens = false;
  TokenFn onToken;
  LogitsFn onLogits;
  LaunchFn onLaunch;

  GenerateResult result;
  bool ended = false;     ///< by a stop token or the callback
  uint32_t delivered = 0; ///< steps of this launch whose tokens were delivered
  /// End of the launch before, or begin of the call.
  std::chrono::steady_clock::time_point since =
      std::chrono::steady_clock::now();
};

} // namespace amk::runtime

#endif // AMK_LIB_RUNTIME_CALL_H
