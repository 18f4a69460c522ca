# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Narrow programs for each rule that an execution can show, by hand.

A case is a function that returns a Builder. Its decorator says the rule that
it is about and the verdicts for launches of 1, 2 and 3 steps (one, if they are
all the same); its docstring says why.
"""

from builder import Builder

_CASES = []


def case(rule, *verdicts):
    verdicts = verdicts * 3 if len(verdicts) == 1 else verdicts
    assert len(verdicts) == 3

    def register(function):
        _CASES.append({
            "name": f"{rule}-{function.__name__}".replace("_", "-"),
            "rule": rule,
            "why": " ".join(function.__doc__.split()),
            "expected": {str(steps): verdict for steps, verdict
                         in enumerate(verdicts, 1)},
            "program": function().program,
        })
        return function
    return register


def all_cases():
    return _CASES


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
    """Threshold 0 is the sum after the step before, which its own agent gave."""
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


# AMK-R3

def two_writes(wait, second_at=0):
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y", at=second_at)
    c, d = b.counter("c"), b.counter("d")
    b.agent("w0").do("a", x.write(), signals=[c],
                     waits=[(d, 0)] if wait else [])
    b.agent("w1").do("b", y.write(), signals=[d],
                     waits=[(c, 1)] if wait else [])
    return b


@case("R3", "race")
def two_writes_unordered():
    """Two agents write the same bytes, which nobody reads."""
    return two_writes(wait=False)


@case("R3", "safe")
def two_writes_ordered():
    """The same, in order within and between steps."""
    return two_writes(wait=True)


@case("R3", "race")
def one_byte_shared():
    """The buffers share one byte."""
    return two_writes(wait=False, second_at=3)


@case("R3", "safe")
def neighbours():
    """The buffers touch and share nothing."""
    return two_writes(wait=False, second_at=4)


def strided(offset):
    b = Builder()
    x = b.buffer("x", 16)
    b.agent("w0").do("a", x.write(0, 2, rows=4, stride=4))
    b.agent("w1").do("b", x.write(offset, 2, rows=3, stride=4))
    return b


@case("R3", "safe")
def rows_between_rows():
    """The rows of one agent lie in the gaps of the other's."""
    return strided(2)


@case("R3", "race")
def rows_one_byte_off():
    """Each row of one shares a byte with a row of the other."""
    return strided(1)


@case("R3", "safe", "race", "race")
def only_the_next_step():
    """Within a step in order; the first writer does not wait for the second one
    of the step before."""
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y", at=0)
    c = b.counter("c")
    b.agent("w0").do("a", x.write(), signals=[c])
    b.agent("w1").do("b", y.write(), waits=[(c, 1)])
    return b


# AMK-R4

def ordinary_and_tag(between=None, after=None, wait=None):
    """w0 writes x, then stores words; w1 polls these and reads x. `between` and
    `after`: a Release signal before and after the words; `wait`: w1 waits for
    it, too."""
    b = Builder()
    x, z = b.buffer("x"), b.buffer("z")
    k, c, d = b.tag("k"), b.counter("c"), b.counter("d")
    b.agent("w0").do("a", x.write(), waits=[(d, 0)],
                     signals=[c] if between else [])
    b.do("t", z.tagged(k), signals=[k])
    if after:
        b.do("s", signals=[c])
    b.agent("w1").do("b", x.read(), signals=[d],
                     waits=[(k, 1)] + ([(c, 1)] if wait else []))
    return b


@case("R4", "race")
def only_a_tag():
    """The words can arrive before the ordinary write."""
    return ordinary_and_tag()


@case("R4", "safe")
def tag_and_release():
    """A Release signal after both, and a wait for it."""
    return ordinary_and_tag(after=True, wait=True)


@case("R4", "race")
def release_not_awaited():
    """A Release signal after the words, but nobody waits for it."""
    return ordinary_and_tag(after=True)


@case("R4", "safe")
def release_between():
    """The agent cannot go on to the words before its signal has happened, and
    that follows the flush of x: nobody has to wait for the signal."""
    return ordinary_and_tag(between=True)


def tag_then_release(flush):
    """x goes from w0 to w2 by a tag to w1 and a Release signal of w1."""
    b = Builder()
    x, z = b.buffer("x"), b.buffer("z")
    k, c, d, f = b.tag("k"), b.counter("c"), b.counter("d"), b.counter("f")
    b.agent("w0").do("a", x.write(), waits=[(d, 0)],
                     signals=[f] if flush else [])
    b.do("t", z.tagged(k), signals=[k])
    b.agent("w1").do("m", waits=[(k, 1)], signals=[c])
    b.agent("w2").do("b", x.read(), waits=[(c, 1)], signals=[d])
    return b


@case("R4", "race")
def release_of_another_agent():
    """w1's Release says nothing of a write that w1 did not see itself."""
    return tag_then_release(flush=False)


