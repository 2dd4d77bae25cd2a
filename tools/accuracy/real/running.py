# SPDX-License-Identifier: GPL-2.0-only
"""Runs one program under seep detect."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from answers import Answer, read
from build import OUT, command_of, preload
from harness import SEEP
from programs import Program

PAGE = os.sysconf("SC_PAGE_SIZE")
REPORTS = OUT / "reports"

# Memory that grows faster, for so long, and in both halves of it, must not be answered with "none".
FAST_BYTES_PER_S = 50 * 1024
FAST_S = 60
SAMPLE_S = 2


@dataclass
class Run:
    program: Program
    answer: Answer
    seconds: float
    growth_bytes_per_s: float = 0  # over the last minute
    message: str = ""

    @property
    def said(self) -> bool:
        """Whether a program that leaks or grows is said to, in the right words."""
        outcome, truth = self.answer.outcome, self.program.truth
        if outcome == "leak" or truth == "growth":
            return outcome in ("leak", "growth")
        return outcome == "growth" and self.named

    @property
    def named(self) -> bool:
        return self.answer.names(self.program.functions)

    @property
    def accused(self) -> bool:
        return self.program.truth == "healthy" and self.answer.outcome == "leak"

    @property
    def denied(self) -> bool:
        """It grows fast, and nobody says so."""
        fast = self.growth_bytes_per_s > FAST_BYTES_PER_S
        return fast and self.answer.outcome in ("none", "undecided")

    @property
    def wrong(self) -> str:
        """What is wrong with the answer; empty if nothing is."""
        if self.answer.outcome == "failed":
            return "failed"
        if self.accused:
            return "accused"
        if self.program.truth == "healthy":
            return "denied growth" if self.denied else ""
        if not self.said:
            return "denied" if self.answer.outcome in ("none", "undecided") else "not named"
        return "" if self.named else "named wrongly"


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    pids = [pid]
    for parent in pids:
        for listed in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                pids += map(int, listed.read_text().split())
    return pids


@dataclass
class Memory:
    """The resident memory of a process over time, and of its children if they are traced too."""

    pid: int
    children: bool
    courses: dict[int, Course] = field(default_factory=dict)

    def look(self) -> None:
        for pid in _family(self.pid) if self.children else [self.pid]:
            with contextlib.suppress(OSError, IndexError):
                resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
                samples = self.courses.setdefault(pid, Course()).samples
                samples.append((time.monotonic(), resident))

    def growth_bytes_per_s(self) -> float:
        """Of the process that grows fastest: a sum would count what they share several times."""
        growths = [course.growth_bytes_per_s() for course in self.courses.values()]
        return max(growths, default=0)


@dataclass
class Course:
    """Resident memory of one process over time."""

    samples: list[tuple[float, int]] = field(default_factory=list)

    def growth_bytes_per_s(self) -> float:
        """In the minute before the answer; 0 if it was not observed for so long.

        What has grown before that, and is full now, is rightly said not to grow.
        """
        if not self.samples:
            return 0
        half_s = FAST_S / 2
        end, last = self.samples[-1]
        middle = self._before(end - half_s)
        first = self._before(end - FAST_S)
        if middle is None or first is None:
            return 0
        return max(0, min(middle - first, last - middle) / half_s)

    def _before(self, moment: float) -> int | None:
        residents = [resident for when, resident in self.samples if when <= moment]
        return residents[-1] if residents else None


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that leads a group of its own, with all that is in it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(program: Program) -> dict[str, str]:
    added = {"LD_PRELOAD": preload(program.preload)} if program.preload else {}
    return {**os.environ, **added}


@contextlib.contextmanager
def _started(program: Program, command: list[str], directory: Path) -> Iterator[int]:
    """The program at work; its PID."""
    if program.server:
        with program.server(directory) as pid:
            yield pid
        return
    with open(directory / "log", "wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
            env=_environment(program),
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        _end_group(process)


def _detect(program: Program, scope: list[str], directory: Path, memory: Memory | None,
            limit_s: float) -> tuple[int, float, str]:  # fmt: skip
    """The exit status, how long it took, and what was said."""
    text = directory / "text"
    with open(text, "wb") as out:
        begin = time.monotonic()
        seep = subprocess.Popen(
            [str(SEEP), "detect", "-d", f"{limit_s:.0f}s", "--json", str(directory / "json")]
            + [*program.options, *scope],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=directory,
            start_new_session=True,
        )
    try:
        while seep.poll() is None:
            if memory:
                memory.look()
            if time.monotonic() > begin + 2 * limit_s + 60:
                return -1, time.monotonic() - begin, "it did not end by itself"
            with contextlib.suppress(subprocess.TimeoutExpired):
                seep.wait(SAMPLE_S)
    finally:
        seconds = time.monotonic() - begin
        _end_group(seep)
    return seep.returncode, seconds, text.read_text(errors="replace")


def _last_report(directory: Path) -> str:
    """The last line of the reports, which is final; empty if there is none."""
    path = directory / "json"
    lines = path.read_text().splitlines() if path.exists() else []
    return lines[-1] if lines else ""


def run(program: Program, limit_s: float) -> Run:
    """Raises Missing if the machine cannot run it. What seep says is kept in build/real/reports."""
    command = command_of(program)
    with tempfile.TemporaryDirectory(prefix="seep-real-") as name:
        directory = Path(name)
        os.chmod(directory, 0o755)  # servers run as other users
        memory = None
        if program.launched:
            status, seconds, said = _detect(program, ["--", *command], directory, None, limit_s)
        else:
            with _started(program, command, directory) as pid:
                time.sleep(program.warm_up_s)
                memory = Memory(pid, "--children" in program.options)
                status, seconds, said = _detect(
                    program, ["-p", str(pid)], directory, memory, limit_s
                )
        report = _last_report(directory)
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / f"{program.name}.json").write_text(report + "\n")
    (REPORTS / f"{program.name}.txt").write_text(said)
    answer = read(json.loads(report) if report else None, status)
    growth = memory.growth_bytes_per_s() if memory else 0
    message = said.strip().splitlines()[-1] if answer.outcome == "failed" and said.strip() else ""
    return Run(program, answer, seconds, growth, message)
