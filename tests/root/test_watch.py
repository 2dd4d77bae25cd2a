# SPDX-License-Identifier: GPL-2.0-only
"""seep watch: who grows is named and traced, who does not is never touched."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from containers import cgroup_mounts
from detecting import simulations
from harness import (
    ROOT,
    SEEP,
    TIMEOUT,
    Fixture,
    JsonLines,
    Report,
    end_process,
    modified_text,
    wait_until,
)

simulate = pytest.fixture(simulations)
numbers = itertools.count()
NOBODY = 65534


class Watch:
    """One run of seep watch, with a look every second unless the arguments say something else."""

    def __init__(self, directory: Path, *arguments: str | int | Path, user: int | None = None) -> None:
        path = directory / f"watch-{next(numbers)}.json"
        self.lines = JsonLines(path)
        self.results: list[Report] = []
        self.process = subprocess.Popen(
            [str(SEEP), "watch", "-i", "1s", "--json", str(path), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=user,
        )

    def looks(self) -> list[Report]:
        return self.lines.read()

    def when(self, condition: Callable[[Report], Any], what: str) -> Report:
        """The first look of which this is true."""

        def found() -> Report | None:
            assert self.process.poll() is None, f"it ended before {what}: {self.process.communicate()[1]}"
            return next(filter(condition, self.looks()), None)

        return wait_until(found, what)

    def finish(self) -> tuple[int, str, str]:
        """Ends it, unless it has ended by itself: exit status, text, messages."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        return self.result()

    def result(self) -> tuple[int, str, str]:
        try:
            output, errors = self.process.communicate(timeout=2 * TIMEOUT)
        finally:
            end_process(self.process)
        return self.process.returncode, output, errors


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watch]]:
    running: list[Watch] = []

    def run(
        *arguments: str | int | Path, directory: Path = tmp_path, user: int | None = None
    ) -> Watch:
        running.append(Watch(directory, *arguments, user=user))
        return running[-1]

    yield run
    for one in running:
        end_process(one.process)


@pytest.fixture
def resting() -> Iterator[Callable[[int], list[int]]]:
    """Starts so many processes that do nothing; their PIDs."""
    running: list[subprocess.Popen[bytes]] = []

    def run(count: int) -> list[int]:
        running.extend(subprocess.Popen(["sleep", "100000"]) for _ in range(count))
        return [process.pid for process in running[-count:]]

    yield run
    for process in running:
        process.kill()
    for process in running:
        process.wait()


def pids(*groups: list[int]) -> str:
    return ",".join(str(pid) for group in groups for pid in group)


def process_of(look: Report, pid: int) -> Report | None:
    return next((process for process in look["growing"] if process["pid"] == pid), None)


def grows(look: Report, pid: int, what: str) -> bool:
    process = process_of(look, pid)
    return bool(process) and any(growth["what"] == what for growth in process["growth"])


def is_named(pid: int) -> Callable[[Report], bool]:
    return lambda look: bool((process := process_of(look, pid)) and process["growth"])


def result_of(pid: int) -> Callable[[Report], bool]:
    return lambda look: any(result["pid"] == pid for result in look["results"])


def growth_stacks_of(look: Report, pid: int) -> Report:
    """Empty, if there are none."""
    process = process_of(look, pid)
    return (process and process["growth_stacks"]) or {}


def share_of(stacks: Report, function: str) -> float:
    """Of the samples, those with this function in their stack."""
    assert stacks["lost"]["crowded"] == 0
    assert sum(site["samples"] for site in stacks["sites"]) == stacks["samples"]
    return sum(
        site["share"] for site in stacks["sites"] if any(frame["function"] == function for frame in site["stack"])
    )


def only_one_was_probed(looks: list[Report], pid: int, others: list[int]) -> None:
    """It, and nobody else: by what seep says, and by what their text looks like."""
    assert looks[-1]["processes"]["probed"] == 1
    assert {result["pid"] for look in looks for result in look["results"]} == {pid}
    for look in looks:
        assert look["processes"]["traced"] <= 1
        for process in look["growing"]:
            assert process["pid"] == pid or process["traces"] == 0
    assert all(modified_text(other) == 0 for other in others)


