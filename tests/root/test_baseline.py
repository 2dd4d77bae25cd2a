# SPDX-License-Identifier: GPL-2.0-only
"""seep detect --baseline: what was known before is listed, and only what is new or worse fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from detecting import Detect, has_leak, simulations
from harness import SEEP, Report

LEAK = ("memory", "--growth", "4M/s")

simulate = pytest.fixture(simulations, scope="module")


def begin(directory: Path, *arguments: str | int | Path) -> Detect:
    return Detect(directory, "-k", "memory", "--max-overhead", "none", *arguments)


def in_one_line(text: str) -> str:
    """With all white space as one blank."""
    return " ".join(text.split())


@pytest.fixture(scope="module")
def baseline(simulate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that leaks 4 MiB per second."""
    path = tmp_path_factory.mktemp("baseline") / "release.seep"
    status, text = begin(path.parent, "-p", simulate(*LEAK), "-o", path).result()
    assert status == 3, text
    return path


def test_what_is_known(simulate, baseline: Path, tmp_path: Path) -> None:
    """In another run and in another build. It does not end the watch, either."""
    rebuilt = tmp_path / "seep"
    subprocess.run(["objcopy", "--remove-section", ".note.gnu.build-id", SEEP, rebuilt], check=True)
    runs = [
        begin(tmp_path, "-p", simulate(*LEAK, "--seed", "2"), "--baseline", baseline),
        begin(tmp_path, "-p", simulate(*LEAK, program=rebuilt), "--baseline", baseline),
    ]

    def known(report: Report) -> bool:
        return has_leak(report, "leak_session") and report["answer"]["outcome"] == "none"

    for run in runs:
        status, text = run.when(known, "the leak")
        assert status == 0, text
        assert ": no new or worse leak was found, and one of more than " in in_one_line(text)
        assert "- known: leak_session, leak, " in in_one_line(text)
        assert "/s; was leak, " in in_one_line(text)


@pytest.mark.long
@pytest.mark.serial
def test_what_is_worse_or_new(simulate, baseline: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean.seep"
    status, text = begin(tmp_path, "-p", simulate("churn"), "-d", "3s", "-o", clean).result()
    assert status == 4, text  # undecided after so short a time
    runs = [
        begin(tmp_path, "-p", simulate("memory", "--growth", "8M/s"), "--baseline", baseline),
        # the capture that is compared with may be the one that is replaced
        begin(tmp_path, "-p", simulate(*LEAK), "--baseline", clean, "-o", clean),
    ]
    for run, line in zip(runs, ("#1 worse: leak_session, leak, ", "#1 new: leak_session, leak, ")):
        status, text = run.result()
        assert status == 3, text
        assert "new or worse than in the baseline" in in_one_line(text)
        assert line in in_one_line(text)
    report = subprocess.run([str(SEEP), "report", str(clean)], capture_output=True, check=True)
    assert b"leak_session" in report.stdout


def test_no_baseline(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no capture " * 1000)
    for name, words in (("none", "No such file"), ("text", "it is no capture, or damaged")):
        status, text = begin(tmp_path, "-p", "1", "--baseline", tmp_path / name).result()
        assert status == 1
        assert words in text
