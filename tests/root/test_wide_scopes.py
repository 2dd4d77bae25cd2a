# SPDX-License-Identifier: GPL-2.0-only
"""Scopes to which processes come and from which they go: cgroups, names, the machine, children."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import (
    FIXTURES,
    Fixture,
    Report,
    again_until,
    assert_exact,
    counts_of,
    losses_of,
    modified_text,
    sites_of,
    wait_until,
)

COMINGS = 50
SHORT_PROCESSES = 3000
# What seep may grow by meanwhile: if it kept something of each process, it would be more.
GROWN_BYTES = 10 << 20


def cgroup_mount() -> Path:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        if right.startswith("cgroup2 "):
            return Path(left.split()[4])
    pytest.fail("cgroup v2 is not mounted")


def move(pid: int, cgroup: Path) -> None:
    (cgroup / "cgroup.procs").write_text(str(pid))


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup of our own, with one below it; processes left in them go to the root."""
    root = cgroup_mount()
    path = root / f"seep-test-{os.getpid()}"
    below = path / "below"
    below.mkdir(parents=True)
    try:
        yield path
    finally:
        for directory in (below, path):

            def empty(directory: Path = directory) -> bool:
                for pid in (directory / "cgroup.procs").read_text().split():
                    with contextlib.suppress(OSError):
                        move(int(pid), root)
                with contextlib.suppress(OSError):
                    directory.rmdir()
                    return True
                return False

            wait_until(empty, "an empty cgroup")


