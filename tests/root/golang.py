# SPDX-License-Identifier: GPL-2.0-only
"""
The Go programs of tests/fixtures/go: built by any compiler, driven, and what they say of themselves.

What the tests need of seep's reports about goroutines is at the end.
"""

from __future__ import annotations

import itertools
import json
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from go_toolchains import NEWEST, OLDEST, SUITES, ToolchainError, locked, toolchain
from harness import BUILD, ROOT, TIMEOUT, Fixture, Report, process_of, wait_until

SOURCES = ROOT / "tests/fixtures/go"
OUT = BUILD / "go-programs"
REST_S = 0.05  # in which the runtime would have done something
LIBRARY = "library"
HOST = SOURCES / "host.c"
# Those that call C.
WITH_C = {"calls_c"}
VARIANTS = {
    "plain": (),
    "stripped": ("-ldflags=-s -w",),
    "pie": ("-buildmode=pie",),
    "pie_stripped": ("-buildmode=pie", "-ldflags=-s -w"),
}
PROGRAMS = ("parked", "leaks", "calls_c")
# What takes minutes is for changes of what is known of Go: SEEP_GO=every.
every_go = pytest.mark.every_go
# A compiler that is not installed is long in coming.
BOTH = [OLDEST, pytest.param(NEWEST, marks=pytest.mark.long)]
VERSIONS = BOTH + [
    pytest.param(version, marks=[every_go, pytest.mark.long])
    for version in SUITES
    if version not in (OLDEST, NEWEST)
]
VARIANTS_EACH = [
    pytest.param(variant, marks=[] if variant in ("plain", "pie_stripped") else [every_go, pytest.mark.long])
    for variant in VARIANTS
]

Memory = dict[str, Any]


# --- Building ------------------------------------------------------------------------------------


def path_of(program: str, version: str, variant: str = "plain") -> Path:
    return OUT / version / f"{program}_{variant}"


def sources_of(program: str) -> list[Path]:
    return [SOURCES / f"{program}.go", SOURCES / "truth.go"]


def is_new(target: Path, sources: Iterable[Path]) -> bool:
    return target.exists() and all(target.stat().st_mtime > path.stat().st_mtime for path in sources)


