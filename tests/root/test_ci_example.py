# SPDX-License-Identifier: GPL-2.0-only
"""The pipelines of docs/ci.md, command by command, on a service that leaks and on one that does not."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import xml.etree.ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import BUILD, ROOT, SLOWNESS

MAKEFILE = "shop: shop.c\n\tgcc -g -O1 -fno-builtin -o $@ $<\n"
# A thousand customers a second, each with a kilobyte.
SHOP = """
#include <stdlib.h>
#include <unistd.h>

static void *volatile last;

static void serve_customer(void)
{
	free(KEPT ? NULL : (void *)last);
	last = malloc(1024);
}

int main(void)
{
	for (;;) {
		serve_customer();
		usleep(1000);
	}
}
"""

Steps = tuple[list[str], list[str]]


def gitlab(document: dict[str, Any]) -> Steps:
    job = document["leaks"]
    assert job["artifacts"]["reports"]["junit"] == "leaks.xml"
    return job["script"], job["after_script"]


def github(document: dict[str, Any]) -> Steps:
    steps = document["jobs"]["leaks"]["steps"]
    commands = [step for step in steps if "run" in step]
    return (
        [step["run"] for step in commands if "if" not in step],
        [step["run"] for step in commands if "if" in step],
    )


PIPELINES: dict[str, Callable[[dict[str, Any]], Steps]] = {"GitLab": gitlab, "GitHub": github}


def steps_of(system: str) -> Steps:
    """What the example tells a CI system to run: for the job, and after it whatever has happened."""
    text = (ROOT / "docs/ci.md").read_text()
    match = re.search(rf"^## {system}\n+```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert match
    return PIPELINES[system](yaml.safe_load(match[1]))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "leaks.supp").write_text("leak:^load_catalogue$\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/seep").symlink_to(BUILD / "seep")
    # the tests have root already
    (tmp_path / "bin/sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (tmp_path / "bin/sudo").chmod(0o755)
    yield tmp_path
    pid = tmp_path / "shop.pid"
    if pid.exists() and Path(f"/proc/{pid.read_text().strip()}/exe").exists():
        os.kill(int(pid.read_text()), signal.SIGKILL)


def run(project: Path, commands: list[str]) -> int:
    """As a runner does it: until the first that fails."""
    script = "\n".join(["set -e", *commands])
    environment = {
        **os.environ,
        "PATH": f"{project / 'bin'}:{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(project / "summary"),
    }
    return subprocess.run(
        ["bash", "-c", script], cwd=project, env=environment, check=False, timeout=300 * SLOWNESS
    ).returncode


@pytest.mark.parametrize("system", ["GitHub", pytest.param("GitLab", marks=pytest.mark.long)])
def test_a_service_that_leaks(project: Path, system: str) -> None:
    (project / "shop.c").write_text(SHOP.replace("KEPT", "1"))
    script, after = steps_of(system)
    assert run(project, script) == 3
    assert run(project, after) == 0
    cases = list(xml.etree.ElementTree.parse(project / "leaks.xml").iter("testcase"))
    failed = [case.attrib["name"] for case in cases if case.find("failure") is not None]
    what = "serve_customer (shop.c), called by main, __libc_start_call_main, in shop"
    assert failed and all(name.startswith(what) for name in failed)
    # On a slow machine the heap that grows for it is told besides.
    kinds = {case.attrib["classname"] for case in cases if case.find("failure") is not None}
    assert "seep.memory" in kinds and len(cases) == len(failed) + 4 - len(kinds)  # the other kinds
    assert "serve_customer" in (project / "leaks.html").read_text()
    assert not Path(f"/proc/{(project / 'shop.pid').read_text().strip()}/exe").exists()


@pytest.mark.long
def test_a_service_that_does_not(project: Path) -> None:
    (project / "shop.c").write_text(SHOP.replace("KEPT", "0"))
    script, after = steps_of("GitLab")
    assert run(project, [line.replace("-d 3m", "-d 30s") for line in script]) == 0
    assert run(project, after) == 0
    cases = list(xml.etree.ElementTree.parse(project / "leaks.xml").iter("testcase"))
    assert [case.attrib["name"] for case in cases] == ["no leak found"] * 4
