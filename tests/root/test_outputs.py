# SPDX-License-Identifier: GPL-2.0-only
"""Options, files and formats of seep trace."""

from __future__ import annotations

import gzip
import json
import re
import signal
import time
from pathlib import Path

import pytest
from formats import (
    check_flame_graph,
    folded_total,
    pprof_raw,
    pprof_top_total,
    read_folded,
    validate_schema,
)
from harness import again_until, assert_exact, check_report, counts_of, losses_of, wait_until

METRICS = {
    "live-bytes": ("live_bytes", "inuse_space"),
    "live-objects": ("live_objects", "inuse_objects"),
    "alloc-bytes": ("alloc_bytes", "alloc_space"),
    "alloc-objects": ("allocs", "alloc_objects"),
}


@pytest.mark.serial
def test_duration_and_interval(start, seep) -> None:
    """Never shorter or more often; and on time where the machine has the time, of which it gets more."""
    counts = []

    def run(number: int) -> None:
        duration_ms, interval_ms = 1000 << number, 300 << number
        target = start("bulk")
        options = ("-d", f"{duration_ms}ms", "-i", f"{interval_ms}ms")
        begin = time.monotonic()
        trace = seep("-p", target.pid, *options, json_file=f"{number}.json").attached()
        target.go()
        done = target.done()
        in_time = time.monotonic() - begin < duration_ms / 1000
        report = trace.final()
        assert time.monotonic() - begin >= duration_ms / 1000
        assert "final" in trace.stdout.lower()
        if in_time:
            assert_exact(report, done)
        counts.append(len(trace.reports()))

    again_until(lambda: counts[-1] == 4, run, "reports at 0.3, 0.6, 0.9 of the time and the end")
    assert max(counts) == 4


def test_report_on_request(start, seep) -> None:
    target = start("bulk", "100", "10", "2")
    trace = seep("-p", target.pid).attached()
    first = trace.report_now()
    assert first["totals"]["memory"]["allocs"] == 0
    target.go()
    done = target.done()
    second = trace.report_now()
    assert_exact(second, done)
    assert (first["final"], second["final"]) == (False, False)
    trace.finish()


def test_charts_of_a_running_trace(start, seep, tmp_path: Path) -> None:
    """The page of a trace has the course of it, up to now, without a capture."""
    target = start("bulk", "100", "10", "2")
    path = tmp_path / "report.html"
    trace = seep("-p", target.pid, "--html", path).attached()
    trace.report_now()
    target.go()
    target.done()
    trace.report_now()
    report = trace.finish()
    found = re.search(r'id="data">(.*?)</script>', path.read_text(), re.DOTALL)
    assert found
    data = json.loads(found[1])
    live = data["courses"]["totals"]["memory"]
    # Differences of milliseconds, bytes and objects: nothing, then what it has now.
    assert live[1:3] == [0, 0]
    assert len(live) >= 6
    assert sum(live[1::3]) == report["totals"]["memory"]["live_bytes"] > 0
    assert sum(live[2::3]) == report["totals"]["memory"]["live_objects"]
    for site, course in zip(data["sites"], data["courses"]["sites"]):
        row = dict(zip(data["site_columns"], site))
        assert sum(course[1::3]) == row["live_bytes"]
    assert [course[1] > 0 for course in data["courses"]["resident"]] == [True]


@pytest.mark.serial
@pytest.mark.parametrize("metric", METRICS)
def test_metrics(start, seep, tmp_path: Path, metric: str) -> None:
    """Each format gives the total of the JSON report, whichever measure it shows."""
    target = start("sizes")
    folded, graph, profile = tmp_path / "f", tmp_path / "f.svg", tmp_path / "f.pb.gz"
    trace = seep(
        "-p", target.pid, "--metric", metric,
        "--folded", folded, "--flamegraph", graph, "--pprof", profile,
    ).attached()  # fmt: skip
    target.go()
    done = target.done()
    report = trace.finish()
    assert_exact(report, done)
    key, sample_type = METRICS[metric]
    total = report["totals"]["memory"][key]
    stacks = read_folded(folded)
    assert sum(stacks.values()) == total
    small = next(value for stack, value in stacks.items() if "made_small" in stack)
    expected = {
        "live-bytes": 2000, "live-objects": 20, "alloc-bytes": 3000, "alloc-objects": 30,
    }  # fmt: skip
    assert small == expected[metric]
    for stack in stacks:
        assert stack[0] == "sizes" and stack[-1] == "malloc"
    assert pprof_raw(profile)[sample_type] == total
    assert pprof_top_total(profile, sample_type) == total
    check_flame_graph(graph, ["made_small", "made_large", "main"])


def test_several_processes_in_folded_stacks(start, seep, tmp_path: Path) -> None:
    first, second = start("bulk", "10"), start("sizes")
    folded = tmp_path / "folded"
    trace = seep("-p", f"{first.pid},{second.pid}", "--folded", folded).attached()
    for target in (first, second):
        target.go()
        target.done()
    report = trace.finish()
    roots = {stack[0] for stack in read_folded(folded)}
    assert roots == {f"bulk-{first.pid}", f"sizes-{second.pid}"}
    assert folded_total(folded) == report["totals"]["memory"]["live_bytes"]


