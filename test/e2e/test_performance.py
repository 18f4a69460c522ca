# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compile time and decode speed of SmolLM2-135M's shape, in bf16.

The speed counts only beside test_random_models' smollm2-shape-bf16, which
checks the results of the same shapes.
"""

import json
import time

import pytest

from harness import MODELS

SHAPE = MODELS / "shapes/smollm2-135m"
COMPILE_SECONDS = 10
PERCENT_OF_BANDWIDTH = 60
# Somebody else's load on the machine slows single measurements down.
ATTEMPTS = 3


@pytest.fixture(scope="module")
def compiled(tools, tmp_path_factory):
    """The bundle, and the seconds that compiling took."""
    bundle = tmp_path_factory.mktemp("smollm2") / "bundle"
    start = time.monotonic()
    result = tools.call("amk-compile", SHAPE, "-o", bundle, "--target=cpu",
                        "--dummy-weights", "--workers", "2")
    seconds = time.monotonic() - start
    assert result.returncode == 0, result.stderr
    assert "together" in result.stderr  # it reports its time
    return bundle, seconds


def test_compile_time(compiled):
    assert compiled[1] <= COMPILE_SECONDS


def test_share_of_memory_bandwidth(tools, compiled):
    """Both figures come from the same run."""
    found = []
    for _ in range(ATTEMPTS):
        result = json.loads(tools.succeed(
            "amk-run", compiled[0], "--dummy-weights", "1", "--bench",
            "--json"))
        # Every weight is read once a token: 134.5 million, two bytes each.
        assert result["stream_bytes_per_token"] >= 2 * 134_000_000
        found.append(result["percent_of_measured"])
        if found[-1] >= PERCENT_OF_BANDWIDTH:
            return
    pytest.fail(f"found {found} percent, expected {PERCENT_OF_BANDWIDTH}")
