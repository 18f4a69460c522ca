# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Order of writes, tagged words and reductions: AMK-R3, AMK-R4, AMK-N1."""

from builder import Builder
from cases.registry import case


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
