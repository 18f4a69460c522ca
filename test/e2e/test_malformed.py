# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Malformed checkpoints, bundles and command lines.

Each must end with an error status, no crash, and one error line that names the
file or field.
"""

import json
import resource
import shutil
import struct

import pytest

# The smallest of the models: a copy per case costs nothing.
BASE = "tiny-vocab17-one-head"
SHARDED = "sharded-bf16"
HEADER = struct.Struct("<Q")
QUERY = "model.layers.0.self_attn.q_proj.weight"


def assert_one_error(result, tool, *words):
    """No signal, one error line, all words in it."""
    text = result.stderr
    assert result.returncode > 0, f"status {result.returncode}\n{text}"
    assert result.returncode < 126, f"status {result.returncode}\n{text}"
    prefix = f"{tool}: error: "
    lines = [line for line in text.splitlines() if line.startswith(prefix)]
    assert len(lines) == 1, text
    for word in words:
        assert word in lines[0], f"no {word!r} in: {lines[0]}"
    assert len(lines[0]) < 2000


# --- Checkpoints: the weights ------------------------------------------------


def read_weights(directory):
    data = (directory / "model.safetensors").read_bytes()
    length = HEADER.unpack_from(data)[0]
    return json.loads(data[8:8 + length]), data[8 + length:]


def write_weights(directory, header, data):
    text = header if isinstance(header, bytes) else json.dumps(
        header).encode("utf-8")
    (directory / "model.safetensors").write_bytes(
        HEADER.pack(len(text)) + text + data)


def edit_entry(**changes):
    """Replaces fields of the query projection's entry."""
    def mutate(directory):
        header, data = read_weights(directory)
        header[QUERY].update(changes)
        write_weights(directory, header, data)
    return mutate


def edit_offsets(change):
    def mutate(directory):
        header, data = read_weights(directory)
        entry = header[QUERY]
        entry["data_offsets"] = change(*entry["data_offsets"])
        write_weights(directory, header, data)
    return mutate


def edit_header(change):
    def mutate(directory):
        header, data = read_weights(directory)
        write_weights(directory, change(header), data)
    return mutate


def edit_bytes(change):
    def mutate(directory):
        path = directory / "model.safetensors"
        path.write_bytes(change(path.read_bytes()))
    return mutate


def drop_last_tensor(directory):
    header, data = read_weights(directory)
    header.pop("__metadata__")
    name = max(header, key=lambda n: header[n]["data_offsets"][0])
    begin = header.pop(name)["data_offsets"][0]
    write_weights(directory, header, data[:begin])


def add_tensor(name):
    def mutate(directory):
        header, data = read_weights(directory)
        header[name] = {"dtype": "F32", "shape": [1],
                        "data_offsets": [len(data), len(data) + 4]}
        write_weights(directory, header, data + bytes(4))
    return mutate


def rename_tensor(old, new):
    return edit_header(lambda header: {
        new if name == old else name: entry for name, entry in header.items()})


