#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints what scripts/gpu_device_suite.sh left in OUT as Markdown tables.

  gpu_report.py SUITE OUT

Parts that did not run are named as missing.
"""

import datetime
import json
import pathlib
import re
import sys


def read(path):
    return json.loads(path.read_text()) if path.exists() else None


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def number(row, key, digits=1):
    return f"{row[key]:.{digits}f}" if row.get(key) is not None else ""


def small(row, key):
    return f"{row[key]:.2e}" if row.get(key) is not None else ""


def verdict(row):
    if "failure" in row:
        return "FAILED: " + row["failure"].replace("\n", " ")[:200]
    return "skipped: " + row["skipped"] if "skipped" in row else "passed"


def gates(suite, out):
    report = read(out / "gates.json")
    if report is None:
        return "missing\n"
    rows = []
    for row in report["results"]:
        broken = ""
        if "broken_seconds" in row:
            broken = (f"{row['broken_seconds']:.2f} s: "
                      f"{row['broken_report'][:120]}")
        rows.append([row["model"], f"{row['arch']} {row['variant']}",
                     verdict(row), row.get("texts_with_the_same_ids", ""),
                     row.get("positions", ""), small(row, "max_error"),
                     small(row, "mean_kl"), small(row, "hf_bf16_mean_kl"),
                     row.get("runs_with_the_same_bits", ""), broken])
    for row in (read(suite / "suite.json") or {}).get("refused", []):
        message = row["message"].strip().splitlines()[-1][:160]
        rows.append([row["name"], ", ".join(row["archs"]),
                     "refused: " + message] + [""] * 7)
    return table(["model", "code", "gate", "texts with HF's ids", "positions", "largest error",
                  "mean KL", "mean KL of HF bf16", "equal runs",
                  "broken schedule"], rows)


def divergence(out):
    report = read(out / "kl.json")
    if report is None:
        return "missing\n"
    rows = [[row["name"], row["positions"], small(row, "mean_kl"),
             small(row, "max_kl"), small(row, "median_of_largest"),
             row["same_choice"]] for row in report["results"]]
    return (f"KL divergence to {report['reference']}, {report['model']} with "
            "dummy weights.\n\n"
            + table(["logits", "positions", "mean", "largest",
                     "median of the largest tenth", "same choice"], rows))


def bench(out):
    rows = []
    for path in sorted(out.glob("bench-*.json")):
        for result in read(path)["results"]:
            gate = result["gate"]
            name = pathlib.Path(result["bundle"]).name
            for row in result["measurements"]:
                rows.append([
                    name, row["position"], row["steps_per_launch"],
                    number(row, "us_per_token_median"),
                    number(row, "us_per_token_p10"),
                    number(row, "us_per_token_p90"),
                    number(row, "kernel_us_per_token_median"),
                    number(row, "floor_us_per_token"),
                    number(row, "gb_per_second"),
                    number(row, "percent_of_measured_bandwidth"),
                    number(row, "tokens_per_second"),
                    number(result["read_bandwidth"], "gb_per_second_median"),
                    ("passed" if gate["passed"] else "FAILED")
                    + (f", row error {gate['max_relative_error']:.1e}"
                       if "max_relative_error" in gate
                       else ", timing only")])
    if not rows:
        return "missing\n"
    return table(["model", "position", "steps a launch", "us a token", "p10",
                  "p90", "kernel us", "floor us", "GB/s", "% of read",
                  "tokens/s", "read GB/s", "gate"], rows)


def peers(out):
    report = read(out / "peers.json")
    if report is None:
        return "missing\n"
    own = {}
    for path in out.glob("bench-*.json"):
        for result in read(path)["results"]:
            name = pathlib.Path(result["bundle"]).name
            for row in result["measurements"]:
                key = name, row["position"]
                own[key] = min(own.get(key, 1e30), row["us_per_token_median"])
    rows = []
    for row in report["results"]:
        if "error" in row:
            rows.append([row["model"], row["position"], row["peer"],
                         "failed: " + row["error"].splitlines()[0][:80], ""])
            continue
        ours = own.get((row["model"], row["position"]))
        ratio = f"{row['us_per_token_median'] / ours:.2f}" if ours else ""
        rows.append([row["model"], row["position"], row["peer"],
                     number(row, "us_per_token_median"), ratio])
    return (f"PyTorch {report['torch']}, {report['compile_mode']}.\n\n"
            + table(["model", "position", "peer", "us a token",
                     "times ours"], rows))


def sanitizer(out):
    rows = []
    for tool in ("memcheck", "initcheck", "racecheck"):
        path = out / f"sanitizer-{tool}.txt"
        if not path.exists():
            rows.append([tool, "missing", ""])
            continue
        text = path.read_text(errors="replace")
        found = re.findall(r"(?:ERROR|RACECHECK) SUMMARY: (.*)", text)
        status = re.findall(r"exit status (\d+)", text)
        rows.append([tool, "; ".join(found) or "no summary",
                     status[-1] if status else ""])
    return table(["tool", "summary", "exit status"], rows)


def compile_times(suite):
    rows = [[row["name"], f"{row['compile_seconds']:.1f}"]
            for row in (read(suite / "bench.json") or {}).get("bundles", [])]
    return (table(["model", "seconds to two cubins (one with trace)"], rows)
            if rows else "missing\n")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: gpu_report.py SUITE OUT")
    suite, out = map(pathlib.Path, sys.argv[1:])
    report = read(out / "gates.json") or {}
    print(f"# GPU suite, {report.get('device', 'unknown device')}, "
          f"{datetime.date.today().isoformat()}\n")
    print("Written by `scripts/gpu_report.py`.\n")
    for title, text in (("Gates", gates(suite, out)), ("Decode", bench(out)),
                        ("Divergence", divergence(out)),
                        ("Peers", peers(out)), ("Sanitizer", sanitizer(out)),
                        ("Compile time", compile_times(suite))):
        print(f"## {title}\n\n{text}")


if __name__ == "__main__":
    main()
