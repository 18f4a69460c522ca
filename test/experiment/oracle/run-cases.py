#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the oracle on programs of known verdict, reduced and unreduced; with
--lines, writes the programs to a file for amk-schedule-random --replay, too.

A case is a JSON file with `why`, `steps`, `program` and `expect`: the verdicts,
of which those that docs/ScheduleSpec.md leaves open are not compared (after a
deadlock all others, after a race those on values, rings and aliases).
"""

import argparse
import json
import pathlib
import subprocess
import sys


def decide(oracle, case, extra):
    line = json.dumps(dict(case["program"], steps=case["steps"]))
    done = subprocess.run(
        [oracle, *extra], input=line + "\n", text=True, check=True,
        stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def differences(expected, found):
    keys = ["deadlock", "static", "rules", "race", "value", "ring", "alias"]
    if expected["deadlock"]:
        keys = keys[:3]
    elif expected["race"]:
        keys = keys[:4]
    safe = not any(expected[key] for key in expected if key != "rules")
    wanted = dict({"rules": []}, **expected, safe=safe)
    return [
        f"{key}: found {found[key]}, expected {wanted[key]}"
        for key in keys + ["safe"] if found[key] != wanted[key]
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("oracle")
    parser.add_argument("cases", type=pathlib.Path)
    parser.add_argument("--lines", type=pathlib.Path)
    arguments = parser.parse_args()
    paths = sorted(arguments.cases.glob("*.json"))
    if arguments.lines:
        cases = [json.loads(path.read_text()) for path in paths]
        arguments.lines.write_text("".join(
            json.dumps(dict(case["program"], steps=case["steps"])) + "\n"
            for case in cases))
    failures = 0 if paths else 1
    for path in paths:
        case = json.loads(path.read_text())
        for extra in ([], ["--unreduced"]):
            found = decide(arguments.oracle, case, extra)
            wrong = differences(case["expect"], found)
            failures += bool(wrong)
            if wrong:
                print(f"{path.name} {' '.join(extra)}: {'; '.join(wrong)}")
                print(f"  {found['witness']}")
    print(f"{len(paths)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
