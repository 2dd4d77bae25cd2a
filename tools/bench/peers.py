# SPDX-License-Identifier: GPL-2.0-only
"""Other tools that look for leaks, on the same work in the same rounds.

Some are attached to a process, as seep is; most must start it, some with an allocator of their own.
So each gets a process of its own in each round, and is compared with one without any tool, and with
one that has the same allocator without its profiler.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import memleak
import services
from calls import JEMALLOC
from harness import end_process
from memleak import Unable
from ratios import Round, in_turns, ratios_of, spread
from servers import free_port
from targets import BUILD, has_budget, in_full
from tracing import WITHOUT, Mode, traced

LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
TCMALLOC = str(LIBRARIES / "libtcmalloc.so.4")
GLIBC = str(LIBRARIES / "libc.so.6")
END_S = 60
SETTLE_S = 1.0
FIRST_PAIRS = 2_000

Attach = Callable[[int], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Peer:
    name: str
    base: str = WITHOUT  # the peer with the same allocator, and no tool
    prefix: tuple[str, ...] = ()  # before the command, if it starts the process
    environment: dict[str, str] = field(default_factory=dict)
    attach: Attach | None = None  # to a process that runs
    lacks: Callable[[], str] = lambda: ""  # why this machine cannot run it

    @property
    def how(self) -> str:
        if self.attach:
            return "attached"
        return "started with it" if self.prefix or self.environment else ""


def _lacks_program(name: str) -> Callable[[], str]:
    return lambda: "" if shutil.which(name) else f"{name} is not installed"


def _lacks_file(path: str) -> Callable[[], str]:
    return lambda: "" if Path(path).exists() else f"{path} is not installed"


def _lacks_jemalloc_profiler() -> str:
    """jemalloc says on standard error which of its settings it does not know."""
    if missing := _lacks_file(JEMALLOC)():
        return missing
    said = subprocess.run(
        ["/bin/true"],
        env={"LD_PRELOAD": JEMALLOC, "MALLOC_CONF": "prof:true"},
        stderr=subprocess.PIPE,
    ).stderr
    return "Debian's jemalloc is built without its profiler" if b"prof" in said else ""


def jemalloc(name: str, sample: int) -> Peer:
    """It takes one in 2^sample bytes; 0 is all."""
    settings = f"prof:true,prof_active:true,prof_final:false,lg_prof_sample:{sample}"
    environment = {"LD_PRELOAD": JEMALLOC, "MALLOC_CONF": settings}
    return Peer(name, "jemalloc alone", environment=environment, lacks=_lacks_jemalloc_profiler)


def tcmalloc(name: str, **settings: str) -> Peer:
    environment = {"LD_PRELOAD": TCMALLOC, **settings}
    return Peer(name, "tcmalloc alone", environment=environment, lacks=_lacks_file(TCMALLOC))


def seep(name: str, *options: str) -> Peer:
    mode = Mode(name, ("trace", *options))
    return Peer(name, attach=lambda pid: traced(pid, False, mode))


def memleak_of_glibc() -> Peer:
    """Not of jemalloc: it wants an mmap in the library, which Debian's does not have."""
    return Peer(
        "memleak (libbpf-tools)",
        "glibc alone",
        environment={"LD_PRELOAD": GLIBC},
        attach=lambda pid: memleak.attached(pid, Path(GLIBC)),
    )


def heaptrack(output: Path) -> Peer:
    """It interprets while it records, as it does by default; newer ones would then show it, too."""
    lacks = _lacks_program("heaptrack")
    said = "" if lacks() else subprocess.check_output(["heaptrack", "--help"], text=True)
    options = ["--record-only"] if "--record-only" in said else []
    return Peer("heaptrack", prefix=("heaptrack", *options, "-o", str(output)), lacks=lacks)


def all_peers(directory: Path) -> list[Peer]:
    """What profilers write goes to the directory."""
    valgrind = ("valgrind", "-q", "--leak-check=full")
    return [
        Peer(WITHOUT),
        Peer("glibc alone", environment={"LD_PRELOAD": GLIBC}),
        Peer("jemalloc alone", environment={"LD_PRELOAD": JEMALLOC}, lacks=_lacks_file(JEMALLOC)),
        Peer("tcmalloc alone", environment={"LD_PRELOAD": TCMALLOC}, lacks=_lacks_file(TCMALLOC)),
        *([seep("seep, budget")] if has_budget() else []),
        seep("seep, in full", *in_full()),
        memleak_of_glibc(),
        heaptrack(directory / "heaptrack"),
        Peer("valgrind (memcheck)", prefix=valgrind, lacks=_lacks_program("valgrind")),
        jemalloc("jemalloc's profiler, 512 KiB", 19),
        jemalloc("jemalloc's profiler, every block", 0),
        tcmalloc("tcmalloc's sampler, 512 KiB", TCMALLOC_SAMPLE_PARAMETER=str(512 << 10)),
        tcmalloc("tcmalloc's heap profiler", HEAPPROFILE=str(directory / "heap")),
    ]


def start(peer: Peer, command: list[str], **streams: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*peer.prefix, *command], text=True, env={**os.environ, **peer.environment}, **streams
    )


