# SPDX-License-Identifier: GPL-2.0-only
"""What seep needs for itself: memory. The limit is a promise; times are for make bench."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import wait_until

SITES = 10_000


def resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


@pytest.mark.serial
def test_memory_with_many_sites(start, seep, tmp_path: Path) -> None:
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
    trace.process.terminate()
    assert trace.wait() == 0