@case("R4", "safe")
def released_before_the_tag():
    """The same with a Release signal of w0 before the words."""
    return tag_then_release(flush=True)


def two_tags(threshold_on_both):
    """w0 stores words of k, then of j; w1 reads the words of k."""
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y")
    k, j, d = b.tag("k"), b.tag("j", 1 << 20), b.counter("d")
    b.agent("w0").do("a", x.tagged(k), signals=[k], waits=[(d, 0)])
    b.do("t", y.tagged(j), signals=[j])
    waits = [(j, 1)] + ([(k, 1)] if threshold_on_both else [])
    b.agent("w1").do("b", x.read(), waits=waits, signals=[d])
    return b


@case("R4", "race")
def words_of_another_tag():
    """The words of j can be visible before those of k, which were stored
    earlier."""
    return two_tags(False)


@case("R4", "safe")
def both_tags_polled():
    """The same, and both are polled."""
    return two_tags(True)


@case("R4", "safe")
def later_words_replace_earlier():
    """k and j share their bytes and agent; only j is polled. When j's words are
    there, k's are over, flushed or not."""
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y", at=0)
    k, j, d = b.tag("k"), b.tag("j", 1 << 20), b.counter("d")
    b.agent("w0").do("a", x.tagged(k), signals=[k], waits=[(d, 0)])
    b.do("t", y.tagged(j), signals=[j])
    b.agent("w1").do("b", waits=[(j, 1)], signals=[d])
    return b


# AMK-N1

def reductions(ordered):
    b = Builder()
    x = b.buffer("x")
    c, d, e, f = [b.counter(name) for name in "cdef"]
    b.agent("w0").do("a", x.write(), signals=[c], waits=[(f, 0)])
    b.agent("w1").do("r", x.reduce(), waits=[(c, 1)], signals=[d])
    b.agent("w2").do("s", x.reduce(), signals=[e],
                     waits=[(d, 1)] if ordered else [(c, 1)])
    b.agent("w3").do("u", x.read(), waits=[(d, 1), (e, 1)], signals=[f])
    return b


@case("N1", "race")
def reductions_unordered():
    """Two agents reduce in either order."""
    return reductions(False)


@case("N1", "safe")
def reductions_ordered():
    """One after the other."""
    return reductions(True)


@case("N1", "safe", "race", "race")
def reductions_next_step():
    """A sum that is carried: ordered within a step, but the first one does not
    wait for the second one of the step before."""
    b = Builder()
    x = b.buffer("x", kind="carried")
    c = b.counter("c")
    b.agent("w0").do("r", x.reduce(), signals=[c])
    b.agent("w1").do("s", x.reduce(), waits=[(c, 1)])
    return b


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
    """The carried bytes are replaced, and written again before the next read."""
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
    """`tape` slots of 4 bytes a step through a ring of `slots`; the loader waits
    until the slot `lead` slots back is free."""
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


# AMK-P1

def parity(barriers, back=None, thresholds=(1,), signals=1):
    """w0 signals, w1 waits for each threshold; with `back`, w0's first signal of
    a step waits for w1's counter with that threshold."""
    b = Builder()
    p, d = b.parity("p", barriers), b.counter("d")
    b.agent("w0")
    for n in range(signals):
        waits = [(d, back)] if back is not None and n == 0 else []
        b.do(f"s{n}", waits=waits, signals=[p])
    b.agent("w1")
    for n, threshold in enumerate(thresholds):
        last = n + 1 == len(thresholds)
        b.do(f"b{n}", waits=[(p, threshold)], signals=[d] if last else [])
    return b


@case("P1", "safe", "value", "value")
def one_barrier_runs_ahead():
    """The second signal can happen before the wait for the first is over."""
    return parity(1)


@case("P1", "safe")
def one_barrier_awaited():
    """The next signal waits for the waiter."""
    return parity(1, back=0)


@case("P1", "safe", "safe", "value")
def two_barriers_run_ahead():
    """Two barriers stand one signal more: it takes three steps to alias."""
    return parity(2)


@case("P1", "safe")
def two_barriers_one_ahead():
    """The signaller may be one step ahead."""
    return parity(2, back=-1)


@case("P1", "safe", "safe", "value")
def two_barriers_two_ahead():
    """The signaller may be two steps ahead."""
    return parity(2, back=-2)


@case("P1", "value")
def skips_a_phase():
    """The waiter for signal 2 may come before signal 1: the barrier's phase
    before the first looks like that of signal 2."""
    return parity(1, back=0, thresholds=(2,), signals=2)


@case("P1", "value")
def waits_for_each_phase_runs_ahead():
    """It waits for signal 1 first, but signal 2 does not wait for that."""
    return parity(1, back=0, thresholds=(1, 2), signals=2)


