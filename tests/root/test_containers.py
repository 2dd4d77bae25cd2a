# SPDX-License-Identifier: GPL-2.0-only
"""Processes in containers: other namespaces, overlayfs, libraries of their own. seep is outside."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from containers import Container, Image, cgroup_mounts, remove_cgroups, run
from harness import (
    FIXTURES,
    Report,
    assert_exact,
    attach_choices,
    losses_of,
    modified_text,
    names,
    sites_of,
    wait_until,
)

POD = "1b7f3a52-0c4d-4e6f-8a9b-0123456789ab"
MAKER = "made_in_bulk"
# A trace of the whole machine.
ALL = pytest.param("all", marks=pytest.mark.serial)
# The root directory is an overlay, as in practice, or a directory, which make check leaves out.
OVERLAY = pytest.mark.parametrize(
    "overlay", [True, pytest.param(False, marks=pytest.mark.long)], ids=["overlay", "directory"]
)


@pytest.fixture(scope="module")
def glibc() -> Iterator[Image]:
    image = Image(FIXTURES / "bulk", FIXTURES / "uses_library")
    for library in ("libleaky.so", "libleaky_late.so"):
        image.add(FIXTURES / library, f"opt/{library}")
    yield image
    image.remove()


@pytest.fixture(scope="module")
def musl() -> Iterator[Image]:
    image = Image(FIXTURES / "allocators_musl_dynamic", FIXTURES / "allocators_musl")
    yield image
    image.remove()


@pytest.fixture
def contain() -> Iterator[Callable[..., Container]]:
    """Starts a program in a container and waits for READY."""
    running: list[Container] = []

    def start(image: Image, *command: str, **options: Any) -> Container:
        container = Container(image, *command, **options)
        running.append(container)
        return container.ready()

    yield start
    for container in running:
        container.end()
    remove_cgroups()


def went(target: Container) -> dict[str, Any]:
    target.go()
    return target.done()


def wait_for_scope(target: Container | int, traced: Container) -> None:
    """Waits until all probes are in a process: as many as in one with the same libraries."""
    pid = target if isinstance(target, int) else target.pid
    probes = modified_text(traced.pid)
    assert probes > 0
    wait_until(lambda: modified_text(pid) >= probes, "all probes")


def process_of(report: Report, pid: int) -> dict[str, Any]:
    """The last one: runc itself has that PID before the program."""
    return [process for process in report["processes"] if process["pid"] == pid][-1]


def check_stacks(report: Report, done: dict[str, Any], container: Container) -> None:
    """Whole stacks, the container's names."""
    for function in done["sites"]:
        for site in sites_of(report, function, container.pid):
            assert site["stack_end"] == "complete", names(site)
            assert None not in names(site)[: names(site).index("main")]


def check(report: Report, done: dict[str, Any], container: Container) -> None:
    check_numbers(report, done, container)
    check_stacks(report, done, container)


def check_numbers(report: Report, done: dict[str, Any], container: Container) -> None:
    assert_exact(report, done, container.pid)
    process = process_of(report, container.pid)
    assert process["inner_pid"] == 1
    assert process["container"]["id"] == container.id


def scope_of(scope: str, container: Container) -> tuple[str | int, ...]:
    if scope == "pid":
        return ("-p", container.pid)
    return ("-g", container.cgroup) if scope == "cgroup" else ("-a",)


def losses_of_named(report: Report) -> dict[str, int]:
    """Those that other processes of the machine have no part in, if the scope is not all of it."""
    return {} if report["scope"]["type"] == "all" else losses_of(report)


@OVERLAY
@pytest.mark.parametrize("scope", ["pid", "cgroup", ALL])
def test_container(contain, seep, glibc: Image, overlay: bool, scope: str) -> None:
    target = contain(glibc, "/opt/bulk", "300", "100", "3", overlay=overlay)
    trace = seep(*scope_of(scope, target)).attached()
    report_of = went(target)
    report = trace.finish()
    check(report, report_of, target)
    assert losses_of_named(report) == {}
    (site,) = sites_of(report, MAKER, target.pid)
    assert site["stack"][1]["module"] == "/opt/bulk"
    assert site["stack"][1]["file"].endswith("bulk.c")
    assert site["stack"][0]["module"].endswith("/libc.so.6")
    assert process_of(report, target.pid)["exe"] == "/opt/bulk"


