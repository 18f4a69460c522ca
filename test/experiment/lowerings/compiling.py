# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Configurations to bundles: by amk-compile, or pass by pass with amk-opt.

The second way reaches knobs that amk-compile has no option for, and places
tasks at random: the text of the placed schedule is edited, as a tuner would,
before counters are inserted.
"""

import collections
import os
import random
import re
import subprocess
import threading

from grid import FUSIONS

TIMEOUT = 120
QUEUE = re.compile(r"^(\s*)amk\.queue (\d+) \{$")
TASK = re.compile(r"^\s*amk\.task\.(\w+) <(\d+), ")
FUSION_PASSES = {"qkv": "amk-fuse-qkv", "gated": "amk-fuse-gated-linear",
                 "residual": "amk-fuse-residual", "head": "amk-fuse-head"}


class Refused(Exception):
    """A tool that should have succeeded did not."""


def call(command, environment=()):
    """Runs a tool; nothing that a user set for tests or caches reaches it."""
    variables = {key: value for key, value in os.environ.items()
                 if not key.startswith("AMK_")}
    return subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", timeout=TIMEOUT,
        env={**variables, "AMK_VERIFY_CACHE": "0", **dict(environment)})


def succeed(command):
    result = call(command)
    if result.returncode:
        raise Refused(f"{' '.join(map(str, command))}\n{result.stderr}")
    return result.stdout


def place_at_random(text, seed):
    """Moves every task but the gates to a queue chosen at random.

    Tasks of a queue stay in the order of their phases, and within a phase come
    in any order.
    """
    rng = random.Random(seed)
    lines = text.splitlines()
    queues = [i for i, line in enumerate(lines) if QUEUE.match(line)]
    placed = [[] for _ in queues]
    for begin, own in zip(queues, placed):
        end = next(i for i in range(begin, len(lines))
                   if lines[i].strip() == "}")
        for line in lines[begin + 1:end]:
            kind, phase = TASK.match(line).groups()
            target = own if kind == "gate" else rng.choice(placed)
            target.append((int(phase), rng.random(), line))
    last = next(i for i in range(queues[-1], len(lines))
                if lines[i].strip() == "}")
    head, tail = lines[:queues[0]], lines[last + 1:]
    for begin, own in zip(queues, placed):
        head += [lines[begin], *(line for _, _, line in sorted(own)), "    }"]
    return "\n".join(head + tail) + "\n"


def placing_pipeline(config):
    fusions = [FUSION_PASSES[name] for name in FUSIONS[:-1]
               if name in config.fuse]
    if "norm" in config.fuse:
        fusions.append(f"amk-fuse-norm{{max-users={config.max_users}}}")
    placement = "block" if config.placement == "random" else config.placement
    passes = [f"amk.model({','.join(fusions)})"] if fusions else []
    passes += [
        f"convert-amk-layer-to-task{{workers={config.workers} "
        f"tile-rows={config.tile_rows} kv-splits={config.kv_splits}}}",
        f"amk-place-tasks{{workers={config.workers} placement={placement}}}"]
    return f"builtin.module({','.join(passes)})"


def scheduling_pipeline(config):
    passes = ["amk-insert-sync"]
    if config.sync == "coarse":
        passes.append(f"amk-coarsen-sync{{slack={config.slack}}}")
    if config.simplify:
        passes.append("amk-simplify-waits")
    passes += [f"amk-allocate-buffers{{reuse={str(config.reuse).lower()} "
               f"alignment={config.alignment}}}", "amk-pack-weights"]
    return (f"builtin.module(amk.schedule({','.join(passes)}),"
            "amk-verify-schedule)")


class Compiler:
    """amk-compile and amk-opt of one build."""

    def __init__(self, bin_dir, models, scratch):
        self.bin_dir = bin_dir
        self.models = models  # name -> (directory, has weights)
        self.scratch = scratch
        self.layers = {}
        self.cache = scratch / "objects"
        self.cache.mkdir()
        self.lock = threading.Lock()
        self.same_code = collections.defaultdict(threading.Lock)

    def compile(self, config, bundle):
        """Writes a bundle; raises Refused if any verifier or pass objects."""
        with self.lock:
            lock = self.same_code[config.tasks()]
        with lock:  # the first makes the code, the others find it
            if config.is_plain():
                self.compile_model(config, bundle)
            else:
                self.compile_passes(config, bundle)

    def bundle_arguments(self, bundle):
        return ["-o", bundle, "--inject-delays",
                f"--object-cache={self.cache}"]

    def model_arguments(self, model):
        directory, has_weights = self.models[model]
        return [directory] + ([] if has_weights else ["--dummy-weights"])

    def compile_model(self, config, bundle):
        command = [
            self.bin_dir / "amk-compile", *self.model_arguments(config.model),
            *self.bundle_arguments(bundle), f"--workers={config.workers}",
            f"--tile-rows={config.tile_rows}", f"--sync={config.sync}",
            f"--placement={config.placement}",
            f"--fuse={','.join(config.fuse) or 'none'}"]
        if config.kv_splits:
            command.append(f"--kv-splits={config.kv_splits}")
        if not config.reuse:
            command.append("--no-reuse")
        succeed(command)

    def compile_passes(self, config, bundle):
        placed = bundle.with_suffix(".placed.mlir")
        scheduled = bundle.with_suffix(".schedule.mlir")
        opt = self.bin_dir / "amk-opt"
        text = succeed([opt, self.layer_module(config.model),
                        f"--pass-pipeline={placing_pipeline(config)}"])
        if config.placement == "random":
            text = place_at_random(text, config.placement_seed)
        placed.write_text(text)
        succeed([opt, placed, "-o", scheduled,
                 f"--pass-pipeline={scheduling_pipeline(config)}"])
        succeed([self.bin_dir / "amk-compile", scheduled,
                 "--compile-from=schedule", *self.bundle_arguments(bundle)])

    def layer_module(self, model):
        with self.lock:
            if model not in self.layers:
                path = self.scratch / f"{model}.mlir"
                succeed([self.bin_dir / "amk-compile",
                         *self.model_arguments(model), "--compile-to=layer",
                         "--emit", path])
                self.layers[model] = path
            return self.layers[model]
