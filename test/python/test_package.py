# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command's errors, the hub, and import without the native module."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

import amk
from amk import cli, hub, model
from amk.compile import find_tool
from amk.errors import Error

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run_amk(*arguments, **environment):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path),
           **environment}
    return subprocess.run([sys.executable, "-m", "amk", *arguments], env=env,
                          capture_output=True, text=True, timeout=60)


def assert_one_error_line(result, text):
    assert result.returncode == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("amk: error: ") and text in lines[0]


def test_version():
    result = run_amk("--version")
    assert result.returncode == 0
    assert result.stdout == f"amk {amk.__version__}\n"


def test_version_is_that_of_the_build():
    text = (ROOT / "CMakeLists.txt").read_text()
    version = re.search(r"project\(AMK VERSION (\S+)", text).group(1)
    assert amk.__version__ == version


@pytest.mark.parametrize("arguments, text", [
    ([], "COMMAND"),
    (["frobnicate"], "frobnicate"),
    (["generate"], "model"),
    (["generate", "m"], "--prompt"),
    (["generate", "m", "--prompt", "x", "-n", "0"], "-n"),
    (["generate", "m", "--prompt", "x", "-n", "many"], "many"),
    (["generate", "m", "--prompt", "x", "--workers", "-1"], "--workers"),
    (["generate", "m", "--prompt", "x", "--steps-per-launch", "0"],
     "--steps-per-launch"),
    (["compile", "m", "--unknown"], "--unknown"),
    (["doctor", "--unknown"], "--unknown"),
    (["generate", "m", "--prompt", "x", "--device", "gpu"],
     "device: found 'gpu', expected auto, cpu or cuda:NUMBER"),
    (["generate", "m", "--prompt", "x", "--device", "cuda:-1"], "cuda:-1"),
    (["compile", "m", "--device", "cuda:1000"], "cuda:1000"),
    (["compile", "m", "--device", "cpu", "--target", "cpu"],
     "found --device and --target"),
    (["compile", "m", "--target", "tpu"], "tpu"),
])
def test_usage_errors(arguments, text):
    assert_one_error_line(run_amk(*arguments), text)


def test_doctor_is_amk_doctor(tmp_path):
    tool = str(find_tool("amk-doctor"))
    for arguments in ([], ["--arch", "sm_80"], [str(tmp_path / "missing")],
                      ["--arch", "sm_80", str(tmp_path)]):
        expected = subprocess.run([tool, *arguments], capture_output=True,
                                  text=True, timeout=60)
        found = run_amk("doctor", *arguments)
        assert (found.returncode, found.stdout, found.stderr) == (
            expected.returncode, expected.stdout, expected.stderr)


def test_doctor_without_its_tool(tmp_path):
    assert_one_error_line(run_amk("doctor", AMK_BIN_DIR=str(tmp_path)),
                          "amk-doctor: not an executable file")


def test_no_such_directory(tmp_path):
    missing = str(tmp_path / "missing")
    assert_one_error_line(run_amk("compile", missing), missing)


def test_empty_directory(tmp_path):
    (tmp_path / "amk-compile").write_text("#!/bin/sh\n")
    (tmp_path / "amk-compile").chmod(0o755)
    assert_one_error_line(
        run_amk("compile", str(tmp_path), "--device", "cpu",
                AMK_BIN_DIR=str(tmp_path)),
        "config.json: not found")


def test_full_disk_behind_stdout():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-c", "import sys; from amk import cli\n"
             "cli._compile = lambda args: print('x', flush=True)\n"
             "sys.exit(cli.main(['compile', 'm']))"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stderr == "amk: error: No space left on device\n"


def test_message_stays_on_one_line(monkeypatch, capsys):
    def fail(args):
        raise Error("a\nb")

    monkeypatch.setattr(cli, "_compile", fail)
    assert cli.main(["compile", "m"]) == 1
    assert capsys.readouterr().err == "amk: error: a b\n"


def test_interrupt(monkeypatch, capsys):
    def interrupt(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_compile", interrupt)
    assert cli.main(["compile", "m"]) == 130


def test_import_needs_no_native_module(monkeypatch):
    monkeypatch.setitem(sys.modules, "amk._native", None)
    monkeypatch.delattr(amk, "_native", raising=False)
    with pytest.raises(Error, match="native module amk._native cannot be "
                                    "loaded .*pip install"):
        amk.Model.from_pretrained("anything")


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="nothing_like_it"):
        amk.nothing_like_it


