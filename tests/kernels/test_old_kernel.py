# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that is too old: what it lacks is said in a sentence, and nothing else goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/root"))

from harness import FIXTURES, SEEP, TIMEOUT, Fixture, kernel_version, modified_text  # noqa: E402

pytestmark = pytest.mark.skipif(kernel_version() >= (5, 13), reason="needs an older kernel")


def run_seep(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SEEP, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )


def assert_says_what_is_missing(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"seep: this kernel, Linux {os.uname().release}, is too old: it lacks ")
    for word in ("BPF maps (5.13)", "cookies", "(5.15)", "mapping", "(5.17)", "Linux 6.1 or later"):
        assert word in line, line


def test_doctor() -> None:
    result = run_seep("doctor")
    assert_says_what_is_missing(result)
    assert result.stdout == f"kernel   Linux {os.uname().release}, x86_64\n"


@pytest.mark.parametrize("options", [(), ("--attach", "perf"), ("--attach", "session")], ids=" ".join)
def test_trace(options: tuple[str, ...]) -> None:
    target = Fixture("bulk").ready()
    try:
        result = run_seep("trace", "-p", str(target.pid), *options)
        assert_says_what_is_missing(result)
        assert result.stdout == ""
        assert modified_text(target.pid) == 0
        target.go()
        target.done()
        assert target.quit() == 0
    finally:
        target.end()


def test_launched_command(tmp_path: Path) -> None:
    """It is not started only to run untraced."""
    result = run_seep("trace", "--", "touch", str(tmp_path / "started"))
    assert_says_what_is_missing(result)
    assert not (tmp_path / "started").exists()


def test_unwind_doctor() -> None:
    target = Fixture("churn").ready()
    try:
        assert_says_what_is_missing(run_seep("doctor", "--unwind", str(target.pid)))
    finally:
        target.end()


def test_what_needs_no_kernel() -> None:
    assert FIXTURES.is_dir()
    assert run_seep("--version").returncode == 0
    assert run_seep("trace", "--help").returncode == 0
    assert run_seep("trace").returncode == 2
