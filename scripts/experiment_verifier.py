#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tries to refute the schedule verifier, and measures its speed.

Runs the parts of test/experiment, each of which compares the verifier with
something that shares no code with it, and writes what they counted as JSON and
as a Markdown table. The exit status is not zero if any part found a
disagreement or could not run. Speeds that are asked for and missed are said,
but do not fail: they depend on the machine.

With --keep a report is made up of several runs: parts that are not run now are
those of an earlier report, and each part says of which commit it is. Speeds may
be measured often that way; the fastest of one commit is the one reported, as
other load only makes it slower, beside the medians of all.
"""

import argparse
import datetime
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
PYTHON = BUILD / "venv/bin/python"
EXPERIMENT = ROOT / "test/experiment"

# What issue-sized and reduced runs count. A few random programs have more
# interleavings than the oracle explores, and do not count.
FULL = {"random": 200100, "lowerings": 500, "mutants": 500,
        "artefact": 100000, "spin": 160}
REDUCED = {"random": 20000, "lowerings": 20, "mutants": 80,
           "artefact": 3000, "spin": 10}
TARGETS = ["amk-schedule-random", "amk-schedule-oracle", "amk-schedule-mutants",
           "amk-schedule-artefact", "amk-verify", "amk-compile", "amk-run"]


def part_commands(name, count, seed, out, work, programs):
    """The command that runs one part, with the binaries of a directory."""
    def binary(program):
        return programs / program

    common = ["--seed", seed, "--out", out]
    if name == "random":
        return [binary("amk-schedule-random"), "--count", count, "--oracle",
                binary("amk-schedule-oracle"), *common]
    if name == "lowerings":
        return [PYTHON, EXPERIMENT / "lowerings/run.py", "--count", count,
                "--build-dir", programs.parent, "--dump", work / "programs", *common]
    if name == "mutants":
        return [binary("amk-schedule-mutants"), "--per-class", count,
                "--programs", EXPERIMENT / "lowerings/programs", *common]
    if name == "artefact":
        return [binary("amk-schedule-artefact"), "--count", count, *common]
    if name == "spin":
        return [sys.executable, EXPERIMENT / "spin/run.py", "--count", count,
                "--verifier", binary("amk-verify"), *common]
    raise ValueError(name)


PARTS = ["random", "lowerings", "mutants", "artefact", "spin"]
TITLES = {
    "random": "(a) random programs against exhaustive exploration",
    "lowerings": "(b) real lowerings, run under adversarial delays",
    "mutants": "(c) mutants against a checker by definition",
    "artefact": "(d) damaged artefacts",
    "spin": "(e) small programs against spin",
}


def run_part(name, count, seed, work, programs):
    out = work / f"{name}.json"
    out.unlink(missing_ok=True)
    command = [str(word) for word in part_commands(
        name, count, seed, out, work, programs)]
    print(f"\n=== {TITLES[name]}\n$ {' '.join(command)}", flush=True)
    start = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    seconds = time.monotonic() - start
    try:
        result = json.loads(out.read_text())
    except (OSError, ValueError) as error:
        result = {"name": name, "error": f"no result file: {error}"}
    result["status"] = status
    result["wall_seconds"] = round(seconds, 1)
    print(f"--- {TITLES[name]}: status {status}, {seconds:.1f} s", flush=True)
    return result


def disagreements(result):
    """How often the part found the verifier to be wrong."""
    found = result.get("disagreements", [])
    return found if isinstance(found, int) else len(found)


def passed(result):
    return (result["status"] == 0 and "error" not in result
            and disagreements(result) == 0)


def run_speed(work, programs):
    """Verifies plans of growing size; Google Benchmark's own JSON."""
    out = work / "speed.json"
    bench = programs / "amk-schedule-bench"
    command = [str(bench), "--benchmark_repetitions=5",
               "--benchmark_report_aggregates_only=true",
               f"--benchmark_out={out}", "--benchmark_out_format=json"]
    print(f"\n=== speed\n$ {' '.join(command)}", flush=True)
    subprocess.run(command, cwd=ROOT, check=True)
    return [{"name": run["run_name"], "tasks": int(run.get("tasks", 0)),
             "aggregate": run["aggregate_name"], "us": run["real_time"]}
            for run in json.loads(out.read_text())["benchmarks"]
            if run.get("time_unit", "us") == "us"]


# Most microseconds that a benchmark may take (median), by its name.
GOALS = {
    "verifyPlan/workers:8/phases:5": 5,
    "verifyPlan/workers:132/phases:160": 100_000,
    "verifyPlan/workers:1056/phases:400": 2_000_000,
}


