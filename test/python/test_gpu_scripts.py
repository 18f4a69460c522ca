# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The scripts around the GPU suite, as far as they need no GPU."""

import json
import math
import os
import pathlib
import subprocess
import sys

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.fixture
def results(tmp_path):
    """A suite and what a device run of it could leave."""
    suite, out = tmp_path / "suite", tmp_path / "out"
    (suite / "bin").mkdir(parents=True)
    out.mkdir()

    def write(path, data):
        path.write_text(json.dumps(data))

    write(suite / "suite.json", {"models": [], "refused": [
        {"name": "odd", "archs": ["sm_80"], "message": "x\nerror: too odd\n"}]})
    write(suite / "bench.json", {"bundles": [
        {"name": "small", "compile_seconds": 2.25}]})
    write(out / "gates.json", {"device": "H", "results": [
        {"model": "good", "arch": "sm_90a", "variant": "cubin",
         "positions": 9, "texts_with_the_same_ids": 3, "max_error": 1e-3, "mean_kl": 2e-6,
         "hf_bf16_mean_kl": 4e-5, "runs_with_the_same_bits": 100,
         "broken_seconds": 1.02, "broken_report": "worker 3 waits"},
        {"model": "bad", "arch": "sm_80", "variant": "ptx80",
         "failure": "token 3:\nfound 1"},
        {"model": "other", "arch": "sm_86", "variant": "ptx86",
         "skipped": "no code"}]})
    row = {"position": 31, "steps_per_launch": 128, "us_per_token_median": 200,
           "us_per_token_p10": 190, "us_per_token_p90": 210,
           "floor_us_per_token": 60, "gb_per_second": 1300,
           "percent_of_measured_bandwidth": 30, "tokens_per_second": 5000}
    write(out / "bench-small.json", {"results": [
        {"bundle": "/s/bench/small", "gate": {"passed": True},
         "read_bandwidth": {"gb_per_second_median": 4600},
         "measurements": [row]}]})
    write(out / "peers.json", {"torch": "9", "compile_mode": "m", "results": [
        {"model": "small", "position": 31, "peer": "eager",
         "us_per_token_median": 500},
        {"model": "small", "position": 31, "peer": "compile",
         "error": "no\nmemory"}]})
    write(out / "kl.json", {
        "model": "small", "reference": "HF", "results": [
            {"name": "plain", "positions": 9, "mean_kl": 1e-4, "max_kl": 2e-3,
             "median_of_largest": 3e-5, "same_choice": 8}]})
    (out / "sanitizer-memcheck.txt").write_text(
        "========= ERROR SUMMARY: 0 errors\nexit status 0, 3 s\n")
    return suite, out


def report(suite, out):
    return subprocess.run([sys.executable, SCRIPTS / "gpu_report.py", suite,
                           out], capture_output=True, text=True, check=True
                          ).stdout


def test_report_has_every_result(results):
    text = report(*results)
    assert ("| good | sm_90a cubin | passed | 3 | 9 | 1.00e-03 | 2.00e-06 | "
            "4.00e-05 | 100 | 1.02 s: worker 3 waits |") in text
    assert "| bad | sm_80 ptx80 | FAILED: token 3: found 1 |" in text
    assert "| other | sm_86 ptx86 | skipped: no code |" in text
    assert "| odd | sm_80 | refused: error: too odd |" in text
    assert ("| small | 31 | 128 | 200.0 | 190.0 | 210.0 |  | 60.0 | 1300.0 | "
            "30.0 | 5000.0 | 4600.0 | passed, timing only |") in text
    assert "| small | 31 | eager | 500.0 | 2.50 |" in text
    assert "| small | 31 | compile | failed: no |  |" in text
    assert "| memcheck | 0 errors | 0 |" in text
    assert "| racecheck | missing |  |" in text
    assert "| small | 2.2 |" in text
    assert "KL divergence to HF, small with dummy weights." in text
    assert "| plain | 9 | 1.00e-04 | 2.00e-03 | 3.00e-05 | 8 |" in text


def test_report_names_what_is_missing(results):
    suite, out = results
    for path in out.iterdir():
        path.unlink()
    text = report(suite, out)
    for title in ("Gates", "Decode", "Divergence", "Peers"):
        assert f"## {title}\n\nmissing" in text


def test_suite_needs_a_suite(tmp_path):
    result = subprocess.run(
        [SCRIPTS / "gpu_device_suite.sh", tmp_path, tmp_path / "out"],
        capture_output=True, text=True)
    assert result.returncode == 2
    assert "usage:" in result.stderr


