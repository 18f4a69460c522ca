# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fusions and knobs change how a model is computed, not what.

Every pair of values of any two knobs occurs in some case; AMK_E2E_FULL=1 covers
the pairs with each model by itself.
"""

import collections
import itertools
import os

import pytest

from harness import MODELS, TRAINED, assert_logits_close, read_golden

FUSIONS = ["qkv", "gated", "residual", "head", "norm"]
KNOBS = {
    "model": ["tiny-shakespeare", "gqa-hd16-odd-eps-bf16",
              "tiny-vocab17-one-head"],
    # Each alone, and each missing.
    "fuse": ["none", "all", *FUSIONS,
             *(",".join(f for f in FUSIONS if f != missing)
               for missing in FUSIONS)],
    "kv-splits": ["1", "3", "auto"],
    "sync": ["exact", "coarse"],
    "reuse": ["on", "off"],
    "placement": ["block", "rotate"],
    "tile-rows": ["2", "4", "8"],
    "workers": ["2", "3", "8"],
}
TOKENS = 24


def pairs(case):
    return set(itertools.combinations(sorted(case.items()), 2))


def complete(case, knobs, missing):
    """Gives every other knob the value that adds most missing pairs."""
    for knob, values in knobs.items():
        if knob not in case:
            case = max(({**case, knob: value} for value in values),
                       key=lambda candidate: len(pairs(candidate) & missing))
    return case


def covering(knobs):
    """Few cases that together have all pairs; the same ones in every run."""
    missing = set()
    for (one, values), (other, others) in itertools.combinations(
            knobs.items(), 2):
        for pair in itertools.product(values, others):
            missing |= pairs(dict(zip((one, other), pair)))
    chosen = []
    while missing:
        case = complete(dict(min(missing)), knobs, missing)
        missing -= pairs(case)
        chosen.append(case)
    return chosen


def cases():
    if os.environ.get("AMK_E2E_FULL") != "1":
        return covering(KNOBS)
    return [case for model in KNOBS["model"]
            for case in covering({**KNOBS, "model": [model]})]


def options(case):
    chosen = [f"--fuse={case['fuse']}", f"--sync={case['sync']}",
              f"--placement={case['placement']}", "--tile-rows",
              case["tile-rows"], "--workers", case["workers"]]
    if case["kv-splits"] != "auto":
        chosen += ["--kv-splits", case["kv-splits"]]
    return chosen + ["--no-reuse"] * (case["reuse"] == "off")


@pytest.fixture(scope="module")
def run(tools, random_model):
    def generate(name, *chosen):
        if name == TRAINED.name:
            directory, data = TRAINED, read_golden(TRAINED)["continuations"][0]
        else:
            directory = random_model(name)
            data = read_golden(MODELS / "random" / name)
        expected = data["ids"][:TOKENS]
        bundle = tools.compile(directory, *chosen)
        ids, logits = tools.generate_with_logits(
            bundle, directory, data["prompt_ids"], len(expected))
        assert ids == expected
        return logits
    return generate


@pytest.fixture(scope="module")
def reference(run):
    """Logits of a model with nothing fused, on one worker."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = run(name, "--fuse=none", "--workers", "1")
        return made[name]

    return get


def case_id(case):
    return "/".join(case.values())


@pytest.mark.parametrize("case", cases(), ids=case_id)
def test_knobs_change_no_result(run, reference, case):
    logits = run(case["model"], *options(case))
    expected = reference(case["model"])
    assert logits.shape == expected.shape
    assert_logits_close(logits, expected, tolerance=1e-5)


# Kinds of tasks that a fusion leaves none of, and kinds that it brings.
REPLACES = {
    "qkv": ({"rope", "kv_append"}, {"qkv"}),
    "gated": ({"gated_activation"}, {"gated_linear"}),
    "residual": ({"add"}, set()),
    "head": ({"argmax"}, {"head", "argmax_combine"}),
    "all": ({"rope", "kv_append", "gated_activation", "add", "argmax",
             "rms_norm"}, {"qkv", "gated_linear", "head"}),
}


@pytest.fixture(scope="module")
def kinds(tools):
    """Kind of every task of a schedule of the trained model."""
    def get(fuse):
        text = tools.succeed("amk-compile", TRAINED, f"--fuse={fuse}",
                             "--workers", "2", "--compile-to=schedule",
                             "--print-schedule=text")
        rows = [line.split() for line in text.splitlines()
                if line.startswith("  ")]
        return collections.Counter(row[1] for row in rows if row[0] != "task")
    return get


@pytest.mark.parametrize("fuse", REPLACES)
def test_fusion_takes_place(kinds, fuse):
    gone, new = REPLACES[fuse]
    before, after = kinds("none"), kinds(fuse)
    assert gone <= set(before) and not gone & set(after)
    assert new <= set(after) and not new & set(before)


def test_norm_alone_moves_into_its_only_use(kinds):
    """The norms before q, k, v and gate, up have several."""
    before, after = kinds("none"), kinds("norm")
    assert before - after == collections.Counter(rms_norm=1)
