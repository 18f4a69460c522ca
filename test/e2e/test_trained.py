# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The trained checkpoint against transformers in float32."""

import math

import numpy as np
import pytest

from harness import ROOT, TRAINED, assert_logits_close

WORKERS = 2


@pytest.fixture(scope="module")
def bundle(tools):
    return tools.compile(TRAINED, "--workers", str(WORKERS))


def test_weights_are_those_of_the_goldens(trained_golden):
    import hashlib
    digest = hashlib.sha256((TRAINED / "model.safetensors").read_bytes())
    assert digest.hexdigest() == trained_golden["weights_sha256"]


@pytest.mark.parametrize("index", range(3))
def test_greedy_ids(tools, bundle, trained_golden, index):
    expected = trained_golden["continuations"][index]
    ids = tools.generate(bundle, TRAINED, expected["prompt_ids"],
                         len(expected["ids"]))
    assert len(ids) == 200
    assert ids == expected["ids"]


def test_logits(tools, bundle, trained_golden):
    ids = trained_golden["logits"]["prompt_ids"]
    _, logits = tools.generate_with_logits(bundle, TRAINED, ids, 1)
    assert len(logits) == len(ids) == 64
    assert_logits_close(logits, trained_golden.logits)


def test_logits_of_every_position(tools, bundle, trained_golden):
    """Prompts and all generated tokens, several launches."""
    path = TRAINED / trained_golden["continuation_logits"]["file"]
    expected = np.fromfile(path, "<f4").reshape(
        -1, trained_golden["vocab_size"])
    begin = 0
    for text in trained_golden["continuations"]:
        positions = len(text["prompt_ids"]) + len(text["ids"]) - 1
        ids, logits = tools.generate_with_logits(
            bundle, TRAINED, text["prompt_ids"], len(text["ids"]))
        assert ids == text["ids"]
        assert len(logits) == positions
        assert_logits_close(logits, expected[begin:begin + positions])
        begin += positions
    assert begin == len(expected)


def test_perplexity(tools, bundle, trained_golden):
    tokenizers = pytest.importorskip("tokenizers")
    expected = trained_golden["perplexity"]
    tokenizer = tokenizers.Tokenizer.from_file(str(TRAINED / "tokenizer.json"))
    text = (ROOT / expected["file"]).read_text(encoding="utf-8")
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    window = expected["window"]
    assert ids[:window] == expected["first_window_ids"]
    total, scored = 0.0, 0
    for index in range(expected["windows"]):
        part = ids[index * window:(index + 1) * window]
        count, mean = tools.score(bundle, TRAINED, part)
        assert mean * count == pytest.approx(expected["window_nll"][index],
                                             rel=1e-5)
        total += mean * count
        scored += count
    assert scored == expected["scored_tokens"] >= 2000
    assert math.exp(total / scored) == pytest.approx(expected["perplexity"],
                                                     rel=1e-5)
