#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds everything and runs every test; stops at the first failing stage.

Each stage prints a header, its output and its duration. The last line is the
sum over all stages: "N passed, N failed, N skipped". Set-up is scripts/setup.sh.
"""

import argparse
import ctypes
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
REPORTS = BUILD / "check"
PYTHON = BUILD / "venv/bin/python"
JOBS = str(os.cpu_count() or 2)
FUZZ_SECONDS = "60"


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(self.passed + other.passed, self.failed + other.failed,
                     self.skipped + other.skipped)

    def __str__(self):
        return (f"{self.passed} passed, {self.failed} failed, "
                f"{self.skipped} skipped")


class StageFailed(Exception):
    """A stage that ran and did not succeed; carries what it counted."""

    def __init__(self, count):
        super().__init__(str(count))
        # A failure outside any single test (a crash, a build error) is one.
        self.count = count if count.failed else count + Count(failed=1)


def execute(command, env=None):
    """Runs a command, shows its output as it comes; returns (status, text)."""
    command = [str(part) for part in command]
    print("$ " + " ".join(command), flush=True)
    lines = []
    process = subprocess.Popen(command, cwd=ROOT,
                               env={**os.environ, **(env or {})},
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True,
                               errors="replace")
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    return process.wait(), "".join(lines)


def succeed(command, env=None):
    """A step that is no test itself, but must succeed."""
    status, _ = execute(command, env)
    if status:
        raise StageFailed(Count())


def run_script(command, env=None):
    """One test, unless its output sums up as 'N passed, N failed, ...'."""
    status, text = execute(command, env)
    sums = re.findall(
        r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", text, re.M)
    if sums:
        count = Count(*(int(number or 0) for number in sums[-1]))
    else:
        count = Count(failed=1) if status else Count(passed=1)
    if status or count.failed:
        raise StageFailed(count)
    return count


def read_junit(path):
    """Sums the JUnit report that ctest, lit and pytest all can write."""
    count = Count()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        children = {child.tag: child for child in case}
        skipped = children.get("skipped")
        if skipped is not None and skipped.get("message", "").startswith(
                "Test not selected"):
            continue  # lit lists what a filter left to another stage
        if "failure" in children or "error" in children:
            count.failed += 1
        elif skipped is not None or case.get("status") in ("notrun",
                                                             "disabled"):
            count.skipped += 1
        else:
            count.passed += 1
    return count


def run_reported(name, command, env=None):
    """A test runner that leaves its JUnit report in REPORTS/<name>.xml."""
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    status, _ = execute(command, env)
    count = read_junit(report) if report.exists() else Count()
    if status or count.failed:
        raise StageFailed(count)
    if count == Count():
        print(f"check: {name}: no tests were found")
        raise StageFailed(count)
    return count


def ctest(name, build, label):
    """Counts the cases inside the GoogleTest programs, not the programs."""
    cases = REPORTS / f"{name}-cases"
    shutil.rmtree(cases, ignore_errors=True)
    programs = run_reported(name, [
        "ctest", "--test-dir", build, "-L", f"^{label}$", "-j", JOBS,
        "--timeout", "300", "--output-on-failure", "--output-junit",
        REPORTS / f"{name}.xml"], {"GTEST_OUTPUT": f"xml:{cases}/"})
    reports = list(cases.glob("*.xml"))
    others = Count(passed=programs.passed - len(reports),
                   skipped=programs.skipped)
    return sum(map(read_junit, reports), others)


def lit(name, **selection):
    options = f"-v -j{JOBS} --xunit-xml-output={REPORTS / name}.xml"
    return run_reported(name, ["ninja", "-C", BUILD, "check-amk-lit"],
                        {"LIT_OPTS": options, **selection})


def stage_build():
    succeed(["ninja", "-C", BUILD])
    return Count()


def stage_rules():
    return run_script(["/usr/bin/python3", ROOT / "test/check-rule-ids.py"])


def stage_unit():
    return ctest("unit", BUILD, "unit")


def stage_lit():
    return lit("lit", LIT_FILTER_OUT="Plugin/")


def stage_install():
    return run_script([ROOT / "test/Install/run.sh", BUILD])


def stage_plugin():
    return lit("plugin", LIT_FILTER="Plugin/")


def stage_docs():
    return run_script([ROOT / "scripts/docs.sh", "--check"])


def stage_python():
    env = {"PYTHONPATH": str(BUILD / "python"),
           "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}"}
    return run_reported("pytest", [
        PYTHON, "-m", "pytest", "-q", "--durations=5", "-p",
        "no:cacheprovider", f"--junitxml={REPORTS / 'pytest.xml'}",
        "test/python", "test/e2e"], env)


def build_preset(name, target="all"):
    """Configures and builds a runtime-only build under build/<name>."""
    build = BUILD / name
    if not (build / "build.ninja").exists():
        succeed(["cmake", "--preset", name])
    succeed(["ninja", "-C", build, target])
    return build


def stage_sanitizers():
    count = Count()
    for name in ("tsan", "asan"):
        count += ctest(f"{name}-unit", build_preset(name), "unit")
    script = ROOT / "test/e2e/sanitizers.sh"
    return count + run_script([script, BUILD, BUILD / "tsan", BUILD / "asan"])


def stage_fuzz():
    build = build_preset("fuzz", "amk-fuzzers")
    status, text = execute([ROOT / "test/fuzz/run.sh", build, FUZZ_SECONDS])
    count = Count(passed=len(re.findall(r"^fuzz-.*, clean$", text, re.M)),
                  failed=len(re.findall(r"^fuzz-.*, FAILED", text, re.M)))
    if status or count.failed or count.passed == 0:
        raise StageFailed(count)
    return count


def stage_experiment():
    return run_script(["/usr/bin/python3",
                       ROOT / "scripts/experiment_verifier.py", "--reduced"])


def gpu_count():
    """Number of CUDA devices, or why there is none."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0, "libcuda.so.1 is not installed"
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return 0, "the CUDA driver finds no device"
    return count.value, "the CUDA driver counts no device"


