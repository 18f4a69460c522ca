# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random-weight models of awkward shapes against transformers in float32.

Each model runs with two numbers of workers, so that all of 1, 2, 3 and 8 occur
with many shapes; AMK_E2E_FULL=1 runs all of them with every model.
"""

import os

import pytest

from harness import MODELS, RANDOM, assert_logits_close, read_golden

PAIRS = [(1, 3), (2, 8), (1, 8), (2, 3)]
# More workers than the model has rows or heads to give them.
MANY = [("tiny-vocab17-one-head", 13), ("mqa-hd80-inter1-f16", 16)]


def cases():
    for index, name in enumerate(RANDOM):
        full = os.environ.get("AMK_E2E_FULL") == "1"
        for workers in (1, 2, 3, 8) if full else PAIRS[index % len(PAIRS)]:
            yield name, workers
    yield from MANY


def test_there_are_enough_models():
    assert len(RANDOM) >= 12


@pytest.mark.parametrize("name, workers", list(cases()))
def test_random_model(tools, random_model, name, workers):
    golden = read_golden(MODELS / "random" / name)
    model = random_model(name)
    bundle = tools.compile(model, "--workers", str(workers))
    ids, logits = tools.generate_with_logits(
        bundle, model, golden["prompt_ids"], len(golden["ids"]))
    assert_logits_close(logits, golden.logits)
    assert ids == golden["ids"]


def test_dummy_weights_are_the_same_in_python_and_cpp(tools, random_model):
    """The checkpoint that Python wrote, and the one amk-run makes up."""
    name = "gqa-hd8-untied-bf16"
    golden = read_golden(MODELS / "random" / name)
    model = random_model(name)
    bundle = tools.compile(model, "--workers", "2")
    path = tools.scratch / "dummy.f32"
    tools.succeed("amk-run", bundle, "--dummy-weights", golden["seed"],
                  "--prompt-ids", ",".join(map(str, golden["prompt_ids"])),
                  "-n", len(golden["ids"]), "--logits", path)
    _, logits = tools.generate_with_logits(
        bundle, model, golden["prompt_ids"], len(golden["ids"]))
    assert path.read_bytes() == logits.tobytes()
