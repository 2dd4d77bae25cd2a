# SPDX-License-Identifier: GPL-2.0-only
"""seep detect --baseline: what was known before is listed, and only what is new or worse fails."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import SEEP, SLOWNESS, end_process

LEAK = ("memory", "--growth", "4M/s")
PATIENCE = "25s"  # of which a leak of this size needs some 17 to be sure of


@pytest.fixture(scope="module")
def simulate() -> Iterator[Callable[..., int]]:
    """Starts seep simulate, or another build of it; its PID."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str, program: Path = SEEP) -> int:
        process = subprocess.Popen(
            [str(program), "simulate", *arguments, "--json", "-d", "10m"],
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout
        assert json.loads(process.stdout.readline())
        return process.pid

    yield run
    for process in running:
        end_process(process)


def begin(*arguments: str | int | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(SEEP), "detect", "-k", "memory", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status and the text, with all white space as one blank."""
    try:
        output, errors = process.communicate(timeout=200 * SLOWNESS)
    finally:
        end_process(process)
    return process.returncode, " ".join(output.split()) or errors


@pytest.fixture(scope="module")
def baseline(simulate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that leaks 4 MiB per second."""
    path = tmp_path_factory.mktemp("baseline") / "release.seep"
    status, text = end(begin("-p", simulate(*LEAK), "-o", path))
    assert status == 3, text
    return path


def test_what_is_known(simulate, baseline: Path, tmp_path: Path) -> None:
    """In another run and in another build. It does not end the watch before its time, either."""
    rebuilt = tmp_path / "seep"
    subprocess.run(["objcopy", "--remove-section", ".note.gnu.build-id", SEEP, rebuilt], check=True)
    options = ("-d", PATIENCE, "--baseline", baseline)
    runs = [
        begin("-p", simulate(*LEAK, "--seed", "2"), *options),
        begin("-p", simulate(*LEAK, program=rebuilt), *options),
    ]
    for run in runs:
        status, text = end(run)
        assert status == 0, text
        assert ": no new or worse leak was found, and one of more than " in text
        assert "; watched for 2" in " ".join(text.split())
        assert "- known: leak_session, leak, " in text
        assert "/s; was leak, " in text


@pytest.mark.long
@pytest.mark.serial
def test_what_is_worse_or_new(simulate, baseline: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean.seep"
    status, text = end(begin("-p", simulate("churn"), "-d", "3s", "-o", clean))
    assert status == 4, text  # undecided after so short a time
    runs = [
        begin("-p", simulate("memory", "--growth", "8M/s"), "-d", "60s", "--baseline", baseline),
        # the capture that is compared with may be the one that is replaced
        begin("-p", simulate(*LEAK), "-d", "60s", "--baseline", clean, "-o", clean),
    ]
    for run, line in zip(runs, ("#1 worse: leak_session, leak, ", "#1 new: leak_session, leak, ")):
        status, text = end(run)
        assert status == 3, text
        assert "new or worse than in the baseline" in " ".join(text.split())
        assert line in text
    report = subprocess.run([str(SEEP), "report", str(clean)], capture_output=True, check=True)
    assert b"leak_session" in report.stdout


def test_no_baseline(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no capture " * 1000)
    for name, words in (("none", "No such file"), ("text", "it is no capture, or damaged")):
        status, text = end(begin("-p", "1", "--baseline", tmp_path / name))
        assert status == 1
        assert words in text
