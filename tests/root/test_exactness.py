# SPDX-License-Identifier: GPL-2.0-only
"""Exact numbers: each allocator function, threads, signals, nesting, address reuse."""

from __future__ import annotations

from typing import Any

import pytest
from harness import FIXTURES, assert_exact, losses_of, names, sites_of

JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
TCMALLOC = "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4"
MIMALLOC = "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2"

# which allocator function each function of the fixture calls; some C libraries have one function
# under both names
ALIASES = {"aligned_alloc", "memalign"}
CALLS = {
    "leak_malloc": "malloc",
    "leak_calloc": "calloc",
    "leak_realloc_null": "realloc",
    "leak_reallocarray": "reallocarray",
    "leak_posix_memalign": "posix_memalign",
    "leak_aligned_alloc": "aligned_alloc",
    "leak_memalign": "memalign",
    "leak_valloc": "valloc",
    "leak_pvalloc": "pvalloc",
    "leak_nothing": "malloc",
    "grow": "realloc",
    "shrink": "realloc",
    "grow_in_steps": "realloc",
    "made_to_stay": "malloc",
}


def check_allocators(report: dict[str, Any], done: dict[str, Any]) -> None:
    assert_exact(report, done)
    for function, allocator in CALLS.items():
        for site in sites_of(report, function):
            called, caller = names(site)[:2]
            assert called == allocator or {called, allocator} == ALIASES
            assert caller == function
            assert "main" in names(site)
    assert losses_of(report) == {}
    # nothing else has allocated: the numbers of the whole process are those of the fixture
    for key, value in report["totals"]["memory"].items():
        if key in ("allocs", "frees", "alloc_bytes", "free_bytes"):
            assert value == sum(site[key] for site in done["sites"].values()), key


@pytest.mark.smoke
def test_each_function(traced) -> None:
    report, done = traced("allocators")
    check_allocators(report, done)
    assert done["sites"]["leak_pvalloc"]["allocs"] == 100
    assert {site["stack_end"] for site in sites_of(report, "leak_malloc")} <= {
        "complete",
        "frame_pointer",
        "no_table",
    }


def test_static_program(traced) -> None:
    check_allocators(*traced("allocators_static"))


def test_static_musl_program(traced) -> None:
    check_allocators(*traced("allocators_musl"))


def test_preloaded_jemalloc(traced) -> None:
    report, done = traced("allocators", "no-pvalloc", env={"LD_PRELOAD": JEMALLOC})
    check_allocators(report, done)
    for site in sites_of(report, "leak_malloc"):
        assert "libjemalloc" in site["stack"][0]["module"]


def test_nested_wrapper(traced) -> None:
    """A preloaded malloc that calls the next one counts once, at the outer call."""
    wrapper = str(FIXTURES / "libnested.so")
    report, done = traced("allocators", env={"LD_PRELOAD": wrapper})
    check_allocators(report, done)
    for function in ("leak_malloc", "leak_calloc", "grow"):
        for site in sites_of(report, function):
            assert site["stack"][0]["module"].endswith("libnested.so")


@pytest.mark.parametrize("what", ["strdup", "strndup", "asprintf", "getline"])
def test_allocating_library_functions(traced, what: str) -> None:
    report, done = traced("libc_inner", what)
    totals = report["totals"]["memory"]
    assert totals["live_objects"] == done["live_objects"]
    assert totals["live_bytes"] == done["live_bytes"]
    assert losses_of(report) == {}


def test_plt_entries_are_no_allocator(traced) -> None:
    report, done = traced("plt_pointer")
    assert_exact(report, done)
    assert losses_of(report) == {}
    for site in sites_of(report, "made_by_pointer"):
        assert "libc.so" in site["stack"][0]["module"]


def test_release_in_another_thread(traced) -> None:
    report, done = traced("cross_thread")
    assert_exact(report, done)
    assert report["losses"]["unmatched_frees"] == 0


@pytest.mark.parametrize("pairs", [100_000, pytest.param(250_000, marks=pytest.mark.long)])
def test_pairs_in_eight_threads(traced, pairs: int) -> None:
    """800,000 of them, or two million."""
    report, done = traced("pairs_threads", "8", str(pairs))
    assert_exact(report, done)
    assert done["sites"]["make_one"]["allocs"] == 8 * pairs
    assert sum(site["live_bytes"] for site in sites_of(report, "make_one")) == 0
    assert losses_of(report) == {}


@pytest.mark.parametrize("library", [JEMALLOC, TCMALLOC, MIMALLOC])
def test_pairs_with_other_allocators(traced, library: str) -> None:
    report, done = traced("pairs_threads", "4", "50000", env={"LD_PRELOAD": library})
    assert_exact(report, done)
    assert losses_of(report) == {}


def test_signals(traced) -> None:
    """Handlers that interrupt malloc, that allocate, and that jump away."""
    report, done = traced("signals")
    assert_exact(report, done)
    assert done["sites"]["made_in_signal_handler"]["frees"] == 100
    assert losses_of(report) == {}


