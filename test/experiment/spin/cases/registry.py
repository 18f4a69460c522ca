# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Narrow programs for each rule that an execution can show, by hand.

A case is a function that returns a Builder. Its decorator says the rule that
it is about and the verdicts for launches of 1, 2 and 3 steps (one, if they are
all the same); its docstring says why.
"""

_CASES = []


def case(rule, *verdicts):
    verdicts = verdicts * 3 if len(verdicts) == 1 else verdicts
    assert len(verdicts) == 3

    def register(function):
        _CASES.append({
            "name": f"{rule}-{function.__name__}".replace("_", "-"),
            "rule": rule,
            "why": " ".join(function.__doc__.split()),
            "expected": {str(steps): verdict for steps, verdict
                         in enumerate(verdicts, 1)},
            "program": function().program,
        })
        return function
    return register


def all_cases():
    return _CASES
