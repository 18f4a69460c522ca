# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs bundles, with and without delays at their waits and signals."""

import dataclasses
import pathlib
import re
import shutil
import sys

from compiling import call

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from tables import Tables  # noqa: E402

DUMMY_SEED = 7
PROMPT = 20
NEW_TOKENS = 4
# lib/Runtime/Delays.h: the seed modulo 3 chooses the mode, and a third of it
# the victim.
MODES = ("jitter", "freeze", "victim")
REFUSED = "the schedule is not safe to run"


def delay_seed(rng, mode, victim=None):
    """A random seed for a mode (and, with `victim`, for this very worker)."""
    number = rng.randrange(1 << 32)
    if victim is not None:
        worker, workers = victim
        number += worker - number % workers
    return 3 * number + MODES.index(mode)


@dataclasses.dataclass
class Outcome:
    """What a run printed and computed; equal outcomes are equal bit by bit."""
    status: int
    ids: str
    logits: bytes
    errors: str = dataclasses.field(compare=False)

    def rules(self):
        return sorted(set(re.findall(r"\[(AMK-\w+)\]", self.errors)))

    def refused(self):
        return self.status != 0 and REFUSED in self.errors


class Executor:
    """amk-run of one build."""

    def __init__(self, bin_dir, models):
        self.bin_dir = bin_dir
        self.models = models

    def run(self, config, bundle, delays=None, verify=True):
        """Quiet without `delays`, a seed."""
        directory, has_weights = self.models[config.model]
        weights = (["--weights", directory] if has_weights
                   else ["--dummy-weights", DUMMY_SEED])
        # Small ids, which every vocabulary has.
        prompt = ",".join(str(3 + i * i % 13) for i in range(PROMPT))
        logits = bundle.with_suffix(f".{delays}.f32")
        logits.unlink(missing_ok=True)
        environment = {}
        if delays is not None:
            environment["AMK_TEST_DELAYS"] = str(delays)
        if not verify:
            environment["AMK_TEST_SKIP_VERIFY"] = "1"
        result = call(
            [self.bin_dir / "amk-run", bundle, *weights, "--prompt-ids",
             prompt, "-n", NEW_TOKENS, "--logits", logits,
             "--steps-per-launch", config.steps_per_launch,
             "--wait-timeout", 20 if verify else 3], environment)
        data = logits.read_bytes() if logits.exists() else b""
        logits.unlink(missing_ok=True)
        return Outcome(result.returncode, result.stdout, data, result.stderr)


def without_wait(bundle, out, wait):
    """A copy of the bundle in which one wait always holds."""
    shutil.copytree(bundle, out)
    Tables(out).remove_wait(wait.task, wait.counter)
    return out


def waits_of(bundle):
    """The waits that can be named, and so removed."""
    found = {}
    for wait in Tables(bundle).waits():
        found.setdefault((wait.task, wait.counter), []).append(wait)
    return [waits[0] for waits in found.values() if len(waits) == 1]
