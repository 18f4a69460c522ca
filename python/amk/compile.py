# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls amk-compile and keeps the bundles it writes in a cache.

A bundle depends on the configuration, the safetensors headers, the options and
the compiler, not on the weights' values. These are hashed; the hash names the
bundle's directory in the cache.
"""

import hashlib
import json
import os
import pathlib
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

from .device import Device, choose
from .errors import Error

_MAX_HEADER = 256 << 20
_ERROR_PREFIX = "amk-compile: error: "


def find_tool(name="amk-compile"):
    """The path of a tool of AMK: in $AMK_BIN_DIR if that is set; otherwise
    beside the package, in the build tree around it, or on PATH."""
    chosen = os.environ.get("AMK_BIN_DIR")
    if chosen:
        path = pathlib.Path(chosen) / name
        if not os.access(path, os.X_OK):
            raise Error(f"AMK_BIN_DIR: {path}: not an executable file")
        return path
    package = pathlib.Path(__file__).resolve().parent
    # An installed package; build/python/amk; python/amk in the source tree.
    for directory in (package / "bin", package.parents[1] / "bin",
                      package.parents[1] / "build" / "bin"):
        if os.access(directory / name, os.X_OK):
            return directory / name
    found = shutil.which(name)
    if not found:
        raise Error(f"{name}: not found in the package, in build/bin or on "
                    f"PATH; build it, or set AMK_BIN_DIR to its directory")
    return pathlib.Path(found)


def cache_dir():
    """$AMK_CACHE_DIR, or amk/ in the user's cache directory."""
    chosen = os.environ.get("AMK_CACHE_DIR")
    if chosen:
        return pathlib.Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (pathlib.Path(base) if base else pathlib.Path.home() / ".cache"
            ) / "amk"


