# SPDX-License-Identifier: GPL-2.0-only
"""Kernels of Debian's archive, by apt: from the mirror that this machine uses, signatures checked."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# The suites that are searched for the newest linux-image-cloud-amd64.
SUITES = {
    "5.10": ("bullseye",),
    "6.1": ("bookworm",),
    "6.12": ("trixie",),
    "newest": ("sid", "experimental"),
}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Since 7.1 the image is a package of dependencies: the kernel is in the "binary", its list of
# built-in modules in the "base".
PACKAGES = ("linux-image-", "linux-binary-", "linux-modules-", "linux-base-")


class ArchiveError(Exception):
    """The archive has not given what was asked of it."""


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel: ROOT/lib/modules/RELEASE, and the image to boot."""

    name: str
    release: str
    image: Path
    root: Path


def mirror() -> str:
    """Where apt gets this machine's Debian from."""
    filters = ("Created-By: Packages", "Label: Debian")
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", *filters],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()
    if not targets:
        raise ArchiveError("apt knows no mirror of Debian; has apt-get update been run?")
    return targets[0]


class Apt:
    """An apt of its own, in a directory, for some suites. It leaves the machine's alone."""

    def __init__(self, directory: Path, suites: tuple[str, ...]) -> None:
        self.directory = directory.resolve()
        for name in ("state/lists/partial", "cache/archives/partial", "packages"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        uri = mirror()
        (self.directory / "sources.list").write_text(
            "".join(f"deb [arch=amd64 signed-by={KEYRING}] {uri} {suite} main\n" for suite in suites)
        )
        # the newest version wins, also that of experimental
        (self.directory / "preferences").write_text(
            "Package: *\nPin: release a=*\nPin-Priority: 500\n"
        )

    def run(self, *command: str) -> str:
        options = {
            "APT::Architecture": "amd64",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Dir::Cache": f"{self.directory}/cache",
            "Dir::Etc::Preferences": f"{self.directory}/preferences",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::Etc::SourceList": f"{self.directory}/sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State": f"{self.directory}/state",
            "Dir::State::Status": "/dev/null",
        }
        words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        result = subprocess.run(
            [command[0], *words, *command[1:]],
            cwd=self.directory / "packages",
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise ArchiveError(f"{' '.join(command)}: {result.stderr.strip()}")
        return result.stdout

    def kernel_packages(self) -> list[str]:
        """What the newest linux-image-cloud-amd64 consists of."""
        names = self.run(
            "apt-cache", "depends", "--recurse", "--important", "linux-image-cloud-amd64"
        ).split()  # fmt: skip
        return sorted(
            {
                name
                for name in names
                for prefix in PACKAGES
                if name.startswith(prefix) and name.removeprefix(prefix)[0].isdigit()
            }
        )

    def download(self, packages: list[str]) -> list[Path]:
        self.run("apt-get", "-qq", "download", *packages)
        return sorted((self.directory / "packages").glob("*.deb"))


def unpack(packages: list[Path], root: Path) -> None:
    for package in packages:
        subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    if not (root / "lib").exists():
        (root / "lib").symlink_to("usr/lib")
    (release,) = os.listdir(root / "lib/modules")
    subprocess.run(["depmod", "-b", root, release], check=True)


def kernel_in(directory: Path) -> Kernel | None:
    """The kernel that an earlier run has left there, if any."""
    root = directory / "root"
    if not root.is_dir():
        return None
    (release,) = os.listdir(root / "lib/modules")
    images = [root / f"boot/vmlinuz-{release}", root / f"lib/modules/{release}/vmlinuz"]
    images = [image for image in images if image.exists()]
    if not images:
        raise ArchiveError(f"{root}: no vmlinuz of {release}")
    return Kernel(directory.name, release, images[0], root)


def get_kernel(name: str, cache: Path, update: bool = False) -> Kernel:
    """The kernel of this name in SUITES: the one in the cache, or the newest of the archive."""
    directory = cache / name
    kernel = None if update else kernel_in(directory)
    if kernel:
        return kernel
    shutil.rmtree(directory, ignore_errors=True)
    apt = Apt(directory / "apt", SUITES[name])
    apt.run("apt-get", "-qq", "update")
    packages = apt.kernel_packages()
    if not packages:
        raise ArchiveError(f"no linux-image-cloud-amd64 in {' or '.join(SUITES[name])}")
    unpack(apt.download(packages), directory / "unpacked")
    (directory / "unpacked").rename(directory / "root")
    shutil.rmtree(directory / "apt")
    kernel = kernel_in(directory)
    assert kernel
    return kernel