@OVERLAY
@pytest.mark.parametrize("variant", attach_choices())
def test_user_namespace(contain, seep, overlay: bool, variant: str) -> None:
    image = Image(FIXTURES / "bulk")
    try:
        target = contain(image, "/opt/bulk", "300", overlay=overlay, user_namespace=True)
        assert os.stat(f"/proc/{target.pid}").st_uid != 0
        trace = seep("-p", target.pid, "--attach", variant).attached()
        done = went(target)
        report = trace.finish()
        check(report, done, target)
        assert losses_of(report) == {}
        assert target.quit() == 0
        target.end()
    finally:
        image.remove()


@OVERLAY
@pytest.mark.parametrize("program", ["allocators_musl_dynamic", "allocators_musl"])
def test_musl(contain, seep, musl: Image, overlay: bool, program: str) -> None:
    """
    The loader that is the C library, and a static program. musl does not say where stacks end, inside
    of a container or outside.
    """
    target = contain(musl, f"/opt/{program}", overlay=overlay)
    trace = seep("-p", target.pid).attached()
    done = went(target)
    report = trace.finish()
    assert_exact(report, done, target.pid)
    for function in done["sites"]:
        for site in sites_of(report, function, target.pid):
            assert site["stack_end"] in ("complete", "frame_pointer")
            before = names(site)[: names(site).index("main")]
            assert len(before) >= 2 and None not in before
    modules = {site["stack"][0]["module"] for site in report["sites"]}
    assert all("musl" in module for module in modules)
    assert losses_of(report).keys() <= {"out_pointer"}


@pytest.mark.parametrize("scope", ["pid", "cgroup", ALL])
def test_containers_of_one_image(contain, seep, start, glibc: Image, scope: str) -> None:
    """Their libraries are one file below two overlays, and there is no second probe in it."""
    first = contain(glibc, "/opt/bulk", "100", "64", "2", parent="/both")
    second = contain(glibc, "/opt/bulk", "200", "64", "2", parent="/both")
    below = start("/usr/sbin/chroot", str(glibc.root), "/opt/bulk", "300", "64", "2")
    arguments = {
        "pid": ("-p", first.pid, "-p", second.pid, "-p", below.pid),
        "cgroup": ("-g", str(Path(first.cgroup).parent)),
        "all": ("-a",),
    }[scope]
    trace = seep(*arguments, "-v").attached()
    done = {target: went(target) for target in (first, second, below)}
    # One more, which comes while the others are traced.
    third = contain(glibc, "/opt/bulk", "400", "64", "2", parent="/both")
    if scope != "pid":
        wait_for_scope(third, first)
        done[third] = went(third)
    report = trace.finish()
    for target in done.keys() - {below}:
        check(report, done[target], target)
    if scope != "cgroup":
        assert_exact(report, done[below], below.pid)
    if scope != "all":
        assert report["losses"]["files_unnamed"] == 0
    if scope == "pid":
        assert len([line for line in trace.talk if "libc.so.6: malloc at " in line]) == 1


def test_program_of_the_upper_layer(contain, seep, glibc: Image) -> None:
    """A file that the container has changed is another one in each container."""
    other = {"opt/bulk": FIXTURES / "sizes"}
    changed = contain(glibc, "/opt/bulk", upper=other)
    plain = contain(glibc, "/opt/bulk", "50")
    trace = seep("-p", changed.pid, "-p", plain.pid).attached()
    done = {target: went(target) for target in (changed, plain)}
    report = trace.finish()
    for target in (changed, plain):
        check(report, done[target], target)
    assert losses_of(report) == {}


