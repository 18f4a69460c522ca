#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ptxas that lets tools name lines of the PTX.

    AMK_PTX_DIR=DIR amk-compile MODEL --target=cuda \\
        --ptxas scripts/ptxas_lines.py -o BUNDLE

Takes ptxas's arguments. The PTX is kept in AMK_PTX_DIR, its instructions are
given line numbers of that file, and ptxas keeps them in the cubin: what
compute-sanitizer reports then reads "amk_gpu_main+0x1230 in sm_90a.ptx:4865".
The code is the same as without. The assembler itself is that of $AMK_PTXAS_REAL,
or the ptxas in PATH or of /usr/local/cuda.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# What an instruction begins with, after its predicate; directives begin with a
# dot, labels with a dollar sign.
OPCODE = re.compile(r"\s+(?:@!?%\w+\s+)?[a-z]")


def with_lines(text, name):
    """The PTX, each instruction with its own line number in front."""
    result = []
    depth = 0  # of bodies, and of calls in them
    begins = False  # whether a statement does
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0].rstrip()
        if depth > 0 and begins and OPCODE.match(code):
            result.append(f"\t.loc\t1 {number} 1")
        result.append(line)
        depth += (code.strip() == "{") - (code.strip() == "}")
        if code.strip():
            begins = code.endswith((";", ":", "{", "}"))
    return "\n".join([*result, f'\t.file\t1 "{name}"', ""])


def main():
    real = os.environ.get("AMK_PTXAS_REAL") or shutil.which(
        "ptxas", path=os.environ.get("PATH", "") + ":/usr/local/cuda/bin")
    if not real:
        sys.exit("ptxas_lines.py: error: no ptxas in PATH")
    arguments = sys.argv[1:]
    inputs = [a for a in arguments
              if not a.startswith("-") and a.endswith(".ptx")]
    if len(inputs) != 1:
        return subprocess.run([real, *arguments]).returncode
    source = pathlib.Path(inputs[0])
    text = source.read_text()
    target = re.search(r"^\.target\s+(\w+)", text, re.MULTILINE)
    name = f"{target[1] if target else source.stem}.ptx"
    kept = os.environ.get("AMK_PTX_DIR")
    if kept:
        pathlib.Path(kept).mkdir(parents=True, exist_ok=True)
        (pathlib.Path(kept) / name).write_text(text)
    with tempfile.TemporaryDirectory() as scratch:
        marked = pathlib.Path(scratch) / name
        marked.write_text(with_lines(text, name))
        return subprocess.run([real, "-lineinfo", *[
            str(marked) if a == inputs[0] else a for a in arguments]]).returncode


if __name__ == "__main__":
    sys.exit(main())