WEIGHTS = "model.safetensors"
WEIGHT_CASES = {
    "truncated": (edit_bytes(lambda b: b[:-100]), [WEIGHTS]),
    "empty-file": (edit_bytes(lambda b: b""), [WEIGHTS]),
    "seven-bytes": (edit_bytes(lambda b: b[:7]), [WEIGHTS]),
    "header-cut": (edit_bytes(lambda b: b[:40]), [WEIGHTS]),
    "header-length-0": (edit_bytes(lambda b: bytes(8) + b[8:]), [WEIGHTS]),
    "header-length-huge": (
        edit_bytes(lambda b: HEADER.pack(1 << 40) + b[8:]), [WEIGHTS]),
    "header-length-negative": (
        edit_bytes(lambda b: b"\xff" * 8 + b[8:]), [WEIGHTS]),
    "header-not-json": (edit_header(lambda h: b"{nonsense"), [WEIGHTS]),
    "header-array": (edit_header(lambda h: b"[]"), [WEIGHTS]),
    "header-not-utf8": (edit_header(lambda h: b'{"\xff\xfe": 1}'), [WEIGHTS]),
    "header-deep": (edit_header(lambda h: b'{"a":' + b"[" * 100000), [WEIGHTS]),
    "header-duplicate-key": (edit_header(
        lambda h: json.dumps(h).encode()[:-1] + b',"' + QUERY.encode()
        + b'":' + json.dumps(h[QUERY]).encode() + b"}"), [WEIGHTS, QUERY]),
    "trailing-bytes": (edit_bytes(lambda b: b + bytes(16)), [WEIGHTS]),
    "entry-not-object": (
        edit_header(lambda h: {**h, QUERY: 3}), [WEIGHTS, QUERY]),
    "entry-unknown-key": (
        edit_entry(strides=[1, 2]), [WEIGHTS, QUERY, "strides"]),
    "dtype-unknown": (edit_entry(dtype="I64"), [WEIGHTS, QUERY, "dtype"]),
    "dtype-number": (edit_entry(dtype=7), [WEIGHTS, QUERY, "dtype"]),
    "dtype-of-other-size": (edit_entry(dtype="F16"), [WEIGHTS, QUERY]),
    "shape-not-of-the-config": (
        edit_entry(shape=[32, 128]), [WEIGHTS, QUERY, "shape"]),
    "shape-negative": (edit_entry(shape=[-64, -64]), [WEIGHTS, QUERY, "shape"]),
    "shape-fraction": (edit_entry(shape=[64.5, 64]), [WEIGHTS, QUERY, "shape"]),
    "shape-text": (edit_entry(shape="64x64"), [WEIGHTS, QUERY, "shape"]),
    "shape-overflow": (
        edit_entry(shape=[1 << 40, 1 << 40]), [WEIGHTS, QUERY, "shape"]),
    "shape-rank": (edit_entry(shape=[4096]), [WEIGHTS, QUERY, "shape"]),
    "shape-missing": (
        edit_header(lambda h: {**h, QUERY: {
            k: v for k, v in h[QUERY].items() if k != "shape"}}),
        [WEIGHTS, QUERY, "shape"]),
    "offsets-beyond-file": (
        edit_offsets(lambda a, b: [a + (1 << 30), b + (1 << 30)]),
        [WEIGHTS, QUERY]),
    "offsets-overflow": (
        edit_offsets(lambda a, b: [(1 << 63), (1 << 63) + b - a]),
        [WEIGHTS, QUERY]),
    "offsets-reversed": (edit_offsets(lambda a, b: [b, a]), [WEIGHTS, QUERY]),
    "offsets-negative": (
        edit_offsets(lambda a, b: [-8, b]), [WEIGHTS, QUERY]),
    "offsets-overlap": (
        edit_offsets(lambda a, b: [a - 16, b - 16]), [WEIGHTS, QUERY]),
    "offsets-of-three": (
        edit_offsets(lambda a, b: [a, b, b]), [WEIGHTS, QUERY]),
    "tensor-missing": (drop_last_tensor, ["lm_head.weight"]),
    "tensor-unexpected": (
        add_tensor("model.layers.0.extra.weight"),
        [WEIGHTS, "model.layers.0.extra.weight"]),
    "tensor-of-a-further-layer": (
        add_tensor("model.layers.1.input_layernorm.weight"),
        [WEIGHTS, "model.layers.1.input_layernorm.weight"]),
    "tensor-renamed": (rename_tensor(QUERY, QUERY + "s"), [QUERY]),
    "bias-without-config": (
        add_tensor("model.layers.0.self_attn.q_proj.bias"),
        ["model.layers.0.self_attn.q_proj.bias"]),
}


# --- Checkpoints: shards -----------------------------------------------------

