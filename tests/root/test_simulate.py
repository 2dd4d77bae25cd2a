# SPDX-License-Identifier: GPL-2.0-only
"""seep simulate: what it says that it has done is what seep sees; and how it is told what to do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import COUNTS, ROOT, SEEP, TIMEOUT, Fixture, Report, Seep, losses_of, names, wait_until

# Kinds that seep traces; and those whose bytes both count alike: of threads it is all of the stack.
TRACED = ("memory", "fd", "thread", "mapping")
MEASURED = ("memory", "mapping", "fd")
# Every pattern, faster than usual: enough of it in two seconds.
PATTERNS = {
    "memory": ("--growth", "1M/s"),
    "linear": ("--threads", "3"),
    "exponential": ("--scale", "0.1"),
    "stepped": ("--scale", "0.1"),
    "oscillating": ("--scale", "0.1", "--threads", "2"),
    "oscillating-steady": ("--scale", "0.1"),
    "seasonal": ("--scale", "0.1"),
    "rare": ("--rate", "20000/s", "--leak-fraction", "0.01", "--threads", "2"),
    "restart": (),
    "cycle": ("--objects", "1001", "--rate", "1000", "--threads", "4"),
    "vector": ("--growth", "4M/s"),
    "vector-bounded": ("--growth", "4M/s"),
    "cache": ("--scale", "0.1"),
    "pool": (),
    "warm-up": ("--scale", "0.1"),
    "burst": ("--scale", "0.1"),
    "churn": (),
    "fragmentation": ("--growth", "20M/s"),
    "mapping": (),
    "thread": ("--rate", "50"),
    "thread-rare": ("--rate", "100", "--leak-fraction", "0.2"),
    "thread-endless": ("--rate", "50"),
    "fd": ("--rate", "100"),
    "fd-rare": ("--rate", "1000", "--leak-fraction", "0.05"),
}
# Of which make check takes these.
CHECKED = ("memory", "rare", "cycle", "vector", "mapping", "thread", "fd")
ALLOCATORS = ("libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2")


class Simulation(Fixture):
    """A pattern that begins, ends and exits when it is told to, and what it says."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        super().__init__(SEEP, "simulate", *arguments, "--json", "--wait", env=env)
        self.start = self.event("start")
        assert self.start["pid"] == self.pid

    def event(self, name: str) -> dict[str, Any]:
        event = json.loads(self.line())
        assert event["event"] == name
        return event

    def report(self) -> dict[str, Any]:
        self.process.send_signal(signal.SIGUSR1)
        return self.event("report")

    def begin(self) -> dict[str, Any]:
        """Lets it begin, and waits until it has done something."""
        self.say("GO")
        while not (report := self.report())["functions"][0]["allocs"]:
            assert report["active_s"] < TIMEOUT
        return report

    def finish(self) -> dict[str, Any]:
        """Ends the work; the process goes on living."""
        self.say("")
        return self.event("end")

    def leave(self) -> None:
        self.say("")
        assert self.process.wait(TIMEOUT) == 0


@pytest.fixture
def simulate() -> Iterator[Callable[..., Simulation]]:
    running: list[Simulation] = []

    def run(*arguments: str, env: dict[str, str] | None = None) -> Simulation:
        simulation = Simulation(*arguments, env=env)
        running.append(simulation)
        return simulation

    yield run
    for simulation in running:
        simulation.end()


def run_simulate(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SEEP, "simulate", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        **options,
    )


def listed() -> dict[str, str]:
    """The patterns in the help, and what they are."""
    section = run_simulate("--help").stdout.split("\nPatterns:\n", 1)[1].split("\n\n", 1)[0]
    return dict(re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in section.splitlines())


def seen(report: Report, function: dict[str, Any]) -> dict[str, int]:
    sites = [
        site
        for site in report["sites"]
        if site["kind"] == function["kind"] and function["function"] in names(site)
    ]
    keys = [*COUNTS, "live_objects", "live_bytes"]
    if function["kind"] not in MEASURED:
        keys = ["allocs", "frees", "live_objects"]
    return {key: sum(site[key] for site in sites) for key in keys}


def assert_as_said(report: Report, end: dict[str, Any]) -> None:
    """Every function of a traced kind has made and released just what the simulation says."""
    # what it had got ready before the trace it may release
    assert set(losses_of(report)) <= {"unmatched_frees"}
    checked = [function for function in end["functions"] if function["kind"] in TRACED]
    said = {f["function"]: {key: f[key] for key in seen(report, f)} for f in checked}
    assert {f["function"]: seen(report, f) for f in checked} == said


