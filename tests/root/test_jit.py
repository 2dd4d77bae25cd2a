# SPDX-License-Identifier: GPL-2.0-only
"""Code made at run time: its frames have the names that the program writes down, if it may."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import FIXTURES, Fixture, assert_exact, names, sites_of, wait_until

CODE_BYTES = 64  # of tests/fixtures/jit.c
STRANGER = 12345  # a user who runs none of the programs here
MAP = "/tmp/perf-%d.map"
DUMP = "/tmp/jit-%d.dump"


@pytest.fixture
def jit(start: Callable[..., Fixture]) -> Iterator[Callable[..., Fixture]]:
    """Starts the program that makes code; what it leaves in /tmp goes with it."""
    started: list[Fixture] = []

    def run(*arguments: str) -> Fixture:
        started.append(start("jit", *arguments))
        return started[-1]

    yield run
    for target in started:
        for pattern in (MAP, DUMP):
            Path(pattern % target.pid).unlink(missing_ok=True)


def map_text(done: dict[str, Any]) -> str:
    """What the program would have written."""
    first, second, third = done["addresses"]
    return "".join(
        f"{address:x} {CODE_BYTES:x} {name}\n"
        for address, name in ((first, "jit first"), (second, "jit second"), (third, "jit third"))
    )


def check_named(report: dict[str, Any], done: dict[str, Any]) -> None:
    assert_exact(report, done)
    for function, address, caller in (
        ("jit first", done["addresses"][0], "call_first"),
        ("jit second", done["addresses"][1], "call_second"),
    ):
        (site,) = sites_of(report, function)
        assert names(site)[:4] == ["malloc", function, caller, "main"]
        # the caller is found by the frame pointer, which is not known to be kept
        assert site["stack_end"] == "frame_pointer"
        frame = site["stack"][1]
        assert frame["module"] == "[jit]"
        assert frame["build_id"] is None and frame["file"] is None and frame["line"] is None
        assert frame["offset"] - address in range(CODE_BYTES)


def check_unnamed(report: dict[str, Any]) -> None:
    sites = sites_of(report, "call_first") + sites_of(report, "call_second")
    assert sorted(site["allocs"] for site in sites) == [20, 30]
    for site in sites:
        frame = site["stack"][1]
        assert frame["function"] is None and frame["module"] is None


@pytest.mark.parametrize("kind", ["map", "dump", "mapped"])
def test_names(jit, seep, tmp_path: Path, kind: str) -> None:
    patterns = {"map": MAP, "dump": DUMP, "mapped": str(tmp_path / "jit-%d.dump")}
    target = jit(kind, patterns[kind])
    folded = tmp_path / "folded"
    trace = seep("-p", target.pid, "--folded", folded).attached()
    target.go()
    done = target.done()
    check_named(trace.finish(), done)
    assert "[jit]" in trace.stdout
    assert ";main;call_first;jit first;malloc 2000\n" in folded.read_text()


def test_deleted_before_the_report(jit, seep, tmp_path: Path) -> None:
    """Once it is open, nobody can take the names away."""
    target = jit("map", MAP)
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    check_named(trace.report_now(), done)
    Path(MAP % target.pid).unlink()
    check_named(trace.finish(), done)


def test_after_the_end(jit, seep) -> None:
    target = jit("map", MAP)
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    path = Path(MAP % target.pid)

    def is_open() -> bool:
        fds = Path(f"/proc/{trace.pid}/fd")
        return any(fd.exists() and os.readlink(fd) == str(path) for fd in fds.iterdir())

    wait_until(is_open, "the perf map to be opened")
    assert target.quit() == 0
    check_named(trace.final(), done)


def test_map_grows(jit, seep) -> None:
    target = jit("map", MAP)
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    check_named(trace.report_now(), done)
    target.say("MORE")
    assert target.line() == "MADE"
    report = trace.finish()
    check_named(report, done)
    (site,) = sites_of(report, "call_third")
    assert names(site)[:3] == ["malloc", "jit third", "call_third"]


def test_map_comes_late(jit, seep) -> None:
    target = jit("none")
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    check_unnamed(trace.report_now())
    Path(MAP % target.pid).write_text(map_text(done))
    check_named(trace.finish(), done)


def test_own_namespaces(seep, tmp_path: Path) -> None:
    """The PID in the name is the program's own, and /tmp is what it sees."""
    target = Fixture(
        Path("/usr/bin/unshare"), "--mount", "--pid", "--fork", "--kill-child",
        "sh", "-c",  # by descriptor: the program itself may be below /tmp
        f"exec 9<{FIXTURES / 'jit'} && mount -t tmpfs none /tmp && exec /proc/self/fd/9 map {MAP}",
    )  # fmt: skip
    try:
        target.ready()
        pid = int(Path(f"/proc/{target.pid}/task/{target.pid}/children").read_text())
        assert not Path(MAP % 1).exists()
        trace = seep("-p", pid).attached()
        target.go()
        done = target.done()
        check_named(trace.finish(), done)
        assert target.quit() == 0
    finally:
        target.end()


def put_copy(path: Path, real: Path) -> None:
    shutil.copy(real, path)


def put_symlink(path: Path, real: Path) -> None:
    path.symlink_to(real)


def put_strangers(path: Path, real: Path) -> None:
    shutil.copy(real, path)
    os.chown(path, STRANGER, STRANGER)


def put_directory(path: Path, real: Path) -> None:
    path.mkdir()


def put_fifo(path: Path, real: Path) -> None:
    os.mkfifo(path)


def put_noise(path: Path, real: Path) -> None:
    path.write_bytes(bytes(range(256)) * 4096)


@pytest.mark.parametrize(
    "put",
    [put_copy, put_symlink, put_strangers, put_directory, put_fifo, put_noise],
    ids=lambda function: function.__name__,
)
@pytest.mark.parametrize("kind", ["map", "dump"])
def test_what_is_believed(
    jit, seep, tmp_path: Path, put: Callable[[Path, Path], None], kind: str
) -> None:
    """What counts in /tmp is a regular file of the program's user."""
    pattern = {"map": MAP, "dump": DUMP}[kind]
    target = jit(kind, str(tmp_path / "real-%d"))
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    check_unnamed(trace.report_now())
    path = Path(pattern % target.pid)
    put(path, tmp_path / f"real-{target.pid}")
    try:
        report = trace.finish()
    finally:
        if path.is_dir():
            path.rmdir()
    if put is put_copy:
        check_named(report, done)
    else:
        check_unnamed(report)


def test_hostile_name(jit, seep, tmp_path: Path) -> None:
    """A name is cleaned where it is shown."""
    target = jit("none")
    trace = seep("-p", target.pid).attached()
    target.go()
    first = target.done()["addresses"][0]
    Path(MAP % target.pid).write_bytes(f"{first:x} 40 a;b\x1b[31m\xff\n".encode("latin-1"))
    report = trace.finish()
    (site,) = sites_of(report, "call_first")
    assert site["stack"][1]["function"] == "a;b\ufffd[31m\ufffd"
    assert "\x1b" not in trace.stdout
