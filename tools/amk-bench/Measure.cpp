//===- Measure.cpp - Time per token ---------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Measure.h"
#include "Gate.h"

#include <algorithm>
#include <chrono>

using namespace amk;
using namespace amk::bench;
using namespace amk::runtime;
using Clock = std::chrono::steady_clock;

void Samples::sort() { std::sort(values.begin(), values.end()); }

double Samples::percentile(double share) const {
  if (values.empty())
    return 0;
  auto index = static_cast<size_t>(share * values.size());
  return values[std::min(values.size() - 1, index)];
}

/// Brings the session to the step at `position`.
static void moveTo(Session &session, const Case &which, bool pretended) {
  if (pretended)
    return session.pretend(which.position);
  GenerateOptions options;
  options.ignoreStopTokens = true;
  session.generate(randomPrompt(session.manifest(), which.position + 1), 0,
                   options);
}

/// The same steps again. `timing` null: for warming up.
static void runOnce(Session &session, const Case &which, bool timeDevice,
                    Timing *timing) {
  session.rewind(which.position);
  GenerateOptions options;
  options.stepsPerLaunch = which.stepsPerLaunch;
  options.continueSession = true;
  options.ignoreStopTokens = true;
  options.timeDevice = timeDevice;
  uint32_t inLaunch = 0;
  Clock::time_point last;
  options.onToken = [&](int32_t) {
    Clock::time_point now = Clock::now();
    if (timing && !timeDevice && inLaunch > 0)
      timing->interval.add(
          std::chrono::duration<double, std::micro>(now - last).count());
    last = now;
    inLaunch = (inLaunch + 1) % which.stepsPerLaunch;
    return false;
  };
  options.onLaunch = [&](const LaunchTimes &times) {
    inLaunch = 0;
    if (timing && !timeDevice)
      timing->host.add(times.seconds * 1e6 / times.steps);
    if (timing && timeDevice && times.deviceSeconds > 0)
      timing->device.add(times.deviceSeconds * 1e6 / times.steps);
  };
  session.generate({}, which.tokens, options);
}

Timing bench::measure(Session &session, const Case &which,
                      uint32_t repetitions) {
  Timing timing;
  timing.pretended = which.position + 1 > kMaxProcessed;
  moveTo(session, which, timing.pretended);
  runOnce(session, which, /*timeDevice=*/false, nullptr);
  for (uint32_t i = 0; i < repetitions; ++i)
    runOnce(session, which, /*timeDevice=*/false, &timing);
  for (uint32_t i = 0; i < repetitions; ++i)
    runOnce(session, which, /*timeDevice=*/true, &timing);
  for (Samples *samples : {&timing.host, &timing.device, &timing.interval})
    samples->sort();
  timing.weightBytes = session.streamBytesPerStep();
  for (uint32_t step = 0; step < which.tokens; ++step)
    timing.kvBytes += session.kvBytesOfStep(which.position + step);
  timing.kvBytes /= which.tokens;
  return timing;
}
