# SPDX-License-Identifier: GPL-2.0-only
"""The ways in which a service is watched while it is measured."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from targets import SEEP, has_budget, in_full

WITHOUT = "without"


@dataclass(frozen=True)
class Mode:
    name: str
    command: tuple[str, ...] = ()  # of seep, with options; empty: it does not run
    ready: str = "seep: tracing "  # what it says once it watches


def modes() -> list[Mode]:
    """First the one that the others are compared with."""
    budget = [Mode("budget", ("trace",))] if has_budget() else []
    return [Mode(WITHOUT), *budget, Mode("full", ("trace", *in_full()))]


@dataclass
class Trace:
    """What seep has said of its own cost, once it has ended."""

    overhead: dict[str, Any] = field(default_factory=dict)


def _wait_until_ready(tracer: subprocess.Popen[bytes], talk: Path, word: str) -> None:
    while word not in talk.read_text():
        if tracer.poll() is not None:
            raise SystemExit(f"bench: seep ended: {talk.read_text()}")
        time.sleep(0.05)


@contextmanager
def traced(pid: int, children: bool, mode: Mode) -> Iterator[Trace]:
    """From the moment when its probes are in place."""
    trace = Trace()
    if not mode.command:
        yield trace
        return
    with tempfile.TemporaryDirectory() as name:
        talk, report = Path(name) / "talk", Path(name) / "report.json"
        scope = ["-p", str(pid), *(["--children"] if children else [])]
        with open(talk, "wb") as stream:
            tracer = subprocess.Popen(
                [str(SEEP), *mode.command, *scope, "--json", str(report)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stream,
            )
        try:
            _wait_until_ready(tracer, talk, mode.ready)
            yield trace
        finally:
            tracer.send_signal(signal.SIGTERM)
            tracer.wait()
        trace.overhead = json.loads(report.read_text().splitlines()[-1])["overhead"]
