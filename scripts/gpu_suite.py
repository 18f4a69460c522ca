#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prepares what a machine with a GPU needs to test and measure the kernel.

Leaves two directories, each also packed as DIR.tgz, with the tools in bin/:
  build/gpu-suite   to test: checkpoints and goldens in models/; in bundles/
                    cubins for sm_90a and PTX for others, which the driver
                    assembles; suite.json, the list for amk-gpu-model-test
  build/gpu-bench   to measure: bundles of full-size shapes, run with dummy
                    weights; bench.json, the list for gpu_device_suite.sh

Needs numpy. With torch and transformers it also records how far HuggingFace's
own bf16 run is from float32.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import make_random_checkpoint  # noqa: E402

MODELS = ROOT / "test" / "models"
TRAINED = "tiny-shakespeare"
TOOLS = ("amk-bench", "amk-run", "amk-doctor", "amk-gpu-model-test")
# Code objects of a bundle share the stage size of their rings. The last number
# is the share of the divergence of HuggingFace's bf16 that is allowed. Where it
# is small, greedy ids must be HuggingFace's: 16-bit activations alone part from
# them where two choices are close.
VARIANTS = (
    ("plain", ["sm_90a"], [], 1.0),
    ("hi-lo", ["sm_90a"], ["--hi-lo"], 0.2),
    ("counters", ["sm_90a"], ["--hi-lo", "--release-elements=1"], 0.2),
    ("ptx80", ["sm_80"], ["--hi-lo", "--ptxas=none"], 0.2),
    ("ptx86", ["sm_86", "sm_89"], ["--hi-lo", "--ptxas=none"], 0.2),
)
# Name, shape, positions to measure at, options of amk-compile.
BENCH = (
    ("llama-3.2-1b", "llama-3.2-1b", [31, 4095, 16383],
     ["--max-context", "16640"]),
    ("llama-3.2-1b-hi-lo", "llama-3.2-1b", [31],
     ["--max-context", "16640", "--hi-lo"]),
    ("llama-3.1-8b", "llama-3.1-8b", [31, 8191], ["--max-context", "8448"]),
    ("smollm2-135m", "smollm2-135m", [31], []),
)


def run(command):
    result = subprocess.run([str(part) for part in command],
                            capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}:\n{result.stderr}")
    return result.stdout


def compile_bundle(args, model, bundle, archs, options):
    """Seconds and amk-compile's report. Models with few rows get fewer workers:
    each must have a task before the head."""
    choices = [n for n in (args.workers, 64, 16) if n <= args.workers]
    for workers in choices:
        begin = time.monotonic()
        try:
            report = run([args.bin_dir / "amk-compile", model, "-o", bundle,
                          "--target=cuda", "--workers", workers,
                          "--arch=" + ",".join(archs), *options])
            return time.monotonic() - begin, report
        except RuntimeError as error:
            if workers == choices[-1] or "worker" not in str(error):
                raise


def bfloat_divergence(checkpoint, golden_dir):
    """Mean KL of HuggingFace in bf16 from HuggingFace in float32, over the
    positions of the goldens. None without torch and transformers."""
    try:
        import kl_divergence
        import numpy as np
    except ImportError as error:
        print(f"  no KL of HuggingFace's bf16: {error}")
        return None
    golden = json.loads((golden_dir / "golden.json").read_text())
    vocab = golden["vocab_size"]
    if "continuations" in golden:
        texts = [c["prompt_ids"] + c["ids"][:-1]
                 for c in golden["continuations"]]
        name = golden["continuation_logits"]["file"]
    else:
        texts = [golden["prompt_ids"] + golden["ids"][:-1]]
        name = golden["logits"]["file"]
    reference = np.fromfile(golden_dir / name, "<f4").reshape(-1, vocab)
    model = kl_divergence.load(checkpoint, "bfloat16", "cpu")
    rows = np.concatenate([kl_divergence.forward(model, ids)
                           for ids in texts])[:len(reference)]
    return float(kl_divergence.divergence(reference, rows).mean())


