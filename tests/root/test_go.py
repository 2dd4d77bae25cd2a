# SPDX-License-Identifier: GPL-2.0-only
"""Go programs that call C: the stack goes on from the thread's own to that of the goroutine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import BUILD, ROOT, Report

SOURCE = ROOT / "tests/fixtures/go_strings.go"


def build(program: Path, *options: str) -> Path:
    if not shutil.which("go") or not shutil.which("gcc"):
        pytest.skip("needs go and gcc")
    environment = {**os.environ, "CGO_ENABLED": "1", "GOCACHE": str(BUILD / "go"), "GO111MODULE": "off"}
    subprocess.run(("go", "build", *options, "-o", program, SOURCE), check=True, env=environment)
    return program


@pytest.fixture(scope="module")
def strings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("go") / "strings")


def of_size(report: Report, size: int) -> Report:
    live = (site for site in report["sites"] if site["live_objects"])
    (found,) = (site for site in live if site["live_bytes"] == size * site["live_objects"])
    return found


@pytest.mark.parametrize(
    ("size", "count", "callers"),
    [
        (1003, 30, ["main.keep", "main.main", "runtime.main"]),
        (2003, 20, ["main.keep", "main.work"]),
    ],
)
def test_strings_of_c(size: int, count: int, callers: list[str], strings: Path, seep) -> None:
    site = of_size(seep("--", strings).final(), size)
    names = [frame["function"].removesuffix(".abi0") for frame in site["stack"]]
    assert site["live_objects"] == count
    assert site["stack_end"] == "complete"
    assert names[0] == "malloc"
    assert "runtime.asmcgocall" in names
    assert names[names.index("main._Cfunc_CString") + 1 :][: len(callers)] == callers
    assert names[-1] == "runtime.goexit"


def go_frames(site: Report) -> list[tuple[str, str, int, bool]]:
    """The functions of Go with their lines. Those of C have no names without symbols."""
    frames = [{**frame, "function": (frame["function"] or "").removesuffix(".abi0")} for frame in site["stack"]]
    return [
        (frame["function"], frame["file"].removeprefix("./"), frame["line"], frame["inlined"])
        for frame in frames
        if frame["function"].startswith(("main.", "runtime."))
    ]


def test_stripped(strings: Path, tmp_path: Path, seep) -> None:
    stripped = build(tmp_path / "stripped", "-ldflags=-s -w")
    reports = [seep("--", program).final() for program in (strings, stripped)]
    for size in (1003, 2003):
        named, unnamed = (of_size(report, size) for report in reports)
        assert go_frames(unnamed) == go_frames(named)
        assert len(go_frames(unnamed)) >= 8
