#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures CPU decode of variants of one model and writes a results table.

For each variant: the correctness gate (the small checkpoint compiled with the
same options generates HuggingFace's ids), compile time, then decode time next
to the memory bandwidth that amk-run measures in the same run. Every variant is
measured in each of several rounds, in turn, so that a slow minute of the
machine does not fall on one of them; the table has the median of the rounds
and their spread.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
GATE = ROOT / "test" / "models" / "tiny-shakespeare"
VARIANTS = [
    ("default", [], []),
    ("64 steps per launch", [], ["--steps-per-launch", "64"]),
    ("1 worker", ["--workers", "1"], []),
    ("4 workers on 2 cores", ["--workers", "4"], []),
    ("tile of 2 rows", ["--tile-rows", "2"], []),
    ("tile of 8 rows", ["--tile-rows", "8"], []),
    ("no fusion", ["--fuse", "none"], []),
    ("exact counters", ["--sync", "exact"], []),
    ("2 splits of the context", ["--kv-splits", "2"], []),
]


def run(command):
    result = subprocess.run([str(part) for part in command],
                            capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"bench_cpu: {' '.join(map(str, command))} failed:\n"
                 f"{result.stderr}")
    return result.stdout


def compile_bundle(tools, model, bundle, options, dummy):
    command = [tools / "amk-compile", model, "-o", bundle, "--target=cpu",
               *options]
    if "--workers" not in options:
        command += ["--workers", str(os.cpu_count())]
    start = time.monotonic()
    run(command + (["--dummy-weights"] if dummy else []))
    return time.monotonic() - start


def gate_passes(tools, work, options):
    """The small checkpoint, compiled alike, gives HuggingFace's ids."""
    bundle = work / "gate"
    compile_bundle(tools, GATE, bundle, options, dummy=False)
    golden = json.loads((GATE / "golden.json").read_text())
    for text in golden["continuations"]:
        ids = run([tools / "amk-run", bundle, "--weights", GATE,
                   "--prompt-ids", ",".join(map(str, text["prompt_ids"])),
                   "-n", len(text["ids"])])
        if list(map(int, ids.split())) != text["ids"]:
            return False
    return True


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def commit():
    output = run(["git", "-C", ROOT, "describe", "--always", "--dirty"])
    return output.strip()


def table(report):
    lines = [
        f"# CPU decode, {report['model']}, {report['date']}",
        "",
        f"Machine: {report['processor']}, {report['cores']} cores. "
        f"Commit {report['commit']}. {report['rounds']} rounds, median (range). "
        "Written by `scripts/bench_cpu.py`.",
        "",
        "| variant | gate | us per token | % of bandwidth of the same run | "
        "bandwidth GB/s | compile s |",
        "|---|---|---:|---:|---:|---:|",
    ]

    def cell(values, digits):
        middle = statistics.median(values)
        return (f"{middle:.{digits}f} ({min(values):.{digits}f} to "
                f"{max(values):.{digits}f})")

    for row in report["variants"]:
        runs = row["runs"]
        lines.append(
            f"| {row['name']} | {'pass' if row['gate'] else 'FAIL'} | "
            f"{cell([r['us_per_token'] for r in runs], 0)} | "
            f"{cell([r['percent'] for r in runs], 1)} | "
            f"{cell([r['bandwidth'] for r in runs], 1)} | "
            f"{row['compile_s']:.2f} |")
    return "\n".join(lines) + "\n"


def measure(tools, bundle, options):
    report = json.loads(run([tools / "amk-run", bundle, "--dummy-weights", 1,
                             "--bench", "--json", *options]))
    return {"us_per_token": report["us_per_token_median"],
            "percent": report["percent_of_measured"],
            "bandwidth": report["measured_read_gb_per_second"], "full": report}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "test" /
                        "models" / "shapes" / "smollm2-135m",
                        help="directory with config.json (weights are dummies)")
    parser.add_argument("--bin-dir", type=pathlib.Path,
                        default=ROOT / "build" / "bin")
    parser.add_argument("--out", type=pathlib.Path,
                        default=ROOT / "docs" / "results")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        rows = []
        for i, (name, options, run_options) in enumerate(VARIANTS):
            seconds = compile_bundle(args.bin_dir, args.model, work / str(i),
                                     options, dummy=True)
            gate = gate_passes(args.bin_dir, work, options)
            rows.append({"name": name, "options": options + run_options,
                         "gate": gate, "compile_s": seconds, "runs": []})
        for _ in range(args.rounds):
            for i, (_, _, run_options) in enumerate(VARIANTS):
                rows[i]["runs"].append(
                    measure(args.bin_dir, work / str(i), run_options))

    date = datetime.date.today().isoformat()
    report = {"model": args.model.name, "date": date, "commit": commit(),
              "processor": processor(), "cores": os.cpu_count(),
              "rounds": args.rounds, "variants": rows}
    args.out.mkdir(parents=True, exist_ok=True)
    stem = args.out / f"cpu-{args.model.name}-{date}"
    stem.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    stem.with_suffix(".md").write_text(table(report))
    print(table(report))
    if not all(row["gate"] for row in rows):
        sys.exit("bench_cpu: the correctness gate failed")


if __name__ == "__main__":
    main()
