# SPDX-License-Identifier: GPL-2.0-only
"""Names, lines, modules: what a stack says about the code."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness import FIXTURES, assert_exact, counts_of, names, sites_of


def build_id(path: Path) -> str:
    text = subprocess.run(
        ["readelf", "-n", str(path)], check=True, capture_output=True, text=True
    ).stdout
    return text.split("Build ID: ", 1)[1].split()[0]


def text_range(path: Path, function: str) -> range:
    """The addresses of a function; equal to file offsets in the first pages of a PIE's text."""
    for line in subprocess.run(
        ["nm", "-S", str(path)], check=True, capture_output=True, text=True
    ).stdout.splitlines():
        parts = line.split()
        if parts[-1] == function:
            begin = int(parts[0], 16)
            return range(begin, begin + int(parts[1], 16))
    raise KeyError(function)


def test_lines_and_inlined_functions(traced) -> None:
    report, done = traced("inlined")
    assert_exact(report, done)
    (site,) = sites_of(report, "outer_function")
    assert names(site)[:4] == ["malloc", "inlined_helper", "outer_function", "main"]
    frames = site["stack"][1:4]
    assert [frame["line"] for frame in frames] == done["lines"]
    assert [frame["inlined"] for frame in frames] == [True, False, False]
    assert all(frame["file"].endswith("inlined.c") for frame in frames)
    assert frames[0]["offset"] == frames[1]["offset"]


def test_module_offset_and_build_id(traced) -> None:
    report, done = traced("sizes")
    assert_exact(report, done)
    path = FIXTURES / "sizes"
    (site,) = sites_of(report, "made_small")
    frame = site["stack"][1]
    assert frame["module"] == str(path.resolve())
    assert frame["build_id"] == build_id(path)
    assert frame["offset"] in text_range(path, "made_small")
    libc = site["stack"][0]
    assert libc["build_id"] == build_id(Path(libc["module"]))


def test_cplusplus_names(traced) -> None:
    report, done = traced("cplusplus")
    assert_exact(report, done)
    for site in sites_of(report, "store::Cache<int>::fill(int)"):
        assert names(site)[:2] == ["malloc", "operator new(unsigned long)"]


def stripped_sites(report: dict[str, Any], module: str) -> list[dict[str, Any]]:
    return [s for s in report["sites"] if s["stack"][1]["module"].endswith(module)]


def test_stripped_program(traced) -> None:
    """Module and offset are all that is known, and no wrong name is given instead."""
    report, done = traced("sizes_stripped")
    sites = stripped_sites(report, "/sizes_stripped")
    assert sorted(site["allocs"] for site in sites) == [30, 30, 30]
    for site in sites:
        frame = site["stack"][1]
        assert frame["function"] is None and frame["file"] is None and frame["line"] is None
    offsets = {site["stack"][1]["offset"] for site in sites}
    for function in done["sites"]:
        assert len(offsets & set(text_range(FIXTURES / "sizes", function))) == 1


@pytest.mark.parametrize("program", ["sizes_debuglink", "sizes_debugdata"])
def test_separate_symbols(traced, program: str) -> None:
    report, done = traced(program)
    assert_exact(report, done)
    for function in done["sites"]:
        for site in sites_of(report, function):
            assert names(site)[1] == function
            if program == "sizes_debuglink":
                assert site["stack"][1]["file"].endswith("sizes.c")


def test_text_of_stripped_program(start, seep) -> None:
    target = start("sizes_stripped")
    trace = seep("-p", target.pid).attached()
    target.go()
    target.done()
    trace.finish()
    assert "sizes_stripped+0x" in trace.stdout


def test_library(traced) -> None:
    report, done = traced("uses_library")
    assert_exact(report, done)
    for site in sites_of(report, "library_leak"):
        assert names(site)[:4] == ["malloc", "library_internal", "library_leak", "main"]
        assert site["stack"][1]["module"].endswith("/libleaky.so")


def test_library_loaded_under_trace(traced) -> None:
    """The first stacks may come before the library's unwind table: they end in it and say so."""
    report, done = traced("uses_library", "load", str(FIXTURES / "libleaky_late.so"))
    expected = done["sites"]["library_leak"]
    sites = sites_of(report, "library_internal")
    for key, value in expected.items():
        assert sum(site[key] for site in sites) == value, key
    for site in sites:
        assert names(site)[1] == "library_internal"
        assert site["stack"][1]["module"].endswith("/libleaky_late.so")
        if site["stack_end"] == "no_table":
            assert names(site)[2:] == []
        else:
            assert site["stack_end"] == "complete"
            assert names(site)[2:4] == ["library_leak", "main"]


