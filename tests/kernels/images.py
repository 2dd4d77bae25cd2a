# SPDX-License-Identifier: GPL-2.0-only
"""What a virtual machine boots from: initramfs, Debian, and seep with its tests."""

from __future__ import annotations

import gzip
import lzma
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from archive import Kernel

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DRIVERS = ("virtio_pci", "virtio_blk", "ext4", "overlay")
# Beside what the built programs are linked to.
PACKAGES = (
    "binutils",
    "bpftool",
    "busybox",
    "libjemalloc2",
    "libxml2-utils",
    "musl",
    "procps",
    "python3",
    "python3-jsonschema",
    "python3-pytest",
    "redis-server",
    "redis-tools",
    "runc",
)
SOURCES = (
    "docs", "include/seep", "tests/fixtures", "tests/golden", "tests/kernels", "tests/root", "tests/torture",
)  # fmt: skip
PROGRAMS = ("seep", "fixtures", "tools", "bench", "torture")


def make_ext4(image: Path, directory: Path, spare_mib: int) -> None:
    """An image of a directory, without mounting anything."""
    used = subprocess.run(
        ["du", "-sm", "--apparent-size", directory], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()[0]
    image.unlink(missing_ok=True)
    subprocess.run(
        # 5.10 knows no orphan files
        ["mke2fs", "-q", "-q", "-t", "ext4", "-O", "^orphan_file,^metadata_csum_seed", "-m", "0",
         "-E", "root_owner=0:0", "-d", directory, image, f"{int(used) * 5 // 4 + spare_mib}M"],
        check=True,
    )  # fmt: skip


# --- initramfs -----------------------------------------------------------------------------------


def modules_of(kernel: Kernel) -> list[Path]:
    """The modules that the drivers need, in the order in which they are loaded."""
    paths: list[Path] = []
    for driver in DRIVERS:
        lines = subprocess.run(
            ["modprobe", "-d", kernel.root.resolve(), "-S", kernel.release, "--show-depends", driver],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.splitlines()
        for line in lines:
            word, path = line.split()[:2]
            if word == "insmod" and Path(path) not in paths:
                paths.append(Path(path))
    return paths


def make_initramfs(kernel: Kernel, image: Path) -> None:
    with tempfile.TemporaryDirectory(dir=image.parent) as name:
        root = Path(name)
        for directory in ("bin", "dev", "modules", "root"):
            (root / directory).mkdir()
        shutil.copy("/bin/busybox", root / "bin")
        shutil.copy(HERE / "initramfs.sh", root / "init")
        (root / "init").chmod(0o755)
        for number, path in enumerate(modules_of(kernel)):
            data = path.read_bytes()
            if path.suffix == ".xz":
                data = lzma.decompress(data)
            (root / f"modules/{number:02}_{path.name.split('.')[0]}.ko").write_bytes(data)
        files = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        archive = subprocess.run(
            ["busybox", "cpio", "-o", "-H", "newc"],
            cwd=root,
            input=files.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        ).stdout
    image.write_bytes(gzip.compress(archive, 1))


# --- Debian --------------------------------------------------------------------------------------


def libraries_of(programs: Iterable[Path]) -> set[str]:
    """The names of the shared libraries that these programs load."""
    text = subprocess.run(
        ["ldd", *programs], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    ).stdout
    return set(re.findall(r"=> /\S*/([^/\s]+) \(", text))


def packages_of(libraries: Iterable[str]) -> set[str]:
    patterns = [f"*/x86_64-linux-gnu/{library}" for library in libraries]
    lines = subprocess.run(
        ["dpkg-query", "-S", *patterns],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    ).stdout
    # "diversion by PACKAGE from: PATH" has a blank before the colon
    return {line.split(":")[0] for line in lines.splitlines() if " " not in line.split(":")[0]}


def make_root(build: Path, image: Path, update: bool = False) -> None:
    """Debian as it is on this machine, as small as the tests can have it. Kept for the next time."""
    programs = [path for name in PROGRAMS for path in [build / name, *(build / name).glob("*")]]
    packages = sorted({*PACKAGES, *packages_of(libraries_of(filter(Path.is_file, programs)))})
    wanted = "\n".join(packages)
    contents = image.with_suffix(".packages")
    if not update and image.exists() and contents.exists() and contents.read_text() == wanted:
        return
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.*")]
    with tempfile.TemporaryDirectory(dir=image.parent) as name:
        directory = Path(name) / "root"
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}", "",
             directory, *(path for path in sources if path.exists())],
            check=True,
        )  # fmt: skip
        (directory / "seep").mkdir()
        make_ext4(image, directory, spare_mib=256)
    contents.write_text(wanted)


# --- seep ----------------------------------------------------------------------------------------


def make_payload(build: Path, image: Path, command: str) -> None:
    """The programs and tests, laid out as here, and the shell command that is to be run."""
    with tempfile.TemporaryDirectory(dir=image.parent) as name:
        directory = Path(name)
        ignored = shutil.ignore_patterns("__pycache__")
        for source in SOURCES:
            shutil.copytree(ROOT / source, directory / source, ignore=ignored)
        for program in PROGRAMS:
            path = build / program
            copy = shutil.copytree if path.is_dir() else shutil.copy2
            (directory / "build").mkdir(exist_ok=True)
            copy(path, directory / "build" / program)
        (directory / "command").write_text(command + "\n")
        make_ext4(image, directory, spare_mib=64)
