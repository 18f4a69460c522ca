#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that every verifier rule is specified, checked and tested.

The rules are those of `enum class Rule` in include/amk/Schedule/Verifier.h,
with the ids that ruleId() in lib/Schedule gives them. Each needs a heading in
docs/ScheduleSpec.md, a use of Rule::<Name> outside ruleId(), in
test/unit/Schedule a test <ID>_rejects_* and a near miss <ID>_accepts_*, and a
file test/Dialect/AMK/verifier/<id>.mlir that names it.
Exits with 1 and one line per fault.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = "include/amk/Schedule/Verifier.h"
SPEC = "docs/ScheduleSpec.md"
LIT = "test/Dialect/AMK/verifier"


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def read_all(directory, exclude=()):
    return "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / directory).rglob("*.cpp"))
        if path.name not in exclude
    )


def rules_of_header():
    """[(enumerator, id in its comment)]"""
    match = re.search(r"enum class Rule[^{]*\{(.*?)\};", read(HEADER), re.S)
    if not match:
        sys.exit(f"{HEADER}: found no 'enum class Rule'")
    return re.findall(r"^\s*(\w+),\s*///<\s*(AMK-\w+)", match[1], re.M)


def main():
    faults = []
    rules = rules_of_header()
    if not rules:
        sys.exit(f"{HEADER}: found no rule with an id in 'enum class Rule'")
    render = read("lib/Schedule/Render.cpp")
    spelled = dict(
        re.findall(r'case Rule::(\w+):\s*return "(AMK-\w+)";', render))
    checks = read_all("lib/Schedule", exclude=("Render.cpp",))
    tests = read_all("test/unit/Schedule")
    headings = re.findall(r"^#+ .*$", read(SPEC), re.M)

    for name in sorted(spelled.keys() - {name for name, _ in rules}):
        faults.append(f"{HEADER}: Rule::{name} has no id in its comment")
    for name, rule in rules:
        if spelled.get(name) != rule:
            faults.append(f"lib/Schedule/Render.cpp: ruleId(Rule::{name}): "
                          f"found {spelled.get(name)}, expected {rule}")
        if not any(re.search(rf"\b{rule}\b", line) for line in headings):
            faults.append(f"{SPEC}: no heading names {rule}")
        if not re.search(rf"\bRule::{name}\b", checks):
            faults.append(f"lib/Schedule: nothing reports Rule::{name}")
        test = rule.replace("-", "_")
        for verdict in ("rejects", "accepts"):
            if not re.search(rf"TEST\w*\(\w+,\s*{test}_{verdict}_\w+\)", tests):
                faults.append(
                    f"test/unit/Schedule: no test {test}_{verdict}_*")
        # "AMK-S1" is tested in s1.mlir.
        lit = f"{LIT}/{rule.removeprefix('AMK-').lower()}.mlir"
        if not (ROOT / lit).exists() or rule not in read(lit):
            faults.append(f"{lit}: no test of {rule}")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(rules)} rules: all specified, checked and tested")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
