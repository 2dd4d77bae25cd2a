# SPDX-License-Identifier: GPL-2.0-only
"""Threads: every way to make and end one, against what /proc says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import (
    BEFORE,
    KERNEL,
    ROOT,
    UNSEEN,
    Fixture,
    Report,
    Seep,
    after_work,
    again_until,
    attach_choices,
    losses_of,
    modified_text,
    names,
    process_of,
    sites_of,
    wait_until,
)
from kernel_objects import bpftool, entries_of_map, map_of

STACK_BYTES = 8 << 20  # of a thread of glibc
RUNNING, DETACHED, ENDED = "running", "detached", "exited but not joined"


def running_now(pid: int) -> int:
    """Threads in the kernel's list; the first one stays there when it has ended."""
    ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return len(os.listdir(f"/proc/{pid}/task")) - ended


def groups_of(report: Report, function: str | None = None) -> dict[str, int]:
    """How many there are of each kind, of all sites or those with this function."""
    groups: dict[str, int] = {}
    for site in report["sites"]:
        if site["kind"] != "thread" or (function and function not in names(site)):
            continue
        for group in (site["details"] or {"groups": []})["groups"]:
            groups[group["name"]] = groups.get(group["name"], 0) + group["objects"]
    return groups


def check_against_proc(trace: Seep, pid: int) -> Report:
    """The process waits for a word, so its threads stand still."""
    report = trace.report_now()
    groups = groups_of(report)
    assert groups.get(RUNNING, 0) + groups.get(DETACHED, 0) == running_now(pid)
    assert sum(groups.values()) == process_of(report, pid)["totals"]["thread"]["live_objects"]
    return report


def check_counts(report: Report, done: dict[str, Any]) -> None:
    """Every function has made and ended just as many threads as it says."""
    assert done["sites"]
    for function, wanted in done["sites"].items():
        sites = [s for s in sites_of(report, function) if s["kind"] == "thread"]
        seen = {key: sum(s[key] for s in sites) for key in ("allocs", "frees")}
        assert seen == {key: wanted[key] for key in seen}, (function, losses_of(report))


@pytest.fixture
def begun(start, seep) -> Callable[..., tuple[Fixture, Seep, dict[str, Any]]]:
    """A fixture that has done its work, and the trace of it, which goes on."""
    return after_work(start, seep, "thread", check_against_proc)


# --- each way -------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", attach_choices())
@pytest.mark.parametrize("program", ["threads", "threads_static"])
def test_each_way(begun, program: str, variant: str) -> None:
    target, trace, done = begun(program, options=("-k", "thread", "--attach", variant))
    report = check_against_proc(trace, target.pid)
    check_counts(report, done)
    assert losses_of(report) == {}
    assert running_now(target.pid) == done["running"]
    # what was seen and the first thread is all that there is
    made = sum(site["allocs"] for site in done["sites"].values())
    assert report["totals"]["thread"]["allocs"] == 1 + made
    assert groups_of(report, "leak_running") == {RUNNING: 3}
    assert groups_of(report, "leak_tried") == {RUNNING: 3}
    assert groups_of(report, "leak_c11") == {RUNNING: 3}
    assert groups_of(report, "leak_raw") == {RUNNING: 3}
    assert groups_of(report, "leak_detached") == {DETACHED: 3}
    assert groups_of(report, "leak_detached_later") == {DETACHED: 3}
    assert groups_of(report, "leak_ended") == {ENDED: 4}
    for site in report["sites"]:
        if "leak_c11" in names(site):
            assert names(site)[:2] == ["thrd_create", "leak_c11"]
        elif "leak_detached" in names(site):
            assert names(site)[:2] == ["pthread_create", "leak_detached"]
    assert target.quit() == 0


