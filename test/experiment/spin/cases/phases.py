# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parities and tags: AMK-P1, AMK-T1."""

from builder import Builder
from cases.registry import case


# AMK-P1

def parity(barriers, back=None, thresholds=(1,), signals=1):
    """w0 signals, w1 waits for each threshold; with `back`, w0's first signal
    of a step waits for w1's counter with that threshold."""
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
