# SPDX-License-Identifier: GPL-2.0-only
"""
The Go programs that other tests trust, without seep: every compiler can make them, and what they say of
themselves agrees with itself.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import go_toolchains
import pytest
from go_toolchains import NEWEST, OLDEST, ToolchainError, archive
from golang import (
    BOTH,
    PROGRAMS,
    VARIANTS_EACH,
    VERSIONS,
    GoProgram,
    Goroutine,
    Truth,
    built,
    own,
    programs,
)
from harness import again_until, wait_until

start = pytest.fixture(programs)

RATE = 20  # leaks per second
LOOKS = 3  # at what stays as it is
GOROUTINES_A_LEAK = {"receive": 1, "mutex": 1, "select": 1, "map": 0, "timer": 0, "body": 3, "thread": 1}
# Of those at rest, the functions with channels that are nowhere else.
UNREACHABLE = {"main.receiveOfNil", "main.selectOfNone", "main.takeOf[...]", "main.(*stack[...]).pop"}


def test_a_compiler_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is said, and nothing is left that looks like a compiler."""
    place = tmp_path / "toolchains"
    monkeypatch.setattr(go_toolchains, "PLACE", place)
    monkeypatch.setattr(archive, "mirror", lambda: "http://127.0.0.1:9/debian")
    with pytest.raises(ToolchainError, match=f"Go {NEWEST} cannot be had from Debian's .* 127.0.0.1"):
        go_toolchains.toolchain(NEWEST)
    assert [path.name for path in place.iterdir() if path.is_dir()] == []


def sections(path: Path) -> set[str]:
    text = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"\] (\.\S+) ", text))


def maps_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/maps").read_text().splitlines()


def kind(path: Path) -> str:
    text = subprocess.run(["readelf", "-hW", path], capture_output=True, text=True, check=True).stdout
    return re.search(r"Type:\s+(\w+)", text)[1]  # type: ignore[index]


@pytest.mark.parametrize("variant", VARIANTS_EACH)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_variants(program: str, version: str, variant: str) -> None:
    """A stripped program has neither symbols nor DWARF, but what Go itself needs."""
    path = built(program, version, variant)
    found = sections(path)
    stripped = "stripped" in variant
    assert (".symtab" in found, ".debug_info" in found or ".zdebug_info" in found) == (not stripped,) * 2
    assert {".go.buildinfo"} <= found
    # The linker of C puts it into the section of what is relocated, if Go leaves it to it.
    assert {".gopclntab", ".data.rel.ro.gopclntab", ".data.rel.ro"} & found
    assert kind(path) == ("DYN" if "pie" in variant else "EXEC")


def of_sites(truth: Truth) -> list[list[Goroutine]]:
    """The goroutines of each site."""
    return [[one for one in truth.goroutines if site.has(one)] for site in truth.sites]


def check_sites(truth: Truth) -> None:
    """All that the program says of its goroutines is what Go says of them."""
    for site, goroutines in zip(truth.sites, of_sites(truth)):
        assert len(goroutines) == site.count, site
        assert {goroutine.reason for goroutine in goroutines} <= set(site.reasons), site


def check_stacks(truth: Truth) -> None:
    """Both ways to ask Go for stacks agree, where none is too deep for one of them."""

    asked = Counter[tuple[str, ...]]()
    for stack, count in truth.stacks.items():
        if stack[-1] == "runtime.goexit":
            asked[own(stack)] += count
    # The one that answers stands elsewhere each time.
    told = Counter(own(one.functions) for one in truth.goroutines if one.reason != "running")
    deep = {stack for stack in {*asked, *told} if len(stack) > 28}
    asked, told = (Counter({k: n for k, n in c.items() if k not in deep and k[-1] != "main.main"})
                   for c in (asked, told))  # fmt: skip
    assert told == asked


def check_profile(truth: Truth) -> None:
    """The text of the profile names as many goroutines."""
    total = re.match(r"goroutine profile: total (\d+)\n", truth.profile)
    assert total and int(total[1]) == truth.numgoroutine
    counts = re.findall(r"^(\d+) @", truth.profile, re.M)
    assert sum(map(int, counts)) == truth.numgoroutine