def compile_go(version: str, target: Path, sources: list[Path], *options: str, cgo: bool) -> None:
    tools = toolchain(version)
    target.parent.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(
        [tools.go, "build", *options, "-o", target, *sources],
        env={**tools.environment, "CGO_ENABLED": str(int(cgo))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"Go {version}, {' '.join(options)}: {result.stderr}"


def build(program: str, version: str, variant: str = "plain") -> Path:
    """A program as this version of Go makes it; made if its sources are newer."""
    target = path_of(program, version, variant)
    with locked(f"build-{version}"):
        if is_new(target, [*sources_of(program), *([HOST] if program == LIBRARY else [])]):
            return target
        if program == LIBRARY:
            build_host(target, version, variant)
        else:
            compile_go(version, target, sources_of(program), *VARIANTS[variant], cgo=program in WITH_C)
    return target


def build_host(target: Path, version: str, variant: str) -> None:
    """A program in C whose Go is in a shared library, of which there is this variant."""
    library = target.with_suffix(".so")
    options = ("-buildmode=c-shared", *VARIANTS[variant])
    compile_go(version, library, sources_of(LIBRARY), *options, cgo=True)
    subprocess.run(["gcc", "-g", HOST, library, "-Wl,-rpath,$ORIGIN", "-o", target], check=True)


# --- What a program says of itself ---------------------------------------------------------------


@dataclass(frozen=True)
class Goroutine:
    """One of Go's own text about goroutines."""

    number: int
    reason: str  # why it waits, or its state: "chan receive", "syscall", "running"
    minutes: int
    locked: bool  # to a thread
    leaked: bool  # the collector has found that nobody can wake it, since Go 1.27
    functions: tuple[str, ...]  # innermost first
    elided: bool  # some of more than a hundred are left out
    created_by: str | None
    created_in: int | None  # the number of that goroutine, since Go 1.21
    # Those that created it, where GODEBUG=tracebackancestors asks for them: number and functions.
    ancestors: tuple[tuple[int, tuple[str, ...]], ...]
    labels: str | None  # since Go 1.27

    def depth(self, function: str) -> int:
        return self.functions.count(function)


HEADER = re.compile(
    r"goroutine (?P<number>\d+)(?: gp=\S+)?(?: m=\S+)?(?: mp=\S+)? "
    r"\[(?P<reason>[^],]+?)(?P<leaked> \(leaked\))?(?P<more>(?:,[^]]*)?)\](?: \{(?P<labels>.*)\})?:"
)
CREATED = re.compile(r"created by (?P<function>.+?)(?: in goroutine (?P<number>\d+))?")
ANCESTOR = re.compile(r"\[originating from goroutine (\d+)\]:")
ELIDED = re.compile(r"\.\.\..* frames elided\.\.\.")

# Up to 1.20 Go ends after a hundred calls without a word, and shows none of those of the runtime.
CUT = 95


# Of functions that are not the program's own.
NOT_OWN = re.compile(r"(runtime|internal)[./]|panic$|.*\.(deferwrap|gowrap)\d+$")


def own(functions: Iterable[str]) -> tuple[str, ...]:
    """Without those of the runtime, and those that the compiler makes."""
    return tuple(name for name in functions if not NOT_OWN.match(name))


def functions_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Of lines such as "main.(*queue).take(0xc000012345, ...)", between which files stand."""
    called = [line for line in lines if line.endswith(")") and not line.startswith("\t")]
    return tuple(line.rsplit("(", 1)[0] for line in called)


def goroutine_of(block: str) -> Goroutine:
    header, *lines = block.splitlines()
    match = HEADER.fullmatch(header)
    assert match, f"not the first line of a goroutine: {header}"
    minutes = re.search(r", (\d+) minutes", match["more"])
    starts = [number for number, line in enumerate(lines) if ANCESTOR.fullmatch(line)]
    own = lines[: starts[0]] if starts else lines
    functions = functions_of(line for line in own if not CREATED.fullmatch(line))
    creator = next(filter(None, map(CREATED.fullmatch, own)), None)
    ancestors = [
        (int(ANCESTOR.fullmatch(lines[start])[1]), functions_of(lines[start:end]))  # type: ignore[index]
        for start, end in zip(starts, [*starts[1:], len(lines)])
    ]
    return Goroutine(
        number=int(match["number"]),
        reason=match["reason"],
        minutes=int(minutes[1]) if minutes else 0,
        locked="locked to thread" in match["more"],
        leaked=bool(match["leaked"]),
        functions=functions,
        elided=len(functions) >= CUT or any(map(ELIDED.fullmatch, own)),
        created_by=creator["function"] if creator else None,
        created_in=int(creator["number"]) if creator and creator["number"] else None,
        ancestors=tuple(ancestors),
        labels=match["labels"],
    )


def goroutines_of(text: str) -> tuple[Goroutine, ...]:
    """Those of a text as Go prints it: debug=2 of the profile, or the last words of a program."""
    blocks = re.split(r"\n\n+", text.strip())
    return tuple(goroutine_of(block) for block in blocks if re.match(r"goroutine [1-9]", block))


@dataclass(frozen=True)
class Site:
    """What the program knows of goroutines with a function of its own."""

    function: str
    count: int
    reasons: tuple[str, ...]  # any of these; none if it is not about goroutines
    depth: int

    def has(self, goroutine: Goroutine) -> bool:
        """Whether a goroutine is one of these. Of a deep one some calls are left out."""
        depth = goroutine.depth(self.function)
        return depth > 0 if goroutine.elided and self.depth > depth else depth == self.depth


@dataclass(frozen=True)
class Truth:
    """What a program says of itself at one moment."""

    version: str
    gomaxprocs: int
    numgoroutine: int
    numcgocall: int
    threads_made: int
    seconds: float  # since GO
    sites: tuple[Site, ...]
    goroutines: tuple[Goroutine, ...]  # none if they are too many to be told
    stacks: Counter[tuple[str, ...]]  # with the runtime's functions, up to 32 calls
    profile: str
    memstats: Memory = field(repr=False)

    @property
    def minor(self) -> int:
        return int(self.version.split(".")[1])

    def count(self, function: str) -> int:
        """Of the goroutines with this function on their stacks."""
        return sum(function in goroutine.functions for goroutine in self.goroutines)


def truth_of(text: str) -> Truth:
    values = json.loads(text)
    return Truth(
        **{
            **values,
            "version": values["version"].removeprefix("go"),
            "sites": tuple(
                Site(site["function"], site["count"], tuple(site["reasons"] or ()), site["depth"])
                for site in values["sites"] or ()
            ),
            "goroutines": goroutines_of(values["goroutines"]),
            "stacks": Counter(
                {tuple(key.split("\n")): count for key, count in (values["stacks"] or {}).items()}
            ),
        }
    )


class GoProgram(Fixture):
    """A program of tests/fixtures/go, driven by the words of truth.go."""

    def __init__(
        self,
        path: Path,
        mode: str,
        *arguments: object,
        env: dict[str, str] | None = None,
        errors: Path | None = None,
    ) -> None:
        # A shell gives its place to the program, which then has these standard errors.
        shell = ("/bin/sh", "-c", 'exec "$@" 2>"$0"', errors) if errors else ()
        super().__init__(*shell, path, mode, *map(str, arguments), env=env)
        self.errors = errors

    def answer(self, word: str) -> str:
        self.say(word)
        line = self.line()
        assert line.split(" ", 1)[0] == word, line[:100]
        return line[len(word) + 1 :]

    def truth(self) -> Truth:
        return truth_of(self.answer("TRUTH"))

    def count(self) -> int:
        """How many goroutines there are: soon told, also of many."""
        return int(self.answer("COUNT"))

    def memstats(self) -> Memory:
        """runtime.MemStats alone; to ask changes none of it."""
        return json.loads(self.answer("MEMSTATS"))

    def heap(self) -> Report:
        """What runtime.MemProfile says, and the rate of the samples."""
        return json.loads(self.answer("HEAP"))

    def collect(self) -> None:
        """The collector runs twice."""
        self.answer("GC")

    def find_leaks(self) -> int | None:
        """How many goroutines the collector finds that nobody can wake, since Go 1.27; it marks them."""
        found = int(self.answer("LEAKS"))
        return None if found < 0 else found

    def at_rest(self) -> Memory:
        """MemStats, when the runtime does nothing more behind the program's back, as to give pages back."""
        seen = [self.memstats()]

        def same() -> bool:
            time.sleep(REST_S)
            seen.append(self.memstats())
            return seen[-1] == seen[-2]

        wait_until(same, "MemStats that stay the same")
        return seen[-1]

    def last_words(self) -> tuple[Goroutine, ...]:
        """
        Ends it by SIGQUIT, at which Go prints all goroutines; with GOTRACEBACK=system also those of the
        runtime, and its functions.
        """
        assert self.errors, "nobody keeps its standard errors"
        self.process.send_signal(signal.SIGQUIT)
        assert self.process.wait(TIMEOUT) == 2
        return goroutines_of(self.errors.read_text())


def programs() -> Iterator[Callable[..., GoProgram]]:
    """Starts a program of a version of Go: start("parked", "rest", version="1.27"), and waits for READY."""
    running: list[GoProgram] = []

    def run(
        program: str, mode: str, *arguments: object, version: str, variant: str = "plain", **options: Any
    ) -> GoProgram:
        path = built(program, version, variant)
        process = GoProgram(path, mode, *arguments, **options)
        running.append(process)
        process.ready()
        return process

    yield run
    for process in running:
        process.end()


def built(program: str, version: str, variant: str = "plain") -> Path:
    """As build(), for a test: which is skipped where the compiler cannot be had."""
    try:
        return build(program, version, variant)
    except ToolchainError as error:
        pytest.skip(str(error))


# --- What seep reports of goroutines -------------------------------------------------------------
#
# All that depends on how a report says it stands here.

GOROUTINE = "goroutine"


def in_short(function: str) -> str:
    """A name as Go prints it, which leaves out for which types a generic function was made."""
    return re.sub(r"\[.*\]", "[...]", function)


# Between the stack of a goroutine and the function with the go statement.
CREATED_BY = "[created by]"


def names_of(site: Report) -> list[str]:
    names = [frame["function"] or "" for frame in site["stack"]]
    return [name if name == CREATED_BY else in_short(name) for name in names]


def stack_of(site: Report) -> tuple[str, ...]:
    """The functions, innermost first, with those of the runtime."""
    return tuple(itertools.takewhile(lambda name: name != CREATED_BY, names_of(site)))


def is_of_runtime(site: Report) -> bool:
    """Goroutines that Go does not count: they begin in a function of the runtime, other than these."""
    begun = [name for name in stack_of(site) if name != "runtime.goexit"][-1:]
    counted = ("runtime.main", "runtime.cgocallback")
    return begun != [] and begun[0].startswith("runtime.") and not begun[0].startswith(counted)


def goroutine_sites(report: Report) -> list[Report]:
    """The sites of the program's own goroutines."""
    return [
        site
        for site in report["sites"]
        if site["kind"] == GOROUTINE and site["live_objects"] and not is_of_runtime(site)
    ]


def count_in(report: Report, *functions: str) -> int:
    """The goroutines with any of these functions on their stacks; all, if none is given."""
    return sum(
        site["live_objects"]
        for site in goroutine_sites(report)
        if not functions or set(functions) & set(stack_of(site))
    )


def reasons_of(site: Report) -> Counter[str]:
    """Of the goroutines of a site: why they wait, or their state; as Go calls it."""
    groups = site["details"]["groups"]
    return Counter({group["name"].split(": ")[-1]: group["objects"] for group in groups})


def creator_of(site: Report) -> str | None:
    """The function with the go statement; None of the first goroutine, which nobody created."""
    functions = names_of(site)
    return functions[-1] if CREATED_BY in functions else None


def labels_of(site: Report) -> dict[str, str]:
    return site["goroutine"]["labels"]


def ancestors_of(site: Report) -> list[str]:
    """The functions of the goroutine that created these, where the program keeps them."""
    return [in_short(name) for name in site["goroutine"]["ancestors"]]


def memstats_of(report: Report, pid: int) -> Memory:
    """runtime.MemStats as seep has read it, with Go's names."""
    return process_of(report, pid)["go"]["memstats"]


def runtime_of(report: Report, pid: int) -> Report:
    """What is said of the runtime besides: "version", "gomaxprocs", ..."""
    return process_of(report, pid)["go"]


def num_unread(report: Report) -> int:
    """How many goroutines could not be read so far, in all reports."""
    return report["losses"]["unread_goroutines"]
