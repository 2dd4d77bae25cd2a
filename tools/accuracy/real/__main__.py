#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures how often seep detect is right about real programs, each with a truth that is known.

Programs of tests/real and servers of the distribution, several at once: they mostly sleep. Prints
a table, the confusion matrix of outcomes, the figures that are wanted, and what is wrong with the
reason that seep gives. What the machine has no compiler or package for is not run, and counted.
Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(ROOT / "tests/root"))

from answers import Answer  # noqa: E402
from build import Missing, command_of  # noqa: E402
from figures import print_confusion, print_figures, print_table, print_wrong  # noqa: E402
from goals import Goals  # noqa: E402
from harness import BUILD  # noqa: E402
from programs import PROGRAMS, Program  # noqa: E402
from running import Run, run  # noqa: E402

LIMIT_S = 90
JOBS_PER_CPU = 4


def chosen(names: str | None) -> list[Program]:
    if not names:
        return list(PROGRAMS)
    known = {program.name: program for program in PROGRAMS}
    wanted = names.split(",")
    if unknown := set(wanted) - set(known):
        raise SystemExit(
            f"accuracy: no such program: {', '.join(sorted(unknown))}; there are {', '.join(known)}"
        )
    return [known[name] for name in wanted]


def build_all(programs: list[Program]) -> tuple[list[Program], list[str]]:
    """Those that can run, and why the others cannot."""
    able, missing = [], []
    for program in programs:
        try:
            command_of(program)
            able.append(program)
        except Missing as error:
            missing.append(f"{program.name}: {error}")
    return able, missing


def run_all(programs: list[Program], jobs: int, limit_s: float) -> list[Run]:

    def one(program: Program) -> Run:
        try:
            done = run(program, limit_s)
        except Exception as error:  # the others go on
            done = Run(program, Answer("failed"), 0, message=f"{type(error).__name__}: {error}")
        print(
            f"{program.name}: {done.answer.outcome} after {done.seconds:.0f} s"
            f"{', ' + done.wrong if done.wrong else ''}",
            flush=True,
        )
        return done

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, programs))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", help="only these, separated by commas")
    parser.add_argument("--list", action="store_true", help="names and truths of all, and no run")
    parser.add_argument(
        "--jobs", type=int, default=JOBS_PER_CPU * (os.cpu_count() or 1),
        help="programs at once (default: four per CPU)",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", type=float, default=LIMIT_S, help=f"for each at most (default {LIMIT_S})"
    )
    arguments = parser.parse_args()
    programs = chosen(arguments.programs)
    if arguments.list:
        for program in programs:
            print(f"{program.name:<24} {program.truth:<8} {' or '.join(program.functions)}")
        return 0
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", "env", f"BUILD={BUILD}", sys.executable, *sys.argv])
    able, missing = build_all(programs)
    runs = run_all(able, arguments.jobs, arguments.seconds)
    goals = Goals()
    print_table(runs)
    print_confusion(runs)
    print_figures(runs, goals)
    print(f"{len(runs)} programs run, {len(missing)} not run")
    for why in missing:
        print(f"not run: {why}")
    print_wrong(runs)
    for goal in goals.missed:
        print(f"accuracy: missed: {goal}", file=sys.stderr)
    return 1 if goals.missed else 0


sys.exit(main())
