#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks small programs with the model checker spin, against the verifier.

First the programs of programs/, each with its expected verdict for launches of
1, 2 and 3 steps. With --verifier, amk-verify must come to the same verdict on
every program; then --count may be larger, and random edits of the programs
(edits.py) follow, which have no expected verdict. Every program is turned into
Promela (promela.py) and explored completely.

Verdicts, worst first; a program has the first that applies:
  deadlock  AMK-D1
  race      AMK-R1 to AMK-R4, AMK-N1
  value     AMK-C1, AMK-C4, AMK-C5, AMK-P1, AMK-T1, AMK-G1
  safe
A ring overrun can be a race or a wrong value: where the verifier says AMK-G1,
both agree. Rules that no execution shows (AMK-S*, C2, C3) do not count; an edit
that breaks AMK-S* is not compared.

--replay FILE.json --steps T decides one program only.

Needs spin and a C compiler. Without spin the run says that it is skipped and
ends with status 0. Any disagreement: status 1, and the program is written next
to the result file.
"""

import argparse
import concurrent.futures
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import edits
import promela

HERE = Path(__file__).resolve().parent
STEPS = (1, 2, 3)
# Optimising costs more than it saves for models of this size. No partial order
# reduction: the assertions read other processes' state, which nearly every
# transition writes, so there is nothing to reduce.
PAN_FLAGS = ["-O0", "-w", "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DNOCLAIM",
             "-DMEMLIM=1024"]
PAN_OPTIONS = ["-m10000", "-w16"]
# The models have no preprocessor directives.
SPIN_OPTIONS = ["-Pcat"]
# Which assertions are on in the runs that classify, worst first.
CLASSES = (
    ("deadlock", 0),
    ("race", promela.CHECK_RACE),
    ("value", promela.CHECK_VALUE | promela.CHECK_ALIAS | promela.CHECK_RING),
)
ALL_CLASSES = sum(check for _, check in CLASSES)
RULES = {
    "deadlock": ("D1",),
    "race": ("R1", "R2", "R3", "R4", "N1"),
    "value": ("C1", "C4", "C5", "P1", "T1", "G1"),
}


class TooLarge(Exception):
    """The state space does not fit the time or memory limit."""


@dataclass
class Case:
    name: str
    program: dict
    expected: dict = field(default_factory=dict)  # steps -> verdict


@dataclass
class Result:
    case: Case
    steps: int
    spin: str = ""
    states: int = 0
    verifier: str = ""
    rules: tuple = ()
    skipped: str = ""
    model: str = ""
    trail: str = ""


def find_compiler():
    for name in (os.environ.get("CC"), "clang-22", "clang", "gcc", "cc"):
        if name and shutil.which(name):
            return name
    return None


def execute(command, directory, timeout, env=None):
    return subprocess.run(command, cwd=directory, timeout=timeout, text=True,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False,
                          env={**os.environ, **(env or {})})


def run_pan(directory, steps, check, timeout):
    """(error message or None, states)."""
    try:
        output = execute(["./pan", *PAN_OPTIONS], directory, timeout,
                         pan_environment(steps, check)).stdout
    except subprocess.TimeoutExpired as error:
        raise TooLarge(f"more than {timeout} s") from error
    if "max search depth too small" in output or "out of memory" in output:
        raise TooLarge(output.splitlines()[0])
    states = re.search(r"(\d+) states, stored", output)
    errors = re.search(r"errors: (\d+)", output)
    if not states or not errors:
        raise TooLarge("pan did not finish: " + output[-300:])
    if errors[1] == "0":
        return None, int(states[1])
    message = re.search(r"^pan:\d+: (.*)$", output, re.M)
    return message[1] if message else "error", int(states[1])


def pan_environment(steps, check):
    return {"AMK_STEPS": str(steps), "AMK_CHECK": str(check)}


def build_pan(text, directory, compiler):
    (Path(directory) / "model.pml").write_text(text, encoding="utf-8")
    spin = execute(["spin", *SPIN_OPTIONS, "-a", "model.pml"], directory, 60)
    if spin.returncode or not (Path(directory) / "pan.c").exists():
        raise RuntimeError("spin -a failed: " + spin.stdout[-2000:])
    built = execute([compiler, *PAN_FLAGS, "-o", "pan", "pan.c"], directory,
                    120)
    if built.returncode:
        raise RuntimeError(f"{compiler} failed: " + built.stdout[-2000:])


def explore(directory, steps, timeout):
    """(verdict, states, trail)."""
    message, states = run_pan(directory, steps, ALL_CLASSES, timeout)
    if message is None:
        return "safe", states, ""
    for verdict, check in CLASSES:
        found, more = run_pan(directory, steps, check, timeout)
        states = max(states, more)
        if found is None:
            continue
        if ("invalid end state" in found) != (verdict == "deadlock"):
            raise RuntimeError(f"unexpected message of pan: {found}")
        trail = execute(["./pan", "-r", "-n"], directory, 60,
                        pan_environment(steps, check)).stdout
        return verdict, states, trail
    raise RuntimeError("an error that is of no class: " + message)


def verify(program, steps, verifier):
    """(verdict, rules, complaint)."""
    with tempfile.NamedTemporaryFile("w", suffix=".json",
                                     encoding="utf-8") as stream:
        stream.write(json.dumps(program) + "\n")
        stream.flush()
        done = subprocess.run([verifier, stream.name, "--steps", str(steps)],
                              text=True, errors="replace", timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
    rules = tuple(sorted(set(re.findall(r"\[AMK-([A-Z]\d+)\]", done.stdout))))
    if done.returncode not in (0, 1) or (done.returncode == 1) != bool(rules):
        raise RuntimeError(f"{verifier} ended with {done.returncode}: "
                           + done.stdout[-2000:])
    if any(rule.startswith("S") for rule in rules):
        return "malformed", rules
    for verdict, of_class in RULES.items():
        if any(rule in of_class for rule in rules):
            return verdict, rules
    return "safe", rules


def agree(result):
    if result.spin == result.verifier:
        return True
    return "G1" in result.rules and {result.spin, result.verifier} == {
        "race", "value"}


def check_case(case, launches, options, compiler):
    """One result for each number of steps in `launches`."""
    results = [Result(case, steps) for steps in launches]
    for result in results:
        if options.verifier:
            result.verifier, result.rules = verify(case.program, result.steps,
                                                   options.verifier)
            if result.verifier == "malformed":
                result.skipped = "malformed"
    todo = [result for result in results if not result.skipped]
    if not todo:
        return results
    try:
        model = promela.translate(case.program, max(launches))
    except promela.Unsupported as error:
        for result in todo:
            result.skipped = f"not covered: {error}"
        return results
    with tempfile.TemporaryDirectory(prefix="amk-spin-") as directory:
        build_pan(model, directory, compiler)
        for result in todo:
            result.model = model
            try:
                result.spin, result.states, result.trail = explore(
                    directory, result.steps, options.timeout)
            except TooLarge as error:
                result.skipped = f"too large: {error}"
    return results


def load_cases():
    cases = []
    for path in sorted((HERE / "programs").glob("*.json")):
        for entry in json.loads(path.read_text(encoding="utf-8")):
            cases.append(Case(entry["name"], entry["program"],
                              {int(k): v for k, v in
                               entry["expected"].items()}))
    return cases


def spread(cases, rng):
    """In random order, but of every rule one before the second of any."""
    rng.shuffle(cases)
    seen = Counter()
    keyed = []
    for case in cases:
        rule = case.name.split("-")[0]
        keyed.append((seen[rule], case))
        seen[rule] += 1
    return [case for _, case in sorted(keyed, key=lambda pair: pair[0])]


def choose_cases(options, rng):
    """[(case, launches)]: the committed programs, as far as --count goes, then
    edited ones, which only a verifier can judge."""
    committed = spread(load_cases(), rng)
    chosen = [(case, sorted(case.expected))
              for case in committed[:options.count]]
    if not options.verifier:
        return chosen
    edited = edits.random_cases(committed, rng)
    return chosen + [(Case(*next(edited)), [rng.choice(STEPS)])
                     for _ in range(options.count - len(committed))]


def faults_of(result, options):
    case = result.case
    expected = case.expected.get(result.steps)
    if result.skipped:
        # A committed program is chosen so that it can be decided.
        return [result.skipped] if expected else []
    faults = []
    if expected and result.spin != expected:
        faults.append(f"spin says {result.spin}, expected {expected}")
    if options.verifier and not agree(result):
        faults.append(f"spin says {result.spin}, the verifier "
                      f"{result.verifier} ({', '.join(result.rules)})")
    return faults


def dump(result, number, out):
    """Everything to replay a disagreement, next to the result file."""
    stem = out.with_name(f"{out.stem}-disagreement-{number}")
    stem.with_suffix(".json").write_text(json.dumps(result.case.program) + "\n")
    stem.with_suffix(".pml").write_text(result.model)
    stem.with_suffix(".trail.txt").write_text(result.trail)
    return stem.with_suffix(".json").name


def write_result(out, **members):
    out.write_text(json.dumps({"name": "spin", **members}, indent=2) + "\n")


def run(options, compiler):
    begin = time.monotonic()
    chosen = choose_cases(options, random.Random(options.seed))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = sum(pool.map(
            lambda pair: check_case(*pair, options, compiler), chosen), [])
    disagreements = []
    for result in results:
        for fault in faults_of(result, options):
            name = dump(result, len(disagreements), options.out)
            disagreements.append({"program": result.case.name,
                                  "steps": result.steps, "fault": fault,
                                  "file": name})
            print(f"DISAGREEMENT {result.case.name}, {result.steps} step(s): "
                  f"{fault} ({name})")
    decided = [r for r in results if not r.skipped]
    seconds = round(time.monotonic() - begin, 1)
    skips = Counter(r.skipped.split(":")[0] for r in results if r.skipped)
    counts = {
        "programs": len({r.case.name for r in decided}),
        "launches": len(decided),
        "comparedWithVerifier": sum(1 for r in decided if r.verifier),
        "states": sum(r.states for r in decided),
        "notCompared": dict(skips),
    }
    classes = dict(Counter(r.spin for r in decided))
    write_result(options.out, seed=options.seed, counts=counts,
                 verdictClasses=classes, disagreements=disagreements,
                 seconds=seconds)
    versus = "expected verdicts" + (" and " + Path(options.verifier).name
                                    if options.verifier else
                                    " (no --verifier given)")
    print(f"spin: {counts['programs']} programs in {counts['launches']} "
          f"launches against {versus}; {counts['states']} states; "
          + ", ".join(f"{n} {v}" for v, n in sorted(classes.items()))
          + f"; not compared: {dict(skips) or 'none'}; "
          f"{len(disagreements)} disagreements; {seconds} s")
    return 1 if disagreements else 0


def replay(options, compiler):
    program = json.loads(options.replay.read_text(encoding="utf-8"))
    result, = check_case(Case(options.replay.name, program), [options.steps],
                         options, compiler)
    print(f"spin: {result.skipped or result.spin}; {result.states} states")
    if options.verifier:
        print(f"verifier: {result.verifier} {' '.join(result.rules)}")
    print(result.trail, end="")
    faults = faults_of(result, options)
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=160,
                        help="programs; beyond the committed ones random edits")
    parser.add_argument("--out", type=Path, help="result file")
    parser.add_argument("--verifier", help="path of amk-verify")
    parser.add_argument("--replay", type=Path, metavar="FILE.json")
    parser.add_argument("--steps", type=int, default=1, help="with --replay")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=60,
                        help="seconds for one exploration")
    options = parser.parse_args()
    if not options.out and not options.replay:
        parser.error("found neither --out nor --replay, expected one")
    if options.verifier and not shutil.which(options.verifier):
        sys.exit(f"spin: found no program {options.verifier}, expected the "
                 "path of amk-verify")
    missing = None
    if not shutil.which("spin"):
        missing = "spin is not installed (Debian package spin)"
    compiler = find_compiler()
    if not compiler:
        missing = missing or "no C compiler (CC, clang-22, clang, gcc, cc)"
    if missing:
        print(f"spin: SKIPPED, nothing was checked: {missing}")
        if options.out:
            write_result(options.out, skipped=missing, counts={},
                         verdictClasses={}, disagreements=[], seconds=0)
        return 0
    return (replay if options.replay else run)(options, compiler)


if __name__ == "__main__":
    sys.exit(main())
