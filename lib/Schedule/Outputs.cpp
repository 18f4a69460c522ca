//===- Outputs.cpp - Outputs are written once and completely: AMK-C2 ------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

using namespace amk::schedule;

namespace {
struct Piece {
  Interval bytes;
  ActionRef action;
};
} // namespace

static void checkSpace(const Program &program, uint32_t spaceIndex,
                       Report &report) {
  const Space &space = program.spaces[spaceIndex];
  std::vector<Piece> pieces;
  std::vector<Interval> rows;
  for (uint32_t a = 0; a != program.agents.size(); ++a)
    for (uint32_t i = 0; i != program.agents[a].actions.size(); ++i)
      for (const Access &access : program.agents[a].actions[i].accesses) {
        if (access.region.space != spaceIndex ||
            access.mode != AccessMode::Write)
          continue;
        rows.clear();
        appendRows(normalize(access.region), {0, space.bytes}, rows);
        for (Interval bytes : rows)
          pieces.push_back({bytes, {a, i}});
      }
  std::sort(pieces.begin(), pieces.end(), [](const Piece &x, const Piece &y) {
    return std::tie(x.bytes.begin, x.bytes.end, x.action.agent,
                    x.action.action) < std::tie(y.bytes.begin, y.bytes.end,
                                                y.action.agent,
                                                y.action.action);
  });

  uint64_t done = 0; // all bytes before are written
  ActionRef last;    // by this action, up to here
  std::unordered_set<uint64_t> reported;
  for (const Piece &piece : pieces) {
    if (piece.bytes.begin > done)
      report.add(Rule::Incomplete,
                 "nothing writes " +
                     describe(space, {done, piece.bytes.begin}) + " in a step");
    uint64_t pair = uint64_t(piece.action.agent) << 32 | piece.action.action;
    if (piece.bytes.begin < done && reported.insert(pair).second)
      report.add(Rule::Incomplete, piece.action,
                 "writes " +
                     describe(space, {piece.bytes.begin,
                                      std::min(done, piece.bytes.end)}) +
                     ", which is written already in the same step",
                 {{last, "writes it, too"}});
    if (piece.bytes.end > done) {
      done = piece.bytes.end;
      last = piece.action;
    }
  }
  if (done < space.bytes)
    report.add(Rule::Incomplete, "nothing writes " +
                                     describe(space, {done, space.bytes}) +
                                     " in a step");
}

void amk::schedule::checkOutputs(const Program &program, Report &report) {
  for (uint32_t i = 0; i != program.spaces.size(); ++i)
    if (program.spaces[i].kind == SpaceKind::Output)
      checkSpace(program, i, report);
}
