# SPDX-License-Identifier: GPL-2.0-only
"""
Go compilers: the installed one, and those of other releases of Debian, unpacked in the build directory.

apt gets the packages from the mirror that this machine uses and checks their signatures. Nothing is
installed. A version that is there already needs neither a network nor apt.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import BUILD, ROOT

sys.path.append(str(ROOT / "tests/kernels"))

import archive  # noqa: E402

# The suites that are searched for golang-VERSION-go; the newest of them wins.
SUITES = {
    "1.19": ("bookworm",),
    "1.21": ("bookworm-backports",),
    "1.22": ("bookworm-backports",),
    "1.23": ("bookworm-backports",),
    "1.24": ("trixie", "trixie-backports"),
    "1.25": ("trixie-backports",),
    "1.26": ("trixie-backports", "sid"),
    "1.27": ("trixie-backports", "sid"),
}
OLDEST, *_, NEWEST = SUITES
PLACE = BUILD / "toolchains"


class ToolchainError(Exception):
    """A compiler that cannot be had on this machine."""


@dataclass(frozen=True)
class Toolchain:
    """A Go compiler. It downloads nothing: neither modules nor other compilers."""

    version: str
    root: Path

    @property
    def go(self) -> Path:
        return self.root / "bin/go"

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            "GOCACHE": str(BUILD / "go"),
            "GOENV": "off",
            "GOFLAGS": "-mod=mod",
            "GOPROXY": "off",
            "GOROOT": str(self.root),
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
        }
        # Our own GOMAXPROCS stays: whoever runs the tests may want the compiler to be modest.
        kept = {key: value for key, value in os.environ.items() if key not in ("GOEXPERIMENT", "GOAMD64")}
        return {**kept, **ours}


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time: tests run beside each other."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with open(PLACE / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def root_below(directory: Path, version: str) -> Path | None:
    """Where Debian's packages have a compiler, if it is there."""
    root = directory / f"usr/lib/go-{version}"
    return root if (root / "bin/go").exists() and (root / "src/runtime").is_dir() else None


def download(version: str, directory: Path) -> None:
    """Unpacks the packages of a compiler there. It is there as a whole, or not at all."""
    scratch = directory.with_suffix(".new")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        apt = archive.Apt(scratch / "apt", SUITES[version])
        # Otherwise a mirror that does not answer is a warning.
        apt.run("apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", "update")
        for package in apt.download([f"golang-{version}-go", f"golang-{version}-src"]):
            subprocess.run(["dpkg-deb", "-x", package, scratch / "root"], check=True)
        if not root_below(scratch / "root", version):
            raise archive.ArchiveError(f"its packages have no compiler below usr/lib/go-{version}")
        shutil.rmtree(directory, ignore_errors=True)
        (scratch / "root").rename(directory)
    except (archive.ArchiveError, OSError, subprocess.CalledProcessError) as error:
        suites = " or ".join(SUITES[version])
        raise ToolchainError(f"Go {version} cannot be had from Debian's {suites}: {error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def toolchain(version: str) -> Toolchain:
    """The compiler of this version: the installed one, an unpacked one, or one from the archive."""
    root = root_below(Path("/"), version)
    if root:
        return Toolchain(version, root)
    directory = PLACE / f"go-{version}"
    with locked(f"go-{version}"):
        if not root_below(directory, version):
            download(version, directory)
    root = root_below(directory, version)
    assert root
    return Toolchain(version, root)