def speed_rows(speed):
    """(name, tasks, median, spread, goal or None) of each benchmark."""
    by_name = {}
    for run in speed:
        by_name.setdefault(run["name"], {"tasks": run["tasks"]})[
            run["aggregate"]] = run["us"]
    return [(name, values["tasks"], values["median"], values["stddev"],
             GOALS.get(name)) for name, values in by_name.items()]


def fastest(runs):
    """The measurement that other load disturbed least."""
    return min(runs, key=lambda run: sum(
        math.log(row[2]) for row in speed_rows(run["speed"])))


def missed(speed):
    rows = {row[0]: row for row in speed_rows(speed)}
    return [name for name, goal in GOALS.items()
            if name not in rows or rows[name][2] > goal]


def commit():
    describe = subprocess.run(["git", "describe", "--always", "--dirty"],
                              cwd=ROOT, capture_output=True, text=True,
                              check=False)
    return describe.stdout.strip() or "unknown"


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def flat(counts):
    """One line of text for a (nested) dictionary of numbers."""
    parts = []
    for key, value in counts.items():
        if isinstance(value, dict):
            if value:
                parts.append(f"{key}: ({flat(value)})")
        elif value not in (0, None, ""):
            parts.append(f"{key} {value}")
    return ", ".join(parts)


def verdict_counts(result):
    for key in ("verdictClasses", "verdicts", "classes"):
        if result.get(key):
            return {name: value for name, value in result[key].items()
                    if not isinstance(value, dict)}
    return {}


def class_table(result):
    """Rows of a part that counts by class, such as the mutants."""
    classes = {name: value for name, value in result.get("classes", {}).items()
               if isinstance(value, dict)}
    if not classes:
        return []
    columns = sorted({key for value in classes.values() for key, count in
                      value.items() if not isinstance(count, (dict, list))})
    lines = ["", f"### Classes of {TITLES[result['part']]}", "",
             "| class | " + " | ".join(columns) + " |",
             "|---|" + "---:|" * len(columns)]
    for name, value in classes.items():
        lines.append(f"| {name} | " + " | ".join(
            str(value.get(column, 0)) for column in columns) + " |")
    return lines


def all_speeds(runs):
    """The medians of all measurements, if there is more than one."""
    if len(runs) < 2:
        return []
    lines = ["", "Medians (us) of all measurements, each with the load average "
             "(of 1 minute) before it; above is the fastest:", "",
             "| benchmark | " + " | ".join(
                 f"{run['commit']}, {run['time']}, load {run['load']:.1f}"
                 for run in runs) + " |", "|---|" + "---:|" * len(runs)]
    for rows in zip(*(speed_rows(run["speed"]) for run in runs)):
        lines.append(f"| {rows[0][0]} | "
                     + " | ".join(f"{row[2]:.2f}" for row in rows) + " |")
    return lines


