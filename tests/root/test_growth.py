# SPDX-License-Identifier: GPL-2.0-only
"""What a process grows by, where its sites do not explain it: programs of each kind, all at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import ROOT, SEEP, SLOWNESS, TIMEOUT, Report

# Programs that are watched for minutes.
pytestmark = pytest.mark.long

PROGRAMS = ROOT / "tests/real/c"
WATCHED_S = 60  # those that do not grow
PATIENCE_S = 300 * SLOWNESS


@dataclass(frozen=True)
class Case:
    source: str
    argument: str
    cause: str  # "": it does not grow
    words: str  # in the headline
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.source}-{self.argument}" if self.argument else self.source


CASES = (
    Case("shrunk", "", "fragmentation", "memory that was released and that malloc keeps"),
    Case("touching", "", "touched_mapping", "pages of an old mapping that are touched now (1.00 GiB"),
    Case("break_arena", "", "growing_mapping", "of [heap] at", ("-k", "memory")),
    Case("read_pages", "file", "mapped_files", "pages of mapped files (1.00 GiB of"),
    Case("read_pages", "shared", "shared_memory", "shared memory that it has mapped (1.00 GiB of"),
    Case("prefork", "leak", "untraced_descendants", "does not grow itself, but processes below it"),
    Case("prefork", "healthy", "", ""),
    Case("left_segments", "healthy", "", "", ("-k", "fd")),
)
# Alone: what others do with shared memory is not to be told from it. Its site is that of shm_open.
SEGMENTS = Case("left_segments", "", "shared_segments", "made by make_segment", ("-k", "fd"))


def start(case: Case, place: Path) -> subprocess.Popen[bytes]:
    binary = place / case.name
    source = PROGRAMS / f"{case.source}.c"
    subprocess.run(["gcc", "-g", "-O1", "-pthread", source, "-o", binary], check=True)
    # Of its own session, so that its children can be ended with it.
    return subprocess.Popen(
        [binary, *filter(None, [case.argument])], cwd=place, start_new_session=True
    )


def reports(path: Path) -> list[Report]:
    """Those that are complete by now."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def cause_of(report: Report) -> Report | None:
    (process,) = report["processes"]
    return (process["coverage"] or {}).get("cause")


def is_told(case: Case, path: Path) -> bool:
    """Has it been said; or, of a healthy program, has it been watched for long enough?"""
    said = reports(path)
    if not case.cause:
        return bool(said) and said[-1]["elapsed_s"] >= WATCHED_S
    return any(cause["kind"] == case.cause for cause in map(cause_of, said) if cause)


def trace(cases: Iterable[Case], place: Path) -> dict[str, list[Report]]:
    """What is reported of each program; they run at the same time."""
    programs: list[subprocess.Popen[bytes]] = []
    traces: list[tuple[Case, Path, subprocess.Popen[bytes]]] = []
    deadline = time.monotonic() + PATIENCE_S
    try:
        for case in cases:
            programs.append(start(case, place))
            path = place / f"{case.name}.json"
            # Reports are only judged where somebody asks for it.
            command = [SEEP, "trace", "-q", "-p", str(programs[-1].pid), "-i", "2s",
                       "--fail-on", "growth", "--json", path, *case.options]  # fmt: skip
            traces.append((case, path, subprocess.Popen(command, stdout=subprocess.DEVNULL)))
        while time.monotonic() < deadline:
            if all(is_told(case, path) for case, path, _ in traces):
                break
            time.sleep(1)
        for _, _, process in traces:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=TIMEOUT)
    finally:
        for _, _, process in traces:
            process.kill()
            process.wait()
        for program in programs:
            # It may have something to remove.
            os.killpg(program.pid, signal.SIGTERM)
            program.wait(timeout=TIMEOUT)
    return {case.name: reports(path) for case, path, _ in traces}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Report]]:
    return trace(CASES, tmp_path_factory.mktemp("growth"))


def check(case: Case, said: list[Report]) -> None:
    if not case.cause:
        assert not any(map(cause_of, said))
        assert {report["answer"]["outcome"] for report in said} <= {"none", "undecided"}
        return
    told = [report for report in said if (cause_of(report) or {}).get("kind") == case.cause]
    assert told, said[-1]["answer"]["text"]
    report = told[0]
    cause = cause_of(report)
    assert cause and case.words in report["answer"]["text"]
    assert report["answer"]["outcome"] == "growth"
    assert cause["bytes"] > 128 << 10 and cause["rate_bytes_per_s"] > 1000
    assert 0.25 <= cause["share"] <= 1
    evidence = report["processes"][0]["coverage"]["evidence"]
    assert cause["text"] in evidence[0] and cause["advice"] == evidence[1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_cause_of_growth(case: Case, results: dict[str, list[Report]]) -> None:
    check(case, results[case.name])


@pytest.mark.serial
def test_segments_that_are_left(tmp_path: Path) -> None:
    check(SEGMENTS, trace([SEGMENTS], tmp_path)["left_segments"])
