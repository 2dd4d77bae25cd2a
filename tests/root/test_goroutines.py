# SPDX-License-Identifier: GPL-2.0-only
"""
Goroutines and the figures of Go's runtime, read from outside: seep against what the program says.

tests/root/test_go_programs.py shows that what the programs say is true.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from detecting import Detect, has_leak
from go_toolchains import NEWEST, OLDEST, toolchain
from golang import (
    GOROUTINE,
    BOTH,
    REST_S,
    VARIANTS_EACH,
    VERSIONS,
    every_go,
    GoProgram,
    Memory,
    Truth,
    ancestors_of,
    count_in,
    creator_of,
    goroutine_sites,
    in_short,
    memstats_of,
    num_unread,
    own,
    programs,
    reasons_of,
    runtime_of,
    stack_of,
)
from harness import KINDS, SEEP, SLOWNESS, TICKS, Report, again_until, cpu_seconds, losses_of

pytestmark = pytest.mark.skipif(GOROUTINE not in KINDS, reason="seep does not read goroutines yet")

def not_read_yet(test: Any) -> Any:
    """What the programs tell, and seep does not read."""
    return every_go(pytest.mark.xfail(reason="seep does not read it yet", run=False)(test))


start = pytest.fixture(programs)

PROMPT_S = 60  # in which a leak is to be found
RATE = 10  # leaks per second
MOST_FRAMES = 250  # of a stack, about


def report_of(seep, program: GoProgram, *options: str | Path) -> Report:
    return seep("-p", program.pid, "-k", GOROUTINE, *options).attached().finish()


def report_from(capture: Path, *options: str) -> str:
    return subprocess.run(
        [SEEP, "report", capture, *options], capture_output=True, text=True, check=True
    ).stdout


@contextmanager
def never_stopped(pid: int) -> Iterator[None]:
    """Meanwhile the process is never seen to be stopped, by a signal or by a tracer."""
    done = threading.Event()
    states: set[str] = set()

    def watch() -> None:
        while not done.is_set():
            for status in Path(f"/proc/{pid}/task").glob("*/stat"):
                try:
                    states.add(status.read_text().rsplit(") ", 1)[1][0])
                except (FileNotFoundError, ProcessLookupError):
                    pass  # a thread that has ended

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert states and not states & {"T", "t"}, states


# --- Which goroutines there are ------------------------------------------------------------------


def check_stacks(report: Report, truth: Truth) -> None:
    """Each stack of the program's own functions as often as Go has it; but where Go leaves calls out."""
    seen = Counter[tuple[str, ...]]()
    for site in goroutine_sites(report):
        seen[own(stack_of(site))] += site["live_objects"]
    cut = [one.functions for one in truth.goroutines if one.elided]
    told = Counter(own(one.functions) for one in truth.goroutines if not one.elided)
    # Those that Go does not tell whole, and the one that has answered meanwhile.
    rest = seen - told
    assert not told - seen - Counter({own(truth.goroutines[0].functions): 1})
    assert sum(rest.values()) == len(cut) + 1
    for stack in rest:
        assert stack[-1] == "main.main" or any(stack[:50] == functions[:50] for functions in cut)


def check_runtime_functions(report: Report, truth: Truth) -> None:
    """And with the runtime's functions, as far as Go tells those: up to 32 calls."""
    stacks = Counter[tuple[str, ...]]()
    for site in goroutine_sites(report):
        stacks[stack_of(site)] += site["live_objects"]
    for told, count in truth.stacks.items():
        if "main.main" in told:
            continue
        # Where all goroutines end is no frame to seep.
        whole, told = told[-1] == "runtime.goexit", told[:-1] if told[-1] == "runtime.goexit" else told
        same = [n for stack, n in stacks.items() if (stack if whole else stack[: len(told)]) == told]
        assert sum(same) == count, told


def check_reasons(report: Report, truth: Truth) -> None:
    """Why they wait, for each function that the program knows."""
    for known in truth.sites:
        if known.depth > MOST_FRAMES:
            continue
        seen = Counter[str]()
        for site in goroutine_sites(report):
            if stack_of(site).count(known.function) == known.depth:
                seen += reasons_of(site)
        told = Counter(one.reason for one in truth.goroutines if known.has(one))
        assert seen == told, known.function


