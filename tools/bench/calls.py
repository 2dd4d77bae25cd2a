# SPDX-License-Identifier: GPL-2.0-only
"""What one call costs: malloc and free in many ways, and system calls."""

from __future__ import annotations

import os
import shlex
import statistics

from targets import BUILD, SEEP, Program, attached, in_full, program, trace_command

# Of each way to do it, what it took in each round, in nanoseconds.
Raw = dict[str, list[float]]

# Attaches empty programs to malloc and free of a process, says a line once they are in place, and
# keeps them until it is ended.
EMPTY_PROBES = os.environ.get("EMPTY_PROBES", f"{shlex.quote(str(BUILD))}/bench/empty_probes {{pid}}")

SAMPLE = "512K"
SAMPLED = f"one block in {SAMPLE}"

JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"

# What is done, how its return is seen, options, and what is preloaded.
RETURNS: list[tuple[str, str, tuple[str, ...], str]] = [
    ("malloc", "return probe", (), ""),
    ("new", "passes on what malloc made", (), ""),
    ("new", "jemalloc's own: return instructions", (), JEMALLOC),
    ("new", "jemalloc's own: return probe", ("_Znwm:size=arg1,ret=ptr,via=retprobe",), JEMALLOC),
    ("pool", "return instructions", ("pool_get:size=arg1,ret=ptr",), ""),
    ("pool", "return probe", ("pool_get:size=arg1,ret=ptr,via=retprobe",), ""),
]


def pairs_table(rounds: int, pairs: int) -> Raw:
    """Without, empty, full and sampled in turns on one process."""
    ways = ("no probe", "empty probes", "full tracing", SAMPLED)
    results: dict[str, list[float]] = {way: [] for way in ways}
    with program(BUILD / "bench/pairs") as target:
        empty = shlex.split(EMPTY_PROBES.format(pid=target.pid))
        target.ask(f"RUN {pairs}")  # warms up
        for _ in range(rounds):
            results["no probe"].append(float(target.ask(f"RUN {pairs * 10}")))
            with attached(empty, "stdout"):
                results["empty probes"].append(float(target.ask(f"RUN {pairs}")))
            with attached(trace_command(target.pid)):
                results["full tracing"].append(float(target.ask(f"RUN {pairs}")))
            with attached(trace_command(target.pid, "--sample", SAMPLE)):
                results[SAMPLED].append(float(target.ask(f"RUN {pairs}")))
    base = statistics.median(results["empty probes"])
    print(f"One malloc and free, 12 frames, one thread; medians of {rounds} rounds in turns:\n")
    print("| | ns per pair | smallest to largest | of empty probes |")
    print("|---|---:|---:|---:|")
    for name, values in results.items():
        middle = statistics.median(values)
        extent = f"{min(values):.0f} to {max(values):.0f}"
        print(f"| {name} | {middle:.0f} | {extent} | {middle / base:.2f} |")
    saved = [
        (full - some) / (full - none)
        for none, full, some in zip(results["no probe"], results["full tracing"], results[SAMPLED])
    ]
    print(f"\nOf what probes cost, sampling saves {100 * statistics.median(saved):.0f} %.\n")
    return results


def depths_table(rounds: int, pairs: int) -> Raw:
    """Stacks of several depths in several threads: without, empty and full in turns."""
    cases = [(depth, threads) for depth in (5, 12, 40) for threads in (1, 2, 4)]
    results: Raw = {}
    with program(BUILD / "bench/pairs") as target:
        empty = shlex.split(EMPTY_PROBES.format(pid=target.pid))

        def measure(way: str) -> None:
            for depth, threads in cases:
                key = f"{depth} frames, {threads} threads, {way}"
                taken = float(target.ask(f"RUN {pairs // threads} {depth} {threads}"))
                results.setdefault(key, []).append(taken)

        for _ in range(rounds):
            measure("no probe")
            with attached(empty, "stdout"):
                measure("empty probes")
            with attached(trace_command(target.pid)):
                measure("full tracing")
    print(f"One malloc and free, ns for each thread; medians of {rounds} rounds in turns:\n")
    print("| frames | threads | no probe | empty probes | full tracing | of empty probes |")
    print("|---:|---:|---:|---:|---:|---:|")
    for depth, threads in cases:
        none, base, full = (
            statistics.median(results[f"{depth} frames, {threads} threads, {way}"])
            for way in ("no probe", "empty probes", "full tracing")
        )
        print(f"| {depth} | {threads} | {none:.0f} | {base:.0f} | {full:.0f} | {full / base:.2f} |")
    print()
    return results


