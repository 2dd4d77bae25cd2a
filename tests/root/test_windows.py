# SPDX-License-Identifier: GPL-2.0-only
"""Processes whose probes cost more than they may: traced in windows, with estimates, unharmed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from detecting import Detect, has_leak
from harness import (
    BUILD,
    COUNTS,
    FIXTURES,
    Fixture,
    Report,
    Seep,
    again_until,
    assert_exact,
    counts_of,
    cpu_seconds,
    losses_of,
    modified_text,
    process_of,
    sites_of,
    wait_until,
)

DEFAULT = ("--max-overhead", "3")
# Windows are frequent and long, so there are many of them in little time; and hardly ever any.
OFTEN = ("--max-overhead", "20")
SELDOM = ("--max-overhead", "0.2")
TORTURE = BUILD / "torture"
# The breakpoint that tells of libraries stays between the windows.
IN_LOADER = 1
# By what may estimates be off: by chance alone in one case of 15,000.
ERRORS = 4


def in_windows(pid: int) -> Callable[[Report], bool]:
    return lambda report: process_of(report, pid)["mode"] == "windows"


def windowed(
    start, seep, *options: str, threads: int = 1, one_in: int = 0, env: dict[str, str] | None = None
) -> tuple[Fixture, Seep]:
    """A busy program, and a trace that has gone into windows."""
    target = start("busy", threads, one_in, env=env)
    trace = seep("-p", target.pid, "-k", "memory", "-i", "1h", *options).attached()
    target.go()
    trace.report_when(in_windows(target.pid), "windows")
    return target, trace


def stop(target: Fixture) -> dict[str, Any]:
    target.say("STOP")
    return target.done()


def work(target: Fixture, seconds: float) -> float:
    """Lets it use so much CPU time; requests per second of it."""
    cpu, requests = cpu_seconds(target.pid), target.ping()
    wait_until(lambda: cpu_seconds(target.pid) > cpu + seconds, "some work")
    return (target.ping() - requests) / (cpu_seconds(target.pid) - cpu)


def wait_for_window(pid: int) -> None:
    wait_until(lambda: modified_text(pid) > IN_LOADER, "a window")


def wait_for_gap(pid: int) -> None:
    wait_until(lambda: modified_text(pid) <= IN_LOADER, "a gap")


def test_windows_cost_far_less(start, seep) -> None:
    """By requests per CPU time, which others on the machine hardly change."""
    alone: list[float] = []
    ratios: list[tuple[float, float]] = []

    def measure(number: int) -> None:
        target, trace = windowed(start, seep, *DEFAULT)
        # What it cost until then is made up for by the first gap, which may be a long one.
        wait_for_gap(target.pid)
        wait_for_window(target.pid)
        windows = work(target, 6)
        report = trace.finish()
        process = process_of(report, target.pid)
        assert (process["mode"], process["sampled"]) == ("windows", True)
        assert 0 < process["seen_share"] < 0.2
        assert 0 < process["probes_cpu_pct"] < 50
        assert report["sampled"] is True
        alone.append(work(target, 1))
        trace = seep("-p", target.pid, "-k", "memory", "--max-overhead", "none").attached()
        full = work(target, 1)
        report = trace.finish()
        assert process_of(report, target.pid)["mode"] == "exact"
        assert report["sampled"] is False
        target.end()
        ratios.append((windows / alone[-1], full / alone[-1]))

    again_until(
        lambda: ratios[-1][0] > 0.85 and ratios[-1][1] < 0.4, measure, f"rounds without others: {ratios}"
    )


def assert_estimated(report: Report, done: dict[str, Any]) -> None:
    """Of each function what it has allocated, within the errors that are stated."""
    for function, true in done["sites"].items():
        (site,) = sites_of(report, function)
        assert site["sampled"] is True
        for key in ("allocs", "alloc_bytes"):
            error = site[f"{key}_error"]
            assert abs(site[key] - true[key]) <= ERRORS * error, f"{function}: {site[key]}, {true[key]}"
        live = true["allocs"] - true["frees"]
        if function == "make_session":  # of which some stay; the entries live for a moment
            error = site["live_objects_error"]
            assert abs(site["live_objects"] - live) <= ERRORS * error, f"{site['live_objects']}, {live}"
        assert site["seen_objects"] <= true["allocs"]
        assert site["staying_low"] - 1e-3 <= live / true["allocs"] <= site["staying_high"] + 1e-3


@pytest.mark.serial
@pytest.mark.parametrize("threads", [1, 2])
def test_totals_are_estimated_within_their_errors(start, seep, threads: int) -> None:
    target, trace = windowed(start, seep, *OFTEN, threads=threads, one_in=200)

    def is_known(report: Report) -> bool:
        """Before there were some windows, nobody knows how much they differ."""
        work(target, 2)
        return all(site["allocs_error"] is not None for site in sites_of(report, "answer_request"))

    trace.report_when(is_known, "errors")
    work(target, 25)
    done = stop(target)
    assert_estimated(trace.finish(), done)


# Serial: both programs use a CPU, and windows see as much of them as they get.
@pytest.mark.serial
def test_a_leak_among_many_that_are_released(start, tmp_path: Path) -> None:
    """One of 200, with all options as they are; and the same program without it."""
    leaking, healthy = start("busy", 1, 200), start("busy", 1, 0)
    for target in (leaking, healthy):
        target.go()
    run = Detect(tmp_path, "-p", f"{leaking.pid},{healthy.pid}", "-k", "memory")
    accused: list[tuple[int, list[str | None]]] = []

    def found(report: Report) -> bool:
        accused.extend(
            (site["pid"], [frame["function"] for frame in site["stack"]])
            for site in report["sites"]
            if site["verdict"] and site["verdict"]["class"] in ("leak", "growth")
        )
        assert in_windows(leaking.pid)(report) or not has_leak(report, "make_session")
        return has_leak(report, "make_session")

    status, text = run.when(found, "the leak")
    assert status == 3, text
    assert all(pid == leaking.pid and "make_session" in stack for pid, stack in accused), accused


def test_what_the_table_of_samples_lacks_is_a_loss(start, seep) -> None:
    """It has no more room than there may be blocks; these programs have blocks of 21 classes of sizes."""
    targets = [start("sampling", 1 << 40, 1) for _ in range(3)]
    pids = ",".join(str(target.pid) for target in targets)
    trace = seep("-p", pids, "-k", "memory", "-i", "1h", "--max-objects", "16", *OFTEN).attached()
    for target in targets:
        target.go()
    trace.report_when(lambda report: report["losses"]["lost_samples"], "observations without room")
    trace.finish()
    assert "observations of windows not counted: the table of samples was full" in trace.stdout


def test_without_a_budget_everything_is_seen(start, seep) -> None:
    target = start("busy", 2, 200)
    trace = seep("-p", target.pid, "-k", "memory", "--max-overhead", "none").attached()
    target.go()
    wait_until(lambda: target.ping() > 100_000, "some work")
    done = stop(target)
    report = trace.finish()
    assert_exact(report, done)
    assert losses_of(report) == {}
    assert report["sampled"] is False
    process = process_of(report, target.pid)
    assert (process["mode"], process["sampled"], process["seen_share"]) == ("exact", False, 1)


def test_who_becomes_quiet_is_traced_exactly_again(start, seep) -> None:
    target, trace = windowed(start, seep, *DEFAULT)
    stop(target)
    trace.report_when(lambda report: process_of(report, target.pid)["mode"] == "exact", "the quiet")
    assert modified_text(target.pid) > 0
    target.say("QUIET")
    done = target.done()
    for report in (trace.report_now(), trace.finish()):
        (site,) = sites_of(report, "make_quietly")
        assert {key: site[key] for key in COUNTS} == done["sites"]["make_quietly"]
        assert site["live_objects"] == 50 and site["sampled"] is False
        assert process_of(report, target.pid)["sampled"] is True


# --- what happens meanwhile -----------------------------------------------------------------------


def test_children_have_windows_of_their_own(start, seep) -> None:
    target, trace = windowed(start, seep, *OFTEN, "--children", threads=2)
    target.say("FORK")
    child = int(target.line().removeprefix("CHILD "))

    def both(report: Report) -> bool:
        modes = {process["pid"]: process["mode"] for process in report["processes"]}
        return modes.get(child) == modes[target.pid] == "windows"

    trace.report_when(both, "windows of both")
    # each has gaps, with the probes of the other in the same file
    for pid in (child, target.pid, child):
        wait_for_window(pid)
        wait_for_gap(pid)
    target.say("JOIN")
    assert target.done()["child"] == child
    stop(target)
    report = trace.finish()
    assert counts_of(report, "make_message", child)["allocs"] > 0
    assert modified_text(target.pid) == 0
    assert target.quit() == 0


@pytest.mark.parametrize("again", [True, False], ids=["busy", "quiet"])
def test_exec_in_a_gap(start, seep, again: bool) -> None:
    """Of the program that it becomes every call is seen, until it costs too much again."""
    target, trace = windowed(start, seep, *SELDOM)
    wait_for_gap(target.pid)
    stop(target)
    target.say("EXEC")
    target.ready()
    wait_for_window(target.pid)
    if again:
        target.go()
        trace.report_when(in_windows(target.pid), "windows of the second program")
        stop(target)
        report = trace.finish()
    else:
        target.say("QUIET")
        done = target.done()
        report = trace.finish()
        assert_exact(report, done, target.pid)
    assert report["losses"]["missed_exec"] == 1
    assert target.quit() == 0


def test_a_library_that_is_loaded_in_a_gap(start, seep) -> None:
    """Its allocator is found, and traced once the program is quiet."""
    # room for the thread-local variables of an allocator that was not built to be a plugin
    tunables = {"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=8192"}
    target, trace = windowed(start, seep, *DEFAULT, env=tunables)
    wait_for_gap(target.pid)
    stop(target)
    target.say(f"LOAD {FIXTURES / 'libplugin.so'} plugin_make plugin_release")
    assert target.line() == "LOADED"
    trace.report_when(lambda report: process_of(report, target.pid)["mode"] == "exact", "the quiet")
    target.say("WORK")
    done = target.done()
    report = trace.finish()
    true = done["sites"]["plugin_make"]
    assert counts_of(report, "plugin_make") == true
    assert modified_text(target.pid) == 0
    assert target.quit() == 0


@pytest.mark.parametrize("probed", [True, False], ids=["window", "gap"])
@pytest.mark.parametrize("killed", [True, False], ids=["killed", "ends"])
def test_a_program_that_ends(start, seep, probed: bool, killed: bool) -> None:
    target, trace = windowed(start, seep, *OFTEN)
    for wait in (wait_for_window, wait_for_gap)[:: 1 if not probed else -1]:
        wait(target.pid)
    if killed:
        target.process.kill()
    else:
        target.say("QUIT")
    target.process.wait()
    report = trace.final()
    (process,) = report["processes"]
    assert (process["mode"], process["sampled"], process["exited"]) == ("windows", True, True)
    assert counts_of(report, "make_message")["allocs"] > 0


def test_seep_killed_in_a_window(start, seep) -> None:
    """Or while one begins or ends: the target works on, and no probe is left."""
    moments = random.Random(3)
    target = start("busy", 2, 0)
    target.go()
    for _ in range(10):
        trace = seep("-p", target.pid, *OFTEN, "-i", "1h", json_file=None).attached()
        wait_for_gap(target.pid)
        wait_for_window(target.pid)
        time.sleep(moments.choice((0, moments.uniform(0, 0.5))))
        trace.end()
        wait_until(lambda: modified_text(target.pid) == 0, "the end of the probes")
        requests = target.ping()
        wait_until(lambda before=requests: target.ping() > before, "work of the target")
    stop(target)
    assert target.quit() == 0


@pytest.mark.skipif(not TORTURE.is_dir(), reason="needs make torture-programs")
@pytest.mark.parametrize(
    ("program", "case"),
    [("throws", "huge"), ("throws", "first"), ("throws_static", "huge"), ("throws_over_malloc", "data")],
)
def test_exceptions_while_probes_come_and_go(start, seep, program: str, case: str) -> None:
    """Through functions that have probes at one moment and none at the next."""
    target = start(TORTURE / program, case, "3600")
    # They do not call much: with more than that they would be seen as a whole.
    trace = seep("-p", target.pid, "--max-overhead", "1", "-i", "1h").attached()
    target.go()
    for _ in range(4):
        wait_for_gap(target.pid)
        wait_for_window(target.pid)
    report = trace.report_now()
    assert in_windows(target.pid)(report)
    trace.finish()
    assert modified_text(target.pid) == 0
    # it has checked everything that it has caught
    assert target.quit() == 0
