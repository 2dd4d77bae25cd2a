# SPDX-License-Identifier: GPL-2.0-only
"""The BPF programs as the kernel has them, and other people's probes beside ours."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
from harness import BUILD, TIMEOUT, attach_variants, losses_of, names, sites_of

# Far below the verifier's limit of a million, and what keeps loading below some tenths of a second.
MAX_VERIFIED = 50_000


def test_budget_and_private_stack(capsys: pytest.CaptureFixture[str]) -> None:
    result = subprocess.run(
        [BUILD / "tools/programs"], capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    with capsys.disabled():
        print("\n" + result.stdout, end="")
    assert result.returncode == 0, result.stderr
    programs = re.findall(r"^(\w+) (\w+) verified=(\d+) .*private_stack=(\d)$", result.stdout, re.M)
    wanted = {"alloc_entry", "alloc_return", "call_entry", "call_exit", "free_entry"}
    wanted |= {"thread_begin", "thread_end", "thread_entry", "thread_exit", "thread_once"}
    if "session" in attach_variants():
        wanted |= {"alloc_session"}
    assert wanted <= {name for _, name, _, _ in programs}
    for variant, name, verified, private_stack in programs:
        assert int(verified) <= MAX_VERIFIED, f"{name} by {variant}"
        assert private_stack == "0", f"{name} by {variant}"


def need_attach(variant: str) -> None:
    if variant not in attach_variants():
        pytest.skip(f"this kernel is too old to attach by {variant}")


@pytest.fixture
def return_probes() -> Iterator:
    """Puts return probes of a stranger on functions of a process."""
    running: list[subprocess.Popen[str]] = []

    def run(pid: int, *functions: str) -> None:
        process = subprocess.Popen(
            [BUILD / "tools/return_probes", str(pid), *functions],
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout
        assert process.stdout.readline() == "attached\n"

    yield run
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.parametrize("variant", ["session", "multi", "perf"])
def test_return_addresses_replaced_by_others(start, seep, return_probes, variant: str) -> None:
    """The callers' return addresses on the stack lead to the kernel's trampoline: they are repaired."""
    need_attach(variant)
    target = start("pairs_threads", "4", "5000")
    return_probes(target.pid, "work", "make_one")
    trace = seep("-p", target.pid, "--attach", variant).attached()
    target.go()
    target.done()
    report = trace.finish()
    sites = sites_of(report, "make_one")
    assert sum(site["allocs"] for site in sites) == 4 * 5000
    for site in sites:
        assert names(site)[:3] == ["malloc", "make_one", "work"]
        assert site["stack_end"] == "complete"
    assert losses_of(report) == {}


@pytest.mark.parametrize("variant", ["multi", "perf"])
def test_other_ways_to_attach(traced, variant: str) -> None:
    """What kernels before 6.13 have gives the same numbers."""
    need_attach(variant)
    report, done = traced("allocators", options=("--attach", variant))
    for function, expected in done["sites"].items():
        sites = sites_of(report, function)
        for key, value in expected.items():
            assert sum(site[key] for site in sites) == value, (function, key)
    assert losses_of(report) == {}
