# SPDX-License-Identifier: GPL-2.0-only
"""What grew, on captures of programs that say what they have done."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from formats import go_pprof, pprof_raw
from harness import FIXTURES, ROOT, SEEP, names

NEXT = FIXTURES / "next/versions"
MAX_SCREEN = 45

Work = list[tuple[str, int]]


def run(*words: str | int | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SEEP), *map(str, words)], capture_output=True, text=True, check=False
    )


def output_of(*words: str | int | Path) -> str:
    result = run(*words)
    assert result.returncode == 0, result.stderr
    return result.stdout


def diff_of(*words: str | int | Path) -> dict[str, Any]:
    jsonschema = pytest.importorskip("jsonschema")
    diff = json.loads(output_of("diff", *words, "--format", "json"))
    schema = json.loads((ROOT / "docs/diff.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(diff)
    return diff


def site_of(diff: dict[str, Any], function: str) -> dict[str, Any]:
    (site,) = [site for site in diff["sites"] if function in names(site)]
    return site


def assert_site(
    site: dict[str, Any], change: str, old: tuple[int, int], new: tuple[int, int]
) -> None:
    """Live objects and bytes, exactly."""
    found = [(site[side]["live_objects"], site[side]["live_bytes"]) for side in ("old", "new")]
    assert (site["change"], *found) == (change, old, new)
    assert site["live_objects_change"] == new[0] - old[0]
    assert site["live_bytes_change"] == new[1] - old[1]


@pytest.fixture
def record(start, seep, tmp_path: Path) -> Callable[..., Path]:
    """Traces work, stage by stage, with a report after each; one process per program. The capture."""

    def run_stages(name: str, *stages: Work, programs: tuple[str | Path, ...] = ("versions",)) -> Path:
        path = tmp_path / name
        targets = [start(program) for program in programs]
        pids = ",".join(str(target.pid) for target in targets)
        trace = seep("-p", pids, "-i", "1h", "-o", path, json_file=f"{name}.json").attached()
        for target in targets:
            target.go()
        for stage in stages:
            for target in targets:
                for function, count in stage:
                    target.say(f"{function} {count}")
                    target.done()
            trace.report_now()
        trace.finish()
        for target in targets:
            assert target.quit() == 0
        return path

    return run_stages


def moments_of(capture: Path) -> list[str]:
    """When each report was made, as --from, --to and --at want it."""
    with sqlite3.connect(f"file:{capture}?mode=ro", uri=True) as database:
        rows = database.execute("SELECT elapsed_ns FROM snapshots ORDER BY id").fetchall()
    return [f"{elapsed_ns}ns" for (elapsed_ns,) in rows]


def test_the_nearest_moment(record) -> None:
    """Reports are never made at a round time."""
    capture = record("a.seep", [("open_session", 1)], [("open_session", 1)])
    times = [int(moment[:-2]) for moment in moments_of(capture)]
    between = (times[0] + times[1]) // 2
    for at, wanted in ((0, 1), (between - 1, 1), (between + 2, 2), (times[1] - 1, 2), (times[2], 3)):
        assert report_of(capture, "--at", f"{at}ns")["seq"] == wanted


def test_two_moments_of_one_capture(record) -> None:
    capture = record(
        "a.seep",
        [("open_session", 10)],
        [("open_session", 25), ("cache_page", 4)],
        [("close_session", 35)],
    )
    first, second, third, last = moments_of(capture)
    diff = diff_of(capture, "--from", first, "--to", second)
    assert_site(site_of(diff, "open_session"), "grew", (10, 1000), (35, 3500))
    assert_site(site_of(diff, "cache_page"), "new", (0, 0), (4, 4000))
    assert [site["change"] for site in diff["sites"]] == ["new", "grew"]
    assert diff["doubts"] == []
    span_ns = int(second[:-2]) - int(first[:-2])
    assert diff["span_s"] == span_ns // 10**6 / 1000
    assert site_of(diff, "cache_page")["live_bytes_per_hour"] == 4000 * 3600 * 10**9 // span_ns
    total = diff["totals"]["memory"]
    assert (total["live_bytes_change"], total["live_objects_change"]) == (6500, 29)

    diff = diff_of(capture, "--from", second, "--to", third)
    assert_site(site_of(diff, "open_session"), "gone", (35, 3500), (0, 0))
    assert site_of(diff, "open_session")["new"]["frees"] == 35
    assert_site(site_of(diff, "cache_page"), "same", (4, 4000), (4, 4000))

    # from the first report to the last one
    assert_site(site_of(diff_of(capture), "cache_page"), "new", (0, 0), (4, 4000))
    diff = diff_of(capture, capture, "--from", first, "--metric", "alloc-objects")
    assert site_of(diff, "open_session")["change"] == "grew"
    assert run("diff", capture, "--from", third, "--to", last).stdout.endswith("\nNothing changed.\n")


def test_text_and_folded(record) -> None:
    capture = record("a.seep", [("open_session", 10)], [("cache_page", 4), ("close_session", 10)])
    text = output_of("diff", capture)
    assert max(map(len, text.splitlines())) <= 100
    grown, gone = re.search(r"\nmemory new.*?\n\n(.*)\nmemory gone.*?\n\n(.*)", text, re.S).groups()
    assert re.match(r"#1  \+3\.91 KiB in \+4 objects, \+\S+ [MG]iB per hour\n", grown)
    assert "cache_page" in grown and "open_session" not in grown
    assert gone.startswith("#1  -1000 B in -10 objects, -") and "open_session" in gone
    assert "from before the trace began" not in text
    lines = output_of("diff", capture, "--format", "folded").splitlines()
    columns = {line.split(";")[-2]: line.rsplit(" ", 2)[1:] for line in lines}
    assert columns == {"cache_page": ["0", "4000"], "open_session": ["1000", "0"]}
    assert all(line.startswith("versions;") for line in lines)
    assert "memory gone" in output_of("diff", capture, "-n", "0")
    assert "cache_page" not in output_of("diff", capture, "-n", "0")


def test_flame_graph(record) -> None:
    capture = record("a.seep", [("open_session", 10)], [("cache_page", 4), ("open_session", 5)])
    svg = output_of("diff", capture, "--format", "flamegraph")
    found = dict(
        re.findall(r'<g class="f (\w+)"[^>]*><title>open_session\n(.*?)</title>', svg)
        + re.findall(r'<g class="f (\w+)"[^>]*><title>cache_page\n(.*?)</title>', svg)
    )
    assert found == {
        "grew2": "1.46 KiB now, 1000 B before, +500 B",
        "grew5": "3.91 KiB now, 0 B before, +3.91 KiB",
    }


def test_two_versions_with_several_processes(record) -> None:
    """The offsets have moved; the old version has one process, the new one two."""
    old = record("old.seep", [("open_session", 10), ("cache_page", 5)])
    new = record("new.seep", [("open_session", 8), ("cache_page", 2), ("write_audit", 3)],
                 programs=(NEXT, NEXT))  # fmt: skip
    diff = diff_of(old, new)
    assert_site(site_of(diff, "open_session"), "grew", (10, 1000), (16, 1600))
    assert_site(site_of(diff, "cache_page"), "shrank", (5, 5000), (4, 4000))
    assert_site(site_of(diff, "write_audit"), "new", (0, 0), (6, 180))
    assert len(diff["sites"]) == 3
    session = site_of(diff, "open_session")
    assert session["matched_by_names"]
    assert (session["old"]["sites"], session["new"]["sites"]) == (1, 2)
    assert session["program"] == "versions"
    assert session["live_bytes_per_hour"] is None and diff["span_s"] is None
    assert {"processes", "builds"} <= {doubt["key"] for doubt in diff["doubts"]}
    text = output_of("diff", old, new)
    assert "2 sites are of other builds, and matched by the names of functions" in text
    assert "versions (1 process, now 2)" in " ".join(text.split())

    # the same build again: by id
    diff = diff_of(new, record("again.seep", [("open_session", 8), ("write_audit", 4)],
                               programs=(NEXT,)))  # fmt: skip
    assert not any(site["matched_by_names"] for site in diff["sites"])
    assert_site(site_of(diff, "open_session"), "shrank", (16, 1600), (8, 800))
    assert_site(site_of(diff, "cache_page"), "gone", (4, 4000), (0, 0))
    assert_site(site_of(diff, "write_audit"), "shrank", (6, 180), (4, 120))


def test_what_was_traced_differently(start, seep, tmp_path: Path) -> None:
    target = start("versions")
    for name, *options in (
        ("old.seep", "-k", "memory,fd"),
        ("new.seep", "-k", "memory,thread", "--min-size", "200"),
    ):
        trace = seep("-p", target.pid, *options, "-o", tmp_path / name).attached()
        trace.report_now()
        trace.finish()
    diff = diff_of(tmp_path / "old.seep", tmp_path / "new.seep")
    texts = {doubt["key"]: doubt["text"] for doubt in diff["doubts"]}
    assert texts["kinds"] == "left out: thread, traced in new only; fd, traced in old only"
    assert texts["min_size"] == "the smallest objects are of any size in old, of 200 B in new"
    assert list(diff["totals"]) == ["memory"]
    result = run("diff", tmp_path / "old.seep", tmp_path / "new.seep", "-k", "thread,fd")
    assert result.returncode == 1
    assert "no kind of object that is asked for was traced in both" in result.stderr


def test_bad_captures(record, tmp_path: Path) -> None:
    good = record("good.seep", [("open_session", 1)], [("open_session", 1)])
    first, second, _ = moments_of(good)
    newer = tmp_path / "newer.seep"
    newer.write_bytes(good.read_bytes())
    with sqlite3.connect(newer) as database:
        database.execute("PRAGMA user_version = 99")
    cut = tmp_path / "cut.seep"
    cut.write_bytes(good.read_bytes()[: 3 * 4096])
    text = tmp_path / "text.seep"
    text.write_text("no capture " * 1000)
    for words, status, sentence in (
        ((good, text), 1, f'"{text}": it is no capture, or damaged'),
        ((newer, good), 1, f'"{newer}": it is a capture of format 99, and this seep'),
        ((cut, good), 1, f'"{cut}": it is no capture, or damaged'),
        ((good, tmp_path / "none"), 1, "No such file"),
        ((good, good), 1, "both moments are the same report"),
        ((good, "--from", second, "--to", second), 1, "both moments are the same report"),
        ((good, "--from", second, "--to", first), 1, "is later than the new one"),
        ((), 2, "which captures?"),
        ((good, good, good), 2, "which captures?"),
        ((good, "--from", "yesterday"), 2, "--from yesterday: not a time"),
        ((good, "--format", "pprof"), 2, "--format pprof: not a format; one of text, json"),
        ((good, "-k", "sockets"), 2, "not a kind; one of memory"),
    ):
        result = run("diff", *words)
        assert (result.returncode, result.stdout) == (status, ""), words
        assert sentence in result.stderr, words


def report_of(capture: Path, *options: str) -> dict[str, Any]:
    jsonschema = pytest.importorskip("jsonschema")
    report = json.loads(output_of("report", capture, *options, "--format", "json"))
    schema = json.loads((ROOT / "docs/report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    return report


def test_report_since(record) -> None:
    capture = record(
        "a.seep",
        [("open_session", 10), ("cache_page", 3)],
        [("open_session", 5), ("close_session", 8)],
        [("open_session", 20), ("cache_page", 1)],
    )
    first, second, third, _ = moments_of(capture)
    assert "since" not in report_of(capture)
    report = report_of(capture, "--since", first, "--at", third)
    assert report["since"]["elapsed_s"] == int(first[:-2]) // 10**6 / 1000
    counts = {
        names(site)[1]: (site["allocs"], site["frees"], site["live_objects"],
                         site["live_bytes"], site["live_bytes_change"])
        for site in report["sites"]
    }  # fmt: skip
    assert counts == {"open_session": (25, 8, 17, 1700, 1700), "cache_page": (1, 0, 1, 1000, 1000)}
    assert report["totals"]["memory"]["live_bytes"] == 2700
    assert report["totals"]["memory"]["frees"] == 8

    # less is alive: the growth is 0, the change is what it is
    (site,) = report_of(capture, "--since", first, "--at", second)["sites"]
    assert (site["live_objects"], site["live_objects_change"]) == (0, -3)
    options = ("--since", first, "--at", second)
    assert "\nNo site grew.\n" in output_of("report", capture, *options)
    assert output_of("report", capture, *options, "--format", "folded") == ""

    options = ("--since", second)
    text = output_of("report", capture, *options)
    assert re.search(r"  grown     2\.93 KiB in 21 objects\n  allocated 2\.93 KiB in 21 obj", text)
    assert "#1  1.95 KiB in 20 objects, 66.7 % of the growth" in text
    lines = output_of("report", capture, *options, "--format", "folded").splitlines()
    assert {line.split(";")[-2]: int(line.split()[-1]) for line in lines} == {
        "open_session": 2000,
        "cache_page": 1000,
    }
    assert "growth in live bytes" in output_of("report", capture, *options, "--format", "flamegraph")


def test_pprof_since(record, tmp_path: Path) -> None:
    capture = record("a.seep", [("open_session", 10)], [("open_session", 5), ("close_session", 2)])
    profile = tmp_path / "since.pb.gz"
    with profile.open("wb") as file:
        command = [SEEP, "report", capture, "--since", moments_of(capture)[0], "--format", "pprof"]
        subprocess.run(command, stdout=file, check=True)
    assert pprof_raw(profile) == {
        "alloc_objects": 5, "alloc_space": 500, "inuse_objects": 3, "inuse_space": 300,
    }  # fmt: skip
    assert "in use is what grew" in go_pprof(profile, "-comments")


def test_no_time_since(record) -> None:
    capture = record("a.seep", [("open_session", 10)], [("open_session", 5)])
    first, second, _ = moments_of(capture)
    for words, status, sentence in (
        (("--since", "1h"), 1, "--since 1 h 00 min is beyond the end"),
        (("--at", "1h"), 1, "--at 1 h 00 min is beyond the end"),
        (("--since", second, "--at", first), 1, "there is no time between --since"),
        (("--since", first, "--format", "html"), 2, "--since is not for html"),
        (("--since", "-1s"), 2, "not a time"),
    ):
        result = run("report", capture, *words)
        assert (result.returncode, result.stdout) == (status, ""), words
        assert sentence in result.stderr


def test_moments_of_two_traces_in_one_capture(record) -> None:
    """The counters of each begin at 0: they can be compared, but not be subtracted."""
    capture = record("a.seep", [("open_session", 10)])
    with sqlite3.connect(capture) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(runs)")][1:]
        names_of_columns = ", ".join(columns)
        database.execute(f"INSERT INTO runs SELECT 2, {names_of_columns} FROM runs")
        database.execute("UPDATE snapshots SET run = 2 WHERE id = (SELECT max(id) FROM snapshots)")
    result = run("report", capture, "--since", "0s")
    assert result.returncode == 1
    assert "--since is in an earlier trace" in result.stderr
    diff = diff_of(capture)
    assert_site(site_of(diff, "open_session"), "gone", (10, 1000), (0, 0))
    assert diff["span_s"] is None


def test_help_fits_a_screen() -> None:
    for command in ("diff", "report"):
        lines = output_of(command, "--help").splitlines()
        assert len(lines) <= MAX_SCREEN and max(map(len, lines)) <= 100
