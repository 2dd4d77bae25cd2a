# SPDX-License-Identifier: GPL-2.0-only
"""Processes that cannot be probed without harm, and those whose main thread has ended."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from harness import (
    SEEP,
    TIMEOUT,
    Fixture,
    assert_exact,
    attach_choices,
    attach_variants,
    kernel_version,
    losses_of,
    modified_text,
    process_of,
    wait_until,
)

TAKEN = ["dispatch", "filter", "strict"]


def refusals() -> set[str]:
    """What the returns of probed functions fail with on this kernel, as doctor says."""
    result = subprocess.run([SEEP, "doctor"], capture_output=True, text=True, check=False, timeout=TIMEOUT)
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("returns ")]
    words = line.split(maxsplit=1)[1]
    return set() if words.startswith("nothing") else set(words.split(", "))


def is_refused(how: str) -> bool:
    return {"dispatch": "user_dispatch"}.get(how, "seccomp") in refusals()


def works_to_its_end(target: Fixture) -> dict:
    target.go()
    done = target.done()
    assert target.quit() == 0
    return done


def test_user_dispatch_is_known() -> None:
    """The return trampoline is a system call since 6.11."""
    assert ("user_dispatch" in refusals()) == (kernel_version() >= (6, 11))


@pytest.mark.parametrize("variant", attach_choices())
@pytest.mark.parametrize("how", TAKEN)
def test_calls_taken_before(seep, how: str, variant: str) -> None:
    refused = is_refused(how)
    target = Fixture("taken_calls", how, "before").ready()
    trace = seep("-p", target.pid, "--attach", variant)
    try:
        if refused:
            assert trace.wait() == 1
            assert f"process {target.pid} (taken_calls) is not probed: it " in trace.stderr
            assert "cannot be traced without probes" in trace.stderr
            assert modified_text(target.pid) == 0
            works_to_its_end(target)
        else:
            trace.attached()
            done = works_to_its_end(target)
            assert_exact(trace.final(), done)
    finally:
        target.end()


@pytest.mark.serial
@pytest.mark.parametrize("how", TAKEN)
def test_calls_taken_during_the_trace(seep, how: str) -> None:
    """Only a session's entry can leave out the return of a call."""
    refused = is_refused(how)
    if refused and "session" not in attach_variants():
        pytest.skip("nothing can be done for it on this kernel: docs/developers/safety.md")
    target = Fixture("taken_calls", how, "after").ready()
    trace = seep("-p", target.pid).attached()
    try:
        target.go()
        done = target.done()
        if refused:
            wait_until(lambda: modified_text(target.pid) == 0, "the end of the probes")
            assert trace.wait() == 1
            assert "is not probed: it " in trace.stderr
            assert target.quit() == 0
        else:
            assert target.quit() == 0
            assert_exact(trace.final(), done)
    finally:
        target.end()


@pytest.mark.serial
def test_the_rest_of_the_scope_goes_on(start, seep) -> None:
    if not is_refused("dispatch"):
        pytest.skip("this kernel harms nobody")
    other = start("bulk", "10")
    target = Fixture("taken_calls", "dispatch", "before").ready()
    try:
        trace = seep("-c", "taken_calls", json_file=None).attached()
        assert "1 may not be probed" in trace.stderr
        trace.end()
        trace = seep("-a").attached()
        other.go()
        done = other.done()
        works_to_its_end(target)
        report = trace.finish()
        assert_exact(report, done, other.pid)
        assert losses_of(report)["refused_processes"] >= 1
    finally:
        target.end()


# --- without a leader ----------------------------------------------------------------------------


def has_no_leader(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] == "Z"


@pytest.mark.parametrize("variant", attach_choices())
def test_leader_that_has_ended(start, seep, variant: str) -> None:
    target = start("leader_exit", "before")
    assert has_no_leader(target.pid)
    trace = seep("-p", target.pid, "--attach", variant).attached()
    target.go()
    done = target.done()
    report = trace.report_now()
    assert process_of(report, target.pid)["comm"] == "leader_exit"
    assert_exact(report, done)
    assert target.quit() == 0
    assert_exact(trace.final(), done)


@pytest.mark.parametrize("variant", attach_choices())
def test_leader_that_ends(start, seep, variant: str) -> None:
    target = start("leader_exit", "during")
    trace = seep("-p", target.pid, "--attach", variant).attached()
    target.go()
    target.done()
    wait_until(lambda: has_no_leader(target.pid), "the end of the leader")
    trace.report_now()
    target.go()
    done = target.done()
    report = trace.report_now()
    assert_exact(report, done)
    assert ("leader_exits" in losses_of(report)) == (variant == "perf")
    assert target.quit() == 0
    assert_exact(trace.final(), done)
