# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bundle cache and the way amk-compile is found and run."""

import json
import os
import sys

import pytest

from amk import compile as amk_compile
from amk.device import Device
from amk.errors import Error
from samples import write_json


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    """What is compiled for no device in particular is for the CPU here."""
    monkeypatch.setattr(amk_compile, "choose", lambda _: Device("cpu"))


def key(model, compiler, options=("--target=cpu",)):
    return amk_compile.cache_key(model, compiler.path, list(options))


def test_key_is_stable(fake_model, fake_compiler):
    assert key(fake_model, fake_compiler) == key(fake_model, fake_compiler)
    assert len(key(fake_model, fake_compiler)) == 32


def test_key_ignores_weights_and_other_files(fake_model, fake_compiler):
    before = key(fake_model, fake_compiler)
    path = fake_model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\1\2\3\4")
    (fake_model / "README.md").write_text("x")
    assert key(fake_model, fake_compiler) == before


def change_config(model, compiler):
    write_json(model / "config.json", {"model_type": "other"})


def add_generation_config(model, compiler):
    write_json(model / "generation_config.json", {"eos_token_id": 1})


def change_header(model, compiler):
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes().replace(b'"a"', b'"b"'))


def grow_weights(model, compiler):
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes() + b"\0")


def rename_weights(model, compiler):
    os.rename(model / "model.safetensors", model / "other.safetensors")


def add_index(model, compiler):
    write_json(model / "model.safetensors.index.json", {"weight_map": {}})


def change_compiler(model, compiler):
    compiler.path.write_text(compiler.path.read_text() + "# newer\n")


@pytest.mark.parametrize("change", [
    change_config, add_generation_config, change_header, grow_weights,
    rename_weights, add_index, change_compiler])
def test_key_depends_on(fake_model, fake_compiler, change):
    before = key(fake_model, fake_compiler)
    change(fake_model, fake_compiler)
    assert key(fake_model, fake_compiler) != before


def test_key_depends_on_the_machine(fake_model, fake_compiler, monkeypatch):
    before = key(fake_model, fake_compiler)
    monkeypatch.setattr(amk_compile, "_machine", lambda _: ["other", 1, "sse2"])
    assert key(fake_model, fake_compiler) != before


def test_key_depends_on_options(fake_model, fake_compiler):
    keys = {key(fake_model, fake_compiler, options) for options in (
        ["--target=cpu"], ["--target=cpu", "--workers", "2"],
        ["--target=cpu", "--workers", "3"],
        ["--target=cpu", "--max-context", "2"])}
    assert len(keys) == 4


@pytest.mark.parametrize("content, message", [
    (b"", "expected a safetensors file"),
    (b"\xff" * 8, "found a header of"),
    (b"\x10" + bytes(7) + b"{}", "found a header of 16 bytes"),
])
def test_key_of_damaged_safetensors(fake_model, fake_compiler, content,
                                    message):
    (fake_model / "model.safetensors").write_bytes(content)
    with pytest.raises(Error, match=message):
        key(fake_model, fake_compiler)


def test_cache_compiles_once(fake_model, fake_compiler):
    first = amk_compile.compile_model(fake_model)
    second = amk_compile.compile_model(fake_model)
    other = amk_compile.compile_model(fake_model, workers=3)
    assert first == second != other
    assert json.loads((first / "manifest.json").read_text()) == {}
    assert fake_compiler.calls() == 2
    # Nothing is left of the scratch directories.
    assert sorted(first.parent.iterdir()) == sorted([first, other])


def test_remains_of_a_bundle_are_replaced(fake_model, fake_compiler):
    bundle = amk_compile.compile_model(fake_model)
    (bundle / "manifest.json").rename(bundle / "other")
    assert amk_compile.compile_model(fake_model) == bundle
    assert [path.name for path in bundle.iterdir()] == ["manifest.json"]
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]


def test_output_bypasses_the_cache(fake_model, fake_compiler, tmp_path):
    for _ in range(2):
        bundle = amk_compile.compile_model(fake_model, tmp_path / "bundle")
    assert bundle == tmp_path / "bundle" and fake_compiler.calls() == 2
    assert not (tmp_path / "cache").exists()


