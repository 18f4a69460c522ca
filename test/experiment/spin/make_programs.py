#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes programs/<rule>.json: narrow cases with their expected verdicts.

The cases are functions of cases.py. The verdict is what docs/ScheduleSpec.md
demands for launches of 1, 2 and 3 steps, decided by hand.

usage: make_programs.py [--check]    --check: only compare with what is there
"""

import argparse
import json
import sys
from pathlib import Path

import cases

DIRECTORY = Path(__file__).resolve().parent / "programs"


def render(entries):
    """One member a line, so that a change of a case is readable as a diff."""
    objects = []
    for entry in entries:
        members = [f"  {json.dumps(key)}: {json.dumps(value)}"
                   for key, value in entry.items()]
        objects.append("{\n" + ",\n".join(members) + "\n}")
    return "[" + ",\n".join(objects) + "]\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    files = {}
    for case in cases.all_cases():
        files.setdefault(case["rule"] + ".json", []).append(case)
    stale = [path.name for path in DIRECTORY.glob("*.json")
             if path.name not in files]
    for name, entries in files.items():
        path, text = DIRECTORY / name, render(entries)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            DIRECTORY.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if options.check and stale:
        sys.exit("make_programs.py: not what cases.py says: "
                 + ", ".join(sorted(stale)))
    print(f"{sum(map(len, files.values()))} programs in {len(files)} files")


if __name__ == "__main__":
    main()
