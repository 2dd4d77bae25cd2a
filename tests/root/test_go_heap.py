# SPDX-License-Identifier: GPL-2.0-only
"""The heap profile that Go's runtime keeps, read from outside: seep against runtime.MemProfile."""

from __future__ import annotations

import math
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from detecting import Detect, has_leak
from go_toolchains import toolchain
from golang import BOTH, VARIANTS_EACH, VERSIONS, GoProgram, every_go, in_short, programs
from harness import SLOWNESS, Report, losses_of, wait_until

OBJECT = "object"

# A sample for so many bytes: many of them in small programs.
OFTEN = {"MEMPROFILERATE": "4096"}
VERY_OFTEN = {"MEMPROFILERATE": "256"}

start = pytest.fixture(programs)


def heap_sites(report: Report) -> list[Report]:
    return [site for site in report["sites"] if site["kind"] == OBJECT]


def scale(number: float, each: float, rate: int) -> float:
    """As go tool pprof does, and Go's own endpoint."""
    return number / (1 - math.exp(-each / rate)) if rate > 1 else number


def in_one_way(function: str) -> str:
    """A name without the types of a generic function, and without what the linker adds to it."""
    return in_short(function).removesuffix(".abi0")


def in_use(heap: Report) -> Counter[tuple[str, ...]]:
    """Bytes by stack, as the program has them."""
    used = Counter[tuple[str, ...]]()
    for record in heap["records"]:
        if record["in_use_objects"]:
            names = [in_one_way(name) for name in record["stack"].split("\n")]
            stack = tuple(name for name in names if name != "runtime.goexit") or tuple(names)
            each = record["in_use_bytes"] / record["in_use_objects"]
            used[stack] += scale(record["in_use_bytes"], each, heap["rate"])
    return used


def seen_in_use(report: Report) -> Counter[tuple[str, ...]]:
    seen = Counter[tuple[str, ...]]()
    for site in heap_sites(report):
        if site["live_objects"]:
            seen[tuple(in_one_way(frame["function"]) for frame in site["stack"])] += site["live_bytes"]
    return seen


def report_of(seep, program: GoProgram, *options: str | Path) -> Report:
    return seep("-p", program.pid, "-k", OBJECT, *options).attached().finish()


# The least number of calls that a version of Go tells of a stack.
DEPTH = 32


