# SPDX-License-Identifier: GPL-2.0-only
"""Exact numbers for every allocator, wherever it comes from and whatever it is called."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness import (
    FIXTURES,
    SEEP,
    TIMEOUT,
    Fixture,
    assert_exact,
    counts_of,
    losses_of,
    names,
    sites_of,
    wait_until,
)

LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
JEMALLOC = LIBRARIES / "libjemalloc.so.2"
TCMALLOC = LIBRARIES / "libtcmalloc_minimal.so.4"
MIMALLOC = LIBRARIES / "libmimalloc.so.2"
PRELOADED = [JEMALLOC, TCMALLOC, MIMALLOC]


def is_of_allocator(name: str) -> bool:
    """An operator new that gives out what the function before it has made."""
    return name.startswith(("operator new", "mi_new", "tc_new"))


def check(report: dict[str, Any], done: dict[str, Any]) -> None:
    """What the program says is what the report says, and nothing else was allocated or lost."""
    assert_exact(report, done)
    assert losses_of(report) == {}
    for function in done["sites"]:
        for site in sites_of(report, function):
            # the functions of the allocator that the program is in, and right behind them the caller
            inner = names(site)[: names(site).index(function)]
            assert 1 <= len(inner) <= 4, names(site)
            assert all(is_of_allocator(name) for name in inner[1:]), names(site)


def totals_match(report: dict[str, Any], done: dict[str, Any]) -> None:
    for key in ("allocs", "frees", "alloc_bytes", "free_bytes"):
        made = sum(site[key] for site in done["sites"].values())
        assert report["totals"]["memory"][key] == made, key


# --- the C library's names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        "allocators",
        "allocators_static",
        "allocators_musl",
        "allocators_musl_dynamic",
        "allocators_static_debuglink",
        "allocators_static_debugdata",
    ],
)
def test_c_library(traced, program: str) -> None:
    report, done = traced(program)
    check(report, done)
    totals_match(report, done)


@pytest.mark.parametrize("library", PRELOADED, ids=lambda path: path.name)
def test_preloaded(traced, library: Path) -> None:
    options = ("no-pvalloc",) if library == JEMALLOC else ()
    report, done = traced("allocators", *options, env={"LD_PRELOAD": str(library)})
    check(report, done)
    totals_match(report, done)
    for site in report["sites"]:
        # which lacks this one: the C library's calls the others
        if "leak_reallocarray" not in names(site):
            assert library.name.split(".")[0] in site["stack"][0]["module"]


# --- names of their own ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "program, variant",
    [
        *[(p, v) for p in ("mimalloc", "tcmalloc", "jemalloc_je") for v in ("session", "multi")],
        # this kernel takes 0.1 s to remove one such probe, of which there are two per function
        ("jemalloc", "perf"),
    ],
)
def test_own_names(traced, program: str, variant: str) -> None:
    """Every function of the allocator's header; with jemalloc_je beside the C library's."""
    report, done = traced(program, options=("--attach", variant))
    check(report, done)
    totals_match(report, done)
    assert len(done["sites"]) >= 3


def test_two_allocators_at_once(traced) -> None:
    report, done = traced("jemalloc_je")
    modules = {site["stack"][0]["module"].rsplit("/", 1)[-1] for site in report["sites"]}
    assert modules == {"jemalloc_je", "libc.so.6"}
    assert done["sites"]["by_c_library"]["allocs"] == 100


# --- C++ ------------------------------------------------------------------------------------------

OPERATORS = [
    "operators",
    "operators_static",
    "operators_mimalloc",
    "operators_tcmalloc",
    "operators_tcmalloc_static",
    "operators_jemalloc",
    "operators_jemalloc_static",
]


ROUNDS = 30  # of families.h
TO_64 = 64


def as_malloc_was_asked(program: str, done: dict[str, Any]) -> None:
    """
    Where operator new leaves the work to malloc, malloc counts: with what operator new of libstdc++
    asks it for, at least one byte, of aligned blocks multiples of the alignment.
    """
    if program not in ("operators", "operators_static"):
        return
    for function, site in done["sites"].items():
        if not function.startswith("by_"):
            continue
        asked = [max(1, round_ * 7) for round_ in range(ROUNDS)]
        if "aligned" in function:
            asked = [-(-size // TO_64) * TO_64 for size in asked]
        site["alloc_bytes"], site["free_bytes"] = sum(asked), sum(asked[1::2])


@pytest.mark.parametrize("order", ["fail-first", "fail-last"])
@pytest.mark.parametrize("program", [name for name in OPERATORS if name != "operators_mimalloc"])
def test_operators(traced, program: str, order: str) -> None:
    """All forms of new and delete; an exception finds its way through a traced operator."""
    report, done = traced(program, order)
    as_malloc_was_asked(program, done)
    check(report, done)
    assert done["failures"] == 8
    for site in sites_of(report, "fail"):
        # a static program's unwinder keeps a sorted table
        assert site["live_objects"] == 0 or "_Unwind_RaiseException" in names(site)


def test_operators_of_mimalloc(traced) -> None:
    """Built as C it cannot throw, but ends a program that runs out of memory."""
    report, done = traced("operators_mimalloc")
    check(report, done)
    totals_match(report, done)


@pytest.mark.parametrize("program", OPERATORS[2:])
def test_operators_by_other_probes(traced, program: str, variant: str = "multi") -> None:
    order = [] if program == "operators_mimalloc" else ["fail-first"]
    report, done = traced(program, *order, options=("--attach", variant))
    check(report, done)


@pytest.mark.parametrize("variant", ["multi", "perf"])
@pytest.mark.parametrize("program", OPERATORS[:2])
def test_exceptions_beside_other_probes(traced, program: str, variant: str) -> None:
    """No return probe is where an exception has to pass."""
    report, done = traced(program, "fail-first", options=("--attach", variant))
    assert done["failures"] == 8
    as_malloc_was_asked(program, done)
    check(report, done)


@pytest.mark.parametrize("program", ["operators", "operators_static"])
def test_names_of_operators(traced, program: str) -> None:
    report, _ = traced(program)
    new = "operator new(unsigned long)"
    expected = {
        "by_new": ["malloc", new],
        "by_new_array": ["malloc", new],  # which operator new[] goes on as by a jump
        "by_new_nothrow": ["malloc", new, "operator new(unsigned long, std::nothrow_t const&)"],
        "by_new_aligned": ["aligned_alloc", "operator new(unsigned long, std::align_val_t)"],
    }
    for function, inner in expected.items():
        stacks = [names(site) for site in sites_of(report, function)]
        assert {tuple(stack[: stack.index(function)]) for stack in stacks} == {tuple(inner)}


def test_memory_that_runs_out(traced) -> None:
    """Not only absurd sizes throw: here the C library has no more, in the middle of it all."""
    report, done = traced("operators", "fail-last", "run-out")
    as_malloc_was_asked("operators", done)
    check(report, done)
    assert done["failures"] == 9
    (site,) = [site for site in sites_of(report, "run_out") if site["alloc_bytes"] > 1 << 20]
    assert site["live_objects"] == 0


def test_releases_count_once(traced) -> None:
    """An unknown block is one unmatched release: not two for delete and free, and never none."""
    report, done = traced("releases", options=("--max-objects", "16"))
    losses = losses_of(report)
    assert losses.pop("untracked_objects") >= done["unmatched"]
    assert losses.pop("untracked_bytes") > 0
    assert losses == {"unmatched_frees": done["unmatched"]}
    # also of operator delete: the free that it calls knows the size
    (process,) = report["processes"]
    assert process["unmatched_frees"] == done["unmatched"]
    assert process["unmatched_frees_unsized"] == 0
    assert process["unmatched_free_bytes"] == 24 * done["unmatched"]


# --- functions of the user ------------------------------------------------------------------------

POOL = (
    "--alloc", "pool_get:size=arg2,ret=ptr",
    "--alloc", "pool_get_many:count=arg1,size=arg2,ret=ptr",
    "--alloc", "pool_store:size=arg1,out=arg2",
    "--alloc", "pool_far:count=arg5,size=arg6,ret=ptr",
    "--alloc", "pool_resize:ptr=arg1,size=arg2,ret=ptr",
    "--alloc", "pool_replace:ptr=arg1,out=arg1,size=arg2",
    "--alloc", "pool_static:size=arg1,ret=ptr",
    "--alloc", "store::Pool<char>::take:size=arg2,ret=ptr",
    "--alloc", "_ZN5store4takeEm:size=arg1,ret=ptr",
    "--alloc", "wrapped:size=arg1,ret=ptr",
    "--free", "pool_put:ptr=arg2",
    "--free", "store::Pool<char>::give:ptr=arg2",
    "--free", "unwrap:ptr=arg1",
)  # fmt: skip


@pytest.mark.parametrize("variant", ["session", "multi"])
def test_user_functions(traced, variant: str) -> None:
    report, done = traced("pool", options=(*POOL, "--attach", variant))
    assert_exact(report, done)
    assert losses_of(report) == {}
    for function, called in {
        "by_get": "pool_get",
        "by_static": "pool_static",
        "by_method": "store::Pool<char>::take",
        "by_qualified": "store::take(unsigned long)",
        "by_wrapper": "wrapped",
        "make_chunk": "malloc",
    }.items():
        assert {names(site)[0] for site in sites_of(report, function)} == {called}


def test_blocks_of_one_size(traced) -> None:
    """An item of a pool has the size that the user says, whatever the function is called with."""
    options = tuple("pool_static:size=333,ret=ptr" if "static" in option else option for option in POOL)
    report, _ = traced("pool", options=options)
    sites = sites_of(report, "by_static")
    assert {names(site)[0] for site in sites} == {"pool_static"}
    for site in sites:
        assert site["allocs"] > 0
        assert site["alloc_bytes"] == 333 * site["allocs"]
        assert site["live_bytes"] == 333 * site["live_objects"]


def test_user_function_that_is_nowhere(start, seep) -> None:
    target = start("bulk", "10")
    trace = seep("-p", target.pid, "--alloc", "no_such_pool:size=arg1,ret=ptr").attached()
    assert any("no_such_pool" in line and str(target.pid) in line for line in trace.talk)
    target.go()
    done = target.done()
    assert_exact(trace.finish(), done)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--alloc", "pool_get"),
        ("--alloc", ":size=arg1,ret=ptr"),
        ("--alloc", "pool_get:"),
        ("--alloc", "pool_get:size=arg1"),
        ("--alloc", "pool_get:ret=ptr"),
        ("--alloc", "pool_get:size=arg0,ret=ptr"),
        ("--alloc", "pool_get:size=arg7,ret=ptr"),
        ("--alloc", "pool_get:size=0,ret=ptr"),
        ("--alloc", "pool_get:size=arg1,ret=size"),
        ("--alloc", "pool_get:size=arg1,ret=ptr,out=arg2"),
        ("--alloc", "pool_get:size=arg1,size=arg2,ret=ptr"),
        ("--alloc", "pool_get:size=arg1,weight=arg2,ret=ptr"),
        ("--alloc", "store::take"),
        ("--alloc", "a:size=arg1,ret=ptr", "--free", "a:ptr=arg1"),
        ("--free", "pool_put"),
        ("--free", "pool_put:size=arg1"),
        ("--free", "pool_put:ptr=arg1,ret=ptr"),
    ],
    ids=" ".join,
)
def test_bad_descriptions(arguments: tuple[str, ...]) -> None:
    result = subprocess.run(
        [SEEP, "trace", "-p", "1", *arguments],
        capture_output=True, text=True, check=False, timeout=TIMEOUT,
    )  # fmt: skip
    assert result.returncode == 2
    assert arguments[-1] in result.stderr


# --- where the functions are found ----------------------------------------------------------------


def test_allocator_that_cannot_be_found(start) -> None:
    """Stripped, static, without debug file: what was looked for, and where."""
    target = start("allocators_static_stripped")
    result = subprocess.run(
        [SEEP, "trace", "-p", str(target.pid), "-d", "100ms"],
        capture_output=True, text=True, check=False, timeout=TIMEOUT,
    )  # fmt: skip
    assert result.returncode == 1
    for word in ("malloc", "jemalloc", "tcmalloc", "mimalloc", "operator new", "--alloc"):
        assert word in result.stderr
    assert str(FIXTURES / "allocators_static_stripped") in result.stderr


def test_command_whose_allocator_cannot_be_found(seep) -> None:
    """It runs all the same: it may become another program."""
    program = FIXTURES / "allocators_static_stripped"
    trace = seep("--", program)
    assert trace.wait() == 4  # the fixture's, without anybody to talk to
    assert "mimalloc" in trace.stderr and str(program) in trace.stderr


def test_debug_file_below_the_root_of_the_process(seep, tmp_path: Path) -> None:
    """In a container: the program is stripped, its debug file is only there."""
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    program = FIXTURES / "allocators_static"
    notes = subprocess.run(["readelf", "-n", program], capture_output=True, text=True, check=True)
    build_id = notes.stdout.partition("Build ID: ")[2].split()[0]
    debug = root / f"usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
    debug.parent.mkdir(parents=True)
    subprocess.run(["objcopy", "--only-keep-debug", program, debug], check=True)
    subprocess.run(["objcopy", "--strip-all", program, root / "bin/program"], check=True)
    target = Fixture("/usr/sbin/chroot", root, "/bin/program").ready()
    try:
        trace = seep("-p", target.pid).attached()
        target.go()
        done = target.done()
        check(trace.finish(), done)
    finally:
        target.end()


def load_and_work(start, seep, *command: str | Path) -> tuple[dict, dict]:
    # room for the thread-local variables of an allocator that was not built to be a plugin
    tunables = {"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=8192"}
    target = start("plugin_host", *command, env=tunables)
    trace = seep("-p", target.pid, "-i", "1h", "-v").attached()
    target.go()
    assert target.line() == "LOADED"
    # no report is made meanwhile
    wait_until(lambda: "more functions are traced" in trace.stderr, "the probes in the plugin")
    target.say("WORK")
    done = target.done()
    report = trace.finish()
    assert target.quit() == 0
    assert [line["final"] for line in trace.reports()] == [True]
    return report, done


def test_plugin_with_its_own_allocator(start, seep) -> None:
    """Its functions are local symbols; it is probed when the loader tells of it."""
    report, done = load_and_work(
        start, seep, FIXTURES / "libplugin.so", "plugin_make", "plugin_release"
    )
    assert_exact(report, done)
    for site in sites_of(report, "made_by_plugin"):
        assert names(site)[:3] == ["je_malloc", "plugin_make", "made_by_plugin"]
    for site in sites_of(report, "made_by_host"):
        assert names(site)[:2] == ["malloc", "made_by_host"]
    assert losses_of(report) == {}


def test_allocator_library_opened_late(start, seep) -> None:
    report, done = load_and_work(start, seep, MIMALLOC, "mi_malloc", "mi_free")
    assert_exact(report, done)
    for site in sites_of(report, "made_by_plugin"):
        assert "libmimalloc" in site["stack"][0]["module"]
    assert losses_of(report) == {}
