# SPDX-License-Identifier: GPL-2.0-only
"""What seep needs for itself: memory, time to attach, time for a report, CPU. The limits are promises."""

from __future__ import annotations

import os
import time
from pathlib import Path

from harness import BUILD, Seep, modified_text, wait_until

SITES = 10_000


def resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_memory_and_time_with_many_sites(start, seep, tmp_path: Path) -> None:
    target = start("many_sites", str(SITES), "14")
    files = [tmp_path / name for name in ("folded", "pprof", "graph.svg")]
    outputs = ("--folded", files[0], "--pprof", files[1], "--flamegraph", files[2])
    trace = seep("-p", target.pid, *outputs).attached()
    target.go()
    target.done()
    report = trace.report_now()
    assert len(report["sites"]) >= SITES
    wait_until(lambda: all(file.exists() for file in files), "the other files")
    assert resident_bytes(trace.pid) < 60_000_000
    begin = time.monotonic()
    trace.process.terminate()
    assert trace.wait() == 0
    assert time.monotonic() - begin < 2.0


def test_time_to_attach(start, seep) -> None:
    """From the start of the program to its probes; the best of three, for others use the machine too."""
    target = start("churn")

    def once() -> float:
        begin = time.monotonic()
        trace: Seep = seep("-p", target.pid, json_file=None).attached()
        elapsed = time.monotonic() - begin
        assert modified_text(target.pid) > 0
        trace.end()
        wait_until(lambda: not modified_text(target.pid), "the end of the probes")
        return elapsed

    assert min(once() for _ in range(3)) < 0.5


def test_cpu_while_events_arrive(start, seep) -> None:
    """No event crosses to user space: 100,000 per second cost seep next to nothing."""
    target = start(BUILD / "bench/pairs")
    trace = seep("-p", target.pid, json_file=None).attached()
    before, begin = cpu_seconds(trace.pid), time.monotonic()
    target.say("RATE 50000 4")
    assert target.line().startswith("DONE ")
    used = (cpu_seconds(trace.pid) - before) / (time.monotonic() - begin)
    trace.process.terminate()
    assert trace.wait() == 0
    assert used < 0.01