def test_musl(begun) -> None:
    """Its functions keep no frame pointer and have no unwind information: so by the sums."""
    target, trace, done = begun("threads_musl")
    report = check_against_proc(trace, target.pid)
    totals = report["totals"]["thread"]
    assert totals["allocs"] == 1 + sum(site["allocs"] for site in done["sites"].values())
    assert totals["frees"] == sum(site["frees"] for site in done["sites"].values())
    assert losses_of(report) == {}
    assert groups_of(report) == {RUNNING: 1 + 12, DETACHED: 6, ENDED: 4}
    assert groups_of(report, "leak_detached") == {DETACHED: 3}


def test_cplusplus(begun) -> None:
    target, trace, done = begun("threads_cplusplus")
    report = trace.report_when(
        lambda report: report["totals"]["thread"]["live_objects"] == done["running"], "the ends"
    )
    check_counts(check_against_proc(trace, target.pid), done)
    assert losses_of(report) == {}
    assert groups_of(report, "leak_running") == {RUNNING: 5}
    assert groups_of(report, "leak_detached") == {DETACHED: 5}
    assert "pthread_create" in names(sites_of(report, "leak_running")[0])[:1]


def test_what_a_thread_is(begun) -> None:
    """Its name, its age, what it began with, and its stack."""
    target, trace, _ = begun("threads")
    report = check_against_proc(trace, target.pid)

    def examples(function: str) -> list[str]:
        (site,) = [s for s in sites_of(report, function) if s["live_objects"]][:1]
        return site["details"]["examples"]

    pattern = r"thread (\d+) threads, [\d.]+ \w+ old, begun in {}, 8\.00 MiB of stack"
    tids = {
        int(re.fullmatch(pattern.format("run_for_ever"), text)[1])
        for text in examples("leak_running")
    }
    assert len(tids) == 3 and tids <= {int(t) for t in os.listdir(f"/proc/{target.pid}/task")}
    for text in examples("leak_ended"):
        assert re.fullmatch(pattern.format("(tell_and_end|end_by_exit)"), text)
    assert all("begun in run_for_ever_c11" in text for text in examples("leak_c11"))
    for site in report["sites"]:
        if site["stack"][0]["function"] == "pthread_create":
            assert site["alloc_bytes"] == site["allocs"] * STACK_BYTES
    # clone3 is told the size, clone is not
    assert sum(s["alloc_bytes"] for s in sites_of(report, "end_clone3")) == 3 * (256 << 10)
    assert sum(s["live_bytes"] for s in sites_of(report, "leak_raw")) == 0
    trace.finish()
    for line in ("3 running", "3 detached", "3 exited but not joined"):
        assert re.search(f"^    {line}$", trace.stdout, re.M), trace.stdout


# --- races ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", attach_choices())
@pytest.mark.parametrize("mode", ["joined", "detached", "mixed"])
def test_storms(begun, mode: str, variant: str) -> None:
    """
    Many short threads, four at a time: joined while they end, detached while or after they end, and
    their memory given to the next one before the kernel is done with them.
    """
    options = ("-k", "thread", "--attach", variant)
    target, trace, done = begun("threads_life", mode, "10240", options=options)
    report = check_against_proc(trace, target.pid)
    check_counts(report, done)
    assert losses_of(report) == {}
    assert report["totals"]["thread"]["live_objects"] == done["running"] == 1
    assert sum(sum(site["lifetimes_us_log2"]) for site in report["sites"]) == 10244


def test_reports_during_a_storm(start, seep) -> None:
    """Nothing is taken for unseen because it was in the middle of being made or ending."""
    reports = 0

    def storm(number: int) -> None:
        nonlocal reports
        target = start("threads_life", "mixed", "10240")
        options = ("-k", "thread", "-i", "20ms")
        trace = seep("-p", target.pid, *options, json_file=f"{number}.json").attached()
        target.go()
        done = target.done()
        reports += len(trace.reports())
        trace.report_now()  # one of them may have begun before the end
        report = check_against_proc(trace, target.pid)
        check_counts(report, done)
        assert losses_of(report) == {}
        trace.finish()

    again_until(lambda: reports > 10, storm, "reports during the storm")


