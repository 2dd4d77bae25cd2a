#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures how well seep detect finds leaks in services at full speed, with its default options.

Servers and a loop of Python, saturated, of which a small part of what they do leaks; and the same
without a leak. Each run has a service of its own. Prints a table, the figures that are wanted, and
what was said where it was wrong. Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[1:1] = [
    str(Path(__file__).parents[1]),
    str(Path(__file__).parents[1] / "real"),
    str(ROOT / "tests/root"),
]

from cases import CASES, Case, Run, run  # noqa: E402
from goals import Goals  # noqa: E402
from harness import BUILD  # noqa: E402
from judged import Share  # noqa: E402

RUNS = 10
FOUND = 0.9


def chosen(text: str) -> list[Case]:
    known = {case.name: case for case in CASES}
    names = text.split(",")
    if unknown := set(names) - set(known):
        raise argparse.ArgumentTypeError(
            f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(known)}"
        )
    return [known[name] for name in names]


def times(runs: list[Run]) -> str:
    """Of those in which the leak was found."""
    seconds = [one.seconds for one in runs if one.right]
    if not seconds or not runs[0].case.function:
        return ""
    return f"{statistics.median(seconds):.0f} ({min(seconds):.0f} to {max(seconds):.0f})"


def print_table(results: dict[str, list[Run]]) -> None:
    print("\n| service | leaks at | runs | right | seconds (smallest to largest) | outcomes ", end="")
    print("| operations/s |")
    print("|---|---|---:|---:|---:|---|---:|")
    for name, runs in results.items():
        outcomes = [one.answer.outcome for one in runs]
        counts = ", ".join(f"{outcomes.count(word)} {word}" for word in dict.fromkeys(outcomes))
        print(
            f"| {name} | {runs[0].case.function or '-'} | {len(runs)} "
            f"| {sum(one.right for one in runs)} | {times(runs)} | {counts} "
            f"| {statistics.median(one.per_second for one in runs):,.0f} |"
        )
    print()


def print_goals(results: dict[str, list[Run]], goals: Goals) -> None:
    for name, runs in results.items():
        share, case = Share(), runs[0].case
        for one in runs:
            share.add(one.right)
        if case.function:
            goals.share(f"{name}: found in {case.limit_s:.0f} s at its function", share, FOUND)
        else:
            goals.share(f"{name}: no false alarm in {case.limit_s:.0f} s", share, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each case (default {RUNS})")
    parser.add_argument(
        "--cases", type=chosen, default=[case for case in CASES if case.wanted],
        help=f"of {', '.join(case.name for case in CASES)}; default: "
        f"{', '.join(case.name for case in CASES if case.wanted)}",
    )  # fmt: skip
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", "env", f"BUILD={BUILD}", sys.executable, *sys.argv])
    results: dict[str, list[Run]] = {case.name: [] for case in arguments.cases}
    for number in range(arguments.runs):
        for case in arguments.cases:
            done = run(case, number + 1)
            results[case.name].append(done)
            print(f"{case.name}, run {number + 1}: {done}", flush=True)
    goals = Goals()
    print_table(results)
    print_goals(results, goals)
    for goal in goals.missed:
        print(f"accuracy: missed: {goal}", file=sys.stderr)
    return 1 if goals.missed else 0


sys.exit(main())