def variants_table(rounds: int, pairs: int) -> Raw:
    """Ways to attach, and places to probe, in turns on one process."""
    options: dict[str, tuple[str, ...]] = {
        "session": ("--attach", "session"),
        "multi": ("--attach", "multi"),
        "perf": ("--attach", "perf"),
        "whole machine (-a), session": (),
        "session, at the first instruction": ("--attach", "session", "--unplaced"),
    }
    results: dict[str, list[float]] = {name: [] for name in options}
    with program(BUILD / "bench/pairs") as target:
        for _ in range(rounds):
            for name, words in options.items():
                scope = ["-a"] if "-a" in name else ["-p", str(target.pid)]
                with attached([str(SEEP), "trace", *scope, *in_full(), *words]):
                    target.ask(f"RUN {pairs // 10}")  # warms up
                    results[name].append(float(target.ask(f"RUN {pairs}")))
    base = statistics.median(results["session"])
    print(f"Full tracing by ways to attach and by places; medians of {rounds} rounds in turns:\n")
    print("| | ns per pair | of session |")
    print("|---|---:|---:|")
    for name, values in results.items():
        middle = statistics.median(values)
        print(f"| {name} | {middle:.0f} | {middle / base:.2f} |")
    print()
    return results


def unwind_table(rounds: int, pairs: int) -> Raw:
    """What a stack costs without frame pointers: tracing whole stacks against tracing one frame."""
    depths = (6, 18, 66)
    alone: list[float] = []
    whole: dict[int, list[float]] = {depth: [] for depth in depths}
    with program(BUILD / "bench/pairs_no_fp") as target:
        for _ in range(rounds):
            with attached(trace_command(target.pid, "--stack-depth", "1")):
                target.ask(f"RUN {pairs // 10} {depths[1]}")
                alone.append(float(target.ask(f"RUN {pairs} {depths[1]}")))
            with attached(trace_command(target.pid)):
                for depth in depths:
                    target.ask(f"RUN {pairs // 10} {depth}")
                    whole[depth].append(float(target.ask(f"RUN {pairs} {depth}")))
    base = statistics.median(alone)
    print("Unwinding by tables, no frame pointers:\n")
    print("| frames | ns per stack | ns per frame |")
    print("|---:|---:|---:|")
    costs = {depth: statistics.median(whole[depth]) - base for depth in depths}
    for depth, cost in costs.items():
        print(f"| {depth} | {cost:.0f} | {cost / depth:.0f} |")
    slope = (costs[depths[-1]] - costs[depths[0]]) / (depths[-1] - depths[0])
    print(f"\nEach further frame: {slope:.0f} ns.\n")
    return {"1 frame alone": alone} | {f"{depth} frames": whole[depth] for depth in depths}


def returns_table(rounds: int, pairs: int) -> Raw:
    """The safe ways to see a return against the return probe, which not every function can bear."""
    results: list[list[float]] = [[] for _ in RETURNS]
    for _ in range(rounds):
        for number, (kind, _, functions, preload) in enumerate(RETURNS):
            options = [word for function in functions for word in ("--alloc", function)]
            options += ["--free", "pool_put:ptr=arg1"] if kind == "pool" else []
            command = ["env", f"LD_PRELOAD={preload}", BUILD / "bench/returns"]
            with program(*command) as target:
                target.ask(f"RUN {kind} {pairs}")  # warms up
                with attached(trace_command(target.pid, *options)):
                    results[number].append(float(target.ask(f"RUN {kind} {pairs // 4}")))
    base = statistics.median(results[0])
    print(f"Pairs by how the return of the allocating function is seen; medians of {rounds} rounds in turns:\n")
    print("| | its return is seen by | ns per pair | of malloc |")
    print("|---|---|---:|---:|")
    for (kind, way, _, _), values in zip(RETURNS, results):
        middle = statistics.median(values)
        print(f"| {kind} | {way} | {middle:.0f} | {middle / base:.2f} |")
    print()
    return {f"{kind}, {way}": values for (kind, way, _, _), values in zip(RETURNS, results)}


def calls_table(rounds: int, calls: int) -> Raw:
    """Kinds that the kernel makes: in a traced process, and in one that only shares the machine."""
    kinds = ("fd", "mapping")
    works = {
        "OPEN": "open and close",
        "MMAP": "mmap and munmap",
        "GETPID": "getpid",
        "COMPUTE": "no system call",
    }
    columns = ["not traced", *kinds]
    results: dict[tuple[str, str, str], list[float]] = {}

    def measure(column: str, target: Program, stranger: Program) -> None:
        for who, runner in (("traced", target), ("beside it", stranger)):
            for work in works:
                value = float(runner.ask(f"{work} {calls}"))
                results.setdefault((who, work, column), []).append(value)

    with program(BUILD / "bench/calls") as target, program(BUILD / "bench/calls") as stranger:
        for _ in range(rounds):
            measure("not traced", target, stranger)
            for kind in kinds:
                with attached(trace_command(target.pid, "-k", kind)):
                    measure(kind, target, stranger)
    print(f"System calls, in ns and of those without a trace; medians of {rounds} rounds in turns:\n")
    print("| process | work | " + " | ".join(columns) + " |")
    print("|---|---|" + "---:|" * len(columns))
    for who in ("traced", "beside it"):
        for work, text in works.items():
            base = statistics.median(results[who, work, "not traced"])
            cells = [f"{base:.0f}"]
            for kind in kinds:
                value = statistics.median(results[who, work, kind])
                cells.append(f"{value:.0f} ({value / base:.2f})")
            print(f"| {who} | {text} | " + " | ".join(cells) + " |")
    print()
    return {", ".join(key): values for key, values in results.items()}
