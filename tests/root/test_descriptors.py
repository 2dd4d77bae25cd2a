# SPDX-License-Identifier: GPL-2.0-only
"""Descriptors: every way to get one and to lose one, against what /proc says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import (
    BEFORE,
    UNSEEN,
    Fixture,
    Report,
    Seep,
    after_work,
    again_until,
    assert_exact,
    losses_of,
    names,
    process_of,
    sites_of,
    wait_until,
)
from kernel_objects import loaded_programs



def open_now(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def check_against_proc(trace: Seep, pid: int) -> Report:
    """The process waits for a word, so its descriptors stand still."""
    report = trace.report_now()
    assert process_of(report, pid)["totals"]["fd"]["live_objects"] == open_now(pid)
    return report


@pytest.fixture
def begun(start, seep) -> Callable[..., tuple[Fixture, Seep, dict[str, Any]]]:
    """A fixture that has done its work, and the trace of it, which goes on."""
    return after_work(start, seep, "fd", check_against_proc)


@pytest.mark.parametrize("program", ["descriptors", "descriptors_static"])
def test_each_way(begun, program: str) -> None:
    target, trace, done = begun(program)
    report = check_against_proc(trace, target.pid)
    assert_exact(report, done)
    assert losses_of(report) == {}
    for function in ("leak_openat2", "leak_received", "leak_dup3", "leak_cloned_pidfd"):
        assert done["sites"][function]["allocs"] > 0
    for site in report["sites"]:
        assert sum(site["ages_us_log2"]) == site["live_objects"]
        assert sum(site["lifetimes_us_log2"]) == site["frees"]
    # what was seen and what was there before is all that there is
    before = sites_of(report, BEFORE)
    assert [site["live_objects"] for site in before] == [before[0]["allocs"]]
    named = sum(site["allocs"] - site["frees"] for site in done["sites"].values())
    assert process_of(report, target.pid)["totals"]["fd"]["live_objects"] == before[0]["live_objects"] + named


def test_types_and_targets(begun) -> None:
    target, trace, _ = begun("descriptors")
    report = check_against_proc(trace, target.pid)

    def groups(function: str) -> dict[str, int]:
        (site,) = [s for s in sites_of(report, function) if s["live_objects"]]
        return {group["name"]: group["objects"] for group in site["details"]["groups"]}

    def examples(function: str) -> list[str]:
        (site,) = [s for s in sites_of(report, function) if s["live_objects"]]
        return site["details"]["examples"]

    assert groups("leak_openat") == {"character device": 3}
    assert groups("leak_creat") == {"file": 3}
    assert groups("leak_accept") == {"TCP socket (closed by the peer: CLOSE_WAIT)": 3}
    assert groups("leak_socket") == {"TCP socket (not connected)": 3}
    assert groups("leak_epoll_create") == {"epoll": 3}
    assert groups("leak_eventfd") == {"eventfd": 3}
    assert groups("leak_timerfd") == {"timerfd": 3}
    assert groups("leak_signalfd") == {"signalfd": 3}
    assert groups("leak_inotify") == {"inotify": 3}
    assert groups("leak_memfd") == {"memfd": 3}
    assert groups("leak_pidfd") == {"pidfd": 3}
    assert groups("leak_pipe2") == {"pipe": 5}
    assert examples("leak_creat")[0].endswith("file /tmp/seep_descriptors")
    assert " 127.0.0.1:" in examples("leak_accept")[0]
    assert " to 127.0.0.1:" in examples("leak_accept")[0]
    for function in ("leak_openat", "leak_creat", "leak_pipe"):
        assert all(text.startswith("descriptor ") for text in examples(function))


def test_without_unwind_information(begun) -> None:
    """Static musl: whose functions cannot all be named, but the numbers are the same."""
    target, trace, done = begun("descriptors_musl")
    report = check_against_proc(trace, target.pid)
    made = sum(site["allocs"] for site in done["sites"].values())
    released = sum(site["frees"] for site in done["sites"].values())
    totals = report["totals"]["fd"]
    (before,) = sites_of(report, BEFORE)
    assert (totals["allocs"], totals["frees"]) == (before["allocs"] + made, released)
    assert losses_of(report) == {}


def test_exec(begun) -> None:
    """What survives was there before the second image began."""
    target, trace, _ = begun("descriptors")
    target.say("EXEC")
    target.ready()
    report = check_against_proc(trace, target.pid)
    target.go()
    done = target.done()
    report = check_against_proc(trace, target.pid)
    (site,) = [
        site for site in sites_of(report, "leak_eventfd") if site["allocs"] == 1
    ]  # the first image made more
    assert site["live_objects"] == done["sites"]["leak_eventfd"]["allocs"] == 1
    assert losses_of(report) == {}


def test_churn(begun) -> None:
    target, trace, done = begun("descriptors", "churn", "100000")
    report = check_against_proc(trace, target.pid)
    assert_exact(report, done)
    assert losses_of(report) == {}
    (churn,) = sites_of(report, "churn_open")
    assert sum(churn["lifetimes_us_log2"]) == 100000


def test_reports_during_churn(start, seep) -> None:
    """Nothing is taken for unseen because it was in the middle of being opened or closed."""
    reports = 0

    def churn(number: int) -> None:
        nonlocal reports
        target = start("descriptors", "churn", "150000")
        trace = seep("-p", target.pid, "-k", "fd", "-i", "20ms", json_file=f"{number}.json").attached()
        target.go()
        done = target.done()
        reports += len(trace.reports())
        report = check_against_proc(trace, target.pid)
        assert_exact(report, done)
        assert losses_of(report) == {}
        trace.finish()

    again_until(lambda: reports > 10, churn, "reports during the churn")


def test_what_is_not_seen_is_found(begun) -> None:
    target, trace, done = begun("descriptors", "unseen")
    report = check_against_proc(trace, target.pid)
    if not done["unseen"]:  # this kernel has no 32-bit system calls
        assert losses_of(report) == {}
        return
    (site,) = sites_of(report, UNSEEN)
    assert site["live_objects"] == done["unseen"]
    assert losses_of(report) == {"unseen_opens": 3, "unseen_closes": 2}


def test_go(begun) -> None:
    """Stacks of system calls that no C library makes."""
    target, trace, done = begun("descriptors_go")
    report = check_against_proc(trace, target.pid)
    # the first file makes the runtime open what it waits for files with
    (files,) = [s for s in sites_of(report, "main.leakFile") if "syscall.openat" in names(s)]
    assert (files["allocs"], files["frees"]) == (done["files"], done["closed"])
    assert files["stack_end"] == "complete"
    sockets = sites_of(report, "main.leakSocket")
    assert sum(site["live_objects"] for site in sockets) == done["sockets"]
    assert {group["name"] for site in sockets for group in site["details"]["groups"]} == {
        "UDP socket"
    }
    assert losses_of(report) == {}


def test_launched(seep) -> None:
    trace = seep("-k", "fd", "--", "/bin/sh", "-c", "exec 7</dev/null; exec 8</dev/zero; read line",
                 stdin=subprocess.PIPE).attached()  # fmt: skip
    (pid,) = {process["pid"] for process in trace.report_now()["processes"]}
    # it reads when both are open, and the descriptors by which it has opened them are closed
    wait_until(
        lambda: Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 "), "the shell reads"
    )
    report = check_against_proc(trace, pid)
    assert process_of(report, pid)["totals"]["fd"]["live_objects"] >= 5
    trace.process.stdin.close()
    trace.final(expect=1)  # what read(1) says of the end of its input


def test_only_chosen_kinds_cost(start, seep) -> None:
    target = start("descriptors")
    trace = seep("-p", target.pid, "-k", "memory").attached()
    of_memory = loaded_programs(trace)
    trace.finish()
    trace = seep("-p", target.pid, "-k", "fd", json_file="fd.json").attached()
    of_fd = loaded_programs(trace)
    report = trace.finish()
    assert "free_entry" in of_memory and not any(name.startswith("fd_") for name in of_memory)
    assert "fd_call_entry" in of_fd and "fd_call_return" in of_fd
    assert not of_fd & {"free_entry", "alloc_session", "alloc_entry", "alloc_return"}
    assert set(report["totals"]) == {"fd"}


def test_both_kinds_at_once(begun) -> None:
    target, trace, done = begun("descriptors", options=("-k", "fd,memory"))
    report = check_against_proc(trace, target.pid)
    of_fd = {**report, "sites": [site for site in report["sites"] if site["kind"] == "fd"]}
    assert_exact(of_fd, done)
    assert {site["kind"] for site in report["sites"]} == {"fd", "memory"}
    for site in report["sites"]:
        if site["kind"] == "memory":
            assert "leak_open" not in names(site)
