# SPDX-License-Identifier: GPL-2.0-only
"""The verdict, its exit status, and captures, on programs whose truth is known."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import pytest
from detecting import LOOKS, Detect, has_leak, simulations
from formats import validate_schema
from harness import SEEP, SLOWNESS, TIMEOUT, Report, losses_of, names, wait_until

SLACK = 1.25  # of a rate, on a machine where a simulation waits for a CPU

simulate = pytest.fixture(simulations)


def detect(*arguments: str | int | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SEEP), "detect", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * TIMEOUT,
    )


def report_of(capture: Path, *options: str) -> bytes:
    return subprocess.run(
        [str(SEEP), "report", str(capture), *options], capture_output=True, check=True
    ).stdout


def last_line(path: Path) -> Report:
    return json.loads(path.read_text().splitlines()[-1])


def cases_of(path: Path) -> list[xml.etree.ElementTree.Element]:
    """The tests of a JUnit file, of which it says the right numbers."""
    suites = xml.etree.ElementTree.parse(path).getroot()
    (suite,) = suites
    cases = list(suite.iter("testcase"))
    assert int(suite.attrib["tests"]) == len(cases) == int(suites.attrib["tests"])
    assert int(suite.attrib["failures"]) == len(list(suite.iter("failure")))
    assert int(suite.attrib["skipped"]) == len(list(suite.iter("skipped")))
    return cases


def parts_of(text: str) -> tuple[str, list[str], list[str]]:
    """The headline in one line, what stands before the first site, and what follows."""
    head, _, _ = text.partition("\n\n")
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("#1"))
    return " ".join(head.split()), lines[:first], lines[first:]


@pytest.mark.smoke
def test_an_obvious_leak(simulate, tmp_path: Path) -> None:
    pid = simulate("memory", "--growth", "1M/s")
    path = tmp_path / "report.json"
    result = detect("-p", pid, "-k", "memory,fd", "--json", path, "-o", tmp_path / "out.seep",
                    "--junit", tmp_path / "leaks.xml")  # fmt: skip
    assert result.returncode == 3, result.stdout + result.stderr
    headline, _, (_, verdict, *_) = parts_of(result.stdout)
    assert re.match(
        rf"seep-simulate \(PID {pid}\) likely leaks (about )?[\d.]+ [KM]iB/s in leak_session; "
        r".* is used up in .*; watched for [\d.]+ s\.$",
        headline,
    )
    report = last_line(path)
    top = report["sites"][0]
    assert "leak_session" in names(top)
    assert top["verdict"]["class"] == "leak"
    assert top["verdict"]["pattern"] == "linear"
    # a simulation that waits for a CPU leaves out what it would have done
    rate = top["live_bytes"] / report["elapsed_s"]
    assert top["verdict"]["rate_low"] <= SLACK * rate <= SLACK**2 * top["verdict"]["rate_high"]
    assert top["verdict"]["survival"] == pytest.approx(1, abs=0.01)
    # A program that has just been started: it could be a cache that fills up.
    assert verdict.strip() == "leak, high, likely"
    assert top["verdict"]["sureness"] == "likely"
    assert 0.9 <= top["verdict"]["confidence"] < 0.99
    assert top["verdict"]["evidence"] and top["verdict"]["advice"]
    assert report["elapsed_s"] < 60 * SLOWNESS
    kept = json.loads(report_of(tmp_path / "out.seep", "--format", "json"))
    words = ("class", "pattern", "severity", "limit", "sureness", "evidence", "advice")
    for key in (*words, "confidence", "rate_low", "eta_s"):
        assert kept["sites"][0]["verdict"][key] == top["verdict"][key]
    assert report_of(tmp_path / "out.seep").decode().count("    leak, ") == 1
    (process,) = report["processes"]
    assert process["anon_bytes"] < process["rss_bytes"]
    assert 0.3 * process["anon_bytes"] < process["pss_bytes"] <= 1.5 * process["rss_bytes"]
    assert top["verdict"]["limit"]
    (kept_process,) = kept["processes"]
    for key in ("rss_bytes", "anon_bytes", "pss_bytes"):
        assert kept_process[key] == process[key]
    assert kept_process["coverage"]["share"] == pytest.approx(process["coverage"]["share"], abs=0.01)
    assert kept["sites"][0]["ages_us_log2"] == top["ages_us_log2"] != None  # noqa: E711
    failed, passed = cases_of(tmp_path / "leaks.xml")
    assert failed.attrib["classname"] == "seep.memory"
    assert failed.attrib["name"].startswith("leak_session (")
    assert failed.attrib["name"].endswith("authenticate, handle_request, in seep-simulate")
    (failure,) = failed
    assert failure.attrib["type"] == "leak"
    assert f"(PID {pid})" in failure.attrib["message"]
    for word in ("leak_session", "clone3", "what is live grows by", "> nothing releases"):
        assert word in failure.text
    assert (passed.attrib["classname"], list(passed)) == ("seep.fd", [])


def test_undecided(simulate, tmp_path: Path) -> None:
    """Whatever there was too little of: exit status 4, and why."""
    pid = simulate("memory", "--growth", "1M/s")
    path = tmp_path / "report.json"
    result = detect("-p", pid, "-d", "3s", "--json", path, "--junit", tmp_path / "leaks.xml")
    assert result.returncode == 4, result.stdout + result.stderr
    assert result.stdout.startswith(f"Undecided: seep-simulate (PID {pid}) was watched for ")
    assert last_line(path)["answer"]["reason"] == "too_short"
    for case in cases_of(tmp_path / "leaks.xml"):
        assert [child.tag for child in case] == ["skipped"]
    result = detect("-c", "no-such-name", "-d", "1s", "--json", path)
    assert result.returncode == 4, result.stdout + result.stderr
    assert result.stdout.startswith("Undecided: no process was seen in ")
    assert "s (command name no-such-name)." in result.stdout
    answer = last_line(path)["answer"]
    assert (answer["outcome"], answer["reason"]) == ("undecided", "no_process")


def test_commands_that_end(start, tmp_path: Path) -> None:
    """Nothing left is an answer; something left is one only if that was asked for."""
    result = detect("--", "/bin/true")
    assert result.returncode == 0, result.stdout + result.stderr
    assert " has no leak: it ended, and had released all that it allocated." in result.stdout
    path = tmp_path / "report.json"
    keeper = "import ctypes; ctypes.CDLL(None).malloc(666)"
    command = ("/usr/bin/python3", "-S", "-c", keeper)
    result = detect("--json", path, "--", *command)
    assert result.returncode == 4, result.stdout + result.stderr
    headline = " ".join(result.stdout.partition("\n\n")[0].split())
    assert re.match(r"Undecided: python3 \(PID \d+\) ended after .* not released, from ", headline)
    (process,) = last_line(path)["answer"]["processes"]
    assert process["reason"] == "ended"
    assert process["outstanding_bytes"] >= 666
    result = detect("--at-exit", "--json", path, "--", *command)
    assert result.returncode == 3, result.stdout + result.stderr
    assert last_line(path)["answer"]["outcome"] == "leak"
    # the interpreter is named, but not what it runs: once it is said what would help
    text = " ".join(result.stdout.split())
    assert text.count("Names are missing: ") == 1
    assert "functions of Python (from Python 3.12 on: start it with -X perf)" in text
    # its own exit status is passed on, and told apart
    result = detect("--json", path, "--", "/bin/sh", "-c", "exit 3")
    assert result.returncode == 3, result.stdout + result.stderr
    assert "The command ended with exit status 3, which is passed on." in result.stdout
    answer = last_line(path)["answer"]
    assert (answer["outcome"] != "leak", answer["command_exit"]) == (True, 3)


def test_no_leak(simulate, tmp_path: Path) -> None:
    pid = simulate("oscillating-steady", "--scale", "0.1")
    path = tmp_path / "leaks.xml"
    run = Detect(tmp_path, "-p", pid, "-k", "memory", "--junit", path)
    status, text = run.when(lambda report: report["answer"]["outcome"] == "none", "the answer")
    assert status == 0, text
    assert re.match(
        rf"seep-simulate \(PID {pid}\): no leak was found, and one of more than [\d.]+ KiB/s would ",
        text,
    )
    (passed,) = cases_of(path)
    assert list(passed) == []


def test_sites_without_a_verdict_are_a_loss(start, seep) -> None:
    """More than are judged (SEEP_JUDGE_MAX_SITES)."""
    target = start("many_sites", "33000", "16")
    trace = seep("-p", target.pid, "--fail-on", "leak", "-n", "1").attached()
    target.go()
    target.done()
    trace.report_when(lambda report: report["losses"]["unjudged_sites"], "sites without a verdict")
    # undecided, after so short a time; a slow machine takes longer
    report = trace.finish(expect=(0, 4))
    assert report["losses"]["unjudged_sites"] == 33000 - 32768
    assert losses_of(report).keys() <= {"unjudged_sites", "ring_full", "unmatched_frees"}
    assert "sites without a verdict: too many are watched" in trace.stdout
    assert target.quit() == 0


def test_suppressions(simulate, tmp_path: Path) -> None:
    pid = simulate("memory", "--growth", "1M/s")
    (tmp_path / "known").write_text("# known\nleak:^leak_sess*$\n")
    run = Detect(tmp_path, "-p", pid, "-k", "memory", "--suppressions", tmp_path / "known",
                 "--junit", tmp_path / "leaks.xml")  # fmt: skip
    status, text = run.when(
        lambda report: has_leak(report, "leak_session") and report["answer"]["outcome"] == "none",
        "the leak",
    )
    assert status == 0, text
    assert "1 of them is suppressed" in text
    skipped, passed = cases_of(tmp_path / "leaks.xml")
    assert [child.tag for child in skipped] == ["skipped"]
    assert skipped.attrib["name"].startswith("leak_session")
    assert list(passed) == []


def grow_together(report: Report) -> bool:
    """Whether both sites have found each other, and the descriptors."""
    growing = {
        names(site)[1]: [each.get("measure") for each in site["verdict"]["companions"]]
        for site in report["sites"]
        if site["verdict"] and site["verdict"]["class"] in ("leak", "growth")
    }
    return len(report.get("callers", ())) == 1 and all(
        {None, "open_descriptors"} <= set(growing.get(name, ()))
        for name in ("parse_header", "parse_body")
    )


@pytest.mark.long
def test_what_belongs_together(start, seep, tmp_path: Path) -> None:
    """Two sites below one function, and a descriptor, all by the same requests."""
    target = start("requests", "3600")
    path = tmp_path / "report.json"
    target.go()
    trace = seep("-p", target.pid, "-k", "memory,fd", "-i", "1s", "--fail-on", "growth",
                 "-o", tmp_path / "out.seep")  # fmt: skip
    wait_until(
        lambda: len(trace.reports()) > LOOKS and all(map(grow_together, trace.reports()[-LOOKS:])),
        "what grows together",
    )
    trace.finish(expect=3)
    report = last_line(path)
    validate_schema(report)
    leaking = {
        names(site)[1]: site
        for site in report["sites"]
        if site["verdict"] and site["verdict"]["class"] in ("leak", "growth")
    }
    assert {"parse_header", "parse_body"} <= set(leaking), trace.stdout
    (caller,) = report["callers"]
    assert caller["function"] == "parse_request"
    assert caller["file"].endswith("requests.c")
    assert caller["line"] is None
    assert set(caller["sites"]) == {leaking[name]["id"] for name in ("parse_header", "parse_body")}
    assert f"2 sites {'leak' if caller['class'] == 'leak' else 'grow'} below parse_request" in trace.stdout
    for one, other in (("parse_header", "parse_body"), ("parse_body", "parse_header")):
        companions = leaking[one]["verdict"]["companions"]
        (sibling,) = [each for each in companions if each.get("site") == leaking[other]["id"]]
        assert 0.95 < sibling["correlation"] <= 1
        assert "open_descriptors" in [each.get("measure") for each in companions]
    assert b"it grows together with: " in report_of(tmp_path / "out.seep", "-v")
    kept = json.loads(report_of(tmp_path / "out.seep", "--format", "json"))
    assert kept["callers"] == report["callers"]
    for old, new in zip(report["sites"], kept["sites"]):
        assert (old["verdict"] or {}).get("companions") == (new["verdict"] or {}).get("companions")
    assert max(len(line) for line in trace.stdout.splitlines()) <= 100


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("-p", "1", "--fail-on", "steady"), 2, "--fail-on steady: not a class; one of leak, growth"),
        (("-p", "1", "--suppressions", "/nonexistent"), 1, "No such file"),
        (("-p", "1", "--junit", "/nonexistent/leaks.xml"), 1, "No such file"),
        (("-p", "1", "--junit", "-", "--json", "-"), 2, "only one output"),
        ((), 2, "nothing to trace"),
    ],
)
def test_wrong_words(arguments: tuple[str, ...], status: int, words: str) -> None:
    result = detect(*arguments)
    assert result.returncode == status
    assert words in result.stderr


def test_wrong_suppressions(tmp_path: Path) -> None:
    (tmp_path / "known").write_text("leak:a\nrace:b\n")
    result = detect("-p", "1", "--suppressions", tmp_path / "known")
    assert result.returncode == 1
    assert "line 2: a suppression is leak:PATTERN" in result.stderr


def test_a_capture_has_the_whole_report(start, seep, tmp_path: Path) -> None:
    """Every number of the JSON report, and the stacks; without the program that it was of."""
    target = start("allocators")
    capture = tmp_path / "out.seep"
    trace = seep("-p", target.pid, "-k", "memory,fd", "-o", capture).attached()
    target.go()
    target.done()
    live = trace.finish()
    assert target.quit() == 0
    kept = json.loads(report_of(capture, "--format", "json"))
    for key in ("totals", "losses", "unwind", "scope", "host", "elapsed_s", "seq", "final"):
        assert kept[key] == live[key], key
    assert len(kept["sites"]) == len(live["sites"])
    for old, new in zip(live["sites"], kept["sites"]):
        for key in ("id", "kind", "allocs", "frees", "alloc_bytes", "live_bytes", "stack",
                    "lifetimes_us_log2", "stack_end"):  # fmt: skip
            assert old[key] == new[key], key
    assert b"leak_malloc" in report_of(capture, "-n", "100")
    assert b"leak_malloc" in report_of(capture, "--format", "folded")
    # users query it
    with sqlite3.connect(f"file:{capture}?mode=ro", uri=True) as database:
        (count,) = database.execute("SELECT count(*) FROM snapshots").fetchone()
    assert count == live["seq"]


def test_no_capture(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, and long enough to be looked at" * 100)
    for name, words in (("nothing", "No such file"), ("text", "it is no capture, or damaged")):
        result = subprocess.run(
            [str(SEEP), "report", str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        assert result.returncode == 1
        assert words in result.stderr
