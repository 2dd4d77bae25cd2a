# SPDX-License-Identifier: GPL-2.0-only
"""The services that leak, or do not, and seep detect on one of them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import services
from answers import Answer, read
from harness import BUILD, SEEP, end_process, repeating
from services import Service

REPORTS = BUILD / "budget/reports"
LEAK_LIMIT_S = 120
QUIET_LIMIT_S = 180
WARM_UP_S = 3
TURN_S = 2  # of driving it: then it is asked whether that is over
ENDS_S = 60  # so much later than told detect has ended, or it is ended

REDIS_FORGETS = 100  # one SET in so many
NGINX_FORGETS = 1000
PYTHON_FORGETS = 200


@dataclass(frozen=True)
class Case:
    name: str
    start: Callable[[Path], AbstractContextManager[Service]]
    function: str = ""  # where it leaks; empty: nowhere
    wanted: bool = True  # unless it is asked for by name it is not run

    @property
    def limit_s(self) -> float:
        return LEAK_LIMIT_S if self.function else QUIET_LIMIT_S


CASES = (
    Case("redis", lambda path: services.redis(path, "set", 16, REDIS_FORGETS), "remember_request"),
    Case("nginx", lambda path: services.nginx(path, NGINX_FORGETS), "account_request"),
    Case("python", lambda path: services.python(path, PYTHON_FORGETS), "make_record"),
    Case("redis-quiet", lambda path: services.redis(path, "set", 16, 0)),
    Case("nginx-quiet", lambda path: services.nginx(path, 0), wanted=False),
    Case("python-quiet", lambda path: services.python(path, 0), wanted=False),
)


@dataclass
class Run:
    case: Case
    answer: Answer
    seconds: float
    per_second: float  # what the service did meanwhile

    @property
    def right(self) -> bool:
        """Called a leak, in the right function before any other; or not called one."""
        leak = self.answer.outcome == "leak"
        if not self.case.function:
            return self.answer.outcome != "failed" and not leak
        accused = self.answer.accused[:1]
        return leak and any(site.shows((self.case.function,)) for site in accused)

    def __str__(self) -> str:
        said = f"{self.answer.outcome} after {self.seconds:.0f} s"
        said += f", {self.per_second:,.0f} operations/s"
        return said if self.right else f"{said}; wrong: {'; '.join(self.answer.reasons())}"


@dataclass
class Work:
    """What has been done, while it is being done."""

    operations: float = 0
    begin: float = field(default_factory=time.monotonic)

    @property
    def per_second(self) -> float:
        return self.operations / (time.monotonic() - self.begin)


@contextlib.contextmanager
def busy(service: Service) -> Iterator[Work]:
    work = Work()

    def turn() -> None:
        work.operations += service.run(TURN_S).operations

    with repeating(turn):
        yield work


def detect(service: Service, case: Case, report: Path, said: Path) -> tuple[int, float]:
    """With default options but for its time; the exit status, and how long it took."""
    scope = ["-p", str(service.pid), *(["--children"] if service.children else [])]
    begin = time.monotonic()
    with open(said, "wb") as stream:
        seep = subprocess.Popen(
            [str(SEEP), "detect", *scope, "-d", f"{case.limit_s:.0f}s", "--json", str(report)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        status = seep.wait(case.limit_s + ENDS_S)
    except subprocess.TimeoutExpired:
        status = -1
    finally:
        end_process(seep)
    return status, time.monotonic() - begin


def run(case: Case, number: int) -> Run:
    """What seep says is kept beside the programs that leak."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    report, said = (REPORTS / f"{case.name}-{number}.{suffix}" for suffix in ("json", "txt"))
    report.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="seep-budget-") as name:
        with case.start(Path(name)) as service:
            service.settle(WARM_UP_S)
            with busy(service) as work:
                status, seconds = detect(service, case, report, said)
                per_second = work.per_second
    lines = report.read_text().splitlines() if report.exists() else []
    return Run(case, read(json.loads(lines[-1]) if lines else None, status), seconds, per_second)