def markdown(report):
    lines = ["# The schedule verifier, tried", "",
             f"{report['date']}, commit {report['commit']}, "
             f"{report['processor']}, {report['cores']} cores, "
             f"{'reduced' if report['reduced'] else 'full'} size, "
             f"seed {report['seed']}. Made by `make experiment-verifier`; what "
             "the parts do: docs/ScheduleSpec.md, section 9.", ""]
    if any(part["commit"] != report["commit"] for part in report["parts"]):
        lines += ["Made up of several runs (`--keep`): each part is of the "
                  "commit in its row.", ""]
    lines += ["| part | commit | counted | verdicts | disagreements | "
              "seconds |", "|---|---|---|---|---:|---:|"]
    for result in report["parts"]:
        found = ("skipped: " + result["skipped"] if "skipped" in result else
                 result.get("error", disagreements(result)))
        lines.append(f"| {TITLES[result['part']]} | {result['commit']} | "
                     f"{flat(result.get('counts', {}))} | "
                     f"{flat(verdict_counts(result))} | {found} | "
                     f"{result['wall_seconds']} |")
    for result in report["parts"]:
        lines += class_table(result)
        if result.get("rules"):
            lines += ["", f"Rules seen in {TITLES[result['part']]}: "
                      + flat(result["rules"]) + "."]
        if result.get("control"):
            control = {key: value for key, value in result["control"].items()
                       if not isinstance(value, list)}
            lines += ["", "Control of " + TITLES[result["part"]]
                      + " (schedules that lack one wait): "
                      + flat(control) + "."]
    if report["speed"]:
        lines += ["", "## Speed", "",
                  f"Commit {report['speed_commit']}.", "",
                  "| benchmark | tasks | median us | deviation | us a task | "
                  "asked | |", "|---|---:|---:|---:|---:|---:|---|"]
        for name, tasks, median, spread, goal in speed_rows(report["speed"]):
            each = f"{median / tasks:.3f}" if tasks else ""
            asked = f"{goal}" if goal else ""
            met = "" if not goal else "met" if median <= goal else "MISSED"
            lines.append(f"| {name} | {tasks} | {median:.2f} | {spread:.2f} | "
                         f"{each} | {asked} | {met} |")
        lines += all_speeds(report["speed_runs"])
    return "\n".join(lines) + "\n"


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(__doc__.splitlines()[2:]))
    parser.add_argument("--reduced", action="store_true",
                        help="the sizes of `make check`; no speed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=PARTS + ["speed"],
                        default=PARTS + ["speed"], metavar="PART",
                        help="of " + ", ".join(PARTS + ["speed"]))
    parser.add_argument("--bin-dir", type=Path, metavar="DIR",
                        help="take programs from there, a build's bin, and "
                        "build none")
    parser.add_argument("--commit", help="that they are of (default: HEAD)")
    parser.add_argument("--keep", type=Path, metavar="FILE",
                        help="JSON report with the parts that are not run")
    parser.add_argument("--out", type=Path, metavar="PREFIX",
                        help="write PREFIX.json and PREFIX.md (full size: "
                        "docs/results/verifier-DATE)")
    return parser.parse_args()


def build(targets):
    subprocess.run(["ninja", "-C", str(BUILD), *targets], cwd=ROOT, check=True)


def with_kept(report, kept):
    """The report, with those parts of an earlier one that it does not have."""
    parts = {part["part"]: {"commit": kept["commit"], **part}
             for part in kept["parts"]}
    parts.update((part["part"], part) for part in report["parts"])
    report["parts"] = [parts[name] for name in PARTS if name in parts]
    earlier = kept.get("speed_runs", [])
    if earlier and not report["speed_runs"]:
        report["speed_commit"] = kept["speed_commit"]
    report["speed_runs"] = [run for run in earlier
                            if run["commit"] == report["speed_commit"]
                            ] + report["speed_runs"]


def make_report(arguments, work):
    wants_speed = "speed" in arguments.only and not arguments.reduced
    programs = arguments.bin_dir and arguments.bin_dir.resolve()
    if not programs:
        programs = BUILD / "bin"
        build(TARGETS + (["amk-schedule-bench"] if wants_speed else []))
    at = arguments.commit or commit()
    report = {"date": datetime.date.today().isoformat(), "commit": at,
              "processor": processor(), "cores": os.cpu_count(),
              "seed": arguments.seed, "reduced": arguments.reduced,
              "parts": [], "speed_commit": at, "speed_runs": [], "speed": []}
    sizes = REDUCED if arguments.reduced else FULL
    for name in PARTS:
        if name in arguments.only:
            result = run_part(name, sizes[name], arguments.seed, work, programs)
            report["parts"].append({**result, "part": name, "commit": at})
    if wants_speed:
        report["speed_runs"].append(
            {"commit": at, "time": f"{datetime.datetime.now():%H:%M}",
             "load": os.getloadavg()[0], "speed": run_speed(work, programs)})
    if arguments.keep:
        with_kept(report, json.loads(arguments.keep.read_text()))
    if report["speed_runs"]:
        report["speed"] = fastest(report["speed_runs"])["speed"]
    return report


def main():
    arguments = parse_arguments()
    work = BUILD / "experiment-verifier"
    work.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    report = make_report(arguments, work)
    parts = report["parts"]

    prefix = arguments.out or (work / "reduced" if arguments.reduced else
                               ROOT / f"docs/results/verifier-{report['date']}")
    prefix.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    prefix.with_suffix(".md").write_text(markdown(report))
    late = missed(report["speed"]) if report["speed"] else []
    good = sum(map(passed, parts))
    skipped = sum("skipped" in result for result in parts)
    print(f"\nexperiment: {time.monotonic() - start:.0f} s, written to "
          f"{prefix.with_suffix('.md')}")
    for name in late:
        print(f"experiment: {name} is slower than asked")
    failed = len(parts) - good
    print(f"{good - skipped} passed, {failed} failed, {skipped} skipped",
          flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
