# SPDX-License-Identifier: GPL-2.0-only
"""What the root tests share: the traced programs, seep itself, and what every report must hold."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
SEEP = BUILD / "seep"
FIXTURES = BUILD / "fixtures"
# How much slower than a real machine this one is: a virtual one without KVM by far.
SLOWNESS = float(os.environ.get("SEEP_TEST_SLOWNESS", "1"))
TIMEOUT = 240.0 * SLOWNESS  # seconds; for anything that a test waits for: only a failure takes as long
COUNTS = ("allocs", "alloc_bytes", "frees", "free_bytes")

Report = dict[str, Any]


def x_macro(header: str, macro: str, field: int) -> list[str]:
    """One field of every line of an X-macro of include/seep/."""
    text = (ROOT / "include/seep" / header).read_text()
    body = text.split(f"#define {macro}(X)", 1)[1].split("\n\n", 1)[0]
    return [line.split(",")[field].strip() for line in re.findall(r"X\(([^)]*)\)", body)]


LOSSES = x_macro("counters.h", "SEEP_LOSSES", 1)
KINDS = x_macro("kinds.h", "SEEP_LIVE_KINDS", 1) + x_macro("kinds.h", "SEEP_KINDS", 1)
ORIGINS = [text.strip('"') for text in x_macro("abi.h", "SEEP_ORIGINS", 1)]
BEFORE = "[before the trace]"
UNSEEN = "[not seen being made]"
KERNEL = "[made by the kernel]"
ARENA = "[arena of an allocator]"
ENDS = x_macro("ends.h", "SEEP_ENDS", 1)


def demangled(symbols: Iterable[str]) -> set[str]:
    """Names as reports show them: those of C++ as people write them."""
    result = subprocess.run(
        ["c++filt"], input="\n".join(symbols), capture_output=True, text=True, check=True
    )
    return set(result.stdout.split("\n"))


ALLOCATORS = demangled(x_macro("functions.h", "SEEP_MEMORY_FUNCTIONS", 0))


def kernel_version() -> tuple[int, ...]:
    """As (6, 1), of the running kernel."""
    return tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])


def attach_variants() -> list[str]:
    """The ways to attach that this kernel must have, best first."""
    since = {"session": (6, 13), "multi": (6, 6), "perf": (0, 0)}
    return [name for name, version in since.items() if kernel_version() >= version]


def attach_choices() -> list[Any]:
    """For a test of each way to attach: make check takes the best one."""
    best, *others = attach_variants()
    return [best, *(pytest.param(name, marks=pytest.mark.long) for name in others)]


def wait_until(condition: Callable[[], Any], what: str, timeout: float = TIMEOUT) -> Any:
    """Polls until the condition is true, less often the longer it takes; its value."""
    end = time.monotonic() + timeout
    pause = 0.002
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout:.0f} s for {what}")
        time.sleep(pause)
        pause = min(1.5 * pause, 0.05)
    return value


def again_until(enough: Callable[[], Any], work: Callable[[int], Any], what: str) -> None:
    """
    Does this with 0, 1, 2, ... until that is enough of it: for what a slow machine does less of in a
    round, and for what counts only if the machine was quick enough.
    """
    end = time.monotonic() + TIMEOUT
    for number in itertools.count():
        work(number)
        if enough():
            return
        if time.monotonic() > end:
            raise TimeoutError(f"not enough of {what} in {number + 1} rounds")


TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has used, to a tick."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ends a process of ours, whatever state it is in."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            try:
                stream.close()
            except BrokenPipeError:
                pass


@contextlib.contextmanager
def repeating(work: Callable[[], Any]) -> Iterator[None]:
    """Does this again and again meanwhile, and to the end of it."""
    stop = threading.Event()

    def loop() -> None:
        while not stop.is_set():
            work()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Fixture:
    """A program of tests/fixtures, driven by READY, GO, DONE, QUIT."""

    def __init__(self, *command: str | Path, env: dict[str, str] | None = None) -> None:
        name, *arguments = command
        program = name if "/" in str(name) else FIXTURES / name
        self.process = subprocess.Popen(
            [str(part) for part in (program, *arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(env or {})},
        )
        self.pid = self.process.pid
        self.pending = b""

    def line(self, timeout: float = TIMEOUT) -> str:
        """The next line that the program prints."""
        assert self.process.stdout
        end = time.monotonic() + timeout
        while b"\n" not in self.pending:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError(f"{self.process.args}: no line in {timeout:.0f} s")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise EOFError(f"{self.process.args}: ended with {self.process.wait()}")
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()

    def ready(self) -> Fixture:
        assert self.line().startswith("READY pid=")
        return self

    def say(self, word: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(word.encode() + b"\n")
        self.process.stdin.flush()

    def go(self) -> None:
        self.say("GO")

    def done(self) -> dict[str, Any]:
        word, _, text = self.line().partition(" ")
        assert word == "DONE"
        return json.loads(text)

    def ping(self) -> int:
        """The number of rounds of churn so far: it lives and works."""
        self.say("PING")
        return int(self.line().removeprefix("PONG "))

    def quit(self) -> int:
        self.say("QUIT")
        return self.process.wait(TIMEOUT)

    def end(self) -> None:
        end_process(self.process)


class JsonLines:
    """A file that seep will write: an object per line, each of which is read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done = 0
        self.objects: list[Report] = []
        path.unlink(missing_ok=True)

    def read(self) -> list[Report]:
        """All so far; a line that is being written is not one yet."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self.done)
                *lines, rest = (data := file.read()).split(b"\n")
            self.done += len(data) - len(rest)
            self.objects += map(json.loads, lines)
        return list(self.objects)


def unlimited(arguments: Iterable[Any]) -> list[str]:
    """
    What to add to a trace whose numbers must be exact, however busy the program is: by default one that
    is attached to is traced in windows then, and they are estimates. Nothing if they say something else.
    """
    ours = [str(word) for word in itertools.takewhile(lambda word: word != "--", arguments)]
    return [] if any(word.startswith("--max-overhead") for word in ours) else ["--max-overhead", "none"]


class Seep:
    """
    One run of seep, exact unless the arguments have a --max-overhead. Reports are checked as they are
    read.
    """

    def __init__(
        self,
        directory: Path,
        *arguments: str | int | Path,
        json_file: str | None = "report.json",
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
        env: dict[str, str] | None = None,
        prefix: Iterable[str] = (),
        program: Path = SEEP,
    ) -> None:
        self.path = directory / json_file if json_file else None
        self.lines = JsonLines(self.path) if self.path else None
        self.stdout_path = directory / "stdout"
        self.arguments = [str(argument) for argument in arguments]
        output = ["--json", str(self.path)] if self.path else []
        words = [*output, *unlimited(self.arguments), *self.arguments]
        with open(self.stdout_path, "wb") as file:
            self.process = subprocess.Popen(
                [*prefix, str(program), "trace", *words],
                stdin=stdin,
                stdout=file if stdout is None else stdout,
                stderr=subprocess.PIPE,
                env={**os.environ, **(env or {})},
            )
        self.pid = self.process.pid
        self.talk: list[str] = []
        self.reader = threading.Thread(target=self._listen, daemon=True)
        self.reader.start()

    def _listen(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.talk.append(line.decode(errors="replace").rstrip("\n"))

    @property
    def stderr(self) -> str:
        return "\n".join(self.talk)

    @property
    def stdout(self) -> str:
        return self.stdout_path.read_text()

    def attached(self) -> Seep:
        """Waits until the probes are in place."""

        def line() -> bool:
            ended = self.process.poll() is not None
            if ended:
                self.join_reader()
            if any(text.startswith("seep: tracing ") for text in self.talk):
                return True
            if ended:
                raise AssertionError(f"seep ended ({self.process.returncode}): {self.stderr}")
            return False

        wait_until(line, "the attach")
        return self

    def reports(self) -> list[Report]:
        """All reports in the JSON file so far."""
        return self.lines.read() if self.lines else []

    def report_now(self) -> Report:
        """Asks for a report by SIGUSR1: one that was begun after this."""
        # With a short interval the first that comes may be one that was in the making already.
        for _ in range(2 if any(str(word).endswith("ms") for word in self.arguments) else 1):
            before = len(self.reports())
            self.process.send_signal(signal.SIGUSR1)
            wait_until(lambda before=before: len(self.reports()) > before, "a report after SIGUSR1")
        report = self.reports()[-1]
        self.check(report)
        return report

    def report_when(self, condition: Callable[[Report], Any], what: str) -> Report:
        """Asks for reports until one satisfies the condition."""
        found: list[Report] = []

        def try_once() -> bool:
            found.append(self.report_now())
            return bool(condition(found[-1]))

        wait_until(try_once, what)
        return found[-1]

    def wait(self, timeout: float = TIMEOUT) -> int:
        code = self.process.wait(timeout)
        self.join_reader()
        return code

    def join_reader(self) -> None:
        """Of what seep has said. A command that it has launched may live on, and keep the pipe open."""
        self.reader.join(5 * SLOWNESS)

    def final(self, expect: int | tuple[int, ...] = 0) -> Report:
        """Waits until seep ends by itself. The last report."""
        code = self.wait()
        expected = (expect,) if isinstance(expect, int) else expect
        assert code in expected, f"exit status {code}: {self.stderr}"
        reports = self.reports()
        assert reports, f"no report: {self.stderr}"
        assert [report["final"] for report in reports] == [False] * (len(reports) - 1) + [True]
        assert [report["seq"] for report in reports] == list(range(1, len(reports) + 1))
        for report in reports:
            self.check(report)
        return reports[-1]

    def finish(self, number: int = signal.SIGTERM, expect: int | tuple[int, ...] = 0) -> Report:
        """Ends seep by a signal. The final report."""
        self.process.send_signal(number)
        return self.final(expect)

    def end(self) -> None:
        end_process(self.process)
        self.join_reader()

    def check(self, report: Report) -> None:
        def given(*options: str) -> bool:
            return any(option in self.arguments for option in options)

        described = {
            text.rsplit(":", 1)[0]
            for option, text in zip(self.arguments, self.arguments[1:])
            if option in ("--alloc", "--free")
        }
        check_report(
            report,
            aged=given("--min-age"),
            cut=given("-n", "--top"),
            allocators=ALLOCATORS | demangled(described),
        )


def check_report(
    report: Report,
    aged: bool = False,
    cut: bool = False,
    allocators: Iterable[str] | None = None,
) -> None:
    """What holds for every report of every trace."""
    assert report["schema"] == "seep.report/1"
    assert set(LOSSES) <= set(report["losses"]), "a loss is missing"
    totals = report["totals"]
    sites = report["sites"]
    for numbers in [*totals.values(), *sites]:
        live_objects = numbers["allocs"] - numbers["frees"]
        live_bytes = numbers["alloc_bytes"] - numbers["free_bytes"]
        if aged:
            assert 0 <= numbers["live_objects"] <= live_objects
            assert 0 <= numbers["live_bytes"] <= live_bytes
        else:
            assert numbers["live_objects"] == live_objects >= 0
            assert numbers["live_bytes"] == live_bytes >= 0
    for site in sites:
        check_stack(site, report["losses"], allocators or ALLOCATORS)
    order = [site["live_bytes"] for site in sites]
    assert order == sorted(order, reverse=True), "largest live bytes come first"
    # the same path is one site (a process that became another one by exec has two of each)
    keys = [(site["id"], site["pid"], site["kind"]) for site in sites]
    if len({process["pid"] for process in report["processes"]}) == len(report["processes"]):
        assert len(keys) == len(set(keys)), "two sites with the same id"
    if cut:
        return
    for kind, total in totals.items():
        of_kind = [site for site in sites if site["kind"] == kind]
        for key in (*COUNTS, "live_objects", "live_bytes"):
            assert total[key] == sum(site[key] for site in of_kind), f"{key} of {kind}"
            for pid in {process["pid"] for process in report["processes"]}:
                assert sum(
                    p["totals"][kind][key] for p in report["processes"] if p["pid"] == pid
                ) == sum(site[key] for site in of_kind if site["pid"] == pid), (
                    f"{key} of {kind} of process {pid}"
                )


def check_stack(
    site: dict[str, Any], losses: dict[str, int], allocators: Iterable[str]
) -> None:
    assert re.fullmatch("[0-9a-f]{16}", site["id"])
    assert site["kind"] in KINDS
    assert site["stack_end"] in (*ENDS, None)
    if not site["stack"]:
        assert losses["stacks_unsent"] > 0, "an empty stack without a loss"
        return
    assert site["kind"] != "memory" or site["stack"][0]["function"] in allocators
    for frame in site["stack"]:
        assert set(frame) >= {
            "function", "module", "build_id", "offset", "file", "line", "inlined",
        }  # fmt: skip
        assert frame["inlined"] in (True, False)
        assert frame["function"] != ""
        assert frame["line"] is None or frame["line"] > 0


def names(site: dict[str, Any]) -> list[str | None]:
    """The functions of a site's stack, innermost first."""
    return [frame["function"] for frame in site["stack"]]


