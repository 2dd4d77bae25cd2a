# SPDX-License-Identifier: GPL-2.0-only
"""The programs of the torture house: how each is started, and what seep is told about it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

POOL = ("--alloc", "pool_get:size=arg1,ret=ptr", "--free", "pool_put:ptr=arg1")
COROUTINE = ("--alloc", "co_get:size=arg1,ret=ptr", "--free", "co_put:ptr=arg1")
MY_ALLOC = ("--alloc", "my_alloc:size=arg1,ret=ptr")
SPIN = ("--alloc", "spin_get:size=arg1,ret=ptr")
COLLECTOR = ("--alloc", "gc_alloc:size=arg1,ret=ptr")
TEXT = ("--alloc", "text_get:size=arg1,ret=ptr", "--free", "text_put:ptr=arg1")
PLUGIN = ("--alloc", "plugin_make:size=arg1,ret=ptr", "--free", "plugin_take:ptr=arg1")
CLASS_NEW = ("--alloc", "_ZN12_GLOBAL__N_16poolednwEm:size=arg1,ret=ptr")
THROWING = ("--alloc", "_ZN12_GLOBAL__N_14sinkEii:size=arg1,ret=ptr")
PROMISE_NEW = ("--alloc", "_ZN12_GLOBAL__N_17numbers12promise_typenwEm:size=arg1,ret=ptr")


@dataclass(frozen=True)
class Program:
    """One program and case. Options are given to seep in half of the cycles."""

    file: str
    case: str
    options: tuple[str, ...] = ()
    # What the program runs under, with its own options; %t is a directory for its files.
    under: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    # Functions beside torture_allocate of which the numbers are exact, with the options.
    counted: tuple[str, ...] = ()
    # Breakpoints of somebody else are in its text.
    foreign_breakpoints: bool = False
    # Its code is translated: what runs is not what seep has probed, so it sees nothing of it.
    translated: bool = False
    # Works with a library that has a forged debug file: who has put it in the way.
    forged: str = ""

    @property
    def name(self) -> str:
        tool = f"{Path(self.under[0]).name}:" if self.under else ""
        preload = "".join(f"{Path(value).name.split('.')[0]}:" for _, value in self.env)
        return f"{tool}{preload}{self.file}:{self.case}"

    def available(self, directory: Path) -> bool:
        words = [self.under[0]] if self.under else []
        words += self.arguments[:1] if self.file == "starter" else []
        libraries = [Path(value) for _, value in self.env]
        return (
            (directory / self.file).exists()
            and all(shutil.which(word) for word in words)
            and all(library.exists() for library in libraries)
        )


LIBRARIES = "/usr/lib/x86_64-linux-gnu"
PRELOADS = {
    "libjemalloc.so.2": "huge",
    "libtcmalloc_minimal.so.4": "huge",
    "libmimalloc.so.2": "frames",
}


def throwing() -> list[Program]:
    found = [Program("throws", case) for case in ("huge", "data", "first", "as", "children")]
    found += [Program("throws", "frames", THROWING), Program("throws", "class", CLASS_NEW)]
    found += [Program("throws_budget", case) for case in ("huge", "first", "frames", "children")]
    found += [Program("throws_over_malloc", case) for case in ("huge", "data", "as", "children")]
    for library in ("jemalloc", "tcmalloc", "tcmalloc_static"):
        found += [Program(f"throws_{library}", case) for case in ("huge", "frames")]
    # its operator new aborts when there is no memory
    found.append(Program("throws_mimalloc", "frames"))
    found += [Program("throws_static", case) for case in ("huge", "data")]
    for library, case in PRELOADS.items():
        found.append(Program("throws", case, env=(("LD_PRELOAD", f"{LIBRARIES}/{library}"),)))
    return found


def wrapped() -> list[Program]:
    tools = [
        Program("heap", "plain", under=("valgrind", "-q", "--error-exitcode=77"), translated=True),
        Program("heap", "plain", under=("strace", "-f", "-q", "-o", "/dev/null")),
        Program("heap", "plain", under=("perf", "stat", "-o", "/dev/null")),
        Program("heap", "plain", under=("perf", "record", "-q", "-o", "%t/perf.data")),
        Program("heap", "plain", under=("qemu-x86_64",), translated=True),
        Program(
            "heap", "plain",
            under=("gdb", "-q", "--return-child-result", "-batch", "-ex", "run", "--args"),
            foreign_breakpoints=True,
        ),
    ]  # fmt: skip
    return tools


PROGRAMS = [
    *throwing(),
    Program("cancel", "joins"),
    Program("cancel_async", "spin", SPIN),
    Program("jumps", "pool", POOL, counted=("pool_get",)),
    Program("coroutines", "ucontext", COROUTINE),
    Program("coroutines", "assembly", COROUTINE),
    Program("coroutines20", "threads", PROMISE_NEW),
    Program("altstack", "above", MY_ALLOC),
    Program("altstack", "below", MY_ALLOC),
    *(
        Program("processes", case)
        for case in ("fork", "vfork", "spawn", "clone", "exec", "thread_exec")
    ),
    Program("leader", "before"),
    Program("leader", "during"),
    Program("plugins", "reload", PLUGIN),
    *(
        Program("privileges", case)
        for case in (
            "setuid", "capabilities", "dumpable", "locked", "chroot", "namespaces", "user_namespace",
        )
    ),
    *(Program("seccomp", f"{late}{case}") for late in ("", "late-")
      for case in ("strict", "kill", "errno", "trap")),
    Program("dispatch", "libc"),
    Program("dispatch", "late"),
    Program("traps", "own"),
    Program("traps", "step"),
    Program("collector", "conservative", COLLECTOR),
    *(Program("text", case, TEXT) for case in ("dontneed", "pageout", "protect")),
    *(Program(f"heap_{name}", "plain") for name in ("asan", "tsan", "ubsan", "lsan", "static", "musl")),
    *wrapped(),
    Program("starter", "valgrind", arguments=("valgrind", "-q", "/bin/true")),
    Program("starter", "qemu-x86_64", arguments=("qemu-x86_64", "/bin/true")),
    Program("starter", "gdb", arguments=("gdb", "-q", "-batch", "-ex", "run", "/bin/true")),
    Program("forged", "sticky", forged="sticky"),
    Program("forged", "namespace", forged="namespace"),
]  # fmt: skip

# Those of which each has killed or changed a process once, for machines that are slow.
FEW = [
    "throws:huge", "throws:data", "throws:first", "throws:children", "throws_budget:huge", "throws_jemalloc:huge",
    "cancel:joins", "jumps:pool", "coroutines:ucontext", "altstack:above", "processes:thread_exec",
    "leader:during", "plugins:reload", "seccomp:strict", "seccomp:kill", "seccomp:errno", "seccomp:trap",
    "dispatch:libc", "traps:own", "text:dontneed", "forged:sticky", "forged:namespace",
]  # fmt: skip
