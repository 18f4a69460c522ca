# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""AutoMegaKernel: a HuggingFace checkpoint as one persistent program.

    import amk
    model = amk.Model.from_pretrained("path/to/model")
    for piece in model.generate("Once upon a time", max_new_tokens=64):
        print(piece, end="", flush=True)
"""

import pathlib
import re

from .errors import Error


def _version():
    """The version that CMakeLists.txt gives the whole project."""
    try:
        from ._version import VERSION
        return VERSION
    except ImportError:  # the source tree: no CMake has been here
        root = pathlib.Path(__file__).resolve().parents[2]
        text = (root / "CMakeLists.txt").read_text(encoding="utf-8")
        return re.search(r"project\(AMK VERSION (\S+)", text).group(1)


__version__ = _version()
__all__ = ["Error", "Model", "compile_model", "__version__"]


def __getattr__(name):
    # On demand, so that `import amk` needs neither the native module nor the
    # tokenizers package.
    if name == "Model":
        from .model import Model
        return Model
    if name == "compile_model":
        from .compile import compile_model
        return compile_model
    raise AttributeError(f"module 'amk' has no attribute {name!r}")
