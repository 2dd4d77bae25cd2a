# SPDX-License-Identifier: GPL-2.0-only
"""The programs that are traced, and seep beside them."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
SEEP = BUILD / "seep"
TICKS = os.sysconf("SC_CLK_TCK")


class Program:
    """A child process that answers lines with lines; ended by its PID."""

    def __init__(self, *command: str | Path) -> None:
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self.process.pid
        self.read("READY")

    def read(self, word: str) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line.startswith(word):
            raise SystemExit(f"bench: {self.process.args}: expected {word}, got {line!r}")
        return line.removeprefix(word).strip()

    def say(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line: str) -> str:
        self.say(line)
        return self.read("DONE")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def program(*command: str | Path) -> Iterator[Program]:
    running = Program(*command)
    try:
        yield running
    finally:
        running.end()


@contextmanager
def attached(command: list[str], line_of: str = "stderr") -> Iterator[subprocess.Popen[str]]:
    """A tracer, from the line that it says when it is ready, to its end."""
    tracer = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if line_of == "stdout" else subprocess.DEVNULL,
        stderr=subprocess.PIPE if line_of == "stderr" else None,
        text=True,
    )
    try:
        stream = tracer.stdout if line_of == "stdout" else tracer.stderr
        assert stream
        line = stream.readline()
        if not line or tracer.poll() not in (None, 0):
            raise SystemExit(f"bench: {shlex.join(command)} failed: {line}")
        yield tracer
    finally:
        tracer.terminate()
        tracer.wait()
        for stream in (tracer.stdout, tracer.stderr):
            if stream:
                stream.close()


@cache
def has_budget() -> bool:
    """Whether this seep keeps to a budget unless it is told not to."""
    said = subprocess.run([SEEP, "trace", "--help"], capture_output=True, text=True, check=True)
    return "--max-overhead" in said.stdout


def in_full() -> tuple[str, ...]:
    """The options with which every call is traced."""
    return ("--max-overhead", "none") if has_budget() else ()


def trace_command(pid: int, *options: str) -> list[str]:
    """Traces every call, whatever it costs."""
    return [str(SEEP), "trace", "-p", str(pid), *in_full(), *options]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid: int, key: str) -> float:
    """VmRSS, what a process has resident, or VmHWM, the most that it ever had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"bench: no {key}")
