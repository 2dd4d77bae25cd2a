# SPDX-License-Identifier: GPL-2.0-only
"""What seep needs for itself: memory. The limit is a promise; times are for make bench."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from harness import FIXTURES, Fixture, again_until, wait_until

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


# How much seep reads while it attaches to a process that maps so many more libraries.
LIBRARIES = 80
LOAD = """import ctypes, os, sys
for path in sys.argv[1:]:
    ctypes.CDLL(path)
print(f"READY pid={os.getpid()}", flush=True)
input()
"""


def maps_of(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def bytes_read(pid: int) -> int:
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["rchar"])


def test_attaching_is_linear_in_libraries(seep, tmp_path: Path) -> None:
    """The list of mappings grows with the libraries, so it must not be read once for each of them."""
    libraries = [tmp_path / f"lib{i}.so" for i in range(2 * LIBRARIES)]
    for library in libraries:
        shutil.copy(FIXTURES / "libleaky.so", library)
    read = []
    for count in (0, LIBRARIES, 2 * LIBRARIES):
        target = Fixture("/usr/bin/python3", "-c", LOAD, *libraries[:count])
        try:
            trace = seep("-p", target.ready().pid).attached()
            read.append(bytes_read(trace.pid))
            mapped = maps_of(target.pid)
            assert sum(str(library) in mapped for library in libraries) == count
            trace.finish()
        finally:
            target.end()
    first, second = read[1] - read[0], read[2] - read[1]
    print(f"{first} bytes for {LIBRARIES} libraries, {second} for as many more")
    assert first > 0
    # 3 if it grew with the square.
    assert second < 1.5 * first


IDLE = 150
OTHER_LINK_NS = 40  # docs/developers/probing.md


def test_other_processes_make_a_hit_dearer(start, seep) -> None:
    """The kernel asks the link of each traced process, at each hit of any of them."""
    busy = start("busy", 1, 0)
    busy.go()

    def cost(*pids: int) -> int:
        trace = seep("-p", ",".join(map(str, pids))).attached()
        before = trace.report_now()["overhead"]["events"]
        wait_until(lambda: trace.report_now()["overhead"]["events"] > before, "calls")
        said = trace.report_now()["overhead"]["probe_ns_per_event"]
        trace.finish()
        return said

    measured: list[int] = []

    def measure(number: int) -> None:
        """Both are calibrated, each for itself, and other tests may disturb either."""
        alone = cost(busy.pid)
        idle = [subprocess.Popen(["/usr/bin/sleep", "1000"]) for _ in range(IDLE)]
        try:
            measured.append(cost(busy.pid, *(process.pid for process in idle)) - alone)
        finally:
            for process in idle:
                process.kill()
                process.wait()

    again_until(
        lambda: IDLE * OTHER_LINK_NS / 2 < measured[-1] < 2 * IDLE * OTHER_LINK_NS, measure, f"{measured} ns"
    )