def test_time_stamped_files(start, seep, tmp_path: Path) -> None:
    """With %t every interval has a file of its own."""
    target = start("bulk")
    trace = seep(
        "-p", target.pid, "-i", "300ms", "--folded", tmp_path / "out-%t.folded"
    ).attached()
    target.go()
    target.done()
    wait_until(lambda: len(list(tmp_path.glob("out-*"))) >= 2, "two files")
    trace.finish()
    files = sorted(tmp_path.glob("out-*"))
    assert len(files) == len(trace.reports())
    for file in files:
        assert re.fullmatch(r"out-\d{4}-?\d\d-?\d\dT\d\d[:-]?\d\d[:-]?\d\d.*Z\.folded", file.name)
    assert folded_total(files[-1]) > 0


def test_files_are_replaced_whole(start, seep, tmp_path: Path) -> None:
    """A reader never sees half a file, and nothing temporary is left."""
    target = start("many_sites", "500", "10")
    folded = tmp_path / "folded"
    trace = seep("-p", target.pid, "-i", "100ms", "--folded", folded).attached()
    target.go()
    done = target.done()
    wait_until(folded.exists, "the first file")
    versions = set()

    def read() -> bool:
        for _ in range(100):
            text = folded.read_text()
            assert not text or text.endswith("\n")
            versions.add(folded.stat().st_mtime_ns)
        return len(versions) > 10

    wait_until(read, "ten more files")
    assert_exact(trace.finish(), done)
    assert {path.name for path in tmp_path.iterdir()} == {"folded", "report.json", "stdout"}


def test_json_lines_on_standard_output(start, seep) -> None:
    target = start("bulk", "100", "10", "2")
    trace = seep("-q", "-p", target.pid, "--json", "-", "-i", "200ms", json_file=None)
    wait_until(lambda: trace.stdout, "the first report")
    target.go()
    done = target.done()
    trace.process.terminate()
    assert trace.wait() == 0
    reports = [json.loads(line) for line in trace.stdout.splitlines()]
    for report in reports:
        check_report(report)
    assert_exact(reports[-1], done)
    assert reports[-1]["final"] is True
    assert trace.stderr == ""


@pytest.mark.parametrize("option", ["--folded", "--pprof", "--flamegraph"])
def test_formats_on_standard_output(start, seep, tmp_path: Path, option: str) -> None:
    target = start("sizes")
    trace = seep("-p", target.pid, option, "-").attached()
    target.go()
    target.done()
    report = trace.finish()
    live_bytes = report["totals"]["memory"]["live_bytes"]
    if option == "--folded":
        assert folded_total(trace.stdout_path) == live_bytes
    elif option == "--pprof":
        gzip.decompress(trace.stdout_path.read_bytes())
        assert pprof_raw(trace.stdout_path)["inuse_space"] == live_bytes
    else:
        check_flame_graph(trace.stdout_path, ["made_small"])


def test_quiet(start, seep) -> None:
    """Nothing but the files that were asked for."""
    target = start("bulk")
    trace = seep("-q", "-p", target.pid, "-i", "100ms")
    wait_until(lambda: len(trace.reports()) >= 4, "four reports")
    trace.finish()
    assert trace.stderr == ""
    assert trace.stdout == ""


def test_text_report(start, seep) -> None:
    target = start("sizes")
    trace = seep("-p", target.pid).attached()
    target.go()
    target.done()
    trace.finish()
    text = trace.stdout
    lines = text.splitlines()
    assert max(len(line) for line in lines) <= 100
    assert not any(line != line.rstrip() for line in lines)
    assert "\x1b" not in text, "colours into a file"
    for word in ("made_large", "made_middle", "made_small", "sizes.c:", "malloc", "%"):
        assert word in text
    assert text.index("made_large") < text.index("made_middle") < text.index("made_small")
    assert not any("\r" in line for line in trace.talk), "a status line without a terminal"


def test_text_report_tells_losses(start, seep) -> None:
    target = start("bulk", "1000", "50")
    trace = seep("-p", target.pid, "--max-objects", "100").attached()
    target.go()
    target.done()
    report = trace.finish()
    untracked = report["losses"]["untracked_objects"]
    text = trace.stdout.replace(",", "")
    assert str(untracked) in text and "not tracked" in text
    assert text.index("not tracked") < text.index("made_in_bulk"), "losses come before the sites"


def test_top(start, seep) -> None:
    target = start("sizes")
    trace = seep("-p", target.pid, "--top", "2").attached()
    target.go()
    done = target.done()
    report = trace.finish()
    assert [site["live_bytes"] for site in report["sites"]] == [20 * 65536, 20 * 1024]
    totals = report["totals"]["memory"]
    assert totals["allocs"] == sum(site["allocs"] for site in done["sites"].values())
    assert "made_middle" in trace.stdout and "made_small" not in trace.stdout


