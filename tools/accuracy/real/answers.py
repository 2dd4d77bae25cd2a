# SPDX-License-Identifier: GPL-2.0-only
"""What seep detect has said, read from its report and its exit status."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from harness import ALLOCATORS, ORIGINS, Report

OUTCOMES = ("leak", "growth", "none", "undecided", "failed")
GROWING = ("leak", "growth")
OF_STATUS = {0: "none", 3: "leak", 4: "undecided"}


@dataclass
class Accused:
    """A site that is said to leak or to grow."""

    word: str
    kind: str
    functions: list[str]
    verdict: Report

    @property
    def sureness(self) -> str | None:
        """The word for how sure it is: certain, likely, suspected."""
        return self.verdict.get("sureness")

    def shows(self, functions: tuple[str, ...]) -> bool:
        """One of these functions is in its stack, whatever language writes it."""
        pattern = "|".join(re.escape(function) for function in functions)
        whole = re.compile(rf"(?<![\w.])(?:{pattern})(?![\w.])")
        return any(whole.search(name) for name in self.functions)

    def __str__(self) -> str:
        inner = [name for name in self.functions if name not in ALLOCATORS] or self.functions
        evidence = "; ".join(self.verdict.get("evidence", [])[:3])
        return f"{self.word} ({self.kind}) at {' < '.join(inner[:4])} [{evidence}]"


@dataclass
class Answer:
    outcome: str
    accused: list[Accused] = field(default_factory=list)
    processes: list[Report] = field(default_factory=list)
    classes: dict[str, int] = field(default_factory=dict)

    def names(self, functions: tuple[str, ...]) -> bool:
        """Whether one of these functions is named; of a program that has none to name: yes."""
        return not functions or any(site.shows(functions) for site in self.accused)

    def reasons(self) -> list[str]:
        """Why: the worst sites, and what is said of processes."""
        said = [str(site) for site in self.accused[:3]]
        for process in self.processes:
            coverage = process.get("coverage") or {}
            if coverage.get("health") in (None, "steady"):
                continue
            share, rate = coverage.get("share"), coverage.get("rate_bytes_per_s")
            kib = "?" if rate is None else f"{rate / 1024:.0f}"
            explained = "?" if share is None else f"{100 * share:.0f}"
            said.append(
                f"process {process['comm']}: {coverage['health']}, {kib} KiB/s, sites explain "
                f"{explained} % [{'; '.join(coverage.get('evidence', [])[:2])}]"
            )
        said.append(f"sites: {', '.join(f'{n} {word}' for word, n in self.classes.items()) or '-'}")
        return said


def _functions(site: Report) -> list[str]:
    names = [frame["function"] or "?" for frame in site.get("stack") or []]
    return names or [site.get("function") or "?"]


def _accused(site: Report, word: str) -> Accused:
    return Accused(word, site.get("kind", "?"), _functions(site), site.get("verdict") or {})


def _rate(site: Accused) -> tuple[bool, float]:
    verdict = site.verdict
    rate = verdict.get("rate_bytes_per_s") or verdict.get("rate_objects_per_s") or 0
    return site.word == "leak", rate


def _from_answer(report: Report, said: Report) -> tuple[str, list[Accused]]:
    """The one answer, where the report has it."""
    sites = {(site["pid"], site["id"]): site for site in report["sites"]}
    accused = []
    for process in said.get("processes", []):
        for named in process.get("sites", []):
            site = dict(sites.get((process["pid"], named["id"]), {"kind": "?"}))
            word = named.get("outcome") or (site.get("verdict") or {}).get("class")
            found = _accused(site, word if word in GROWING else process["outcome"])
            if named.get("function"):
                found.functions.append(named["function"])
            if named.get("sureness"):
                found.verdict = {**found.verdict, "sureness": named["sureness"]}
            accused.append(found)
    return said["outcome"], accused


def _from_sites(report: Report, status: int) -> tuple[str, list[Accused]]:
    """Of a report without an answer: by the exit status, and what its sites are taken for."""
    accused = []
    for site in report["sites"]:
        word = (site.get("verdict") or {}).get("class")
        if word in GROWING and not set(_functions(site)) <= set(ORIGINS):
            accused.append(_accused(site, word))
    outcome = OF_STATUS[status]
    if outcome == "none" and accused:
        outcome = "growth"
    return outcome, sorted(accused, key=_rate, reverse=True)


def read(report: Report | None, status: int) -> Answer:
    if status not in OF_STATUS:
        return Answer("failed")
    if not report:
        return Answer(OF_STATUS[status])
    classes: dict[str, int] = {}
    for site in report["sites"]:
        word = (site.get("verdict") or {}).get("class", "unknown")
        classes[word] = classes.get(word, 0) + 1
    said: Any = report.get("answer")
    if said:
        outcome, accused = _from_answer(report, said)
    else:
        outcome, accused = _from_sites(report, status)
    return Answer(outcome, accused, report["processes"], classes)
