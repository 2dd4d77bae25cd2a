# SPDX-License-Identifier: GPL-2.0-only
"""seep detect on programs whose truth is known: how long it takes to be sure is not up to the test."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness import SEEP, TIMEOUT, JsonLines, Report, end_process, names, wait_until

# Of detect, and of what it watches: only a failure takes as long.
LONGEST = ("-d", f"{TIMEOUT:.0f}s")
# In how many looks in a row something must be so, for more than chance.
LOOKS = 3
numbers = itertools.count()


def simulations() -> Iterator[Callable[..., int]]:
    """Starts seep simulate, or another build of it; its PID. All are ended afterwards."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str, program: Path = SEEP) -> int:
        process = subprocess.Popen(
            [str(program), "simulate", *arguments, "--json", "-d", f"{4 * TIMEOUT:.0f}s"],
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


class Detect:
    """One run of seep detect."""

    def __init__(self, directory: Path, *arguments: str | int | Path) -> None:
        path = directory / f"detect-{next(numbers)}.json"
        self.looks = JsonLines(path)
        self.process = subprocess.Popen(
            [str(SEEP), "detect", *LONGEST, "--json", str(path), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def when(self, condition: Callable[[Report], Any], what: str) -> tuple[int, str]:
        """Ends it when this was so for some looks: the exit status, and the text or the errors."""

        def so() -> bool:
            assert self.process.poll() is None, f"it ended before {what}"
            last = self.looks.read()[-LOOKS:]
            return len(last) == LOOKS and all(map(condition, last))

        try:
            wait_until(so, what)
            self.process.terminate()
        except BaseException:
            end_process(self.process)
            raise
        return self.result()

    def result(self) -> tuple[int, str]:
        """Waits until it ends by itself, or by when()."""
        try:
            output, errors = self.process.communicate(timeout=2 * TIMEOUT)
        finally:
            end_process(self.process)
        return self.process.returncode, output or errors


def has_leak(report: Report, function: str) -> bool:
    """Whether a site of this function is a leak, be it known or suppressed."""
    return any(
        function in names(site) and site["verdict"] and site["verdict"]["class"] == "leak"
        for site in report["sites"]
    )
