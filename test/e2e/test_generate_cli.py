# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The Python package on real models: text equal to transformers' text."""

import importlib
import os
import re
import shutil
import subprocess
import sys

import pytest

from harness import (MODELS, ROOT, TIMEOUT, TRAINED, assert_logits_close,
                     read_golden)


@pytest.fixture(scope="module")
def amk_module(tools):
    """The package with its native module, as the build made it."""
    build = tools.bin_dir.parent / "python"
    if (build / "amk").is_dir():
        sys.path.insert(0, str(build))
    module = importlib.import_module("amk")
    importlib.import_module("amk.model").load_native()
    return module


@pytest.fixture(scope="module")
def environment(tools, amk_module, tmp_path_factory):
    package = os.path.dirname(os.path.dirname(amk_module.__file__))
    return {**os.environ, "PYTHONPATH": package,
            "AMK_BIN_DIR": str(tools.bin_dir),
            "AMK_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture(scope="module")
def amk(environment):
    """Runs the command on the CPU unless `arguments` name another device."""
    def run(*arguments, **changes):
        if "--device" not in arguments:
            arguments += ("--device", "cpu")
        return subprocess.run([sys.executable, "-m", "amk", *arguments],
                              env={**environment, **changes}, text=True,
                              capture_output=True, timeout=TIMEOUT)
    return run


@pytest.fixture(scope="module")
def model(amk_module, environment):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AMK_BIN_DIR", "AMK_CACHE_DIR"):
            patch.setenv(name, environment[name])
        return amk_module.Model.from_pretrained(str(TRAINED), device="cpu",
                                                workers=2)


def assert_one_error_line(result, *words):
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines()
             if line.startswith("amk: error: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in lines[0]


def test_demo_text(amk, trained_golden):
    demo = trained_golden["demo"]
    result = amk("generate", str(TRAINED), "--prompt", demo["prompt"], "-n",
                 str(len(demo["ids"])))
    assert result.returncode == 0, result.stderr
    assert len(demo["ids"]) >= 64
    assert result.stdout == demo["text"] + "\n"
    # Where it ran and how fast.
    assert f"amk: {len(demo['ids'])} tokens" in result.stderr
    assert "steps/s" in result.stderr and " on cpu " in result.stderr


def test_make_demo_asks_for_the_golden(trained_golden):
    """Its text is then that of test_demo_text."""
    text = (ROOT / "Makefile").read_text()
    default = dict(re.findall(r"^(\w+) *\?= *(.*)$", text, re.MULTILINE))
    demo = trained_golden["demo"]
    assert ROOT / default["MODEL"] == TRAINED
    assert default["PROMPT"] == demo["prompt"]
    assert int(default["TOKENS"]) == len(demo["ids"])


def test_options(amk, trained_golden):
    demo = trained_golden["demo"]
    arguments = ["generate", str(TRAINED), "--prompt", demo["prompt"], "-n",
                 str(len(demo["ids"])), "--workers", "3", "--max-context",
                 "256", "--quiet"]
    for steps in ("1", "50"):
        result = amk(*arguments, "--steps-per-launch", steps)
        assert result.stdout == demo["text"] + "\n"
        assert result.stderr == ""


def test_compile_prints_the_cached_bundle(amk, environment):
    first = amk("compile", str(TRAINED), "--workers", "2")
    assert first.returncode == 0, first.stderr
    bundle = first.stdout.strip()
    assert bundle.startswith(environment["AMK_CACHE_DIR"])
    assert os.path.exists(os.path.join(bundle, "manifest.json"))
    second = amk("compile", str(TRAINED), "--workers", "2")
    assert second.stdout == first.stdout
    assert "compiling" not in second.stderr


@pytest.mark.parametrize("index", range(3))
def test_generate_in_python(model, trained_golden, index):
    expected = trained_golden["continuations"][index]
    count = len(expected["ids"])
    pieces = list(model.generate(expected["prompt"], count))
    assert len(pieces) > 100
    assert "".join(pieces) == expected["text"]
    assert model.generate(expected["prompt"], count,
                          stream=False) == expected["text"]
    assert list(model.generate_ids(expected["prompt_ids"],
                                   count)) == expected["ids"]


def test_logits_in_python(model, trained_golden):
    logits = model.logits(trained_golden["logits"]["prompt_ids"])
    assert_logits_close(logits, trained_golden.logits)


def test_generation_can_be_left(model, trained_golden):
    expected = trained_golden["continuations"][0]
    ids = model.generate_ids(expected["prompt_ids"], 200)
    assert [next(ids) for _ in range(3)] == expected["ids"][:3]
    ids.close()
    again = model.generate_ids(expected["prompt_ids"], 5)
    assert list(again) == expected["ids"][:5]


def test_one_generation_at_a_time(amk_module, model, trained_golden):
    prompt = trained_golden["continuations"][0]["prompt_ids"]
    ids = model.generate_ids(prompt, 400, steps_per_launch=1)
    next(ids)
    try:
        with pytest.raises(amk_module.Error, match="busy"):
            model.logits(prompt)
    finally:
        ids.close()


def test_stop_token_ends_the_text(amk_module, tools, random_model, tmp_path):
    """A stop token that the golden's continuation runs into."""
    name = "sharded-bf16"
    golden = read_golden(MODELS / "random" / name)
    copy = tmp_path / "model"
    shutil.copytree(random_model(name), copy)
    stop = golden["ids"][6]
    end = golden["ids"].index(stop) + 1
    (copy / "generation_config.json").write_text(
        f'{{"eos_token_id": [{stop}]}}')
    bundle = tools.compile(copy, "--workers", "2")
    model = amk_module.Model(bundle, copy)
    assert model.stop_tokens == [stop]
    for steps in (1, 64):
        assert list(model.generate_ids(golden["prompt_ids"], 24,
                                       steps)) == golden["ids"][:end]


def test_prompt_longer_than_the_context(amk):
    result = amk("generate", str(TRAINED), "--prompt", "word " * 2000)
    assert_one_error_line(result)


def test_context_that_is_too_short(amk):
    result = amk("generate", str(TRAINED), "--prompt", "ROMEO:", "-n", "100",
                 "--max-context", "50")
    assert_one_error_line(result)


def test_missing_tokenizer(amk, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(TRAINED, copy)
    (copy / "tokenizer.json").unlink()
    result = amk("generate", str(copy), "--prompt", "x")
    assert_one_error_line(result, "tokenizer.json", "not found")


def test_tokenizer_of_another_model(amk, random_model, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(random_model("tiny-vocab17-one-head"), copy)
    shutil.copy(TRAINED / "tokenizer.json", copy)
    result = amk("generate", str(copy), "--prompt", "x")
    assert_one_error_line(result, "tokenizer.json", "1024", "17")


def test_chat_without_template(amk):
    result = amk("generate", str(TRAINED), "--prompt", "x", "--chat")
    assert_one_error_line(result, "chat template")


def test_chat_with_template(amk, trained_golden, tmp_path):
    demo = trained_golden["demo"]
    copy = tmp_path / "model"
    shutil.copytree(TRAINED, copy)
    (copy / "chat_template.jinja").write_text(
        "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}")
    result = amk("generate", str(copy), "--chat", "--prompt", demo["prompt"],
                 "-n", "64")
    assert result.returncode == 0, result.stderr
    assert demo["text"].startswith(result.stdout[:-1])


def test_empty_prompt_without_start_token(amk, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(TRAINED, copy)
    (copy / "chat_template.jinja").write_text("{{ '' }}")
    result = amk("generate", str(copy), "--chat", "--prompt", "")
    assert_one_error_line(result, "no tokens")


def test_truncated_weights(amk, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(TRAINED, copy)
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    result = amk("generate", str(copy), "--prompt", "x")
    assert_one_error_line(result, "model.safetensors")


def test_error_of_the_compiler(amk, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(TRAINED, copy)
    path = copy / "config.json"
    path.write_text(path.read_text().replace("silu", "gelu"))
    assert_one_error_line(amk("compile", str(copy)), "config.json",
                          "hidden_act")


@pytest.fixture
def fake_driver(tools):
    """The environment in which the tests' CUDA driver without a device is the
    driver of the machine."""
    directory = tools.bin_dir.parent / "test/unit/Runtime/fake-cuda"
    if not (directory / "libcuda.so.1").exists():
        pytest.skip(f"{directory}/libcuda.so.1 is not built")
    return {"LD_LIBRARY_PATH": str(directory)}


def find_gpu(amk_module):
    """The machine's GPU; None and the reason if it has none."""
    try:
        return amk_module.model.load_native().find_gpu(), ""
    except amk_module.Error as error:
        return None, str(error)


def test_auto_without_a_gpu(amk, amk_module, trained_golden):
    gpu, why = find_gpu(amk_module)
    if gpu:
        pytest.skip(f"this machine has a GPU: {gpu.name}")
    demo = trained_golden["demo"]
    result = amk("generate", str(TRAINED), "--prompt", demo["prompt"], "-n",
                 str(len(demo["ids"])), "--device", "auto")
    assert result.returncode == 0, result.stderr
    assert result.stdout == demo["text"] + "\n"
    assert (f"amk: running on the CPU: no usable GPU ({why})\n"
            in result.stderr)
    assert " on cpu " in result.stderr


def test_gpu_that_is_asked_for_and_missing(amk, amk_module):
    gpu, _ = find_gpu(amk_module)
    if gpu:
        pytest.skip(f"this machine has a GPU: {gpu.name}")
    for command in (["generate", str(TRAINED), "--prompt", "x"],
                    ["compile", str(TRAINED)]):
        result = amk(*command, "--device", "cuda:0")
        assert_one_error_line(result, "device cuda:0: ", "CUDA",
                              "--device cpu runs on the CPU")
        assert result.stdout == ""


@pytest.mark.parametrize("variables, why", [
    ({"AMK_FAKE_CUDA_DEVICES": "0"}, "the CUDA driver finds no device"),
    ({"AMK_FAKE_CUDA_OLD_DEVICES": "1"},
     "cuda:0: Fake is sm_75, expected sm_80 or later")])
def test_no_usable_device(amk, fake_driver, variables, why):
    arguments = ["generate", str(TRAINED), "--prompt", "ROMEO:", "-n", "4"]
    changes = {**fake_driver, **variables}
    result = amk(*arguments, "--device", "auto", **changes)
    assert result.returncode == 0, result.stderr
    assert f"running on the CPU: no usable GPU ({why})" in result.stderr
    result = amk(*arguments, "--device", "cuda:0", **changes)
    assert_one_error_line(result, why)


def test_device_number_that_does_not_exist(amk, fake_driver):
    result = amk("generate", str(TRAINED), "--prompt", "x", "--device",
                 "cuda:1", **fake_driver)
    assert_one_error_line(result, "cuda:1: found 1 CUDA device(s)")


def test_more_workers_than_multiprocessors(amk, fake_driver):
    """The tests' driver has 1016."""
    result = amk("generate", str(TRAINED), "--prompt", "x", "--device", "auto",
                 "--workers", "1017", **fake_driver)
    assert_one_error_line(result, "--workers: found 1017", "at most 1016",
                          "cuda:0, Fake")


def test_device_that_is_too_small(amk, fake_driver):
    """Code is made for the device, which cannot hold a block of it; that is no
    reason to go elsewhere without being asked."""
    result = amk("generate", str(TRAINED), "--prompt", "x", "--device", "auto",
                 "--workers", "2", **fake_driver)
    assert_one_error_line(result, "needs 228864 bytes of shared memory")


def test_generates_on_a_gpu(amk, amk_module, environment, trained_golden,
                            monkeypatch):
    gpu, why = find_gpu(amk_module)
    if not gpu:
        pytest.skip(f"needs a GPU: {why}")
    demo = trained_golden["demo"]
    results = [amk("generate", str(TRAINED), "--prompt", demo["prompt"], "-n",
                   "64", "--device", device)
               for device in ("auto", f"cuda:{gpu.ordinal}")]
    for result in results:
        assert result.returncode == 0, result.stderr
        assert f"amk: running on cuda:{gpu.ordinal}: {gpu.name}" in result.stderr
        assert f" on cuda:{gpu.ordinal} {gpu.name}, code sm_" in result.stderr
    assert len(results[0].stdout) > 50
    assert results[0].stdout == results[1].stdout
    # 16-bit activations: ids may part from float32's, logits stay close.
    for name in ("AMK_BIN_DIR", "AMK_CACHE_DIR"):
        monkeypatch.setenv(name, environment[name])
    model = amk_module.Model.from_pretrained(str(TRAINED))
    logits = model.logits(trained_golden["logits"]["prompt_ids"])
    assert_logits_close(logits, trained_golden.logits, tolerance=5e-2)