def cut(seen: Counter[tuple[str, ...]], told: Counter[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    """
    As Go tells them: of the last call that it has room for it leaves out into what that is inlined.
    """
    ends = {stack for stack in told if len(stack) >= DEPTH}
    shortened = Counter[tuple[str, ...]]()
    for stack, number in seen.items():
        shortened[next((end for end in ends if stack[: len(end)] == end), stack)] += number
    return shortened


def check_same(seen: Counter[tuple[str, ...]], told: Counter[tuple[str, ...]]) -> None:
    assert len(told) > 10
    seen = cut(seen, told)
    assert set(seen) == set(told)
    for stack, number in told.items():
        assert seen[stack] == pytest.approx(number, abs=len(told), rel=1e-3), stack


@pytest.mark.parametrize("variant", VARIANTS_EACH)
@pytest.mark.parametrize("version", VERSIONS)
def test_at_rest(start, seep, version: str, variant: str) -> None:
    """Each stack with its bytes, with inlined calls and those of the runtime, as Go has it."""
    program = start("parked", "rest", version=version, variant=variant, env=VERY_OFTEN)
    program.collect()
    program.at_rest()
    report = report_of(seep, program)
    assert losses_of(report) == {}
    check_same(seen_in_use(report), in_use(program.heap()))


@pytest.mark.parametrize("version", BOTH)
def test_every_object(start, seep, version: str) -> None:
    """Where every object is in the profile the numbers are exact, and are no estimates."""
    program = start("parked", "rest", version=version, env={"MEMPROFILERATE": "1"})
    program.collect()
    program.at_rest()
    report = report_of(seep, program)
    assert not report["totals"][OBJECT].get("estimated")
    told = in_use(program.heap())
    assert cut(seen_in_use(report), told) == told


@pytest.mark.parametrize("version", BOTH)
def test_under_load(start, seep, version: str) -> None:
    """While objects come and go and the collector runs: within what the program says before and after."""
    program = start("leaks", "cache", 2000, version=version, env=OFTEN)
    program.go()
    wait_until(lambda: len(in_use(program.heap())) > 3, "a collection")
    trace = seep("-p", program.pid, "-k", OBJECT).attached()
    for _ in range(20):
        trace.report_now()
        time.sleep(0.02)
    before = program.heap()
    seen = seen_in_use(trace.report_now())
    after = program.heap()
    trace.finish()
    # The cache has 1,000 sessions, and what the collector has not taken yet.
    (cached,) = [sum(used[s] for s in used if "main.addSession" in s) for used in (seen,)]
    bounds = sorted(
        sum(bytes_ for stack, bytes_ in in_use(heap).items() if "main.addSession" in stack)
        for heap in (before, after)
    )
    assert 0.98 * bounds[0] <= cached <= 1.02 * bounds[1]


@pytest.mark.parametrize("version", BOTH)
def test_pprof(start, seep, tmp_path: Path, version: str) -> None:
    """Go's own tool shows the numbers of the program."""
    program = start("leaks", "map", 50, version=version, env=OFTEN)
    program.go()
    wait_until(lambda: any("main.addSession" in stack for stack in in_use(program.heap())), "a collection")
    program.collect()
    profile = tmp_path / "heap.pb.gz"
    report = report_of(seep, program, "--pprof", profile)
    tools = toolchain(version)
    text = subprocess.run(
        [tools.go, "tool", "pprof", "-top", "-cum", "-unit=B", "-sample_index=inuse_space", profile],
        env={**tools.environment, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (row,) = [line.split() for line in text.splitlines() if line.endswith("main.addSession")]
    expected = sum(used for stack, used in seen_in_use(report).items() if "main.addSession" in stack)
    assert float(row[3].removesuffix("B")) == pytest.approx(expected, rel=1e-3)


def test_a_program_without_a_profile(start, seep, tmp_path: Path) -> None:
    """The linker leaves it out where nothing asks for it. That is no error."""
    source = tmp_path / "main.go"
    source.write_text('package main\nimport "time"\nfunc main() { println("READY"); time.Sleep(time.Hour) }\n')
    binary = tmp_path / "plain"
    tools = toolchain("1.19")
    subprocess.run(
        [tools.go, "build", "-o", binary, source], env={**tools.environment, "CGO_ENABLED": "0"}, check=True
    )
    with subprocess.Popen([binary], stderr=subprocess.PIPE) as process:
        assert process.stderr and process.stderr.readline() == b"READY\n"
        trace = seep("-p", process.pid, "-k", f"{OBJECT},goroutine").attached()
        report = trace.finish()
        process.kill()
    assert heap_sites(report) == []
    assert "heap profile" not in trace.stderr
    assert [site for site in report["sites"] if site["kind"] == "goroutine"]


# --- Leaks, and what looks like one --------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("variant", ["stripped", pytest.param("plain", marks=every_go)])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_leak(start, tmp_path: Path, version: str, variant: str) -> None:
    program = start("leaks", "map", 50, version=version, variant=variant)
    program.go()
    status, text = (detect := Detect(tmp_path, "-p", program.pid)).result()
    assert status == 3, text
    assert has_leak(detect.looks.read()[-1], "main.addSession")
    assert "main.addSession" in text.split("watched for")[0]


@pytest.mark.long
def test_a_full_cache(start, tmp_path: Path) -> None:
    program = start("leaks", "cache", 500, version="1.19")
    program.go()
    time.sleep(5)  # until it is full
    detect = Detect(tmp_path, "-p", program.pid, "-d", f"{60 * SLOWNESS:.0f}s")
    status, text = detect.result()
    assert status in (0, 4), text
    assert not has_leak(detect.looks.read()[-1], "main.addSession")
