# SPDX-License-Identifier: GPL-2.0-only
"""Programs that translate the code of others: whatever is traced, they go on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from harness import FIXTURES, Fixture, attach_variants, losses_of, modified_text

TRANSLATORS = {"valgrind": ["valgrind", "-q"], "qemu": ["qemu-x86_64"]}


@pytest.fixture(params=TRANSLATORS)
def translator(request) -> list[str]:
    name, *options = TRANSLATORS[request.param]
    path = shutil.which(name)
    if not path:
        pytest.skip(f"no {name} here")
    return [path, *options]


@pytest.fixture
def run(translator):
    """Starts a fixture under the translator."""
    targets: list[Fixture] = []

    def start() -> Fixture:
        targets.append(Fixture(*translator, FIXTURES / "bulk", "10").ready())
        return targets[-1]

    yield start
    for target in targets:
        target.end()


def works(target: Fixture) -> None:
    target.go()
    assert target.done()["sites"]
    assert target.quit() == 0


@pytest.mark.serial
def test_before_and_during_a_trace_of_everything(seep, run) -> None:
    early = run()
    trace = seep("-a", "-i", "1h").attached()
    during = run()
    for target in (early, during, run()):
        assert modified_text(target.pid) == 0
        works(target)
    last = run()
    assert losses_of(trace.finish())["refused_processes"] >= 4
    works(last)


def test_by_pid(seep, run) -> None:
    target = run()
    trace = seep("-p", target.pid, json_file=None)
    assert trace.wait() == 1
    assert f"process {target.pid} " in trace.stderr
    assert "is not probed: it translates the code of a program" in trace.stderr
    works(target)


def test_launched(seep, translator) -> None:
    trace = seep("--", *translator, FIXTURES / "launched", "exit", "7", json_file=None)
    assert trace.wait() == 1
    assert "it translates the code of a program" in trace.stderr


def test_child_of_a_command(seep, translator) -> None:
    command = " ".join([*translator, str(FIXTURES / "launched"), "exit", "7"])
    report = seep("-i", "1h", "--", "/bin/sh", "-c", f"{command}; exit $?").final(expect=7)
    assert losses_of(report)["refused_processes"] >= 1


@pytest.mark.parametrize("variant", attach_variants())
def test_exec_of_a_traced_process(seep, translator, variant: str, tmp_path: Path) -> None:
    """Its probes would come along; those of perf take the longest to go away."""
    command = " ".join([*translator, str(FIXTURES / "launched"), "exit", "0"])
    done = tmp_path / "done"
    script = f"read line; exec 2> {done}; exec {command}"
    with subprocess.Popen(["/bin/sh", "-c", script], stdin=subprocess.PIPE) as target:
        options = ("-k", "memory,thread", "--attach", variant)
        trace = seep("-p", target.pid, *options, json_file=None).attached()
        target.communicate(b"go\n")
        assert target.returncode == 0, done.read_text()
        assert trace.wait() in (0, 1)
