# SPDX-License-Identifier: GPL-2.0-only
"""What captures and HTML reports cost."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from targets import BUILD, SEEP


def capture(percent: int, hours: int, interval: int) -> list[str]:
    """An hour or more of a trace with 1,000 sites, written to a capture, and read again."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        result = subprocess.run(
            [BUILD / "bench/captures", Path(directory) / "capture.seep", "1000", str(percent)]
            + [str(hours * 3600), str(interval)],
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(result.stdout)
        start = time.monotonic()
        subprocess.run(
            [SEEP, "report", Path(directory) / "capture.seep", "--format", "html"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        found["html_ms"] = 1000 * (time.monotonic() - start)
    return [
        f"{hours} h at {interval} s, {percent} % of the sites change",
        f"{found['bytes'] / 1e6:.1f} MB",
        f"{found['snapshots']}",
        *(
            f"{found[key]:.1f} ms"
            for key in ("write_cpu_ms", "write_ms", "write_longest_ms", "open_ms", "load_last_ms", "load_middle_ms", "html_ms")
        ),
    ]


def captures_table() -> list[list[str]]:
    print("Captures with 1,000 sites; a snapshot is written with what there is to do after it:\n")
    print("| | size | snapshots left | CPU per snapshot | time | longest | open | load the last | load one in the middle | seep report to HTML |")
    print("|---|" + "---:|" * 9)
    rows = [capture(*what) for what in ((5, 1, 1), (100, 1, 1), (5, 24, 10))]
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()
    return rows


def html_table(rounds: int) -> dict[str, list[float]]:
    """The HTML report of an hour at a point per second, without looking names up."""
    print(f"HTML report of an hour, 3,600 points for each site; medians of {rounds}:\n")
    print("| sites | ms of CPU time | size |")
    print("|---:|---:|---:|")
    results: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as directory:
        for count in (1000, 10_000):
            command = [str(BUILD / "bench/render_html"), str(count), "3600", f"{directory}/report.html"]
            said = [
                json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
                for _ in range(rounds)
            ]
            results[f"{count} sites, ms"] = [one["render_ms"] for one in said]
            middle = statistics.median(results[f"{count} sites, ms"])
            print(f"| {count:,} | {middle:.0f} | {said[0]['bytes'] / 2**20:.1f} MiB |")
    print()
    return results