def test_suite_goes_on_after_a_failure(results, tmp_path):
    """Without tools each part fails, and all are named at the end."""
    suite, _ = results
    out = tmp_path / "results"
    result = subprocess.run(
        [SCRIPTS / "gpu_device_suite.sh", suite, out, "gates", "sanitizer",
         "nonsense"], capture_output=True, text=True,
        env={**os.environ, "AMK_SUITE_SECONDS": "20"})
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == (
        "FAILED: gates sanitizer-memcheck sanitizer-initcheck "
        "sanitizer-racecheck nonsense")
    assert (out / "results.md").exists()
    assert (out / "results.tar.gz").exists()


def test_divergence_of_logits(scripts):
    np = pytest.importorskip("numpy")
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    import kl_divergence
    two = math.log(2)
    values = kl_divergence.divergence(
        np.array([[two, 0, 0], [1, 1, 5]]), np.array([[0, 0, two], [3, 3, 7]]))
    assert values == pytest.approx([0.25 * two, 0], abs=1e-12)


def test_peers_run_on_the_cpu(scripts, tmp_path):
    pytest.importorskip("torch")
    config = {"num_hidden_layers": 2, "hidden_size": 32,
              "intermediate_size": 48, "num_attention_heads": 4,
              "num_key_value_heads": 2, "vocab_size": 64,
              "rms_norm_eps": 1e-5}
    (tmp_path / "config.json").write_text(json.dumps(config))
    out = tmp_path / "peers.json"
    subprocess.run([sys.executable, SCRIPTS / "bench_peers.py", "--device",
                    "cpu", "--cases", f"{tmp_path}:5,9", "--samples", "3",
                    "--peers", "linears,eager", "--output", out],
                   check=True, capture_output=True)
    rows = json.loads(out.read_text())["results"]
    assert [(r["peer"], r["position"]) for r in rows] == [
        ("linears", 5), ("eager", 5), ("linears", 9), ("eager", 9)]
    # 2 layers of 64 x 32, 32 x 32, 96 x 32 and 32 x 48; the head 64 x 32.
    assert rows[0]["weight_bytes_per_token"] == 2 * (2 * 7680 + 2048)
    assert rows[1]["kv_bytes_per_token"] == 2 * 2 * 2 * 2 * 8 * 6


PTX = """\
//
.version 8.0
.target sm_90a
.visible .entry main(
\t.param .b64 p
)
{
\t.reg .pred \t%p<3>;

\tld.param.b64 \t%rd1, [p];
$L__BB0_2:
\tmma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
\t\t{%r1, %r2},
\t\t{%r3, %r4};
\t{ // callseq 0, 0
\t.param .b64 param0;
\tcall.uni (retval0), f, (param0);
\t} // callseq 0
\t@%p2 bra \t$L__BB0_2;
\tret;
}
"""


def test_ptx_gets_its_own_line_numbers(scripts):
    from ptxas_lines import with_lines
    lines = with_lines(PTX, "a.ptx").splitlines()
    assert lines[-1] == '\t.file\t1 "a.ptx"'
    marked = {}
    for place, line in enumerate(lines[:-1]):
        if line.startswith("\t.loc"):
            number = int(line.split()[2])
            marked[number] = lines[place + 1].split()[0]
            # The line it names is the one that follows.
            assert PTX.splitlines()[number - 1] == lines[place + 1]
    assert list(marked.values()) == [
        "ld.param.b64", "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32",
        "call.uni", "@%p2", "ret;"]
    assert [line for line in lines[:-1]
            if not line.startswith("\t.loc")] == PTX.splitlines()


def test_ptxas_lines_calls_the_assembler(tmp_path):
    tool = tmp_path / "ptxas"
    tool.write_text('#!/bin/sh\nfor f; do last=$f; done\n'
                    'echo "$1 $2"; grep -c loc "$last"; exit 7\n')
    tool.chmod(0o755)
    source = tmp_path / "code.ptx"
    source.write_text(PTX)
    result = subprocess.run(
        [sys.executable, SCRIPTS / "ptxas_lines.py", "-v", str(source)],
        env={**os.environ, "AMK_PTXAS_REAL": str(tool),
             "AMK_PTX_DIR": str(tmp_path / "kept")},
        capture_output=True, text=True, timeout=60)
    assert result.returncode == 7
    assert result.stdout == "-lineinfo -v\n5\n"
    assert (tmp_path / "kept/sm_90a.ptx").read_text() == PTX