def _attach_to(peer: Peer, pid: int) -> AbstractContextManager[Any]:
    return peer.attach(pid) if peer.attach else contextlib.nullcontext()


# --- Pairs ---------------------------------------------------------------------------------------


@dataclass
class Pairs:
    process: subprocess.Popen[str]

    def read(self, word: str) -> str:
        """Its next line with this word: what started it may say something before."""
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise Unable(f"{self.process.args} ended with {self.process.wait()}")

    def run(self, pairs: int) -> float:
        """Nanoseconds for each."""
        assert self.process.stdin
        self.process.stdin.write(f"RUN {pairs}\n")
        self.process.stdin.flush()
        return float(self.read("DONE"))

    def per_second(self, seconds: float) -> float:
        pairs = FIRST_PAIRS
        while (took_ns := self.run(pairs)) * pairs < SETTLE_S * 1e9 / 2:
            pairs *= 2
        return 1e9 / self.run(max(FIRST_PAIRS, round(seconds * 1e9 / took_ns)))


def pairs_per_second(peer: Peer, directory: Path, seconds: float) -> float:
    process = start(
        peer, [str(BUILD / "bench/pairs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        pairs = Pairs(process)
        with _attach_to(peer, int(pairs.read("READY pid="))):
            return pairs.per_second(seconds)
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """By its end of input, so that what started it ends too."""
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    end_process(process)  # type: ignore[arg-type]


# --- Redis ---------------------------------------------------------------------------------------


def _ask(port: int, command: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=END_S) as client:
        client.sendall(command + b"\r\n")
        return client.recv(1 << 16)


def _pid_of(port: int) -> int:
    """Of the server itself: what started it may live on as its parent."""
    said = _ask(port, b"INFO server").decode()
    return int(said.split("process_id:")[1].split()[0])


@contextlib.contextmanager
def redis(peer: Peer, directory: Path) -> Iterator[services.Redis]:
    port = free_port()
    with open(directory / "redis.log", "wb") as log:
        process = start(
            peer, services.redis_command(port, directory), stdin=subprocess.DEVNULL, stdout=log,
            stderr=log,
        )  # fmt: skip
    try:
        services.wait_for_port(port, "redis-server", process.pid)
        yield services.Redis(_pid_of(port), port, "set", 16, keys=1000)
    finally:
        with contextlib.suppress(OSError):
            _ask(port, b"SHUTDOWN NOSAVE")
        _end(process)


def redis_per_second(peer: Peer, directory: Path, seconds: float) -> float:
    with redis(peer, directory) as server, _attach_to(peer, server.pid):
        server.settle(SETTLE_S)
        return server.run(seconds).per_second


# --- The table -----------------------------------------------------------------------------------

Work = Callable[[Peer, Path, float], float]
WORKS: dict[str, Work] = {
    "malloc and free, 12 frames": pairs_per_second,
    "redis SET -P16": redis_per_second,
}


def _measure(peer: Peer, work: Work, seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="seep-peers-", dir="/var/tmp") as name:
        return {"per_second": work(peer, Path(name), seconds)}


def _print_row(work: str, peer: Peer, rounds: list[Round], unable: dict[str, str]) -> None:
    if peer.name in unable:
        print(f"| {work} | {peer.name} | {peer.how} | not run: {unable[peer.name]} | | | |")
        return
    per_second = statistics.median(one[peer.name]["per_second"] for one in rounds)
    ratios = [
        spread(ratios_of(rounds, peer.name, base, "per_second")) if base != peer.name else ""
        for base in (WITHOUT, peer.base if peer.base != WITHOUT else peer.name)
    ]
    figures = [f"{per_second:,.0f}", f"{1e9 / per_second:,.0f}"]
    print("| " + " | ".join([work, peer.name, peer.how, *figures, *ratios]) + " |", flush=True)


def _measure_work(
    work: Work, peers: list[Peer], rounds: int, seconds: float, unable: dict[str, str]
) -> list[Round]:
    """All rounds; who turns out to be unable is added to them, with the reason."""
    results: list[Round] = [{} for _ in range(rounds)]
    for number, figures in enumerate(results):
        for peer in in_turns(peers, number):
            if peer.name in unable:
                continue
            try:
                figures[peer.name] = _measure(peer, work, seconds)
            except Unable as error:
                unable[peer.name] = str(error)
    return results


def peers_table(rounds: int, seconds: float) -> dict[str, Any]:
    print(f"Peers; medians of {rounds} rounds of {seconds:g} s in turns, and ratios of throughput to")
    print("the process without a tool, and to the one with the same allocator (smallest to largest):\n")
    print("| work | tool | how | per second | ns each | of without | of the same allocator |")
    print("|---|---|---|---:|---:|---:|---:|", flush=True)
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="seep-peers-", dir="/var/tmp") as name:
        peers = all_peers(Path(name))
        for title, work in WORKS.items():
            unable = {peer.name: why for peer in peers if (why := peer.lacks())}
            measured = _measure_work(work, peers, rounds, seconds, unable)
            results[title] = {"rounds": measured, "not run": unable}
            for peer in peers:
                _print_row(title, peer, measured, unable)
    print()
    return results
