#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures what tracing costs, and prints tables in Markdown.

What is compared takes turns within one run, several times, on the same process; what counts are the
medians and their ratios, for the absolute figures are this machine's. The parts:

  pairs      one malloc and free below 12 frames: without a probe, with empty probes, in full
  depths     the same at several depths, in several threads
  variants   the ways to attach, and the places of probes
  returns    the ways to see the return of a function
  unwind     stacks that have to be unwound by tables
  calls      system calls, while descriptors or mappings are traced
  services   servers, loops and compilers at full speed: without seep, with its budget, in full
  peers      other tools that look for leaks, on the same work
  objects    millions of live blocks: the time for a report, and the memory of each
  captures   a capture: its size, and the time that it takes
  html       HTML reports
  seep       what seep itself needs: CPU time, memory, time to attach and for reports
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT / "tests/root"), str(ROOT / "tests/kernels")]

import calls  # noqa: E402
from objects import objects_table  # noqa: E402
from own import needs_table  # noqa: E402
from peers import peers_table  # noqa: E402
from slowdown import LOADS, services_table  # noqa: E402
from targets import BUILD, SEEP, has_budget  # noqa: E402
from written import captures_table, html_table  # noqa: E402

Arguments = argparse.Namespace

PARTS: dict[str, Callable[[Arguments], Any]] = {
    "pairs": lambda said: calls.pairs_table(said.rounds or 7, said.pairs),
    "depths": lambda said: calls.depths_table(said.rounds or 7, said.pairs),
    "variants": lambda said: calls.variants_table(said.rounds or 7, said.pairs),
    "returns": lambda said: calls.returns_table(said.rounds or 7, said.pairs // 4),
    "unwind": lambda said: calls.unwind_table(said.rounds or 7, said.pairs),
    "calls": lambda said: calls.calls_table(said.rounds or 7, said.pairs),
    "services": lambda said: services_table(said.rounds or 5, said.seconds, said.loads),
    "peers": lambda said: peers_table(said.rounds or 5, said.seconds / 2),
    "objects": lambda said: objects_table(),
    "captures": lambda said: captures_table(),
    "html": lambda said: html_table(said.rounds or 7),
    "seep": lambda said: needs_table(),
}


def machine() -> dict[str, Any]:
    return {"kernel": platform.release(), "cpus": os.cpu_count(), "budget": has_budget()}


def loads(text: str) -> list[str]:
    chosen = text.split(",")
    if unknown := set(chosen) - set(LOADS):
        raise argparse.ArgumentTypeError(
            f"no such load: {', '.join(unknown)}; there are {', '.join(LOADS)}"
        )
    return chosen


def read_arguments() -> Arguments:
    parser = argparse.ArgumentParser(
        prog="tools/bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=PARTS, help="one of the parts")
    parser.add_argument("--json", metavar="FILE", type=Path, help="the figures of every round")
    parser.add_argument("--rounds", type=int, help="turns (default 7; of services and peers 5)")
    parser.add_argument("--pairs", type=int, default=200_000, help="per turn (default 200,000)")
    parser.add_argument(
        "--seconds", type=float, default=10, help="for each turn of a service (default 10)"
    )
    parser.add_argument(
        "--loads", type=loads, default=[], help="of the services only these, separated by commas"
    )
    return parser.parse_args()


def main() -> None:
    said = read_arguments()
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", "env", f"BUILD={BUILD}", sys.executable, *sys.argv])
    if not SEEP.exists():
        raise SystemExit(f"bench: {SEEP} is not built")
    results: dict[str, Any] = {"machine": machine()}
    for name, part in PARTS.items():
        if said.only in (None, name):
            results[name] = part(said)
            sys.stdout.flush()
        if said.json:
            said.json.write_text(json.dumps(results, indent=1) + "\n")


main()
