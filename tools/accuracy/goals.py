# SPDX-License-Identifier: GPL-2.0-only
"""What accuracy is wanted, and which of it is missed."""

from __future__ import annotations

from judged import Share


class Goals:
    """What is wanted, and which of it is missed."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def share(self, what: str, share: Share, wanted: float | None) -> None:
        goal = f" (wanted: {100 * wanted:.0f} %)" if wanted is not None else ""
        print(f"{what:<49} {share}{goal}")
        if wanted is not None and share.all and share.value < wanted:
            self.missed.append(f"{what}: {share}{goal}")

    def time(self, what: str, seconds: float, limit_s: float, exact: bool) -> None:
        where = "" if exact else ", not the exact site"
        print(f"{what:<49} {seconds:.1f} s (wanted: {limit_s:.0f} s){where}")
        if seconds >= limit_s or not exact:
            self.missed.append(f"{what}: {seconds:.1f} s, exact site first: {exact}")
