# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The negative control: schedules that lack one wait.

A schedule that the verifier refuses must show it under delays, or equal
logits of sound schedules would prove nothing. One that it still accepts (other
waits imply the lost one) must compute the same bits.
"""

import itertools

from executing import delay_seed, waits_of, without_wait

CLASSES = ("refused: shown", "refused: not shown", "accepted: equal",
           "accepted: different")


def delays_to_try(rng, workers):
    """Mode -> seeds: every worker is the victim once."""
    victims = rng.sample(range(workers), workers)
    return {"jitter": [delay_seed(rng, "jitter")],
            "freeze": [delay_seed(rng, "freeze")],
            "victim": [delay_seed(rng, "victim", (worker, workers))
                       for worker in victims]}


class DroppedWaits:
    def __init__(self, executor):
        self.executor = executor

    def check(self, rng, config, bundle, sound):
        """Drops one wait and returns a record; `sound` is the right outcome."""
        wait = rng.choice(waits_of(bundle))
        broken = without_wait(bundle, bundle.with_suffix(".dropped"), wait)
        record = {"task": wait.task, "counter": wait.counter}
        verdict = self.executor.run(config, broken)
        seeds = delays_to_try(rng, config.workers)
        if verdict.refused():
            record["rules"] = verdict.rules()
            self.show(record, config, broken, sound, seeds)
        else:
            self.compare(record, config, broken, sound, verdict,
                         [None, *itertools.chain(*seeds.values())])
        return record

    def show(self, record, config, broken, sound, seeds):
        """Which modes make a run go wrong, with the first seed that does."""
        quiet = self.executor.run(config, broken, verify=False)
        record["shown_without_delays"] = quiet != sound
        record["shown_by"] = {}
        for mode, choices in seeds.items():
            for seed in choices:
                found = self.executor.run(config, broken, seed, verify=False)
                if found != sound:
                    record["shown_by"][mode] = seed
                    record["how"] = how(found, sound)
                    break
        record["class"] = ("refused: shown" if record["shown_by"]
                           else "refused: not shown")

    def compare(self, record, config, broken, sound, verdict, seeds):
        record["class"] = "accepted: equal"
        for seed in seeds:
            found = (verdict if seed is None
                     else self.executor.run(config, broken, seed))
            if found != sound:
                record.update({"class": "accepted: different", "seed": seed,
                               "how": how(found, sound)})
                return


def how(found, sound):
    if "timed out" in found.errors:
        return "a wait timed out"
    if found.status:
        return f"status {found.status}: {found.errors.strip()[-300:]}"
    return "logits differ" if found.logits != sound.logits else "ids differ"
