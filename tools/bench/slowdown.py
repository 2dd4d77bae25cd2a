# SPDX-License-Identifier: GPL-2.0-only
"""What services lose while they are traced: throughput, latencies, CPU time."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import services
from ratios import Round, in_turns, median_of, ratios_of, spread
from services import Service
from targets import TICKS
from tracing import WITHOUT, Mode, modes, traced

Start = Callable[[Path], AbstractContextManager[Service]]

# A load is looked at once it and the tracer have settled.
SETTLE_S = 2.0


def _redis(test: str, pipeline: int) -> Start:
    return lambda directory: services.redis(directory, test, pipeline)


LOADS: dict[str, Start] = {
    "redis SET -P16": _redis("set", 16),
    "redis SET": _redis("set", 1),
    "redis GET -P16": _redis("get", 16),
    "redis GET": _redis("get", 1),
    "pgbench -S": services.postgres_selecting,
    "wrk nginx": services.nginx,
    "python": services.python,
    "node": services.node,
    "gcc": services.compiling,
}


def _cpu_seconds(pid: int) -> float:
    """Of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def measure(service: Service, mode: Mode, seconds: float) -> dict[str, Any]:
    """One run in one mode; its figures."""
    with traced(service.pid, service.children, mode) as trace:
        service.settle(SETTLE_S)
        before = _cpu_seconds(service.pid)
        outcome = service.run(seconds)
        used = _cpu_seconds(service.pid) - before
    return {
        **dataclasses.asdict(outcome),
        "per_second": outcome.per_second,
        "cpu_s": used,
        "cpu_us_per_operation": 1e6 * used / outcome.operations,
        "overhead": trace.overhead,
    }


def measure_load(start: Start, rounds: int, seconds: float) -> list[Round]:
    turns = modes()
    with tempfile.TemporaryDirectory(prefix="seep-bench-") as name, start(Path(name)) as service:
        service.settle(SETTLE_S)
        return [
            {mode.name: measure(service, mode, seconds) for mode in in_turns(turns, number)}
            for number in range(rounds)
        ]


HEAD = (
    "load", "mode", "per second", "of without", "CPU time of without", "p50 ms", "p95 ms",
    "of without", "p99 ms", "longest ms",
)  # fmt: skip


def _row(load: str, mode: str, rounds: list[Round]) -> list[str]:
    of_without = {
        key: "" if mode == WITHOUT else spread(ratios_of(rounds, mode, WITHOUT, key))
        for key in ("per_second", "cpu_us_per_operation", "p95_ms")
    }
    latencies = {
        key: f"{median_of(rounds, mode, key):.3f}"
        for key in ("p50_ms", "p95_ms", "p99_ms", "longest_ms")
    }
    return [
        load, mode, f"{median_of(rounds, mode, 'per_second'):,.0f}", of_without["per_second"],
        of_without["cpu_us_per_operation"], latencies["p50_ms"], latencies["p95_ms"],
        of_without["p95_ms"], latencies["p99_ms"], latencies["longest_ms"],
    ]  # fmt: skip


def services_table(rounds: int, seconds: float, chosen: list[str]) -> dict[str, list[Round]]:
    """Each load in each mode in turns. Lines are printed as they come: this takes long."""
    print(f"Services at full speed; medians of {rounds} rounds of {seconds:g} s in turns, and ratios")
    print("to the run without seep of the same round (smallest to largest):\n")
    print("| " + " | ".join(HEAD) + " |")
    print("|---|---|" + "---:|" * (len(HEAD) - 2), flush=True)
    results = {}
    for name in chosen or LOADS:
        results[name] = measure_load(LOADS[name], rounds, seconds)
        for mode in modes():
            print("| " + " | ".join(_row(name, mode.name, results[name])) + " |", flush=True)
    print()
    return results