def test_options_reach_the_compiler(fake_model, fake_compiler, tmp_path):
    fake_compiler.script('shift 3; echo "$@" > "$0.options"\n')
    amk_compile.compile_model(fake_model, tmp_path / "b", target="cpu",
                              workers=5, max_context=77)
    options = (tmp_path / "bin/amk-compile.options").read_text().split()
    assert options == ["--target=cpu", "--workers", "5", "--max-context", "77"]


def test_compiler_error_is_passed_on(fake_model, fake_compiler, tmp_path):
    fake_compiler.script('echo progress >&2\n'
                         'echo "amk-compile: error: config.json: bad" >&2\n'
                         'exit 1\n')
    with pytest.raises(Error, match="^config.json: bad$"):
        amk_compile.compile_model(fake_model)
    assert not list((tmp_path / "cache/bundles").iterdir())


def test_compiler_crash(fake_model, fake_compiler):
    fake_compiler.script("kill -SEGV $$\n")
    with pytest.raises(Error, match="ended by SIGSEGV"):
        amk_compile.compile_model(fake_model)


def test_compiler_fails_without_a_message(fake_model, fake_compiler):
    fake_compiler.script("echo what >&2; exit 3\n")
    with pytest.raises(Error, match="exit status 3: what"):
        amk_compile.compile_model(fake_model)


def test_progress_goes_to_stderr(fake_model, fake_compiler, tmp_path, capsys):
    fake_compiler.script("echo step 1 >&2\n")
    amk_compile.compile_model(fake_model, tmp_path / "b", progress=True)
    assert capsys.readouterr().err == "step 1\n"
    amk_compile.compile_model(fake_model, tmp_path / "b")
    assert capsys.readouterr().err == ""


def test_progress_names_the_final_place(fake_model, fake_compiler, capsys):
    fake_compiler.script('echo "bundle $3" >&2\nmkdir -p "$3"\n'
                         'echo "{}" > "$3/manifest.json"\n')
    bundle = amk_compile.compile_model(fake_model, progress=True)
    assert f"bundle {bundle}\n" in capsys.readouterr().err


def test_interrupt_ends_the_compiler(fake_model, fake_compiler, monkeypatch):
    class Interrupted:
        def write(self, text):
            if text.startswith("step"):
                raise KeyboardInterrupt

    fake_compiler.script('echo $$ > "$0.pid"\necho step >&2\nexec sleep 60\n')
    monkeypatch.setattr(sys, "stderr", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        amk_compile.compile_model(fake_model, progress=True)
    pid = int(fake_compiler.path.with_name("amk-compile.pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list((amk_compile.cache_dir() / "bundles").iterdir()) == []


def test_bin_dir_without_the_tool(tmp_path, monkeypatch):
    monkeypatch.setenv("AMK_BIN_DIR", str(tmp_path))
    with pytest.raises(Error, match="AMK_BIN_DIR: .*not an executable"):
        amk_compile.find_tool()


def test_tool_on_path(fake_compiler, monkeypatch):
    monkeypatch.setattr(amk_compile, "__file__", "/nowhere/a/amk/compile.py")
    monkeypatch.setenv("PATH", str(fake_compiler.path.parent))
    monkeypatch.delenv("AMK_BIN_DIR")
    assert amk_compile.find_tool() == fake_compiler.path
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Error, match="not found .* AMK_BIN_DIR"):
        amk_compile.find_tool()


def test_cache_dir(monkeypatch, tmp_path):
    monkeypatch.delenv("AMK_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert amk_compile.cache_dir() == tmp_path / "amk"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert amk_compile.cache_dir() == tmp_path / ".cache/amk"


def test_cache_dir_that_is_a_file(fake_model, fake_compiler, tmp_path,
                                  monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AMK_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(Error, match="AMK_CACHE_DIR selects another"):
        amk_compile.compile_model(fake_model)