def options_for(start: dict[str, Any]) -> tuple[str, ...]:
    kinds = {function["kind"] for function in start["functions"]} & set(TRACED)
    return ("-k", ",".join(sorted(kinds)))


def test_every_pattern_is_tested() -> None:
    assert list(listed()) == list(PATTERNS)


@pytest.mark.parametrize(
    "pattern",
    [
        name if name in CHECKED else pytest.param(name, marks=pytest.mark.long) for name in PATTERNS
    ],
)
def test_seep_sees_what_it_says(simulate, seep, pattern: str) -> None:
    target = simulate(pattern, *PATTERNS[pattern], "-d", "2s")
    assert target.start["pattern"] == pattern
    trace = seep("-p", target.pid, *options_for(target.start)).attached()
    target.say("GO")
    end = target.event("end")
    assert end["reason"] == "duration"
    report = trace.finish()
    assert_as_said(report, end)
    check_truth(target.start, end)
    target.leave()


def check_truth(start: dict[str, Any], end: dict[str, Any]) -> None:
    """What leaks is what is said to, and nothing else; all of it at work."""
    truth = start["truth"]
    for function in end["functions"]:
        subject = function["function"] in truth["functions"]
        assert function["allocs"] > 0, function
        assert function["live_objects"] == function["allocs"] - function["frees"]
        if subject and truth["class"] == "leak":
            assert 0 < function["leaked_objects"] <= function["live_objects"]
        else:
            assert function["leaked_objects"] == function["leaked_bytes"] == 0
        if subject and truth["class"] == "leak" and truth["leaked_fraction"] == 1:
            assert function["leaked_objects"] == function["allocs"]
    assert {f["function"] for f in start["functions"]} == {f["function"] for f in end["functions"]}


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_other_allocators(simulate, seep, allocator: str) -> None:
    target = simulate("rare", "--rate", "10000", "-d", "1s", env={"LD_PRELOAD": allocator})
    trace = seep("-p", target.pid).attached()
    target.say("GO")
    end = target.event("end")
    assert_as_said(trace.finish(), end)
    target.leave()


def test_launched(seep) -> None:
    """Traced from the first instruction to the last one."""
    trace = seep("-q", "--", SEEP, "simulate", "oscillating", "--scale", "0.1", "-d", "1s", "--json")
    report = trace.final()
    start, end = (json.loads(line) for line in trace.stdout.splitlines())
    assert start["event"] == "start"
    assert_as_said(report, end)


def test_stack_tells_the_path(simulate, seep) -> None:
    target = simulate("linear", "--growth", "1M/s", "-d", "1s")
    trace = seep("-p", target.pid).attached()
    target.say("GO")
    target.event("end")
    report = trace.finish()
    paths = {
        ("leak_session", "authenticate", "handle_request"),
        ("churn_request", "render_page", "serve_page"),
        ("cache_insert", "load_entry", "find_entry", "look_up"),
        ("pool_grow", "pool_take", "use_buffers", "run_transaction"),
    }
    stacks = [tuple(names(site)) for site in report["sites"] if site["stack_end"] == "complete"]
    for path in paths:
        assert any(stack[1 : 1 + len(path)] == path for stack in stacks), (path, stacks)
    target.leave()


def test_restart(simulate) -> None:
    """Each life is a program of its own, in the same process, and says what it has done."""
    target = simulate("restart", "--period", "200ms", "-d", "2s")
    target.say("GO")
    ends = []
    while "duration" not in ends:  # how long a life takes to begin is not up to it
        start = target.event("start") if ends else target.start
        assert (start["life"], start["pid"]) == (len(ends), target.pid)
        ends.append(target.event("end")["reason"])
    assert ends == ["restart"] * (len(ends) - 1) + ["duration"]
    assert 2 <= len(ends) <= 10
    target.leave()


def test_fragmentation_is_real(simulate) -> None:
    target = simulate("fragmentation", "--growth", "50M/s")
    assert target.start["truth"]["fragmentation"] is True
    first = target.begin()
    while {f["function"]: f for f in first["functions"]}["cut_text"]["live_bytes"] < 4 << 20:
        first = target.report()  # the documents are being read
    last = first
    while last["rss_bytes"] - first["rss_bytes"] < 60 << 20:
        assert last["active_s"] < TIMEOUT, "the resident set does not grow"
        last = target.report()
    for report in (first, last):
        live = {f["function"]: f["live_bytes"] for f in report["functions"]}
        assert live["read_buffer"] == 4096
        assert 4 << 20 <= live["cut_text"] < (4 << 20) + 4096
    assert target.finish()["reason"] == "input"
    target.leave()