def convicts(watch: Callable[..., Watch], pid: int, others: list[int], *arguments: str) -> Watch:
    """Watches them until the one is convicted of a leak in leak_session, and nobody else is touched."""
    run = watch("-p", pids([pid], others), *arguments)
    traced = run.when(lambda look: look["processes"]["traced"], "a trace")
    assert is_named(pid)(traced)
    only_one_was_probed([{**traced, "results": [{"pid": pid}]}], pid, others)
    look = run.when(result_of(pid), "a result")
    (result,) = look["results"]
    assert result["outcome"] == "leak"
    assert result["leaks"] == ["memory"]
    assert result["function"] == "leak_session"
    assert not result["ended"] and not result["oom_killed"]
    assert "leaks" in result["headline"]
    report = result["report"]
    assert report["schema"] == "seep.report/1" and report["final"]
    assert any(site["verdict"] and site["verdict"]["class"] == "leak" for site in report["sites"])
    for kind, totals in report["totals"].items():  # every site is in it
        sites = [site for site in report["sites"] if site["kind"] == kind]
        assert sum(site["live_objects"] for site in sites) == totals["live_objects"]
    # It is let go, and not traced again: what it leaks is known.
    later = run.when(
        lambda later: later["seq"] >= look["seq"] + 3 and process_of(later, pid), "three more looks"
    )
    assert process_of(later, pid)["state"] == "convicted"
    assert later["processes"]["traced"] == 0
    assert modified_text(pid) == 0
    # Sampled from when it began to grow until the end of the trace; kept from then on.
    stacks = growth_stacks_of(later, pid)
    assert stacks["samples"] > 0 and share_of(stacks, "leak_session") > 0.8
    assert all(not look["growth_stacks"] for look in later["growing"] if look["pid"] in others)
    only_one_was_probed(run.looks(), pid, others)
    return run


def test_the_one_that_leaks_is_convicted(watch, simulate, resting) -> None:
    leaks = simulate("linear", "--growth", "500K/s")
    others = [*resting(20), simulate("churn", "--rate", "200/s")]
    run = convicts(watch, leaks, others, "--fail-on", "leak")
    code, text, talk = run.finish()
    assert code == 3
    assert "in leak_session" in text
    assert re.search(r"New memory is first written in: leak_session \(leak\.c:\d+\) \d+ %", " ".join(text.split()))
    assert "Probed: 1 of 22 processes, 0 of them now; no probe in any other." in text
    assert "leaks" in talk and "in leak_session" in talk
    validate(run.looks())


@pytest.fixture
def arenas() -> Iterator[list[Fixture]]:
    """Two that wait for GO."""
    running = [Fixture("arena").ready() for _ in range(2)]
    yield running
    for one in running:
        one.end()


def test_growth_stacks_need_no_probe(watch, arenas) -> None:
    """While another one has the only trace: who touches new memory is told, of threads that come and go,
    and of pages that a system call has filled."""
    first, second = arenas
    run = watch("-p", pids([first.pid, second.pid]), "--escalations", "1")
    first.go()
    traced = run.when(lambda look: look["processes"]["traced"], "a trace")
    assert process_of(traced, first.pid)["state"] == "traced"
    # It is not sampled later than it is probed.
    assert growth_stacks_of(traced, first.pid)
    second.go()
    look = run.when(lambda look: growth_stacks_of(look, second.pid).get("samples", 0) >= 40, "samples")
    process = process_of(look, second.pid)
    assert process["state"] in ("watched", "suspect") and process["traces"] == 0
    untouched = modified_text(second.pid) == 0
    later = run.when(lambda later: later["seq"] > look["seq"] + 1, "a later look")
    assert process_of(later, second.pid)["traces"] == 0, "traced too soon for this test"
    assert untouched
    stacks = growth_stacks_of(later, second.pid)
    assert share_of(stacks, "work") > 0.95
    assert 0.5 < share_of(stacks, "fill_session") < 0.95
    assert 0.05 < share_of(stacks, "read_record") < 0.5
    assert stacks["partial"] < stacks["samples"] / 10
    assert stacks["counted_s"] <= stacks["seconds"]
    # What the process has paid, of a third of a CPU: the share is 0.05 %, and some for a burst.
    assert stacks["cost_ms"] < 0.001 * (stacks["seconds"] + 2) * 1000 / 3
    code, text, _ = run.finish()
    assert code == 0
    assert "New memory is first written in: fill_session (arena.c:" in " ".join(text.split())


@pytest.mark.long
@pytest.mark.serial
def test_one_of_three_hundred(watch, simulate, resting) -> None:
    """50 KiB/s, at the default interval: within five minutes on an idle machine."""
    others = [*resting(289), *(simulate("churn", "--rate", "50/s") for _ in range(10))]
    leaks = simulate("linear", "--growth", "50K/s")
    began = time.monotonic()
    run = convicts(watch, leaks, others, "-i", "10s")
    looks = run.looks()
    named = next(look["elapsed_s"] for look in looks if is_named(leaks)(look))
    convicted = next(
        result["begun_s"] + result["traced_s"] for look in looks for result in look["results"]
    )
    cost = [look["overhead"]["machine_cpu_pct"] for look in looks if look["elapsed_s"] < named][1:]
    print(f"named after {named:.0f} s, convicted after {convicted:.0f} s, {cost} % of the machine")
    assert named < convicted < time.monotonic() - began
    assert looks[-1]["processes"]["watched"] == 300