def probed(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return modified_text(pid) > 0
    return False


@pytest.fixture
def wait_for_scope(start, seep) -> Callable[[Fixture], None]:
    """Waits until all probes are in a process: as many as in one that is traced by its PID."""
    sample = start("bulk", "1")
    trace = seep("-p", sample.pid, json_file=None).attached()
    probes = modified_text(sample.pid)
    trace.process.terminate()
    assert trace.wait() == 0
    sample.end()

    def complete(pid: int) -> bool:
        with contextlib.suppress(OSError):
            return modified_text(pid) >= probes
        return False

    return lambda target: wait_until(lambda: complete(target.pid), "all probes")


def went(target: Fixture) -> dict:
    target.go()
    return target.done()


def pids_of(report: Report) -> set[int]:
    return {process["pid"] for process in report["processes"]}


# --- cgroups -------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["session", "multi", "perf"])
def test_cgroup(start, seep, cgroup: Path, variant: str) -> None:
    inside, below, outside = start("bulk", "10"), start("bulk", "20"), start("bulk", "30")
    move(inside.pid, cgroup)
    move(below.pid, cgroup / "below")
    trace = seep("-g", cgroup, "--attach", variant).attached()
    made = {target.pid: went(target) for target in (inside, below, outside)}
    assert modified_text(outside.pid) == 0
    report = trace.finish()
    assert pids_of(report) == {inside.pid, below.pid}
    for pid in (inside.pid, below.pid):
        assert_exact(report, made[pid], pid)
    assert report["scope"] == {"type": "cgroup", "value": str(cgroup)}
    assert losses_of(report) == {}


@pytest.mark.parametrize("spelling", ["{path}", "/{name}", "{name}", "{name}/"])
def test_cgroup_by_any_path(start, seep, cgroup: Path, spelling: str) -> None:
    target = start("bulk", "10")
    move(target.pid, cgroup)
    trace = seep("-g", spelling.format(path=cgroup, name=cgroup.name)).attached()
    done = went(target)
    assert_exact(trace.finish(), done, target.pid)


def test_cgroup_that_does_not_exist(seep) -> None:
    trace = seep("-g", "/no/such/cgroup", json_file=None)
    assert trace.wait() == 1
    assert "cannot trace the cgroup /no/such/cgroup" in trace.stderr
    assert "there is none of this path; cgroup v2 is mounted at " in trace.stderr


def test_joining_and_leaving_a_cgroup(start, seep, cgroup: Path, wait_for_scope) -> None:
    joins, leaves = start("bulk", "10"), start("preforker", "0")
    move(leaves.pid, cgroup)
    trace = seep("-g", cgroup).attached()
    assert not probed(joins.pid)
    move(joins.pid, cgroup / "below")
    wait_for_scope(joins)
    done = went(joins)
    before = went(leaves)
    move(leaves.pid, cgroup_mount())
    wait_until(lambda: not probed(leaves.pid), "the end of the probes in the one that left")
    went(leaves)
    report = trace.finish()
    assert_exact(report, done, joins.pid)
    assert_exact(report, before, leaves.pid)
    exited = {process["pid"]: process["exited"] for process in report["processes"]}
    assert exited == {joins.pid: False, leaves.pid: True}


def test_fifty_come_and_go(start, seep, cgroup: Path, wait_for_scope) -> None:
    """Each joins before it becomes its program, works when it is probed, and every other one ends."""
    trace = seep("-g", cgroup, "-i", "500ms").attached()
    made: dict[int, dict] = {}
    for number in range(COMINGS):
        join = f"echo $$ > {cgroup}/cgroup.procs; exec {FIXTURES}/bulk {number + 1} 100 3"
        target = start("/bin/sh", "-c", join)
        wait_for_scope(target)
        made[target.pid] = went(target)
        if number % 2:
            assert target.quit() == 0
    report = trace.finish()
    for pid, done in made.items():
        assert_exact(report, done, pid)
    assert report["losses"]["untracked_objects"] == 0
    programs = [process for process in report["processes"] if process["comm"] == "bulk"]
    assert {process["pid"] for process in programs} == made.keys()
    assert sum(not process["exited"] for process in programs) == COMINGS // 2


# --- children ------------------------------------------------------------------------------------


def ready_with_workers(target: Fixture) -> list[int]:
    words = target.line().split()
    assert words[0] == "READY"
    return [int(word) for word in words[2:]]


def check_workers(report: Report, workers: list[int], done: dict) -> None:
    assert_exact(report, done)
    each = done["sites"]["made_by_worker"]["allocs"] // len(workers)
    for worker in workers:
        assert counts_of(report, "made_by_worker", worker)["allocs"] == each


def test_workers_that_were_there(start, seep) -> None:
    target = Fixture("preforker", "3")
    try:
        workers = ready_with_workers(target)
        trace = seep("-p", target.pid, "--children").attached()
        done = went(target)
        report = trace.finish()
        check_workers(report, workers, done)
    finally:
        target.end()


def test_workers_are_not_followed_unasked(start, seep) -> None:
    target = Fixture("preforker", "3")
    try:
        workers = ready_with_workers(target)
        trace = seep("-p", target.pid).attached()
        went(target)
        assert not any(probed(worker) for worker in workers)
        assert pids_of(trace.finish()) == {target.pid}
    finally:
        target.end()


def test_children_of_a_command(seep, tmp_path: Path) -> None:
    """The command, what it forks and what that executes."""
    script = f"{FIXTURES}/launched exit & {FIXTURES}/launched exit; wait; exit 5"
    report = seep("-i", "1h", "--", "/bin/sh", "-c", script).final(expect=5)
    assert all(process["exited"] for process in report["processes"])
    counts = [
        counts_of(report, "made_before_main", process["pid"])["allocs"]
        for process in report["processes"]
        if process["comm"] == "launched"
    ]
    # They live for some milliseconds: what was missed is said.
    missed = report["losses"]["missed_exec"] + report["losses"]["missed_processes"]
    assert counts == [10, 10] or missed > 0


# --- names, and everything -----------------------------------------------------------------------


@pytest.mark.serial
def test_comm(start, seep, wait_for_scope) -> None:
    first, other = start("bulk", "10"), start("churn")
    trace = seep("-c", "bulk").attached()
    assert not probed(other.pid)
    second = start("bulk", "20")
    wait_for_scope(second)
    made = {target.pid: went(target) for target in (first, second)}
    report = trace.finish()
    for pid, done in made.items():
        assert_exact(report, done, pid)
    assert other.pid not in pids_of(report)
    assert report["scope"] == {"type": "comm", "value": "bulk"}


@pytest.mark.serial
def test_comm_of_nobody_yet(start, seep, wait_for_scope) -> None:
    trace = seep("-c", "bulk").attached()
    target = start("bulk", "10")
    wait_for_scope(target)
    done = went(target)
    assert target.quit() == 0
    wait_until(lambda: trace.report_now()["processes"][0]["exited"], "the end")
    assert_exact(trace.finish(), done, target.pid)


@pytest.mark.serial
@pytest.mark.parametrize("variant", ["session", "multi", "perf"])
def test_all(start, seep, variant: str) -> None:
    """With the whole machine, a program is traced from its first instruction on."""
    early = start("bulk", "10", "77")
    trace = seep("-a", "--from-start", "-i", "1h", "--attach", variant).attached()
    late = start("bulk", "20", "77")
    made = {target.pid: went(target) for target in (early, late)}
    assert late.quit() == 0
    report = trace.finish()
    for pid, done in made.items():
        assert_exact(report, done, pid)
    assert {early.pid, late.pid} <= pids_of(report)
    assert os.getpid() in pids_of(report)
    assert trace.pid not in pids_of(report)
    assert report["scope"]["type"] == "all"


@pytest.mark.serial
@pytest.mark.parametrize("variant", ["session", "multi", "perf"])
def test_all_without_probes_everywhere(start, seep, wait_for_scope, variant: str) -> None:
    """Each process has probes of its own, once it is seen."""
    early = start("bulk", "10", "77")
    trace = seep("-a", "-i", "1h", "--attach", variant).attached()
    late = start("bulk", "20", "77")
    wait_for_scope(late)
    made = {target.pid: went(target) for target in (early, late)}
    report = trace.finish()
    for pid, done in made.items():
        assert_exact(report, done, pid)
    assert "--from-start puts probes" not in trace.stderr


@pytest.mark.long
@pytest.mark.serial
def test_many_short_processes(start, seep) -> None:
    """
    They neither push out the ones that stay nor make seep grow. If seep falls behind once, there are
    more of them at a time, and memory for those; what leaks grows in each round.
    """
    target = start("bulk", "1000", "64", "2")
    trace = seep("-a", "--from-start", "-i", "1s").attached()
    loop = "for i in $(seq %d); do /bin/true & [ $((i %% 20)) -ne 0 ] || wait; done; wait"
    done = went(target)

    def resident() -> int:
        status = Path(f"/proc/{trace.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    trace.report_now()
    subprocess.run(["/bin/sh", "-c", loop % 2000], check=True)
    grown: list[int] = []

    def come_and_go(number: int) -> None:
        before = resident()
        subprocess.run(["/bin/sh", "-c", loop % SHORT_PROCESSES], check=True)
        grown.append(resident() - before)

    again_until(lambda: grown[-1] < GROWN_BYTES, come_and_go, "rounds in which seep does not grow")
    report = trace.finish()
    assert_exact(report, done, target.pid)
    print(f"grown by {grown} B; {losses_of(report)}")
    assert report["losses"]["untracked_objects"] == 0
    # those of the last reports
    assert len(report["processes"]) < SHORT_PROCESSES


# --- ends ----------------------------------------------------------------------------------------


@pytest.mark.serial
def test_exit_gives_its_memory_back(start, seep, wait_for_scope) -> None:
    """There is room for one of them at a time."""
    trace = seep("-c", "bulk", "--max-objects", "1500").attached()
    for _ in range(4):
        target = start("bulk", "1000")
        wait_for_scope(target)
        done = went(target)
        assert target.quit() == 0
        report = wait_until(
            lambda trace=trace, target=target: next(
                (
                    report
                    for report in [trace.report_now()]
                    for process in report["processes"]
                    if process["pid"] == target.pid and process["exited"]
                ),
                None,
            ),
            "the end",
        )
        assert_exact(report, done, target.pid)
    assert trace.finish()["losses"]["untracked_objects"] == 0


def start_with_pid(start: Callable[..., Fixture], pid: int, *command: str) -> Fixture:
    """A process with this PID, which nobody has now."""
    while True:
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        target = start(*command)
        if target.pid == pid:
            return target
        target.end()


@pytest.mark.serial
def test_a_reused_pid_is_another_process(start, seep, wait_for_scope) -> None:
    trace = seep("-c", "bulk").attached()
    first = start("bulk", "10", "1000")
    wait_for_scope(first)
    went(first)
    assert first.quit() == 0
    second = start_with_pid(start, first.pid, "bulk", "25", "1000")
    wait_for_scope(second)
    went(second)
    report = trace.finish()
    (_, one), (_, two) = sorted(
        (process["start_time"], process) for process in report["processes"] if process["pid"] == first.pid
    )
    assert one["exited"] and not two["exited"]
    assert sorted(site["allocs"] for site in sites_of(report, "made_in_bulk")) == [10, 25]
