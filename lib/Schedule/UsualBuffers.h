//===- UsualBuffers.h - Buffers that need no comparison ---------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Most buffers are written in tiles, then read, and then perhaps give way to
// another buffer at the same place. One pass over the accesses, which keeps a
// few numbers per buffer, sees that they break no rule, and so spares the
// comparison of their regions. docs/ScheduleSpec.md, section 5, has the proof.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_USUALBUFFERS_H
#define AMK_LIB_SCHEDULE_USUALBUFFERS_H

#include "BufferGroups.h"
#include "Frontier.h"
#include "Order.h"
#include "RegionUtils.h"

#include <limits>

namespace amk::schedule {

class UsualBuffers {
public:
  /// Looks for the groups of buffers that break no rule on accesses, values and
  /// outputs. `steps` as in Options. Keeps the memory of the program before.
  void find(const Program &program, const Model &model, const GreedyRun &run,
            const Order &order, const BufferGroups &groups, uint64_t steps);

  /// [buffers] These need no further look.
  std::vector<char> isSettled;
  bool areAllSettled = false;

private:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  enum class Phase : uint8_t {
    Unused,
    Writing,
    Reading,
    Over,   ///< a buffer at the same place was written since
    Broken, ///< the group is not a usual one
  };

  /// What a buffer was used for so far.
  struct State {
    /// The writes are the bytes [begin, end), maybe with gaps. Of Carried: of
    /// the last part, reads too; nothing from `begin` on was used before.
    uint64_t begin = 0, end = 0;
    /// One that proves enough for a further write or, while reading, read.
    uint32_t clock = kNoClock;
    Phase phase = Phase::Unused;
    bool isAlone = true;      ///< in its group
    bool hasGap = false;      ///< between the writes
    bool isScattered = false; ///< the writes came in no order and may overlap
    uint32_t writes = kNone;  ///< the last one, in `touches`
    uint32_t earlierWrites = kNone; ///< the last one of parts before
    uint32_t reads = kNone; ///< the last one, in `touches`, unless alone
    uint32_t group = 0;
    uint32_t predecessors = kNone; ///< the last one, in `successions`
    uint32_t nextOccupant = kNone; ///< buffer
  };

  /// A write or a read in the list of its buffer.
  struct Touch {
    uint64_t begin, end;
    uint32_t action;
    uint32_t next;
  };
  /// In the list of a buffer's predecessors.
  struct Succession {
    uint32_t buffer;
    uint32_t next;
  };
  /// An action while its accesses are looked at.
  struct Actor {
    uint32_t action, agent, clock;
  };

  void start();
  void finish();
  void visit(const Actor &actor, const Access &access);
  void visitUnusual(const Actor &actor, const Access &access);
  void addTouch(uint32_t &list, const Actor &actor, uint64_t begin,
                uint64_t end);
  bool write(const Actor &actor, uint32_t buffer, uint64_t begin, uint64_t end);
  bool read(const Actor &actor, State &state, BufferKind kind, uint64_t begin,
            uint64_t end);
  bool startReading(const Actor &actor, State &state, BufferKind kind);
  bool succeed(const Actor &actor, uint32_t buffer);
  bool endWrites(State &state);
  bool isComplete(uint32_t buffer);
  bool isAfterAll(const Actor &actor, uint32_t touch, uint32_t end,
                  bool &byClock) const;
  bool isAfterPredecessors(const Actor &actor, State &state) const;
  void breakGroup(uint32_t group);

  const Program *program = nullptr;
  const Model *model = nullptr;
  const Order *order = nullptr;
  const BufferGroups *groups = nullptr;
  std::vector<State> states;          ///< [buffers]
  std::vector<uint32_t> lastOccupant; ///< [groups] buffer, or kNone
  std::vector<Touch> touches;         ///< the first numTouches, and room
  uint32_t numTouches = 0;
  std::vector<Succession> successions;
  std::vector<Interval> tiles; ///< of one buffer, to be sorted
};

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_USUALBUFFERS_H
