# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds small schedule programs in the JSON form of docs/ScheduleSpec.md."""


class Buffer:
    """A buffer, and how an action accesses it. Offsets are in bytes."""

    def __init__(self, index, size):
        self.index = index
        self.size = size

    def access(self, mode, offset=0, size=None, rows=1, stride=0, counter=-1):
        if size is None:
            size = self.size - offset
        return {"mode": mode, "buffer": self.index, "offset": offset,
                "rows": rows, "rowBytes": size, "rowStride": stride,
                "counter": counter}

    def read(self, *place, **region):
        return self.access("read", *place, **region)

    def previous(self, *place, **region):
        return self.access("readPrevious", *place, **region)

    def write(self, *place, **region):
        return self.access("write", *place, **region)

    def reduce(self, *place, **region):
        return self.access("reduce", *place, **region)

    def tagged(self, counter, *place, **region):
        return self.access("writeTagged", *place, counter=counter, **region)


class Builder:
    """Spaces, buffers, counters, then agents with their actions in order."""

    def __init__(self, stride=1, bits=32):
        self.program = {
            "spaces": [], "buffers": [], "counters": [],
            "tags": {"stride": stride, "bits": bits},
            "limits": {"workers": 0, "sharedBytes": 0}, "agents": [],
        }
        self.arena = self.space("arena", 0)

    def space(self, name, size, ring=0, worker=-1):
        self.program["spaces"].append(
            {"name": name, "bytes": size, "ringBytes": ring, "worker": worker})
        return len(self.program["spaces"]) - 1

    def buffer(self, name, size=4, kind="scratch", at=None, space=None):
        """At the end of the space, unless `at` says where."""
        space = self.arena if space is None else space
        info = self.program["spaces"][space]
        if at is None:
            at = info["bytes"]
        if not info["ringBytes"]:
            info["bytes"] = max(info["bytes"], at + size)
        self.program["buffers"].append(
            {"name": name, "kind": kind, "space": space, "offset": at,
             "bytes": size})
        return Buffer(len(self.program["buffers"]) - 1, size)

    def counter(self, name, protocol="release", barriers=0, base=0):
        self.program["counters"].append(
            {"name": name, "protocol": protocol, "barriers": barriers,
             "tagBase": base})
        return len(self.program["counters"]) - 1

    def tag(self, name, base=0):
        return self.counter(name, "tag", base=base)

    def parity(self, name, barriers=1):
        return self.counter(name, "parity", barriers=barriers)

    def agent(self, name, worker=None):
        agents = self.program["agents"]
        agents.append({"name": name, "actions": [],
                       "worker": len(agents) if worker is None else worker})
        return self

    def do(self, name, *accesses, waits=(), signals=()):
        """An action of the last agent. A wait is (counter, threshold), a signal
        a counter or (counter, amount)."""
        pairs = [[s, 1] if isinstance(s, int) else list(s) for s in signals]
        self.program["agents"][-1]["actions"].append(
            {"name": name, "waits": [list(wait) for wait in waits],
             "signals": pairs, "accesses": list(accesses)})
        return self
