# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bitwise equal results in every run, and for any number of steps a launch."""

import pytest

from harness import TRAINED, assert_logits_close

RUNS = 20
TOKENS = 64


@pytest.fixture(scope="module")
def prompt(trained_golden):
    return trained_golden["continuations"][0]["prompt_ids"]


def run(tools, prompt, workers, *options):
    bundle = tools.compile(TRAINED, "--workers", str(workers))
    return tools.generate_with_logits(bundle, TRAINED, prompt, TOKENS,
                                      *options)


@pytest.mark.parametrize("workers", [2, 8])
def test_runs_are_equal(tools, prompt, workers):
    ids, logits = run(tools, prompt, workers)
    assert len(ids) == TOKENS and len(logits) >= len(prompt) + TOKENS - 1
    for _ in range(RUNS - 1):
        again_ids, again = run(tools, prompt, workers)
        assert again_ids == ids
        assert again.tobytes() == logits.tobytes()


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_steps_per_launch_make_no_difference(tools, prompt, workers):
    one_ids, one = run(tools, prompt, workers, "--steps-per-launch", "1")
    for steps in ("64", "7"):
        ids, logits = run(tools, prompt, workers, "--steps-per-launch", steps)
        assert ids == one_ids
        assert logits.tobytes() == one.tobytes()


def test_workers_agree(tools, prompt):
    """Not bitwise: the split of the work orders the sums."""
    ids, logits = run(tools, prompt, 1)
    for workers in (2, 3, 8):
        other_ids, other = run(tools, prompt, workers)
        assert other_ids == ids
        assert_logits_close(other, logits)


def test_equal_with_and_without_logits(tools, prompt):
    """Asking for logits selects no other arithmetic."""
    bundle = tools.compile(TRAINED, "--workers", "2")
    ids, _ = run(tools, prompt, 2)
    assert tools.generate(bundle, TRAINED, prompt, TOKENS) == ids
