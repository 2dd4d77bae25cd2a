# SPDX-License-Identifier: GPL-2.0-only
"""One process of the torture house: started, driven by words, watched for harm, ended by its PID."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from harness import SLOWNESS
from programs import Program

# Programs end by themselves after this time; so long may an answer take, as under a tool on a slow machine.
LIMIT_SECONDS = int(600 * SLOWNESS)
ANSWER_SECONDS = 180
PR_SET_CHILD_SUBREAPER = 36


class Harmed(Exception):
    """A target did not do what it does without seep."""


def become_subreaper() -> None:
    """What a killed seep has launched becomes our child, so that we get its exit status."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def live_task(pid: int) -> str:
    """A thread of the process that has memory: its leader may have ended."""
    for task in sorted(os.listdir(f"/proc/{pid}/task"), key=int):
        path = f"/proc/{pid}/task/{task}"
        with contextlib.suppress(OSError):
            if Path(f"{path}/maps").read_text():
                return path
    raise ProcessLookupError(pid)


def left_breakpoints(pid: int) -> int:
    """Bytes of the program text that are a breakpoint, and something else in the file."""
    found = 0
    task = live_task(pid)
    with open(f"{task}/mem", "rb", buffering=0) as memory:
        for line in Path(f"{task}/maps").read_text().splitlines():
            extent, access, offset, _, inode, *_ = line.split()
            if "x" not in access or inode == "0":
                continue
            start, end = (int(part, 16) for part in extent.split("-"))
            try:
                memory.seek(start)
                text = memory.read(end - start)
                with open(f"/proc/{pid}/map_files/{extent}", "rb") as file:
                    file.seek(int(offset, 16))
                    wanted = file.read(len(text))
            except FileNotFoundError:  # of another mapping meanwhile, or without a leader
                path = line.split(None, 5)[5]
                try:
                    with open(f"/proc/{pid}/root{path}", "rb") as file:
                        file.seek(int(offset, 16))
                        wanted = file.read(len(text))
                except OSError:
                    continue
            except OSError:
                continue
            if text[: len(wanted)] != wanted:
                found += sum(a != b and a == 0xCC for a, b in zip(text, wanted))
    return found


class Forgery:
    """A directory with a library of which another user has forged the debug file."""

    def __init__(self, build: Path, directory: Path) -> None:
        self.directory = directory / "forged"
        self.directory.mkdir()
        directory.chmod(0o755)
        for name in ("forged", "libforged.so", "libforged.forged"):
            shutil.copy(build / name, self.directory)
        (self.directory / "debug").mkdir()
        notes = subprocess.run(
            ["readelf", "-n", self.directory / "libforged.so"],
            stdout=subprocess.PIPE, text=True, check=True,
        ).stdout  # fmt: skip
        found = re.search(r"Build ID: ([0-9a-f]+)", notes)
        assert found
        self.build_id = f"{found[1][:2]}/{found[1][2:]}"

    def command(self, case: str) -> list[str]:
        forged = str(self.directory / "libforged.forged")
        if case == "namespace":
            # what the other user mounts over
            Path("/usr/lib/debug").mkdir(exist_ok=True)
            return [str(self.directory / "forged"), "attacker", str(LIMIT_SECONDS), forged, self.build_id]
        sticky = self.directory / "sticky"
        if not sticky.exists():
            sticky.mkdir()
            for name in ("forged", "libforged.so"):
                shutil.copy(self.directory / name, sticky)
            (sticky / ".debug").mkdir()
            shutil.copy(forged, sticky / ".debug/libforged.debug")
            for path in (sticky / ".debug", sticky / ".debug/libforged.debug"):
                os.chown(path, 65534, 65534)
            sticky.chmod(0o1777)
        return [str(sticky / "forged"), "victim", str(LIMIT_SECONDS)]