def sites_of(report: Report, function: str, pid: int | None = None) -> list[dict[str, Any]]:
    """The sites with this function somewhere in the stack."""
    return [
        site
        for site in report["sites"]
        if function in names(site) and (pid is None or site["pid"] == pid)
    ]


def counts_of(report: Report, function: str, pid: int | None = None) -> dict[str, int]:
    sites = sites_of(report, function, pid)
    return {key: sum(site[key] for site in sites) for key in COUNTS}


def assert_exact(report: Report, done: dict[str, Any], pid: int | None = None) -> None:
    """Every function that the fixture names has made and released just what it says."""
    assert done["sites"], "the fixture names no function"
    seen = {function: counts_of(report, function, pid) for function in done["sites"]}
    wrong = {name: (seen[name], done["sites"][name]) for name in seen if seen[name] != done["sites"][name]}
    assert not wrong, f"seen and really made: {wrong}; losses: {losses_of(report)}"


# A thread of the target that holds the mmap lock may have to wait for a CPU meanwhile. Then the last known
# mappings are used, and counted, and no test of more than one thread can rule that out. Before 6.4, when
# the kernel does not say whether a VMA is still in use (vm_area_struct.detached), none at all can.
SCHEDULED_LOSSES = {"vma_busy"}


def losses_of(report: Report) -> dict[str, int]:
    """The losses that are not zero, without those that the scheduler decides about."""
    losses = report["losses"].items()
    return {key: value for key, value in losses if value and key not in SCHEDULED_LOSSES}


