# SPDX-License-Identifier: GPL-2.0-only
"""One cycle of the torture house: programs are started, traced, and looked at for harm."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "root"))

from harness import (  # noqa: E402
    COUNTS, SEEP, SLOWNESS, attach_variants, losses_of, names,
)  # fmt: skip
from programs import Program  # noqa: E402
from targets import Forgery, Harmed, Target, left_breakpoints  # noqa: E402

SCOPES = ("pid", "pids", "cgroup", "children", "comm", "all", "launched", "launched_children")
# Of these a cycle takes several programs at once; of a name, two processes of one program.
MANY = ("pids", "cgroup", "children", "all")
TWICE = (*MANY, "comm", "launched_children")
KINDS = ("memory", "memory,mapping,thread,fd", "detect")
ENDS = ("normal", "INT", "TERM", "KILL", "STOP")
# Percent: so small that probes come and go; what the program has without the option; and without one.
WINDOWED = ("0.05", "1", "10")
BUDGETS = (*WINDOWED, *WINDOWED, None, "none")
WINDOWS_SECONDS = 6
# The kernel removes the breakpoints of a killed seep as it closes its links.
GONE_SECONDS = 120
# Losses that do not touch what the programs count: their blocks are released by who made them.
NO_EXCUSE = {"unmatched_frees", "implicit_frees"}


@dataclass
class Plan:
    """All that is random in a cycle."""

    number: int
    scope: str
    programs: list[Program]
    kinds: str
    variant: str
    end: str
    seeps: int
    with_options: bool
    exact: bool
    work_seconds: float  # between the start of seep and its end
    late_seconds: float
    budget: str | None  # --max-overhead; none: not given

    def __str__(self) -> str:
        names = ",".join(program.name for program in self.programs)
        traits = [self.kinds, self.variant, self.end]
        traits += [f"{self.seeps} seeps"] * (self.seeps > 1)
        traits += ["--alloc"] * self.with_options + ["exact"] * self.exact
        traits += [f"budget {self.budget}"] * bool(self.budget)
        return f"cycle {self.number}: {self.scope} {names} [{', '.join(traits)}]"


def make_plan(
    rng: random.Random, number: int, scope: str, program: Program, others: list[Program]
) -> Plan:
    """@others come along in a scope of many."""
    programs = [program]
    if scope in TWICE:
        programs.append(program)
    if scope in MANY:
        programs += others
    variants = attach_variants()
    if len(programs) > 3 and len(variants) > 1:
        # each of perf's probes costs a grace period of the whole machine at its end
        variants.remove("perf")
    kinds = rng.choice(KINDS)
    end = rng.choice(ENDS)
    plan = Plan(
        number=number,
        scope=scope,
        programs=programs,
        kinds=kinds,
        variant=rng.choice(variants),
        end=end,
        seeps=rng.choice((1, 1, 1, 2, 3)) if not scope.startswith("launched") else 1,
        with_options=bool(program.options) and rng.random() < 0.7,
        exact=kinds != "detect" and end in ("normal", "INT", "TERM") and rng.random() < 0.7,
        work_seconds=rng.choice((rng.uniform(0, 0.3), rng.uniform(0.1, 1.2))),
        late_seconds=rng.uniform(0, 0.3),
        budget=None,
    )
    plan.budget = "none" if plan.exact else rng.choice(BUDGETS)
    if plan.budget in WINDOWED:
        plan.work_seconds += rng.uniform(0, WINDOWS_SECONDS)
    return plan


@dataclass
class Outcome:
    """What came of it: per harmed program what happened, and of the whole cycle the rest."""

    plan: Plan
    harmed: list[tuple[Program, str]] = field(default_factory=list)
    left: list[tuple[Program, int]] = field(default_factory=list)
    differences: list[tuple[Program, str]] = field(default_factory=list)
    # What seep has not traced and said so; what another tracer of this machine kept us from seeing.
    refused: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    # Return addresses that a program has found not to be its own.
    odd: int = 0
    compared: int = 0
    explained: int = 0

    @property
    def bad(self) -> bool:
        return bool(self.harmed or self.left or self.differences)


def other_tracers(ours: set[int]) -> list[int]:
    """Processes named seep that are not of this cycle."""
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if path.read_bytes() == b"seep\n" and int(path.parent.name) not in ours:
                found.append(int(path.parent.name))
    return found


class Trace:
    """One seep of a cycle."""

    def __init__(self, command: list[str], directory: Path, **options: Any) -> None:
        self.json = Path(tempfile.mktemp(dir=directory, suffix=".json"))
        self.talk_path = self.json.with_suffix(".talk")
        with open(self.talk_path, "wb") as errors:
            self.process = subprocess.Popen(
                [str(SEEP), command[0], "--json", str(self.json), *command[1:]],
                stderr=errors,
                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **options},
            )

    @property
    def talk(self) -> str:
        return self.talk_path.read_text(errors="replace")

    def attached(self) -> bool:
        """Whether it traces; false when it has ended instead."""
        end = time.monotonic() + 300 * SLOWNESS
        while time.monotonic() < end:
            if "seep: tracing " in self.talk:
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.01)
        raise TimeoutError("seep does not attach")

    def end(self, how: str, rng: random.Random) -> None:
        """By its own, or by a signal; then it is gone."""
        if how in ("INT", "TERM"):
            self.process.send_signal(getattr(signal, f"SIG{how}"))
        elif how == "KILL":
            self.process.kill()
        elif how == "STOP":
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(rng.uniform(0.05, 0.5))
            self.process.send_signal(signal.SIGCONT)
            time.sleep(rng.choice((0, rng.uniform(0, 0.1))))
            self.process.kill()
        self.process.wait(300 * SLOWNESS)

    def report(self) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return json.loads(self.json.read_text().splitlines()[-1])
        return None

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def made_by(report: dict[str, Any], function: str, pid: int) -> dict[str, int]:
    """The counts of a function, which in C++ has its parameters in its name."""
    sites = [
        site
        for site in report["sites"]
        if site["pid"] == pid and function in {(name or "").split("(")[0] for name in names(site)}
    ]
    return {key: sum(site[key] for site in sites) for key in COUNTS}


def cgroup_mount() -> Path:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        if right.startswith("cgroup2 "):
            return Path(left.split()[4])
    raise FileNotFoundError("cgroup v2 is not mounted")


class Cycle:
    """Holds everything that a cycle has started; close() leaves nothing of it."""

    def __init__(self, plan: Plan, rng: random.Random, build: Path, directory: Path) -> None:
        self.plan = plan
        self.rng = rng
        self.build = build
        self.directory = directory
        self.outcome = Outcome(plan)
        self.targets: list[Target] = []
        self.companions: list[subprocess.Popen[bytes]] = []
        self.traces: list[Trace] = []
        self.cgroup: Path | None = None
        self.before: dict[int, dict[str, Any]] = {}
        self.after: dict[int, dict[str, Any]] = {}

    # --- beginning ----------------------------------------

    def make_target(self, program: Program) -> Target:
        target = Target(program, self.build, self.directory, SLOWNESS)
        if not program.forged:
            return target
        directory = Path(tempfile.mkdtemp(dir=self.directory))
        forgery = Forgery(self.build, directory)
        command = forgery.command(program.forged)
        if program.forged == "namespace":
            self.companions.append(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            stream = self.companions[-1].stdout
            assert stream and stream.readline().startswith(b"READY")
            command = [command[0], "victim", *command[2:3]]
        target.words = command
        return target

    def options(self, first: bool) -> list[str]:
        plan = self.plan
        words = ["detect", "-q", "-d", f"{1 + plan.work_seconds:.1f}s"]
        if plan.kinds != "detect":
            words = ["trace", "-k", plan.kinds, "-i", "300ms"]
            if plan.end == "normal" and not (plan.exact and first):
                words += ["-d", f"{int(1000 * plan.work_seconds) + 100}ms"]
        words += ["--attach", plan.variant]
        words += ["--max-overhead", plan.budget] if plan.budget else []
        return words + list(plan.programs[0].options if plan.with_options else ())

    def scope(self) -> list[str]:
        pids = ",".join(str(target.pid) for target in self.targets)
        match self.plan.scope:
            case "pid" | "pids":
                return ["-p", pids]
            case "children":
                return ["-p", pids, "--children"]
            case "comm":
                return ["-c", Path(f"/proc/{self.targets[0].pid}/comm").read_text().strip()]
            case "cgroup":
                assert self.cgroup
                return ["-g", "/" + self.cgroup.name]
        return ["-a"]

    def make_cgroup(self) -> None:
        self.cgroup = Path(tempfile.mkdtemp(prefix="seep-torture-", dir=cgroup_mount()))
        for target in self.targets:
            (self.cgroup / "cgroup.procs").write_text(str(target.pid))

    def launch(self) -> None:
        """The command is seep's child, or its shell's."""
        options = self.options(True)
        # no talk on what the command has as its output
        (first, *_) = self.targets
        if self.plan.scope == "launched":
            words = [*options, *([] if "-q" in options else ["-q"]), "--", *first.words]
            trace = Trace(
                words, self.directory, stdin=first.stdin, stdout=first.stdout, env=first.env
            )
        else:
            passed = [fd for t in self.targets for fd in (t.stdin, t.stdout, t.errors.fileno())]
            # none holds the pipes of another: their end is how its end is seen
            closing = "".join(f" {fd}>&-" for fd in passed)
            script = "".join(
                f'"$@" <&{t.stdin} >&{t.stdout} 2>&{t.errors.fileno()} {closing} & '
                for t in self.targets
            )
            script += f"exec {closing}; wait"
            words = [*options, "--", "bash", "-c", script, "-", *first.words]
            trace = Trace(words, self.directory, env=first.env, pass_fds=passed)
        self.traces.append(trace)
        for target in self.targets:
            target.started()

    def start(self) -> None:
        self.targets = [self.make_target(program) for program in self.plan.programs]
        launched = self.plan.scope.startswith("launched")
        if launched:
            self.launch()
        for target in self.targets:
            if not launched:
                target.start()
            target.ready()
        if launched:
            return
        if self.plan.scope == "cgroup":
            self.make_cgroup()
        if self.plan.exact:
            self.before = {target.pid: target.pause() for target in self.targets}
        for number in range(self.plan.seeps):
            time.sleep(self.plan.late_seconds * bool(number))
            self.traces.append(Trace([*self.options(number == 0), *self.scope()], self.directory))

    # --- the middle ----------------------------------------

    def trace(self) -> None:
        plan = self.plan
        if plan.exact and not plan.scope.startswith("launched"):
            if not self.traces[0].attached():
                self.outcome.refused.append(self.traces[0].talk.strip()[-300:])
                plan.exact = False
            self.wait_for_probes()
            for target in self.targets:
                target.say("GO")
        time.sleep(plan.work_seconds * SLOWNESS)
        if plan.exact and not plan.scope.startswith("launched"):
            self.after = {target.pid: target.pause() for target in self.targets}
        elif plan.exact:
            # seen to their ends
            for target in self.targets:
                self.after[target.pid] = self.check_alive(target, True) or {}

    def wait_for_probes(self) -> None:
        """A scope's processes come one by one. Those that do not come are not compared."""
        end = time.monotonic() + 20 * SLOWNESS
        for target in self.targets:
            found = 0
            while time.monotonic() < end:
                before, found = found, left_breakpoints(target.pid)
                if before and before == found:
                    break
                time.sleep(0.1)
            else:
                self.before.pop(target.pid, None)

    def end_traces(self) -> None:
        how = self.plan.end
        if self.plan.exact and how == "normal" and not self.plan.scope.startswith("launched"):
            how = "INT"
        # a command that has ended ends its trace
        for trace in self.traces:
            trace.end("normal" if trace.process.poll() is not None else how, self.rng)
        if self.plan.kinds != "detect" and any(t.process.returncode == 1 for t in self.traces):
            self.outcome.refused += [t.talk.strip()[-300:] for t in self.traces]

    # --- the end ----------------------------------------

    def check_alive(self, target: Target, quit_now: bool) -> dict[str, Any] | None:
        """What it says at its end. None when it was harmed."""
        program = target.program
        if not target.pid:
            return None
        if any(why.startswith(f"PID {target.pid}:") for _, why in self.outcome.harmed):
            return None
        try:
            return target.quit() if quit_now else target.pause()
        except Harmed as error:
            ours = {trace.process.pid for trace in self.traces}
            others = " (while others traced)" if other_tracers(ours) else ""
            if self.plan.scope == "launched":
                others += f": {self.traces[0].talk[-300:]}"
            self.outcome.harmed.append((program, f"PID {target.pid}: {error}{others}"))
            return None

    def check_text(self, target: Target) -> None:
        """No breakpoint is left, as soon as the kernel could take them away."""
        ours = {trace.process.pid for trace in self.traces} | {os.getpid()}
        end = time.monotonic() + GONE_SECONDS * SLOWNESS
        last_end = end + 120
        left = 1
        while left and time.monotonic() < end:
            try:
                left = left_breakpoints(target.pid)
            except OSError:
                return
            if left:
                time.sleep(0.05)
                if other_tracers(ours) and end < last_end:
                    end += 0.05
        if left and other_tracers(ours):
            self.outcome.unjudged.append(target.program.name)
        elif left:
            self.outcome.left.append((target.program, left))

    def check_targets(self) -> None:
        for target in self.targets:
            if target.pid in self.after and self.plan.scope.startswith("launched"):
                continue
            if not self.plan.exact and not self.check_alive(target, False):
                continue
            if not target.program.foreign_breakpoints:
                self.check_text(target)
            with contextlib.suppress(Harmed):
                target.say("GO")
            done = self.check_alive(target, True)
            self.outcome.odd += done["odd"] if done else 0
        for companion in self.companions:
            if companion.poll() is not None:
                why = f"the other user's process has ended: {companion.returncode}"
                self.outcome.harmed.append((self.plan.programs[0], why))

    def check_launched(self) -> None:
        """A command that was traced to its end has its exit status passed on."""
        status = self.traces[0].process.returncode
        if self.plan.scope == "launched" and self.plan.exact and status and not self.outcome.harmed:
            why = f"exit status {status}: {self.traces[0].talk[-300:]}"
            self.outcome.harmed.append((self.plan.programs[0], why))

    def compare(self) -> None:
        report = self.traces[0].report()
        if not self.plan.exact or not report:
            return
        launched = self.plan.scope.startswith("launched")
        for target in self.targets:
            if target.program.translated:
                continue
            after = self.after.get(target.pid)
            if not after or not after["exact"] or not (launched or target.pid in self.before):
                continue
            before = self.before.get(target.pid, {"sites": {}})["sites"]
            keys = COUNTS if launched else ("allocs", "alloc_bytes")
            own = target.program is self.plan.programs[0] and self.plan.with_options
            for name in ("torture_allocate", *(target.program.counted if own else ())):
                seen = made_by(report, name, target.pid)
                made = {
                    key: after["sites"].get(name, {}).get(key, 0) - before.get(name, {}).get(key, 0)
                    for key in keys
                }
                seen = {key: seen[key] for key in keys}
                self.outcome.compared += 1
                if seen == made:
                    continue
                losses = {k: v for k, v in losses_of(report).items() if k not in NO_EXCUSE}
                talk = self.traces[0].talk.replace("seep: tracing ", "", 1)
                if losses or str(target.pid) in talk:
                    self.outcome.explained += 1
                    continue
                what = f"{name}: seen {seen}, made {made}"
                self.outcome.differences.append((target.program, what))

    def run(self) -> Outcome:
        try:
            self.start()
            self.trace()
            self.end_traces()
        except Harmed as error:
            self.blame(str(error))
            for trace in self.traces:
                trace.kill()
        self.check_targets()
        self.check_launched()
        self.compare()
        return self.outcome

    def blame(self, why: str) -> None:
        """Finds out whose answer was missing: all are asked."""
        for target in self.targets:
            if not target.pid:
                talk = self.traces[0].talk[-300:] if self.traces else ""
                if target.program.translated and "cannot trace" in talk:
                    self.outcome.refused.append(talk.strip())
                    continue
                self.outcome.harmed.append((target.program, f"never began: {why} {talk}"))
                continue
            with contextlib.suppress(Harmed):
                target.say("GO")
            self.check_alive(target, False)
        self.plan.exact = False

    def close(self) -> None:
        for trace in self.traces:
            trace.kill()
        for target in self.targets:
            target.end()
        for companion in self.companions:
            companion.kill()
            companion.communicate()
        if self.cgroup:
            for _ in range(200):
                for pid in (self.cgroup / "cgroup.procs").read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                with contextlib.suppress(OSError):
                    self.cgroup.rmdir()
                    break
                time.sleep(0.02)
