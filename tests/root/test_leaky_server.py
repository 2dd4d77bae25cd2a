# SPDX-License-Identifier: GPL-2.0-only
"""
A server that forgets one socket in a hundred and one thread in fifty, alone and among servers that forget
nothing.
"""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path
from typing import Any

import pytest
from harness import ORIGINS, Report, assert_exact, losses_of, names
from servers import nginx_under_load, postgres_under_load

CONNECTIONS = 5000


def ranked(report: Report, kind: str) -> list[dict[str, Any]]:
    """The sites of a kind that are somebody's, in the order of the report."""
    return [
        site
        for site in report["sites"]
        if site["kind"] == kind and site["live_objects"] and names(site)[-1] not in ORIGINS
    ]


def check_socket_site(report: Report, pid: int) -> None:
    top = ranked(report, "fd")[0]
    assert top["pid"] == pid
    assert names(top)[1:3] == ["accept_connection", "serve_one"]
    assert top["live_objects"] == CONNECTIONS // 100
    assert top["details"]["groups"] == [
        {"name": "TCP socket (closed by the peer: CLOSE_WAIT)", "objects": CONNECTIONS // 100, "bytes": 0}
    ]


def check_thread_site(report: Report, pid: int) -> None:
    top = ranked(report, "thread")[0]
    assert top["pid"] == pid
    assert names(top)[:3] == ["pthread_create", "start_worker", "serve_one"]
    assert top["live_objects"] == CONNECTIONS // 50
    (group,) = top["details"]["groups"]
    assert (group["name"], group["objects"]) == ("exited but not joined", CONNECTIONS // 50)
    assert group["bytes"] == top["live_bytes"] >= CONNECTIONS // 50 * (1 << 20)
    assert "handle_connection" in top["details"]["examples"][0]


def test_alone(start, seep) -> None:
    target = start("leaky_server", CONNECTIONS)
    trace = seep("-p", target.pid, "-k", "fd,thread").attached()
    target.go()
    done = target.done()
    # the thread that served last may still be on its way out
    report = trace.report_when(
        lambda report: report["totals"]["thread"]["live_objects"] == 1 + done["unjoined"],
        "the end of all threads",
    )
    trace.finish()
    of_fd = {**report, "sites": [site for site in report["sites"] if site["kind"] == "fd"]}
    assert_exact(of_fd, done)
    check_socket_site(report, target.pid)
    check_thread_site(report, target.pid)
    for kind, function in (("fd", "accept_connection"), ("thread", "start_worker")):
        assert [names(site)[1] for site in ranked(report, kind)] == [function]
    threads = report["totals"]["thread"]
    assert (threads["allocs"], threads["frees"]) == (
        1 + done["threads"],
        done["threads"] - done["unjoined"],
    )
    assert losses_of(report) == {}


def test_stacks_of_threads_are_theirs(start, seep) -> None:
    """Mapped in pthread_create, they are no mapping of whoever called it."""
    target = start("leaky_server", 500)
    trace = seep("-p", target.pid, "-k", "mapping,thread").attached()
    target.go()
    done = target.done()
    report = trace.finish()
    owned = [site for site in report["sites"] if names(site)[-1] == "[stack of a thread]"]
    assert {names(site)[0] for site in owned} == {"pthread_create"}
    assert sum(site["live_objects"] for site in owned) >= done["unjoined"]
    assert not [
        site for site in report["sites"]
        if site["kind"] == "mapping" and "start_worker" in names(site)
    ]  # fmt: skip


def test_limit(start, seep) -> None:
    """When the soft limit is reached, from the growth since the first report."""
    target = start("leaky_server", CONNECTIONS)
    soft, hard = resource.prlimit(target.pid, resource.RLIMIT_NOFILE)
    soft = min(4096, hard)
    resource.prlimit(target.pid, resource.RLIMIT_NOFILE, (soft, hard))
    trace = seep("-p", target.pid, "-k", "fd").attached()
    first = trace.report_now()
    assert first["processes"][0]["fd_limit"] == soft
    assert first["processes"][0]["fd_limit_eta_s"] is None
    target.go()
    target.done()
    second = trace.finish()
    grown = CONNECTIONS // 100
    used = second["totals"]["fd"]["live_objects"]
    assert used == first["totals"]["fd"]["live_objects"] + grown
    elapsed = second["elapsed_s"] - first["elapsed_s"]
    expected = (soft - used) / grown * elapsed
    assert second["processes"][0]["fd_limit_eta_s"] == pytest.approx(expected, rel=0.02)


@pytest.mark.serial
def test_among_others(start, seep, tmp_path: Path) -> None:
    """Of the whole machine, with postgres and nginx under load."""
    for name in ("postgres", "nginx"):
        (tmp_path / name).mkdir()
    with contextlib.ExitStack() as stack:
        stack.enter_context(postgres_under_load(tmp_path / "postgres"))
        stack.enter_context(nginx_under_load(tmp_path / "nginx"))
        target = start("leaky_server", CONNECTIONS)
        trace = seep("-a", "-k", "fd,thread").attached()
        target.go()
        target.done()
        report = trace.finish()
    # what else the machine runs may leak as it likes
    comms = {process["pid"]: process["comm"] for process in report["processes"]}
    ours = {"leaky_server", "nginx", "postgres"}
    report["sites"] = [site for site in report["sites"] if comms.get(site["pid"]) in ours]
    check_socket_site(report, target.pid)
    check_thread_site(report, target.pid)
    assert ours <= set(comms.values())