def add_model(args, name, source, suite):
    target = args.out / "models" / name
    target.mkdir(parents=True)
    for file in source.iterdir():
        shutil.copyfile(file, target / file.name)
    if not list(target.glob("*.safetensors")):
        make_random_checkpoint.make_checkpoint(source, target)
    variants = []
    for label, archs, options, share in VARIANTS:
        bundle = pathlib.Path("bundles") / f"{name}-{label}"
        try:
            seconds, _ = compile_bundle(args, target, args.out / bundle, archs,
                                        options + args.compile_option)
        except RuntimeError as error:
            suite["refused"].append({"name": name, "archs": archs,
                                     "message": str(error)})
            print(f"  {name} {label}: {str(error).strip().splitlines()[-1]}")
            continue
        print(f"  {name} {label}: {seconds:.1f} s", flush=True)
        variants.append({"label": label, "bundle": str(bundle),
                         "archs": archs, "kl_share": share,
                         "exact_ids": share < 1})
    is_trained = name == TRAINED
    suite["models"].append({
        "name": name, "weights": f"models/{name}",
        "golden": f"models/{name}/golden.json", "variants": variants,
        "runs": 100 if is_trained else 2, "broken": is_trained,
        "hf_bf16_mean_kl": bfloat_divergence(target, target)
        if is_trained else None,
    })


def add_bench(args, bench):
    for name, shape, positions, options in BENCH:
        if args.bench and name not in args.bench:
            continue
        bundle = pathlib.Path("bench") / name
        try:
            seconds, report = compile_bundle(
                args, MODELS / "shapes" / shape, args.bench_out / bundle,
                ["sm_90a", "sm_90a+trace"],
                ["--dummy-weights", *options, *args.compile_option])
        except RuntimeError as error:
            bench["refused"].append({"name": name, "message": str(error)})
            print(f"  {name}: {str(error).strip().splitlines()[-1]}")
            continue
        print(f"  {name}: {seconds:.1f} s", flush=True)
        # What the same weights give on the CPU, in float32, to compare with.
        reference = pathlib.Path("bench") / f"{shape}-cpu"
        if not (args.bench_out / reference).exists():
            run([args.bin_dir / "amk-compile", MODELS / "shapes" / shape, "-o",
                 args.bench_out / reference, "--target=cpu", "--cpu=x86-64-v3",
                 "--dummy-weights", "--workers", args.cpu_workers])
        bench["bundles"].append({
            "name": name, "reference": str(reference),
            "bundle": str(bundle), "positions": positions,
            "compile_seconds": seconds, "compile_report": report})


def start(args, directory):
    """Makes the directory anew, with the tools."""
    if directory.exists():
        shutil.rmtree(directory)
    (directory / "bin").mkdir(parents=True)
    for tool in TOOLS:
        target = directory / "bin" / tool
        shutil.copyfile(args.bin_dir / tool, target)
        target.chmod(0o755)
        subprocess.run(["strip", str(target)], check=False)


def pack(directory):
    packed = directory.with_suffix(".tgz")
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(directory, directory.name)
    print(f"{packed}: {packed.stat().st_size / 1e6:.1f} MB", flush=True)


def make_suite(args):
    start(args, args.out)
    names = args.models
    if names is None:
        names = [TRAINED] + sorted(
            path.parent.name
            for path in (MODELS / "random").glob("*/golden.json"))
    suite = {"workers": args.workers, "models": [], "refused": []}
    for name in names:
        source = MODELS / name
        add_model(args, name, source if source.exists()
                  else MODELS / "random" / name, suite)
    (args.out / "suite.json").write_text(json.dumps(suite, indent=1) + "\n")
    pack(args.out)
    # A refusal is a result and part of the suite; without any bundle there is
    # nothing to test.
    return any(model["variants"] for model in suite["models"])


def make_bench(args):
    start(args, args.bench_out)
    bench = {"bundles": [], "refused": []}
    add_bench(args, bench)
    (args.bench_out / "bench.json").write_text(
        json.dumps(bench, indent=1) + "\n")
    pack(args.bench_out)
    return bool(bench["bundles"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path,
                        default=ROOT / "build" / "gpu-suite")
    parser.add_argument("--bench-out", type=pathlib.Path,
                        default=ROOT / "build" / "gpu-bench")
    parser.add_argument("--bin-dir", type=pathlib.Path,
                        default=ROOT / "build" / "bin")
    parser.add_argument("--workers", type=int, default=132)
    parser.add_argument("--cpu-workers", type=int, default=16,
                        help="cores of the machine with the GPU")
    parser.add_argument("--models", nargs="*",
                        help="names (default: the trained and all random "
                        "checkpoints)")
    parser.add_argument("--bench", nargs="*",
                        help="names in BENCH (default: all)")
    parser.add_argument("--no-bench", action="store_true")
    parser.add_argument("--no-suite", action="store_true")
    parser.add_argument("--compile-option", action="append", default=[],
                        help="for every compilation, such as --hi-lo")
    args = parser.parse_args()
    complete = args.no_suite or make_suite(args)
    complete = (args.no_bench or make_bench(args)) and complete
    if not complete:
        sys.exit(1)


if __name__ == "__main__":
    main()
