# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Instrumented bundles in instrumented runtimes; called by sanitizers.sh.

Whole bundles must run clean under ThreadSanitizer and AddressSanitizer, with
the tokens of the goldens. Schedules that lack one wait must be refused, and,
run nonetheless, ThreadSanitizer must see the race in the generated code.
"""

import os
import pathlib
import shutil
import sys
import tempfile

from harness import MODELS, ROOT, TRAINED, Tools, read_golden
from tables import Tables

sys.path.insert(0, str(ROOT / "scripts"))
from make_random_checkpoint import make_checkpoint  # noqa: E402

WORKERS = "8"
TOKENS = 32
STEPS_PER_LAUNCH = ("1", "16")
RANDOM_MODEL = "gqa-hd80-llama3-old-bf16"
# What ThreadSanitizer exits with after a report.
RACE_STATUS = 66
# Placement, task, counter it waits for, rules that the schedule then breaks.
MISSING_WAITS = [
    # Reads what other workers still write, within a step.
    ("block", "layers.2.down_proj[3]", "layers.2.gate_up", ["AMK-R1"]),
    # Reads rows of the KV cache that other workers still append.
    ("block", "layers.0.attention[2]", "layers.0.qkv", ["AMK-R1"]),
    # Starts a step, and overwrites buffers, before another worker's argmax has
    # ended the last one.
    ("rotate", "gate[0]", "done", ["AMK-R1", "AMK-R2"]),
]


class Failure(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Runner:
    """Runs a bundle in the sanitizer's runtime."""

    def __init__(self, tools, weights, prompt, expected):
        self.tools = tools
        self.weights = weights
        self.prompt = ",".join(map(str, prompt))
        self.expected = expected

    def run(self, bundle, steps, **environment):
        return self.tools.call(
            "amk-run", bundle, "--weights", self.weights, "--prompt-ids",
            self.prompt, "-n", len(self.expected), "--steps-per-launch", steps,
            env={**os.environ, **environment})

    def clean(self, bundle, steps, **environment):
        result = self.run(bundle, steps, **environment)
        expect(result.returncode == 0 and "Sanitizer" not in result.stderr,
               f"status {result.returncode}\n{result.stderr}")
        ids = [int(word) for word in result.stdout.split()]
        expect(ids == self.expected,
               f"found tokens {ids}, expected {self.expected}")

    def refused(self, bundle, task, rules):
        result = self.run(bundle, "16")
        words = [task, *rules]
        expect(result.returncode == 1
               and all(word in result.stderr for word in words),
               f"expected status 1 and {', '.join(words)}, found status "
               f"{result.returncode}\n{result.stderr}")

    def caught(self, bundle):
        result = self.run(bundle, "16", AMK_TEST_SKIP_VERIFY="1")
        expect(result.returncode == RACE_STATUS
               and "ThreadSanitizer: data race" in result.stderr
               and "(cpu-" in result.stderr,
               f"expected a data race in the code object, found status "
               f"{result.returncode}\n{result.stderr}")


def without_wait(bundle, out, task, counter):
    shutil.copytree(bundle, out)
    Tables(out).remove_wait(task, counter)
    return out


def clean_checks(runners, bundles, sanitizer):
    for model, runner in runners.items():
        for steps in STEPS_PER_LAUNCH:
            yield (f"{sanitizer}: {model}, {steps} steps a launch",
                   lambda r=runner, b=bundles[model], s=steps: r.clean(b, s))


def missing_wait_checks(runner, compile_placed, scratch):
    sound = {placement: compile_placed(placement)
             for placement in ("block", "rotate")}
    for placement, bundle in sound.items():
        yield (f"thread: sound, not verified, placement {placement}",
               lambda b=bundle: runner.clean(b, "16",
                                             AMK_TEST_SKIP_VERIFY="1"))
    for number, (placement, task, counter, rules) in enumerate(MISSING_WAITS):
        broken = without_wait(sound[placement], scratch / f"broken{number}",
                              task, counter)
        name = f"thread: {task} does not wait for {counter}"
        yield (f"{name}: refused",
               lambda b=broken, t=task, r=rules: runner.refused(b, t, r))
        yield f"{name}: seen", lambda b=broken: runner.caught(b)


def checks(build, builds, scratch):
    compiler = Tools(build / "bin", scratch)
    random_model = scratch / RANDOM_MODEL
    make_checkpoint(MODELS / "random" / RANDOM_MODEL, random_model)
    trained = read_golden(TRAINED)["continuations"][0]
    golden = read_golden(MODELS / "random" / RANDOM_MODEL)
    models = {
        TRAINED.name: (TRAINED, trained["prompt_ids"],
                       trained["ids"][:TOKENS]),
        RANDOM_MODEL: (random_model, golden["prompt_ids"], golden["ids"])}
    for sanitizer, directory in builds.items():
        tools = Tools(directory / "bin", scratch)
        runners = {name: Runner(tools, *model)
                   for name, model in models.items()}
        bundles = {name: compiler.compile(model[0], "--workers", WORKERS,
                                          f"--sanitize={sanitizer}")
                   for name, model in models.items()}
        yield from clean_checks(runners, bundles, sanitizer)
        if sanitizer == "thread":
            def compile_placed(placement):
                return compiler.compile(
                    TRAINED, "--workers", WORKERS, "--sanitize=thread",
                    f"--placement={placement}")
            yield from missing_wait_checks(runners[TRAINED.name],
                                           compile_placed, scratch)


def main(build, tsan_build, asan_build):
    builds = {"thread": tsan_build, "address": asan_build}
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory(prefix="amk-sanitizers-") as scratch:
        for name, check in checks(build, builds, pathlib.Path(scratch)):
            try:
                check()
            except Failure as failure:
                failed += 1
                print(f"FAILED {name}: {failure}", flush=True)
            else:
                passed += 1
                print(f"ok {name}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*(pathlib.Path(word).resolve() for word in sys.argv[1:])))
