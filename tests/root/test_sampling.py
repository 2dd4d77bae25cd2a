# SPDX-License-Identifier: GPL-2.0-only
"""Memory that is sampled by bytes: estimates without bias, within the errors that are stated."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest
from detecting import Detect, has_leak
from harness import (
    SCHEDULED_LOSSES,
    SEEP,
    Report,
    attach_choices,
    losses_of,
    process_of,
    sites_of,
)

# By what may one estimate be off, and the mean of many: by chance alone in one case of 15,000.
ERRORS = 4
KEYS = ("allocs", "alloc_bytes", "live_objects", "live_bytes")
RUNS = 5


def truth_of(done: dict[str, Any], function: str) -> dict[str, int]:
    true = done["sites"][function]
    return {
        "allocs": true["allocs"],
        "alloc_bytes": true["alloc_bytes"],
        "live_objects": true["allocs"] - true["frees"],
        "live_bytes": true["alloc_bytes"] - true["free_bytes"],
    }


def deviations(report: Report, done: dict[str, Any]) -> dict[tuple[str, str], float]:
    """By function and number: how many of its standard errors the estimate is off. 0 of what is exact."""
    found = {}
    for function in done["sites"]:
        true = truth_of(done, function)
        # More than one if a stack was cut, which is no matter here.
        sites = sites_of(report, function)
        assert sites and all(site["sampled"] is True for site in sites)
        for key in KEYS:
            off = sum(site[key] for site in sites) - true[key]
            error = math.hypot(*(site[f"{key}_error"] for site in sites))
            assert error or abs(off) <= 1, f"{function}, {key}: off by {off}"
            found[function, key] = off / error if error else 0.0
    return found


def assert_unbiased(all_runs: list[dict[tuple[str, str], float]]) -> None:
    for key in all_runs[0]:
        values = [run[key] for run in all_runs]
        assert max(map(abs, values)) <= ERRORS, f"{key}: {values}"
        assert abs(sum(values)) / math.sqrt(len(values)) <= ERRORS, f"{key}: {values}"


def sampled(start, seep, *options: str, rounds: int = 20000, threads: int = 2) -> tuple[Report, dict[str, Any]]:
    target = start("sampling", rounds, threads)
    trace = seep("-p", target.pid, "-k", "memory", *options).attached()
    target.go()
    done = target.done()
    report = trace.finish()
    target.end()
    return report, done


@pytest.mark.parametrize("attach", attach_choices())
def test_sites_are_estimated_within_their_errors(start, seep, attach: str) -> None:
    """By each way to attach: nothing is counted twice where one function calls another one."""
    runs = []
    for _ in range(RUNS):
        report, done = sampled(start, seep, "--sample", "16K", "--attach", attach)
        assert losses_of(report).keys() <= SCHEDULED_LOSSES
        runs.append(deviations(report, done))
    assert_unbiased(runs)


def test_reports_say_that_they_are_estimates(start, seep, tmp_path: Path) -> None:
    paths = {name: tmp_path / name for name in ("a.seep", "b.seep", "pprof.gz", "folded", "html", "svg")}
    options = ["--sample", "16K", "-o", paths["a.seep"], "--pprof", paths["pprof.gz"]]
    options += ["--folded", paths["folded"], "--html", paths["html"], "--flamegraph", paths["svg"]]
    target = start("sampling", 20000, 1)
    trace = seep("-p", target.pid, "-k", "memory", *options).attached()
    target.go()
    target.done()
    report = trace.finish()
    process = process_of(report, target.pid)
    assert (process["mode"], process["sampled"], process["seen_share"]) == ("bytes", True, None)
    assert (report["sampled"], report["filters"]["sample_bytes"]) == (True, 16384)
    # A release of what is not in the sample is not one of an unknown block.
    assert report["losses"]["unmatched_frees"] is None
    assert process["unmatched_frees"] is None
    assert "one block in 16.0 KiB on average" in trace.stdout and "live      ~" in trace.stdout
    assert "~" in paths["svg"].read_text()
    assert "One block tracked in" in paths["html"].read_text()
    (site,) = sites_of(report, "made_large")
    folded = [line for line in paths["folded"].read_text().splitlines() if "made_small" in line]
    (small,) = sites_of(report, "made_small")
    assert sum(int(line.rpartition(" ")[2]) for line in folded) == small["live_bytes"]
    # The same from a capture.
    said = subprocess.run([SEEP, "report", paths["a.seep"], "--format", "json"], capture_output=True, check=True)
    again = json.loads(said.stdout)
    assert again["filters"]["sample_bytes"] == 16384
    (kept,) = sites_of(again, "made_large")
    assert {key: kept[key] for key in (*KEYS, "allocs_error", "sampled")} == {
        key: site[key] for key in (*KEYS, "allocs_error", "sampled")
    }
    # What differs by chance only is no difference.
    trace = seep("-p", start("sampling", 20000, 1).pid, "--sample", "16K", "-o", paths["b.seep"]).attached()
    trace.finish()
    said = subprocess.run(
        [SEEP, "diff", paths["a.seep"], paths["b.seep"], "--format", "json"], capture_output=True, check=True
    )
    assert "sampled" in {doubt["key"] for doubt in json.loads(said.stdout)["doubts"]}


def test_all_blocks_are_tracked_with_0(start, seep) -> None:
    report, done = sampled(start, seep, "--sample", "0", rounds=2000)
    assert report["sampled"] is False
    for function in done["sites"]:
        (site,) = sites_of(report, function)
        assert {key: site[key] for key in KEYS} == truth_of(done, function)


def test_blocks_far_above_the_mean_are_exact(start, seep) -> None:
    report, done = sampled(start, seep, "--sample", "1K", rounds=4000)
    (site,) = sites_of(report, "made_large")
    true = truth_of(done, "made_large")
    assert (site["allocs"], site["alloc_bytes"]) == (true["allocs"], true["alloc_bytes"])
    assert site["allocs_error"] == 0


@pytest.mark.parametrize("options", [("--min-size", "600"), ("--max-size", "600")], ids=lambda o: o[0])
def test_sizes_that_are_not_wanted_are_not_in_the_sample(start, seep, options: tuple[str, str]) -> None:
    report, done = sampled(start, seep, "--sample", "8K", *options)
    small = {"made_small", "made_zeroed", "made_aligned", "made_string"}
    wanted = small if options[0] == "--max-size" else set(done["sites"]) - small
    assert {name for name in done["sites"] if sites_of(report, name)} == wanted
    for function in wanted:
        sites = sites_of(report, function)
        for key, true in truth_of(done, function).items():
            error = math.hypot(*(site[f"{key}_error"] for site in sites))
            assert abs(sum(site[key] for site in sites) - true) <= ERRORS * error + 1, (function, key)


# Serial: what a process has for itself beside others is known badly.
@pytest.mark.serial
def test_with_a_budget_windows_take_over(start, seep) -> None:
    """What windows see they see whole, and the blocks from before count as many as they stand for."""
    target = start("busy", 1, 200)
    trace = seep("-p", target.pid, "-k", "memory", "-i", "1h", "--sample", "4K", "--max-overhead", "20")
    trace.attached()
    target.go()
    trace.report_when(lambda report: process_of(report, target.pid)["mode"] == "windows", "windows")

    def is_known(report: Report) -> bool:
        errors = [site["allocs_error"] for site in sites_of(report, "answer_request")]
        return all(error is not None for error in errors)

    trace.report_when(is_known, "errors")
    target.say("STOP")
    done = target.done()
    report = trace.finish()
    for function in ("make_session", "make_message"):
        (site,) = sites_of(report, function)
        for key in ("allocs", "alloc_bytes"):
            off = site[key] - done["sites"][function][key]
            assert abs(off) <= ERRORS * site[f"{key}_error"], f"{function}, {key}: {off}, {site}"


def test_a_leak_in_a_sample(start, tmp_path: Path) -> None:
    """One session of 200 stays; beside it the same program in which none does."""
    leaking, healthy = start("busy", 1, 200), start("busy", 1, 0)
    for target in (leaking, healthy):
        target.go()
    run = Detect(
        tmp_path, "-p", f"{leaking.pid},{healthy.pid}", "-k", "memory", "--sample", "2K", "--max-overhead", "none"
    )
    accused: list[tuple[int, list[str | None]]] = []

    def found(report: Report) -> bool:
        accused.extend(
            (site["pid"], [frame["function"] for frame in site["stack"]])
            for site in report["sites"]
            if site["verdict"] and site["verdict"]["class"] in ("leak", "growth")
        )
        return has_leak(report, "make_session")

    status, text = run.when(found, "the leak")
    assert status == 3, text
    assert all(pid == leaking.pid and "make_session" in stack for pid, stack in accused), accused


def test_sampling_is_for_memory(seep) -> None:
    trace = seep("-a", "-k", "fd", "--sample", "512K")
    assert trace.wait() == 2
    assert "--sample is for the kind memory, which is not traced" in trace.stderr