def test_attached_during_a_storm(start, seep) -> None:
    """What is there at that moment is from before; what comes later is seen."""
    target = start("threads_life", "joined", "0")
    target.go()
    wait_until(lambda: running_now(target.pid) > 4, "the storm")
    trace = seep("-p", target.pid, "-k", "thread").attached()
    trace.report_when(lambda report: sites_of(report, "storm_joined"), "new ones")
    target.say("STOP")
    done = target.done()
    report = check_against_proc(trace, target.pid)
    assert losses_of(report) == {}
    totals = report["totals"]["thread"]
    assert totals["live_objects"] == done["running"]
    assert 1 + 4 <= sum(s["allocs"] for s in sites_of(report, BEFORE)) <= 1 + 4 + 4 + 4


def test_chain(begun) -> None:
    """A thread that ends right after it has joined another one, which is not quite gone yet."""
    target, trace, done = begun("threads_life", "chain", "6400")
    report = check_against_proc(trace, target.pid)
    check_counts(report, done)
    assert losses_of(report) == {}


def test_joiner_cancelled(begun) -> None:
    """It does not find out, its cleanup runs, and the thread that it waited for is still to be joined."""
    target, trace, done = begun("threads_life", "cancelled")
    report = check_against_proc(trace, target.pid)
    assert done["cleanups"] == 4
    check_counts(report, done)
    assert groups_of(report, "leak_ended") == {ENDED: 2}
    assert losses_of(report) == {}


# --- the life of the process ----------------------------------------------------------------------


def test_forks(begun) -> None:
    """Of each child 11 threads are seen, and the one that it was forked with."""
    target, trace, done = begun(
        "threads_life", "forks", "50", options=("-k", "thread", "--children", "-v")
    )
    report = trace.report_when(
        lambda report: len([p for p in report["processes"] if p["exited"]]) == 50, "the ends"
    )
    check_against_proc(trace, target.pid)
    for function, counts in done["sites"].items():
        own = [site for site in sites_of(report, function) if site["pid"] == target.pid]
        assert sum(site["allocs"] for site in own) == counts["allocs"]
        assert sum(site["frees"] for site in own) == counts["frees"]


def test_exec(begun) -> None:
    """By a thread that is not the first: all others are gone, the old numbers stay as they were."""
    target, trace, _ = begun("threads_life", "exec")
    check_against_proc(trace, target.pid)
    target.say("EXEC")
    target.ready()
    report = check_against_proc(trace, target.pid)
    # what probes were bound to is gone: they are placed anew, in a program that runs already
    assert losses_of(report) == {"missed_exec": 1}
    assert modified_text(target.pid) > 0
    (old,) = [p for p in report["processes"] if p["exited"]]
    assert old["totals"]["thread"]["live_objects"] == 4
    now = process_of(report, target.pid)
    assert now["totals"]["thread"] == {
        **now["totals"]["thread"], "allocs": 1, "frees": 0, "live_objects": 1
    }  # fmt: skip
    target.go()
    done = target.done()
    report = check_against_proc(trace, target.pid)
    assert process_of(report, target.pid)["totals"]["thread"]["live_objects"] == 2
    assert done["running"] == 2
    assert losses_of(report) == {"missed_exec": 1}
    assert modified_text(target.pid) > 0


def test_first_thread_ends(begun) -> None:
    target, trace, done = begun("threads_life", "first_ends")
    report = check_against_proc(trace, target.pid)
    check_counts(report, done)
    assert groups_of(report) == {RUNNING: done["running"], ENDED: 1}
    assert groups_of(report, BEFORE) == {ENDED: 1}
    assert losses_of(report) == {}


def test_process_ends_with_threads(begun) -> None:
    """What is alive at the end is what the process has left behind, as with memory."""
    target, trace, done = begun("threads")
    before = trace.report_now()["totals"]["thread"]
    assert target.quit() == 0
    report = trace.final()
    assert report["totals"]["thread"] == before
    check_counts(report, done)
    assert losses_of(report) == {}