class Target:
    """A program, with the pipes by which it is driven. Who starts it may be seep."""

    def __init__(self, program: Program, build: Path, directory: Path, slowness: float) -> None:
        self.program = program
        self.slowness = slowness
        self.words = [word.replace("%t", str(directory)) for word in program.under]
        self.words += [str(build / program.file), program.case, str(LIMIT_SECONDS), *program.arguments]
        self.env = {**os.environ, **dict(program.env)}
        self.stdin, self.say_fd = os.pipe()
        self.listen_fd, self.stdout = os.pipe()
        self.errors = tempfile.TemporaryFile(dir=directory)
        self.process: subprocess.Popen[bytes] | None = None
        self.pid = 0
        self.pending = b""
        self.last_line = b""  # what a debugger says of it, for one
        self.closed = False

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.words, stdin=self.stdin, stdout=self.stdout, stderr=self.errors, env=self.env
        )
        self.started()

    def started(self) -> None:
        """Its ends of the pipes are now the program's alone."""
        os.close(self.stdin)
        os.close(self.stdout)
        self.closed = True

    def talk(self) -> str:
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def ended(self) -> Harmed:
        last = self.last_line.decode(errors="replace")
        return Harmed(f"has ended: {self.status()}: {self.talk()[-500:]} (said last: {last})")

    def answer(self, word: str, seconds: float = ANSWER_SECONDS) -> str:
        """The next line that begins with this word."""
        end = time.monotonic() + seconds * self.slowness
        while True:
            while b"\n" in self.pending:
                line, self.pending = self.pending.split(b"\n", 1)
                self.last_line = line
                if line.startswith(word.encode()):
                    return line.decode()[len(word) :]
            left = end - time.monotonic()
            if left <= 0:
                raise Harmed(f"does not answer: {self.talk()[-500:]}")
            if select.select([self.listen_fd], [], [], left)[0]:
                data = os.read(self.listen_fd, 65536)
                if not data:
                    raise self.ended()
                self.pending += data

    def ready(self) -> None:
        self.pid = int(self.answer("READY pid="))

    def say(self, word: str) -> None:
        try:
            os.write(self.say_fd, word.encode() + b"\n")
        except BrokenPipeError:
            raise self.ended() from None

    def numbers(self) -> dict[str, Any]:
        """Of the line DONE, behind which what it runs under may print more."""
        return json.JSONDecoder().raw_decode(self.answer("DONE "))[0]

    def pause(self) -> dict[str, Any]:
        self.say("PAUSE")
        return self.numbers()

    def status(self) -> int | None:
        """The exit status, if it is ours to know."""
        if self.process:
            try:
                return self.process.wait(10 * self.slowness)
            except subprocess.TimeoutExpired:
                return None
        end = time.monotonic() + 1
        while self.pid and time.monotonic() < end:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                return None
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        return None

    def closed_output(self) -> bool:
        """Waits for it a little."""
        if not select.select([self.listen_fd], [], [], 0.05)[0]:
            return False
        return not os.read(self.listen_fd, 65536)

    def gone(self) -> bool:
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1][0] in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return True

    def quit(self) -> dict[str, Any]:
        """To its own end: what it has made and released in all."""
        self.say("QUIT")
        done = self.numbers()
        end = time.monotonic() + ANSWER_SECONDS * self.slowness
        # seep holds the pipes of what it has launched too: the process itself is looked at
        while not self.closed_output() and not self.gone():
            if time.monotonic() > end:
                raise Harmed("does not end")
        status = self.status()
        if status:
            raise Harmed(f"exit status {status}: {self.talk()[-500:]}")
        if "HARMED" in self.talk():
            raise Harmed(self.talk()[-500:])
        return done

    def end(self) -> None:
        """Whatever state it is in."""
        if not self.closed:
            self.started()
        os.close(self.say_fd)
        os.close(self.listen_fd)
        if self.process:
            if self.process.poll() is None:
                if self.pid and self.pid != self.process.pid:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self.pid, signal.SIGKILL)
                self.process.kill()
            self.process.wait()
        elif self.pid:
            # our child by adoption, or gone
            with contextlib.suppress(ChildProcessError, ProcessLookupError):
                if os.waitpid(self.pid, os.WNOHANG)[0] == 0:
                    os.kill(self.pid, signal.SIGKILL)
                    os.waitpid(self.pid, 0)
        self.errors.close()