INDEX = "model.safetensors.index.json"
SHARDS = [f"model-{i:05d}-of-00003.safetensors" for i in (1, 2, 3)]


def edit_index(change):
    def mutate(directory):
        path = directory / INDEX
        index = json.loads(path.read_text())
        change(index["weight_map"])
        path.write_text(json.dumps(index))
    return mutate


def write_index(text):
    return lambda directory: (directory / INDEX).write_text(text)


SHARD_CASES = {
    "index-not-json": (write_index("{"), [INDEX]),
    "index-array": (write_index("[]"), [INDEX]),
    "index-without-map": (write_index('{"metadata": {}}'),
                          [INDEX, "weight_map"]),
    "index-map-of-numbers": (write_index('{"weight_map": {"a": 1}}'), [INDEX]),
    "index-omits-a-tensor": (
        edit_index(lambda m: m.pop(QUERY)), [QUERY]),
    "index-names-another-tensor": (
        edit_index(lambda m: m.update({"ghost.weight": SHARDS[0]})),
        ["ghost.weight"]),
    "index-names-the-wrong-shard": (
        edit_index(lambda m: m.update({QUERY: SHARDS[2]})), [QUERY]),
    "index-names-a-missing-file": (
        edit_index(lambda m: m.update({
            name: "model-x.safetensors" for name, file in m.items()
            if file == SHARDS[0]})), ["model-x.safetensors"]),
    "index-leaves-the-directory": (
        edit_index(lambda m: m.update({QUERY: "../secret.safetensors"})),
        ["../secret.safetensors"]),
    "shard-missing": (lambda d: (d / SHARDS[1]).unlink(), [SHARDS[1]]),
    "shard-truncated": (
        lambda d: (d / SHARDS[1]).write_bytes(
            (d / SHARDS[1]).read_bytes()[:-2]), [SHARDS[1]]),
    "shards-beside-a-single-file": (
        lambda d: shutil.copyfile(d / SHARDS[0], d / WEIGHTS),
        [WEIGHTS]),
    "no-weights": (lambda d: (d / INDEX).unlink(), [WEIGHTS]),
}


# --- Checkpoints: the configuration ------------------------------------------


def edit_config(**changes):
    def mutate(directory):
        path = directory / "config.json"
        config = json.loads(path.read_text())
        for key, value in changes.items():
            if value is None:
                config.pop(key)
            else:
                config[key] = value
        path.write_text(json.dumps(config))
    return mutate


def replace_in_config(old, new):
    """For what json.dumps does not write."""
    def mutate(directory):
        path = directory / "config.json"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    return mutate


def write_generation_config(value):
    return lambda directory: (directory / "generation_config.json").write_text(
        value if isinstance(value, str) else json.dumps(value))


def llama3(**changes):
    scaling = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
               "high_freq_factor": 4.0,
               "original_max_position_embeddings": 64, **changes}
    return edit_config(rope_scaling={k: v for k, v in scaling.items()
                                     if v is not None})