@pytest.mark.parametrize("variant", VARIANTS_EACH)
@pytest.mark.parametrize("version", VERSIONS)
def test_at_rest(start, version: str, variant: str) -> None:
    program = start("parked", "rest", version=version, variant=variant)
    truth = program.truth()
    assert truth.version.startswith(f"{version}.")
    assert len(truth.goroutines) == truth.numgoroutine == sum(s.count for s in truth.sites) + 1
    assert [one.number for one in truth.goroutines if one.reason == "running"] == [1]
    check_sites(truth)
    check_stacks(truth)
    check_profile(truth)
    assert '# labels: {"route":"/orders", "tenant":"red"}' in truth.profile
    named = {site.function: goroutines for site, goroutines in zip(truth.sites, of_sites(truth))}
    assert all(one.locked for one in named["main.keepThread"])
    inlined = ("main.inlinedInner", "main.inlinedMiddle", "main.inlinedOuter", "main.callInlined")
    assert all(one.functions[:4] == inlined for one in named["main.callInlined"])
    assert {one.created_by for one in truth.goroutines} == {None, "main.parkDeep", "main.withLabels.func1"}
    if truth.minor >= 21:
        assert {one.created_in for one in truth.goroutines} == {None, 1}
    # And the same again.
    assert [one.number for one in program.truth().goroutines] == [one.number for one in truth.goroutines]
    assert program.quit() == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_memory_at_rest(start, version: str) -> None:
    """To ask for MemStats changes none of its fields, so seep can be compared with the answer."""
    program = start("parked", "rest", version=version)
    program.collect()
    before = program.at_rest()
    assert before == program.memstats()
    assert {"Alloc", "HeapReleased", "NextGC", "NumForcedGC", "GCCPUFraction", "BySize"} <= set(before)
    assert before["NumGC"] >= 2
    assert before["Mallocs"] - before["Frees"] == before["HeapObjects"] > 0
    assert len(before["BySize"]) == 61 and set(before["BySize"][1]) == {"Size", "Mallocs", "Frees"}
    # All others are asked first, so those of TRUTH hold just as long.
    assert program.truth().memstats == program.at_rest() != before


@pytest.mark.long
def test_last_words(start, tmp_path: Path) -> None:
    """At its end a program can also name what belongs to the runtime, and who created whom."""
    environment = {"GOTRACEBACK": "system", "GODEBUG": "tracebackancestors=5"}
    program = start(
        "parked", "rest", version=NEWEST, env=environment, errors=tmp_path / "errors"
    )  # fmt: skip
    truth = program.truth()
    last = {one.number: one for one in program.last_words()}
    for one in truth.goroutines:
        if one.reason == "running":
            continue
        assert last[one.number].reason == one.reason
        assert one.elided or own(last[one.number].functions) == own(one.functions)
        ((number, functions),) = one.ancestors
        assert (number, functions[-1]) == (1, "main.main")
    runtime = [one for number, one in last.items() if number not in {o.number for o in truth.goroutines}]
    assert {"GC sweep wait", "force gc (idle)", "finalizer wait"} <= {one.reason for one in runtime}
    assert {"runtime.gopark", "runtime.goexit"} <= set(last[truth.goroutines[1].number].functions)


@pytest.mark.parametrize("version", BOTH)
def test_many(start, version: str) -> None:
    program = start("parked", "many", 100000, version=version)
    truth = program.truth()
    assert truth.numgoroutine == 100001
    assert [site.count for site in truth.sites] == [40000, 30000, 10000, 20000]
    assert not truth.goroutines


@pytest.mark.parametrize("version", VERSIONS)
def test_churn(start, version: str) -> None:
    """Some stay, many come and go, and the collector never stops."""
    program = start("parked", "churn", version=version)
    first = program.truth()
    collections: list[int] = []
    numbers: list[int] = []

    def look(_: int) -> None:
        truth = program.truth()
        check_sites(truth)
        assert truth.numgoroutine <= 100 + 2 * 100 + 10
        collections.append(truth.memstats["NumGC"])
        numbers.append(max(one.number for one in truth.goroutines))

    again_until(
        lambda: collections
        and collections[-1] > first.memstats["NumGC"] + 100
        and numbers[-1] > 100000,
        look,
        "goroutines that end",
    )


@pytest.mark.parametrize("version", BOTH)
def test_busy(start, version: str) -> None:
    truth = start("parked", "busy", 2, version=version).truth()
    assert truth.numgoroutine == 13
    assert truth.count("main.receive") == 10
    running = [one for one in truth.goroutines if "main.receive" not in one.functions]
    assert {one.reason for one in running} <= {"running", "runnable"}
    assert {one.created_by for one in running} == {None, "main.parkDeep"}


def leaking(program: GoProgram) -> list[Truth]:
    """Until enough has leaked, and not less than the rate that was asked for: it makes up for delays."""
    program.go()
    truths: list[Truth] = []

    def enough() -> bool:
        leaked = truths[-1].sites[0].count if truths else 0
        return leaked >= 2 * RATE and leaked >= 0.9 * RATE * truths[-1].seconds

    again_until(enough, lambda _: truths.append(program.truth()), "leaks")
    return truths


@pytest.mark.parametrize("mode", GOROUTINES_A_LEAK)
@pytest.mark.parametrize("version", VERSIONS)
def test_leaks(start, version: str, mode: str) -> None:
    """What it says that it has leaked is there, and comes at the rate that was asked for."""
    program = start("leaks", mode, RATE, version=version)
    truths = leaking(program)
    last = truths[-1]
    leaked = last.sites[0].count
    assert all(truth.sites[0].count <= RATE * truth.seconds + 1 for truth in truths)
    assert all(a.sites[0].count <= b.sites[0].count for a, b in zip(truths, truths[1:]))
    a_leak = GOROUTINES_A_LEAK[mode]
    # The one that leaks may be at work on the next.
    left = last.numgoroutine - a_leak * leaked
    assert 0 < left <= 5 + a_leak
    if a_leak:
        not_begun = sum(one.reason == "runnable" for one in last.goroutines)
        for site, goroutines in zip(last.sites, of_sites(last)):
            assert site.count - not_begun <= len(goroutines) <= site.count + 1, site
            waiting = [one for one in goroutines if one.reason in site.reasons]
            assert len(waiting) >= site.count - not_begun - 1, site


