# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The built tools, as fixtures, and the models they run on.

The tools are those of $AMK_BIN_DIR, else of build/bin. Without AMK_BIN_DIR and
without a build these tests are skipped, and say so.
"""

import json
import os
import pathlib
import sys

import pytest

from harness import MODELS, ROOT, TRAINED, Tools, read_golden

sys.path.insert(0, str(ROOT / "scripts"))


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    chosen = os.environ.get("AMK_BIN_DIR")
    bin_dir = pathlib.Path(chosen) if chosen else ROOT / "build/bin"
    for tool in ("amk-compile", "amk-run"):
        if not os.access(bin_dir / tool, os.X_OK):
            message = f"{bin_dir / tool} is not built"
            pytest.fail(message) if chosen else pytest.skip(message)
    return Tools(bin_dir.resolve(), tmp_path_factory.mktemp("tools"))


@pytest.fixture(scope="session")
def random_model(tmp_path_factory):
    """Name -> directory of the checkpoint, made when first asked for, and
    checked to be the one that the goldens were made with."""
    import hashlib

    from make_random_checkpoint import make_checkpoint
    made = {}

    def get(name):
        if name not in made:
            source = MODELS / "random" / name
            out = tmp_path_factory.mktemp("models") / name
            make_checkpoint(source, out)
            digest = hashlib.sha256()
            for path in sorted(out.glob("*.safetensors")):
                digest.update(path.read_bytes())
            golden = json.loads((source / "golden.json").read_text())
            assert digest.hexdigest() == golden["weights_sha256"]
            made[name] = out
        return made[name]

    return get


@pytest.fixture(scope="session")
def trained_golden():
    return read_golden(TRAINED)
