# SPDX-License-Identifier: GPL-2.0-only
"""What a process grows by, where its sites do not explain it: programs of each kind, all at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import ROOT, SEEP, SLOWNESS, TIMEOUT, Report

# Programs that are watched for a minute.
pytestmark = pytest.mark.long

PROGRAMS = ROOT / "tests/real/c"
WATCHED_S = 60


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
    Case("left_segments", "healthy", "", ""),
)
# Alone: what others do with shared memory is not to be told from it.
SEGMENTS = Case("left_segments", "", "shared_segments", "made by make_segment")


def start(case: Case, place: Path) -> subprocess.Popen[bytes]:
    binary = place / case.name
    source = PROGRAMS / f"{case.source}.c"
    subprocess.run(["gcc", "-g", "-O1", "-pthread", source, "-o", binary], check=True)
    # Of its own session, so that its children can be ended with it.
    return subprocess.Popen(
        [binary, *filter(None, [case.argument])], cwd=place, start_new_session=True
    )


def detect(cases: Iterable[Case], place: Path) -> dict[str, tuple[str, Report]]:
    """What is said of each program, in text and in JSON; they run at the same time."""
    programs: list[subprocess.Popen[bytes]] = []
    traces: list[tuple[Case, Path, subprocess.Popen[str]]] = []
    said: dict[str, tuple[str, Report]] = {}
    try:
        for case in cases:
            program = start(case, place)
            programs.append(program)
            path = place / f"{case.name}.json"
            command = [SEEP, "detect", "-p", str(program.pid), "-d", f"{WATCHED_S * SLOWNESS}s"]
            trace = subprocess.Popen(
                [*command, "--json", path, *case.options], stdout=subprocess.PIPE, text=True
            )
            traces.append((case, path, trace))
        for case, path, trace in traces:
            text, _ = trace.communicate(timeout=4 * WATCHED_S * SLOWNESS)
            said[case.name] = (text, json.loads(path.read_text().splitlines()[-1]))
    finally:
        for program in programs:
            # It may have something to remove.
            os.killpg(program.pid, signal.SIGTERM)
            program.wait(timeout=TIMEOUT)
    return said


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Report]]:
    return detect(CASES, tmp_path_factory.mktemp("growth"))


def check(case: Case, text: str, report: Report) -> None:
    headline = " ".join(text.partition("\n\n")[0].partition("\nProcess ")[0].split())
    (process,) = report["processes"]
    cause = process["coverage"]["cause"]
    if not case.cause:
        assert cause is None and process["coverage"]["health"] == "steady", text
        assert "no leak was found" in headline
        return
    assert cause and cause["kind"] == case.cause, text
    assert case.words in headline
    assert report["answer"]["outcome"] == "growth"
    assert cause["bytes"] > 1 << 20 and cause["rate_bytes_per_s"] > 10_000
    assert 0.5 < cause["share"] <= 1
    assert process["coverage"]["evidence"][1] == cause["advice"]
    assert f"> {cause['advice'].split()[0]}" in text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_cause_of_growth(case: Case, results: dict[str, tuple[str, Report]]) -> None:
    check(case, *results[case.name])


@pytest.mark.serial
def test_segments_that_are_left(tmp_path: Path) -> None:
    check(SEGMENTS, *detect([SEGMENTS], tmp_path)["left_segments"])