@pytest.mark.parametrize("variant", VARIANTS_EACH)
@pytest.mark.parametrize("version", VERSIONS)
def test_at_rest(start, seep, version: str, variant: str) -> None:
    program = start("parked", "rest", version=version, variant=variant)
    truth = program.truth()
    with never_stopped(program.pid):
        report = report_of(seep, program)
    assert losses_of(report) == {}
    assert count_in(report) == truth.numgoroutine
    for known in truth.sites:
        if known.depth == 1:
            assert count_in(report, known.function) == known.count, known.function
    check_stacks(report, truth)
    check_runtime_functions(report, truth)
    check_reasons(report, truth)
    for site in goroutine_sites(report):
        deep = stack_of(site).count("main.deep")
        assert deep in (0, 90) or deep > 240
        assert site["stack_end"] == "complete" or (deep > 240 and site["stack_end"] == "depth")
    # What has been read from was not changed.
    assert [one.number for one in program.truth().goroutines] == [one.number for one in truth.goroutines]


@pytest.mark.parametrize("version", VERSIONS)
def test_lines(start, seep, version: str) -> None:
    """Each call of the program's own is at a line of its source, with the inlined ones."""
    program = start("parked", "rest", version=version)
    for site in goroutine_sites(report_of(seep, program)):
        for frame in site["stack"]:
            if frame["function"].startswith("main."):
                assert frame["file"].endswith(("/parked.go", "/truth.go")) and frame["line"] > 0
        inlined = {frame["function"] for frame in site["stack"] if frame["inlined"]}
        if "main.callInlined" in stack_of(site):
            assert {"main.inlinedInner", "main.inlinedMiddle", "main.inlinedOuter"} <= inlined


@pytest.mark.parametrize("version", VERSIONS)
def test_creators(start, seep, version: str) -> None:
    program = start("parked", "rest", version=version)
    sites = goroutine_sites(report_of(seep, program))
    for site in sites:
        labelled = "main.labelled" in stack_of(site)
        first = stack_of(site)[-1:] == ("runtime.main",)
        expected = "main.withLabels.func1" if labelled else "main.parkDeep"
        assert creator_of(site) == (None if first else expected)


