#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures how often verdicts are right, on programs that run.

Every pattern of seep simulate, with several seeds and at several speeds, all of them under one trace;
then servers without leaks at work; and how soon an obvious leak is called one, and a hidden one. Prints
a confusion matrix and what there is to say of numbers, and every mistake. Exit status 1: a goal is missed.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/root"))
sys.path.insert(0, str(Path(__file__).parent))

from goals import Goals  # noqa: E402
from harness import BUILD  # noqa: E402
from innocent import INNOCENT  # noqa: E402
from judged import Tally, Truth, count_server  # noqa: E402
from promptness import CASES, measure  # noqa: E402
from simulations import OPTIONS, SCALES, Simulation, listed  # noqa: E402
from watch import Trace  # noqa: E402

CLASSES = ("leak", "growth", "cache", "burst", "steady", "warming-up", "unknown")

# Roughly, of the whole: what the leaks take that are called as soon as possible, and a round of
# simulations: a leak among objects that live for 40 s shows after 270 s. The servers have a quarter.
HURRY_S = 180
ROUND_S = 290
SERVE_S = 180


def simulate(
    number: int, seconds: float, patterns: list[str], tally: Tally, options: list[str]
) -> None:
    """One round: every pattern at every speed."""
    with ExitStack() as stack:
        simulations = []
        for place, scale in enumerate(SCALES[number % len(SCALES)]):
            for pattern in patterns:
                simulation = Simulation(pattern, scale, 2 * number + place)
                stack.callback(simulation.end)
                simulations.append(simulation)
        trace = Trace([simulation.pid for simulation in simulations], *options)
        stack.callback(trace.end)
        trace.attached()
        for simulation in simulations:
            simulation.begin()
        time.sleep(seconds)
        for simulation in simulations:
            simulation.look()
        last = trace.finish()
        for simulation in simulations:
            simulation.finish()
        late = max(one.end_event.get("late_s", 0) for one in simulations)
        print(
            f"round {number + 1}: {len(simulations)} processes for {last['elapsed_s']:.0f} s, "
            f"{last['overhead']['events'] / last['elapsed_s']:,.0f} events/s, "
            f"{len(trace.sites)} sites, late by {late:.1f} s at most, losses: {trace.losses() or 'none'}",
            flush=True,
        )
        for simulation in simulations:
            Truth(simulation, trace, tally).count()


def serve(seconds: float, tally: Tally, options: list[str]) -> None:
    """Servers under load, all at once."""
    with ExitStack() as stack:
        running = {}
        for number, (name, start) in enumerate(INNOCENT.items()):
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory())) / str(number)
            directory.mkdir()
            running[name] = stack.enter_context(start(directory))
        trace = Trace(running.values(), "--children", *options)
        stack.callback(trace.end)
        trace.attached()
        time.sleep(seconds)
        last = trace.finish()
        print(
            f"servers: {', '.join(running)} with {len(last['processes'])} processes for "
            f"{last['elapsed_s']:.0f} s, {last['overhead']['events'] / last['elapsed_s']:,.0f} events/s, "
            f"{len(trace.sites)} sites, losses: {trace.losses() or 'none'}",
            flush=True,
        )
        for process in {process["pid"]: process for process in last["processes"]}.values():
            count_server(process["comm"], [process["pid"]], trace, tally)


def print_confusion(tally: Tally) -> None:
    print("\nTrue class (row) and verdict (column), by function; \"no leak\": all other sites.\n")
    print("| | " + " | ".join(CLASSES) + " |")
    print("|---|" + "---:|" * len(CLASSES))
    for row in ("leak", "growth", "cache", "burst", "steady", "warming-up", "no leak"):
        print(f"| {row} | " + " | ".join(str(tally.confusion[row, column]) for column in CLASSES) + " |")
    print()


def print_shares(tally: Tally, goals: Goals) -> None:
    goals.share("leaks found", tally.found, 0.99)
    goals.share("exact site first", tally.first, 1)
    goals.share("... and the kind that is meant", tally.first_kind, None)
    goals.share("sites without a false alarm, at the end", tally.quiet_sites, 0.99)
    goals.share("... and at any time", tally.quiet_sites_ever, 0.99)
    goals.share("processes without a false alarm, at the end", tally.quiet_processes, 0.99)
    goals.share("... and at any time", tally.quiet_processes_ever, 0.99)
    goals.share("other classes right", tally.classes, 0.99)
    goals.share("patterns right", tally.patterns, 0.95)
    goals.share("fragmentation told", tally.fragmentation, None)
    goals.share("true rates in their intervals", tally.rates, 0.95)
    goals.share("true fractions in their intervals", tally.fractions, 0.95)
    goals.share("times to the limit within 20 %", tally.etas, 0.95)
    goals.share("... of what doubles again and again", tally.etas_accelerating, None)


def hurry(goals: Goals, options: list[str]) -> None:
    for case in CASES:
        for seed in range(1, case.rounds + 1):
            seconds, exact, said = measure(case, seed, *options)
            goals.time(f"{case.name} is called a leak after", seconds, case.limit_s, exact)
            if math.isinf(seconds) or not exact:
                print(said)
            sys.stdout.flush()


def plan(minutes: float) -> tuple[int, float, float]:
    """Rounds of simulations, the seconds of one, and those of the servers."""
    serve_s = 60 * minutes / 4
    left_s = 60 * minutes - serve_s - HURRY_S
    rounds = max(1, round(left_s / ROUND_S))
    return rounds, max(ROUND_S, left_s / rounds), max(SERVE_S, serve_s)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=17, help="that it may take, about (default 17)")
    parser.add_argument("--patterns", help="only these, separated by commas")
    parser.add_argument("--only", choices=("simulate", "serve", "hurry"), help="one of the three")
    parser.add_argument("--max-overhead", help="of seep (default: its own default)")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", "env", f"BUILD={BUILD}", sys.executable, *sys.argv])
    if set(listed()) != set(OPTIONS):
        raise SystemExit(f"accuracy: patterns without options: {set(listed()) ^ set(OPTIONS)}")
    patterns = arguments.patterns.split(",") if arguments.patterns else list(OPTIONS)
    rounds, simulate_s, serve_s = plan(arguments.minutes)
    options = ["--max-overhead", arguments.max_overhead] if arguments.max_overhead else []
    tally, goals = Tally(), Goals()
    if arguments.only in (None, "hurry"):
        hurry(goals, options)
    if arguments.only in (None, "simulate"):
        for number in range(rounds):
            simulate(number, simulate_s, patterns, tally, options)
    if arguments.only in (None, "serve"):
        serve(serve_s, tally, options)
    print_confusion(tally)
    print_shares(tally, goals)
    for mistake in tally.mistakes:
        print(f"mistake: {mistake}")
    for goal in goals.missed:
        print(f"accuracy: missed: {goal}", file=sys.stderr)
    return 1 if goals.missed else 0


sys.exit(main())
