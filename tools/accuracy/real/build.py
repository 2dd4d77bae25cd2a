# SPDX-License-Identifier: GPL-2.0-only
"""Builds the programs, and says how each is run, or what the machine lacks for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from harness import BUILD, ROOT
from programs import Program

SOURCES = ROOT / "tests/real"
OUT = BUILD / "real"
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")

C = ("-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-pthread")
CPP = ("-std=gnu++17", "-O2", "-g", "-Wall", "-Wextra", "-Wno-clobbered")
# What the sources include that is not of the C library.
LINKED = {"sqlite3.h": ("sqlite3",), "glib.h": ("glib-2.0",), "math.h": ()}
SHARED = {"c/plugin.c", "c/library.c"}
PRELOADS = {
    "jemalloc": "libjemalloc.so.2",
    "tcmalloc": "libtcmalloc.so.4",
    "mimalloc": "libmimalloc.so.2*",
}


class Missing(Exception):
    """The machine does not have what it takes."""


def tool(*names: str) -> str:
    """The first of these commands that there is."""
    for name in names:
        if path := shutil.which(name):
            return path
    raise Missing(f"{names[0]} is not installed")


def preload(name: str) -> str:
    found = sorted(LIBRARIES.glob(PRELOADS[name]))
    if not found:
        raise Missing(f"{PRELOADS[name]} is not installed")
    return str(found[0])


def _run(*command: str | Path, **environment: str) -> None:
    result = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    if result.returncode:
        raise SystemExit(f"accuracy: {' '.join(map(str, command))}:\n{result.stderr}")


def _is_new(target: Path, source: Path) -> bool:
    return target.exists() and target.stat().st_mtime >= source.stat().st_mtime


def _packages(source: Path) -> list[str]:
    """Flags of the libraries that a source includes."""
    flags: list[str] = []
    for header, packages in LINKED.items():
        if f"<{header}>" not in source.read_text():
            continue
        for package in packages:
            result = subprocess.run(
                [tool("pkg-config"), "--cflags", "--libs", package],
                capture_output=True,
                text=True,
                check=False,
            )
            if result.returncode:
                raise Missing(f"the headers of {package} are not installed")
            flags += result.stdout.split()
        flags += ["-lm"] if header == "math.h" else []
    return flags


def _compiled(name: str, variant: str) -> list[str]:
    source = SOURCES / name
    target = OUT / f"{source.stem}{'-' + variant if variant else ''}"
    options = ["-static"] if variant else []
    if name in SHARED:
        target = target.with_suffix(".so")
        options = ["-shared", "-fPIC"]
    if source.suffix == ".cc":
        command = [tool("g++"), *CPP]
    else:
        command = [tool("musl-gcc") if variant == "musl" else tool("gcc"), *C]
    if not _is_new(target, source):
        _run(*command, *options, source, "-o", target, *_packages(source))
    return [str(target)]


def _rust(source: Path) -> list[str]:
    target = OUT / source.stem
    if not _is_new(target, source):
        _run(tool("rustc"), "-O", "-g", source, "-o", target)
    return [str(target)]


def _go(source: Path) -> list[str]:
    target = OUT / f"go-{source.stem}"
    cgo = "1" if 'import "C"' in source.read_text() else "0"
    if not _is_new(target, source):
        _run(
            tool("go"), "build", "-o", target, source,
            CGO_ENABLED=cgo, GOFLAGS="-mod=mod", GOCACHE=str(BUILD / "go"),
        )  # fmt: skip
    return [str(target)]


def _java(source: Path) -> list[str]:
    classes = OUT / "java"
    if not _is_new(classes / f"{source.stem}.class", source):
        _run(tool("javac"), "-d", classes, source)
    return [tool("java"), "-Xmx512m", "-cp", str(classes), source.stem]


INTERPRETERS = {
    ".js": ("node",),
    ".php": ("php",),
    ".pl": ("perl",),
    ".lua": ("lua5.4", "lua"),
    ".rb": ("ruby",),
}


def _built(name: str, variant: str = "") -> list[str]:
    """Builds a source of tests/real; the command that runs it."""
    source = SOURCES / name
    if source.suffix in (".c", ".cc"):
        return _compiled(name, variant)
    if source.suffix == ".rs":
        return _rust(source)
    if source.suffix == ".go":
        return _go(source)
    if source.suffix == ".java":
        return _java(source)
    if source.suffix == ".py":
        return [sys.executable, str(source)]
    return [tool(*INTERPRETERS[source.suffix]), str(source)]


def command_of(program: Program) -> list[str]:
    """Builds a program; the command that runs it. "{FILE}" is what that source becomes."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name in program.needs:
        if name not in ("pgbench", "psql"):
            tool(name)
        elif not list(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")):
            raise Missing(f"{name} is not installed")
    if program.preload:
        preload(program.preload)
    if not program.source:
        return []
    command = _built(program.source, program.variant)
    for argument in program.arguments:
        named = re.fullmatch(r"\{(.+)\}", argument)
        command += _built(named[1]) if named else [argument]
    return command