def test_launched(seep) -> None:
    trace = seep("-k", "thread", "--", ROOT / "build/fixtures/threads", stdin=subprocess.PIPE)
    trace.attached()
    trace.process.stdin.write(b"GO\nQUIT\n")
    trace.process.stdin.close()
    report = trace.final()
    (line,) = [text for text in trace.stdout.splitlines() if text.startswith("DONE ")]
    done = json.loads(line.removeprefix("DONE "))
    check_counts(report, done)
    made = sum(site["allocs"] for site in done["sites"].values())
    assert report["totals"]["thread"]["allocs"] == 1 + made
    assert losses_of(report) == {}


# --- from before, and not seen --------------------------------------------------------------------


def test_from_before(start, seep) -> None:
    """They are there, as old as they are; how they end is seen, whether they are joined is not."""
    target = start("threads")
    target.go()
    done = target.done()
    trace = seep("-p", target.pid, "-k", "thread").attached()
    report = check_against_proc(trace, target.pid)
    (site,) = report["sites"]
    assert names(site) == [BEFORE]
    assert site["live_objects"] == done["running"]
    assert site["oldest_s"] > report["elapsed_s"]
    assert losses_of(report) == {}


def test_made_by_the_kernel(begun) -> None:
    """For io_uring, by no system call of the program that would say so."""
    target, trace, done = begun("threads_life", "poller")
    if done["running"] == 1:
        pytest.skip("this kernel has no io_uring")
    report = check_against_proc(trace, target.pid)
    (site,) = sites_of(report, KERNEL)
    assert site["live_objects"] == 1
    target.say("CLOSE")
    target.done()
    report = check_against_proc(trace, target.pid)
    assert sites_of(report, KERNEL)[0]["frees"] == 1
    assert losses_of(report) == {}


def test_32_bit_call(begun) -> None:
    """Where it came from is not seen, that it was made and ended is."""
    target, trace, done = begun("threads_life", "unseen")
    report = check_against_proc(trace, target.pid)
    if not done["unseen"]:  # this kernel has no 32-bit system calls
        assert losses_of(report) == {}
        return
    (site,) = sites_of(report, UNSEEN)
    assert (site["allocs"], site["frees"]) == (2, 2)
    assert losses_of(report) == {"unseen_threads": 2}


def test_what_is_not_seen_is_found(begun) -> None:
    """By taking one out of the table, and putting one in that does not exist."""
    target, trace, done = begun("threads")
    live = map_of(trace, "live_threads")
    entries = entries_of_map(trace, "live_threads")
    tids = {int(tid) for tid in os.listdir(f"/proc/{target.pid}/task")} - {target.pid}
    one = next(e for e in entries if int.from_bytes(bytes_of(e["key"])[:4], "little") in tids)
    key = bytes_of(one["key"])
    stranger = (0x3FFFFE).to_bytes(4, "little") + key[4:]
    words = [f"{byte:#04x}" for byte in stranger]
    value = [f"{byte:#04x}" for byte in bytes_of(one["value"])]
    bpftool("map", "update", "id", live, "key", *words, "value", *value)
    bpftool("map", "delete", "id", live, "key", *[f"{byte:#04x}" for byte in key])
    report = trace.report_now()
    assert losses_of(report) == {"unseen_threads": 1, "unseen_exits": 1}
    (site,) = sites_of(report, UNSEEN)
    assert site["live_objects"] == 1
    report = check_against_proc(trace, target.pid)
    assert losses_of(report) == {"unseen_threads": 1, "unseen_exits": 1}
    assert running_now(target.pid) == done["running"]


def bytes_of(words: list[str]) -> bytes:
    return bytes(int(word, 16) for word in words)


# --- other languages ------------------------------------------------------------------------------


