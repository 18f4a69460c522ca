//===- Minimise.cpp - Smaller programs that still differ ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Minimise.h"

using namespace amk;
using namespace amk::experiment;

namespace {

class Minimiser {
public:
  Minimiser(RandomProgram &best,
            const std::function<bool(const RandomProgram &)> &isInteresting)
      : best(best), isInteresting(isInteresting) {}

  /// One pass over everything; false if nothing could be taken away.
  bool shrink();

private:
  bool keep(const RandomProgram &candidate) {
    if (!isInteresting(candidate))
      return false;
    best = candidate;
    return true;
  }
  /// Tries to erase each element of the list that `listOf` finds.
  template <typename ListOf>
  bool shrinkList(ListOf listOf) {
    bool shrunk = false;
    for (size_t i = listOf(best.program).size(); i-- != 0;) {
      RandomProgram candidate = best;
      auto &list = listOf(candidate.program);
      list.erase(list.begin() + long(i));
      shrunk |= keep(candidate);
    }
    return shrunk;
  }

  RandomProgram &best;
  const std::function<bool(const RandomProgram &)> &isInteresting;
};

} // namespace

bool Minimiser::shrink() {
  bool shrunk = false;
  if (best.steps > 1) {
    RandomProgram candidate = best;
    --candidate.steps;
    shrunk |= keep(candidate);
  }
  shrunk |= shrinkList([](Program &p) -> auto & { return p.agents; });
  for (size_t a = 0; a != best.program.agents.size(); ++a) {
    auto actions = [a](Program &p) -> auto & { return p.agents[a].actions; };
    shrunk |= shrinkList(actions);
    for (size_t i = 0; i != actions(best.program).size(); ++i) {
      shrunk |=
          shrinkList([&](Program &p) -> auto & { return actions(p)[i].waits; });
      shrunk |= shrinkList(
          [&](Program &p) -> auto & { return actions(p)[i].signals; });
      shrunk |= shrinkList(
          [&](Program &p) -> auto & { return actions(p)[i].accesses; });
    }
  }
  return shrunk;
}

void experiment::minimise(
    RandomProgram &program,
    const std::function<bool(const RandomProgram &)> &isInteresting) {
  Minimiser minimiser(program, isInteresting);
  while (minimiser.shrink()) {
  }
}
