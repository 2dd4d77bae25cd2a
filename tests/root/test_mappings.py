# SPDX-License-Identifier: GPL-2.0-only
"""Mappings: every way to map and unmap, to the page, against what /proc says."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import (
    ARENA,
    BEFORE,
    BUILD,
    KERNEL,
    UNSEEN,
    Fixture,
    Report,
    Seep,
    after_work,
    again_until,
    assert_exact,
    end_process,
    losses_of,
    names,
    process_of,
    repeating,
    sites_of,
    wait_until,
)
from kernel_objects import entries_of_map, loaded_programs

PAGE = 4096

Extents = list[tuple[int, int]]


def merged(extents: Extents) -> Extents:
    """What is covered; extents that overlap are a mistake."""
    result: Extents = []
    for start, end in sorted(extents):
        if result and start < result[-1][1]:
            raise AssertionError(f"{start:x}-{end:x} overlaps {result[-1][0]:x}-{result[-1][1]:x}")
        if result and start == result[-1][1]:
            result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def mapped(pid: int) -> Extents:
    """Of [vsyscall] all processes have the same one, which is none of theirs."""
    result: Extents = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if not line.endswith("[vsyscall]"):
            result.append((start, end))
    return merged(result)


def size_of(extents: Extents) -> int:
    return sum(end - start for start, end in extents)


def dump(trace: Seep, name: str) -> list[dict[str, Any]]:
    """The entries of a map of this run."""
    return [entry["formatted"] for entry in entries_of_map(trace, name)]


def check_ranges(trace: Seep, pid: int) -> int:
    """For a trace of one process: its ranges are what is mapped, and the index knows each. How many."""
    ranges = [
        (entry["key"]["id"], entry["key"]["id"] + entry["value"]["object"]["bytes"])
        for entry in dump(trace, "live_mappings")
    ]
    assert merged(ranges) == mapped(pid)
    starts = {
        (entry["key"]["block"] * 64 + bit) * PAGE
        for entry in dump(trace, "range_words")
        for bit in range(64)
        if entry["key"]["level"] == 0 and entry["value"] >> bit & 1
    }
    assert starts == {start for start, _ in ranges}
    return len(ranges)


def check_against_proc(trace: Seep, pid: int) -> Report:
    """The process waits for a word, so its mappings stand still."""
    report = trace.report_now()
    assert process_of(report, pid)["totals"]["mapping"]["live_bytes"] == size_of(mapped(pid))
    return report


@pytest.fixture
def begun(start, seep) -> Callable[..., tuple[Fixture, Seep, dict[str, Any]]]:
    """A fixture that has done its work, and the trace of it, which goes on."""
    return after_work(start, seep, "mapping", check_against_proc)


@pytest.mark.parametrize("program", ["mappings", "mappings_static"])
def test_each_way(begun, program: str) -> None:
    target, trace, done = begun(program)
    report = check_against_proc(trace, target.pid)
    check_ranges(trace, target.pid)
    assert_exact(report, done)
    assert losses_of(report) == {}
    rings = sites_of(report, "make_ring")
    assert sum(site["allocs"] for site in rings) == 2 * done["rings"]
    assert sum(site["frees"] for site in rings) == done["rings"]
    for function in ("cut_away", "grown", "heap_up", "attach_shared", "fixed_over_both"):
        assert done["sites"][function]["allocs"] > 0


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_anything(begun, seed: str) -> None:
    """Whatever overlaps whatever: ranges, index and counts hold."""
    target, trace, _ = begun("mappers", "random", seed, "20000")
    report = check_against_proc(trace, target.pid)
    assert report["totals"]["mapping"]["live_objects"] == check_ranges(trace, target.pid)
    assert report["totals"]["mapping"]["allocs"] > 5000
    assert losses_of(report) == {}


def test_without_unwind_information(begun) -> None:
    """Static musl: whose functions cannot all be named, but the numbers are the same."""
    target, trace, done = begun("mappings_musl")
    report = check_against_proc(trace, target.pid)
    check_ranges(trace, target.pid)
    assert losses_of(report) == {}
    made = sum(site["alloc_bytes"] for site in done["sites"].values())
    assert report["totals"]["mapping"]["alloc_bytes"] >= made


def test_what_ranges_are(begun) -> None:
    target, trace, _ = begun("mappings")
    report = check_against_proc(trace, target.pid)

    def groups(function: str) -> dict[str, int]:
        sums: dict[str, int] = {}
        for site in sites_of(report, function):
            for group in site["details"]["groups"] if site["live_objects"] else ():
                sums[group["name"]] = sums.get(group["name"], 0) + group["bytes"]
        return sums

    assert groups("heap_up") == {"heap": 3 * PAGE}
    assert groups("attach_shared") == {"System V shared memory": 10 * PAGE}
    assert groups("cut_ends") == {"anonymous memory": 4 * PAGE}
    assert groups("map_file") == {"file": 2 * PAGE, "file (shared)": 2 * PAGE}
    before = groups(BEFORE)
    assert before["stack"] > 0 and before["file"] > 0 and before["kernel"] > 0
    (site,) = [site for site in sites_of(report, "cut_ends") if site["live_objects"]]
    (example,) = site["details"]["examples"]
    assert re.fullmatch("[0-9a-f]+-[0-9a-f]+ 16.0 KiB rw-", example)
    files = [site["details"] for site in sites_of(report, "map_file")]
    examples = [text for of in files for text in of["examples"]]
    assert all(" 8.00 KiB r-- /tmp/" in text for text in examples) and len(examples) == 2


def test_exec(begun) -> None:
    """The second image has nothing of the first."""
    target, trace, _ = begun("mappings")
    target.say("EXEC")
    target.ready()
    check_against_proc(trace, target.pid)
    target.go()
    target.done()
    report = check_against_proc(trace, target.pid)
    # two of the first image, one of the second
    plain = [(site["alloc_bytes"], site["free_bytes"]) for site in sites_of(report, "map_plain")]
    assert sorted(plain) == [(7 * PAGE, 7 * PAGE), (7 * PAGE, 7 * PAGE), (10 * PAGE, 0)]
    assert losses_of(report) == {}


def test_churn(begun) -> None:
    target, trace, done = begun("mappers", "churn", "100000")
    report = check_against_proc(trace, target.pid)
    check_ranges(trace, target.pid)
    assert_exact(report, done)
    assert losses_of(report) == {}
    (churn,) = sites_of(report, "churn_map")
    assert sum(churn["lifetimes_us_log2"]) == 100000


def test_reports_during_churn(start, seep) -> None:
    """What is in the middle of being mapped or unmapped is no difference."""
    reports = 0

    def churn(number: int) -> None:
        nonlocal reports
        target = start("mappers", "churn", "100000")
        options = ("-k", "mapping", "-i", "20ms")
        trace = seep("-p", target.pid, *options, json_file=f"{number}.json").attached()
        target.go()
        done = target.done()
        reports += len(trace.reports())
        report = check_against_proc(trace, target.pid)
        assert_exact(report, done)
        assert losses_of(report) == {}
        trace.finish()

    again_until(lambda: reports > 10, churn, "reports during the churn")


@pytest.fixture
def late_returns() -> Iterator[Callable[[int], None]]:
    """System calls of this process return late to whoever watches them from now on."""
    running: list[subprocess.Popen[str]] = []

    def run(pid: int) -> None:
        process = subprocess.Popen(
            [BUILD / "tools/late_returns", str(pid)], stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        assert process.stdout
        assert process.stdout.readline() == "attached\n"

    yield run
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.parametrize("late", [False, True])
def test_threads(start, seep, late_returns, late: bool) -> None:
    """They get each other's addresses at once, also before it is known that these are free again."""
    target = start("mappers", "threads", "4", "5000")
    if late:
        late_returns(target.pid)
    trace = seep("-p", target.pid, "-k", "mapping", "-i", "50ms").attached()
    target.go()
    done = target.done()
    report = check_against_proc(trace, target.pid)
    check_ranges(trace, target.pid)
    assert_exact(report, done)
    assert losses_of(report) == {}