def process_of(report: Report, pid: int) -> dict[str, Any]:
    """What has this PID now; not what it was before an exec."""
    (process,) = [p for p in report["processes"] if p["pid"] == pid and not p["exited"]]
    return process


def after_work(
    start: Callable[..., Fixture],
    seep: Callable[..., Seep],
    kind: str,
    check: Callable[[Seep, int], Any],
) -> Callable[..., tuple[Fixture, Seep, dict[str, Any]]]:
    """Runs a fixture to the end of its work, checked before it; the trace of it goes on."""

    def run(*command: str | Path, options: tuple[str, ...] = ("-k", kind)) -> Any:
        target = start(*command)
        trace = seep("-p", target.pid, *options).attached()
        check(trace, target.pid)
        target.go()
        return target, trace, target.done()

    return run


def modified_text(pid: int) -> int:
    """How many bytes of a process's program text differ from its files: probes in place."""
    modified = 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            extent, access, offset, _, inode, *_ = line.split()
            if "x" not in access or inode == "0":
                continue
            start, end = (int(part, 16) for part in extent.split("-"))
            memory.seek(start)
            with open(f"/proc/{pid}/map_files/{start:x}-{end:x}", "rb") as file:
                file.seek(int(offset, 16))
                wanted = file.read(end - start)
                found = memory.read(end - start)[: len(wanted)]
            if wanted != found:
                modified += sum(a != b for a, b in zip(wanted, found))
    return modified
