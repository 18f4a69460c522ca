# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Deadlock and order: AMK-D1, AMK-R1, AMK-R2."""

from builder import Builder
from cases.registry import case


# AMK-D1

@case("D1", "deadlock")
def cycle():
    """Each of two agents waits for what the other signals afterwards."""
    b = Builder()
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", waits=[(d, 1)], signals=[c])
    b.agent("w1").do("b", waits=[(c, 1)], signals=[d])
    return b


@case("D1", "safe")
def cycle_over_steps():
    """The same cycle, but one wait is on the step before."""
    b = Builder()
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", waits=[(d, 0)], signals=[c])
    b.agent("w1").do("b", waits=[(c, 1)], signals=[d])
    return b


@case("D1", "deadlock")
def threshold_above_sum():
    """Two signals in a step, the wait demands three; the next step's signals
    come from agents that have not passed the join."""
    b = Builder()
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", signals=[c]).do("x", waits=[(d, 1)])
    b.agent("w1").do("b", signals=[c]).do("y", waits=[(d, 1)])
    b.agent("w2").do("j", waits=[(c, 3)], signals=[d])
    return b


@case("D1", "safe")
def join():
    """The same join with the sum of the step as threshold."""
    b = Builder()
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", signals=[c]).do("x", waits=[(d, 1)])
    b.agent("w1").do("b", signals=[c]).do("y", waits=[(d, 1)])
    b.agent("w2").do("j", waits=[(c, 2)], signals=[d])
    return b


@case("D1", "deadlock")
def free_producer_too_few_signals():
    """The producer never waits, so its next step's signal satisfies the wait in
    every step but the last."""
    b = Builder()
    c = b.counter("c")
    b.agent("w0").do("a", signals=[c])
    b.agent("w1").do("b", waits=[(c, 2)])
    return b


@case("D1", "deadlock")
def own_later_signal():
    """An agent waits for a signal that it gives afterwards."""
    b = Builder()
    c = b.counter("c")
    b.agent("w0").do("a", waits=[(c, 1)]).do("b", signals=[c])
    return b


@case("D1", "safe")
def own_signal_of_step_before():
    """Threshold 0 is the sum after the step before, from its own agent."""
    b = Builder()
    c = b.counter("c")
    b.agent("w0").do("a", waits=[(c, 0)]).do("b", signals=[c])
    return b


@case("D1", "deadlock")
def cycle_through_partial_sum():
    """The second signal on c comes after the wait for it, by way of w2."""
    b = Builder()
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", signals=[c])
    b.agent("w1").do("b", waits=[(c, 2)], signals=[d])
    b.agent("w2").do("e", waits=[(d, 1)], signals=[c])
    return b


@case("D1", "safe")
def partial_sum():
    """The first signal is enough, whoever gives it: w0, for w2 is later."""
    b = Builder()
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", signals=[c])
    b.agent("w1").do("b", waits=[(c, 1)], signals=[d])
    b.agent("w2").do("e", waits=[(d, 1)], signals=[c])
    return b


@case("D1", "deadlock")
def tag_cycle():
    """Each agent polls words that the other stores after its own polling."""
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y")
    k, j = b.tag("k"), b.tag("j", 1 << 20)
    b.agent("w0").do("a", x.tagged(k), waits=[(j, 1)], signals=[k])
    b.agent("w1").do("b", y.tagged(j), waits=[(k, 1)], signals=[j])
    return b


@case("D1", "safe")
def tag_ping_pong():
    """Words there, words back. Both agents have read the old words before new
    ones are stored: tags order the reads."""
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y")
    k, j = b.tag("k"), b.tag("j", 1 << 20)
    b.agent("w0").do("a", x.tagged(k), signals=[k]).do("e", waits=[(j, 1)])
    b.agent("w1").do("b", y.tagged(j), waits=[(k, 1)], signals=[j])
    return b


@case("D1", "deadlock")
def ring_release_too_late():
    """The loader waits for the compute agent to free the slot that it is about
    to fill for the first time."""
    b = Builder()
    ring = b.space("ring", 4, ring=4, worker=0)
    s = b.buffer("s", 4, at=0, space=ring)
    full, free = b.counter("full"), b.counter("free")
    b.agent("loader", 0).do("load", s.write(), waits=[(free, 1)],
                            signals=[full])
    b.agent("compute", 0).do("use", s.read(), waits=[(full, 1)],
                             signals=[free])
    return b


