#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Real lowerings: schedules that the compiler makes, accepted and run.

Places the models of test/models in many ways. The verifier must accept every
schedule, in the compiler and in the bundle. Those with few workers also run on
the CPU, without and with delays at waits and signals (lib/Runtime/Delays.h):
all runs of a schedule, and all schedules with the same arithmetic, must give
the same logits, bit by bit. The control is schedules that lack one wait.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import compiling
import dropped
import executing
import grid

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parents[1] / "models"
# The share of refused schedules without a wait that must go wrong in a run.
LEAST_SHOWN = 0.5
# Placed and verified only, for each schedule that runs.
PLACED_SHARE = 1 / 6
# Of the schedules that run, one in so many loses a wait.
DROP_ONE_IN = 2


def find_models():
    """Name -> (directory, has weights)."""
    models = {path.parent.name: (path.parent, False)
              for path in sorted((MODELS / "random").glob("*/config.json"))}
    models["tiny-shakespeare"] = (MODELS / "tiny-shakespeare", True)
    return models


class References:
    """The first logits of every kind of arithmetic."""

    def __init__(self):
        self.lock = threading.Lock()
        self.first = {}
        self.compared = 0

    def compare(self, config, outcome):
        """None, or the configuration that computed something else."""
        digest = hashlib.sha256(outcome.logits).digest()
        with self.lock:
            first, expected = self.first.setdefault(config.arithmetic(),
                                                    (config, digest))
            self.compared += first is not config
        return None if digest == expected else first


class Experiment:
    def __init__(self, bin_dir, scratch, dump):
        models = find_models()
        self.bin_dir = bin_dir
        self.scratch = scratch
        self.dump = dump
        self.compiler = compiling.Compiler(bin_dir, models, scratch)
        self.executor = executing.Executor(bin_dir, models)
        self.dropped = dropped.DroppedWaits(self.executor)
        self.references = References()

    def check(self, number, config, seed, executed):
        """One schedule; a record of what was found."""
        record = {"config": config.as_dict(), "disagreements": []}
        bundle = self.scratch / f"schedule{number}"
        rng = random.Random(f"{seed} {number}")
        try:
            self.compiler.compile(config, bundle)
            self.verify(number, bundle)
            if executed:
                self.execute(rng, config, bundle, record)
                if number % DROP_ONE_IN == 0 and config.workers > 1:
                    self.drop(rng, config, bundle, record)
        except (compiling.Refused, subprocess.TimeoutExpired) as error:
            record["disagreements"].append(f"refused: {error}")
        finally:
            self.clean_up(number, bundle, record)
        return record

    def verify(self, number, bundle):
        """The bundle's tables, apart from any IR."""
        tool = self.bin_dir / "amk-verify"
        program = compiling.succeed([tool, "--dump-json", bundle])
        if self.dump:
            (self.dump / f"lowering{number:04}.json").write_text(program)
        compiling.succeed([tool, bundle])

    def verify_stored(self):
        """The programs kept beside this file; those that are not accepted."""
        programs = sorted((HERE / "programs").glob("*.json"))
        if not programs:
            raise FileNotFoundError(f"{HERE / 'programs'}: found no programs")
        results = {path.name: compiling.call([self.bin_dir / "amk-verify",
                                              path]) for path in programs}
        return len(programs), [
            {"program": name, "what": f"refused: {result.stderr}"}
            for name, result in results.items() if result.returncode]

    def execute(self, rng, config, bundle, record):
        quiet = self.executor.run(config, bundle)
        if quiet.status or not quiet.logits:
            raise compiling.Refused(quiet.errors)
        record["quiet"] = quiet
        other = self.references.compare(config, quiet)
        if other:
            record["disagreements"].append(
                f"logits differ from those of {other}")
        record["seeds"] = [executing.delay_seed(rng, mode)
                           for mode in executing.MODES]
        for delays in record["seeds"]:
            found = self.executor.run(config, bundle, delays)
            if found != quiet:
                record["disagreements"].append(
                    f"AMK_TEST_DELAYS={delays}: "
                    f"{dropped.how(found, quiet)}")

    def drop(self, rng, config, bundle, record):
        record["dropped"] = self.dropped.check(rng, config, bundle,
                                               record["quiet"])
        if record["dropped"]["class"] == "accepted: different":
            record["disagreements"].append(
                f"accepted without a wait, but not the same: "
                f"{record['dropped']}")

    def clean_up(self, number, bundle, record):
        """Keeps what a disagreement is about, if there is a place for it."""
        record.pop("quiet", None)
        for path in self.scratch.glob(f"{bundle.name}*"):
            if path.name.split(".")[0] != bundle.name:
                continue
            if record["disagreements"] and self.dump:
                kept = self.dump / "disagreements"
                kept.mkdir(exist_ok=True)
                shutil.move(path, kept / path.name)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def control(records):
    """What became of the schedules without a wait."""
    found = [record["dropped"] for record in records if "dropped" in record]
    classes = collections.Counter(one["class"] for one in found)
    refused = sum(count for name, count in classes.items()
                  if name.startswith("refused"))
    shown = refused - classes["refused: not shown"]
    return {
        "dropped": len(found), "refused": refused, "shown": shown,
        "shown_percent": round(100 * shown / refused, 1) if refused else None,
        "shown_without_delays": sum(one.get("shown_without_delays", False)
                                    for one in found),
        "classes": {name: classes[name] for name in dropped.CLASSES},
        "shown_by": collections.Counter(
            mode for one in found for mode in one.get("shown_by", ())),
        # Mostly gates, whose early look at the stop flag changes no logits.
        "not_shown": [
            {**record["dropped"], "config": record["config"]}
            for record in records
            if record.get("dropped", {}).get("class") == "refused: not shown"],
        "how": collections.Counter(one["how"].split(":")[0] for one in found
                                   if one["class"] == "refused: shown"),
        "rules": collections.Counter(rule for one in found
                                     for rule in one.get("rules", []))}


