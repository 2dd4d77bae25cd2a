# SPDX-License-Identifier: GPL-2.0-only
"""The BPF programs and maps that a run of seep holds, by bpftool."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness import Seep


def bpftool(*arguments: str) -> Any:
    """What it prints as JSON; nothing for a change."""
    program = shutil.which("bpftool", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        pytest.skip("needs bpftool")
    text = subprocess.run(
        [program, "-j", *arguments], capture_output=True, text=True, check=True
    ).stdout
    return json.loads(text) if text.strip() else None


def held_by(trace: Seep, key: str) -> set[int]:
    """Ids of the maps (map_id) or programs (prog_id) of this run; what it closes meanwhile is none."""
    found = set()
    for info in Path(f"/proc/{trace.pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.update(map(int, re.findall(rf"^{key}:\s+(\d+)$", info.read_text(), re.M)))
    return found


def loaded_programs(trace: Seep) -> set[str]:
    """The names of the programs of this run."""
    held = held_by(trace, "prog_id")
    return {p.get("name", "") for p in bpftool("prog", "show") if p["id"] in held}


def map_of(trace: Seep, name: str) -> str:
    """The number of the map of this run that has this name."""
    held = held_by(trace, "map_id")
    (found,) = [m["id"] for m in bpftool("map", "show") if m.get("name") == name and m["id"] in held]
    return str(found)


def entries_of_map(trace: Seep, name: str) -> list[dict[str, Any]]:
    """The entries of that map: key and value as bytes in hexadecimal, and formatted."""
    entries: list[dict[str, Any]] = bpftool("map", "dump", "id", map_of(trace, name))
    return entries
