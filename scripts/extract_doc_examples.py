#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds the ```mlir examples in TableGen descriptions; can parse them all.

An example is one of
  - top-level operations: parsed and verified as they are;
  - an attribute (#amk.x<...>) or type (!amk.x<...>): likewise;
  - operations from the inside of a model, schedule or body: only parsed, since
    their surroundings are not in the example. Values that they use without
    defining get a definition of the type that the example says.
"""

import argparse
import re
import subprocess
import sys
import textwrap
from pathlib import Path

FENCE = re.compile(r"^[ \t]*```mlir\n(.*?)^[ \t]*```", re.M | re.S)
TOP_LEVEL = ("module", "builtin.module", "func.func", "amk.model", "amk.graph",
             "amk.schedule", "amk.kernel.program")


def find_examples(root):
    """Yields (file, line, text) for every fenced example under root."""
    for path in sorted(Path(root).rglob("*.td")):
        text = path.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start(1)) + 1
            yield path, line, textwrap.dedent(match.group(1))


def parse(tool, source, verify):
    """Returns what the tool complains about; nothing if it accepts."""
    command = [tool, "-", "-o", "/dev/null", "--allow-unregistered-dialect"]
    if not verify:
        command += ["--mlir-very-unsafe-disable-verifier-on-parsing",
                    "--verify-each=0"]
    done = subprocess.run(command, input=source, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode == 0:
        return ""
    return done.stderr or f"{tool}: exit status {done.returncode}"


def undefined_value(source, errors):
    match = re.search(r"<stdin>:(\d+):(\d+): error: use of undeclared SSA "
                      r"value name", errors)
    if not match:
        return None
    line = source.splitlines()[int(match.group(1)) - 1]
    return re.match(r"%[\w.$-]+", line[int(match.group(2)) - 1:]).group(0)


def retyped_value(errors):
    match = re.search(r"use of value '(%[^']+)' expects different type than "
                      r"prior uses: '([^']+)' vs", errors)
    return match.groups() if match else None


def parse_fragment(tool, fragment):
    """Parses operations whose operands may come from outside the example."""
    outside = {}
    # Each round settles one name or one type.
    for _ in range(2 * fragment.count("%") + 1):
        definitions = "".join(f'{name} = "doc.value"() : () -> {kind}\n'
                              for name, kind in outside.items())
        source = f'"doc.scope"() ({{\n{definitions}{fragment}}}) : () -> ()\n'
        errors = parse(tool, source, verify=False)
        if not errors:
            return ""
        name, retyped = undefined_value(source, errors), retyped_value(errors)
        if name and name not in outside:
            outside[name] = "i1"
        elif retyped and outside.get(retyped[0]) == "i1":
            outside[retyped[0]] = retyped[1]
        else:
            return errors
    return errors


def parse_example(tool, text):
    if text.startswith(("#", "!")):
        value = f"module attributes {{doc.example = {text.rstrip()}}} {{}}\n"
        return parse(tool, value, verify=True)
    if text.split(None, 1)[0] in TOP_LEVEL:
        return parse(tool, text, verify=True)
    return parse_fragment(tool, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", help="directory with .td files")
    parser.add_argument("--parse-with", metavar="AMK_OPT",
                        help="parse each example instead of printing it")
    arguments = parser.parse_args()

    passed = failed = 0
    for path, line, text in find_examples(arguments.root):
        if not arguments.parse_with:
            print(f"// {path}:{line}\n{text}")
            continue
        errors = parse_example(arguments.parse_with, text)
        if errors:
            print(f"{path}:{line}: the example does not parse:\n{errors}")
            failed += 1
        else:
            passed += 1
    if arguments.parse_with:
        print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
