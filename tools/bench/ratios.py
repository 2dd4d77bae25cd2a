# SPDX-License-Identifier: GPL-2.0-only
"""Rounds of the same measurements in turns, and their ratios."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, TypeVar

Turn = TypeVar("Turn")
Round = dict[str, dict[str, Any]]  # by name of what was measured, its figures


def in_turns(turns: Sequence[Turn], number: int) -> list[Turn]:
    """The order of a round: each begins with another, for what drifts favours nobody."""
    first = number % len(turns)
    return [*turns[first:], *turns[:first]]


def median_of(rounds: list[Round], name: str, key: str) -> float:
    return statistics.median(one[name][key] for one in rounds)


def ratios_of(rounds: list[Round], name: str, base: str, key: str) -> list[float]:
    """Of each round by itself: the machine is not the same from one to the next."""
    return [one[name][key] / one[base][key] for one in rounds if one[base][key]]


def spread(values: list[float]) -> str:
    """Their median, and from where to where they go."""
    if not values:
        return ""
    middle = statistics.median(values)
    return f"{middle:.3g} ({min(values):.3g} to {max(values):.3g})"