@pytest.mark.parametrize("scope", ["pid", ALL])
def test_layers_on_two_file_systems(contain, seep, scope: str) -> None:
    """Then the overlay has inode numbers of its own, too."""
    image = Image(FIXTURES / "bulk", place=Path("/dev/shm"))
    try:
        other = {"opt/sizes": FIXTURES / "sizes"}
        targets = [contain(image, f"/opt/{program}", upper=other) for program in ("bulk", "sizes")]
        named = (word for target in targets for word in ("-p", target.pid))
        trace = seep(*(named if scope == "pid" else ["-a"])).attached()
        done = {target: went(target) for target in targets}
        report = trace.finish()
        for target in targets:
            check(report, done[target], target)
            target.end()
        assert losses_of_named(report) == {}
    finally:
        image.remove()


@pytest.mark.parametrize("first", [True, False], ids=["first", "second"])
def test_library_loaded_under_trace(contain, seep, glibc: Image, first: bool) -> None:
    """Also where BPF knows the file already, from another container."""
    command = ("/opt/uses_library", "load", "/opt/libleaky_late.so")
    targets = [contain(glibc, *command) for _ in range(1 if first else 2)]
    trace = seep(*(word for target in targets for word in ("-p", target.pid))).attached()
    for target in targets:
        done = went(target)
        report = trace.report_now()
        assert_exact(report, done, target.pid)
    report = trace.finish()
    for target in targets:
        for site in sites_of(report, "library_leak", target.pid):
            assert names(site)[:4] == ["malloc", "library_internal", "library_leak", "main"]
            assert site["stack_end"] == "complete"
            assert site["stack"][1]["module"] == "/opt/libleaky_late.so"
    assert losses_of(report) == {}


# --- files of the container --------------------------------------------------------------------------


def build_id(path: Path) -> str:
    return run("readelf", "-n", path).split("Build ID: ", 1)[1].split()[0]


@pytest.fixture(scope="module")
def stripped(tmp_path_factory) -> Iterator[Image]:
    """A program without symbols; what there is to know of it is in a file that only the container has."""
    place = tmp_path_factory.mktemp("stripped")
    program = place / "program"
    debug = place / "program.debug"
    run("objcopy", "--strip-all", FIXTURES / "sizes", program)
    run("objcopy", "--only-keep-debug", FIXTURES / "sizes", debug)
    image = Image(program)
    identity = build_id(program)
    image.add(debug, f"usr/lib/debug/.build-id/{identity[:2]}/{identity[2:]}.debug")
    yield image
    image.remove()


def check_lines(report: Report, done: dict[str, Any], target: Container) -> None:
    check(report, done, target)
    for function in done["sites"]:
        for site in sites_of(report, function):
            assert names(site)[1:3] == [function, "main"]
            for frame in site["stack"][1:3]:
                assert frame["file"].endswith("sizes.c") and frame["line"] > 0
                assert frame["module"] == "/opt/program"


@OVERLAY
def test_debug_files_of_the_container(contain, seep, stripped: Image, overlay: bool) -> None:
    target = contain(stripped, "/opt/program", overlay=overlay)
    trace = seep("-p", target.pid).attached()
    done = went(target)
    check_lines(trace.finish(), done, target)


@OVERLAY
@pytest.mark.parametrize("scope", ["pid", "cgroup"])
def test_ends_while_traced(contain, seep, stripped: Image, scope: str, overlay: bool) -> None:
    """The container is gone, and its file system unmounted, before the first report asks for a name."""
    target = contain(stripped, "/opt/program", overlay=overlay)
    trace = seep(*scope_of(scope, target), "-i", "1h").attached()
    done = went(target)
    assert target.quit() == 0
    if overlay:
        target.unmount()
    report = trace.final() if scope == "pid" else trace.finish()
    check_lines(report, done, target)
    assert process_of(report, target.pid)["exited"]


def test_killed_while_traced(contain, seep, glibc: Image) -> None:
    target = contain(glibc, "/opt/bulk", "300")
    trace = seep("-p", target.pid, "-i", "1h").attached()
    done = went(target)
    target.end()
    check(trace.final(), done, target)


