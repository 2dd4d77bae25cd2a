# SPDX-License-Identifier: GPL-2.0-only
"""Functions that are left other than by a return: nothing of that is changed by a trace."""

from __future__ import annotations

import pytest
from harness import assert_exact, attach_choices, losses_of, names, sites_of

PASSING = (
    "--alloc", "pool_throw:size=arg1,ret=ptr",
    "--alloc", "pool_jump:size=arg1,ret=ptr",
    "--alloc", "pool_yield:size=arg1,ret=ptr",
    "--alloc", "pool_wrap:size=arg1,ret=ptr",
    "--free", "pool_put:ptr=arg1",
)  # fmt: skip


@pytest.mark.parametrize("kinds", ["memory", "memory,thread,fd,mapping"])
@pytest.mark.parametrize("variant", attach_choices())
def test_functions_of_the_user(traced, variant: str, kinds: str) -> None:
    """Exceptions, longjmp, and coroutines that go on in another thread."""
    report, done = traced("passing", options=(*PASSING, "--attach", variant, "-k", kinds))
    assert (done["caught"], done["jumped"]) == (10, 15)
    assert_exact(report, done)
    for function, called in {
        "by_throw": "pool_throw",
        "by_jump": "pool_jump",
        "by_yield": "pool_yield",
        "by_wrap": "pool_wrap",
        "by_malloc": "malloc",
    }.items():
        assert {names(site)[0] for site in sites_of(report, function)} == {called}, function
    # what the exceptions allocate, within the function that throws them, and release again
    losses = losses_of(report)
    assert losses.pop("unreturned_calls") == losses.pop("unmatched_frees") == 2 * done["caught"]
    assert losses == {}


@pytest.mark.parametrize("variant", attach_choices())
@pytest.mark.parametrize("program", ["replaced_budget", "replaced_arena", "replaced_mix"])
def test_replaced_operators(traced, program: str, variant: str) -> None:
    """Whatever operator new a program brings: every exception is caught, every block is counted once."""
    report, done = traced(program, options=("--attach", variant))
    assert done["caught"] == 60
    assert_exact(report, done)
    assert losses_of(report) == {}
