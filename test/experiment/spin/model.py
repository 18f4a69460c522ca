# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A schedule program, unrolled over the steps of a launch, and its bytes.

A *cell* is a set of bytes that the same accesses of the same steps touch, so
that nothing can tell these bytes apart.
"""

from collections import defaultdict, namedtuple

WRITES = ("write", "writeTagged", "reduce")
MAX_RUNS = 100000


class Unsupported(Exception):
    """The program is outside of what this model covers."""


# One action of one step: `index` counts over all steps of the agent, `action`
# within one step.
Instance = namedtuple("Instance", "agent index step action")
# Something that becomes visible by one flush: ordinary writes (counter None) or
# the words of one Tag counter.
Item = namedtuple("Item", "instance counter")
# One access of one instance, as a cell sees it. `lap` tells apart the tape
# bytes of a ring that lie in the same byte of memory.
Touch = namedtuple("Touch", "instance mode buffer lap counter")
# What a cell can hold.
Content = namedtuple("Content", "buffer step lap counter")


class Model:
    """A program unrolled over the steps of a launch, with its cells."""

    def __init__(self, program, steps):
        self.program = program
        self.steps = steps
        self.counters = program["counters"]
        self.agents = [
            [
                Instance(a, step * len(agent["actions"]) + n, step, n)
                for step in range(steps)
                for n in range(len(agent["actions"]))
            ]
            for a, agent in enumerate(program["agents"])
        ]
        self.per_step = [0] * len(self.counters)
        for agent in program["agents"]:
            for action in agent["actions"]:
                for counter, amount in action["signals"]:
                    self.per_step[counter] += amount
        self.cells = self.find_cells()
        # Per cell: content -> number; 0 is what was there before the launch.
        self.codes = []
        for touches in self.cells:
            codes = {}
            for touch in touches:
                if touch.mode in WRITES:
                    codes.setdefault(self.content(touch), len(codes) + 1)
            self.codes.append(codes)

    def is_tag(self, counter):
        return self.counters[counter]["protocol"] == "tag"

    def action(self, instance):
        return self.program["agents"][instance.agent]["actions"][
            instance.action]

    def name(self, instance):
        return f"{self.action(instance)['name']}@{instance.step}"

    def instances(self):
        for instances in self.agents:
            yield from instances

    @staticmethod
    def content(touch):
        return Content(touch.buffer, touch.instance.step, touch.lap,
                       touch.counter)

    def accesses(self, instance):
        """(mode, region, counter), with the reads that Tag waits imply."""
        action = self.action(instance)
        for access in action["accesses"]:
            counter = access["counter"]
            tagged = access["mode"] == "writeTagged"
            yield access["mode"], access, counter if tagged else None
        for counter, _ in action["waits"]:
            if self.is_tag(counter):
                for access in self.words(counter):
                    yield "read", access, None

    def words(self, counter):
        for agent in self.program["agents"]:
            for action in agent["actions"]:
                for access in action["accesses"]:
                    if (access["mode"] == "writeTagged"
                            and access["counter"] == counter):
                        yield access

    def runs(self, step, access):
        """The bytes of memory: (space, from, to, lap)."""
        buffer = self.program["buffers"][access["buffer"]]
        space = self.program["spaces"][buffer["space"]]
        ring = space["ringBytes"]
        if access["rows"] > MAX_RUNS:
            raise Unsupported("too many rows")
        for row in range(access["rows"]):
            begin = (buffer["offset"] + access["offset"]
                     + row * access["rowStride"])
            end = begin + access["rowBytes"]
            if not ring:
                yield buffer["space"], begin, end, 0
                continue
            begin += step * space["bytes"]
            end += step * space["bytes"]
            while begin < end:
                lap = begin // ring
                stop = min(end, (lap + 1) * ring)
                base = lap * ring
                yield buffer["space"], begin - base, stop - base, lap
                begin = stop

    def find_cells(self):
        """One list of touches per cell."""
        spaces = defaultdict(list)
        for instance in self.instances():
            for mode, access, counter in self.accesses(instance):
                if (counter is not None
                        and Item(instance, counter) not in
                        self.items(instance)):
                    raise Unsupported("tagged words without their signal")
                for space, begin, end, lap in self.runs(instance.step, access):
                    if begin < end:
                        spaces[space].append((begin, end, Touch(
                            instance, mode, access["buffer"], lap, counter)))
        cells = {}
        for runs in spaces.values():
            if len(runs) > MAX_RUNS:
                raise Unsupported("too many runs")
            bounds = sorted({b for run in runs for b in run[:2]})
            for begin in bounds[:-1]:
                touches = frozenset(touch for lo, hi, touch in runs
                                    if lo <= begin < hi)
                if touches:
                    cells[touches] = None
        ordered = [sorted(touches, key=repr) for touches in cells]
        ordered.sort(key=repr)
        for touches in ordered:
            check_cell(touches)
        return ordered

    def item(self, touch):
        return Item(touch.instance, touch.counter)

    def items(self, instance):
        """What flushes of this instance there are."""
        action = self.action(instance)
        result = []
        if any(access["mode"] in ("write", "reduce")
               for access in action["accesses"]):
            result.append(Item(instance, None))
        result += [Item(instance, counter) for counter, _ in action["signals"]
                   if self.is_tag(counter)]
        return result

    def signals(self, instance):
        """Those that belong to the signal event."""
        return [(counter, amount)
                for counter, amount in self.action(instance)["signals"]
                if not self.is_tag(counter)]

    def drained(self, first, second):
        """All flushes of `first` precede the start of `second`, a later
        instance of the same agent, because of a signal event in between."""
        return any(self.signals(between)
                   for between in self.agents[first.agent][
                       first.index:second.index])

    def tag(self, counter, step):
        tags = self.program["tags"]
        base = self.counters[counter]["tagBase"]
        return (base + step * tags["stride"]) % (1 << tags["bits"])


def check_cell(touches):
    """What a cell cannot tell apart is not covered."""
    laps = defaultdict(set)
    written = defaultdict(set)
    for touch in touches:
        laps[touch.instance, touch.buffer].add(touch.lap)
        if touch.mode in WRITES:
            written[touch.instance].add((touch.buffer, touch.counter))
    if any(len(found) > 1 for found in laps.values()):
        raise Unsupported("an action that touches a ring byte in two laps")
    if any(len(found) > 1 for found in written.values()):
        raise Unsupported("an action that writes a byte in two ways")
