# SPDX-License-Identifier: GPL-2.0-only
"""The patterns of seep simulate, at several speeds, as processes."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
from dataclasses import dataclass
from typing import Any

from harness import SEEP, end_process

# So that leaks go on to the end and shapes can show, and as little churn as tells one from the other:
# it is traced too, and there are many of them.
QUIET = ("--rate", "200/s")
OPTIONS: dict[str, tuple[str, ...]] = {
    "memory": QUIET,
    "linear": ("--growth", "20K/s", *QUIET),
    "exponential": ("--growth", "4K/s", "--period", "40s", "--limit", "256M", *QUIET),
    "stepped": ("--period", "20s", *QUIET),
    "oscillating": ("--period", "20s", *QUIET),
    "oscillating-steady": ("--period", "20s", *QUIET),
    "seasonal": (),
    "rare": ("--rate", "2000/s", "--size", "100"),
    "restart": ("--period", "110s", *QUIET),
    "cycle": ("--objects", "1000000"),
    "vector": QUIET,
    "vector-bounded": QUIET,
    "cache": (),
    "pool": (),
    "warm-up": QUIET,
    "burst": QUIET,
    "churn": ("--rate", "2000/s"),
    "fragmentation": ("--growth", "200K/s", *QUIET),
    "mapping": ("--growth", "512K/s",),
    "thread": ("--rate", "2/s", "--objects", "100000"),
    "thread-rare": ("--rate", "20/s", "--objects", "1000000"),
    "thread-endless": ("--rate", "1/s", "--objects", "100000"),
    "fd": ("--rate", "2/s"),
    "fd-rare": (),
}
# In turns: of one round there are only two, for each process takes its share of the machine.
SCALES = ((1.0, 0.5), (2.0, 1.0), (0.5, 2.0))

# The limits that times until are measured against.
ADDRESS_SPACE = 4 << 30
DESCRIPTORS = 4096


def listed() -> list[str]:
    """The patterns that there are."""
    said = subprocess.run([SEEP, "simulate", "--help"], capture_output=True, text=True, check=True)
    section = said.stdout.split("\nPatterns:\n", 1)[1].split("\n\n", 1)[0]
    return [line.split()[0] for line in section.splitlines()]


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


@dataclass
class Room:
    """What a process still may have."""

    bytes: int
    descriptors: int


class Simulation:
    """A process that begins and ends when it is told to."""

    def __init__(self, pattern: str, scale: float, seed: int) -> None:
        self.pattern, self.scale, self.seed = pattern, scale, seed
        self.process = subprocess.Popen(
            [str(SEEP), "simulate", pattern, "--json", "--wait", "--scale", str(scale)]
            + ["--seed", str(seed), *OPTIONS[pattern]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=_limit,
        )
        self.pid = self.process.pid
        self.start = self._event("start")
        self.room: Room | None = None
        self.end_event: dict[str, Any] = {}

    @property
    def name(self) -> str:
        return f"{self.pattern}, scale {self.scale:g}, seed {self.seed}"

    def _event(self, word: str) -> dict[str, Any]:
        assert self.process.stdout
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == word:
                return event
        raise SystemExit(f"accuracy: simulate {self.pattern} ended without {word}")

    def _say(self) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it was at its limit

    def begin(self) -> None:
        self._say()

    def look(self) -> None:
        """What it still may have, now."""
        try:
            with open(f"/proc/{self.pid}/status") as file:
                match = re.search(r"VmSize:\s+(\d+) kB", file.read())
            held = len(os.listdir(f"/proc/{self.pid}/fd"))
        except OSError:
            return
        if match:
            self.room = Room(ADDRESS_SPACE - int(match[1]) * 1024, DESCRIPTORS - held)

    def finish(self) -> None:
        """Ends the work; the process goes on living."""
        self._say()
        if self.pattern != "restart":  # of which each life has its own numbers
            self.end_event = self._event("end")

    def end(self) -> None:
        if self.process.stdin:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                self.process.stdin = None
        end_process(self.process)