def safetensors_header(path):
    """The header of a safetensors file as it is, with its length."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        length = file.read(8)
        if len(length) < 8:
            raise Error(f"{path}: {size} bytes, expected a safetensors file")
        count = struct.unpack("<Q", length)[0]
        if count > min(size - 8, _MAX_HEADER):
            raise Error(f"{path}: found a header of {count} bytes, expected "
                        f"at most {min(size - 8, _MAX_HEADER)}")
        # The file's size too: the compiler checks the offsets against it.
        return struct.pack("<Q", size) + length + file.read(count)


def cache_key(model_dir, tool, options, device=None):
    """Hash of everything a bundle depends on, as 32 hex digits. `device`: the
    GPU of this machine that it is for."""
    model_dir = pathlib.Path(model_dir)
    digest = hashlib.sha256()

    def add(label, data):
        # Lengths, so that no two sequences of parts look the same.
        digest.update(struct.pack("<QQ", len(label), len(data)))
        digest.update(label.encode("utf-8"))
        digest.update(data)

    config = model_dir / "config.json"
    try:
        if not config.is_file():
            raise Error(f"{config}: not found, expected a HuggingFace model "
                        f"directory")
        for name in ("config.json", "generation_config.json"):
            if (model_dir / name).is_file():
                add(name, (model_dir / name).read_bytes())
        for path in sorted(model_dir.glob("*.safetensors.index.json")):
            add(path.name, path.read_bytes())
        for path in sorted(model_dir.glob("*.safetensors")):
            add(path.name, safetensors_header(path))
        add("compiler", pathlib.Path(tool).read_bytes())
    except OSError as error:
        raise Error(f"{error.filename}: {error.strerror}") from None
    add("options", json.dumps([options, _machine(device)]).encode("utf-8"))
    return digest.hexdigest()[:32]


def _machine(device=None):
    """What defaults of the compiler depend on: the cores that this process may
    use and what they can do, or the GPU and NVIDIA's assembler. A cache may be
    shared by unlike machines."""
    if device and device.gpu:
        gpu = device.gpu
        return ["cuda", gpu.name, gpu.capability, gpu.multiprocessors,
                os.environ.get("AMK_PTXAS"), os.environ.get("CUDA_HOME"),
                shutil.which("ptxas")]
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        cores = os.cpu_count()
    features = ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(("flags", "Features")):
                    features = " ".join(sorted(line.split(":", 1)[1].split()))
                    break
    except OSError:
        pass
    return [platform.machine(), cores, features]


def _option_list(target, device, workers, max_context):
    options = [f"--target={target}"]
    if device and device.gpu:
        options += ["--device", device.name]
    if workers is not None:
        options += ["--workers", str(workers)]
    if max_context is not None:
        options += ["--max-context", str(max_context)]
    return options


def run_compiler(tool, model_dir, bundle, options, progress=False,
                 final=None):
    """Runs amk-compile; its progress goes to stderr if `progress`. `final` is
    where the caller will move the bundle: the place to name there."""
    command = [str(tool), str(model_dir), "-o", str(bundle), *options]
    lines = []
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True,
                                   errors="replace")
    except OSError as error:
        raise Error(f"{tool}: {error.strerror}") from None
    with process:
        try:
            for line in process.stderr:
                line = line.replace(str(bundle), str(final or bundle))
                lines.append(line.rstrip("\n"))
                if progress and not line.startswith(_ERROR_PREFIX):
                    sys.stderr.write(line)
        except BaseException:
            # Ctrl-C above all: nobody waits for the bundle any more.
            process.kill()
            raise
    if process.returncode == 0:
        return
    if process.returncode < 0:
        raise Error(f"amk-compile: ended by "
                    f"{signal.Signals(-process.returncode).name}")
    for line in lines:
        if line.startswith(_ERROR_PREFIX):
            raise Error(line[len(_ERROR_PREFIX):])
    raise Error(f"amk-compile: exit status {process.returncode}: "
                f"{lines[-1] if lines else 'no message'}")


def compile_model(model_dir, output=None, *, device="auto", target=None,
                  workers=None, max_context=None, progress=False):
    """Compiles a model directory and returns the bundle's path. Without
    `output` the bundle is taken from the cache, or put there.

    device: what it is to run on, as in Model.from_pretrained. target: instead
    of that "cpu" or "cuda", for no device of this machine in particular; such
    a bundle is for `output`, not for the cache."""
    if target is not None and output is None:
        raise Error(f"target: found {target!r} without an output, expected "
                    f"one: the cache is for devices of this machine")
    tool = find_tool()
    if target is not None:
        device = None
    else:
        if not isinstance(device, Device):
            device = choose(device)
        target = device.target
    options = _option_list(target, device, workers, max_context)
    if output is not None:
        run_compiler(tool, model_dir, output, options, progress)
        return pathlib.Path(output)

    key = cache_key(model_dir, tool, options, device)
    bundle = cache_dir() / "bundles" / key
    if (bundle / "manifest.json").is_file():
        return bundle
    try:
        bundle.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.mkdtemp(prefix=bundle.name + ".", dir=bundle.parent)
    except OSError as error:
        raise Error(f"{bundle.parent}: {error.strerror}; AMK_CACHE_DIR "
                    f"selects another cache directory") from None
    try:
        fresh = pathlib.Path(scratch) / "bundle"
        if progress:
            print(f"amk: compiling {model_dir} for "
                  f"{device.name if device else target}", file=sys.stderr)
        run_compiler(tool, model_dir, fresh, options, progress, final=bundle)
        _publish(fresh, bundle)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return bundle


def _publish(fresh, bundle):
    """Renames a complete bundle to its place; another process that was faster
    has put the same there."""
    try:
        if bundle.exists() and not (bundle / "manifest.json").is_file():
            # What is left of a bundle that somebody began to delete.
            os.rename(bundle, fresh.with_name("remains"))
        os.rename(fresh, bundle)
    except OSError as error:
        if not (bundle / "manifest.json").is_file():
            raise Error(f"{bundle}: {error.strerror}") from None
