# SPDX-License-Identifier: GPL-2.0-only
"""The parts of services that leak: of so many calls exactly so many objects are forgotten."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from harness import Report, names, sites_of
from servers import background, free_port
from services import PARTS, redis_command, wait_for_port

HELD = 64  # what the parts keep; of the rest one in so many is forgotten
CALLS = 1000
FORGET_ONE_IN = (100, 0)

PYTHON = """
import sys
import records
records.forget({forget_one_in})
def calls(count):
    for number in range(count):
        records.keep(number)
calls({held})
print("READY pid=0", flush=True)
sys.stdin.readline()
calls({calls})
print("DONE {{}}", flush=True)
sys.stdin.readline()
"""


def left(forget_one_in: int) -> int:
    """
    What is not released of all that was made in the trace. The parts are full when it begins, and
    call number N forgets what call number N - HELD has made.
    """
    if not forget_one_in:
        return HELD
    numbers = range(HELD + 1, HELD + CALLS + 1)
    return HELD + sum(n % forget_one_in == 0 and n - HELD > HELD for n in numbers)


def check(report: Report, callers: list[str], forget_one_in: int) -> None:
    sites = [site for site in sites_of(report, callers[-1]) if callers[-1] in names(site)[:3]]
    assert [names(site)[1 : 1 + len(callers)] for site in sites] == [callers]
    assert sites[0]["allocs"] == CALLS
    assert sites[0]["live_objects"] == left(forget_one_in)


@pytest.mark.parametrize("forget_one_in", FORGET_ONE_IN)
def test_module_of_redis(seep, tmp_path: Path, forget_one_in: int) -> None:
    port = free_port()
    with background(tmp_path, *redis_command(port, tmp_path, forget_one_in)) as server:
        wait_for_port(port, "redis-server", server)
        with socket.create_connection(("127.0.0.1", port)) as client:
            answers = client.makefile("rb")

            def sets(count: int) -> None:
                for _ in range(count):
                    client.sendall(b"SET key value\r\n")
                    assert answers.readline() == b"+OK\r\n"

            sets(HELD)
            trace = seep("-p", server).attached()
            sets(CALLS)
            check(trace.finish(), ["remember_request"], forget_one_in)


@pytest.mark.parametrize("forget_one_in", FORGET_ONE_IN)
def test_extension_of_python(start, seep, forget_one_in: int) -> None:
    script = PYTHON.format(forget_one_in=forget_one_in, held=HELD, calls=CALLS)
    target = start(sys.executable, "-c", script, env={"PYTHONPATH": str(PARTS / "python")})
    trace = seep("-p", target.pid).attached()
    target.go()
    target.done()
    check(trace.finish(), ["PyBytes_FromStringAndSize", "make_record"], forget_one_in)