def test_rate(simulate) -> None:
    target = simulate("linear", "--growth", "10M/s", "--size", "1K", "-d", "1s")
    target.say("GO")
    end = target.event("end")
    assert end["functions"][0]["leaked_objects"] == int(10240 * end["active_s"])
    assert target.start["truth"]["rate_bytes_per_s"] == 10 << 20
    target.leave()


@pytest.mark.serial
def test_stop_is_no_burst(simulate) -> None:
    target = simulate("linear", "--growth", "1M/s")
    target.begin()
    target.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, target.pid, os.WSTOPPED | os.WNOWAIT)
    with pytest.raises(TimeoutError):  # nothing is said while it is stopped
        target.line(timeout=1.0)
    target.process.send_signal(signal.SIGCONT)
    wait_until(lambda: target.report()["late_s"], "the tick after the stop")
    end = target.finish()
    assert end["late_s"] > 0.8
    assert end["functions"][0]["leaked_objects"] == int(1024 * end["active_s"])
    target.leave()


def test_limit(simulate) -> None:
    target = simulate("exponential", "--scale", "0.01", "--limit", "1M")
    target.say("GO")
    end = target.event("end")
    assert end["reason"] == "limit"
    assert end["functions"][0]["leaked_bytes"] == 1 << 20
    target.leave()


def test_out_of_descriptors() -> None:
    limited = ["sh", "-c", f"ulimit -n 64; exec {SEEP} simulate fd --rate 1000 --json"]
    result = subprocess.run(
        limited, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert result.returncode == 1
    assert "Too many open files" in result.stderr
    end = json.loads(result.stdout.splitlines()[-1])
    assert end["reason"] == "failed"
    assert end["rss_bytes"] > 0
    leaked = sum(function["leaked_objects"] for function in end["functions"])
    assert 40 < leaked < 64


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it(simulate, number: signal.Signals) -> None:
    target = simulate("memory", "--threads", "8")
    assert target.begin()["reason"] == "asked"
    target.process.send_signal(number)
    assert target.event("end")["reason"] == "signal"
    assert target.process.wait(TIMEOUT) == 0


def test_words_for_people() -> None:
    result = run_simulate("linear", "-d", "100ms", "--growth", "1M/s", "--wait")
    assert result.returncode == 0
    assert re.match(r"simulate: PID \d+, pattern linear: .*1.00 MiB/s", result.stderr)
    assert len(result.stderr.splitlines()) == 1
    assert "leak_session" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "which pattern"),
        (("no-such-pattern",), "no-such-pattern"),
        (("linear", "stepped"), "stepped"),
        (("linear", "--no-such-option"), "--no-such-option"),
        (("linear", "--size"), "--size needs"),
        (("linear", "--size", "0"), "out of range"),
        (("linear", "--growth", "fast"), "fast"),
        (("linear", "--growth", "1M/week"), "1M/week"),
        (("linear", "--growth", "/s"), "/s"),
        (("churn", "--rate", "0"), "out of range"),
        (("churn", "--rate", "1..5"), "1..5"),
        (("rare", "--leak-fraction", "1.5"), "out of range"),
        (("rare", "--leak-fraction", "0"), "out of range"),
        (("linear", "--leak-fraction", "0.5"), "means nothing to the pattern linear"),
        (("thread", "--size", "1K"), "means nothing to the pattern thread"),
        (("fd", "--growth", "1K/s"), "means nothing to the pattern fd"),
        (("linear", "--period", "1s"), "means nothing to the pattern linear"),
        (("cycle", "--size", "8"), "at least 16 bytes"),
        (("linear", "--threads", "0"), "out of range"),
        (("linear", "--scale", "0"), "out of range"),
        (("linear", "-d", "0"), "out of range"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_usage_errors(arguments: tuple[str, ...], words: str) -> None:
    result = run_simulate(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert words in lines[0]
    assert lines[1:] == ["seep: see: seep simulate --help"]


def test_help() -> None:
    result = run_simulate("--help")
    assert result.returncode == 0 and result.stderr == ""
    lines = result.stdout.splitlines()
    assert len(lines) <= 56 and max(len(line) for line in lines) <= 100


def test_document_lists_the_patterns() -> None:
    """docs/simulate.md has a row for each, with what it is and its truth."""
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \|", Path(ROOT / "docs/simulate.md").read_text(), re.M)
    assert dict(rows) == listed()
