# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the compiler can be told about a schedule, and samples of it."""

import dataclasses
import itertools

FUSIONS = ("qkv", "gated", "residual", "head", "norm")
# Executed: every worker is a thread. More are placed and verified only.
EXECUTED_WORKERS = (1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 8)
GROUP = 4
PLACED_WORKERS = (9, 12, 16, 24, 32, 48, 64, 96, 120, 132, 144, 192, 256)


@dataclasses.dataclass(frozen=True)
class Config:
    """One placed schedule, and how many of its steps a launch runs."""
    model: str
    workers: int
    tile_rows: int
    kv_splits: int  # 0: the compiler chooses by workers and heads
    fuse: tuple
    max_users: int  # operations that may compute a norm again
    placement: str  # block, rotate or random
    placement_seed: int
    sync: str  # exact or coarse
    slack: float  # coarse: see amk-coarsen-sync
    simplify: bool  # remove waits that others imply
    reuse: bool  # activations share bytes
    alignment: int
    steps_per_launch: int

    def is_plain(self):
        """Whether amk-compile alone can make it."""
        return (self.placement != "random" and self.simplify
                and (self.max_users, self.alignment) == (1, 64)
                and (self.sync == "exact" or self.slack == 1.0))

    def tasks(self):
        """What the tasks and their machine code depend on."""
        return (self.model, self.workers, self.tile_rows, self.kv_splits,
                self.fuse, self.max_users)

    def arithmetic(self):
        """Schedules with equal keys compute the same sums in the same order.

        Only the pieces of the context order them: rows do not depend on each
        other, and fused operations compute what the separate ones do.
        """
        return (self.model,
                self.kv_splits or f"chosen for {self.workers} workers")

    def as_dict(self):
        return {**dataclasses.asdict(self), "fuse": list(self.fuse)}


class Deck:
    """Draws every value once before any comes again."""

    def __init__(self, rng, values):
        self.rng = rng
        self.values = list(values)
        self.left = []

    def draw(self):
        if not self.left:
            self.left = self.rng.sample(self.values, len(self.values))
        return self.left.pop()


def fusion_subsets():
    for size in range(len(FUSIONS) + 1):
        yield from itertools.combinations(FUSIONS, size)


def sample(rng, models, workers, count):
    """`count` different configurations, each value about equally often.

    GROUP at a time have the same tasks, and with them the same machine code,
    which is most of the time to compile.
    """
    tasks = {
        "model": Deck(rng, models),
        "workers": Deck(rng, workers),
        "tile_rows": Deck(rng, (2, 4, 6, 8, 16)),
        "kv_splits": Deck(rng, (0, 1, 1, 2, 2, 3, 5)),
        "fuse": Deck(rng, fusion_subsets()),
        "max_users": Deck(rng, (1, 1, 1, 3)),
    }
    schedules = {
        "placement": Deck(rng, ("block", "rotate", "random", "random")),
        "sync": Deck(rng, ("exact", "coarse")),
        "slack": Deck(rng, (1.0, 1.0, 0.5, 0.0)),
        "simplify": Deck(rng, (True, True, True, False)),
        "reuse": Deck(rng, (True, True, False)),
        "alignment": Deck(rng, (64, 64, 16, 256)),
        "steps_per_launch": Deck(rng, (2, 7, 64, 64)),
    }
    found = {}
    same = {}
    while len(found) < count:
        if len(found) % GROUP == 0:
            same = {name: deck.draw() for name, deck in tasks.items()}
        drawn = {**same,
                 **{name: deck.draw() for name, deck in schedules.items()}}
        if drawn["sync"] == "exact":
            drawn["slack"] = 1.0
        random = drawn["placement"] == "random"
        seed = rng.randrange(1 << 32) if random else 0
        found[Config(**drawn, placement_seed=seed)] = None
    return list(found)


def coverage(configs):
    """How often each value of each knob occurs."""
    table = {}
    for config in configs:
        for name, value in config.as_dict().items():
            if name in ("placement_seed",):
                continue
            if name == "fuse":
                value = "+".join(value) or "none"
            row = table.setdefault(name, {})
            row[str(value)] = row.get(str(value), 0) + 1
    return {name: dict(sorted(row.items())) for name, row in table.items()}