CONFIG = "config.json"
CONFIG_CASES = {
    "config-missing": (lambda d: (d / CONFIG).unlink(), [CONFIG]),
    "config-empty": (lambda d: (d / CONFIG).write_text(""), [CONFIG]),
    "config-cut": (lambda d: (d / CONFIG).write_text('{"hidden_size": 6'),
                   [CONFIG]),
    "config-array": (lambda d: (d / CONFIG).write_text("[]"), [CONFIG]),
    "config-directory": (
        lambda d: ((d / CONFIG).unlink(), (d / CONFIG).mkdir()), [CONFIG]),
    "config-duplicate-key": (
        replace_in_config('"hidden_size": 64', '"hidden_size": 64, '
                          '"hidden_size": 64'), [CONFIG, "hidden_size"]),
    "unknown-key": (edit_config(frobnication=True), [CONFIG, "frobnication"]),
    "quantization": (
        edit_config(quantization_config={"quant_method": "gptq"}),
        [CONFIG, "quantization_config"]),
    "model-type": (edit_config(model_type="gpt2"), [CONFIG, "gpt2"]),
    "architecture": (
        edit_config(architectures=["LlamaForTokenClassification"]),
        [CONFIG, "architectures"]),
    "activation": (edit_config(hidden_act="gelu"), [CONFIG, "hidden_act"]),
    "attention-bias": (
        edit_config(attention_bias=True), ["bias"]),
    "hidden-missing": (edit_config(hidden_size=None), [CONFIG, "hidden_size"]),
    "hidden-negative": (edit_config(hidden_size=-64), [CONFIG, "hidden_size"]),
    "hidden-text": (edit_config(hidden_size="64"), [CONFIG, "hidden_size"]),
    "hidden-fraction": (edit_config(hidden_size=64.5), [CONFIG, "hidden_size"]),
    "hidden-huge": (edit_config(hidden_size=1 << 62), [CONFIG, "hidden_size"]),
    "hidden-over-64-bits": (
        edit_config(hidden_size=1 << 70), [CONFIG, "hidden_size"]),
    "layers-zero": (
        edit_config(num_hidden_layers=0), [CONFIG, "num_hidden_layers"]),
    "layers-huge": (
        edit_config(num_hidden_layers=1 << 40), [CONFIG, "num_hidden_layers"]),
    "layers-too-many": (
        edit_config(num_hidden_layers=2), ["model.layers.1."]),
    "heads-not-a-divisor": (
        edit_config(num_attention_heads=7), [CONFIG, "num_attention_heads"]),
    "kv-heads-not-a-divisor": (
        edit_config(num_attention_heads=4, num_key_value_heads=3),
        [CONFIG, "num_key_value_heads"]),
    "head-dim-odd": (edit_config(head_dim=7), [CONFIG, "head_dim"]),
    "head-dim-other": (edit_config(head_dim=32), [QUERY, "shape"]),
    "vocabulary-other": (
        edit_config(vocab_size=18), ["model.embed_tokens.weight", "shape"]),
    "vocabulary-huge": (
        edit_config(vocab_size=1 << 50), [CONFIG, "vocab_size"]),
    "context-zero": (
        edit_config(max_position_embeddings=0),
        [CONFIG, "max_position_embeddings"]),
    "epsilon-nan": (
        replace_in_config('"rms_norm_eps": 1e-05', '"rms_norm_eps": NaN'),
        [CONFIG]),
    "epsilon-infinite": (
        replace_in_config('"rms_norm_eps": 1e-05', '"rms_norm_eps": 1e999'),
        [CONFIG]),
    "epsilon-negative": (
        edit_config(rms_norm_eps=-1e-5), [CONFIG, "rms_norm_eps"]),
    "epsilon-text": (
        edit_config(rms_norm_eps="1e-5"), [CONFIG, "rms_norm_eps"]),
    "dtype-unknown": (
        edit_config(torch_dtype="int8"), [CONFIG, "torch_dtype"]),
    "tied-text": (
        edit_config(tie_word_embeddings="yes"),
        [CONFIG, "tie_word_embeddings"]),
    "tied-with-a-head": (
        edit_config(tie_word_embeddings=True), ["lm_head.weight"]),
    "theta-negative": (edit_config(rope_theta=-1.0), [CONFIG, "rope_theta"]),
    "rope-type": (
        edit_config(rope_scaling={"rope_type": "yarn", "factor": 2.0}),
        [CONFIG, "rope_scaling", "yarn"]),
    "rope-scaling-number": (
        edit_config(rope_scaling=3), [CONFIG, "rope_scaling"]),
    "rope-unknown-key": (
        llama3(beta_fast=32), [CONFIG, "rope_scaling", "beta_fast"]),
    "rope-factor-missing": (
        llama3(factor=None), [CONFIG, "rope_scaling", "factor"]),
    "rope-factor-zero": (
        llama3(factor=0), [CONFIG, "rope_scaling", "factor"]),
    "rope-frequencies-reversed": (
        llama3(low_freq_factor=4.0, high_freq_factor=1.0),
        [CONFIG, "rope_scaling", "freq_factor"]),
    "generation-not-json": (
        write_generation_config("{"), ["generation_config.json"]),
    "generation-stop-token": (
        write_generation_config({"eos_token_id": 17}),
        ["generation_config.json", "eos_token_id"]),
    "generation-stop-text": (
        write_generation_config({"eos_token_id": "</s>"}),
        ["generation_config.json", "eos_token_id"]),
}


