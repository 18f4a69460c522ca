# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Values and rings: AMK-C1, AMK-C4, AMK-C5, AMK-G1."""

from builder import Builder
from cases.registry import case


# AMK-C1

@case("C1", "value")
def read_before_write():
    """In order, but the wrong one: the write waits for the read."""
    b = Builder()
    x = b.buffer("x")
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", x.write(), waits=[(d, 1)], signals=[c])
    b.agent("w1").do("b", x.read(), waits=[(c, 0)], signals=[d])
    return b


def partial(size):
    b = Builder()
    x = b.buffer("x")
    b.agent("w0").do("a", x.write(0, size)).do("b", x.read())
    return b


@case("C1", "value")
def last_byte_missing():
    """Three of four bytes that are read have been written."""
    return partial(3)


@case("C1", "safe")
def all_bytes():
    """All four; an agent sees its own write without any signal."""
    return partial(4)


@case("C1", "value")
def own_write():
    """An action's own write does not come before its read."""
    b = Builder()
    x = b.buffer("x")
    b.agent("w0").do("a", x.read(), x.write())
    return b


@case("C1", "value")
def reduce_undefined():
    """A reduction into bytes that the step has not written."""
    b = Builder()
    x = b.buffer("x")
    b.agent("w0").do("a", x.reduce()).do("b", x.read())
    return b


@case("C1", "safe")
def reduce_defined():
    """The same after a write."""
    b = Builder()
    x = b.buffer("x")
    b.agent("w0").do("z", x.write()).do("a", x.reduce()).do("b", x.read())
    return b


# AMK-C4

def overlay(first, at):
    """y overlays x before (`first`) or after the read of x."""
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y", at=at)
    b.agent("w0").do("a", x.write())
    actions = [("b", x.read()), ("f", y.write())]
    for name, access in reversed(actions) if first else actions:
        b.do(name, access)
    return b


@case("C4", "value")
def replaced_before_read():
    """Another buffer's write stands between write and read."""
    return overlay(True, 0)


@case("C4", "value")
def last_byte_replaced():
    """It replaces one byte only."""
    return overlay(True, 3)


@case("C4", "safe")
def replaced_after_read():
    """The read comes first."""
    return overlay(False, 0)


@case("C4", "safe")
def neighbour_written():
    """The other buffer lies next to it."""
    return overlay(True, 4)


@case("C4", "value")
def replaced_in_order():
    """The same over three agents, all in order: no race."""
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y", at=2)
    c, d, e = b.counter("c"), b.counter("d"), b.counter("e")
    b.agent("w0").do("a", x.write(), waits=[(e, 0)], signals=[c])
    b.agent("w1").do("f", y.write(), waits=[(c, 1)], signals=[d])
    b.agent("w2").do("b", x.read(), waits=[(d, 1)], signals=[e])
    return b


@case("C4", "safe", "value", "value")
def carried_replaced():
    """Scratch takes the bytes of a carried buffer after its read: the next step
    finds them replaced."""
    b = Builder()
    x, y = b.buffer("x", kind="carried"), b.buffer("y", at=3)
    b.agent("w0").do("r", x.read()).do("f", y.write())
    return b


@case("C4", "safe")
def carried_kept():
    """The same with scratch next to it."""
    b = Builder()
    x, y = b.buffer("x", kind="carried"), b.buffer("y", at=4)
    b.agent("w0").do("r", x.read()).do("f", y.write())
    return b


@case("C4", "safe")
def carried_renewed():
    """The carried bytes are replaced, and written before the next read."""
    b = Builder()
    x, y = b.buffer("x", kind="carried"), b.buffer("y", at=0)
    b.agent("w0").do("w", x.write()).do("r", x.read()).do("f", y.write())
    return b


@case("C4", "safe", "value", "value")
def carried_replaced_before_previous():
    """The step's value is replaced before the next step looks back at it."""
    b = Builder()
    x, y = b.buffer("x", kind="carried"), b.buffer("y", at=0)
    b.agent("w0").do("r", x.previous()).do("w", x.write()).do("f", y.write())
    return b


# AMK-C5

def append(attend_waits):
    """w0 appends to a cache, w1 attends to it."""
    b = Builder()
    x = b.buffer("cache", 8, kind="carried")
    c, d = b.counter("c"), b.counter("d")
    if attend_waits:
        b.agent("w0").do("append", x.write(4, 4), waits=[(d, 0)], signals=[c])
        b.agent("w1").do("attend", x.read(), waits=[(c, 1)], signals=[d])
    else:
        b.agent("w0").do("append", x.write(4, 4), waits=[(d, 1)], signals=[c])
        b.agent("w1").do("attend", x.read(), waits=[(c, 0)], signals=[d])
    return b


@case("C5", "value")
def attends_before_append():
    """In order, but attention reads the cache of the step before."""
    return append(False)


@case("C5", "safe")
def attends_after_append():
    """The right way round; the rest of the cache is of earlier steps."""
    return append(True)


