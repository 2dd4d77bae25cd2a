# SPDX-License-Identifier: GPL-2.0-only
"""
Services at full speed, on loopback, each with what drives it: for the benchmarks, and for how well
leaks in them are found. tests/fixtures/services has the parts that leak.

A service yields an object with the process to trace, and run(), which drives it for some seconds.
"""

from __future__ import annotations

import contextlib
import csv
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import FIXTURES, ROOT, end_process, wait_until
from servers import background, connects, free_port, postgres

PARTS = FIXTURES / "services"
SOURCES = ROOT / "tests/fixtures/services"
PERCENTS = (50, 95, 99)


@dataclass(frozen=True)
class Outcome:
    """What came of driving a service."""

    operations: float
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    longest_ms: float

    @property
    def per_second(self) -> float:
        return self.operations / self.seconds


def outcome_of(latencies_ms: list[float], seconds: float) -> Outcome:
    ordered = sorted(latencies_ms)
    at = [ordered[(len(ordered) - 1) * percent // 100] for percent in (*PERCENTS, 100)]
    return Outcome(len(ordered), seconds, *at)


class Service:
    """What is traced, and driven."""

    pid: int
    children = False  # they do the work, and are to be traced too

    def run(self, seconds: float) -> Outcome:
        """Drives it for about so long."""
        raise NotImplementedError

    def settle(self, seconds: float) -> None:
        """Before a run that counts, whenever something has changed."""
        self.run(seconds)


# --- Redis ---------------------------------------------------------------------------------------

REDIS_KEYS = 100_000
REDIS_VALUE_BYTES = 100
REDIS_CLIENTS = 50
REDIS_AT_FIRST = 2_000


@dataclass
class Redis(Service):
    """Driven by redis-benchmark, with one of its tests."""

    pid: int
    port: int
    test: str
    pipeline: int
    keys: int = REDIS_KEYS
    rate: float = REDIS_AT_FIRST

    def command(self, *options: str) -> list[str]:
        return [
            "redis-benchmark", "-p", str(self.port), "-t", self.test, "-P", str(self.pipeline), "-c",
            str(REDIS_CLIENTS), "-r", str(self.keys), "-d", str(REDIS_VALUE_BYTES), *options,
        ]  # fmt: skip

    def requests(self, count: int) -> Outcome:
        """Sends so many requests."""
        begin = time.monotonic()
        said = subprocess.run(
            self.command("-n", str(count), "--csv"), capture_output=True, text=True, check=True
        ).stdout
        seconds = time.monotonic() - begin
        row = next(csv.DictReader(said[said.index('"test"') :].splitlines()))
        at = [float(row[f"{name}_latency_ms"]) for name in ("p50", "p95", "p99", "max")]
        return Outcome(count, count / (float(row["rps"]) or count / seconds), *at)

    def settle(self, seconds: float) -> None:
        """Finds the rate: redis-benchmark is told how much to do, not for how long."""
        count = REDIS_AT_FIRST
        while (tried := self.requests(count)).seconds < seconds / 2:
            count *= 2
        self.rate = tried.per_second

    def run(self, seconds: float) -> Outcome:
        outcome = self.requests(max(REDIS_AT_FIRST, round(self.rate * seconds)))
        self.rate = outcome.per_second
        return outcome


def redis_command(port: int, directory: Path, forget_one_in: int | None = None) -> list[str]:
    """Without files, and without a log of slow commands: they are slow only while it is traced."""
    module = PARTS / "redis_module.so"
    loaded = [] if forget_one_in is None else ["--loadmodule", str(module), str(forget_one_in)]
    return [
        "redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly",
        "no", "--dir", str(directory), "--slowlog-log-slower-than", "-1", *loaded,
    ]  # fmt: skip


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_for_port(port: int, what: str, pid: int | None = None) -> None:
    """Of a process that may end instead, if one is given."""

    def ready() -> bool:
        if pid and has_ended(pid):
            raise SystemExit(f"{what} has ended")
        return connects(socket.AF_INET, ("127.0.0.1", port))

    wait_until(ready, what)


@contextlib.contextmanager
def redis(
    directory: Path, test: str = "set", pipeline: int = 16, forget_one_in: int | None = None
) -> Iterator[Redis]:
    """All keys that are used are there already: what is set is overwritten."""
    port = free_port()
    with background(directory, *redis_command(port, directory, forget_one_in)) as server:
        wait_for_port(port, "redis-server", server)
        Redis(server, port, "set", 16).requests(10 * REDIS_KEYS)
        yield Redis(server, port, test, pipeline)


# --- PostgreSQL ----------------------------------------------------------------------------------

PGBENCH_SCALE = 5
PGBENCH_CLIENTS = 4


@dataclass
class Postgres(Service):
    """Driven by pgbench, which only selects. Each client has a process of the server."""

    pid: int
    home: Path
    programs: Path
    directory: Path
    children = True

    def command(self, *options: str) -> list[str]:
        return [
            str(self.programs / "pgbench"), "-h", str(self.home), "-U", "postgres", *options, "bench"
        ]  # fmt: skip

    def run(self, seconds: float) -> Outcome:
        logs = self.directory / "pgbench"
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir()
        said = subprocess.run(
            self.command("-S", "-n", "-c", str(PGBENCH_CLIENTS), "-T", str(max(1, round(seconds))),
                         "-l", "--log-prefix", str(logs / "log")),
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        rate = re.search(r"tps = ([\d.]+)", said)
        assert rate, said
        # each line: client, transaction, microseconds, ...
        latencies_ms = [
            int(line.split()[2]) / 1000
            for log in logs.iterdir()
            for line in log.read_text().splitlines()
        ]
        return outcome_of(latencies_ms, len(latencies_ms) / float(rate[1]))


@contextlib.contextmanager
def postgres_selecting(directory: Path) -> Iterator[Postgres]:
    with postgres() as (home, programs, server):
        subprocess.run(
            [programs / "createdb", "-h", home, "-U", "postgres", "bench"], check=True
        )
        service = Postgres(server, home, programs, directory)
        subprocess.run(
            service.command("-i", "-q", "-s", str(PGBENCH_SCALE)), check=True, capture_output=True
        )
        yield service


# --- nginx ---------------------------------------------------------------------------------------

WRK_CONNECTIONS = 16
NGINX_TEXT_BYTES = 1024
NGINX = """
daemon off;
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log;
{load}
events {{ worker_connections 64; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {directory}/files;
        {account}
    }}
}}
"""
WRK = """
done = function(summary, latency)
    local errors = summary.errors
    io.write(string.format("DONE %d %.0f %d %.1f %.1f %.1f %.1f\\n", summary.requests,
        summary.duration, errors.connect + errors.read + errors.write + errors.status,
        latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max))
end
"""


@dataclass
class Nginx(Service):
    """Its only worker, driven by wrk."""

    pid: int
    port: int
    script: Path

    def command(self, seconds: float) -> list[str]:
        return [
            "wrk", "-t", "1", "-c", str(WRK_CONNECTIONS), "-d", f"{max(1, round(seconds))}s", "-s",
            str(self.script), f"http://127.0.0.1:{self.port}/text.txt",
        ]  # fmt: skip

    def run(self, seconds: float) -> Outcome:
        said = subprocess.run(
            self.command(seconds), capture_output=True, text=True, check=True
        ).stdout
        line = next(line for line in said.splitlines() if line.startswith("DONE "))
        count, took_us, errors, *latencies_us = map(float, line.split()[1:])
        assert count and not errors, said
        return Outcome(count, took_us / 1e6, *(value / 1000 for value in latencies_us))


def _worker_of(master: int) -> int | None:
    pids = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return int(pids[0]) if pids else None


@contextlib.contextmanager
def nginx(directory: Path, forget_one_in: int | None = None) -> Iterator[Nginx]:
    port = free_port()
    files = directory / "files"
    files.mkdir()
    (files / "text.txt").write_text("x" * NGINX_TEXT_BYTES)
    (directory / "wrk.lua").write_text(WRK)
    loaded = forget_one_in is not None
    (directory / "nginx.conf").write_text(
        NGINX.format(
            directory=directory,
            port=port,
            load=f"load_module {PARTS}/ngx_http_account_module.so;" if loaded else "",
            account=f"account {forget_one_in};" if loaded else "",
        )
    )
    with background(
        directory, "nginx", "-c", directory / "nginx.conf", "-g", "user root;", "-e",
        directory / "error.log",
    ) as master:  # fmt: skip
        wait_for_port(port, "nginx", master)
        worker = wait_until(lambda: _worker_of(master), "a worker of nginx")
        yield Nginx(worker, port, directory / "wrk.lua")


# --- Loops, and jobs -----------------------------------------------------------------------------


class Loop(Service):
    """A program that answers "RUN SECONDS" with what it did."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.pid = process.pid
        self.read("READY")

    def read(self, word: str) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line.startswith(word):
            raise SystemExit(f"{self.process.args}: expected {word}, got {line!r}")
        return line.removeprefix(word)

    def say(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def run(self, seconds: float) -> Outcome:
        self.say(f"RUN {seconds}")
        return Outcome(**json.loads(self.read("DONE")))


@contextlib.contextmanager
def _driven(command: Sequence[str | Path]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        end_process(process)  # type: ignore[arg-type]


@contextlib.contextmanager
def python(_: Path, forget_one_in: int | None = None) -> Iterator[Loop]:
    loaded: list[Any] = [] if forget_one_in is None else [PARTS / "python", str(forget_one_in)]
    with _driven([sys.executable, SOURCES / "loop.py", *loaded]) as process:
        yield Loop(process)


@contextlib.contextmanager
def node(_: Path) -> Iterator[Loop]:
    with _driven(["node", SOURCES / "loop.js"]) as process:
        yield Loop(process)


class Compiling(Loop):
    """A shell that runs compilers, one after the other; each file is an operation."""

    children = True

    def __init__(self, process: subprocess.Popen[str], files: list[Path]) -> None:
        super().__init__(process)
        self.files = files

    def run(self, seconds: float) -> Outcome:
        latencies_ms = []
        begin = now = time.monotonic()
        # whole turns, so that each run has the same files
        while now - begin < seconds:
            for file in self.files:
                self.say(f"gcc -O1 -D_GNU_SOURCE -c {file} -o /dev/null && echo DONE")
                self.read("DONE")
                last, now = now, time.monotonic()
                latencies_ms.append(1000 * (now - last))
        return outcome_of(latencies_ms, now - begin)


SHELL = 'echo READY; while read -r line; do eval "$line"; done'
COMPILED = ("lru", "sessions", "events", "resolver", "batch", "ring")


@contextlib.contextmanager
def compiling(_: Path) -> Iterator[Compiling]:
    files = [ROOT / f"tests/real/c/{name}.c" for name in COMPILED]
    with _driven(["sh", "-c", SHELL]) as process:
        yield Compiling(process, files)
