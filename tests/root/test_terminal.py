# SPDX-License-Identifier: GPL-2.0-only
"""On a terminal there are colours and a line that shows progress; it leaves no trace of itself."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator

import pytest
from harness import SEEP, TIMEOUT, end_process, wait_until


class Terminal:
    """A pseudo terminal of 80 columns that keeps what is written to it."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.data = b""
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self) -> None:
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.data += data

    def close(self) -> None:
        os.close(self.slave)
        self.thread.join(5)
        os.close(self.master)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    result = Terminal()
    yield result
    result.close()


def screen_lines(data: bytes) -> list[str]:
    """What stays of each line after carriage returns and erasures."""
    lines = []
    for line in data.decode().replace("\r\n", "\n").split("\n"):
        last = line.split("\r")[-1]
        last = last.rpartition("\x1b[2K")[2] if "\x1b[2K" in last else last
        lines.append(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last))
    return lines


def test_status_line(start, terminal: Terminal) -> None:
    target = start("churn")
    process = subprocess.Popen(
        [str(SEEP), "trace", "-p", str(target.pid), "-i", "1h"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=terminal.slave,
    )
    try:
        wait_until(lambda: re.search(rb"events/s|/s", terminal.data), "the status line")
        first = len(terminal.data)
        wait_until(lambda: len(terminal.data) > first, "its next state")
        wait_until(lambda: b" of memory live " in terminal.data, "what is live, and of what kind")
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    finally:
        end_process(process)
    assert b"\r" in terminal.data
    left = "\n".join(screen_lines(terminal.data))
    assert "events/s" not in left, "the status line is still there"
    assert "seep: tracing" in left


def test_colours_only_where_wanted(start, terminal: Terminal) -> None:
    target = start("sizes")

    def run(environment: dict[str, str]) -> bytes:
        before = len(terminal.data)
        result = subprocess.run(
            [str(SEEP), "trace", "-p", str(target.pid), "-d", "100ms"],
            stdin=subprocess.DEVNULL,
            stdout=terminal.slave,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm", **environment},
            timeout=TIMEOUT,
        )
        assert result.returncode == 0
        os.write(terminal.slave, b"END OF OUTPUT\n")
        wait_until(lambda: terminal.data.endswith(b"END OF OUTPUT\r\n"), "all of the output")
        return terminal.data[before:]

    assert b"\x1b[" in run({})
    assert b"\x1b[" not in run({"NO_COLOR": "1"})
    assert b"\x1b[" not in run({"TERM": "dumb"})
