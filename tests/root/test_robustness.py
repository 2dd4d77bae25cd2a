# SPDX-License-Identifier: GPL-2.0-only
"""Bad luck: seep killed at any moment, targets that die at any moment, signals, restarts."""

from __future__ import annotations

import random
import signal
import time

import pytest
from harness import (
    assert_exact,
    attach_choices,
    counts_of,
    losses_of,
    modified_text,
    wait_until,
)


def test_probes_are_there_and_go(start, seep) -> None:
    """Shows that the check for left-over probes can see one."""
    target = start("bulk")
    assert modified_text(target.pid) == 0
    trace = seep("-p", target.pid).attached()
    assert modified_text(target.pid) > 0
    trace.finish()
    assert modified_text(target.pid) == 0


def test_seep_killed_at_any_moment(start, seep) -> None:
    """kill -9 leaves the target running and no probe behind."""
    moments = random.Random(1)
    target = start("churn")
    rounds = target.ping()
    for _ in range(20):
        trace = seep("-p", target.pid, "-i", "100ms", json_file=None)
        time.sleep(moments.uniform(0, 0.5))
        trace.end()
        wait_until(lambda: modified_text(target.pid) == 0, "the end of the probes")
        before, rounds = rounds, target.ping()
        assert rounds > before, "the target does not work any more"
    # and seep still works on the same process
    trace = seep("-p", target.pid).attached()
    report = trace.finish()
    assert report["processes"][0]["pid"] == target.pid
    assert modified_text(target.pid) == 0


@pytest.mark.parametrize("variant", attach_choices())
def test_seep_killed_while_it_ends(start, seep, variant: str) -> None:
    """kill -9 while probes are being removed: the kernel would leave those that are still there."""
    target = start("churn")
    for i in range(5):
        trace = seep("-p", target.pid, "--attach", variant, json_file=None).attached()
        trace.process.terminate()
        # into the wait for all processors that each removal begins with, and those after it
        time.sleep(i * 0.02)
        trace.end()
        wait_until(lambda: modified_text(target.pid) == 0, "the end of the probes")
    assert target.ping() > 0


@pytest.mark.long
def test_target_killed_at_any_moment(start, seep) -> None:
    """A target that dies before, while or after seep attaches: it is said, never a crash."""
    moments = random.Random(2)
    for _ in range(50):
        target = start("churn")
        trace = seep("-p", target.pid, json_file=None)
        time.sleep(moments.uniform(0, 0.25))
        target.end()
        status = trace.wait()
        assert status in (0, 1), trace.stderr
        if status == 1:
            assert str(target.pid) in trace.stderr


def test_target_stopped(start, seep) -> None:
    """A stopped process can be attached to, and goes on unharmed."""
    target = start("churn")
    target.process.send_signal(signal.SIGSTOP)
    trace = seep("-p", target.pid).attached()
    assert trace.report_now()["processes"][0]["exited"] is False
    target.process.send_signal(signal.SIGCONT)
    wait_until(lambda: target.ping() > 0, "a round of the target")
    trace.report_when(lambda report: counts_of(report, "made_in_churn")["allocs"] > 0, "work")
    trace.finish()


def test_attach_to_a_process_at_work(start, seep) -> None:
    """Threads in the middle of malloc and free at both ends of the trace: never a wrong number."""
    target = start("churn")
    for _ in range(3):
        trace = seep("-p", target.pid, "-i", "100ms").attached()
        trace.report_when(
            lambda report: report["seq"] >= 3 and counts_of(report, "made_in_churn")["allocs"] > 100,
            "three reports, and work",
        )
        report = trace.finish()
        made = counts_of(report, "made_in_churn")
        # two threads with 16 blocks each
        assert 0 < made["allocs"] - made["frees"] <= 32
        # each may release what it had before, and be in a call when the probes come
        assert report["losses"]["unmatched_frees"] <= 40
        assert set(losses_of(report)) <= {"unmatched_frees", "implicit_frees"}


@pytest.mark.parametrize("variant", attach_choices())
def test_code_given_back(start, seep, variant: str) -> None:
    """The breakpoints are gone with the pages: that is counted, and the next report has new ones."""
    target = start("drops_text")
    trace = seep("-p", target.pid, "-i", "200ms", "--attach", variant).attached()
    placed = modified_text(target.pid)
    target.go()
    target.done()
    assert placed > 0
    report = trace.report_when(
        lambda report: report["losses"]["lost_probes"] == placed - 1,  # that in the loader stays
        "the loss",
    )
    assert counts_of(report, "made_before")["allocs"] == 10
    wait_until(lambda: modified_text(target.pid) == placed, "new probes")
    target.go()
    target.done()
    report = trace.finish()
    assert counts_of(report, "made_after")["allocs"] == 20
    assert report["losses"]["lost_probes"] == placed - 1  # that in the loader stays
    assert target.quit() == 0


def test_code_given_back_before_the_end(start, seep) -> None:
    target = start("drops_text")
    trace = seep("-p", target.pid, "-i", "1h").attached()
    placed = modified_text(target.pid)
    target.go()
    target.done()
    assert trace.finish()["losses"]["lost_probes"] == placed - 1


def test_reports_under_load_are_consistent(start, seep) -> None:
    """Counters move while they are read; every report must still add up."""
    target = start("churn")
    trace = seep("-p", target.pid, "-i", "100ms").attached()
    wait_until(lambda: len(trace.reports()) >= 10, "ten reports")
    trace.finish()
    reports = trace.reports()
    for before, after in zip(reports, reports[1:]):
        for key in ("allocs", "frees", "alloc_bytes", "free_bytes"):
            assert after["totals"]["memory"][key] >= before["totals"]["memory"][key]


def test_two_traces_of_one_process(start, seep) -> None:
    target = start("bulk", "500", "10", "2")
    first = seep("-p", target.pid, json_file="first.json").attached()
    second = seep("-p", target.pid, json_file="second.json").attached()
    target.go()
    done = target.done()
    for trace in (first, second):
        report = trace.finish()
        assert_exact(report, done)
        assert losses_of(report) == {}
    assert modified_text(target.pid) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_end_by_signal(start, seep, number: int) -> None:
    target = start("bulk", "50", "10", "2")
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    report = trace.finish(number)
    assert report["final"] is True
    assert_exact(report, done)
    assert modified_text(target.pid) == 0


def test_second_signal_does_not_hurt(start, seep) -> None:
    target = start("many_sites", "3000", "12")
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    trace.process.send_signal(signal.SIGINT)
    trace.process.send_signal(signal.SIGUSR1)
    report = trace.finish(signal.SIGTERM)
    assert_exact(report, done)
