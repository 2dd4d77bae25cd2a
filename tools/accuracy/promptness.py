# SPDX-License-Identifier: GPL-2.0-only
"""How long it takes until seep detect says that there is a leak, by the clock on the wall."""

from __future__ import annotations

import json
import math
import subprocess
import time
from dataclasses import dataclass

from harness import SEEP, end_process


@dataclass
class Case:
    name: str
    pattern: tuple[str, ...]
    limit_s: float
    rounds: int


CASES = (
    Case("1 MB/s", ("memory", "--growth", "1000000/s"), 30, 3),
    # 100,000 requests a second of ten bytes, of which one in a thousand is not released
    Case("1 KB/s under 100,000 allocations/s", ("rare",), 300, 1),
)


def measure(case: Case, seed: int, *options: str) -> tuple[float, bool, str]:
    """From the start of detect to its end; infinite if it finds nothing. Was the exact site first?"""
    target = subprocess.Popen(
        [str(SEEP), "simulate", *case.pattern, "--json", "--seed", str(seed)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert target.stdout
        truth = json.loads(target.stdout.readline())["truth"]
        begin = time.monotonic()
        result = subprocess.run(
            [str(SEEP), "detect", "-p", str(target.pid), "-d", f"{case.limit_s:.0f}s", "-v", *options],
            capture_output=True,
            text=True,
            check=False,
        )
        elapsed = time.monotonic() - begin
    finally:
        end_process(target)
    first = result.stdout.split("\n#2", 1)[0]
    exact = any(f" {function} " in first for function in truth["functions"])
    return elapsed if result.returncode == 3 else math.inf, exact, result.stdout
