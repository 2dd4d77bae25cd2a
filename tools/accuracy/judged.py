# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts against the truth that simulations tell."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from harness import ORIGINS
from simulations import Simulation
from watch import Site, Trace

SEVERITIES = (None, "low", "medium", "high", "critical")
GROWING = ("leak", "growth")
PLACELESS = frozenset(ORIGINS)


@dataclass
class Share:
    """So many of so many."""

    right: int = 0
    all: int = 0

    def add(self, right: bool) -> None:
        self.right += right
        self.all += 1

    @property
    def value(self) -> float:
        return self.right / self.all if self.all else math.nan

    def __str__(self) -> str:
        return f"{100 * self.value:.2f} % ({self.right} of {self.all})" if self.all else "-"


@dataclass
class Tally:
    """What has come of all that was watched."""

    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Share = field(default_factory=Share)
    classes: Share = field(default_factory=Share)  # of functions that do not leak
    patterns: Share = field(default_factory=Share)
    first: Share = field(default_factory=Share)
    first_kind: Share = field(default_factory=Share)
    quiet_sites: Share = field(default_factory=Share)  # not called a leak in the end
    quiet_sites_ever: Share = field(default_factory=Share)
    quiet_processes: Share = field(default_factory=Share)
    quiet_processes_ever: Share = field(default_factory=Share)
    rates: Share = field(default_factory=Share)
    fractions: Share = field(default_factory=Share)
    etas: Share = field(default_factory=Share)
    etas_accelerating: Share = field(default_factory=Share)
    fragmentation: Share = field(default_factory=Share)
    mistakes: list[str] = field(default_factory=list)

    def note(self, who: str, what: str) -> None:
        self.mistakes.append(f"{who}: {what}")


def worst_first(sites: list[Site]) -> list[Site]:
    """The leaks among them, in the order in which detect names them (src/verdict/gate.c)."""
    return sorted(
        (site for site in sites if site.word == "leak"),
        key=lambda site: (
            not site.functions & PLACELESS,
            SEVERITIES.index(site.verdict["severity"]),
            rate_of(site) or 0,
        ),
        reverse=True,
    )


def rate_of(site: Site) -> float | None:
    return site.verdict.get("rate_bytes_per_s", site.verdict.get("rate_objects_per_s"))


def in_bytes(site: Site) -> bool:
    return site.kind in ("memory", "mapping")


def within(verdict: dict[str, Any], prefix: str, value: float) -> bool:
    low, high = verdict[f"{prefix}_low"], verdict[f"{prefix}_high"]
    return low is not None and high is not None and low <= value <= high


