# SPDX-License-Identifier: GPL-2.0-only
"""What seep itself needs: CPU time, memory, time to attach, for reports."""

from __future__ import annotations

import json
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from targets import BUILD, attached, cpu_seconds, program, resident_mib, trace_command


def own_cpu(events_per_s: int, interval: int, seconds: int) -> list[str]:
    """CPU time of seep while events arrive at a rate (a pair is two events)."""
    with program(BUILD / "bench/pairs") as target, tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "report.json"
        options = ("-i", f"{interval}s", "--json", str(path))
        with attached(trace_command(target.pid, *options)) as tracer:
            before, start = cpu_seconds(tracer.pid), time.monotonic()
            target.ask(f"RATE {events_per_s // 2} {seconds}")
            used, elapsed = cpu_seconds(tracer.pid) - before, time.monotonic() - start
            tracer.send_signal(signal.SIGTERM)
            tracer.wait()
            reports = [json.loads(line) for line in path.read_text().splitlines()]
        events = reports[-1]["overhead"]["events"] / elapsed
    return [f"CPU at {events:,.0f} events/s, a report every {interval} s", f"{100 * used / elapsed:.2f} %"]


def many_processes(count: int) -> Iterator[list[str]]:
    """A parent with its children, all of them traced."""
    with program(BUILD / "fixtures/preforker", str(count)) as target:
        start = time.monotonic()
        with attached(trace_command(target.pid, "--children")) as tracer:
            yield [f"from start to attached, {count + 1} processes", f"{time.monotonic() - start:.2f} s"]
            start = time.monotonic()
            tracer.send_signal(signal.SIGTERM)
            tracer.wait()
            yield [f"last report and detached, {count + 1} processes", f"{time.monotonic() - start:.2f} s"]


def sites(count: int) -> Iterator[list[str]]:
    """Memory and times with many sites."""
    with program(BUILD / "fixtures/many_sites", str(count), "14") as target:
        with tempfile.TemporaryDirectory() as directory:
            outputs = []
            for option, name in (
                ("--json", "report.json"),
                ("--folded", "out.folded"),
                ("--pprof", "out.pb.gz"),
                ("--flamegraph", "out.svg"),
            ):
                outputs += [option, str(Path(directory) / name)]
            start = time.monotonic()
            with attached(trace_command(target.pid, *outputs)) as tracer:
                yield ["from start to attached", f"{time.monotonic() - start:.2f} s"]
                target.ask("GO")
                tracer.send_signal(signal.SIGUSR1)
                while not all(Path(path).exists() for path in outputs[1::2]):
                    time.sleep(0.005)
                for text, key in (("after", "VmRSS"), ("at most in", "VmHWM")):
                    yield [
                        f"resident {text} a report in all formats, {count:,} sites",
                        f"{resident_mib(tracer.pid, key):.1f} MiB",
                    ]
                start = time.monotonic()
                tracer.send_signal(signal.SIGTERM)
                tracer.wait()
                yield [
                    f"another report and the end, {count:,} sites",
                    f"{time.monotonic() - start:.2f} s",
                ]


def last_report_alone(count: int) -> list[str]:
    """The same with the text report only and nothing looked up before."""
    with program(BUILD / "fixtures/many_sites", str(count), "14") as target:
        with attached(trace_command(target.pid)) as tracer:
            target.ask("GO")
            start = time.monotonic()
            tracer.send_signal(signal.SIGTERM)
            tracer.wait()
            return [f"first and last report, {count:,} sites, text", f"{time.monotonic() - start:.2f} s"]


def needs_table() -> list[list[str]]:
    print("What seep itself needs:\n\n| | |\n|---|---:|")
    rows = [
        own_cpu(100_000, 10, 21),
        own_cpu(100_000, 1, 8),
        *sites(10_000),
        last_report_alone(10_000),
        *many_processes(199),
    ]
    for row in rows:
        print(f"| {row[0]} | {row[1]} |")
    print()
    return rows