def stage_gpu():
    gpus, reason = gpu_count()
    listing = subprocess.run(
        ["ctest", "--test-dir", BUILD, "-N", "-L", "gpu"], cwd=ROOT,
        stdout=subprocess.PIPE, text=True, check=True).stdout
    tests = int(re.search(r"Total Tests: (\d+)", listing).group(1))
    if gpus == 0:
        print(f"skipped: {tests} GPU test(s), no GPU here: {reason}")
        return Count(skipped=tests)
    return ctest("gpu", BUILD, "gpu")


STAGES = [
    ("build", "build", stage_build),
    ("rules", "rule ids", stage_rules),
    ("unit", "unit tests", stage_unit),
    ("lit", "lit tests", stage_lit),
    ("install", "install consumer", stage_install),
    ("plugin", "plugin in mlir-opt", stage_plugin),
    ("docs", "generated reference is current", stage_docs),
    ("python", "Python and end-to-end tests", stage_python),
    ("sanitizers", "thread and address sanitizer", stage_sanitizers),
    ("fuzz", f"fuzzers, {FUZZ_SECONDS} s", stage_fuzz),
    ("experiment", "the verifier's experiment, reduced", stage_experiment),
    ("gpu", "GPU tests", stage_gpu),
]


def run_stage(number, total, title, function):
    print(f"\n=== {number}/{total} {title}", flush=True)
    start = time.monotonic()
    failure = None
    try:
        count = function()
    except StageFailed as error:
        count, failure = error.count, error
    seconds = time.monotonic() - start
    verdict = "FAILED" if failure else "ok"
    print(f"--- {title}: {verdict}, {count}, {seconds:.1f} s", flush=True)
    return count, failure is None


def main():
    names = [name for name, _, _ in STAGES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="STAGE", nargs="+", choices=names,
                        help="run these stages only: " + ", ".join(names))
    only = parser.parse_args().only or names
    stages = [stage for stage in STAGES if stage[0] in only]

    REPORTS.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    total, ok = Count(), True
    for number, (_, title, function) in enumerate(stages, 1):
        count, ok = run_stage(number, len(stages), title, function)
        total += count
        if not ok:
            break
    print(f"\ncheck: {time.monotonic() - start:.0f} s in all")
    print(total, flush=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