def test_containers_one_after_the_other(contain, seep, glibc: Image) -> None:
    """An overlay may get the device number of one that is gone, and other files with it."""
    first = contain(glibc, "/opt/bulk", parent="/row")
    trace = seep("-g", Path(first.cgroup).parent, "-v").attached()
    cut: list[str] = []
    for number in range(1, 6):
        upper = {"opt/program": FIXTURES / ("bulk" if number % 2 else "sizes")}
        target = contain(glibc, "/opt/program", str(number), parent="/row", upper=upper)
        wait_for_scope(target, first)
        done = went(target)
        report = trace.report_now()
        check_numbers(report, done, target)
        sites = [site for function in done["sites"] for site in sites_of(report, function, target.pid)]
        if "no_table" in {site["stack_end"] for site in sites}:
            # On a machine that is busy one in some hundred is cut short, which it says.
            cut.append(trace.stderr)
        else:
            check_stacks(report, done, target)
        assert target.quit() == 0
        target.unmount()
    assert len(cut) <= 1, cut
    # runc itself runs from copies of its program in memory, some of which are gone before they are seen
    assert trace.finish()["losses"]["files_unnamed"] <= 4 * 6


# --- what the report says of them ------------------------------------------------------------------------


def test_pod(contain, seep, glibc: Image) -> None:
    target = contain(glibc, "/opt/bulk", parent=f"/kubepods/burstable/pod{POD}")
    trace = seep("-g", target.cgroup).attached()
    report = trace.finish()
    assert process_of(report, target.pid)["container"] == {"id": target.id, "pod": POD}
    assert process_of(report, target.pid)["cgroup"] == target.cgroup


def test_text(contain, seep, start, glibc: Image) -> None:
    target, outside = contain(glibc, "/opt/bulk"), start("bulk")
    place = f"PID 1 in container {target.id[:12]}"
    alone = seep("-p", target.pid, json_file=None).attached()
    alone.process.terminate()
    assert alone.wait() == 0
    assert f"PID {target.pid} (bulk, {place}), " in alone.stdout
    both = seep("-p", target.pid, "-p", outside.pid).attached()
    report = both.finish()
    assert [line.strip() for line in both.stdout.splitlines()].count(place) == 1
    process = process_of(report, outside.pid)
    assert process["inner_pid"] == outside.pid
    assert process["container"] is None


def test_container_that_only_version_1_knows(contain, seep, glibc: Image) -> None:
    """As an engine leaves it on a system with both: in the root of version 2."""
    target = contain(glibc, "/opt/bulk")
    mounts = cgroup_mounts()
    hybrid = len(mounts) > 1
    if hybrid:
        (mounts[""] / "cgroup.procs").write_text(str(target.pid))
    trace = seep("-p", target.pid).attached()
    done = went(target)
    report = trace.finish()
    check(report, done, target)
    assert process_of(report, target.pid)["cgroup"] == ("/" if hybrid else target.cgroup)


def test_command_in_a_container(contain, seep, glibc: Image) -> None:
    """A process that joins the namespaces of a container later, as kubectl exec does."""
    target = contain(glibc, "/opt/bulk")
    trace = seep("-g", target.cgroup).attached()
    state = glibc.directory / "state"
    command = ["runc", "--root", str(state), "exec", target.id, "/opt/bulk", "7"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as late:
        try:
            inner = int(late.stdout.readline().removeprefix("READY pid="))
            report = trace.report_when(
                lambda report: any(p["inner_pid"] == inner and p["comm"] == "bulk" for p in report["processes"]),
                "the process",
            )
            (process,) = (p for p in report["processes"] if p["inner_pid"] == inner and p["comm"] == "bulk")
            assert process["container"]["id"] == target.id
            wait_for_scope(process["pid"], target)
            late.stdin.write("GO\n")
            late.stdin.flush()
            assert late.stdout.readline().startswith("DONE ")
            report = trace.finish()
            (site,) = sites_of(report, MAKER, process["pid"])
            assert site["allocs"] == 7 and site["stack_end"] == "complete"
        finally:
            late.kill()
