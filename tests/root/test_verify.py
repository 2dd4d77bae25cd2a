# SPDX-License-Identifier: GPL-2.0-only
"""seep trace --verify-stacks: libdw walks the same stacks to the same frames."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Fixture, Seep, end_process, losses_of, wait_until

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
    assert match[2] == "all agree", trace.stderr
    count, part, none = (int((match[i] or "0").replace(",", "")) for i in (1, 3, 4))
    return count, part, none


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


def test_redis(running, seep: Callable[..., Seep], tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    server = running(
        "redis-server", "--port", "0", "--unixsocket", path,
        "--save", "", "--appendonly", "no", "--dir", tmp_path,
    )  # fmt: skip
    wait_until(path.exists, "redis-server", 10)
    trace = seep("-p", server, "--verify-stacks", 10, "-d", "3s").attached()
    running("redis-benchmark", "-s", path, "-l", "-q", "-c", "5", "-r", "1000", "-n", "10000")
    trace.final()
    count, part, _ = verified(trace)
    assert count >= 1000
    assert part <= count // 1000


def test_python(running, seep: Callable[..., Seep]) -> None:
    trace = seep("-p", running("/usr/bin/python3", "-c", LOADS), "--verify-stacks", 100, "-d", "3s")
    trace.final()
    count, part, _ = verified(trace)
    assert count >= 500
    assert part <= count // 100  # deeper than the copy, or cut by the ends of the trace


@pytest.mark.serial
@pytest.mark.parametrize(
    ("command", "least"), [(("cplusplus",), 10), (("pairs_threads", "4", "20000"), 1000)]
)
def test_fixtures(start, seep: Callable[..., Seep], command: tuple[str, ...], least: int) -> None:
    target: Fixture = start(*command)
    trace = seep("-p", target.pid, "--verify-stacks", 1).attached()
    target.go()
    target.done()
    trace.finish()
    assert verified(trace)[0] >= least


def test_signals(start, seep: Callable[..., Seep]) -> None:
    """Handlers on the stack they interrupt are walked through; from an alternate one only up to it."""
    target: Fixture = start("signals")
    trace = seep("-p", target.pid, "--verify-stacks", 1).attached()
    target.go()
    target.done()
    trace.finish()
    count, part, _ = verified(trace)
    assert count >= 100
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