def test_what_does_not_grow_is_left_alone(watch, simulate, resting) -> None:
    others = [*resting(5), simulate("oscillating-steady"), simulate("churn", "--rate", "500/s")]
    run = watch("-p", pids(others), "-d", "25s", "--fail-on", "growth")
    code, text, talk = run.result()
    assert code == 0, text
    assert "Nothing grows: 7 processes watched for " in text
    assert "No probe in anybody." in text
    looks = run.looks()
    assert looks[-1]["final"]
    assert [look["processes"]["probed"] for look in looks] == [0] * len(looks)
    assert "watching 7 processes, without any probe" in talk


def test_only_watching(watch, simulate) -> None:
    """Descriptors, with the limit that they use up; nothing is traced."""
    pid = simulate("fd")
    run = watch("-p", pid, "--escalations", "0", "--fail-on", "growth")
    look = run.when(lambda look: grows(look, pid, "descriptors"), "growth")
    process = process_of(look, pid)
    growth = next(growth for growth in process["growth"] if growth["what"] == "descriptors")
    assert growth["limit"] == "nofile"
    assert growth["rate_low"] <= growth["rate_per_s"] <= growth["rate_high"]
    assert growth["eta_s"] > 0
    assert process["descriptors"] > growth["grown"] > 0
    assert process["growth_stacks"] is None
    code, text, _ = run.finish()
    assert code == 3
    assert "No probe in anybody." in text
    assert "RLIMIT_NOFILE is used up in" in text
    assert run.looks()[-1]["processes"]["probed"] == 0


@pytest.mark.long
def test_descriptors_are_traced_as_such(watch, simulate) -> None:
    pid = simulate("fd")
    run = watch("-p", pid)
    look = run.when(result_of(pid), "a result")
    assert look["results"][0]["leaks"] == ["fd"]
    assert list(look["results"][0]["report"]["totals"]) == ["fd"]


def test_too_short_to_say(watch, resting) -> None:
    code, _, _ = watch("-p", pids(resting(1)), "-d", "2s", "--fail-on", "leak").result()
    assert code == 4


def test_without_rights(watch, simulate) -> None:
    """It watches, says what tracing would need, and does not claim to know."""
    pid = simulate("linear", "--growth", "500K/s")
    with tempfile.TemporaryDirectory() as directory:
        os.chown(directory, NOBODY, -1)
        run = watch("-p", pid, "--fail-on", "leak", directory=Path(directory), user=NOBODY)
        run.when(
            lambda look: (process := process_of(look, pid)) and process["state"] == "refused", "a refusal"
        )
        code, text, talk = run.finish()
    assert code == 4
    assert "run seep as root" in talk
    assert talk.count("no growth stacks: ") == 1
    assert "No probe in anybody." in text


def test_named_processes_end(watch, resting, simulate) -> None:
    """Then there is nothing left to watch."""
    target = subprocess.Popen(["sleep", "100000"])
    run = watch("-p", target.pid)
    run.when(lambda look: look["processes"]["watched"] == 1, "a look")
    end_process(target)
    code, _, _ = run.result()
    assert code == 0
    assert run.looks()[-1]["final"]


def test_the_end_of_a_traced_process(watch) -> None:
    """What it had then is its last report."""
    target = subprocess.Popen(
        [str(SEEP), "simulate", "linear", "--growth", "500K/s", "--json"], stdout=subprocess.PIPE
    )
    try:
        assert target.stdout and target.stdout.readline()
        run = watch("-p", target.pid)
        run.when(lambda look: look["processes"]["traced"], "a trace")
    finally:
        end_process(target)
    code, text, _ = run.result()
    assert code == 0
    assert ", has ended: its last report" in text
    (result,) = [result for look in run.looks() for result in look["results"]]
    assert result["ended"] and result["pid"] == target.pid
    assert result["report"]["processes"][0]["exited"]
    assert any("leak_session" in frame["function"] for site in result["report"]["sites"]
               for frame in site["stack"] if frame["function"])