@pytest.mark.long
@pytest.mark.parametrize("mode", ["receive", "mutex", "select"])
def test_leaks_that_the_collector_finds(start, mode: str) -> None:
    program = start("leaks", mode, 200, version=NEWEST)
    program.go()
    found: list[int] = []
    again_until(
        lambda: found and found[-1] >= RATE, lambda _: found.append(program.find_leaks()), "leaks"
    )
    truth = program.truth()
    marked = [one for one in truth.goroutines if one.leaked]
    assert len(marked) == found[-1] <= truth.sites[0].count
    assert all(truth.sites[0].has(one) and one.reason in truth.sites[0].reasons for one in marked)


@pytest.mark.long
def test_what_the_collector_cannot_accuse(start) -> None:
    """It finds only those that wait for what nobody else knows."""
    program = start("parked", "rest", version=NEWEST)
    found = program.find_leaks()
    truth = program.truth()
    marked = [one for one in truth.goroutines if one.leaked]
    assert len(marked) == found
    of_leaks = [site for site in truth.sites if site.function in UNREACHABLE]
    assert len(of_leaks) == len(UNREACHABLE)
    assert found == sum(site.count for site in of_leaks)
    assert all(any(site.has(one) for site in of_leaks) for one in marked)


@pytest.mark.parametrize("version", BOTH)
def test_threads_that_leak(start, version: str) -> None:
    program = start("leaks", "thread", RATE, version=version)
    program.go()
    found: list[int] = []
    again_until(
        lambda: found and found[-1] >= RATE,
        lambda _: found.append(program.truth().sites[0].count),
        "threads",
    )
    threads = len(list(Path(f"/proc/{program.pid}/task").iterdir()))
    assert found[-1] < threads <= program.truth().sites[0].count + 20


@pytest.mark.parametrize("mode", ["workers", "keepalive", "tickers"])
@pytest.mark.parametrize("version", BOTH)
def test_healthy(start, version: str, mode: str) -> None:
    """As many goroutines as there should be, and they stay as many."""
    program = start("leaks", mode, version=version)
    program.go()
    truths: list[Truth] = []

    def look(_: int) -> None:
        truths.append(program.truth())
        assert all(truths[-1].count(site.function) <= site.count for site in truths[-1].sites)

    def steady() -> bool:
        last = truths[-LOOKS:]
        numbers = [truth.numgoroutine for truth in last]
        complete = all(truth.count(site.function) == site.count for truth in last for site in truth.sites)
        return len(last) == LOOKS and complete and max(numbers) - min(numbers) <= 2

    again_until(steady, look, "looks at the healthy")


@pytest.mark.parametrize("version", BOTH)
def test_a_burst_that_ends(start, version: str) -> None:
    program = start("leaks", "burst", 0.01, version=version)
    program.go()
    wait_until(lambda: program.count() >= 5000, "the burst")
    wait_until(lambda: program.count() < 10, "its end")


@pytest.mark.parametrize("variant", VARIANTS_EACH)
@pytest.mark.parametrize("version", VERSIONS)
def test_calls_of_c(start, version: str, variant: str) -> None:
    program = start("calls_c", "rest", version=version, variant=variant)
    truth = program.truth()
    check_sites(truth)
    assert truth.numgoroutine == 10
    assert truth.numcgocall >= 5
    (functions,) = {one.functions for one in truth.goroutines if "main.askByC" in one.functions}
    assert functions.index("main.answerC") < functions.index("main.askByC")


@pytest.mark.parametrize("variant", ["plain", "stripped"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_library_of_c(start, version: str, variant: str) -> None:
    """The same runtime in a process that is not Go's own."""
    program = start("library", "rest", version=version, variant=variant)
    truth = program.truth()
    check_sites(truth)
    # And the one of main.main, which a library does not run, but which is there.
    assert truth.numgoroutine == len(truth.goroutines) >= 9
    exe = Path(f"/proc/{program.pid}/exe").resolve()
    assert ".go.buildinfo" not in sections(exe)
    (library,) = {line.split()[-1] for line in maps_of(program.pid) if line.endswith(".so")
                  and Path(line.split()[-1]).parent == exe.parent}  # fmt: skip
    assert {".symtab"} & sections(Path(library)) == (set() if variant == "stripped" else {".symtab"})


@pytest.mark.parametrize("version", BOTH)
def test_strings_of_c(start, version: str) -> None:
    last = leaking(start("calls_c", "strings", RATE, version=version))[-1]
    # One call of malloc, one of the program's own function.
    assert last.numcgocall >= 2 * last.sites[0].count - 2