def check_compiler(tools, source, mutate, words, tmp_path):
    model, bundle = tmp_path / "model", tmp_path / "bundle"
    shutil.copytree(source, model)
    mutate(model)
    result = tools.call("amk-compile", model, "-o", bundle, "--target=cpu")
    assert_one_error(result, "amk-compile", *words)
    assert not (bundle / "manifest.json").exists()


@pytest.mark.parametrize("case", WEIGHT_CASES)
def test_weights(tools, random_model, tmp_path, case):
    check_compiler(tools, random_model(BASE), *WEIGHT_CASES[case], tmp_path)


@pytest.mark.parametrize("case", SHARD_CASES)
def test_shards(tools, random_model, tmp_path, case):
    check_compiler(tools, random_model(SHARDED), *SHARD_CASES[case], tmp_path)


@pytest.mark.parametrize("case", CONFIG_CASES)
def test_config(tools, random_model, tmp_path, case):
    check_compiler(tools, random_model(BASE), *CONFIG_CASES[case], tmp_path)


# --- Bundles -----------------------------------------------------------------


def edit_manifest(change):
    def mutate(bundle):
        path = bundle / "manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))
    return mutate


def set_field(*path_and_value):
    *path, key, value = path_and_value

    def change(manifest):
        for step in path:
            manifest = manifest[step]
        manifest[key] = value
    return edit_manifest(change)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(bytes(data))


def flip_every_code_object(bundle):
    for path in bundle.glob("*.so"):
        flip(path)


def remove_code(bundle):
    for path in bundle.glob("*.so"):
        path.unlink()


MANIFEST = "manifest.json"
BUNDLE_CASES = {
    "manifest-missing": (lambda b: (b / MANIFEST).unlink(), [MANIFEST]),
    "manifest-empty": (lambda b: (b / MANIFEST).write_text(""), [MANIFEST]),
    "manifest-cut": (
        lambda b: (b / MANIFEST).write_text((b / MANIFEST).read_text()[:99]),
        [MANIFEST]),
    "manifest-array": (lambda b: (b / MANIFEST).write_text("[]"), [MANIFEST]),
    "manifest-unknown-key": (
        set_field("frobnication", 1), [MANIFEST, "frobnication"]),
    "manifest-without-target": (
        edit_manifest(lambda m: m.pop("target")), [MANIFEST, "target"]),
    "format": (set_field("format", "zip"), [MANIFEST, "format"]),
    "version": (set_field("version", 999), [MANIFEST, "version"]),
    "target": (set_field("target", "kind", "abacus"), [MANIFEST, "abacus"]),
    "workers-zero": (
        set_field("target", "workers", 0), [MANIFEST, "target.workers"]),
    "workers-huge": (
        set_field("target", "workers", 1 << 40), [MANIFEST, "target.workers"]),
    "workers-not-of-the-tables": (
        set_field("target", "workers", 5), ["workers"]),
    "vocabulary-negative": (
        set_field("model", "vocab_size", -1), [MANIFEST, "vocab_size"]),
    "context-huge": (
        set_field("model", "max_context", 1 << 50), [MANIFEST, "max_context"]),
    "memory-negative": (
        set_field("memory", "arena_bytes", -4096), [MANIFEST, "arena_bytes"]),
    "memory-huge": (
        set_field("memory", "kv_bytes", (1 << 62)), [MANIFEST, "kv_bytes"]),
    "memory-too-small": (
        set_field("memory", "arena_bytes", 64), ["tables.bin"]),
    "constant-outside": (
        set_field("constants", 0, "offset", 1 << 40), [MANIFEST, "constants"]),
    "tables-missing": (
        lambda b: (b / "tables.bin").unlink(), ["tables.bin"]),
    "tables-damaged": (lambda b: flip(b / "tables.bin"), ["tables.bin"]),
    "tables-cut": (
        lambda b: (b / "tables.bin").write_bytes(
            (b / "tables.bin").read_bytes()[:-8]), ["tables.bin"]),
    "tables-outside": (
        set_field("tables", "file", "../tables.bin"), [MANIFEST, "tables"]),
    "hash-not-hex": (
        set_field("tables", "hash", "xyz"), [MANIFEST, "hash"]),
    "code-missing": (remove_code, [".so"]),
    "code-damaged": (flip_every_code_object, [".so"]),
    "code-outside": (
        set_field("code", 0, "file", "/bin/true"), [MANIFEST, "code"]),
    "code-none": (set_field("code", []), [MANIFEST, "code"]),
    "tensor-other-shape": (
        set_field("tensors", 0, "shape", [1, 1]), []),
}


