# SPDX-License-Identifier: GPL-2.0-only
"""Which processes are traced: PIDs, launched commands, fork, exec, exit."""

from __future__ import annotations

import json
import signal
import struct
import subprocess
from pathlib import Path

import pytest
from harness import (
    FIXTURES,
    SEEP,
    TIMEOUT,
    assert_exact,
    attach_variants,
    counts_of,
    losses_of,
    modified_text,
    sites_of,
    wait_until,
)


def test_several_processes(start, seep) -> None:
    first, second, third = start("bulk", "10"), start("bulk", "20"), start("bulk", "30")
    trace = seep("-p", f"{first.pid},{second.pid}", "-p", third.pid).attached()
    for number, target in enumerate((first, second, third), 1):
        target.go()
        assert target.done()["sites"]["made_in_bulk"]["allocs"] == 10 * number
    report = trace.finish()
    assert {process["pid"] for process in report["processes"]} == {
        first.pid,
        second.pid,
        third.pid,
    }
    for number, target in enumerate((first, second, third), 1):
        assert counts_of(report, "made_in_bulk", target.pid)["allocs"] == 10 * number
    # the same path through the same program has one id, in every process and run
    assert len({site["id"] for site in sites_of(report, "made_in_bulk")}) == 1
    assert report["scope"]["type"] == "pid"


def test_others_are_not_traced(start, seep) -> None:
    target, bystander = start("bulk", "10"), start("bulk", "20")
    trace = seep("-p", target.pid).attached()
    bystander.go()
    bystander.done()
    assert modified_text(bystander.pid) == 0
    target.go()
    done = target.done()
    report = trace.finish()
    assert_exact(report, done)
    assert [process["pid"] for process in report["processes"]] == [target.pid]


def test_process_facts(start, seep) -> None:
    target = start("bulk", "10")
    trace = seep("-p", target.pid).attached()
    target.go()
    target.done()
    (process,) = trace.finish()["processes"]
    assert process["comm"] == "bulk"
    assert process["exe"] == str((FIXTURES / "bulk").resolve())
    assert process["exited"] is False
    assert process["rss_bytes"] > 0
    assert process["start_time"].endswith("Z")


def test_exit_under_trace(start, seep) -> None:
    target = start("bulk", "100", "64", "4")
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    target.quit()
    report = trace.final()
    assert_exact(report, done)
    (process,) = report["processes"]
    assert process["exited"] is True
    for site in sites_of(report, "made_in_bulk"):
        assert site["stack"][1]["file"].endswith("bulk.c")


def test_killed_under_trace(start, seep) -> None:
    target = start("bulk", "100", "64", "4")
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    target.process.kill()
    target.process.wait()
    report = trace.final()
    assert_exact(report, done)
    assert report["processes"][0]["exited"] is True


def test_one_of_two_exits(start, seep) -> None:
    """The trace goes on until the last target has ended."""
    first, second = start("bulk", "10"), start("bulk", "20")
    trace = seep("-p", first.pid, "-p", second.pid).attached()
    first.go()
    first.done()
    first.quit()
    trace.report_when(
        lambda report: any(process["exited"] for process in report["processes"]), "the exit"
    )
    second.go()
    second.done()
    second.quit()
    report = trace.final()
    assert counts_of(report, "made_in_bulk", first.pid)["allocs"] == 10
    assert counts_of(report, "made_in_bulk", second.pid)["allocs"] == 20


def test_fork(traced) -> None:
    """What children make and release is not the parent's."""
    report, done = traced("forker")
    assert_exact(report, done)
    assert counts_of(report, "made_in_child")["allocs"] == 0


def test_exec(start, seep) -> None:
    """The old image is buried with its numbers, the new one is traced."""
    target = start("execer")
    trace = seep("-p", target.pid).attached()
    target.go()
    first = target.done()
    target.say("EXEC")
    target.ready()
    trace.report_when(
        lambda report: sorted(p["exited"] for p in report["processes"]) == [False, True],
        "the new image",
    )
    wait_until(lambda: modified_text(target.pid), "the probes in the new image")
    target.go()
    second = target.done()
    report = trace.finish()
    assert_exact(report, first)
    assert_exact(report, second)
    assert {process["pid"] for process in report["processes"]} == {target.pid}
    assert sorted(process["live_objects"] for process in report["processes"]) == [25, 45]


def counted(path: Path) -> dict[str, int]:
    """What the linked-in counter has seen: every call of the program's whole life."""
    allocs, alloc_bytes, frees = struct.unpack("=3Q", path.read_bytes())
    return {"allocs": allocs, "alloc_bytes": alloc_bytes, "frees": frees}


