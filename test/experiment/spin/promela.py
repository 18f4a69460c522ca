#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a schedule program, for a launch of some steps, as Promela.

The model is docs/ScheduleSpec.md sections 1.2 and 1.3 and nothing else:

- One process per agent, unrolled over the steps. An action is up to four
  transitions: reached (if something is checked there), start, complete, signal.
  An agent sees its own writes before they are visible to others.
- One process `memory` that may at any time make visible what is complete: the
  ordinary writes of an action, or its words of one Tag counter.
- A counter that is no Tag counter is a global variable.
- A cell (model.py) that is read has a variable that says which write it holds.

Deadlock is an invalid end state. Races, wrong values, aliases and ring overruns
(AMK-G1 by its letter, whether or not anyone reads the bytes) are assertions,
switched on by bits of the environment variable AMK_CHECK (all are on if it is
not set): so one compiled model answers for each class by itself. AMK_STEPS
makes the launch shorter.

usage: promela.py FILE.json --steps T
"""

import argparse
import json
import sys
from collections import defaultdict

from model import WRITES, Item, Model, Unsupported

CHECK_RACE = 1
CHECK_VALUE = 2
CHECK_ALIAS = 4
CHECK_RING = 8


def any_of(terms):
    terms = [term for term in dict.fromkeys(terms) if term != "false"]
    if "true" in terms:
        return "true"
    return "(" + " || ".join(terms) + ")" if terms else "false"


def all_of(terms):
    terms = [term for term in dict.fromkeys(terms) if term != "true"]
    if "false" in terms:
        return "false"
    return "(" + " && ".join(terms) + ")" if terms else "true"


class Writer:
    """Prints a Model as Promela."""

    def __init__(self, model):
        self.model = model
        self.lines = []
        self.read_cells = {
            x for x, touches in enumerate(model.cells)
            if any(t.mode in ("read", "readPrevious", "reduce")
                   for t in touches)
        }
        # Per cell and agent the items that write it, in program order.
        self.writers = []
        # Per cell and agent the instances that read it.
        self.readers = []
        for touches in model.cells:
            writers, readers = defaultdict(list), defaultdict(list)
            for touch in sorted(touches, key=lambda t: t.instance.index):
                agent = touch.instance.agent
                if touch.mode in WRITES:
                    if model.item(touch) not in writers[agent]:
                        writers[agent].append(model.item(touch))
                elif touch.instance not in readers[agent]:
                    readers[agent].append(touch.instance)
            self.writers.append(writers)
            self.readers.append(readers)

    def put(self, text=""):
        self.lines.append(text)

    # Conditions. `p<agent>` is 2n + 1 while the agent's instance n runs, and
    # 2n + 2 when it is complete.

    @staticmethod
    def progress(instance):
        return f"p{instance.agent}"

    def started(self, instance):
        return f"{self.progress(instance)} >= {2 * instance.index + 1}"

    def running(self, instance):
        return f"{self.progress(instance)} == {2 * instance.index + 1}"

    @staticmethod
    def pending(item):
        """Complete, but its flush is still to come."""
        kind = "f" if item.counter is None else f"g{item.counter}"
        return f"{kind}_{item.instance.agent}_{item.instance.index}"

    def flushed(self, item):
        return (f"({self.progress(item.instance)} >= "
                f"{2 * item.instance.index + 2} && !{self.pending(item)})")

    def over_by_later(self, cell, item):
        """A later write of the same agent to this cell is flushed."""
        return any_of(
            self.flushed(later)
            for later in self.writers[cell][item.instance.agent]
            if later.instance.index > item.instance.index
            and not self.model.drained(item.instance, later.instance))

    def open_write(self, cell, agent):
        terms = []
        for item in self.writers[cell][agent]:
            terms.append(self.running(item.instance))
            later = self.over_by_later(cell, item)
            unless = [] if later == "false" else [f"!{later}"]
            terms.append(all_of([self.pending(item)] + unless))
        return terms

    def race(self, instance):
        """An access of another agent is open that conflicts."""
        terms = []
        for cell, touches in enumerate(self.model.cells):
            own = [t for t in touches if t.instance == instance]
            if not own:
                continue
            writes = any(t.mode in WRITES for t in own)
            for agent in range(len(self.model.agents)):
                if agent == instance.agent:
                    continue
                terms += self.open_write(cell, agent)
                if writes:
                    terms += [self.running(reader)
                              for reader in self.readers[cell][agent]]
        return any_of(terms)

    def holds(self, cell, touch, good):
        """The cell holds one of the contents `good`, as the agent of `touch`
        sees it: its own last write, even if that is not flushed yet."""
        model = self.model
        codes = sorted({model.codes[cell][content] for content in good
                        if content is not None}
                       | ({0} if None in good else set()))
        shared = any_of(f"m{cell} == {code}" for code in codes)
        own = [t for t in model.cells[cell]
               if t.mode in WRITES and t.instance.agent == touch.instance.agent
               and t.instance.index < touch.instance.index]
        if not own:
            return shared
        last = max(own, key=lambda t: t.instance.index)
        if model.drained(last.instance, touch.instance):
            return shared
        pending = self.pending(model.item(last))
        forwarded = "true" if model.content(last) in good else "false"
        return f"(({pending} && {forwarded}) || (!{pending} && {shared}))"

    def wrong_value(self, instance):
        terms = []
        for cell, touches in enumerate(self.model.cells):
            for touch in touches:
                if touch.instance == instance and touch.mode not in (
                        "write", "writeTagged"):
                    terms += self.wrong_read(cell, touch)
        return any_of(terms)

    def wrong_read(self, cell, touch):
        buffer = self.model.program["buffers"][touch.buffer]
        step = touch.instance.step
        writes = [t for t in self.model.cells[cell]
                  if t.mode in WRITES and t.buffer == touch.buffer
                  and t.lap == touch.lap]
        # Writes of this step by other actions.
        others = [t for t in writes if t.instance.step == step
                  and t.instance != touch.instance]
        if touch.mode == "readPrevious":
            good = {self.model.content(t) for t in writes
                    if t.instance.step < step}
            terms = [self.started(t.instance) for t in others]
            return terms + [f"!{self.holds(cell, touch, good | {None})}"]
        if touch.mode == "reduce":
            others = [t for t in others if t.mode != "reduce"]
        this_step = buffer["kind"] != "carried" or others
        good = {self.model.content(t) for t in writes
                if t.instance.step == step or not this_step}
        if not this_step:
            good.add(None)
        terms = [f"!({self.started(t.instance)})" for t in others]
        return terms + [f"!{self.holds(cell, touch, good)}"]

    def overrun(self, instance):
        """A write of a ring byte, and an access of the byte of the tape that
        it replaces has not ended."""
        terms = []
        for cell, touches in enumerate(self.model.cells):
            laps = [t.lap for t in touches
                    if t.instance == instance and t.mode in WRITES]
            if laps:
                terms += [self.not_ended(cell, touch, instance)
                          for touch in touches if touch.lap < max(laps)]
        return any_of(terms)

    def not_ended(self, cell, touch, before):
        """The access may still be open or to come when `before` starts."""
        other = touch.instance
        if other.agent == before.agent:
            return "true" if other.index >= before.index else "false"
        if touch.mode not in WRITES:
            return f"{self.progress(other)} < {2 * other.index + 2}"
        item = self.model.item(touch)
        return (f"!({self.flushed(item)} || "
                f"{self.over_by_later(cell, item)})")

    def stale(self, instance, counter):
        """A word of `counter` carries this step's tag, but other content."""
        model = self.model
        want = model.tag(counter, instance.step)
        terms = []
        for cell, touches in enumerate(model.cells):
            if not any(t.counter == counter for t in touches):
                continue
            for content, code in model.codes[cell].items():
                mine = (content.counter == counter
                        and content.step == instance.step)
                if (content.counter is not None and not mine
                        and model.tag(content.counter, content.step) == want):
                    terms.append(f"m{cell} == {code}")
        return any_of(terms)

    # Transitions.

    def waits(self, instance):
        """The condition under which all waits hold."""
        model = self.model
        terms = []
        for counter, threshold in model.action(instance)["waits"]:
            if not model.is_tag(counter):
                value = threshold + instance.step * model.per_step[counter]
                if value > 0:
                    terms.append(f"c{counter} >= {value}")
                continue
            for other in model.instances():
                item = Item(other, counter)
                if (other.step == instance.step
                        and item in model.items(other)):
                    terms.append(self.flushed(item))
        return all_of(terms)

    def parity_waits(self, instance):
        """(counter, value, barriers) of the waits that test a parity."""
        model = self.model
        for counter, threshold in model.action(instance)["waits"]:
            value = threshold + instance.step * model.per_step[counter]
            info = model.counters[counter]
            if info["protocol"] == "parity" and value >= 1:
                yield counter, value, info["barriers"]

    def check(self, bit, condition, what):
        if condition == "false":
            return
        self.put(f"    /* {what} */")
        self.put(f"    if :: c_expr {{ amkCheck & {bit} }} && {condition} ->"
                 " assert(false)")
        self.put("    :: else fi;")

    def reached(self, instance):
        early = any_of(f"c{counter} < {value - barriers}"
                       for counter, value, barriers
                       in self.parity_waits(instance) if value > barriers)
        if early != "false":
            self.put("  d_step { true;")
            self.check(CHECK_ALIAS, early, "two phases back")
            self.put("  }")

    def start(self, instance):
        stale = any_of(
            self.stale(instance, counter)
            for counter, _ in self.model.action(instance)["waits"]
            if self.model.is_tag(counter))
        polls = stale != "false"
        if polls:
            # Reached and not started, the action polls its words all the time.
            self.put(f"  if :: c_expr {{ amkCheck & {CHECK_ALIAS} }} && "
                     f"{stale} -> /* stale tag */ assert(false)")
            self.put("  ::")
        self.put(f"  d_step {{ {self.waits(instance)};")
        late = any_of(f"c{counter} >= {value + barriers}"
                      for counter, value, barriers
                      in self.parity_waits(instance))
        self.check(CHECK_ALIAS, late, "two phases behind")
        self.check(CHECK_RACE, self.race(instance), "race")
        self.check(CHECK_VALUE, self.wrong_value(instance), "wrong value")
        self.check(CHECK_RING, self.overrun(instance), "ring overrun")
        self.put(f"    {self.progress(instance)} = {2 * instance.index + 1}")
        self.put("  }" + (" fi;" if polls else ";"))

    def complete(self, instance):
        items = self.model.items(instance)
        updates = [f"{self.pending(item)} = 1" for item in items]
        updates.append(f"{self.progress(instance)} = {2 * instance.index + 2}")
        self.put("  d_step { true; " + "; ".join(updates) + " };")

    def signal(self, instance):
        signals = self.model.signals(instance)
        if not signals:
            return
        before = [item for other in self.model.agents[instance.agent][
            :instance.index + 1] if not self.model.drained(other, instance)
            for item in self.model.items(other)]
        ready = all_of(f"!{self.pending(item)}" for item in before)
        updates = [f"c{counter} = c{counter} + {amount}"
                   for counter, amount in signals]
        self.put(f"  d_step {{ {ready}; " + "; ".join(updates) + " };")

    def agent(self, number):
        name = self.model.program["agents"][number]["name"]
        self.put(f"/* {comment(name)} */")
        self.put(f"active proctype agent{number}() {{")
        step = 0
        for instance in self.model.agents[number]:
            if instance.step != step:
                step = instance.step
                self.put(f"  if :: c_expr {{ amkSteps == {step} }} ->"
                         " goto done :: else fi;")
            self.put(f"  /* {comment(self.model.name(instance))} */")
            self.reached(instance)
            self.start(instance)
            self.complete(instance)
            self.signal(instance)
        self.put("done: skip")
        self.put("}")

    def flush(self, item):
        model, instance = self.model, item.instance
        guard = [self.pending(item)]
        if item.counter is not None:
            guard += [f"!{self.pending(Item(earlier, item.counter))}"
                      for earlier in model.agents[instance.agent][
                          :instance.index]
                      if Item(earlier, item.counter) in model.items(earlier)
                      and not model.drained(earlier, instance)]
        self.put(f"  :: d_step {{ {all_of(guard)};")
        for cell in sorted(self.read_cells):
            for touch in model.cells[cell]:
                if touch.mode in WRITES and model.item(touch) == item:
                    self.store(cell, touch)
        self.put(f"    {self.pending(item)} = 0 }}")

    def store(self, cell, touch):
        code = self.model.codes[cell][self.model.content(touch)]
        later = self.over_by_later(cell, self.model.item(touch))
        if later == "false":
            self.put(f"    m{cell} = {code};")
        else:
            self.put(f"    if :: {later} :: else -> m{cell} = {code} fi;")

    def memory(self):
        items = [item for instance in self.model.instances()
                 for item in self.model.items(instance)]
        if not items:
            return
        self.put("active proctype memory() {")
        self.put("end:")
        self.put("  do")
        for item in items:
            self.flush(item)
        self.put("  od")
        self.put("}")

    def declarations(self):
        self.put("c_decl {")
        self.put(f"static int amkCheck = 15, amkSteps = {self.model.steps};")
        self.put("__attribute__((constructor)) static void amkInit(void) {")
        for variable, name in (("amkCheck", "AMK_CHECK"),
                               ("amkSteps", "AMK_STEPS")):
            self.put(f'  if (getenv("{name}"))')
            self.put(f'    {variable} = atoi(getenv("{name}"));')
        self.put("}")
        self.put("}")
        for counter, per_step in enumerate(self.model.per_step):
            if not self.model.is_tag(counter):
                total = per_step * self.model.steps
                if total >= 1 << 31:
                    raise Unsupported("a counter of more than 31 bits")
                self.put(f"{integer_type(total)} c{counter};")
        for number, instances in enumerate(self.model.agents):
            self.put(f"{integer_type(2 * len(instances))} p{number};")
        for instance in self.model.instances():
            for item in self.model.items(instance):
                self.put(f"bit {self.pending(item)};")
        for cell in sorted(self.read_cells):
            bits = max(1, len(self.model.codes[cell]).bit_length())
            self.put(f"unsigned m{cell} : {bits};")

    def text(self):
        self.declarations()
        for number in range(len(self.model.agents)):
            self.agent(number)
        self.memory()
        return "\n".join(self.lines) + "\n"


def integer_type(largest):
    return "byte" if largest < 256 else "int"


def comment(text):
    return text.replace("*/", "* /")


def translate(program, steps):
    return Writer(Model(program, steps)).text()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file")
    parser.add_argument("--steps", type=int, default=1)
    options = parser.parse_args()
    with open(options.file, encoding="utf-8") as stream:
        program = json.load(stream)
    try:
        sys.stdout.write(translate(program, options.steps))
    except Unsupported as error:
        sys.exit(f"promela.py: {options.file}: not covered: {error}")


if __name__ == "__main__":
    main()