@pytest.fixture(scope="module")
def bundle(tools, random_model):
    return tools.compile(random_model(BASE), "--workers", "2")


@pytest.mark.parametrize("case", BUNDLE_CASES)
def test_bundle(tools, random_model, bundle, tmp_path, case):
    mutate, words = BUNDLE_CASES[case]
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    mutate(copy)
    result = tools.call("amk-run", copy, "--weights", random_model(BASE),
                        "--prompt-ids", "1,2", "-n", "2")
    assert_one_error(result, "amk-run", *words)
    assert result.stdout == ""


RUN_WEIGHT_CASES = ["truncated", "header-length-huge", "offsets-overlap",
                    "shape-not-of-the-config", "tensor-missing",
                    "tensor-unexpected", "dtype-unknown", "empty-file"]


@pytest.mark.parametrize("case", RUN_WEIGHT_CASES)
def test_weights_at_load(tools, random_model, bundle, tmp_path, case):
    """The weights may have changed since they were compiled for."""
    mutate, words = WEIGHT_CASES[case]
    model = tmp_path / "model"
    shutil.copytree(random_model(BASE), model)
    mutate(model)
    result = tools.call("amk-run", bundle, "--weights", model, "--prompt-ids",
                        "1", "-n", "1")
    assert_one_error(result, "amk-run", *words)


def test_weights_of_another_model(tools, random_model, bundle):
    result = tools.call("amk-run", bundle, "--weights",
                        random_model("mha-hd8-tied-f32"), "--prompt-ids", "1",
                        "-n", "1")
    assert_one_error(result, "amk-run", "mha-hd8-tied-f32",
                     "lm_head.weight")


# --- Command lines -----------------------------------------------------------

# The model has a vocabulary of 17 and a context of 128.
RUN_CASES = {
    "id-out-of-range": (["--prompt-ids", "1,17", "-n", "1"], ["17"]),
    "id-negative": (["--prompt-ids=-1", "-n", "1"], ["-1"]),
    "id-huge": (["--prompt-ids", "99999999999999999999"], ["--prompt-ids"]),
    "id-text": (["--prompt-ids", "1,x"], ["--prompt-ids", "x"]),
    "ids-empty": (["--prompt-ids", ""], ["--prompt-ids"]),
    "ids-file-missing": (
        ["--prompt-ids-file", "/nonexistent/ids"], ["/nonexistent/ids"]),
    "prompt-longer-than-the-cache": (
        ["--prompt-ids", ",".join(["1"] * 129), "-n", "1"], ["129"]),
    "prompt-and-tokens-too-long": (
        ["--prompt-ids", "1,2,3", "-n", "1000"], ["1000"]),
    "count-negative": (["--prompt-ids", "1", "-n", "-5"], ["-n"]),
    "count-huge": (["--prompt-ids", "1", "-n", "1" + "0" * 30], ["-n"]),
    "steps-zero": (
        ["--prompt-ids", "1", "--steps-per-launch", "0"],
        ["--steps-per-launch"]),
    "unknown-option": (["--prompt-ids", "1", "--frob"], ["--frob"]),
    "no-prompt": ([], ["--prompt-ids"]),
    "logits-into-nowhere": (
        ["--prompt-ids", "1", "-n", "1", "--logits", "/nonexistent/l.f32"],
        ["/nonexistent/l.f32"]),
}