# AMK-R1

def hand_off(wait, back):
    """w0 writes x, w1 reads it; with `wait` after the signal, with `back` w0
    waits for the reader of the step before."""
    b = Builder()
    x = b.buffer("x")
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", x.write(), signals=[c],
                     waits=[(d, 0)] if back else [])
    b.agent("w1").do("b", x.read(), signals=[d],
                     waits=[(c, 1)] if wait else [])
    return b


@case("R1", "race")
def no_wait():
    """A read of what another agent writes, without a wait."""
    return hand_off(wait=False, back=True)


@case("R1", "safe")
def wait():
    """The same with a wait."""
    return hand_off(wait=True, back=True)


def two_producers(threshold):
    b = Builder()
    x = b.buffer("x")
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", x.write(0, 2), signals=[c], waits=[(d, 0)])
    b.agent("w1").do("b", x.write(2, 2), signals=[c], waits=[(d, 0)])
    b.agent("w2").do("e", x.read(), waits=[(c, threshold)], signals=[d])
    return b


@case("R1", "race")
def one_of_two_producers():
    """Either producer's signal satisfies the wait, the read needs both."""
    return two_producers(1)


@case("R1", "safe")
def both_producers():
    """The sum of both signals."""
    return two_producers(2)


@case("R1", "race")
def signal_before_write():
    """The agent signals, then writes."""
    b = Builder()
    x = b.buffer("x")
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("s", signals=[c], waits=[(d, 0)]).do("a", x.write())
    b.agent("w1").do("b", x.read(), waits=[(c, 1)], signals=[d])
    return b


@case("R1", "safe")
def signal_of_later_action():
    """The signal of a later action covers all that its agent wrote before."""
    b = Builder()
    x = b.buffer("x")
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", x.write(), waits=[(d, 0)]).do("s", signals=[c])
    b.agent("w1").do("b", x.read(), waits=[(c, 1)], signals=[d])
    return b


@case("R1", "safe")
def through_third_agent():
    """The order goes on through an agent that touches nothing."""
    b = Builder()
    x = b.buffer("x")
    c, d, e = b.counter("c"), b.counter("d"), b.counter("e")
    b.agent("w0").do("a", x.write(), signals=[c], waits=[(e, 0)])
    b.agent("w1").do("m", waits=[(c, 1)], signals=[d])
    b.agent("w2").do("b", x.read(), waits=[(d, 1)], signals=[e])
    return b


@case("R1", "safe")
def through_parity():
    """Parity counters release like others."""
    b = Builder()
    x = b.buffer("x")
    c, d = b.parity("c"), b.counter("d")
    b.agent("w0").do("a", x.write(), signals=[c], waits=[(d, 0)])
    b.agent("w1").do("b", x.read(), waits=[(c, 1)], signals=[d])
    return b


@case("R1", "race")
def shared_counter_other_signal_first():
    """The wait counts one of two signals of two agents; the other one's signal
    can come first although it is later in the usual order."""
    b = Builder()
    x = b.buffer("x")
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", x.write(), signals=[c], waits=[(d, 0)])
    b.agent("w1").do("o", waits=[(d, 0)], signals=[c])
    b.agent("w2").do("b", x.read(), waits=[(c, 1)]).do(
        "e", waits=[(c, 2)], signals=[d])
    return b


@case("R1", "safe")
def shared_counter_other_signal_after():
    """The same, but the other signal is itself ordered after the write's."""
    b = Builder()
    x = b.buffer("x")
    c, d, e = b.counter("c"), b.counter("d"), b.counter("e")
    b.agent("w0").do("a", x.write(), signals=[c, e], waits=[(d, 0)])
    b.agent("w1").do("o", waits=[(e, 1)], signals=[c])
    b.agent("w2").do("b", x.read(), waits=[(c, 1)]).do(
        "f", waits=[(c, 2)], signals=[d])
    return b


