# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The models of the repository, their goldens, and calls of the tools."""

import dataclasses
import json
import pathlib
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "test/models"
TRAINED = MODELS / "tiny-shakespeare"
RANDOM = sorted(path.parent.name
                for path in (MODELS / "random").glob("*/config.json"))
# One process: compiling and a few hundred steps of a small model.
TIMEOUT = 300


@dataclasses.dataclass
class Golden:
    """golden.json of a model and its logits."""
    data: dict
    logits: np.ndarray

    def __getitem__(self, key):
        return self.data[key]


def read_golden(directory):
    data = json.loads((directory / "golden.json").read_text())
    logits = np.fromfile(directory / data["logits"]["file"], "<f4")
    return Golden(data, logits.reshape(data["logits"]["positions"],
                                       data["vocab_size"]))


def assert_logits_close(found, expected, tolerance=1e-4):
    """At every position, relative to the largest logit there."""
    assert found.shape[1] == expected.shape[1]
    assert found.shape[0] >= expected.shape[0]
    found = found[:expected.shape[0]]
    assert np.isfinite(found).all()
    error = np.abs(found - expected).max(axis=1)
    allowed = tolerance * np.abs(expected).max(axis=1)
    worst = int(np.argmax(error / allowed))
    assert (error <= allowed).all(), (
        f"position {worst}: largest difference {error[worst]:.3e}, allowed "
        f"{allowed[worst]:.3e}")


class Tools:
    """amk-compile and amk-run of one build."""

    def __init__(self, bin_dir, scratch):
        self.bin_dir = bin_dir
        self.scratch = scratch
        self.bundles = {}

    def call(self, tool, *arguments, **options):
        return subprocess.run(
            [str(self.bin_dir / tool), *map(str, arguments)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=TIMEOUT, **options)

    def succeed(self, tool, *arguments):
        result = self.call(tool, *arguments)
        assert result.returncode == 0, (
            f"{tool} {' '.join(map(str, arguments))}\n{result.stderr}")
        return result.stdout

    def compile(self, model_dir, *options):
        """The bundle of a model; each is compiled once a session."""
        key = (str(model_dir), *options)
        if key not in self.bundles:
            bundle = self.scratch / f"bundle{len(self.bundles)}"
            self.succeed("amk-compile", model_dir, "-o", bundle,
                         "--target=cpu", *options)
            self.bundles[key] = bundle
        return self.bundles[key]

    def generate(self, bundle, weights, ids, count, *options):
        text = self.succeed("amk-run", bundle, "--weights", weights,
                            "--prompt-ids", ",".join(map(str, ids)),
                            "-n", count, *options)
        lines = text.splitlines()
        assert len(lines) == 1, text
        return [int(word) for word in lines[0].split()]

    def generate_with_logits(self, bundle, weights, ids, count, *options):
        """Ids and the logits of every processed position."""
        path = self.scratch / "logits.f32"
        path.unlink(missing_ok=True)
        new = self.generate(bundle, weights, ids, count, "--logits", path,
                            *options)
        vocab = json.loads((bundle / "manifest.json").read_text())[
            "model"]["vocab_size"]
        return new, np.fromfile(path, "<f4").reshape(-1, vocab)

    def score(self, bundle, weights, ids):
        """(predicted tokens, mean NLL) of a text."""
        path = self.scratch / "ids.txt"
        path.write_text(" ".join(map(str, ids)))
        result = json.loads(self.succeed(
            "amk-run", bundle, "--weights", weights, "--prompt-ids-file", path,
            "--score", "--json"))
        return result["tokens"], result["mean_nll"]
