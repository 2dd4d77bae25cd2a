# SPDX-License-Identifier: GPL-2.0-only
"""memleak of libbpf-tools, from a release of Debian that has it, in a root of its own.

It runs by that root's loader with that root's libraries, but sees this machine: it needs the files
of its target.
"""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive import KEYRING, mirror
from targets import BUILD

SUITE = "trixie"  # the first whose libbpf-tools has memleak
PEER_ROOT = BUILD / "peers" / SUITE
PROGRAM = PEER_ROOT / "usr/sbin/memleak-libbpf"
LOADER = PEER_ROOT / "usr/lib64/ld-linux-x86-64.so.2"
LIBRARIES = PEER_ROOT / "usr/lib/x86_64-linux-gnu"
NEVER_S = 86400  # between its reports: only the tracing is measured
START_S = 60


class Unable(Exception):
    """Why a peer cannot be measured here."""


def install() -> None:
    """Makes the root, once."""
    if PROGRAM.exists():
        return
    if not shutil.which("mmdebstrap"):
        raise Unable("mmdebstrap is not installed")
    shutil.rmtree(PEER_ROOT, ignore_errors=True)
    PEER_ROOT.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=extract", "--include=libbpf-tools",
         f"--keyring={KEYRING}", SUITE, PEER_ROOT, mirror()],
        capture_output=True, text=True,
    )  # fmt: skip
    if made.returncode or not PROGRAM.exists():
        said = made.stderr.strip().splitlines() or ["no memleak in libbpf-tools"]
        raise Unable(f"no root of {SUITE}: {said[-1]}")


def _read_until(terminal: int, word: str, process: subprocess.Popen[bytes]) -> None:
    said, end = "", time.monotonic() + START_S
    while word not in said:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            raise Unable(f"memleak does not start: {said.strip()[-200:]}")
        try:
            said += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # it has ended
            process.wait()
            raise Unable(f"memleak ended: {' '.join(said.split())[-200:]}") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    process.kill()
    process.wait()


@contextmanager
def attached(pid: int, library: Path) -> Iterator[None]:
    """To the functions of this library; on a terminal, for which it writes each line at once."""
    install()
    ours, its = pty.openpty()
    with tempfile.TemporaryDirectory(prefix="so-") as name:
        path = Path(name) / "a"  # it knows paths of 31 characters at most
        path.symlink_to(library)
        process = subprocess.Popen(
            [LOADER, "--library-path", LIBRARIES, PROGRAM,
             "-p", str(pid), "-O", path, str(NEVER_S)],
            stdin=subprocess.DEVNULL, stdout=its, stderr=its,
        )  # fmt: skip
        os.close(its)
        try:
            _read_until(ours, "Tracing outstanding", process)
            yield
        finally:
            _end(process)
            os.close(ours)