@pytest.mark.parametrize("case", RUN_CASES)
def test_run_options(tools, random_model, bundle, case):
    options, words = RUN_CASES[case]
    result = tools.call("amk-run", bundle, "--weights", random_model(BASE),
                        *options)
    assert_one_error(result, "amk-run", *words)


def test_run_without_weights(tools, bundle):
    result = tools.call("amk-run", bundle, "--prompt-ids", "1")
    assert_one_error(result, "amk-run", "--weights")


def test_run_without_threads(tools, random_model, bundle):
    """Stacks of 4 GB do not fit into 3 GB of address space."""
    result = tools.call(
        "amk-run", bundle, "--weights", random_model(BASE), "--prompt-ids", "1",
        preexec_fn=refuse_threads)
    assert_one_error(result, "amk-run", "worker threads", "expected 2")


def refuse_threads():
    for limit, size in ((resource.RLIMIT_STACK, 4 << 30),
                        (resource.RLIMIT_AS, 3 << 30)):
        resource.setrlimit(limit, (size, resource.getrlimit(limit)[1]))


@pytest.mark.parametrize("which", ["bundle", "weights"])
def test_run_on_nothing(tools, random_model, bundle, which):
    paths = {"bundle": bundle, "weights": random_model(BASE),
             which: "/nonexistent/place"}
    result = tools.call("amk-run", paths["bundle"], "--weights",
                        paths["weights"], "--prompt-ids", "1", "-n", "1")
    assert_one_error(result, "amk-run", "/nonexistent/place")


COMPILE_CASES = {
    "target-unknown": (["--target=abacus"], ["abacus"]),
    "workers-zero": (["--target=cpu", "--workers", "0"], ["workers"]),
    "workers-negative": (["--target=cpu", "--workers=-3"], ["workers"]),
    "workers-huge": (["--target=cpu", "--workers", "1000000"], ["workers"]),
    "workers-text": (["--target=cpu", "--workers", "many"], ["workers"]),
    "context-zero": (["--target=cpu", "--max-context", "0"], ["context"]),
    "context-beyond-the-model": (
        ["--target=cpu", "--max-context", "1000000000"], ["1000000000"]),
    "unknown-option": (["--target=cpu", "--frob"], ["--frob"]),
}


@pytest.mark.parametrize("case", COMPILE_CASES)
def test_compile_options(tools, random_model, tmp_path, case):
    options, words = COMPILE_CASES[case]
    result = tools.call("amk-compile", random_model(BASE), "-o",
                        tmp_path / "bundle", *options)
    assert_one_error(result, "amk-compile", *words)


def test_compile_nothing(tools, tmp_path):
    result = tools.call("amk-compile", "/nonexistent/model", "-o",
                        tmp_path / "bundle", "--target=cpu")
    assert_one_error(result, "amk-compile", "/nonexistent/model")


def test_compile_into_nowhere(tools, random_model):
    result = tools.call("amk-compile", random_model(BASE), "-o",
                        "/proc/nonexistent/bundle", "--target=cpu")
    assert_one_error(result, "amk-compile", "/proc/nonexistent")
