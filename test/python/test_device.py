# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What --device means, with and without a GPU, on a native module that says
what a test wants."""

import types

import pytest

from amk import compile as amk_compile
from amk import device, model
from amk.errors import Error

H200 = types.SimpleNamespace(ordinal=1, name="NVIDIA H200", capability=90,
                             multiprocessors=132)
NO_DRIVER = "no CUDA driver: libcuda.so.1: cannot open shared object file"


@pytest.fixture
def native(monkeypatch):
    """Finds `answer`, or raises it; keeps what it was asked for."""
    class Native:
        answer = Error(NO_DRIVER)
        asked = []

        def find_gpu(self, ordinal):
            self.asked.append(ordinal)
            if isinstance(self.answer, Error):
                raise self.answer
            return self.answer

    fake = Native()
    fake.asked = []
    monkeypatch.setattr(model, "load_native", lambda: fake)
    return fake


@pytest.mark.parametrize("text, expected", [
    ("auto", ("auto", 0)), ("cpu", ("cpu", 0)), ("cuda", ("cuda", 0)),
    ("cuda:0", ("cuda", 0)), ("cuda:12", ("cuda", 12))])
def test_names(text, expected):
    assert device.parse(text) == expected


@pytest.mark.parametrize("text", [
    "", "gpu", "CPU", "cpu:0", "cuda:", "cuda:-1", "cuda:1x", "cuda:1000",
    "auto ", "cuda:0\n", None])
def test_names_that_are_none(text):
    with pytest.raises(Error, match="expected auto, cpu or cuda:NUMBER"):
        device.parse(text)


def test_auto_takes_the_first_gpu(native):
    native.answer = H200
    chosen = device.choose("auto")
    assert native.asked == [-1]
    assert (chosen.name, chosen.target) == ("cuda:1", "cuda")
    assert chosen.describe() == ("cuda:1: NVIDIA H200, sm_90, 132 "
                                 "multiprocessors")


def test_auto_without_a_gpu_is_the_cpu_and_says_why(native):
    chosen = device.choose()
    assert (chosen.name, chosen.target) == ("cpu", "cpu")
    assert chosen.describe() == f"the CPU: no usable GPU ({NO_DRIVER})"


def test_cpu_asks_for_no_gpu(native):
    native.answer = H200
    assert device.choose("cpu").describe() == "the CPU"
    assert native.asked == []


def test_a_named_gpu_must_be_there(native):
    native.answer = Error(f"cuda:3: {NO_DRIVER}")
    with pytest.raises(Error, match=f"^device cuda:3: {NO_DRIVER}; --device "
                                    f"cpu runs on the CPU$"):
        device.choose("cuda:3")
    assert native.asked == [3]


def test_from_pretrained_compiles_for_and_opens_on_the_device(
        native, monkeypatch, tmp_path, capsys):
    calls = []
    native.answer = H200
    native.Model = lambda *arguments: calls.append(arguments)
    monkeypatch.setattr(model, "compile_model",
                        lambda *_, **options: options["device"])
    monkeypatch.setattr(model.os, "fsencode", lambda path: path)
    opened = model.Model.from_pretrained(tmp_path, device="cuda:1",
                                         progress=True)
    assert opened.bundle.gpu is H200
    assert calls == [(opened.bundle, tmp_path, 0, "cuda:1")]
    assert capsys.readouterr().err == ("amk: running on cuda:1: NVIDIA H200, "
                                       "sm_90, 132 multiprocessors\n")


def test_model_that_does_not_fit_on_the_gpu(native, monkeypatch, tmp_path):
    def fail(*_):
        raise Error("cuda:1: memory: 5 bytes are free")

    native.answer = H200
    native.Model = fail
    monkeypatch.setattr(model, "compile_model", lambda *_, **__: tmp_path / "b")
    with pytest.raises(Error, match="^cuda:1: memory: 5 bytes are free; "
                                    "--device cpu runs on the CPU$"):
        model.Model.from_pretrained(tmp_path)


def options_of(compiler):
    return compiler.path.with_name("amk-compile.options").read_text().split()


def test_options_of_the_compiler(native, fake_model, fake_compiler, tmp_path):
    fake_compiler.script('shift 3; echo "$@" > "$0.options"\n')
    amk_compile.compile_model(fake_model, tmp_path / "b")
    assert options_of(fake_compiler) == ["--target=cpu"]
    native.answer = H200
    amk_compile.compile_model(fake_model, tmp_path / "b", workers=3)
    assert options_of(fake_compiler) == ["--target=cuda", "--device", "cuda:1",
                                         "--workers", "3"]
    amk_compile.compile_model(fake_model, tmp_path / "b", target="cuda")
    assert options_of(fake_compiler) == ["--target=cuda"]


def test_bundles_of_unlike_gpus(native, fake_model, fake_compiler,
                                monkeypatch):
    def bundle(**changes):
        native.answer = types.SimpleNamespace(**{**vars(H200), **changes})
        return amk_compile.compile_model(fake_model)

    monkeypatch.delenv("AMK_PTXAS", raising=False)
    first = bundle()
    assert bundle() == first
    others = {bundle(name="NVIDIA H100"), bundle(multiprocessors=114),
              bundle(capability=100)}
    monkeypatch.setenv("AMK_PTXAS", "/elsewhere/ptxas")
    others.add(bundle())
    native.answer = Error(NO_DRIVER)
    others.add(amk_compile.compile_model(fake_model))
    assert len(others | {first}) == 6


def test_target_needs_an_output(fake_model, fake_compiler):
    with pytest.raises(Error, match="target: found 'cuda' without an output"):
        amk_compile.compile_model(fake_model, target="cuda")
    assert fake_compiler.calls() == 0
