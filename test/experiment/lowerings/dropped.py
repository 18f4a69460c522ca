# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The negative control: schedules that lack one wait.

A schedule that the verifier refuses must show it under delays, or equal
logits of sound schedules would prove nothing. One that it still accepts (other
waits imply the lost one) must compute the same bits.
"""

from executing import MODES, delay_seed, waits_of, without_wait

CLASSES = ("refused: shown", "refused: not shown", "accepted: equal",
           "accepted: different")


def delays_to_try(rng, workers):
    """Every mode, and every worker as the victim."""
    seeds = [delay_seed(rng, mode) for mode in MODES[:2]]
    victims = rng.sample(range(workers), workers)
    return seeds + [delay_seed(rng, "victim", (worker, workers))
                    for worker in victims]


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
            self.compare(record, config, broken, sound, verdict, seeds)
        return record

    def show(self, record, config, broken, sound, seeds):
        """Counts the runs until one goes wrong."""
        quiet = self.executor.run(config, broken, verify=False)
        record["shown_without_delays"] = quiet != sound
        record["class"] = "refused: not shown"
        for number, seed in enumerate(seeds, 1):
            found = self.executor.run(config, broken, seed, verify=False)
            if found != sound:
                record.update({"class": "refused: shown", "seed": seed,
                               "runs": number, "mode": MODES[seed % 3],
                               "how": how(found, sound)})
                return

    def compare(self, record, config, broken, sound, verdict, seeds):
        record["class"] = "accepted: equal"
        for seed in [None, *seeds]:
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