class Truth:
    """Of one simulation, and how the trace has it."""

    def __init__(self, simulation: Simulation, trace: Trace, tally: Tally) -> None:
        self.simulation, self.trace, self.tally = simulation, trace, tally
        self.truth = simulation.start["truth"]
        self.functions = simulation.start["functions"]
        self.leaking = {f["function"] for f in self.functions if f["class"] in GROWING}
        self.sites = trace.of(simulation.pid)

    def count(self) -> None:
        taken: set[int] = set()
        for function in self.functions:
            sites = [
                site
                for site in self.sites
                if site.kind == function["kind"] and function["function"] in site.functions
            ]
            taken |= {id(site) for site in sites}
            self._count_function(function, sites)
        rest = [site for site in self.sites if id(site) not in taken]
        for site in rest:
            if not self._comes_along(site):
                self._count_quiet(site, "nothing")
        if not self.leaking:
            alarms = [site for site in self.sites if site.called_s is not None]
            self.tally.quiet_processes_ever.add(not alarms)
            self.tally.quiet_processes.add(not any(site.word == "leak" for site in self.sites))
        if self.truth["class"] == "leak":
            self._count_first()
        self._count_fragmentation()

    def _comes_along(self, site: Site) -> bool:
        """What a leak takes along leaks too: the buffer of a file, the stack of a thread, that has been
        another's before."""
        if self.truth["kind"] == "thread" and self.leaking and "pthread_create" in site.functions:
            return True
        return bool(site.functions & self.leaking)

    def _count_function(self, function: dict[str, Any], sites: list[Site]) -> None:
        if not sites:
            self.tally.note(self.simulation.name, f"{function['function']} was not seen")
            return
        # a leak on one of several ways is one
        site = max(sites, key=lambda site: (site.word == "leak", site.course[-1][1:]))
        allowed = (function["class"], *function["also"])
        self.tally.confusion[function["class"], site.word] += 1
        if function["class"] == "leak":
            self.tally.found.add(site.word == "leak")
        else:
            self.tally.classes.add(site.word in allowed)
        if site.word not in allowed:
            self._note(function["function"], site, f"{site.word} instead of {function['class']}")
        self._count_pattern(function, site)
        if "leak" not in allowed:
            for one in sites:
                self._count_quiet(one, function["class"])
        if function["class"] == "leak" and site.word == "leak":
            self._count_numbers(function["function"], site, self._part(site, sites))

    def _part(self, site: Site, sites: list[Site]) -> float:
        """Of what its function leaks; the lives of a program that restarts have each their own."""
        if self.simulation.pattern == "restart":
            return 1
        return site.course[-1][2] / sum(one.course[-1][2] for one in sites)

    def _note(self, name: str, site: Site, text: str) -> None:
        evidence = "; ".join(site.verdict.get("evidence", [])[:4])
        self.tally.note(self.simulation.name, f"{name} ({site.kind}): {text} [{evidence}]")

    def _count_pattern(self, function: dict[str, Any], site: Site) -> None:
        pattern = site.verdict.get("pattern", "none")
        self.tally.patterns.add(pattern == function["pattern"])
        if pattern != function["pattern"]:
            self._note(
                function["function"], site, f"pattern {pattern} instead of {function['pattern']}"
            )

    def _count_quiet(self, site: Site, what: str) -> None:
        self.tally.quiet_sites.add(site.word != "leak")
        self.tally.quiet_sites_ever.add(site.called_s is None)
        if what == "nothing":
            self.tally.confusion["no leak", site.word] += 1
        if site.called_s is not None:
            self._note(
                " < ".join(site.innermost), site,
                f"called a leak after {site.called_s:.0f} s, in the end {site.word}",
            )  # fmt: skip

    def _count_first(self) -> None:
        ranked = worst_first(self.sites)
        right = bool(ranked) and bool(ranked[0].functions & set(self.truth["functions"]))
        self.tally.first.add(right)
        self.tally.first_kind.add(right and ranked[0].kind == self.truth["kind"])
        if ranked and not right:
            self.tally.note(self.simulation.name, f"first is {' < '.join(ranked[0].innermost)}")

    def _count_fragmentation(self) -> None:
        for process in self.trace.last["processes"]:
            if process["pid"] == self.simulation.pid and not process["exited"]:
                health = (process.get("coverage") or {}).get("health")
                if self.truth["fragmentation"] or health == "unexplained":
                    right = (health == "unexplained") == self.truth["fragmentation"]
                    self.tally.fragmentation.add(right)
                    if not right:
                        self.tally.note(self.simulation.name, f"its memory is {health}")

    # --- numbers ---------------------------------------------------------------------------------

    def _done(self, function: str) -> dict[str, Any] | None:
        """What it has really made and leaked; chance has its part in it."""
        for said in self.simulation.end_event.get("functions", ()):
            if said["function"] == function:
                return said
        return None

    def _true_rate(self, function: str, site: Site) -> float:
        """Per second; of what accelerates in the last third of the time, as verdicts have it."""
        if self.truth["pattern"] == "accelerating":
            values = [(time, live) for time, live, _ in site.course]
            last = max(value for _, value in values)
            end = next(time for time, value in values if value == last)
            begin = values[0][0] - 1
            third = min(values, key=lambda value: abs(value[0] - (end - (end - begin) / 3)))
            return (last - third[1]) / (end - third[0])
        event, done = self.simulation.end_event, self._done(function)
        seconds = event["active_s"] + event["late_s"] if event else 1
        # what comes in steps is short of one, or not
        if not done or self.truth["pattern"] == "stepped":
            key = "rate_bytes_per_s" if in_bytes(site) else "rate_objects_per_s"
            active = event["active_s"] / seconds if event else 1
            return self.truth[key] / len(self.truth["functions"]) * active
        return done["leaked_bytes" if in_bytes(site) else "leaked_objects"] / seconds

    def _true_fraction(self, function: str) -> float:
        """Of those whose fate is known."""
        done = self._done(function)
        if not done:
            return self.truth["leaked_fraction"]
        return done["leaked_objects"] / (done["leaked_objects"] + done["frees"])

    def _count_numbers(self, function: str, site: Site, part: float) -> None:
        """Of a site that has this part of what the function leaks."""
        verdict = site.verdict
        rate = self._true_rate(function, site) * part
        right = within(verdict, "rate", rate)
        self.tally.rates.add(right)
        if not right:
            said = f"{verdict['rate_low']:.6g} to {verdict['rate_high']:.6g}"
            self._note("rate", site, f"{rate:.6g} is not in {said}")
        fraction = self._true_fraction(function)
        right = within(verdict, "survival", fraction)
        self.tally.fractions.add(right)
        if not right:
            said = f"{verdict['survival_low']} to {verdict['survival_high']}"
            self._note("fraction", site, f"{fraction:.5f} is not in {said}")
        self._count_eta(site, rate)

    def _count_eta(self, site: Site, rate: float) -> None:
        room, said = self.simulation.room, site.verdict["eta_s"]
        if not room or said is None:
            return
        if site.verdict["limit"] == "address-space":
            left = room.bytes
        elif site.verdict["limit"] == "nofile":
            left = room.descriptors
        else:
            return
        accelerating = self.truth["pattern"] == "accelerating"
        true = self._time_until(left, rate, site) if accelerating else left / rate
        share = self.tally.etas_accelerating if accelerating else self.tally.etas
        right = abs(said - true) <= 0.2 * true
        share.add(right)
        if not right:
            self._note("eta", site, f"{said:.0f} s, true are {true:.0f} s")

    def _time_until(self, left: float, rate: float, site: Site) -> float:
        """Of a rate that doubles each period; @rate is the mean of the last third."""
        period = self.simulation.start["parameters"]["period_s"] * self.simulation.scale
        third = (site.course[-1][0] - site.course[0][0]) / 3
        growth = math.log(2) / period
        now = rate * growth * third / (1 - math.exp(-growth * third))
        return math.log(1 + left * growth / now) / growth


def count_server(name: str, pids: list[int], trace: Trace, tally: Tally) -> None:
    """Processes without a leak, as far as anybody knows."""
    for pid in pids:
        sites = trace.of(pid)
        for site in sites:
            tally.confusion["no leak", site.word] += 1
            tally.quiet_sites.add(site.word != "leak")
            tally.quiet_sites_ever.add(site.called_s is None)
            if site.called_s is not None:
                evidence = "; ".join(site.verdict.get("evidence", [])[:5])
                tally.note(
                    f"{name} ({pid})",
                    f"{' < '.join(site.innermost)} ({site.kind}): called a leak after "
                    f"{site.called_s:.0f} s, in the end {site.word} [{evidence}]",
                )
        tally.quiet_processes.add(not any(site.word == "leak" for site in sites))
        tally.quiet_processes_ever.add(not any(site.called_s is not None for site in sites))