def test_attached_while_it_works(start, seep) -> None:
    """What is under way when the trace begins is settled afterwards."""
    target = start("mappers", "threads", "2", "20000")
    target.go()
    trace = seep("-p", target.pid, "-k", "mapping", "-i", "20ms").attached()
    target.done()
    report = check_against_proc(trace, target.pid)
    check_ranges(trace, target.pid)
    # a call that was on its way when nobody listened yet cannot be told from one that nobody saw
    assert set(losses_of(report)) <= {"unseen_mappings", "unseen_unmappings"}


def test_fork(begun) -> None:
    target, trace, done = begun("mappers", "fork", options=("-k", "mapping", "--children"))
    report = check_against_proc(trace, target.pid)
    assert_exact(report, done)
    assert process_of(report, done["child"])["totals"]["mapping"]["live_bytes"] == size_of(mapped(done["child"]))
    assert {site["pid"] for site in sites_of(report, "mapped_by_child")} == {done["child"]}
    assert losses_of(report) == {}


def test_stack_grows(begun) -> None:
    """Nobody asks for it, so the kernel is who has made it; nothing is lost."""
    target, trace, _ = begun("mappers", "stack")
    report = check_against_proc(trace, target.pid)
    check_ranges(trace, target.pid)
    (site,) = sites_of(report, KERNEL)
    assert (1 << 20) - 200 * 1024 <= site["live_bytes"] <= 2 << 20
    assert [group["name"] for group in site["details"]["groups"]] == ["stack"]
    assert losses_of(report) == {}