def result_of(arguments, executed, placed, records, experiment, begin):
    stored, disagreements = experiment.verify_stored()
    disagreements += [
        {"what": what, "schedule": number, "config": record["config"]}
        for number, record in enumerate(records)
        for what in record["disagreements"]]
    negative = control(records)
    if negative["refused"] and negative["shown"] < (LEAST_SHOWN
                                                    * negative["refused"]):
        disagreements.append({"what": "the control: too few schedules without "
                                      "a wait went wrong"})
    refused = sum(any(what.startswith("refused") for what
                      in record["disagreements"]) for record in records)
    return {
        "name": "lowerings", "seed": arguments.seed,
        "counts": {
            "schedules": len(records), "executed": len(executed),
            "placed_and_verified_only": len(placed),
            "delayed_runs": sum(len(record.get("seeds", []))
                                for record in records),
            "stored_programs": stored,
            "kinds_of_arithmetic": len(experiment.references.first),
            "compared_with_another_schedule": experiment.references.compared},
        "verdicts": {"accepted": len(records) - refused, "refused": refused},
        "control": negative,
        "disagreements": len(disagreements),
        "disagreement_list": disagreements[:100],
        "executed_grid": grid.coverage(executed),
        "placed_grid": grid.coverage(placed),
        "seconds": round(time.monotonic() - begin, 1)}


def summarize(result):
    counts, negative = result["counts"], result["control"]
    print(f"lowerings: {counts['schedules']} schedules, "
          f"{result['verdicts']['accepted']} accepted; {counts['executed']} "
          f"executed, {counts['delayed_runs']} runs with delays; "
          f"{counts['compared_with_another_schedule']} compared with another "
          f"schedule of the same arithmetic")
    print(f"control: {negative['dropped']} schedules without a wait, "
          f"{negative['refused']} refused, {negative['shown']} of them went "
          f"wrong under delays ({negative['shown_percent']} %), "
          f"{negative['shown_without_delays']} in one run without delays; "
          f"by mode {dict(negative['shown_by'])}")
    for one in result["disagreement_list"][:10]:
        print(f"DISAGREEMENT {json.dumps(one)}")
    print(f"{result['disagreements']} disagreements, "
          f"{result['seconds']} seconds")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=600,
                        help="schedules to execute")
    parser.add_argument("--out", type=pathlib.Path, required=True,
                        help="result file")
    parser.add_argument("--build-dir", type=pathlib.Path, required=True)
    parser.add_argument("--dump", type=pathlib.Path,
                        help="folder for the programs, and for disagreements")
    # Most runs sleep most of the time.
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 2))
    return parser.parse_args()


def run_all(pool, experiment, executed, placed, seed):
    """The records, in the order of the configurations."""
    configs = executed + placed
    # The first of each group before the others, which use its machine code.
    order = sorted(range(len(configs)), key=lambda i: (i % grid.GROUP, i))
    futures = {i: pool.submit(experiment.check, i, configs[i], seed,
                              i < len(executed)) for i in order}
    return [futures[i].result() for i in range(len(configs))]


def main():
    arguments = parse_arguments()
    begin = time.monotonic()
    if arguments.dump:
        arguments.dump.mkdir(parents=True, exist_ok=True)
    rng = random.Random(arguments.seed)
    names = list(find_models())
    executed = grid.sample(rng, names, grid.EXECUTED_WORKERS, arguments.count)
    placed = grid.sample(rng, names, grid.PLACED_WORKERS,
                         max(1, round(arguments.count * PLACED_SHARE)))
    with tempfile.TemporaryDirectory(prefix="amk-lowerings-") as scratch:
        experiment = Experiment(arguments.build_dir.resolve() / "bin",
                                pathlib.Path(scratch), arguments.dump)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            records = run_all(pool, experiment, executed, placed,
                              arguments.seed)
    result = result_of(arguments, executed, placed, records, experiment, begin)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    summarize(result)
    return 1 if result["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
