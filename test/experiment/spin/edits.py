# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random edits of programs.

Each edit changes a program in place and returns what it did, or None if it
found nothing to change. The result need not be well formed.
"""

import copy


def actions_of(program):
    return [action for agent in program["agents"]
            for action in agent["actions"]]


def drop_wait(program, rng):
    action = rng.choice(actions_of(program))
    if not action["waits"]:
        return None
    action["waits"].pop(rng.randrange(len(action["waits"])))
    return f"no wait at {action['name']}"


def move_threshold(program, rng):
    action = rng.choice(actions_of(program))
    if not action["waits"]:
        return None
    wait = rng.choice(action["waits"])
    wait[1] += rng.choice((-2, -1, 1))
    return f"threshold {wait[1]} at {action['name']}"


def add_wait(program, rng):
    action = rng.choice(actions_of(program))
    release = [c for c, counter in enumerate(program["counters"])
               if counter["protocol"] == "release"]
    if not release:
        return None
    action["waits"].append([rng.choice(release), rng.randint(-1, 2)])
    return f"wait {action['waits'][-1]} at {action['name']}"


def drop_access(program, rng):
    action = rng.choice(actions_of(program))
    if not action["accesses"]:
        return None
    action["accesses"].pop(rng.randrange(len(action["accesses"])))
    return f"no access at {action['name']}"


def change_mode(program, rng):
    action = rng.choice(actions_of(program))
    modes = {"read": "readPrevious", "readPrevious": "read", "write": "reduce",
             "reduce": "write"}
    access = rng.choice(action["accesses"] or [{"mode": ""}])
    if access["mode"] not in modes:
        return None
    access["mode"] = modes[access["mode"]]
    return f"{access['mode']} at {action['name']}"


def move_access(program, rng):
    action = rng.choice(actions_of(program))
    if not action["accesses"]:
        return None
    access = rng.choice(action["accesses"])
    access["offset"] = max(0, access["offset"] + rng.choice((-8, -4, 4, 8)))
    return f"offset {access['offset']} at {action['name']}"


def move_buffer(program, rng):
    if not program["buffers"]:
        return None
    buffer = rng.choice(program["buffers"])
    buffer["offset"] = max(0, buffer["offset"] + rng.choice((-8, -4, 4, 8)))
    return f"buffer {buffer['name']} at {buffer['offset']}"


def swap_actions(program, rng):
    actions = rng.choice(program["agents"])["actions"]
    if len(actions) < 2:
        return None
    first = rng.randrange(len(actions) - 1)
    actions[first], actions[first + 1] = actions[first + 1], actions[first]
    return f"{actions[first]['name']} first"


def drop_signal(program, rng):
    action = rng.choice(actions_of(program))
    if not action["signals"]:
        return None
    action["signals"].pop(rng.randrange(len(action["signals"])))
    return f"no signal at {action['name']}"


def change_ring(program, rng):
    rings = [space for space in program["spaces"] if space["ringBytes"]]
    if not rings:
        return None
    ring = rng.choice(rings)
    ring["ringBytes"] = max(4, ring["ringBytes"] + rng.choice((-8, -4, 4)))
    return f"ring of {ring['ringBytes']}"


def change_phase(program, rng):
    counter = rng.choice(program["counters"] or [{"protocol": ""}])
    if counter["protocol"] == "parity":
        counter["barriers"] = max(1, counter["barriers"] + rng.choice((-1, 1)))
    elif counter["protocol"] == "tag":
        counter["tagBase"] += 1
    else:
        return None
    return f"phases of {counter['name']}"


EDITS = (drop_wait, move_threshold, add_wait, drop_access, change_mode,
         move_access, move_buffer, swap_actions, drop_signal, change_ring,
         change_phase)


def splice(first, second, rng):
    """Both programs as one: the agents of the second, from one of the first on,
    do their actions after or before those of the first."""
    program, other = copy.deepcopy(first), copy.deepcopy(second)
    base = {key: len(program[key]) for key in ("spaces", "buffers", "counters")}
    for key in base:
        program[key] += other[key]
    for buffer in program["buffers"][base["buffers"]:]:
        buffer["space"] += base["spaces"]
    for action in actions_of(other):
        action["name"] += "'"
        for pair in action["waits"] + action["signals"]:
            pair[0] += base["counters"]
        for access in action["accesses"]:
            access["buffer"] += base["buffers"]
            if access["counter"] >= 0:
                access["counter"] += base["counters"]
    at, before = rng.randrange(len(program["agents"])), rng.random() < 0.5
    for agent in other["agents"]:
        if at == len(program["agents"]):
            program["agents"].append(
                {**agent, "actions": [], "worker": at})
        mine = program["agents"][at]["actions"]
        mine[0 if before else len(mine):0] = agent["actions"]
        at += 1
    # Whose shared memory it was is of no matter here.
    for space in program["spaces"]:
        space["worker"] = -1
    return program


def random_cases(cases, rng):
    """Endless edits of `cases`, of one or two of them spliced."""
    while True:
        base = rng.choice(cases)
        name, program, done = base.name, copy.deepcopy(base.program), []
        if rng.random() < 0.4:
            other = rng.choice(cases)
            program = splice(program, other.program, rng)
            name += " + " + other.name
        for _ in range(rng.randint(1, 2)):
            done.append(rng.choice(EDITS)(program, rng))
        done = [text for text in done if text]
        if done:
            yield f"{name}: " + ", ".join(done), program