def weighted(other_waits):
    """2 + 1 signals per step, and the reader waits for 2."""
    b = Builder()
    x = b.buffer("x")
    c, d, e = b.counter("c"), b.counter("d"), b.counter("e")
    b.agent("w0").do("a", x.write(), waits=[(d, 0)], signals=[(c, 2), e])
    b.agent("w1").do("o", waits=[(e, 1)] if other_waits else [], signals=[c])
    b.agent("w2").do("b", x.read(), waits=[(c, 2)], signals=[d])
    return b


@case("R1", "safe", "race", "race")
def weighted_signals_run_ahead():
    """The other agent gives 1 a step, so only with a second step can it satisfy
    the wait for 2 without the writer."""
    return weighted(other_waits=False)


@case("R1", "safe")
def weighted_signals():
    """The other agent cannot run ahead of the writer."""
    return weighted(other_waits=True)


# AMK-R2

@case("R2", "safe", "race", "race")
def next_step_overwrites():
    """The writer does not wait for the reader of the step before."""
    return hand_off(wait=True, back=False)


@case("R2", "safe", "race", "race")
def waits_for_two_steps_before():
    """The writer waits for the reader of two steps before: one too few."""
    b = Builder()
    x = b.buffer("x")
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", x.write(), signals=[c], waits=[(d, -1)])
    b.agent("w1").do("b", x.read(), waits=[(c, 1)], signals=[d])
    return b


def reuse(wait):
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y", at=0)
    c, d, e = b.counter("c"), b.counter("d"), b.counter("e")
    b.agent("w0").do("a", x.write(), signals=[c], waits=[(e, 0)])
    b.agent("w1").do("b", x.read(), waits=[(c, 1)], signals=[d])
    b.agent("w2").do("f", y.write(),
                     waits=[(d, 1)] if wait else [(c, 1)], signals=[e])
    return b


@case("R2", "race")
def reused_too_early():
    """y takes the bytes of x when x is written, not when it is read."""
    return reuse(wait=False)


@case("R2", "safe")
def reused_after_read():
    """y waits for the read of x."""
    return reuse(wait=True)


@case("R2", "race")
def previous_not_awaited():
    """One agent reads the value of the step before, the other replaces it."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    c = b.counter("c")
    b.agent("w0").do("r", x.previous(), waits=[(c, 0)])
    b.agent("w1").do("w", x.write(), signals=[c])
    return b


@case("R2", "safe")
def previous_awaited():
    """The replacement waits for the read, the next read for the replacement."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("r", x.previous(), waits=[(c, 0)], signals=[d])
    b.agent("w1").do("w", x.write(), waits=[(d, 1)], signals=[c])
    return b


def tag_after_read(tag_first):
    """w1 reads x and stores words; w0 polls them and reuses x's bytes."""
    b = Builder()
    x, y, z = b.buffer("x"), b.buffer("y", at=0), b.buffer("z")
    k, c, d = b.tag("k"), b.counter("c"), b.counter("d")
    b.agent("w0").do("a", x.write(), signals=[c]).do(
        "f", y.write(), waits=[(k, 1)], signals=[d])
    b.agent("w1")
    if tag_first:
        b.do("t", z.tagged(k), waits=[(d, 0)], signals=[k])
    b.do("b", x.read(), waits=[(c, 1), (d, 0)])
    if not tag_first:
        b.do("t", z.tagged(k), signals=[k])
    return b


@case("R2", "safe")
def tag_orders_reads():
    """A read is complete before its agent's tagged words are stored."""
    return tag_after_read(tag_first=False)


@case("R2", "race")
def tag_before_read():
    """The words are stored first, so they say nothing of the read."""
    return tag_after_read(tag_first=True)


@case("R2", "safe", "race", "race")
def polled_words_overwritten():
    """A wait by tag reads the words; the producer's next step overwrites them
    without knowing whether they have been read."""
    b = Builder()
    x = b.buffer("x")
    k = b.tag("k")
    b.agent("w0").do("a", x.tagged(k), signals=[k])
    b.agent("w1").do("b", waits=[(k, 1)])
    return b


@case("R2", "safe")
def polled_words_awaited():
    """The producer waits for the poller of the step before."""
    b = Builder()
    x = b.buffer("x")
    k, d = b.tag("k"), b.counter("d")
    b.agent("w0").do("a", x.tagged(k), signals=[k], waits=[(d, 0)])
    b.agent("w1").do("b", waits=[(k, 1)], signals=[d])
    return b
