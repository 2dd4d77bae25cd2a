# SPDX-License-Identifier: GPL-2.0-only
"""A stack never claims more than was seen: what was guessed is partial, and no name is another's.

SEEP_RELOADS sets how often the two libraries take each other's place; 10,000 is the long run.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from harness import FIXTURES, SLOWNESS, Report, losses_of, names

RELOADS = int(os.environ.get("SEEP_RELOADS", "600"))
PAUSES_US = (0, 1000, 5000, 20000, 60000)


def sites_with(report: Report, function: str) -> list[dict[str, Any]]:
    return [site for site in report["sites"] if function in names(site) and site["allocs"]]


def trace_of(seep, start, *command: str) -> tuple[Report, dict[str, Any]]:
    """A report of what a fixture does from GO to DONE."""
    target = start(*command)
    trace = seep("-p", target.pid, "-i", "1h").attached()
    target.go()
    done = target.done()
    report = trace.finish()
    assert target.quit() == 0
    return report, done


@pytest.mark.parametrize("level", ("O0", "O1", "O2"))
def test_assembly_without_cfi(level: str, seep, start) -> None:
    """Complete is only what has every function; whatever else is known stands below a partial one."""
    report, done = trace_of(seep, start, f"honest_gates_{level}")
    for gate, maker in (
        ("gate_leaves_rbp", "made_behind_left_rbp"),
        ("gate_has_a_pointer_in_rbp", "made_behind_pointer"),
    ):
        sites = sites_with(report, gate)
        assert sum(site["allocs"] for site in sites) == done["sites"][maker]["allocs"]
        for site in sites:
            found = names(site)
            assert found[:2] == ["malloc", gate]
            if site["stack_end"] == "complete":
                assert found[2:5] == [maker, "outer_function", "main"], found
            else:
                assert site["stack_end"] == "frame_pointer", found


@pytest.mark.parametrize("libc", ("", "_static", "_musl", "_musl_dynamic"))
def test_signal_handlers(libc: str, seep, start) -> None:
    """Through each kind of trampoline to what was interrupted, and the frame says what it is."""
    report, done = trace_of(seep, start, f"honest_handlers{libc}")
    sites = sites_with(report, "made_in_handler")
    assert sum(s["allocs"] for s in sites) == done["sites"]["made_in_handler"]["allocs"]
    assert len(sites) >= 3  # one of each trampoline
    for site in sites:
        assert names(site)[:7] == [
            "malloc", "made_in_handler", "on_signal", "<signal handler>",
            "interrupted_function", "outer_function", "main",
        ]  # fmt: skip
        if "musl" not in libc:  # whose start has no CFI
            assert site["stack_end"] == "complete"


def test_the_name_of_a_signal_frame_is_in_every_output(seep, start, tmp_path: Path) -> None:
    target = start("honest_handlers")
    paths = {name: tmp_path / f"report.{name}" for name in ("folded", "html")}
    trace = seep(
        "-p", target.pid, "-i", "1h", "--folded", paths["folded"], "--html", paths["html"]
    ).attached()
    target.go()
    target.done()
    trace.finish()
    target.quit()
    assert "<signal handler>" in paths["folded"].read_text()
    html = paths["html"].read_text()
    assert "signal handler" in html and "<signal handler>" not in html  # escaped
    assert "<signal handler>" in trace.stdout


@pytest.mark.parametrize("pause_us", PAUSES_US)
def test_libraries_that_take_each_others_place(pause_us: int, seep, start) -> None:
    rounds = RELOADS
    if pause_us >= 20000 and RELOADS < 10000:  # two and three seconds
        rounds = min(RELOADS, 100 if pause_us < 60000 else 50)
    report, _ = trace_of(
        seep, start, str(FIXTURES / "honest_reloads"), str(rounds), str(pause_us)
    )
    seen = {"made_in_first": 0, "made_in_second": 0}
    for site in report["sites"]:
        for name, size, library in (
            ("made_in_first", 111, "libhonest_first.so"),
            ("made_in_second", 222, "libhonest_second.so"),
        ):
            if name not in names(site):
                continue
            assert site["alloc_bytes"] == site["allocs"] * size, "blocks of the other library"
            frame = next(f for f in site["stack"] if f["function"] == name)
            assert os.path.basename(frame["module"]) == library
            if site["stack_end"] == "complete":
                assert names(site)[:4] == ["malloc", name, "make_in_library", "load"]
            seen[name] += site["allocs"]
    first = (rounds + 1) // 2
    unknown = sum(
        site["allocs"]
        for site in report["sites"]
        if site["allocs"] and not set(names(site)) & set(seen) and site["stack_end"] != "complete"
    )
    assert seen["made_in_first"] <= first and seen["made_in_second"] <= rounds - first
    assert sum(seen.values()) + unknown >= rounds
    assert unknown <= 4 * SLOWNESS  # while a file was new


@pytest.mark.parametrize("when", ("early", "late"))
@pytest.mark.parametrize("program", ("honest_moved", "honest_moved_static"))
def test_code_that_was_moved(program: str, when: str, seep, start) -> None:
    """It has the names and the tables of its file, from the first stack on."""
    report, done = trace_of(seep, start, program, when)
    (site,) = sites_with(report, "made_in_moved_text")
    assert site["allocs"] == done["sites"]["made_in_moved_text"]["allocs"]
    assert names(site)[:4] == ["malloc", "made_in_moved_text", "caller_in_moved_text", "main"]
    assert site["stack_end"] == "complete"
    assert not report["unwind"]["jit"]


def test_free_pascal(seep) -> None:
    """CFI that makes no sense leaves frame pointers, and what they lead to is partial."""
    report = seep("-i", "1h", "--", FIXTURES / "honest_pascal").final()
    sites = [site for site in report["sites"] if any("MADE_IN_PASCAL" in (n or "").upper() for n in names(site))]
    assert sum(site["allocs"] for site in sites) == 20
    for site in sites:
        assert site["stack_end"] != "no_cfi"
        if site["stack_end"] == "complete":
            assert any("OUTER_PROCEDURE" in (n or "").upper() for n in names(site))
    assert not set(losses_of(report)) - {"unmatched_frees"}
