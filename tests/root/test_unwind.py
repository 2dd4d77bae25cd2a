# SPDX-License-Identifier: GPL-2.0-only
"""Stacks without frame pointers: right, by comparison with gdb, and whole.

seep traces a process at work; then gdb stops the same process at the allocators it used and writes
down the stacks; then seep traces it again until it has seen every one of them that comes again. What
is compared are whole lists of (module, file offset) from the allocator to the thread's first function.

SEEP_GDB_STOPS sets at how many allocations gdb stops; more take longer and see more stacks.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import (
    FIXTURES,
    ROOT,
    TIMEOUT,
    Fixture,
    Report,
    Seep,
    end_process,
    losses_of,
    names,
    repeating,
    wait_until,
)
from servers import (
    JAVA,
    NODE,
    PYTHON,
    backend_of,
    background,
    nginx_under_load,
    postgres_under_load,
    redis_under_load,
)

STOPS = int(os.environ.get("SEEP_GDB_STOPS", "1000"))
RECUR = TIMEOUT  # for a stack that gdb has seen to come again
LOOKS = 3  # at what gdb keeps seeing, each as long as that
LIVES = 10  # more ones, for stacks that are of the thread that comes first
GDB_TIMEOUT = TIMEOUT + STOPS / 100

FUNCTION_BYTES = 256  # of an operator new that calls another one
REALLOC_BYTES = 4096
ALLOCATOR_FRAMES = 3  # in which realloc is, where it has called malloc
BREAKPOINTS = 4  # every stop looks through them
PREFIXES = ("depth", "frame_pointer")

Frame = tuple[str, int]
Stack = tuple[Frame, ...]


def file_of(module: str | None) -> str:
    """As the kernel calls it: seep has the name by which a program was started."""
    return os.path.basename(os.path.realpath(module)) if module else ""


def frames_of(site: dict[str, Any]) -> Stack:
    """A site's stack as gdb_stacks.py writes them: what is a frame in memory."""
    return tuple(
        (file_of(frame["module"]), frame["offset"])
        for frame in site["stack"]
        if not frame["inlined"]
    )


def entries_of(report: Report) -> list[Frame]:
    """The first instructions of the allocators that were called the most."""
    calls = Counter[Frame]()
    for site in report["sites"]:
        calls[frames_of(site)[0]] += site["allocs"]
    return [entry for entry, _ in calls.most_common(BREAKPOINTS)]


def outermost(stack: Stack, report: Report) -> Stack:
    """From the outermost allocator on: gdb may have stopped at one that another one has called."""
    entries = {frames_of(site)[0] for site in report["sites"]}

    def is_inside(frame: Frame) -> bool:
        return any(m == frame[0] and 0 < frame[1] - at < FUNCTION_BYTES for m, at in entries)

    while len(stack) > 2 and is_inside(stack[1]):
        stack = stack[1:]
    return stack


def is_of_realloc(stack: Stack, report: Report) -> bool:
    """A block that is enlarged stays at the site that has it, whoever enlarges it."""
    entries = {
        frames_of(site)[0]
        for site in report["sites"]
        if (names(site)[0] or "").startswith("realloc")
    }
    return any(
        module == entry[0] and 0 <= offset - entry[1] < REALLOC_BYTES
        for module, offset in stack[:ALLOCATOR_FRAMES]
        for entry in entries
    )


def missing_of(wanted: list[Stack], report: Report) -> list[Stack]:
    """
    What gdb saw and seep did not, but for calls of realloc. Which allocator it was may differ: gdb
    sees the one that was called last. A stack that is too deep, or for which there is no table, is
    known by its innermost part.
    """
    seen = {frames_of(site)[1:] for site in report["sites"]}
    cut = {frames_of(site)[1:] for site in report["sites"] if site["stack_end"] in PREFIXES}
    lengths = {len(stack) for stack in cut}

    def is_seen(stack: Stack) -> bool:
        return stack[1:] in seen or any(stack[1 : n + 1] in cut for n in lengths)

    return [
        stack
        for stack in wanted
        if not is_seen(stack)
        and not is_seen(outermost(stack, report))
        and not is_of_realloc(stack, report)
    ]


