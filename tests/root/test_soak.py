# SPDX-License-Identifier: GPL-2.0-only
"""
Many threads on one CPU, preempting one another inside our programs, while processes fork and exec
beside them. SEEP_SOAK_SECONDS makes it longer; make soak takes ten minutes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import FIXTURES, losses_of, names, repeating, sites_of

pytestmark = [pytest.mark.long, pytest.mark.serial]

SECONDS = float(os.environ.get("SEEP_SOAK_SECONDS", "10"))
THREADS = 48


@pytest.fixture
def full_preemption(tmp_path: Path) -> Iterator[str]:
    """
    A long soak runs with the kernel's preemption set to full, where it can be changed: only then are
    our programs interrupted in the kernel. The setting is the machine's, so it is put back.
    """
    if "SEEP_SOAK_SECONDS" not in os.environ:
        yield "as it is"
        return
    debugfs = tmp_path / "debugfs"
    debugfs.mkdir()
    subprocess.run(["mount", "-t", "debugfs", "none", debugfs], check=True)
    setting = debugfs / "sched/preempt"
    before = None
    try:
        try:
            before = re.search(r"\((\w+)\)", setting.read_text())
            setting.write_text("full")
            yield "full"
        except OSError as error:  # no such setting, or a locked-down kernel
            before = None
            yield f"as it is ({error.strerror})"
        if before:
            setting.write_text(before[1])
    finally:
        subprocess.run(["umount", debugfs], check=True)


def storm() -> None:
    """Short processes, each a fork and an exec, one after the other."""
    subprocess.run(["/bin/sh", "-c", "/bin/true; /bin/true & wait"], check=False)


def maps_of(pid: int) -> set[str]:
    """The ids of the BPF maps that a process holds."""
    ids = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            ids.update(re.findall(r"^map_id:\s*(\d+)$", info.read_text(), re.M))
    return ids


def busy_slots(pid: int) -> int:
    """Unwind slots that are claimed in the trace of this seep."""
    for number in maps_of(pid):
        command = ["/usr/sbin/bpftool", "-j", "map", "show", "id", number]
        if json.loads(subprocess.check_output(command)).get("name") != "slots":
            continue
        command[3] = "dump"
        elements = json.loads(subprocess.check_output(command))
        return sum(element["formatted"]["value"]["busy"] for element in elements)
    raise LookupError("no slots")


def test_threads_that_preempt_one_another(start, seep, full_preemption: str) -> None:
    rounds = 0
    with repeating(storm), repeating(storm):
        end = time.monotonic() + SECONDS
        while rounds == 0 or time.monotonic() < end:
            rounds += 1
            one_round(start, seep)
    print(f"{rounds} rounds of {THREADS} threads, preemption: {full_preemption}")


def one_round(start, seep) -> None:
    target = start("/usr/bin/taskset", "-c", "0", FIXTURES / "pairs_threads", THREADS, 8000)
    trace = seep("-p", target.pid, "-i", "500ms").attached()
    target.go()
    done = target.done()
    assert busy_slots(trace.pid) == 0
    report = trace.finish()
    assert target.quit() == 0
    target.end()
    trace.end()
    # every allocation has one stack with one end, and every stack is the one that the program has
    made = sum(site["allocs"] for site in report["sites"])
    assert sum(report["unwind"].values()) == made == report["totals"]["memory"]["allocs"]
    assert losses_of(report) == {}
    expected = done["sites"]["make_one"]
    sites = sites_of(report, "make_one")
    for key, value in expected.items():
        assert sum(site[key] for site in sites) == value, key
    for site in report["sites"]:
        assert site["stack_end"] == "complete", site
        assert all(frame["module"] for frame in site["stack"]), site
    for site in sites:
        assert names(site)[:3] == ["malloc", "make_one", "work"]
