# SPDX-License-Identifier: GPL-2.0-only
"""Servers with all their processes, and languages, at work: whole stacks, hardly a loss, true bytes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from harness import Report, Seep, losses_of, wait_until
from servers import (
    JAVA,
    NODE,
    PYTHON,
    background,
    nginx_under_load,
    postgres_under_load,
    redis_server,
    redis_under_load,
)

# How often the address space is locked when a stack is walked depends on what else runs.
pytestmark = pytest.mark.serial

# What a server under load may lose: blocks from before, and moments of a locked address space.
HARMLESS = {"unmatched_frees", "missed_processes", "missed_exec"}
# What is whole at least, however often a thread that holds the lock of the address space waits for a CPU.
MOSTLY = 0.8


def watch(trace: Seep, allocs: int) -> Report:
    """As long as it takes to see enough; then the final report."""
    trace.attached()
    wait_until(
        lambda: trace.reports() and trace.reports()[-1]["totals"]["memory"]["allocs"] >= allocs,
        "allocations",
    )
    return trace.finish()


def check_whole(report: Report, least: float, *allowed: str) -> None:
    """Whole stacks, or such that say that the address space was locked: but not many of those."""
    total = sum(report["unwind"].values())
    whole = sum(report["unwind"][end] for end in ("complete", *allowed))
    partial = {end: n for end, n in report["unwind"].items() if n and end != "complete"}
    print(f"{total} allocations in {len(report['processes'])} processes; {partial}")
    assert whole + report["unwind"]["busy"] >= least * total, partial
    assert whole >= MOSTLY * total, partial
    assert set(losses_of(report)) <= HARMLESS


def command(report: Report) -> set[str]:
    return {process["comm"] for process in report["processes"]}


def test_redis_by_name(seep, tmp_path: Path) -> None:
    with redis_under_load(tmp_path):
        report = watch(seep("-c", "redis-server", "-i", "1s"), 20000)
    check_whole(report, 0.999)


@pytest.mark.long
def test_postgres_with_its_children(seep, tmp_path: Path) -> None:
    """The server, its helpers, and a process for each connection."""
    with postgres_under_load(tmp_path) as server:
        report = watch(seep("-p", server, "--children", "-i", "1s"), 20000)
    assert len(report["processes"]) >= 4
    check_whole(report, 0.999)
    busiest = report["sites"][0]
    assert any("postgres" in (frame["module"] or "") for frame in busiest["stack"])


@pytest.mark.long
def test_nginx_with_its_workers(seep, tmp_path: Path) -> None:
    with nginx_under_load(tmp_path) as master:
        report = watch(seep("-p", master, "--children", "-i", "1s"), 5000)
    assert len(report["processes"]) == 3
    workers = {site["pid"] for site in report["sites"]} - {master}
    assert workers, "no worker was seen at work"
    check_whole(report, 0.999)


def test_python(seep, tmp_path: Path) -> None:
    with background(tmp_path, "/usr/bin/python3", "-c", PYTHON) as pid:
        check_whole(watch(seep("-p", pid, "-i", "1s"), 20000), 0.999)


@pytest.mark.long
def test_node(seep, tmp_path: Path) -> None:
    with background(tmp_path, "/usr/bin/node", "-e", NODE) as pid:
        check_whole(watch(seep("-p", pid, "-i", "1s"), 20000), 0.99)


@pytest.mark.long
def test_java(seep, tmp_path: Path) -> None:
    """Its native memory: stacks whole, or up to the first method that was compiled."""
    (tmp_path / "Load.java").write_text(JAVA)
    with background(tmp_path, "java", "-Xmx256m", tmp_path / "Load.java") as pid:
        wait_until(lambda: "READY" in (tmp_path / "java.log").read_text(), "java")
        report = watch(seep("-p", pid, "-i", "1s"), 20000)
    # The threads of the JVM change the address space all the time.
    check_whole(report, 0.99, "jit")


# --- what the allocators themselves say ------------------------------------------------------------


@pytest.mark.parametrize("preload", ["", "libjemalloc.so.2"])
def test_statistics_of_the_allocator(start, seep, preload: str) -> None:
    """Blocks large enough that what an allocator adds to each does not matter."""
    target = start("statistics", "2000", "20480", env={"LD_PRELOAD": preload} if preload else None)
    trace = seep("-p", target.pid).attached()
    target.go()
    allocated = target.done()["allocated"]
    live = trace.finish()["totals"]["memory"]["live_bytes"]
    print(f"seep {live}, allocator {allocated}")
    assert abs(live - allocated) <= 0.01 * allocated


def redis_command(client: socket.socket, *words: bytes) -> bytes:
    """The answer, up to the end of the first packet that ends a line."""
    client.sendall(
        b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    )
    answer = b""
    while not answer.endswith(b"\r\n"):
        answer += client.recv(1 << 16)
    return answer


def used_memory(client: socket.socket) -> int:
    info = redis_command(client, b"INFO", b"memory")
    return int(info.split(b"used_memory:")[1].split()[0])


def test_redis_info_memory(seep, tmp_path: Path) -> None:
    """Values that fill a size class of jemalloc: redis counts what its blocks can hold."""
    value = b"x" * (20480 - 6)  # with the header and the end of redis's strings
    with redis_server(tmp_path) as (server, path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        used_memory(client)
        trace = seep("-p", server, "-i", "1h").attached()
        before = used_memory(client)
        for i in range(2000):
            assert redis_command(client, b"SET", b"key:%d" % i, value) == b"+OK\r\n"
        grown = used_memory(client) - before
        live = trace.finish()["totals"]["memory"]["live_bytes"]
    print(f"seep {live}, redis {grown}")
    assert abs(live - grown) <= 0.01 * grown
