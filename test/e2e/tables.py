# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads and damages tables.bin; the layout is include/amk/Support/Abi.h."""

import dataclasses
import json
import struct

SECTIONS = ("spaces", "buffers", "queues", "instructions", "waits", "signals",
            "accesses", "counters", "segments", "strings")
SECTIONS_OFFSET = 56  # in the header
INSTRUCTION = struct.Struct("<9I28x16Q")
WAIT = struct.Struct("<Ii")
COUNTER = struct.Struct("<IIIIQ")
# Below every value that a counter can have, in whatever step.
NEVER_WAITS = -(1 << 30)


@dataclasses.dataclass(frozen=True)
class Wait:
    index: int
    task: str
    counter: str
    threshold: int


def fnv1a64(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 % (1 << 64)
    return value


class Tables:
    """tables.bin of a bundle, in memory."""

    def __init__(self, bundle):
        self.bundle = bundle
        self.data = bytearray((bundle / "tables.bin").read_bytes())
        words = struct.unpack_from(f"<{2 * len(SECTIONS)}Q", self.data,
                                   SECTIONS_OFFSET)
        self.sections = {name: words[2 * i:2 * i + 2]
                         for i, name in enumerate(SECTIONS)}

    def rows(self, section, layout):
        offset, count = self.sections[section]
        return [layout.unpack_from(self.data, offset + i * layout.size)
                for i in range(count)]

    def string(self, offset):
        begin = self.sections["strings"][0] + offset
        return self.data[begin:self.data.index(0, begin)].decode()

    def waits(self):
        """Every wait, with the task that waits."""
        waits = self.rows("waits", WAIT)
        counters = self.rows("counters", COUNTER)
        found = []
        for fields in self.rows("instructions", INSTRUCTION):
            name, begin, count = fields[1:4]
            for index in range(begin, begin + count):
                counter, threshold = waits[index]
                found.append(Wait(index, self.string(name),
                                  self.string(counters[counter][1]),
                                  threshold))
        return found

    def remove_wait(self, task, counter):
        """Lets one wait always hold, and makes the hashes fit."""
        chosen = [wait for wait in self.waits()
                  if (wait.task, wait.counter) == (task, counter)]
        if len(chosen) != 1:
            raise LookupError(f"{self.bundle}: found {len(chosen)} waits of "
                              f"{task} for {counter}, expected 1")
        offset = self.sections["waits"][0] + chosen[0].index * WAIT.size
        struct.pack_into("<i", self.data, offset + 4, NEVER_WAITS)
        (self.bundle / "tables.bin").write_bytes(self.data)
        path = self.bundle / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["tables"]["hash"] = f"{fnv1a64(self.data):016x}"
        path.write_text(json.dumps(manifest))