@case("C5", "value")
def reduction_to_come():
    """The read stands between two reductions."""
    b = Builder()
    x = b.buffer("x")
    b.agent("w0").do("z", x.write()).do("r", x.reduce()).do("u", x.read())
    b.do("s", x.reduce())
    return b


@case("C5", "value")
def write_after_reduction():
    """A write of the step wipes out a reduction of the step."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    b.agent("w0").do("r", x.reduce()).do("w", x.write())
    return b


@case("C5", "safe")
def carried_sum():
    """Reductions alone may add to the value of the step before."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    b.agent("w0").do("r", x.reduce()).do("s", x.reduce()).do("u", x.read())
    return b


@case("C5", "value")
def previous_after_write():
    """The value of the step before is gone."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    b.agent("w0").do("w", x.write()).do("r", x.previous())
    return b


@case("C5", "value")
def previous_after_reduction():
    """A reduction changes it, too."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    b.agent("w0").do("w", x.reduce()).do("r", x.previous())
    return b


@case("C5", "safe")
def previous_before_write():
    """Read, then replaced."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    b.agent("w0").do("r", x.previous()).do("w", x.write())
    return b


@case("C5", "safe")
def previous_and_write_in_one():
    """One action reads the old value and stores the new one."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    b.agent("w0").do("u", x.previous(), x.write())
    return b


@case("C5", "safe")
def update_in_one():
    """An action's own write is not another action's: C5 does not ask which side
    the read is on."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    b.agent("w0").do("u", x.read(), x.write())
    return b


# AMK-G1

def ring(tape, slots, lead, step_bytes=None):
    """`tape` slots of 4 bytes a step through a ring of `slots`; the loader
    waits until the slot `lead` slots back is free."""
    b = Builder()
    space = b.space("ring", step_bytes or 4 * tape, ring=4 * slots, worker=0)
    buffers = [b.buffer(f"s{n}", 4, at=4 * n, space=space)
               for n in range(tape)]
    full, free = b.counter("full"), b.counter("free")
    b.agent("loader", 0)
    for n, buffer in enumerate(buffers):
        b.do(f"load{n}", buffer.write(), waits=[(free, n + 1 - lead)],
             signals=[full])
    b.agent("compute", 0)
    for n, buffer in enumerate(buffers):
        b.do(f"use{n}", buffer.read(), waits=[(full, n + 1)], signals=[free])
    return b


@case("G1", "safe")
def two_slots():
    """A step of two slots through a ring of two, with a lead of two."""
    return ring(tape=2, slots=2, lead=2)


@case("G1", "safe", "race", "race")
def two_slots_lead_of_three():
    """The loader may be three slots ahead: in the first step the tape ends
    before that matters."""
    return ring(tape=2, slots=2, lead=3)


@case("G1", "safe", "safe", "race")
def one_slot_a_step_lead_of_three():
    """One slot a step, two in the ring, a lead of three: only the third step
    replaces anything."""
    return ring(tape=1, slots=2, lead=3)


@case("G1", "safe")
def one_slot_a_step_two_in_ring():
    """One slot a step, two in the ring, a lead of two: two steps at once."""
    return ring(tape=1, slots=2, lead=2)


@case("G1", "safe")
def tape_is_no_multiple():
    """Three slots a step through a ring of two: a slot changes its place with
    every step."""
    return ring(tape=3, slots=2, lead=2)


@case("G1", "race")
def tape_is_no_multiple_lead_of_three():
    """The third slot of the first step replaces the first."""
    return ring(tape=3, slots=2, lead=3)


@case("G1", "safe")
def gap_between_steps():
    """The tape of a step is longer than what is used of it."""
    return ring(tape=1, slots=2, lead=1, step_bytes=8)


@case("G1", "value")
def one_agent_reads_too_late():
    """One agent fills both tape bytes before it uses the first: in order, and
    replaced."""
    b = Builder()
    space = b.space("ring", 8, ring=4, worker=0)
    x, y = [b.buffer(n, 4, at=a, space=space) for n, a in (("x", 0), ("y", 4))]
    b.agent("w0").do("a", x.write()).do("b", y.write()).do("r", x.read())
    b.do("s", y.read())
    return b


@case("G1", "safe")
def one_agent_in_turn():
    """The same in turn."""
    b = Builder()
    space = b.space("ring", 8, ring=4, worker=0)
    x, y = [b.buffer(n, 4, at=a, space=space) for n, a in (("x", 0), ("y", 4))]
    b.agent("w0").do("a", x.write()).do("r", x.read()).do("b", y.write())
    b.do("s", y.read())
    return b


@case("G1", "value")
def filled_backwards():
    """Nothing is read wrong, but tape byte 4 is written before byte 0 has been:
    the letter of the rule."""
    b = Builder()
    space = b.space("ring", 8, ring=4, worker=0)
    x, y = [b.buffer(n, 4, at=a, space=space) for n, a in (("x", 0), ("y", 4))]
    b.agent("w0").do("b", y.write()).do("s", y.read()).do("a", x.write())
    b.do("r", x.read())
    return b
