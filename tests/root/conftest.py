# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures of pytest for the root tests. Whatever a test starts is ended by its PID."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import FIXTURES, SEEP, Fixture, Report, Seep


def pytest_configure(config: pytest.Config) -> None:
    """The marks by which tools/check chooses."""
    for mark in (
        "serial: disturbs other tests or is disturbed by them, so it runs alone",
        "long: many compilers, allocators, browsers or minutes; not part of make check",
        "every_go: one more version of Go, or what takes minutes with it; only with SEEP_GO=every",
        "smoke: one trace and one detect, for make quick",
    ):
        config.addinivalue_line("markers", mark)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("SEEP_GO") != "every":
        items[:] = [item for item in items if not item.get_closest_marker("every_go")]
    reason = None
    if os.geteuid() != 0:
        reason = "needs root"
    elif not Path("/sys/kernel/btf/vmlinux").exists():
        reason = "needs a kernel with BTF"
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    assert SEEP.exists(), f"{SEEP} is not built"
    assert FIXTURES.is_dir(), "the fixtures are not built: make fixtures"


@pytest.fixture
def start() -> Iterator[Callable[..., Fixture]]:
    """Starts a traced program: start("allocators", ...), and waits for READY."""
    running: list[Fixture] = []

    def run(*command: str | Path, **options: Any) -> Fixture:
        fixture = Fixture(*command, **options)
        running.append(fixture)
        return fixture.ready()

    yield run
    for fixture in running:
        fixture.end()


@pytest.fixture
def seep(tmp_path: Path) -> Iterator[Callable[..., Seep]]:
    """Starts seep trace with these arguments; does not wait."""
    running: list[Seep] = []

    def run(*arguments: str | int | Path, **options: Any) -> Seep:
        process = Seep(tmp_path, *arguments, **options)
        running.append(process)
        return process

    yield run
    for process in running:
        process.end()


@pytest.fixture
def traced(
    start: Callable[..., Fixture], seep: Callable[..., Seep]
) -> Callable[..., tuple[Report, dict[str, Any]]]:
    """Runs a whole trace of one fixture: its final report, and what the fixture says it did."""

    def run(
        *command: str | Path, options: tuple[str | int, ...] = (), env: dict[str, str] | None = None
    ) -> tuple[Report, dict[str, Any]]:
        target = start(*command, env=env)
        trace = seep("-p", target.pid, *options).attached()
        target.go()
        done = target.done()
        report = trace.finish()
        assert target.quit() == 0
        return report, done

    return run
