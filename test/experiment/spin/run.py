#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks small programs with the model checker spin, against the verifier.

First the programs of programs/, each with its expected verdict for launches of
1, 2 and 3 steps; beyond these, random edits of them (a wait dropped, a threshold
or an offset moved, ...), which have no expected verdict. Every program is turned
into Promela (promela.py) and explored completely. With --verifier, amk-verify
must come to the same verdict on every program.

Verdicts, worst first; a program has the first that applies:
  deadlock  AMK-D1
  race      AMK-R1 to AMK-R4, AMK-N1
  value     AMK-C1, AMK-C4, AMK-C5, AMK-P1, AMK-T1, AMK-G1
  safe
A ring overrun can be a race or a wrong value: where the verifier says AMK-G1,
both agree. Rules that no execution shows (AMK-S*, C2, C3) do not count; an edit
that breaks AMK-S* is not compared.

Needs spin and a C compiler. Without spin the run says that it is skipped and
ends with status 0. Any disagreement: status 1, and the program is written next
to the result file.
"""

import argparse
import concurrent.futures
import copy
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


def run_pan(directory, check, timeout):
    """(error message or None, states)."""
    env = {} if check is None else {"AMK_CHECK": str(check)}
    try:
        output = execute(["./pan", *PAN_OPTIONS], directory, timeout,
                         env).stdout
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


def build_pan(text, directory, compiler):
    (Path(directory) / "model.pml").write_text(text, encoding="utf-8")
    spin = execute(["spin", *SPIN_OPTIONS, "-a", "model.pml"], directory, 60)
    if spin.returncode or not (Path(directory) / "pan.c").exists():
        raise RuntimeError("spin -a failed: " + spin.stdout[-2000:])
    built = execute([compiler, *PAN_FLAGS, "-o", "pan", "pan.c"], directory,
                    120)
    if built.returncode:
        raise RuntimeError(f"{compiler} failed: " + built.stdout[-2000:])


def explore(text, compiler, timeout):
    """(verdict, states, trail)."""
    with tempfile.TemporaryDirectory(prefix="amk-spin-") as directory:
        build_pan(text, directory, compiler)
        message, states = run_pan(directory, None, timeout)
        if message is None:
            return "safe", states, ""
        for verdict, check in CLASSES:
            message, found = run_pan(directory, check, timeout)
            states = max(states, found)
            if message is None:
                continue
            if ("invalid end state" in message) != (verdict == "deadlock"):
                raise RuntimeError(f"unexpected message of pan: {message}")
            trail = execute(["./pan", "-r", "-n"], directory, 60,
                            {"AMK_CHECK": str(check)}).stdout
            return verdict, states, trail
        raise RuntimeError("an error that is of no class: " + message)


def verify(program, steps, verifier):
    """(verdict, rules, complaint)."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as stream:
        json.dump(program, stream)
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


def check_case(case, steps, options, compiler):
    result = Result(case, steps)
    try:
        if options.verifier:
            result.verifier, result.rules = verify(case.program, steps,
                                                   options.verifier)
            if result.verifier == "malformed":
                result.skipped = "malformed"
                return result
        result.model = promela.translate(case.program, steps)
        result.spin, result.states, result.trail = explore(
            result.model, compiler, options.timeout)
    except promela.Unsupported as error:
        result.skipped = f"not covered: {error}"
    except TooLarge as error:
        result.skipped = f"too large: {error}"
    return result


def load_cases():
    cases = []
    for path in sorted((HERE / "programs").glob("*.json")):
        for entry in json.loads(path.read_text(encoding="utf-8")):
            cases.append(Case(entry["name"], entry["program"],
                              {int(k): v for k, v in
                               entry["expected"].items()}))
    return cases


# Random edits. Each changes `program` in place and returns what it did, or None
# if it found nothing to change.

def actions_of(program):
    return [action for agent in program["agents"]
            for action in agent["actions"]]


def drop_wait(program, rng):
    action = rng.choice(actions_of(program))
    if not action["waits"]:
        return None
    action["waits"].pop(rng.randrange(len(action["waits"])))
    return f"no wait at {action['name']}"


def move_threshold(program, rng):
    action = rng.choice(actions_of(program))
    if not action["waits"]:
        return None
    wait = rng.choice(action["waits"])
    wait[1] += rng.choice((-2, -1, 1))
    return f"threshold {wait[1]} at {action['name']}"


def add_wait(program, rng):
    action = rng.choice(actions_of(program))
    release = [c for c, counter in enumerate(program["counters"])
               if counter["protocol"] == "release"]
    if not release:
        return None
    action["waits"].append([rng.choice(release), rng.randint(-1, 2)])
    return f"wait {action['waits'][-1]} at {action['name']}"


def drop_access(program, rng):
    action = rng.choice(actions_of(program))
    if not action["accesses"]:
        return None
    action["accesses"].pop(rng.randrange(len(action["accesses"])))
    return f"no access at {action['name']}"