def explain(missing: list[Stack], report: Report) -> str:
    """Each missing stack beside the most similar one that seep saw."""

    def same(left: Stack, right: Stack) -> int:
        return next(
            (i for i, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right))
        )

    lines = [f"{len(missing)} stacks that gdb saw are not in seep's report"]
    for stack in missing[:5]:
        site = max(report["sites"], key=lambda site: same(frames_of(site), stack), default=None)
        nearest = frames_of(site) if site else ()
        equal = same(stack, nearest)
        lines.append(f"-- the first {equal} are the same; end {site and site['stack_end']}")
        for i in range(max(equal - 2, 0), min(max(len(stack), len(nearest)), equal + 8)):
            pair = [
                f"{frames[i][0]}+{frames[i][1]:#x}" if i < len(frames) else "-"
                for frames in (stack, nearest)
            ]
            lines.append(f"   {'  ' if pair[0] == pair[1] else '! '}{pair[0]:45} {pair[1]}")
    return "\n".join(lines)


def whole_of(frames: list[list[Any]]) -> Stack:
    """gdb goes on where nobody has called, below makecontext; what it makes up is in no file."""
    stack = [(module, offset) for module, offset in frames]
    return tuple(stack[: next((i for i, (module, _) in enumerate(stack) if module == "?"), None)])


