# SPDX-License-Identifier: GPL-2.0-only
"""Pools that programs have for themselves: one entry, who asked for more, and how to trace them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import ROOT, SEEP, SLOWNESS, Report, end_process, names

SOURCE = ROOT / "tests/real/c/shared_pool.c"


@pytest.fixture
def leaking(tmp_path: Path) -> Iterator[int]:
    program = tmp_path / "shared_pool"
    subprocess.run(("gcc", "-O2", "-g", "-o", program, SOURCE), check=True)
    process = subprocess.Popen((str(program), "leak"), text=True)
    yield process.pid
    end_process(process)


# How many blocks a pool has taken is what is looked at.
EXACT = ("--max-overhead", "none")


def detect(pid: int, path: Path, *options: str) -> tuple[int, str, Report]:
    done = subprocess.run(
        [str(SEEP), "detect", "-p", str(pid), "-d", "150s", "--json", str(path), *EXACT, *options],
        capture_output=True, text=True, check=False, timeout=200 * SLOWNESS,
    )  # fmt: skip
    return done.returncode, done.stdout, json.loads(path.read_text().splitlines()[-1])


def test_a_pool_is_one_leak_of_what_grows_it(leaking: int, tmp_path: Path) -> None:
    status, text, report = detect(leaking, tmp_path / "pool.json", "-k", "mapping")
    sites = [site for site in report["sites"] if "pool_grow" in names(site)]
    users = {name for site in sites for name in names(site) if name in ("parse_request", "render_page")}
    assert status == 3
    assert users == {"parse_request", "render_page"}
    assert "in pool_grow;" in text.splitlines()[0] + " "
    blocks = sum(site["live_objects"] for site in sites)
    for site in sites:
        verdict = site["verdict"]
        assert verdict["class"] == "leak"
        (said,) = (line for line in verdict["evidence"] if "pool" in line)
        assert said.startswith(
            f"a pool grows: pool_grow has taken {blocks} blocks of 64.0 KiB and released none; "
            "who asked for more: "
        )
        assert "parse_request (" in said
        assert "render_page (" in said
        (advice,) = verdict["advice"]
        assert "--alloc pool_alloc:size=argN,ret=ptr --free pool_free:ptr=argN" in advice


def test_the_functions_that_are_advised_name_who_keeps(leaking: int, tmp_path: Path) -> None:
    described = ("--alloc", "pool_alloc:size=256,ret=ptr", "--free", "pool_free:ptr=arg1")
    status, text, report = detect(leaking, tmp_path / "items.json", "-k", "memory", *described)
    assert status == 3
    assert "in parse_request;" in text.splitlines()[0] + " "
    for site in report["sites"]:
        if "render_page" in names(site):
            assert site["verdict"]["class"] not in ("leak", "growth")
            assert site["alloc_bytes"] == 256 * site["allocs"]
