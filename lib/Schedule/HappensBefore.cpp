//===- HappensBefore.cpp - The order of actions, for passes ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Order.h"
#include "amk/Schedule/Verifier.h"

#include <optional>

using namespace amk::schedule;

struct HappensBefore::Impl {
  explicit Impl(const Program &program, uint64_t steps)
      : model(program), run(model) {
    if (run.complete)
      order.emplace(model, run, steps);
  }
  Model model;
  GreedyRun run;
  std::optional<Order> order;
};

HappensBefore::HappensBefore(const Program &program, uint64_t steps)
    : impl(check(program).empty() ? new Impl(program, steps) : nullptr) {}

HappensBefore::~HappensBefore() { delete impl; }

bool HappensBefore::ok() const { return impl && impl->order; }

bool HappensBefore::ordered(ActionRef a, ActionRef b) const {
  return ok() &&
         impl->order->before({impl->model.flat(a), End::Writes},
                             impl->model.flat(b), 0);
}

bool HappensBefore::orderedAcrossSteps(ActionRef a, ActionRef b) const {
  return ok() &&
         impl->order->before({impl->model.flat(a), End::Writes},
                             impl->model.flat(b), 1);
}