def test_go(start, seep) -> None:
    """Its runtime makes threads by clone itself, and ends some of them."""
    target = start("threads_go")
    trace = seep("-p", target.pid, "-k", "thread").attached()
    check_against_proc(trace, target.pid)
    text = modified_text(target.pid)
    target.go()
    done = target.done()

    def ended() -> Report | None:
        report = settled(trace, target.pid)
        # one of them may be the first thread, which the runtime keeps
        enough = report and report["totals"]["thread"]["frees"] >= done["ended"] - 1
        return report if enough else None

    report = wait_until(ended, "the ends, and equal numbers")
    assert losses_of(report) == {}
    assert text == 0, "there is a probe in the program"
    made = sum(site["allocs"] for site in sites_of(report, "runtime.newm1"))
    assert made >= done["ended"]
    assert groups_of(report) == {RUNNING: report["totals"]["thread"]["live_objects"]}
    assert target.quit() == 0


def settled(trace: Seep, pid: int) -> Report | None:
    """A report with as many threads as there were before and after it."""
    before = set(os.listdir(f"/proc/{pid}/task"))
    report = trace.report_now()
    if set(os.listdir(f"/proc/{pid}/task")) != before:
        return None
    # one that has ended may be listed a moment longer
    counted = process_of(report, pid)["totals"]["thread"]["live_objects"]
    return report if counted == len(before) else None


def test_python(seep, start) -> None:
    code = (
        "import threading, sys\n"
        "print('READY pid=1', flush=True)\n"
        "sys.stdin.readline()\n"
        "gate = threading.Event()\n"
        "for _ in range(20): threading.Thread(target=gate.wait, daemon=True).start()\n"
        "for _ in range(30):\n"
        "    thread = threading.Thread(target=int)\n"
        "    thread.start()\n"
        "    thread.join()\n"
        "print('DONE {}', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    target = start(Path("/usr/bin/python3"), "-c", code)
    trace = seep("-p", target.pid, "-k", "thread").attached()
    target.go()
    target.done()

    def joined() -> Report | None:
        report = settled(trace, target.pid)
        # for CPython a thread is joined when its last Python code has run
        return report if report and report["totals"]["thread"]["frees"] >= 30 else None

    report = wait_until(joined, "the ends, and equal numbers")
    totals = report["totals"]["thread"]
    assert (totals["allocs"], totals["frees"]) == (1 + 50, 30)
    # CPython detaches all of its threads
    assert groups_of(report) == {RUNNING: 1, DETACHED: 20}
    assert losses_of(report) == {}


# --- what is not asked for costs nothing ----------------------------------------------------------


def probed(trace: Seep) -> set[str]:
    """The functions that a run with -v says it has probed."""
    return set(re.findall(r": (\w+) at 0x[0-9a-f]+\+\d+: ", trace.stderr))


def test_only_chosen_kinds_cost(start, seep) -> None:
    target = start("threads")
    trace = seep("-p", target.pid, "-k", "thread", "-v").attached()
    assert {"pthread_create", "pthread_join", "pthread_detach"} <= probed(trace)
    assert not any("alloc" in name or "free" in name for name in probed(trace))
    trace.finish()
    trace = seep("-p", target.pid, "-k", "memory", "-v", json_file="memory.json").attached()
    assert {"malloc", "free"} <= probed(trace)
    assert not any("thr" in name for name in probed(trace))
    target.go()
    done = target.done()
    report = trace.finish()
    assert set(report["totals"]) == {"memory"}
    assert done["sites"]


def test_both_kinds_at_once(begun) -> None:
    target, trace, done = begun("threads", options=("-k", "thread,memory"))
    report = check_against_proc(trace, target.pid)
    check_counts(report, done)
    assert losses_of(report) == {}
    # glibc allocates the vector of a thread's local storage in pthread_create
    (memory,) = [s for s in sites_of(report, "leak_running") if s["kind"] == "memory"]
    assert memory["allocs"] == 3