def run_gdb(directory: Path, report: Report, **plan: Any) -> list[Stack]:
    """The different stacks that gdb sees at the allocators that the report names."""
    output = directory / "gdb.json"
    (directory / "plan.json").write_text(
        json.dumps(
            {
                "breakpoints": entries_of(report),
                "stops": STOPS,
                "enough": STOPS,
                "seconds": STOPS / 500,  # then with fewer, but at least one
                "output": str(output),
                **plan,
            }
        )
    )
    with open(directory / "gdb.log", "wb") as log:
        gdb = subprocess.Popen(
            ["gdb", "-nx", "-q", "-batch", "-x", str(ROOT / "tests/root/gdb_stacks.py")],
            env={**os.environ, "SEEP_GDB_PLAN": str(directory / "plan.json")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            status = gdb.wait(GDB_TIMEOUT)
        finally:
            end_process(gdb)
    text = (directory / "gdb.log").read_text(errors="replace")
    assert status == 0 and output.exists(), text
    assert "Traceback" not in text, text
    result = json.loads(output.read_text())
    assert result["stops"] > 0, text
    print(f"gdb stopped {result['stops']} times and saw {len(result['stacks'])} stacks")
    return [whole_of(stack["frames"]) for stack in result["stacks"]]


def incomplete(report: Report) -> dict[str, int]:
    """Allocations by the end of their stacks, without the whole ones."""
    return {end: n for end, n in report["unwind"].items() if n and end != "complete"}


# What is whole at least, however often a thread that holds the lock of the address space waits for a CPU:
# then stacks of the others end, and the end says "busy". How often is the machine's business.
MOSTLY = 0.8


def check_complete(report: Report, least: float, allowed: tuple[str, ...] = ()) -> None:
    """At least this share of the allocations has a whole stack, or ends as it may."""
    total = sum(report["unwind"].values())
    assert total == report["totals"]["memory"]["allocs"]
    where = Counter[str]()
    for site in report["sites"]:
        if site["stack_end"] != "complete":
            last = site["stack"][-1]
            place = f"{last['module']}+{last['offset']:#x} ({last['function']})"
            where[f"{site['stack_end']} at {place}"] += site["allocs"]
    print(f"{total} allocations, not whole: {incomplete(report)}; {where.most_common(20)}")
    partial = sum(n for end, n in incomplete(report).items() if end not in allowed)
    busy = report["unwind"]["busy"]
    assert total - partial + busy >= least * total, where.most_common(20)
    assert total - partial >= MOSTLY * total, where.most_common(20)
    assert set(losses_of(report)) <= {"unmatched_frees", "implicit_frees", "files_unnamed"}


def trace_of_load(
    seep: Callable[..., Seep], pid: int, allocs: int, jit: bool = False
) -> Report:
    """The first second of a trace, or as long as it takes to see enough."""
    trace = seep("-p", pid, "-i", "1s").attached()
    if jit:  # sites that differ in the addresses of such code only have the same id
        trace.check = lambda report: None
    wait_until(
        lambda: trace.reports() and trace.reports()[-1]["totals"]["memory"]["allocs"] >= allocs,
        "allocations",
    )
    return trace.finish()


def check_against_gdb(
    seep: Callable[..., Seep], directory: Path, pid: int, allowed: tuple[str, ...] = ()
) -> Report:
    """
    The process is at work, and its stacks recur. Those that seep does not see must be ones that gdb
    sees again: a process that gdb stops a thousand times is late, and does what it does otherwise not.
    """
    report = trace_of_load(seep, pid, 2000)
    check_complete(report, 0.999, allowed)
    missing = missing_of(run_gdb(directory, report, pid=pid), report)
    for look in range(LOOKS):
        again = seep("-p", pid, "-i", "1s", json_file=f"again-{look}.json").attached()
        with contextlib.suppress(TimeoutError):
            wait_until(
                lambda: again.reports() and not missing_of(missing, again.reports()[-1]),
                "the stacks that gdb saw",
                RECUR,
            )
        report = again.finish()
        if not (missing := missing_of(missing, report)):
            break
        seen_again = set(run_gdb(directory, report, pid=pid))
        print(f"after look {look}, {len(missing)} are missing; gdb sees {len(seen_again)} stacks")
        missing = [stack for stack in missing if stack in seen_again]
    print(f"seep saw {len(report['sites'])}; missing {len(missing)}")
    assert not missing, explain(missing, report)
    return report


def one_round(target: Fixture) -> None:
    target.go()
    target.done()


STACKS = (
    *(f"stacks_{compiler}_O{level}" for compiler in ("gcc", "clang") for level in range(4)),
    "stacks_omit_frame_pointer", "stacks_no_pie", "stacks_static", "stacks_static_pie",
    "stacks_musl",
)  # fmt: skip
RUST = ("stacks_rust_O0", "stacks_rust_O3")
ROUNDS = 10


def some_of(programs: tuple[str, ...]) -> list[Any]:
    """These, of which make check takes three."""
    taken = ("stacks_gcc_O2", "stacks_clang_O2", "stacks_musl")
    return [name if name in taken else pytest.param(name, marks=pytest.mark.long) for name in programs]


# Ends that are not failures: of the recursion that is too deep, and of code without tables (the
# stubs for indirect functions in static programs; what a jump through a table leads to in musl).
PARTIAL = {
    "stacks_static": ("depth", "frame_pointer"),
    "stacks_static_pie": ("depth", "frame_pointer"),
    "stacks_musl": ("depth", "frame_pointer"),
}


# Without tables gdb goes by what it makes of the instructions, often wrongly: not for musl.
@pytest.mark.serial
@pytest.mark.parametrize("program", some_of((*STACKS[:-1], *RUST)))
def test_stacks_of_the_test_program(program: str, start, seep, tmp_path: Path) -> None:
    target = start(program)
    with repeating(lambda: one_round(target)):
        check_against_gdb(seep, tmp_path, target.pid, PARTIAL.get(program, ("depth",)))
    assert target.quit() == 0


def made_by(report: Report, makers: set[str]) -> Counter[str]:
    """Allocations by the innermost function that the fixture counts."""
    counts = Counter[str]()
    for site in report["sites"]:
        names = [(frame["function"] or "").split("(")[0] for frame in site["stack"]]
        counts[next((name for name in names if name in makers), "")] += site["allocs"]
    return counts


# Serial: a library is gone as soon as it was used, and on a busy machine before its names were read.
@pytest.mark.serial
@pytest.mark.parametrize("program", some_of(STACKS))
def test_stacks_are_whole(program: str, start, seep) -> None:
    """From the first round on, with libraries that nobody has seen before, and at every step."""
    target = start(program, "all")
    trace = seep("-p", target.pid, "-i", "1h").attached()
    for _ in range(ROUNDS):
        target.go()
        done = target.done()
    report = trace.finish()
    assert target.quit() == 0
    made = {name: site["allocs"] for name, site in done["sites"].items()}
    for name in ("made_before_main", "made_in_static_constructor"):  # not traced
        made.pop(name, None)
    # a library without a path that was gone before anybody could open it is a loss that is told
    if "made_in_provider" in made:
        made["made_in_provider"] -= report["losses"]["files_unnamed"]
    seen = made_by(report, set(made))
    assert not {name: (seen[name], made[name]) for name in made if seen[name] < made[name]}
    assert report["unwind"]["depth"] == made["made_too_deep"]
    check_complete(report, 0.999, PARTIAL.get(program, ("depth",)))
    check_steps(report, program)


def check_steps(report: Report, program: str) -> None:
    """However the stack of a step begins, behind the function that is stepped through it is one."""
    outer = Counter[tuple[str, ...]]()
    for site in report["sites"]:
        names = [(frame["function"] or "").split("(")[0] for frame in site["stack"]]
        if "made_at_step" in names and site["stack_end"] == "complete":
            assert "stacks_of_steps" in names, names
            outer[tuple(names[names.index("stacks_of_steps") :])] += site["allocs"]
    if program in ("stacks_static", "stacks_static_pie"):
        return
    assert len(outer) == 1, outer
    assert outer.total() > 500 * ROUNDS
    if program == "stacks_musl":
        assert incomplete(report)["frame_pointer"] < 0.05 * outer.total()


@pytest.mark.serial
@pytest.mark.parametrize("program", some_of(STACKS[:-1]))
def test_stacks_of_a_whole_life(program: str, seep, tmp_path: Path) -> None:
    """From the first constructor to the last handler of exit, and the first calls of everything."""
    report = seep("-i", "1h", "--", FIXTURES / program, "once").final()
    assert report["unwind"]["depth"] == 1
    wanted = run_gdb(
        tmp_path,
        report,
        command=[str(FIXTURES / program), "once"],
        stops=10**6,
        enough=10**6,
        seconds=GDB_TIMEOUT / 2,
    )
    missing = missing_of(wanted, report)
    for life in range(LIVES):
        if not missing:
            break
        command = ("-i", "1h", "--", FIXTURES / program, "once")
        report = seep(*command, json_file=f"{life}.json").final()
        missing = missing_of(missing, report)
    print(f"seep saw {len(report['sites'])}; missing {len(missing)}")
    assert not missing, explain(missing, report)


@pytest.mark.serial
def test_redis(seep, tmp_path: Path) -> None:
    with redis_under_load(tmp_path) as server:
        check_against_gdb(seep, tmp_path, server)


@pytest.mark.long
@pytest.mark.serial
def test_python(seep, tmp_path: Path) -> None:
    with background(tmp_path, "/usr/bin/python3", "-c", PYTHON) as pid:
        check_against_gdb(seep, tmp_path, pid)


@pytest.mark.long
@pytest.mark.serial
def test_postgres(seep, tmp_path: Path) -> None:
    with postgres_under_load(tmp_path) as server:
        backend = wait_until(lambda: backend_of(server), "the connection")
        check_against_gdb(seep, tmp_path, backend)


@pytest.mark.long
@pytest.mark.serial
def test_nginx(seep, tmp_path: Path) -> None:
    with nginx_under_load(tmp_path) as master:
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        check_against_gdb(seep, tmp_path, int(children[0]))


@pytest.mark.long
def test_node(seep, tmp_path: Path) -> None:
    with background(tmp_path, "/usr/bin/node", "-e", NODE) as pid:
        check_complete(trace_of_load(seep, pid, 20000, jit=True), 0.99)


# Serial: while the other threads of a busy machine hold the lock of the address space, more stacks
# end as "busy".
@pytest.mark.long
@pytest.mark.serial
def test_java(seep, tmp_path: Path) -> None:
    """Nothing is guessed: a stack goes no further than to the first frame of HotSpot's code."""
    (tmp_path / "Load.java").write_text(JAVA)
    with background(tmp_path, "java", "-Xmx256m", tmp_path / "Load.java") as pid:
        wait_until(lambda: "READY" in (tmp_path / "java.log").read_text(), "java")
        report = trace_of_load(seep, pid, 20000, jit=True)
    check_java(report)
    check_complete(report, 0.99, ("jit",))


@pytest.mark.long
def test_launched_java(seep, tmp_path: Path) -> None:
    """The same for a virtual machine that is traced from before it is one."""
    (tmp_path / "Load.java").write_text(JAVA)
    trace = seep("-i", "1s", "--", "java", "-Xmx256m", tmp_path / "Load.java")
    trace.check = lambda report: None
    wait_until(lambda: "READY" in trace.stdout, "java")
    seen = len(wait_until(trace.reports, "a report"))
    wait_until(lambda: len(trace.reports()) > seen + 1, "reports under load")
    (java,) = {process["pid"] for process in trace.reports()[-1]["processes"]}
    report = trace.finish()
    os.kill(java, signal.SIGKILL)
    check_java(report)


def check_java(report: Report) -> None:
    print({end: count for end, count in report["unwind"].items() if count})
    assert report["unwind"]["jit"] > 0
    for site in report["sites"]:
        raw = [i for i, frame in enumerate(site["stack"]) if not frame["module"]]
        if site["stack_end"] == "complete":
            assert not raw
        elif site["stack_end"] == "jit":
            assert raw == [len(site["stack"]) - 1]
