# SPDX-License-Identifier: GPL-2.0-only
"""Stacks through code without CFI: musl's libc, hand-written assembly, Free Pascal.

Rules for it are made from its code. Each block has a size by which it is known, and its whole stack is
compared, so that no caller is left out; such a stack is complete, because nothing was guessed.
"""

from __future__ import annotations

from typing import Any

import pytest
from harness import FIXTURES, Report

PASCAL = (
    "--alloc", "SYSTEM_$$_SYSGETMEM$QWORD$$POINTER:size=arg1,ret=ptr",
    "--free", "SYSTEM_$$_SYSFREEMEM$POINTER$$QWORD:ptr=arg1",
)  # fmt: skip


def names_of(site: dict[str, Any]) -> list[str]:
    return [(frame["function"] or "").split("(")[0] for frame in site["stack"] if not frame["inlined"]]


def stacks_of(report: Report, size: int) -> list[list[str]]:
    """Of all blocks of that size, each of which must have a whole stack."""
    sites = [
        site
        for site in report["sites"]
        if site["live_objects"] and site["live_bytes"] == size * site["live_objects"]
    ]
    assert sites, f"nobody has allocated {size} bytes"
    for site in sites:
        assert site["stack_end"] == "complete", (names_of(site), site["stack_end"])
    return [names_of(site) for site in sites]


def check_no_guess(report: Report) -> None:
    assert report["unwind"]["frame_pointer"] == 0
    assert report["unwind"]["no_cfi"] == 0
    assert report["unwind"]["bad_rule"] == 0


@pytest.mark.parametrize("level", ("O0", "O1", "O2"))
def test_assembly(level: str, seep) -> None:
    report = seep("--", FIXTURES / f"uncovered_assembly_{level}").final()
    gates = {
        1001: ["gate_push", "leak_push"],
        1002: ["gate_sub", "leak_sub"],
        1003: ["gate_rbp", "leak_rbp"],
        1004: ["gate_aligned", "leak_aligned"],
        1005: ["gate_aligned_by_rbx", "leak_aligned_by_rbx"],
        1006: ["gate_branches", "leak_branches"],
        1007: ["gate_push", "gate_inner", "leak_inner"],
        1008: ["gate_alloca", "leak_alloca"],
        1009: ["gate_untyped", "leak_untyped"],
    }
    for size, between in gates.items():
        (stack,) = stacks_of(report, size)
        assert stack[: len(between) + 2] == ["malloc", *between, "main"], stack
    check_no_guess(report)


def inner(stack: list[str], function: str) -> list[str]:
    """From that function on; what is inside is the library's."""
    assert function in stack, stack
    return stack[stack.index(function) :]


# Without names for its local functions, but with all frames.
@pytest.mark.parametrize("program", ("uncovered_musl", "uncovered_musl_dynamic"))
def test_musl(program: str, seep) -> None:
    report = seep("--", FIXTURES / program).final()
    tails = {
        25: ["strdup", "leak_strdup", "main"],
        701: ["vasprintf", "asprintf", "leak_asprintf", "main"],
        2072: ["opendir", "leak_opendir", "main"],
    }
    for size, tail in tails.items():
        (stack,) = stacks_of(report, size)
        assert inner(stack, tail[0])[: len(tail)] == tail
        assert stack[-1] == "_start"
    for stack in stacks_of(report, 3001):
        assert stack[:2] == ["malloc", "compare"]
        assert inner(stack, "qsort_r")[:3] == ["qsort_r", "leak_qsort", "main"]
        assert stack[-1] == "_start"
    for stack in stacks_of(report, 3002):  # to the first function of the thread, and not further
        assert stack[:2] == ["malloc", "run"] and len(stack) == 4, stack
    check_no_guess(report)


@pytest.mark.parametrize("program", ("uncovered_pascal", "uncovered_pascal_no_frames"))
def test_pascal(program: str, seep) -> None:
    report = seep(*PASCAL, "--", FIXTURES / program).final()
    leaks = {5000: "P$PASCAL_$$_LEAK_GETMEM", 3000000: "P$PASCAL_$$_LEAK_BIG"}
    for size, function in leaks.items():
        (stack,) = stacks_of(report, size)
        assert inner(stack, function)[:2] == [function, "main"], stack
    lists = [site for site in report["sites"] if "P$PASCAL_$$_LEAK_OBJECT" in names_of(site)]
    assert lists and all(site["stack_end"] == "complete" for site in lists)
    check_no_guess(report)
