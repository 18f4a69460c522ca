#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures what PyTorch reaches on the same GPU, for ratios.

Peers, each one complete decode step of batch 1 with random bf16 weights at a
fixed position, replayed as a CUDA graph (one launch from the host):

  linears    only the linear layers (fused qkv and gate/up) through cuBLAS
  eager      all of the step, PyTorch's own kernels
  compile    the same through torch.compile

Attention reads a cache of exactly `position` + 1 tokens, so nothing is lost to
padding. The JSON has the fields of amk-bench. On a machine without a GPU,
--device cpu runs the same code without graphs, to see that it works.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHAPES = ROOT / "test" / "models" / "shapes"
PEERS = ("linears", "eager", "compile")


class Shape:
    def __init__(self, config):
        self.layers = config["num_hidden_layers"]
        self.hidden = config["hidden_size"]
        self.inner = config["intermediate_size"]
        self.heads = config["num_attention_heads"]
        self.kv_heads = config.get("num_key_value_heads") or self.heads
        self.dim = config.get("head_dim") or self.hidden // self.heads
        self.vocab = config["vocab_size"]
        self.epsilon = config["rms_norm_eps"]

    def weight_bytes(self):
        """Of the matrices that a step reads whole."""
        rows = (self.heads + 2 * self.kv_heads) * self.dim
        layer = self.hidden * (rows + self.heads * self.dim + 3 * self.inner)
        return 2 * (self.layers * layer + self.vocab * self.hidden)

    def kv_bytes(self, position):
        return (2 * 2 * self.layers * self.kv_heads * self.dim
                * (position + 1))


class Llama:
    """Weights, cache and one step of a plain Llama."""

    def __init__(self, shape, position, device):
        self.shape, self.position = shape, position
        generator = torch.Generator(device=device).manual_seed(1)

        def matrix(rows, columns):
            values = torch.empty(rows, columns, dtype=torch.bfloat16,
                                 device=device)
            return values.normal_(0, columns ** -0.5, generator=generator)

        query, key = shape.heads * shape.dim, shape.kv_heads * shape.dim
        ones = torch.ones(shape.hidden, dtype=torch.bfloat16, device=device)
        self.embedding = matrix(shape.vocab, shape.hidden)
        self.norm = ones
        self.layers = []
        for _ in range(shape.layers):
            cache = [matrix(position + 1, key).view(
                1, position + 1, shape.kv_heads, shape.dim).transpose(1, 2)
                .contiguous() for _ in range(2)]
            self.layers.append({
                "qkv": matrix(query + 2 * key, shape.hidden),
                "o": matrix(shape.hidden, query),
                "gate_up": matrix(2 * shape.inner, shape.hidden),
                "down": matrix(shape.hidden, shape.inner),
                "norm1": ones.clone(), "norm2": ones.clone(),
                "key": cache[0], "value": cache[1],
            })
        angles = position / 10000 ** (
            torch.arange(0, shape.dim, 2, device=device) / shape.dim)
        angles = torch.cat((angles, angles))
        self.cos, self.sin = angles.cos().bfloat16(), angles.sin().bfloat16()
        self.token = torch.zeros(1, dtype=torch.long, device=device)
        self.inputs = {size: matrix(1, size) for size in
                       (shape.hidden, query, shape.inner)}

    def linears(self):
        shape = self.shape
        narrow = self.inputs[shape.hidden]
        for layer in self.layers:
            F.linear(narrow, layer["qkv"])
            F.linear(self.inputs[shape.heads * shape.dim], layer["o"])
            F.linear(narrow, layer["gate_up"])
            F.linear(self.inputs[shape.inner], layer["down"])
        return F.linear(narrow, self.embedding)

    def rms_norm(self, x, weight):
        return F.rms_norm(x, (x.shape[-1],), weight, self.shape.epsilon)

    def rotate(self, x):
        half = self.shape.dim // 2
        turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
        return x * self.cos + turned * self.sin

    def attention(self, layer, x):
        shape = self.shape
        qkv = F.linear(x, layer["qkv"]).view(1, -1, 1, shape.dim)
        query, key, value = qkv.split(
            (shape.heads, shape.kv_heads, shape.kv_heads), dim=1)
        layer["key"][:, :, self.position] = self.rotate(key)[:, :, 0]
        layer["value"][:, :, self.position] = value[:, :, 0]
        out = F.scaled_dot_product_attention(
            self.rotate(query), layer["key"], layer["value"],
            enable_gqa=shape.heads != shape.kv_heads)
        return F.linear(out.reshape(1, -1), layer["o"])

    def step(self):
        x = F.embedding(self.token, self.embedding)
        for layer in self.layers:
            x = x + self.attention(layer, self.rms_norm(x, layer["norm1"]))
            gate, up = F.linear(self.rms_norm(x, layer["norm2"]),
                                layer["gate_up"]).chunk(2, dim=-1)
            x = x + F.linear(F.silu(gate) * up, layer["down"])
        logits = F.linear(self.rms_norm(x, self.norm), self.embedding)
        self.token.copy_(logits.argmax(dim=-1))
        return logits