def test_launched_command(seep, tmp_path: Path) -> None:
    """Traced from its first instruction to its last: not one allocation is missed."""
    count_file = tmp_path / "counts"
    trace = seep(
        "--", FIXTURES / "launched", "exit", "7", env={"SEEP_COUNT_FILE": str(count_file)}
    )
    report = trace.final(expect=7)
    totals = report["totals"]["memory"]
    assert {key: totals[key] for key in ("allocs", "alloc_bytes", "frees")} == counted(count_file)
    assert losses_of(report) == {}
    made = {
        function: counts_of(report, function)["allocs"]
        for function in ("made_before_main", "made_in_main", "made_at_exit")
    }
    assert made == {"made_before_main": 10, "made_in_main": 20, "made_at_exit": 3}
    assert counts_of(report, "made_before_main")["frees"] == 4
    (process,) = report["processes"]
    assert process["exited"] is True
    assert process["comm"] == "launched"
    assert report["scope"]["type"] == "command"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_launched_command_ends_by_signal(seep, number: int) -> None:
    trace = seep("--", FIXTURES / "launched", "signal", int(number))
    report = trace.final(expect=128 + number)
    assert counts_of(report, "made_in_main")["allocs"] == 20


@pytest.mark.parametrize("command, status", [("/bin/true", 0), ("/bin/false", 1)])
def test_short_lived_commands(seep, command: str, status: int) -> None:
    report = seep("--", command).final(expect=status)
    assert report["processes"][0]["exited"] is True


def test_launched_by_name_with_options_of_its_own(seep, tmp_path: Path) -> None:
    """The command is found in PATH, and what follows it is not ours."""
    trace = seep("--", "sh", "-c", "echo out; echo err >&2; exit 5", "-d", "nonsense")
    trace.final(expect=5)
    assert "out" in trace.stdout
    assert "err" in trace.stderr


def test_launched_command_reads_our_input(seep, tmp_path: Path) -> None:
    trace = seep("-q", "--", "cat", stdin=subprocess.PIPE)
    stdin = trace.process.stdin
    assert stdin
    stdin.write(b"through\n")
    stdin.close()
    trace.final()
    assert trace.stdout == "through\n"


def test_command_that_does_not_exist(seep) -> None:
    trace = seep("--", "/nonexistent/command")
    assert trace.wait() in (1, 126, 127)
    assert "/nonexistent/command" in trace.stderr


CAPABILITIES = ("bpf", "perfmon", "sys_ptrace", "dac_read_search")


def run_with_capabilities(start, report: Path, *capabilities: str) -> None:
    """A whole trace by somebody with nothing but these."""
    target = start("sizes")
    report.touch()
    report.chmod(0o666)
    granted = ",".join(f"+{name}" for name in capabilities)
    trace = subprocess.Popen(
        [
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            f"--inh-caps={granted}", f"--ambient-caps={granted}",
            SEEP, "trace", "-p", str(target.pid), "--json", report,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert trace.stderr
        line = trace.stderr.readline()
        assert line.startswith("seep: tracing "), line
        target.go()
        done = target.done()
        trace.terminate()
        assert trace.wait(TIMEOUT) == 0
    finally:
        trace.kill()
        trace.wait()
    assert_exact(json.loads(report.read_text().splitlines()[-1]), done)


def capabilities_of(pid: int, kind: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{kind}:")[1].split()[0], 16)


def test_privileges_are_given_up(start, seep) -> None:
    """What a running trace cannot need it does not have any more, and cannot get again."""
    target = start("bulk", "10")
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    # linux/capability.h: DAC_OVERRIDE, DAC_READ_SEARCH, SYS_PTRACE, SYS_ADMIN, PERFMON, BPF,
    # CHECKPOINT_RESTORE
    allowed = sum(1 << number for number in (1, 2, 19, 21, 38, 39, 40))
    for kind in ("CapEff", "CapPrm", "CapInh", "CapBnd"):
        wait_until(lambda kind=kind: not capabilities_of(trace.pid, kind) & ~allowed, kind)
    assert "NoNewPrivs:\t1" in Path(f"/proc/{trace.pid}/status").read_text()
    assert_exact(trace.finish(), done)


def test_four_capabilities_are_enough(start, tmp_path: Path) -> None:
    """What the README and the error messages name, instead of root."""
    paranoid = int(Path("/proc/sys/kernel/perf_event_paranoid").read_text()) > 2
    if paranoid and attach_variants()[0] == "perf":
        with pytest.raises(AssertionError, match="CAP_SYS_ADMIN too.*perf_event_paranoid"):
            run_with_capabilities(start, tmp_path / "report.json", *CAPABILITIES)
        run_with_capabilities(start, tmp_path / "report.json", *CAPABILITIES, "sys_admin")
    else:
        run_with_capabilities(start, tmp_path / "report.json", *CAPABILITIES)
