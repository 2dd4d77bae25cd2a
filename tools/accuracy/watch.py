# SPDX-License-Identifier: GPL-2.0-only
"""One run of seep over many processes, and what it has said of each of their sites in the course of it."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harness import SEEP, end_process

Report = dict[str, Any]


@dataclass
class Site:
    """What has been said of a site."""

    pid: int
    kind: str
    functions: frozenset[str]
    verdict: Report = field(default_factory=dict)
    called_s: float | None = None  # a leak, for the first time
    course: list[tuple[float, int, int]] = field(default_factory=list)  # time, live bytes, objects
    innermost: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        return self.verdict.get("class", "unknown")


class Trace:
    """Reports come by a pipe and are digested as they come: all of them would be gigabytes."""

    def __init__(self, pids: Iterable[int], *options: str) -> None:
        self.sites: dict[tuple[Any, ...], Site] = {}
        self.order: dict[int, list[Site]] = {}  # by process, as the last report has them
        self.last: Report = {}
        self.talk = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [str(SEEP), "trace", "-p", ",".join(map(str, pids)), "-k", "memory,mapping,thread,fd"]
            + ["-i", "1s", "--fail-on", "leak", "--json", "-", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.talk,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _said(self) -> str:
        self.talk.seek(0)
        return self.talk.read()

    def attached(self) -> Trace:
        while "seep: tracing " not in self._said():
            if self.process.poll() is not None:
                raise SystemExit(f"accuracy: seep ended: {self._said()}")
            time.sleep(0.1)
        return self

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._digest(json.loads(line))

    def _digest(self, report: Report) -> None:
        order: dict[int, list[Site]] = {}
        seen: dict[tuple[Any, ...], int] = {}
        for said in report["sites"]:
            # a process that executes itself has the same site again
            key = (said["pid"], said["kind"], said["id"])
            seen[key] = seen.get(key, 0) + 1
            site = self.sites.get((*key, seen[key]))
            if not site:
                names = [frame["function"] or "?" for frame in said["stack"]]
                site = Site(said["pid"], said["kind"], frozenset(names), innermost=tuple(names[:6]))
                self.sites[(*key, seen[key])] = site
            site.verdict = said["verdict"] or {}
            site.course.append((report["elapsed_s"], said["live_bytes"], said["live_objects"]))
            if site.word == "leak" and site.called_s is None:
                site.called_s = report["elapsed_s"]
            order.setdefault(site.pid, []).append(site)
        for pid, sites in order.items():
            self.order[pid] = sites
        self.last = report | {"sites": []}

    def finish(self) -> Report:
        """Ends it; the last report, without sites."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.reader.join(60)
        return self.last

    def end(self) -> None:
        end_process(self.process)
        self.talk.close()

    def of(self, pid: int) -> list[Site]:
        return [site for site in self.sites.values() if site.pid == pid]

    def losses(self) -> dict[str, int]:
        """Those by which numbers are wrong: what was made before the trace may be released in it."""
        return {
            name: count
            for name, count in self.last["losses"].items()
            if count and name != "unmatched_frees"
        }