def time_cpu(function, samples):
    times = []
    for _ in range(samples):
        begin = time.perf_counter()
        function()
        times.append((time.perf_counter() - begin) * 1e6)
    return times


def time_graph(function, samples):
    """Microseconds of each replay, by events."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            function()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        function()
    for _ in range(10):
        graph.replay()
    events = [(torch.cuda.Event(enable_timing=True),
               torch.cuda.Event(enable_timing=True)) for _ in range(samples)]
    for begin, end in events:
        begin.record()
        graph.replay()
        end.record()
    torch.cuda.synchronize()
    return [begin.elapsed_time(end) * 1e3 for begin, end in events]


def measure(model, peer, args):
    if peer == "linears":
        function = model.linears
    elif peer == "eager":
        function = model.step
    else:
        function = torch.compile(model.step, fullgraph=True, dynamic=False,
                                 mode=args.compile_mode)
    with torch.inference_mode():
        if args.device == "cpu":
            function()
            return time_cpu(function, args.samples)
        return time_graph(function, args.samples)


def describe(name, peer, position, shape, times):
    times = sorted(times)
    median = statistics.median(times)
    kv = 0 if peer == "linears" else shape.kv_bytes(position)
    return {
        "model": name, "peer": peer, "position": position,
        "us_per_token_median": median,
        "us_per_token_p10": times[int(0.1 * len(times))],
        "us_per_token_p90": times[min(len(times) - 1, int(0.9 * len(times)))],
        "us_per_token_samples": len(times),
        "weight_bytes_per_token": shape.weight_bytes(),
        "kv_bytes_per_token": kv,
        "gb_per_second": (shape.weight_bytes() + kv) / median * 1e-3,
        "tokens_per_second": 1e6 / median,
    }


def parse_cases(text):
    """"llama-3.2-1b:31,4096 smollm2-135m:31" -> [(name, position)]"""
    cases = []
    for part in text.split():
        name, _, positions = part.partition(":")
        cases += [(name, int(p)) for p in (positions or "31").split(",")]
    return cases


def load_shape(name):
    path = pathlib.Path(name)
    if not path.exists():
        path = SHAPES / name
    return Shape(json.loads((path / "config.json").read_text()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", default="llama-3.2-1b:31,4096,16384 "
                        "llama-3.1-8b:31,8192 smollm2-135m:31",
                        help="MODEL:POSITION,... (of test/models/shapes, or a "
                        "directory with a config.json)")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--compile-mode",
                        default="max-autotune-no-cudagraphs")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--output", type=pathlib.Path)
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        sys.exit("bench_peers: no CUDA device; --device cpu only shows that "
                 "the code runs")

    report = {"torch": torch.__version__, "compile_mode": args.compile_mode,
              "device": torch.cuda.get_device_name()
              if args.device == "cuda" else "cpu", "results": []}
    for name, position in parse_cases(args.cases):
        shape = load_shape(name)
        model = Llama(shape, position, args.device)
        for peer in args.peers.split(","):
            if peer not in PEERS:
                sys.exit(f"bench_peers: unknown peer {peer}")
            begin = time.monotonic()
            try:
                times = measure(model, peer, args)
            except Exception as error:  # one peer must not take the others
                report["results"].append({"model": name, "peer": peer,
                                          "position": position,
                                          "error": str(error)[:500]})
                print(f"{name} {position} {peer}: {error}", file=sys.stderr)
                continue
            row = describe(name, peer, position, shape, times)
            row["seconds_to_measure"] = time.monotonic() - begin
            report["results"].append(row)
            print(f"{name:16} {position:6} {peer:8} "
                  f"{row['us_per_token_median']:10.1f} us "
                  f"{row['gb_per_second']:8.1f} GB/s", flush=True)
            if args.output:
                args.output.write_text(json.dumps(report, indent=1) + "\n")
        del model
        torch.compiler.reset()
        if args.device == "cuda":
            torch.cuda.empty_cache()
    if all("error" in row for row in report["results"]):
        sys.exit("bench_peers: no peer ran")


if __name__ == "__main__":
    main()
