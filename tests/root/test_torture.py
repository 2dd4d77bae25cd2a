# SPDX-License-Identifier: GPL-2.0-only
"""A short stay in the torture house (tests/torture): every program at least once in each scope."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from harness import BUILD, ROOT, SLOWNESS

PROGRAMS = BUILD / "torture"
# On a slow machine only the choice of programs, and as long as the others may take.
LIMIT_SECONDS = 900


@pytest.mark.skipif(not PROGRAMS.is_dir(), reason="needs make torture-programs")
def test_torture_house() -> None:
    """Nobody is harmed, no breakpoint stays, and every count is right or a loss says why."""
    options = ["--once", "--group", "12", "--seed", os.environ.get("TORTURE_SEED", "11")]
    options += ["--jobs", str(min(4, 2 * (os.cpu_count() or 1)))]
    if SLOWNESS > 1:
        options += ["--few", "--jobs", "1", "--seconds", str(LIMIT_SECONDS)]
    result = subprocess.run(
        [sys.executable, ROOT / "tests/torture/run", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=2 * LIMIT_SECONDS,
    )
    print(result.stdout)
    assert re.search(r"^[1-9]\d* passed, 0 failed$", result.stdout, re.M), result.stdout[-8000:]
    assert result.returncode == 0