def copy_program(directory: Path) -> Path:
    """The program that uses the library, and the library, in a place of their own."""
    shutil.copy(FIXTURES / "libleaky.so", directory)
    return Path(shutil.copy(FIXTURES / "uses_library", directory))


def check_library_names(report: dict[str, Any], done: dict[str, Any]) -> None:
    assert_exact(report, done)
    for site in sites_of(report, "library_leak"):
        assert names(site)[:4] == ["malloc", "library_internal", "library_leak", "main"]


def test_deleted_program_and_library(start, seep, tmp_path: Path) -> None:
    program = copy_program(tmp_path)
    target = start(program)
    program.unlink()
    (tmp_path / "libleaky.so").unlink()
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    check_library_names(trace.finish(), done)


def test_replaced_program_and_library(start, seep, tmp_path: Path) -> None:
    """What is mapped counts, not what has its name by now."""
    program = copy_program(tmp_path)
    target = start(program)
    for path in (program, tmp_path / "libleaky.so"):
        path.unlink()
        shutil.copy("/bin/true", path)
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    check_library_names(trace.finish(), done)


def test_deleted_and_gone(start, seep, tmp_path: Path) -> None:
    """A deleted program that has ended before the report still has its names."""
    program = copy_program(tmp_path)
    target = start(program)
    program.unlink()
    (tmp_path / "libleaky.so").unlink()
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    target.quit()
    check_library_names(trace.final(), done)


def test_another_root_directory(seep, start, tmp_path: Path) -> None:
    """A program that sees other files than we do: its own are taken."""
    root = tmp_path / "root"
    libraries = subprocess.run(
        ["ldd", str(FIXTURES / "sizes")], check=True, capture_output=True, text=True
    ).stdout
    for word in [str(FIXTURES / "sizes"), *libraries.split()]:
        if word.startswith("/"):
            place = root / (Path(word).name if "fixtures" in word else word.lstrip("/"))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(word, place)
    target = start(Path("/usr/sbin/chroot"), str(root), "/sizes")
    trace = seep("-p", target.pid).attached()
    target.go()
    done = target.done()
    report = trace.finish()
    assert_exact(report, done)
    for site in sites_of(report, "made_small"):
        assert site["stack"][1]["file"].endswith("sizes.c")


def test_program_of_several_names(start, seep, tmp_path: Path) -> None:
    """It is called as it was started, if that is a name of the file that it is."""
    program = tmp_path / "tool-check"
    shutil.copy(FIXTURES / "sizes", program)
    (tmp_path / "tool").symlink_to(program.name)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "alias").symlink_to(program)
    # in the second directory there is no file of the name that the kernel shows
    for name, shown in ((tmp_path / "tool", "tool"), (tmp_path / "other/alias", "tool-check")):
        target = start(name)
        trace = seep("-p", target.pid).attached()
        target.go()
        done = target.done()
        report = trace.finish()
        assert_exact(report, done)
        for site in sites_of(report, "made_small"):
            assert site["stack"][1]["module"] == str(tmp_path / shown)
        target.quit()


def test_hostile_names(start, seep, tmp_path: Path) -> None:
    """Text from the target is cleaned: no control characters, valid UTF-8, valid formats."""
    program = tmp_path / "a;b\x1b[31m\n\"c\\ \udcff"
    shutil.copy(FIXTURES / "sizes", program)
    target = start(program)
    folded, graph = tmp_path / "folded", tmp_path / "graph.svg"
    trace = seep("-p", target.pid, "--folded", folded, "--flamegraph", graph).attached()
    target.go()
    done = target.done()
    report = trace.finish()
    assert_exact(report, done)
    for data in (trace.path.read_bytes(), folded.read_bytes(), graph.read_bytes()):
        text = data.decode()  # valid UTF-8
        assert not [c for c in text if (ord(c) < 32 and c not in "\n\t") or ord(c) == 127]
    assert "\x1b" not in trace.stdout
    assert len(folded.read_text().splitlines()) == len(
        [site for site in report["sites"] if site["live_bytes"]]
    )
    subprocess.run(["xmllint", "--noout", str(graph)], check=True)
    assert counts_of(report, "made_small")["allocs"] == 30
