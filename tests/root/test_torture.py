# SPDX-License-Identifier: GPL-2.0-only
"""A short stay in the torture house (tests/torture), which `make torture` extends to hours."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from harness import BUILD, ROOT, SLOWNESS

pytestmark = [pytest.mark.long, pytest.mark.serial]

PROGRAMS = BUILD / "torture"
# The choice of programs; on a slow machine as long as the others may take.
STAY_SECONDS = 60
LIMIT_SECONDS = 900


@pytest.mark.skipif(not PROGRAMS.is_dir(), reason="needs make torture-programs")
def test_torture_house() -> None:
    """Nobody is harmed, and no breakpoint stays."""
    options = ["--few", "--jobs", "1", "--seed", os.environ.get("TORTURE_SEED", "11")]
    options += ["--scopes", "pid,pids,launched"]
    options += ["--seconds", str(STAY_SECONDS if SLOWNESS == 1 else LIMIT_SECONDS)]
    result = subprocess.run(
        [sys.executable, ROOT / "tests/torture/run", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=2 * LIMIT_SECONDS,
    )
    print(result.stdout)
    assert re.search(r" 0 harmed, 0 with breakpoints left, 0 unexplained ", result.stdout), result.stdout[-8000:]
    # The kernel may give up removing a probe of a seep that is killed just then, and says so.
    left = re.findall(r"^the kernel says: .* failed to unregister, leaking uprobe$", result.stdout, re.M)
    assert len(left) <= 1, left
    assert re.search(rf"^[1-9]\d* passed, {len(left)} failed$", result.stdout, re.M), result.stdout[-8000:]
    assert result.returncode == len(left)
