# SPDX-License-Identifier: GPL-2.0-only
"""seep doctor: the machine, and the probes and unwind tables of a process."""

from __future__ import annotations

import re
import subprocess

from harness import SEEP, SLOWNESS, TIMEOUT, attach_variants, modified_text


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SEEP, "doctor", *arguments], capture_output=True, text=True, check=False, timeout=TIMEOUT
    )


def test_machine() -> None:
    result = doctor()
    assert result.returncode == 0, result.stderr
    probes = re.search(r'^probes +attached by "(\w+)"$', result.stdout, re.M)
    assert probes and probes[1] == attach_variants()[0]
    cost = re.search(r"^cost +(\d+) ns for a hit \((\d+) ns .*\), (\d+) ns for a call$", result.stdout, re.M)
    assert cost
    assert all(10 < int(value) < 1_000_000 for value in cost.groups())
    rights = re.findall(r"^(?:rights)? +(CAP_\w+) +yes +\S", result.stdout, re.M)
    assert {"CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"} <= set(rights)


def test_tables_of_a_process(start) -> None:
    target = start("churn")
    result = doctor("--unwind", str(target.pid), "-d", f"{500 * SLOWNESS:.0f}ms")
    assert result.returncode == 0, result.stderr
    whole = re.search(r"^([\d,]+) stacks, 100 % of them whole$", result.stdout, re.M)
    assert whole
    assert int(whole[1].replace(",", "")) > 0
    # the thread's first function is libc's: all stacks end there
    libc = re.search(r"^ *([\d,]+) +\S+ \S+ +\S+ \S+ +\S+/libc\.so\.6  [\d,]+ complete$", result.stdout, re.M)
    assert libc, result.stdout
    assert int(libc[1].replace(",", "")) > 10_000
    assert re.search(r" \[vdso\]$", result.stdout, re.M)


def test_probes_of_a_process(start) -> None:
    target = start("operators")
    result = doctor("-p", str(target.pid))
    assert result.returncode == 0, result.stderr
    file = None
    probes = {}
    for line in result.stdout.splitlines()[1:]:
        if line.startswith("/"):
            file = line
        elif line:
            probe = re.fullmatch(
                r" *(0x[0-9a-f]+)  (emulated|single-stepped) +(\d+) ns  (.{34})  (\S.*)", line
            )
            assert probe, line
            probes[file, probe[5]] = probe
    libc = next(file for file, _ in probes if "libc.so" in file)
    assert probes[libc, "malloc"][2] == "emulated"
    assert probes[libc, "free"][2] == "emulated"
    assert probes[libc, "malloc"][4].startswith("push ")
    # it gives out what malloc has made; and nothing stands where an exception has to pass
    assert not any("operator new" in function for _, function in probes)
    assert all(10 < int(probe[3]) < 1_000_000 for probe in probes.values())
    assert modified_text(target.pid) == 0


def test_probes_at_returns(start) -> None:
    """An operator new with an allocator of its own has no return probe, but one at each ret."""
    target = start("operators_jemalloc")
    result = doctor("-p", str(target.pid))
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if ", return" in line]
    assert len(lines) >= 3
    assert all(re.search(r" single-stepped .* ret  .*operator new\(", line) for line in lines)
    assert modified_text(target.pid) == 0


def test_wrong_use() -> None:
    assert doctor("-p", "4194304").returncode == 1
    assert doctor("--unwind", "4194304").returncode == 1
    assert doctor("--unwind", "x").returncode == 2
    assert doctor("stray").returncode == 2
    assert doctor("--help").returncode == 0
