# SPDX-License-Identifier: GPL-2.0-only
"""Containers for the tests, run by runc: a fixture of ours on a file system and in namespaces of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from harness import FIXTURES, TIMEOUT, Fixture, wait_until

RUNC = shutil.which("runc") or "/usr/sbin/runc"
# Where root of a container with a user namespace begins.
FIRST_UID = 100000


def run(*command: str | Path) -> str:
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def cgroup_mounts() -> dict[str, Path]:
    """Mount points of cgroups, "" for version 2, else the controllers of the hierarchy."""
    mounts = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        if right.startswith(("cgroup2 ", "cgroup ")):
            kind, _, options = right.split(" ")[:3]
            mounts["" if kind == "cgroup2" else options] = Path(left.split()[4])
    return mounts


def libraries(program: Path) -> list[Path]:
    """What the loader maps for a program: of glibc by ldd, of musl its only library."""
    interpreter = re.search("interpreter: ([^]]*)", run("readelf", "-l", program))
    if not interpreter:
        return []
    if "musl" in interpreter[1]:
        return [Path(interpreter[1])]
    words = run("ldd", program).split()
    return [Path(word) for word in words if word.startswith("/") and not word.startswith(str(FIXTURES))]


class Image:
    """A root file system below a directory that other users may enter, as a user namespace has to."""

    def __init__(self, *programs: Path, place: Path | None = None) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="seep-container-"))
        self.directory.chmod(0o755)
        self.root = Path(tempfile.mkdtemp(dir=place)) if place else self.directory / "root"
        for directory in ("dev", "proc", "opt"):
            (self.root / directory).mkdir(parents=True)
        for program in programs:
            self.add(program, f"opt/{program.name}")
            for library in libraries(program):
                self.add(library, str(library).lstrip("/"))

    def add(self, source: Path, place: str) -> None:
        target = self.root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)

    def remove(self) -> None:
        shutil.rmtree(self.root)
        shutil.rmtree(self.directory)


class Container(Fixture):
    """A program in a container; driven as any fixture is. The PID is that of the host."""

    def __init__(
        self,
        image: Image,
        *command: str,
        overlay: bool = True,
        user_namespace: bool = False,
        parent: str = "",
        upper: dict[str, Path] | None = None,
    ) -> None:
        self.id = secrets.token_hex(32)
        self.image = image
        self.cgroup = f"/seep-test-{os.getpid()}{parent}/{self.id}"
        self.bundle = image.directory / self.id[:12]
        self.root = self.bundle / "merged" if overlay else image.root
        self.mounted = False
        self.bundle.mkdir()
        try:
            if overlay:
                self._mount(upper or {})
            if user_namespace:
                self._give_away()
            self._configure(command, user_namespace)
            super().__init__(
                RUNC, "--root", self.image.directory / "state", "run", "--bundle", self.bundle,
                "--pid-file", self.bundle / "pid", self.id,
            )  # fmt: skip
        except BaseException:
            self.clean()
            raise

    def _mount(self, upper: dict[str, Path]) -> None:
        for name in ("upper", "work", "merged"):
            (self.bundle / name).mkdir()
        for place, source in upper.items():
            target = self.bundle / "upper" / place
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        layers = f"lowerdir={self.image.root},upperdir={self.bundle}/upper,workdir={self.bundle}/work"
        run("mount", "-t", "overlay", "overlay", "-o", layers, self.root)
        self.mounted = True

    def _give_away(self) -> None:
        for path in (self.root, *self.root.rglob("*")):
            os.chown(path, FIRST_UID, FIRST_UID, follow_symlinks=False)

    def _configure(self, command: tuple[str, ...], user_namespace: bool) -> None:
        run(RUNC, "spec", "--bundle", self.bundle)
        path = self.bundle / "config.json"
        config: dict[str, Any] = json.loads(path.read_text())
        config["process"].update(terminal=False, args=list(command))
        config["root"] = {"path": str(self.root), "readonly": False}
        # The hierarchies of both versions are of no use in there.
        config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/sys")]
        config["linux"]["cgroupsPath"] = self.cgroup
        if user_namespace:
            ids = [{"containerID": 0, "hostID": FIRST_UID, "size": 65536}]
            config["linux"]["namespaces"].append({"type": "user"})
            config["linux"].update(uidMappings=ids, gidMappings=ids)
        path.write_text(json.dumps(config))

    def ready(self) -> Container:
        super().ready()
        # written when the program runs already
        wait_until((self.bundle / "pid").exists, "the PID of a container")
        self.pid = int((self.bundle / "pid").read_text())
        return self

    def unmount(self) -> None:
        """Fails if anybody still uses it in our mount namespace."""
        run("umount", self.root)
        self.mounted = False

    def quit(self) -> int:
        status = super().quit()
        self._delete()
        return status

    def _delete(self) -> None:
        state = self.image.directory / "state"
        if (state / self.id).exists():
            subprocess.run(
                [RUNC, "--root", str(state), "delete", "--force", self.id],
                check=False, capture_output=True, timeout=TIMEOUT,
            )  # fmt: skip

    def clean(self) -> None:
        self._delete()
        if self.mounted:
            self.unmount()

    def end(self) -> None:
        self._delete()
        super().end()
        self.clean()


def remove_cgroups() -> None:
    """What runc leaves of the cgroups of our containers: those that they were below."""
    for mount in cgroup_mounts().values():
        top = mount / f"seep-test-{os.getpid()}"
        for path in sorted((top, *top.rglob("*/")), key=lambda path: -len(path.parts)):

            def gone(path: Path = path) -> bool:
                with contextlib.suppress(OSError):
                    path.rmdir()
                return not path.exists()

            wait_until(gone, f"the end of {path}")
