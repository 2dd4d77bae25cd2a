# SPDX-License-Identifier: GPL-2.0-only
"""seep trace --verify-stacks: libdw walks the same stacks to the same frames."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Fixture, Seep, again_until, end_process, losses_of, wait_until
from servers import redis_under_load

RESULT = re.compile(
    r"verified ([\d,]+) stacks with libdw: ([^;]*)"
    r"(?:; ([\d,]+) only as far as both came)?(?:; ([\d,]+) more could not be compared)?"
)
LOADS = (
    "import json\n"
    "while True:\n"
    "    json.loads(json.dumps({str(i): [i] * 20 for i in range(50)}))\n"
    "    sorted(map(str, range(500)))\n"
)


def verified(trace: Seep) -> tuple[int, int, int]:
    """What one of the last lines says of a trace without disagreements: verified, in part, not compared."""
    assert losses_of(trace.reports()[-1]).get("stack_disagreements", 0) == 0, trace.stderr
    lines = [line.removeprefix("seep: ") for line in trace.stderr.splitlines()]
    match = next(filter(None, map(RESULT.fullmatch, lines)), None)
    assert match, trace.stderr
    count, part, none = (int((match[i] or "0").replace(",", "")) for i in (1, 3, 4))
    assert match[2] == ("all agree" if count else "none could be compared"), trace.stderr
    return count, part, none


def verify_running(seep: Callable[..., Seep], pid: int, every: int, least: int) -> None:
    """
    Traces a program at work until so many of its stacks were verified. How many are in a second, and how
    many the checks have no time for, is the machine's business; so the traces become longer.
    """

    def work(number: int) -> Seep:
        trace = seep("-p", pid, "--verify-stacks", every, "-d", f"{2 << min(number, 5)}s",
                     json_file=f"{number}.json")  # fmt: skip
        trace.final()
        return trace

    count, part = verify_until(least, work)
    # deeper than the copy, or cut by the ends of the trace
    assert part <= count // 20


def verify_fixture(
    start: Callable[..., Fixture], seep: Callable[..., Seep], least: int, *command: str
) -> tuple[int, int]:
    """The same for all stacks of a fixture, which does its work again and again."""

    def work(number: int) -> Seep:
        target = start(*command)
        trace = seep("-p", target.pid, "--verify-stacks", 1, json_file=f"{number}.json").attached()
        target.go()
        target.done()
        trace.finish()
        assert target.quit() == 0
        return trace

    return verify_until(least, work)


def verify_until(least: int, work: Callable[[int], Seep]) -> tuple[int, int]:
    """Traces until so many stacks were verified: how many, and how many of them in part."""
    count = part = 0

    def trace(number: int) -> None:
        nonlocal count, part
        more = verified(work(number))
        count, part = count + more[0], part + more[1]

    again_until(lambda: count >= least, trace, "verified stacks")
    return count, part


@pytest.fixture
def running() -> Iterator[Callable[..., int]]:
    """Starts a program that runs until the test ends; its PID."""
    processes: list[subprocess.Popen[bytes]] = []

    def run(*command: str | Path) -> int:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        processes.append(process)
        return process.pid

    yield run
    for process in reversed(processes):
        end_process(process)


def test_redis(seep: Callable[..., Seep], tmp_path: Path) -> None:
    with redis_under_load(tmp_path) as server:
        verify_running(seep, server, 10, 1000)


def test_python(running, seep: Callable[..., Seep]) -> None:
    verify_running(seep, running("/usr/bin/python3", "-c", LOADS), 10, 500)


@pytest.mark.parametrize(
    ("command", "least"), [(("cplusplus",), 10), (("pairs_threads", "4", "20000"), 1000)]
)
def test_fixtures(start, seep: Callable[..., Seep], command: tuple[str, ...], least: int) -> None:
    verify_fixture(start, seep, least, *command)


def test_signals(start, seep: Callable[..., Seep]) -> None:
    """Handlers on the stack they interrupt are walked through; from an alternate one only up to it."""
    count, part = verify_fixture(start, seep, 100, "signals")
    assert count > part


def test_said_only_if_asked_for(start, seep: Callable[..., Seep]) -> None:
    target: Fixture = start("pairs_threads", "1", "100")
    trace = seep("-p", target.pid).attached()
    target.go()
    target.done()
    trace.finish()
    assert "verified" not in trace.stderr


@pytest.mark.parametrize("value", ["0", "-1", "4294967296", "x"])
def test_bad_values(seep: Callable[..., Seep], value: str) -> None:
    trace = seep("-p", "1", f"--verify-stacks={value}")
    assert trace.wait() == 2
    assert f"--verify-stacks {value}" in trace.stderr