@case("P1", "safe")
def two_barriers_skip():
    """With two barriers signal 2 is the first of the second barrier."""
    return parity(2, back=0, thresholds=(2,), signals=2)


def last_phase(threshold):
    """Three signals a step on two barriers; w1 waits for the third one, and
    before for c, which signal 1 raises as well."""
    b = Builder()
    p, c, d = b.parity("p", 2), b.counter("c"), b.counter("d")
    b.agent("w0").do("s0", waits=[(d, 0)], signals=[p, c])
    b.do("s1", signals=[p]).do("s2", signals=[p])
    b.agent("w1").do("m", waits=[(c, threshold)])
    b.do("n", waits=[(p, 3)], signals=[d])
    return b


@case("P1", "value")
def last_phase_first_unknown():
    """c of the step before says nothing of this step's signal 1, which uses the
    same barrier as signal 3."""
    return last_phase(0)


@case("P1", "safe")
def last_phase_first_known():
    """With c of this step, signal 1 has happened."""
    return last_phase(1)


@case("P1", "safe")
def phase_known_by_other_counter():
    """The waiter knows by another counter that signal 1 has happened."""
    b = Builder()
    p, c, d = b.parity("p"), b.counter("c"), b.counter("d")
    b.agent("w0").do("s0", waits=[(d, 0)], signals=[p, c])
    b.do("s1", signals=[p])
    b.agent("w1").do("m", waits=[(c, 1)]).do("n", waits=[(p, 2)], signals=[d])
    return b


# AMK-T1

def tag_steps(stride, bits):
    b = Builder(stride=stride, bits=bits)
    x = b.buffer("x")
    k, d = b.tag("k"), b.counter("d")
    b.agent("w0").do("a", x.tagged(k), signals=[k], waits=[(d, 0)])
    b.agent("w1").do("b", waits=[(k, 1)], signals=[d])
    return b


@case("T1", "safe", "value", "value")
def same_tag_every_step():
    """Stride 0: the words of the step before look like this step's."""
    return tag_steps(0, 32)


@case("T1", "safe", "value", "value")
def stride_wraps_at_once():
    """A stride of 4 in two bits is no stride."""
    return tag_steps(4, 2)


@case("T1", "safe")
def one_bit():
    """The words of two steps before are gone: one bit is enough."""
    return tag_steps(1, 1)


def shared_words(base, stride=1, bits=32, ordered=True):
    """k, then j on the same bytes, each polled by w1 before it goes on."""
    b = Builder(stride=stride, bits=bits)
    x, y = b.buffer("x"), b.buffer("y", at=0)
    k, j = b.tag("k"), b.tag("j", base)
    d = b.counter("d")
    b.agent("w0").do("a", x.tagged(k), signals=[k], waits=[(d, 0)])
    b.do("t", y.tagged(j), signals=[j], waits=[(d, 1)])
    b.agent("w1").do("b", waits=[(k, 1)], signals=[d])
    b.do("e", waits=[(j, 1)], signals=[d])
    return b


@case("T1", "value")
def shared_words_same_base():
    """The words of k are there and carry the tag of j."""
    return shared_words(0)


@case("T1", "safe")
def shared_words_far_base():
    """Bases that no launch brings together."""
    return shared_words(1 << 20)


@case("T1", "safe", "value", "value")
def shared_words_next_step():
    """j's tag of a step is k's of the next one."""
    return shared_words(1)


@case("T1", "safe")
def shared_words_two_steps_off():
    """j's tag of a step is k's of two steps later: gone by then."""
    return shared_words(2)


@case("T1", "safe", "value", "value")
def shared_words_one_bit():
    """Two counters do not go into one bit."""
    return shared_words(1, bits=1)


@case("T1", "safe")
def shared_words_wide_stride():
    """A stride of two keeps neighbours apart."""
    return shared_words(1, stride=2)


def polling(base):
    """w0 is sure to poll k before the words of j, at the same bytes, arrive."""
    b = Builder()
    x, y = b.buffer("x"), b.buffer("y", at=0)
    k, j, r = b.tag("k"), b.tag("j", base), b.counter("r")
    d, e = b.counter("d"), b.counter("e")
    b.agent("w0").do("go", waits=[(d, 0)], signals=[r])
    b.do("poll", waits=[(k, 1)], signals=[d])
    b.agent("w1").do("t", y.tagged(j), waits=[(r, 1)], signals=[j])
    b.do("a", x.tagged(k), waits=[(e, 1)], signals=[k])
    b.agent("w2").do("u", waits=[(j, 1)], signals=[e])
    return b


@case("T1", "value")
def poll_stale_arrives_later():
    """No word carries the tag when the wait is reached, but the words of j do
    when they arrive, before those of k."""
    return polling(0)


@case("T1", "safe")
def poll_other_tag_arrives_later():
    """The same with different tags."""
    return polling(1 << 20)
