# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command `amk`."""

import argparse
import os
import subprocess
import sys
import time

from . import __version__, device
from .errors import Error


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        # One form and one exit status for every error of this command.
        raise Error(message)


def _positive(text):
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


_positive.__name__ = "positive integer"  # argparse names it in its message


def _device(text):
    device.parse(text)
    return text


def _add_compile_options(parser):
    parser.add_argument("--device", type=_device, default="auto",
                        metavar="D", help="auto, the first GPU that can run "
                        "the model, else the CPU (default); cpu; or cuda:N")
    parser.add_argument("--workers", type=_positive, metavar="N",
                        help="threads, on a GPU blocks (default: "
                        "amk-compile's choice)")
    parser.add_argument("--max-context", type=_positive, metavar="N",
                        help="positions of the KV cache")
    parser.add_argument("--quiet", action="store_true",
                        help="nothing on stderr but errors")


def _make_parser():
    parser = _Parser(
        prog="amk", description="AutoMegaKernel: compile a HuggingFace "
        "checkpoint into one persistent program and run it.")
    parser.add_argument("--version", action="version",
                        version=f"amk {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND",
                                     required=True, parser_class=_Parser)

    generate = commands.add_parser(
        "generate", help="continue a prompt",
        description="Continues a prompt greedily. The new text goes to "
        "stdout as it comes, everything else to stderr.")
    generate.add_argument("model", help="HuggingFace directory or hub id")
    generate.add_argument("--prompt", required=True, metavar="TEXT")
    generate.add_argument("-n", "--max-new-tokens", type=_positive, default=64,
                          metavar="N", help="default: 64")
    generate.add_argument("--chat", action="store_true",
                          help="the prompt is the user's message of a "
                          "conversation: apply the chat template")
    generate.add_argument("--steps-per-launch", type=_positive, default=0,
                          metavar="T", help="tokens that one launch computes "
                          "(default: the runtime's choice)")
    _add_compile_options(generate)
    generate.set_defaults(function=_generate)

    compile_parser = commands.add_parser(
        "compile", help="compile a model and print where the bundle is",
        description="Compiles a model with amk-compile. Without -o the bundle "
        "goes to the cache that `amk generate` uses.")
    compile_parser.add_argument("model", help="HuggingFace directory or hub id")
    compile_parser.add_argument("-o", "--output", metavar="BUNDLE")
    _add_compile_options(compile_parser)
    compile_parser.add_argument(
        "--target", choices=("cpu", "cuda"), help="instead of --device: for "
        "no device of this machine in particular; cuda: H100 and H200. "
        "Needs -o")
    # None: to tell it from one that is given.
    compile_parser.set_defaults(device=None)
    compile_parser.set_defaults(function=_compile)

    doctor = commands.add_parser(
        "doctor", help="say what this machine has and what would be used",
        description="Describes the processor, the CUDA driver and its GPUs "
        "and, for a bundle, which of its code would be used and why "
        "(amk-doctor). Exit status: 0 if the bundle can run here or, without "
        "one, if there is a usable GPU; 1 if not.")
    doctor.add_argument("bundle", nargs="?", metavar="BUNDLE")
    doctor.add_argument("--arch", help="only code of this architecture, such "
                        "as sm_80")
    doctor.set_defaults(function=_doctor)
    return parser


def _generate(args):
    from .model import Model

    model = Model.from_pretrained(
        args.model, device=args.device, workers=args.workers,
        max_context=args.max_context, progress=not args.quiet)
    prompt = args.prompt
    if args.chat:
        prompt = [{"role": "user", "content": prompt}]
    ids = model.encode_prompt(prompt)
    stop_tokens = set(model.stop_tokens)
    decoder = model.tokenizer.stream()
    times = [time.perf_counter()]
    for token in model.generate_ids(ids, args.max_new_tokens,
                                    args.steps_per_launch):
        times.append(time.perf_counter())
        if token not in stop_tokens:
            print(decoder.push(token), end="", flush=True)
    print(decoder.finish(), flush=True)
    if not args.quiet:
        _report(model, len(ids), times)


def _report(model, prompt_length, times):
    count = len(times) - 1
    seconds = times[-1] - times[0]
    line = (f"amk: {count} tokens after a prompt of {prompt_length} in "
            f"{seconds:.2f} s")
    if seconds > 0:
        # The prompt is processed by the same steps.
        steps = prompt_length + count - 1
        line += f" ({steps / seconds:.0f} steps/s)"
    print(f"{line} on {model.device}, code {model.arch}, {model.workers} "
          f"worker{'s' if model.workers != 1 else ''}", file=sys.stderr)


def _compile(args):
    from .compile import compile_model
    from .hub import resolve

    if args.target and args.device:
        raise Error("found --device and --target, expected one of them")
    bundle = compile_model(resolve(args.model), args.output,
                           device=args.device or "auto", target=args.target,
                           workers=args.workers,
                           max_context=args.max_context,
                           progress=not args.quiet)
    print(bundle)


def _doctor(args):
    from .compile import find_tool

    command = [str(find_tool("amk-doctor"))]
    if args.arch:
        command += ["--arch", args.arch]
    if args.bundle:
        command.append(args.bundle)
    return subprocess.run(command, check=False).returncode


def main(argv=None):
    """Runs the command and returns its exit status."""
    try:
        args = _make_parser().parse_args(argv)
        return args.function(args) or 0
    except Error as error:
        # One line, whatever a message quotes.
        print("amk: error: " + " ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has gone, and knows it.
        _discard_stdout()
        return 1
    except OSError as error:  # a full disk behind stdout, for one
        _discard_stdout()
        place = f"{error.filename}: " if error.filename else ""
        print(f"amk: error: {place}{error.strerror or error}", file=sys.stderr)
        return 1


def _discard_stdout():
    """What stdout still buffers goes nowhere when Python exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