def test_address_reuse(traced) -> None:
    report, done = traced("reuse")
    assert done["same_address"] > 90_000, "the allocator did not give the address again"
    assert_exact(report, done)
    assert report["totals"]["memory"]["live_objects"] == 1
    assert report["totals"]["memory"]["live_bytes"] == 36
    assert losses_of(report) == {}


def test_heap_from_before(traced) -> None:
    """Blocks older than the trace: their release is no error and no negative number."""
    report, done = traced("pre_attach")
    assert_exact(report, done)
    (process,) = report["processes"]
    assert process["pre_attach_bytes"] >= done["old_bytes"]
    assert losses_of(report) == {"unmatched_frees": done["unmatched"]}
    assert process["unmatched_frees"] == done["unmatched"]
    assert process["unmatched_frees_unsized"] == 0
    assert process["unmatched_free_bytes"] == done["unmatched_bytes"]


@pytest.mark.parametrize("library", [JEMALLOC, MIMALLOC])
def test_heap_from_before_of_other_allocators(traced, library: str) -> None:
    """Only glibc's blocks tell their size."""
    report, done = traced("pre_attach", env={"LD_PRELOAD": library})
    (process,) = report["processes"]
    assert process["unmatched_frees"] == process["unmatched_frees_unsized"] == done["unmatched"]
    assert process["unmatched_free_bytes"] is None


def test_enlarged_blocks_stay_one_object(traced) -> None:
    """A block is counted where it is enlarged most, and its sums are those of every realloc."""
    report, done = traced("enlarge")
    totals = report["totals"]["memory"]
    assert {key: totals[key] for key in done["totals"]} == done["totals"]
    for site in report["sites"]:
        assert site["allocs"] - site["frees"] == site["live_objects"]
        assert site["alloc_bytes"] - site["free_bytes"] == site["live_bytes"]
    first, second = sorted((s for s in report["sites"] if s["live_objects"]),
                           key=lambda site: -site["live_bytes"])  # fmt: skip
    assert (first["live_objects"], first["live_bytes"]) == (1, done["size"])
    assert names(first)[1].startswith("enlarge_")
    assert first["allocs"] > 4_990, "it has hopped from caller to caller"
    assert sum(first["lifetimes_us_log2"]) == 0, "it lives on"
    assert (second["live_objects"], second["live_bytes"]) == (1, done["other"])
    assert names(second)[1] == "go_on"
    assert losses_of(report) == {}


# Room for few blocks is a hash; for more it is a table with a small hash beside it.
FULL = pytest.mark.parametrize(("blocks", "room"), [(1000, 100), (9000, 4096)])


@FULL
def test_full_live_map(traced, blocks: int, room: int) -> None:
    """With room for so many objects, the others are counted as untracked, and nothing is lost."""
    report, done = traced("bulk", blocks, "50", "0", options=("--max-objects", room))
    made = done["sites"]["made_in_bulk"]["allocs"]
    totals = report["totals"]["memory"]
    assert totals["allocs"] + report["losses"]["untracked_objects"] == made
    assert totals["allocs"] >= room
    assert report["losses"]["untracked_objects"] > 0
    assert report["losses"]["untracked_bytes"] == 50 * report["losses"]["untracked_objects"]
    assert set(losses_of(report)) == {"untracked_objects", "untracked_bytes"}


@FULL
def test_full_live_map_with_releases(traced, blocks: int, room: int) -> None:
    """Room that is given back is used again; the release of an untracked block is unmatched."""
    report, done = traced("bulk", blocks, "50", "2", options=("--max-objects", room))
    totals = report["totals"]["memory"]
    freed = done["sites"]["made_in_bulk"]["frees"]
    assert totals["allocs"] + report["losses"]["untracked_objects"] == blocks
    assert totals["frees"] + report["losses"]["unmatched_frees"] == freed


@pytest.mark.parametrize("free_every", [0, 1, 3])
def test_blocks_that_find_no_slot(traced, free_every: int) -> None:
    """
    In a full table some blocks are in other buckets than their own, and some in none. All of them are found when they are released, and by the pass over what lives.
    """
    options = ("--max-objects", "4096")
    report, done = traced("bulk", "4096", "50", free_every, options=options)
    assert_exact(report, done)
    assert losses_of(report) == {}
    for site in sites_of(report, "made_in_bulk"):
        assert sum(site["ages_us_log2"]) == site["live_objects"]


def test_ten_thousand_sites(traced) -> None:
    report, done = traced("many_sites", "10000", "14")
    assert_exact(report, done)
    assert len(sites_of(report, "descend")) == done["paths"]
    assert report["losses"]["stacks_unsent"] == 0
    for site in sites_of(report, "descend"):
        path = [name for name in names(site) if name in ("left", "right")]
        assert len(path) == 14
        assert site["allocs"] == 1
    assert len({tuple(names(site)) for site in report["sites"]}) >= done["paths"]