@pytest.mark.parametrize(
    "options, seen",
    [
        (("--min-size", "101"), {"made_middle", "made_large"}),
        (("--min-size", "100"), {"made_small", "made_middle", "made_large"}),
        (("--min-size", "1K"), {"made_middle", "made_large"}),
        (("--max-size", "1K"), {"made_small", "made_middle"}),
        (("--max-size", "1023"), {"made_small"}),
        (("--min-size", "1K", "--max-size", "1024"), {"made_middle"}),
        (("--min-size", "64K"), {"made_large"}),
        (("--min-size", "1M"), set()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_sizes(traced, options: tuple[str, ...], seen: set[str]) -> None:
    """Sizes that are not asked for are not counted, and their release is no loss."""
    report, done = traced("sizes", options=options)
    for function, wanted in done["sites"].items():
        if function not in seen:
            wanted = dict.fromkeys(wanted, 0)
        assert counts_of(report, function) == wanted
    assert losses_of(report) == {}


def test_min_age(start, seep) -> None:
    """Only what is older than --min-age is live; counters stay whole."""
    ages_s = [0.0]

    def is_young(since: float) -> bool:
        """Whether nothing that was made since then can have come of age."""
        return time.monotonic() - since < ages_s[-1]

    def run(number: int) -> None:
        """If the machine was too slow for this age, it has to be a higher one."""
        ages_s.append(1 << number)
        target = start("ages")
        options = ("--min-age", f"{ages_s[-1]}s")
        trace = seep("-p", target.pid, *options, json_file=f"{number}.json").attached()
        begin = time.monotonic()
        target.go()
        target.done()
        young = trace.report_now()
        if not is_young(begin):
            return
        assert young["totals"]["memory"]["allocs"] == 12
        assert young["totals"]["memory"]["live_objects"] == 0
        trace.report_when(lambda report: report["totals"]["memory"]["live_objects"] == 12, "age")
        begin = time.monotonic()
        target.say("MORE")
        done = target.done()
        report = trace.finish()
        assert_exact(report, done)
        totals = report["totals"]["memory"]
        assert totals["allocs"] == 20
        if is_young(begin):
            assert (totals["live_objects"], totals["live_bytes"]) == (11, 11_000)
            ages_s.append(0.0)

    again_until(lambda: not ages_s[-1], run, "time")


def test_oldest_age(start, seep) -> None:
    target = start("ages")
    trace = seep("-p", target.pid).attached()
    target.go()
    target.done()
    first = trace.report_now()
    (site,) = first["sites"]
    assert 0 <= site["oldest_s"] <= first["elapsed_s"]
    later = trace.report_when(lambda report: report["sites"][0]["oldest_s"] >= 1, "a second")
    assert later["sites"][0]["oldest_s"] <= later["elapsed_s"]
    trace.finish()


def test_json_report(start, seep) -> None:
    target = start("sizes")
    trace = seep("-p", target.pid).attached()
    target.go()
    target.done()
    report = trace.finish()
    validate_schema(report)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", report["time"])
    assert report["scope"] == {"type": "pid", "value": str(target.pid)}
    assert report["host"]["arch"] == "x86_64"
    assert all(site["verdict"] is None for site in report["sites"])
    text = trace.path.read_text()
    assert not re.search(r'":-?\d+\.\d+e', text), "numbers in scientific notation"


def test_overhead_is_measured(start, seep) -> None:
    target = start("bulk", "100000", "10", "1")
    trace = seep("-p", target.pid).attached()
    target.go()
    target.done()
    overhead = trace.finish()["overhead"]
    assert overhead["events"] >= 200_000
    assert 20 < overhead["bpf_ns_per_event"] < 100_000
    assert 20 < overhead["probe_ns_per_event"] < 100_000
    assert overhead["target_cpu_pct"] > 0
    assert overhead["seep_rss_bytes"] > 1 << 20
    assert overhead["map_bytes"] > 1 << 20


def test_stable_site_ids(traced) -> None:
    first, _ = traced("sizes")
    second, _ = traced("sizes")
    assert {site["id"] for site in first["sites"]} == {site["id"] for site in second["sites"]}


def test_stack_depth(traced) -> None:
    report, done = traced("many_sites", "8", "100", options=("--stack-depth", "20"))
    assert_exact(report, done)
    for site in report["sites"]:
        assert len(site["stack"]) == 20
        assert site["stack_end"] == "depth"


def test_deep_stack(traced) -> None:
    """127 frames are the kernel's usual limit; whatever ours is, it is told."""
    report, done = traced("many_sites", "1", "500")
    assert_exact(report, done)
    (site,) = report["sites"]
    assert site["stack_end"] == "depth"
    assert len(site["stack"]) >= 127


def test_verbose(start, seep) -> None:
    target = start("sizes")
    trace = seep("-v", "-p", target.pid).attached()
    target.go()
    target.done()
    trace.process.send_signal(signal.SIGTERM)
    assert trace.wait() == 0
    assert re.search(r"[0-9a-f]{40}", trace.stdout), "build IDs"