def test_directory_wins(tmp_path):
    assert hub.resolve(tmp_path) == tmp_path


def test_file_instead_of_directory(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(Error, match="found a file"):
        hub.resolve(tmp_path / "f")


@pytest.mark.parametrize("name", ["./a", "/a/b", "a/b/c", "", "a b", "../x"])
def test_not_a_hub_id(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Error, match="no such directory$"):
        hub.resolve(name)


def test_path_that_the_system_refuses():
    with pytest.raises(Error, match="File name too long"):
        hub.resolve("a" * 5000)
    with pytest.raises(Error, match="model"):
        hub.resolve("a\0b")


def test_hub_id_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(Error, match="someone/some-model: .*pip install "
                                    "huggingface_hub"):
        hub.resolve("someone/some-model")


class FakeHub:
    def __init__(self, result):
        self.result = result

    def snapshot_download(self, hub_id, allow_patterns):
        assert not any(p.endswith((".bin", ".py")) for p in allow_patterns)
        if isinstance(self.result, Exception):
            raise self.result
        return str(self.result / hub_id)


def test_hub_id_that_is_cached(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "huggingface_hub", FakeHub(tmp_path))
    assert hub.resolve("org/name") == tmp_path / "org/name"


def test_hub_that_fails(monkeypatch):
    error = FakeHub(OSError("no route to host.\nmore"))
    monkeypatch.setitem(sys.modules, "huggingface_hub", error)
    with pytest.raises(Error, match=r"\(no route to host\); check the id"):
        hub.resolve("org/name")


class FakeNative:
    """Generates 5, 6, 7, 2; 2 is the stop token."""
    stop_tokens = [2]
    vocab_size = 10

    def __init__(self, error=None):
        self.error = error
        self.given = 0

    def generate(self, ids, max_new, steps_per_launch, callback):
        for token in (5, 6, 7, 2)[:max_new]:
            self.given += 1
            if callback(token):
                return
        if self.error:
            raise self.error

    def abort(self):
        pass


def fake_model_object(native):
    result = object.__new__(model.Model)
    result._model = native
    result._tokenizer = None
    result.model_dir = pathlib.Path("nowhere")
    return result


def test_damaged_bundle_in_the_cache(monkeypatch, tmp_path):
    class Native:
        @staticmethod
        def Model(bundle, *_):
            raise Error(f"{os.fsdecode(bundle)}/tables.bin: damaged file")

    bundle = tmp_path / "bundle"
    monkeypatch.setattr(model, "load_native", lambda: Native)
    monkeypatch.setattr(model, "compile_model", lambda *_, **__: bundle)
    with pytest.raises(Error, match="damaged file; delete .*bundle to have"):
        model.Model.from_pretrained(tmp_path, device="cpu")


def test_generate_ids_streams_all():
    ids = fake_model_object(FakeNative()).generate_ids([1], 3)
    assert list(ids) == [5, 6, 7]


def test_generate_leaves_the_stop_token_out():
    class Letters:
        vocab_size = 10

        def encode(self, text):
            return [1]

        def stream(self):
            from amk.tokenizer import StreamDecoder
            return StreamDecoder(lambda ids: "".join("abcdefghij"[i]
                                                     for i in ids))

    fake = fake_model_object(FakeNative())
    fake._tokenizer = Letters()
    assert list(fake.generate("x", 10)) == ["f", "g", "h"]
    assert fake.generate("x", 10, stream=False) == "fgh"


def test_error_in_the_runtime_reaches_the_caller():
    fake = fake_model_object(FakeNative(Error("launch: worker 1")))
    ids = fake.generate_ids([1], 2)
    assert next(ids) == 5 and next(ids) == 6
    with pytest.raises(Error, match="worker 1"):
        next(ids)


def test_closing_the_iterator_ends_the_generation():
    native = FakeNative()
    ids = fake_model_object(native).generate_ids([1], 4)
    next(ids)
    ids.close()
    assert native.given <= 4


@pytest.mark.parametrize("ids, options, text", [
    ([10], {}, "token id 10"),
    ([-1], {}, "token id -1"),
    ([1], {"max_new_tokens": -1}, "max_new_tokens: found -1"),
    ([1], {"max_new_tokens": 1 << 31}, "expected 0 to 2147483647"),
    ([1], {"steps_per_launch": -1}, "steps_per_launch: found -1"),
])
def test_bad_arguments(ids, options, text):
    with pytest.raises(Error, match=re.escape(text)):
        fake_model_object(FakeNative()).generate_ids(ids, **options)