def pprof(version: str, *arguments: str | Path) -> str:
    tools = toolchain(version)
    return subprocess.run(
        [tools.go, "tool", "pprof", *map(str, arguments)],
        env={**tools.environment, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("version", BOTH)
def test_pprof(start, seep, tmp_path: Path, version: str) -> None:
    """Go's own tool reads the profile, and shows the numbers of the program."""
    program = start("parked", "rest", version=version)
    truth = program.truth()
    profile = tmp_path / "goroutines.pb.gz"
    report_of(seep, program, "--pprof", profile)
    text = pprof(version, "-top", "-cum", "-nodecount=1000", "-sample_index=goroutine", profile)
    # flat, share, sum, cumulated, share, function; and perhaps that it is inlined
    rows = [line.split() for line in text.splitlines() if "%" in line]
    shown = Counter[str]()
    for row in rows:
        if len(row) > 5 and row[1].endswith("%"):  # a generic function has several
            shown[in_short(row[5])] += int(row[3])
    for known in truth.sites:
        if known.depth == 1:
            assert shown[known.function] == known.count, known.function


@not_read_yet
@pytest.mark.parametrize("version", BOTH)
def test_ancestors(start, seep, version: str) -> None:
    """Where the program keeps the stacks at which goroutines are created, they are reported."""
    program = start("parked", "rest", version=version, env={"GODEBUG": "tracebackancestors=5"})
    for site in goroutine_sites(report_of(seep, program)):
        if creator_of(site):
            ancestors = ancestors_of(site)
            assert ancestors[-1] == "main.main" and "main.parkAll" in ancestors


@pytest.mark.parametrize("variant", VARIANTS_EACH)
@pytest.mark.parametrize("version", VERSIONS)
def test_calls_of_c(start, seep, version: str, variant: str) -> None:
    """Goroutines in functions of C, and in functions that C has called."""
    program = start("calls_c", "rest", version=version, variant=variant)
    truth = program.truth()
    report = report_of(seep, program)
    assert count_in(report) == truth.numgoroutine
    for known in truth.sites:
        assert count_in(report, known.function) == known.count, known.function
    check_reasons(report, truth)


@pytest.mark.parametrize("variant", ["plain", "stripped"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_library_of_c(start, seep, version: str, variant: str) -> None:
    """Go in a shared library of a program in C."""
    program = start("library", "rest", version=version, variant=variant)
    truth = program.truth()
    report = report_of(seep, program)
    assert count_in(report) == truth.numgoroutine
    for known in truth.sites:
        assert count_in(report, known.function) == known.count, known.function


@pytest.mark.parametrize("version", BOTH)
def test_running(start, seep, version: str) -> None:
    """A running goroutine is counted, and has the stack of its thread or none; never a wrong one."""
    program = start("parked", "busy", 2, version=version)
    report = report_of(seep, program)
    assert count_in(report) == 13
    assert count_in(report, "main.receive") == 10
    for site in goroutine_sites(report):
        if not {"main.receive", "main.main"} & set(stack_of(site)):
            assert set(reasons_of(site)) <= {"running", "runnable", "preempted"}
            assert not site["stack"] or "main.spin" in stack_of(site)


@pytest.mark.long
def test_leaks_that_the_collector_found(start, seep) -> None:
    """Once the program has asked for it, the collector's own word is reported."""
    program = start("parked", "rest", version=NEWEST)
    found = program.find_leaks()
    sites = goroutine_sites(report_of(seep, program))
    leaked = {one.functions for one in program.truth().goroutines if one.leaked}
    seen = Counter({own(stack_of(s)): s["live_objects"] for s in sites if reasons_of(s)["leaked"]})
    assert set(seen) == {own(functions) for functions in leaked}
    assert sum(seen.values()) == found


# --- What changes meanwhile ----------------------------------------------------------------------


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=[every_go, pytest.mark.long])])
@pytest.mark.parametrize("version", BOTH)
def test_churn(start, seep, version: str, count: int) -> None:
    """No crash, no hang, and no wrong sum that is not marked."""
    program = start("parked", "churn", version=version)
    trace = seep("-p", program.pid, "-k", GOROUTINE).attached()
    whole = before_this = 0
    for _ in range(count):
        report = trace.report_now()
        lost, before_this = num_unread(report) - before_this, num_unread(report)
        if lost:
            continue
        whole += 1
        assert count_in(report, "main.receive") == 100
        assert 100 <= count_in(report) <= 100 + 2 * 100 + 10
    assert whole >= count // 2
    before = program.truth()
    assert before.count("main.receive") == 100
    assert program.truth().memstats["NumGC"] > before.memstats["NumGC"]
    trace.finish()


@pytest.mark.serial
@pytest.mark.parametrize(
    ("count", "seconds"), [(100_000, 0.5), pytest.param(1_000_000, 5, marks=[every_go, pytest.mark.long])]
)
@pytest.mark.parametrize("version", BOTH)
def test_many(start, seep, version: str, count: int, seconds: float) -> None:
    """Exact however many they are, soon, and for nothing: the program does not work for it."""
    program = start("parked", "many", count, version=version)
    truth = program.truth()
    program.at_rest()
    trace = seep("-p", program.pid, "-k", GOROUTINE).attached()
    trace.report_now()
    before = cpu_seconds(program.pid)
    begun = time.monotonic()
    report = trace.report_now()
    took = time.monotonic() - begun
    assert cpu_seconds(program.pid) - before <= 1 / TICKS
    for known in truth.sites:
        assert count_in(report, known.function) == known.count
    assert count_in(report) == count + 1
    assert took < seconds * SLOWNESS
    trace.finish()


# --- Figures of the runtime ----------------------------------------------------------------------

# Arrays, and what Go always has the same.
NOT_FIGURES = {"PauseNs", "PauseEnd", "BySize", "EnableGC", "DebugGC"}


def check_memory(seen: Memory, said: Memory) -> None:
    """All are the same; a share of the CPU time as far as it has digits."""
    said = {name: value for name, value in said.items() if name not in NOT_FIGURES}
    assert seen.pop("GCCPUFraction") == pytest.approx(said.pop("GCCPUFraction"), abs=1e-6)
    assert seen == said


@pytest.mark.parametrize("variant", VARIANTS_EACH)
@pytest.mark.parametrize("version", VERSIONS)
def test_memory_at_rest(start, seep, version: str, variant: str) -> None:
    """Every figure of runtime.MemStats, to the byte."""
    program = start("parked", "rest", version=version, variant=variant)
    program.collect()
    compared: list[bool] = []

    def compare(_: int) -> None:
        before = program.at_rest()
        report = report_of(seep, program)
        # Memory may have been given back meanwhile.
        compared.append(program.memstats() == before)
        if compared[-1]:
            check_memory(memstats_of(report, program.pid), before)

    again_until(lambda: any(compared), compare, "rest")


@pytest.mark.parametrize("version", VERSIONS)
def test_memory_not_counted_yet(start, seep, version: str) -> None:
    """Objects that processors have made, and that the runtime counts when the program asks for MemStats."""
    program = start("parked", "rest", version=version)
    program.collect()
    program.at_rest()
    for _ in range(100):
        program.count()
    time.sleep(REST_S)
    seen = memstats_of(report_of(seep, program), program.pid)
    said = program.memstats()
    for name in ("Mallocs", "Frees", "TotalAlloc", "HeapAlloc", "HeapObjects"):
        assert seen[name] == said[name], name


@pytest.mark.parametrize("version", BOTH)
def test_memory_in_captures(start, seep, tmp_path: Path, version: str) -> None:
    """Whatever kinds are traced, and as text too."""
    program = start("parked", "rest", version=version, env={"GOMEMLIMIT": "200MiB"})
    capture = tmp_path / "go.seep"
    final = seep("-p", program.pid, "-k", "fd", "-o", capture).attached().finish()
    said = runtime_of(final, program.pid)
    assert said["gomemlimit_bytes"] == 200 << 20
    assert runtime_of(json.loads(report_from(capture, "--format", "json")), program.pid) == said
    text = report_from(capture)
    version = re.escape(said["version"].removeprefix("go"))
    assert re.search(rf"^  Go        {version}: heap .* live, .* held, collects at ", text, re.M), text
    assert re.search(r"^            limit 200 MiB; \d+ collections?, ", text, re.M), text


@pytest.mark.parametrize("version", VERSIONS)
def test_memory_under_load(start, seep, version: str) -> None:
    """What only grows is between what the program says before and after."""
    program = start("leaks", "cache", 2000, version=version)
    program.go()
    again_until(lambda: program.truth().memstats["NumGC"] >= 3, lambda _: time.sleep(0.1), "garbage")
    before = program.memstats()
    seen = memstats_of(report_of(seep, program), program.pid)
    after = program.memstats()
    for name in ("TotalAlloc", "Mallocs", "Frees"):
        assert 0.98 * before[name] <= seen[name] <= 1.02 * after[name], name
    for name in ("NumGC", "NumForcedGC", "PauseTotalNs", "LastGC"):
        assert before[name] <= seen[name] <= after[name], name
    assert seen["HeapInuse"] + seen["HeapIdle"] == pytest.approx(seen["HeapSys"], rel=0.02)


@pytest.mark.parametrize("version", VERSIONS)
def test_runtime(start, seep, version: str) -> None:
    program = start("parked", "rest", version=version, env={"GOMAXPROCS": "7", "GOGC": "50"})
    truth = program.truth()
    said = runtime_of(report_of(seep, program), program.pid)
    assert said["version"].removeprefix("go") == truth.version
    assert said["gomaxprocs"] == truth.gomaxprocs == 7
    assert said["gogc"] == 50


# --- Leaks, and what looks like one --------------------------------------------------------------

LEAKS = {
    "receive": "main.waitForAnswer",
    "mutex": "main.(*account).add",
    "select": "main.watch",
    "body": "net/http.(*persistConn).readLoop",
    "thread": "main.holdThread",
}


def each(modes: Iterable[str], first: str) -> list[Any]:
    """The first one always, the others with SEEP_GO=every."""
    return [mode if mode == first else pytest.param(mode, marks=every_go) for mode in modes]


@pytest.mark.long
@pytest.mark.parametrize("variant", each(["plain", "stripped"], "stripped"))
@pytest.mark.parametrize("mode", each(LEAKS, "mutex"))
@pytest.mark.parametrize("version", VERSIONS)
def test_leaks(start, tmp_path: Path, version: str, mode: str, variant: str) -> None:
    """The right site first, within a minute."""
    program = start("leaks", mode, RATE, version=version, variant=variant)
    program.go()
    begun = time.monotonic()
    detect = Detect(tmp_path, "-p", program.pid)
    status, text = detect.result()
    assert time.monotonic() - begun < PROMPT_S * SLOWNESS
    assert status == 3, text
    last = detect.looks.read()[-1]
    leaks = [site for site in last["sites"] if site["verdict"] and site["verdict"]["class"] == "leak"]
    goroutines = [site for site in leaks if site["kind"] == GOROUTINE]
    assert LEAKS[mode] in stack_of(goroutines[0]) or mode == "body"
    assert has_leak(last, LEAKS[mode])


@pytest.mark.long
def test_a_leak_that_began_long_ago(start, tmp_path: Path) -> None:
    """Those that were there before, however many, do not hide that more come."""
    program = start("leaks", "receive", 100, version=OLDEST)
    program.go()
    again_until(lambda: program.count() > 3000, lambda _: time.sleep(1), "goroutines")
    status, text = Detect(tmp_path, "-p", program.pid).result()
    assert status == 3, text
    assert "main.waitForAnswer" in text


@pytest.mark.long
@pytest.mark.parametrize("mode", each(["workers", "cache", "burst", "keepalive", "tickers"], "burst"))
@pytest.mark.parametrize("version", [OLDEST, pytest.param(NEWEST, marks=every_go)])
def test_healthy(start, tmp_path: Path, version: str, mode: str) -> None:
    program = start("leaks", mode, version=version)
    program.go()
    detect = Detect(tmp_path, "-p", program.pid, "-d", f"{2 * PROMPT_S * SLOWNESS:.0f}s")
    status, text = detect.result()
    assert status in (0, 4), text
    last = detect.looks.read()[-1]
    assert not [
        site
        for site in last["sites"]
        if site["kind"] == GOROUTINE and site["verdict"] and site["verdict"]["class"] == "leak"
    ]
