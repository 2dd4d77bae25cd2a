# SPDX-License-Identifier: GPL-2.0-only
"""A program with millions of live blocks, all of them tracked: time for a report, and memory."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from targets import BUILD, attached, program, resident_mib, trace_command

BLOCKS = 10_000_000
ROOM = "11M"
SIZE = 16
REPORTS = 5


def _report_after(tracer: subprocess.Popen[str], path: Path) -> tuple[float, dict]:
    """Asks for one; the time until it is there in full."""
    count = len(path.read_text().splitlines()) if path.exists() else 0
    start = time.monotonic()
    tracer.send_signal(signal.SIGUSR1)
    while not path.exists() or path.read_text().count("\n") == count:
        time.sleep(0.005)
    return time.monotonic() - start, json.loads(path.read_text().splitlines()[-1])


def objects_table() -> dict[str, list[float]]:
    """The blocks are made while they are traced; then reports are asked for."""
    results: dict[str, list[float]] = {"report, s": []}
    with program(BUILD / "bench/objects") as target, tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "report.json"
        options = ("--max-objects", ROOM, "-i", "1h", "--json", str(path))
        with attached(trace_command(target.pid, *options)) as tracer:
            _, report = _report_after(tracer, path)
            empty = report["overhead"]["map_bytes"]
            start = time.monotonic()
            target.ask(f"KEEP {BLOCKS} {SIZE}")
            made_s = time.monotonic() - start
            for _ in range(REPORTS):
                taken, report = _report_after(tracer, path)
                results["report, s"].append(taken)
            resident = resident_mib(tracer.pid, "VmRSS")
            target.ask(f"DROP {BLOCKS}")
            _, after = _report_after(tracer, path)
    live = report["totals"]["memory"]["live_objects"]
    lost = {name: value for name, value in report["losses"].items() if value}
    if live < BLOCKS or lost or after["totals"]["memory"]["live_objects"] != live - BLOCKS:
        raise SystemExit(f"bench: of {BLOCKS:,} blocks {live:,} were live; losses: {lost}")
    maps = report["overhead"]["map_bytes"]
    results["maps with the blocks, bytes for each"] = [maps / BLOCKS]
    results["maps before there is a block, MiB"] = [empty / (1 << 20)]
    results["made, us for each"] = [1e6 * made_s / BLOCKS]
    results["seep itself, MiB"] = [resident]
    print(f"{BLOCKS:,} live blocks, all tracked (--max-objects {ROOM}):\n\n| | |\n|---|---:|")
    for name, values in results.items():
        print(f"| {name} | {statistics.median(values):.2f} |")
    print()
    return results