def test_children_of_what_is_watched(watch) -> None:
    script = "import os, sys, time\nos.fork()\nprint(flush=True)\ntime.sleep(1000)\n"
    target = subprocess.Popen(
        ["/usr/bin/python3", "-c", script], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert target.stdout and target.stdout.readline() and target.stdout.readline()
        watch("-p", target.pid, "--children").when(
            lambda look: look["processes"]["watched"] == 2, "both processes"
        )
        watch("-p", target.pid).when(lambda look: look["processes"]["watched"] == 1, "one of them")
    finally:
        os.killpg(target.pid, signal.SIGKILL)
        end_process(target)


def test_the_whole_machine(watch, resting) -> None:
    """Without a scope; SIGUSR1 asks for a look."""
    (pid,) = resting(1)
    run = watch("-i", "1h", "--escalations", "0")
    wait_until(lambda: "SigCgt" in Path(f"/proc/{run.process.pid}/status").read_text(), "its start")

    def look() -> list[Report]:
        # Before its signals are blocked this would end it.
        mask = next(
            line for line in Path(f"/proc/{run.process.pid}/status").read_text().splitlines()
            if line.startswith("SigBlk:")
        )
        if int(mask.split()[1], 16) & 1 << signal.SIGUSR1 - 1:
            run.process.send_signal(signal.SIGUSR1)
        return run.looks()

    looks = wait_until(look, "a look")
    mine = [entry for entry in os.listdir("/proc") if entry.isdigit()]
    assert str(pid) in mine
    assert 2 <= looks[0]["processes"]["watched"] <= looks[0]["processes"]["seen"]
    assert looks[0]["scope"]["type"] == "all"
    assert run.finish()[0] == 0


def validate(looks: list[Report]) -> None:
    """Against the schema in docs, which can also say no."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "docs/watch.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for look in looks:
        validator.validate(look)
    assert [look["seq"] for look in looks] == list(range(1, len(looks) + 1))
    assert [look["final"] for look in looks] == [False] * (len(looks) - 1) + [True]
    wrong = json.loads(json.dumps(looks[-1]))
    wrong["growing"][0]["state"] = "innocent"
    assert not validator.is_valid(wrong)


def test_wrong_use() -> None:
    def status(*arguments: str) -> int:
        return subprocess.run(
            [SEEP, "watch", *arguments], capture_output=True, check=False, timeout=TIMEOUT
        ).returncode

    assert status("stray") == 2
    assert status("-p", "1", "-a") == 2
    assert status("--escalations", "17") == 2
    assert status("--trace-time", "1s") == 2
    assert status("-p", "4194304") == 1
    assert status("--json", "/no/such/directory/x", "-d", "1s") == 1
    assert status("--help") == 0


@pytest.fixture
def memory_group() -> Iterator[Callable[[int, int], None]]:
    """Puts a process into a group that may have so many bytes more than the process has now."""
    mounts = cgroup_mounts()
    legacy = next((path for key, path in mounts.items() if "memory" in key.split(",")), None)
    mount = legacy or mounts[""]
    if not legacy and "memory" not in (mount / "cgroup.controllers").read_text().split():
        pytest.skip("no controller of memory")
    if not legacy:  # as systemd does, so it stays
        (mount / "cgroup.subtree_control").write_text("+memory")
    group = mount / f"seep-test-{os.getpid()}-watch"
    group.mkdir()

    def move(pid: int, more: int) -> None:
        current = group / ("memory.usage_in_bytes" if legacy else "memory.current")
        limit = group / ("memory.limit_in_bytes" if legacy else "memory.max")
        (group / "cgroup.procs").write_text(str(pid))
        limit.write_text(str(int(current.read_text()) + more))

    yield move
    wait_until(lambda: not (group / "cgroup.procs").read_text(), "the end of the group")
    group.rmdir()


@pytest.mark.parametrize("traced", [True, False], ids=["traced", "watched"])
def test_a_kill_for_want_of_memory(watch, memory_group, traced: bool) -> None:
    """What was outstanding then is the last report; of what was only watched, its numbers are."""
    target = subprocess.Popen(
        [str(SEEP), "simulate", "linear", "--growth", "500K/s", "--json"], stdout=subprocess.PIPE
    )
    try:
        assert target.stdout and target.stdout.readline()
        run = watch("-p", target.pid, "--escalations", "1" if traced else "0")
        run.when(lambda look: look["processes"]["traced" if traced else "growing"], "a trace, or growth")
        memory_group(target.pid, 2 << 20)
        assert target.wait(TIMEOUT) == -signal.SIGKILL
    finally:
        end_process(target)
    code, text, talk = run.result()
    assert code == 0
    assert ", killed by the kernel for want of memory: its last report" in " ".join(text.split())
    (result,) = [result for look in run.looks() for result in look["results"]]
    assert result["oom_killed"] and result["ended"] and result["pid"] == target.pid
    if not traced:
        assert result["report"] is None and result["traced_s"] == 0
        assert re.search(r"killed by the kernel for want of memory; it had \S+ MiB resident and grew by \d", talk)
        return
    assert result["traced_s"] > 0
    assert result["report"]["processes"][0]["exited"]
    (leak,) = [
        site
        for site in result["report"]["sites"]
        if any(frame["function"] == "leak_session" for frame in site["stack"])
    ]
    assert leak["live_bytes"] > 0
    # Where a probe costs much the process is traced in windows, and numbers are estimates.
    assert leak["frees"] == 0 or result["report"]["sampled"]