def test_probe_pages_are_the_kernels(begun) -> None:
    """The kernel maps a page for the probes on malloc."""
    target, trace, _ = begun("mappers", "arena", options=("-k", "memory,mapping"))
    report = check_against_proc(trace, target.pid)
    assert "[uprobes]" in Path(f"/proc/{target.pid}/maps").read_text()
    assert sum(site["live_bytes"] for site in sites_of(report, KERNEL)) == PAGE
    assert losses_of(report) == {}


def test_arenas_count_once(begun) -> None:
    """What malloc maps is the allocator's; whose the blocks are is told by the blocks."""
    target, trace, done = begun("mappers", "arena", options=("-k", "memory,mapping"))
    report = check_against_proc(trace, target.pid)
    check_ranges(trace, target.pid)
    of_kind = {
        kind: {**report, "sites": [site for site in report["sites"] if site["kind"] == kind]}
        for kind in ("memory", "mapping")
    }
    assert_exact(of_kind["memory"], done)
    assert sites_of(of_kind["mapping"], "made_of_arena") == []
    arenas = sites_of(of_kind["mapping"], ARENA)
    assert [names(site) for site in arenas] == [["malloc", ARENA]]
    # 5 blocks in mappings of their own, a page more each; the one that was freed; and the heap
    (site,) = arenas
    assert site["free_bytes"] == (3 << 20) + PAGE
    assert site["live_bytes"] >= 5 * ((1 << 20) + PAGE) + 3000 * 112
    assert {group["name"] for group in site["details"]["groups"]} == {"anonymous memory", "heap"}
    assert losses_of(report) == {}


def test_arenas_without_memory(begun) -> None:
    """If nobody knows of malloc, its caller is who maps."""
    target, trace, done = begun("mappers", "arena")
    report = check_against_proc(trace, target.pid)
    assert sites_of(report, ARENA) == []
    live = sum(site["live_bytes"] for site in sites_of(report, "made_of_arena"))
    assert live >= 5 * ((1 << 20) + PAGE) + 3000 * 112
    assert done["sites"]["made_of_arena"]["allocs"] == 3006


def test_what_is_not_seen_is_found(begun) -> None:
    target, trace, done = begun("mappers", "unseen")
    report = check_against_proc(trace, target.pid)
    check_ranges(trace, target.pid)
    assert_exact(report, done)
    assert sum(site["live_bytes"] for site in sites_of(report, UNSEEN)) == 33 * PAGE
    losses = losses_of(report)
    assert set(losses) == {"unseen_mappings", "unseen_unmappings"}
    # next to each other, or not
    assert losses["unseen_mappings"] in (1, 2) and losses["unseen_unmappings"] == 1


def test_full(begun) -> None:
    """With room for 100 ranges: counted as untracked, and no byte is made up."""
    target, trace, _ = begun(
        "mappers", "threads", "1", "300", options=("-k", "mapping", "--max-objects", "100")
    )
    report = trace.report_now()
    losses = losses_of(report)
    assert losses["untracked_objects"] > 0 and losses["untracked_bytes"] > 0
    assert process_of(report, target.pid)["totals"]["mapping"]["live_bytes"] < size_of(mapped(target.pid))
    assert report["totals"]["mapping"]["live_objects"] <= 110


def test_huge_pages(begun) -> None:
    """Of which the kernel always makes whole ones."""
    if not Path("/proc/sys/vm/nr_hugepages").exists():
        pytest.skip("this kernel has no huge pages")
    target, trace, done = begun("mappers", "huge")
    report = check_against_proc(trace, target.pid)
    assert_exact(report, done)
    assert losses_of(report) == {}


