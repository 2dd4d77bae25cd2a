# SPDX-License-Identifier: GPL-2.0-only
"""Real programs of the distribution: redis-server under load, and python3 that keeps what it reads.

Their stacks are partial as long as there is nothing but frame pointers to go by, so what is asked of
a stack is what holds for every one: the allocator first, callers in known files, and a true word about
where it ends.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from formats import check_flame_graph, folded_total, pprof_raw, pprof_top_total, validate_schema
from harness import Fixture, Report, end_process, losses_of, modified_text, wait_until

KEEPER = Path(__file__).resolve().parents[1] / "fixtures" / "keeper.py"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A redis server of our own, on a socket in a directory of our own."""
    path = tmp_path / "redis.sock"
    with open(tmp_path / "redis.log", "wb") as log:
        server = subprocess.Popen(
            [
                "redis-server", "--port", "0", "--unixsocket", str(path),
                "--save", "", "--appendonly", "no", "--dir", str(tmp_path),
            ],  # fmt: skip
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def answers() -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(b"PING\r\n")
                return client.recv(16) == b"+PONG\r\n"
        except OSError:
            return False

    try:
        wait_until(answers, "redis-server")
        yield server, path
    finally:
        end_process(server)


def output_options(directory: Path) -> tuple[str | Path, ...]:
    return (
        "--folded", directory / "out.folded",
        "--pprof", directory / "out.pb.gz",
        "--flamegraph", directory / "out.svg",
    )  # fmt: skip


def check_files(report: Report, directory: Path, functions: list[str]) -> None:
    """All files of a trace tell the same."""
    totals = report["totals"]["memory"]
    assert totals["live_bytes"] > 0
    assert folded_total(directory / "out.folded") == totals["live_bytes"]
    assert pprof_raw(directory / "out.pb.gz") == {
        "alloc_objects": totals["allocs"],
        "alloc_space": totals["alloc_bytes"],
        "inuse_objects": totals["live_objects"],
        "inuse_space": totals["live_bytes"],
    }
    for sample_type, key in (("inuse_space", "live_bytes"), ("alloc_space", "alloc_bytes")):
        assert pprof_top_total(directory / "out.pb.gz", sample_type) == totals[key]
    check_flame_graph(directory / "out.svg", functions)
    validate_schema(report)


def check_real_stacks(report: Report, program: str) -> None:
    for site in report["sites"]:
        stack: list[dict[str, Any]] = site["stack"]
        assert len(stack) >= 2, "no caller"
        caller = stack[1]
        assert caller["module"], "the caller is in no file"
        assert caller["offset"] > 0
        if site["stack_end"] == "complete":
            last = stack[-1]["function"]
            assert last in ("_start", "clone", "clone3", "__clone", "__clone3", None)
    modules = {frame["module"] for site in report["sites"] for frame in site["stack"]}
    assert any(module and program in module for module in modules)


def test_redis_under_load(
    redis: tuple[subprocess.Popen[bytes], Path], seep: Callable[..., Any], tmp_path: Path
) -> None:
    server, path = redis
    trace = seep("-p", server.pid, "-i", "1s", *output_options(tmp_path)).attached()
    with open(tmp_path / "benchmark.log", "wb") as log:
        load = subprocess.Popen(
            [
                "redis-benchmark", "-s", str(path), "-t", "set,get,lpush,hset", "-n", "20000",
                "-r", "20000", "-d", "200", "-c", "10", "-q", "-l",
            ],  # fmt: skip
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(
            lambda: trace.reports() and trace.reports()[-1]["totals"]["memory"]["allocs"] > 50_000,
            "allocations",
        )
        report = trace.finish()
    finally:
        end_process(load)
    assert server.poll() is None
    assert set(losses_of(report)) <= {"unmatched_frees"}, "only blocks from before are unknown"
    check_real_stacks(report, "redis")
    assert any("libjemalloc" in site["stack"][0]["module"] for site in report["sites"])
    check_files(report, tmp_path, ["malloc"])
    assert modified_text(server.pid) == 0


def test_python_that_keeps_what_it_reads(
    start: Callable[..., Fixture], seep: Callable[..., Any], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.write_bytes(b"x" * 3000 * 1000)
    target = start(Path("/usr/bin/python3"), KEEPER, data)
    trace = seep("-p", target.pid, "-i", "500ms", *output_options(tmp_path)).attached()
    target.go()
    target.done()
    target.say("MORE")
    assert target.done()["chunks"] == 2000
    report = trace.finish()
    assert target.quit() == 0
    # 2000 objects of 3000 bytes and Python's header, each its own block; nearly all from one place
    largest = report["sites"][0]
    assert largest["live_objects"] >= 1900
    assert largest["live_bytes"] >= largest["live_objects"] * 3000
    assert largest["live_bytes"] <= largest["live_objects"] * 3100
    assert set(losses_of(report)) <= {"unmatched_frees"}
    check_real_stacks(report, "python3")
    check_files(report, tmp_path, ["malloc"])


def test_launched_python(seep: Callable[..., Any], tmp_path: Path) -> None:
    """A whole interpreter from its first instruction: nothing unknown is ever released."""
    script = "import json; kept = [bytes(1000) for _ in range(5000)]; raise SystemExit(3)"
    trace = seep("-q", *output_options(tmp_path), "--", "/usr/bin/python3", "-c", script)
    report = trace.final(expect=3)
    assert report["totals"]["memory"]["allocs"] >= 5000
    assert losses_of(report) == {}
    check_files(report, tmp_path, ["malloc"])