def change_mode(program, rng):
    action = rng.choice(actions_of(program))
    modes = {"read": "readPrevious", "readPrevious": "read", "write": "reduce",
             "reduce": "write"}
    access = rng.choice(action["accesses"] or [{"mode": ""}])
    if access["mode"] not in modes:
        return None
    access["mode"] = modes[access["mode"]]
    return f"{access['mode']} at {action['name']}"


def move_access(program, rng):
    action = rng.choice(actions_of(program))
    if not action["accesses"]:
        return None
    access = rng.choice(action["accesses"])
    access["offset"] = max(0, access["offset"] + rng.choice((-8, -4, 4, 8)))
    return f"offset {access['offset']} at {action['name']}"


def move_buffer(program, rng):
    if not program["buffers"]:
        return None
    buffer = rng.choice(program["buffers"])
    buffer["offset"] = max(0, buffer["offset"] + rng.choice((-8, -4, 4, 8)))
    return f"buffer {buffer['name']} at {buffer['offset']}"


def swap_actions(program, rng):
    actions = rng.choice(program["agents"])["actions"]
    if len(actions) < 2:
        return None
    first = rng.randrange(len(actions) - 1)
    actions[first], actions[first + 1] = actions[first + 1], actions[first]
    return f"{actions[first]['name']} first"


def drop_signal(program, rng):
    action = rng.choice(actions_of(program))
    if not action["signals"]:
        return None
    action["signals"].pop(rng.randrange(len(action["signals"])))
    return f"no signal at {action['name']}"


def change_ring(program, rng):
    rings = [space for space in program["spaces"] if space["ringBytes"]]
    if not rings:
        return None
    ring = rng.choice(rings)
    ring["ringBytes"] = max(4, ring["ringBytes"] + rng.choice((-8, -4, 4)))
    return f"ring of {ring['ringBytes']}"


def change_phase(program, rng):
    counter = rng.choice(program["counters"] or [{"protocol": ""}])
    if counter["protocol"] == "parity":
        counter["barriers"] = max(1, counter["barriers"] + rng.choice((-1, 1)))
    elif counter["protocol"] == "tag":
        counter["tagBase"] += 1
    else:
        return None
    return f"phases of {counter['name']}"


EDITS = (drop_wait, move_threshold, add_wait, drop_access, change_mode,
         move_access, move_buffer, swap_actions, drop_signal, change_ring,
         change_phase)


def splice(first, second, rng):
    """Both programs as one: the agents of the second, from one of the first on,
    do their actions after or before those of the first."""
    program, other = copy.deepcopy(first), copy.deepcopy(second)
    base = {key: len(program[key]) for key in ("spaces", "buffers", "counters")}
    for key in base:
        program[key] += other[key]
    for buffer in program["buffers"][base["buffers"]:]:
        buffer["space"] += base["spaces"]
    for action in actions_of(other):
        action["name"] += "'"
        for pair in action["waits"] + action["signals"]:
            pair[0] += base["counters"]
        for access in action["accesses"]:
            access["buffer"] += base["buffers"]
            if access["counter"] >= 0:
                access["counter"] += base["counters"]
    at, before = rng.randrange(len(program["agents"])), rng.random() < 0.5
    for agent in other["agents"]:
        if at == len(program["agents"]):
            program["agents"].append(
                {**agent, "actions": [], "worker": at})
        mine = program["agents"][at]["actions"]
        mine[0 if before else len(mine):0] = agent["actions"]
        at += 1
    # Whose shared memory it was is of no matter here.
    for space in program["spaces"]:
        space["worker"] = -1
    return program


def random_cases(cases, rng):
    """Endless edits of `cases`, of one or two of them spliced."""
    while True:
        base = rng.choice(cases)
        name, program, done = base.name, copy.deepcopy(base.program), []
        if rng.random() < 0.4:
            other = rng.choice(cases)
            program = splice(program, other.program, rng)
            name += " + " + other.name
        for _ in range(rng.randint(1, 2)):
            done.append(rng.choice(EDITS)(program, rng))
        done = [text for text in done if text]
        if done:
            yield Case(f"{name}: " + ", ".join(done), program)


def choose_cases(options, rng):
    """[(case, steps)]: all committed programs at every number of steps, as far
    as --count goes, then edited ones at one number of steps each."""
    committed = load_cases()
    rng.shuffle(committed)
    chosen = [(case, steps) for case in committed[:options.count]
              for steps in sorted(case.expected)]
    if not options.verifier:
        return chosen
    edits = random_cases(committed, rng)
    chosen += [(next(edits), rng.choice(STEPS))
               for _ in range(options.count - len(committed))]
    return chosen


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
        results = list(pool.map(
            lambda pair: check_case(*pair, options, compiler), chosen))
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100,
                        help="programs; more than are committed: random edits")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--verifier", help="path of amk-verify")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=60,
                        help="seconds for one exploration")
    options = parser.parse_args()
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
        write_result(options.out, skipped=missing, counts={},
                     verdictClasses={}, disagreements=[], seconds=0)
        return 0
    return run(options, compiler)


if __name__ == "__main__":
    sys.exit(main())