def test_cost_nothing_if_not_chosen(start, seep) -> None:
    target = start("mappers", "churn", "10")
    trace = seep("-p", target.pid, "-k", "memory").attached()
    programs = loaded_programs(trace)
    assert "free_entry" in programs
    assert not any(name.startswith("mapping_call") for name in programs)
    assert not any(name.startswith("mappings_count") for name in programs)
    assert "mapping" not in trace.finish()["totals"]


def test_launched(seep) -> None:
    trace = seep("-k", "mapping", "--", "/bin/sh", "-c", "read line", stdin=subprocess.PIPE).attached()
    pid = wait_until(
        lambda: [p["pid"] for p in trace.report_now()["processes"] if not p["exited"]], "the shell"
    )[0]
    # it reads when all libraries are loaded
    wait_until(
        lambda: Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 "), "the shell reads"
    )
    report = check_against_proc(trace, pid)
    check_ranges(trace, pid)
    assert sites_of(report, UNSEEN) == []
    assert losses_of(report) == {}
    assert trace.process.stdin
    trace.process.stdin.close()
    trace.final(expect=1)  # what read says at the end of its input


@pytest.mark.parametrize("times", [150, pytest.param(800, marks=pytest.mark.long)])
def test_reports_during_execs(seep, times: int) -> None:
    """What has become another program is not taken for one that has lost everything."""
    loop = f"i=0; while [ $i -lt {times} ]; do sh -c 'exec /bin/true'; i=$((i+1)); done"
    trace = seep("-k", "mapping", "-i", "10ms", "-n", "1", "--", "/bin/sh", "-c", loop)
    report = trace.final()
    assert len(trace.reports()) > 10
    assert not {key for key in losses_of(report) if key.startswith("unseen")}
    assert report["totals"]["mapping"]["allocs"] > 2 * times


# --- programs as they are ------------------------------------------------------------------------

JAVA = """
import java.util.ArrayList;

public class Leak {
	public static void main(String[] arguments) throws Exception {
		ArrayList<byte[]> kept = new ArrayList<>();
		System.out.println("READY pid=" + ProcessHandle.current().pid());
		System.in.read();
		for (int i = 0; i < 400; i++) {
			byte[] block = new byte[1 << 20];
			if (i % 4 == 0)
				kept.add(block);
		}
		System.gc();
		System.out.println("DONE {}");
		while (System.in.read() >= 0)
			;
	}
}
"""


@pytest.fixture
def other_program() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """A program of another language; ended by its PID."""
    running: list[subprocess.Popen[bytes]] = []

    def run(*command: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **options,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        end_process(process)


def check_until_equal(trace: Seep, pid: int) -> Report:
    """Of programs whose own threads may still be at work, so that both cannot be read at once."""

    def equal(report: Report) -> bool:
        return process_of(report, pid)["totals"]["mapping"]["live_bytes"] == size_of(mapped(pid))

    return trace.report_when(equal, "a report that agrees with /proc")


def test_go(start, seep) -> None:
    """The runtime maps by itself, reserves much and uses it piece by piece."""
    target = start("mappings_go")
    trace = seep("-p", target.pid, "-k", "mapping", "-i", "100ms").attached()
    check_until_equal(trace, target.pid)
    target.go()
    target.done()
    report = check_until_equal(trace, target.pid)
    check_ranges(trace, target.pid)
    assert report["totals"]["mapping"]["alloc_bytes"] > 50 << 20
    assert losses_of(report) == {}


def test_java(seep, other_program, tmp_path: Path) -> None:
    if not shutil.which("java"):
        pytest.skip("there is no Java")
    source = tmp_path / "Leak.java"
    source.write_text(JAVA)
    process = other_program("java", "-Xmx256m", source)
    assert process.stdin and process.stdout
    assert process.stdout.readline().startswith(b"READY")
    trace = seep("-p", process.pid, "-k", "mapping", "-i", "100ms").attached()
    check_until_equal(trace, process.pid)
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"DONE")
    report = check_until_equal(trace, process.pid)
    assert report["totals"]["mapping"]["alloc_bytes"] > 50 << 20
    assert losses_of(report) == {}


@pytest.mark.serial
def test_while_all_is_traced(start, seep) -> None:
    """Every process of the machine, with short ones coming and going."""
    target = start("mappers", "churn", "2000")
    trace = seep("-a", "-k", "mapping", "-i", "200ms").attached()
    with repeating(lambda: subprocess.run(["/bin/true"], check=True)):
        target.go()
        done = target.done()
        report = check_against_proc(trace, target.pid)
    assert_exact(report, done, target.pid)
