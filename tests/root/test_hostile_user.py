# SPDX-License-Identifier: GPL-2.0-only
"""An unprivileged user puts files in seep's way: nobody else's probes, names or files are touched.

The victim is a process of root; the hostile user is nobody, who may make a user and a mount namespace
and owns whatever is in them. What seep would do to the victim is listed by doctor -p, before and
while the hostile files are there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import (
    FIXTURES,
    SEEP,
    TIMEOUT,
    Fixture,
    end_process,
    losses_of,
    names,
    sites_of,
)

NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
LIBRARY_PLACE = "/usr/lib/debug"


def run(*command: str | Path, **options) -> str:
    result = subprocess.run(
        [str(part) for part in command], check=False, capture_output=True, text=True, timeout=TIMEOUT,
        **options,
    )  # fmt: skip
    assert result.returncode == 0, f"{command}: {result.stderr}"
    return result.stdout


def probes(pid: int) -> str:
    """What seep would do to a process."""
    result = subprocess.run(
        [SEEP, "doctor", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    assert result.returncode == 0, result.stderr
    # the costs are measured anew each time
    return "\n".join(" ".join(word for word in line.split() if not word.isdigit())
                     for line in result.stdout.splitlines()[1:])  # fmt: skip


def build_id(path: Path) -> str:
    return run("readelf", "-n", path).split("Build ID: ", 1)[1].split()[0]


def symbol(path: Path, name: str) -> int:
    for line in run("nm", path).splitlines():
        words = line.split()
        if words[-1] == name:
            return int(words[0], 16)
    raise AssertionError(f"no symbol {name} in {path}")


@pytest.fixture
def shared(tmp_path_factory) -> Iterator[Path]:
    """A directory like /tmp that nobody can reach."""
    place = Path("/tmp") / f"hostile-{os.getpid()}"
    place.mkdir(mode=0o755)
    (place / "tmp").mkdir()
    (place / "tmp").chmod(0o1777)
    yield place
    shutil.rmtree(place)


def as_nobody(script: str, **options) -> str:
    return run(*AS_NOBODY, "sh", "-ec", script, **options)


@pytest.fixture
def in_namespace() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a script of nobody, root of its own user and mount namespace; it says READY and waits."""
    started = []

    def start(script: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*AS_NOBODY, "unshare", "-Urm", "sh", "-ec", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout and process.stdout.readline().startswith(b"READY"), "no namespace"
        return process

    if subprocess.run([*AS_NOBODY, "unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("users may not make namespaces here")
    yield start
    for process in started:
        end_process(process)


VICTIM_LIBRARY = """
__attribute__((noinline)) unsigned long vwork(unsigned long a)
{
	unsigned long x = 0x1122334455667788ul;

	__asm__ volatile("" : "+r"(x));
	return x ^ a;
}
"""

VICTIM = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
unsigned long vwork(unsigned long);
int main(void)
{
	unsigned long calls = 0, wrong = 0;
	char line[16];

	printf("READY pid=%d\\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "QUIT\\n") == 0)
			return wrong ? 66 : 0;
		for (int i = 0; i < 1000; i++, calls++) {
			void *volatile block = malloc(9);

			wrong += vwork(calls) != (0x1122334455667788ul ^ calls);
			free(block);
		}
		printf("DONE {\\"calls\\": %lu, \\"wrong\\": %lu}\\n", calls, wrong);
		fflush(stdout);
	}
	return wrong ? 66 : 0;
}
"""

MAPPER = """
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);
	char byte;

	if (argc < 2 || fd < 0)
		return 1;
	if (mmap(NULL, 4 * 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return 2;
	printf("READY pid=%d\\n", getpid());
	fflush(stdout);
	return (int)read(0, &byte, 1);
}
"""


class World:
    """A library and a program of root that uses it; a program of nobody that maps the same library."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.library = place / "libvictim.so"
        self.program = place / "victim"
        self.mapper = place / "mapper"
        for name, text in (("library.c", VICTIM_LIBRARY), ("victim.c", VICTIM), ("mapper.c", MAPPER)):
            (place / name).write_text(text)
        self.full = place / "full.so"
        run("gcc", "-O2", "-g", "-fPIC", "-shared", "-Wl,--build-id", "-Wl,-soname,libvictim.so",
            place / "library.c", "-o", self.full)  # fmt: skip
        run("strip", "--strip-all", "-o", self.library, self.full)
        run("gcc", "-O1", "-fno-builtin", place / "victim.c", self.library, "-o", self.program,
            f"-Wl,-rpath,{place}")  # fmt: skip
        run("gcc", "-O1", place / "mapper.c", "-o", self.mapper)
        self.identity = build_id(self.library)

    def evil_debug(self, name: str, inside: int = 2) -> Path:
        """A debug file of the library by which mi_free is in the middle of an instruction of vwork."""
        debug = self.place / name
        text = int(self.text_address(), 16)
        offset = symbol(self.full, "vwork") - text + inside
        run("objcopy", "--only-keep-debug", self.full, debug)
        run("objcopy", "--add-symbol", f"mi_free=.text:{offset},global,function", debug)
        return debug

    def text_address(self) -> str:
        for line in run("readelf", "-SW", self.full).splitlines():
            words = line.replace("[ ", "[").split()
            if len(words) > 3 and words[1] == ".text":
                return words[3]
        raise AssertionError("no .text")

    def map_library(self, extra: str = "") -> str:
        return f"{extra}\nexec {self.mapper} {self.library}"


@pytest.fixture
def world(shared: Path) -> World:
    return World(shared)


@pytest.fixture
def victim(world: World) -> Iterator[Fixture]:
    target = Fixture(world.program).ready()
    yield target
    target.end()


def check_unharmed(victim: Fixture) -> None:
    victim.go()
    assert victim.done()["wrong"] == 0


# --- debug files ---------------------------------------------------------------------------------


def own_mounts(world: World, debug: Path) -> str:
    """The case of the mount namespace: a tmpfs over /usr/lib/debug with a copied build ID."""
    place = f"{LIBRARY_PLACE}/.build-id/{world.identity[:2]}"
    return world.map_library(
        f"mount -t tmpfs none {LIBRARY_PLACE}\nmkdir -p {place}\n"
        f"cp {debug} {place}/{world.identity[2:]}.debug"
    )


def roots_file(world: World, debug: Path) -> str:
    """A file that is really root's, bound to where it is looked for: only the place is nobody's."""
    place = f"{LIBRARY_PLACE}/.build-id/{world.identity[:2]}"
    return world.map_library(
        f"mount -t tmpfs none {LIBRARY_PLACE}\nmkdir -p {place}\n"
        f"touch {place}/{world.identity[2:]}.debug\n"
        f"mount --bind {debug} {place}/{world.identity[2:]}.debug"
    )


@pytest.mark.parametrize("attack", [own_mounts, roots_file])
@pytest.mark.parametrize("inside", [0, 2])
def test_debug_file_in_own_namespace(
    world: World, victim: Fixture, in_namespace, seep, attack, inside: int
) -> None:
    """Case 00: for every process that maps the library, a probe in the middle of an instruction."""
    before = probes(victim.pid)
    Path(LIBRARY_PLACE).mkdir(exist_ok=True)
    attacker = in_namespace(attack(world, world.evil_debug("evil.debug", inside)))
    listed = probes(attacker.pid)
    assert "mi_free" not in listed and "libvictim" not in listed
    trace = seep("-p", f"{attacker.pid},{victim.pid}", "-v").attached()
    check_unharmed(victim)
    assert "mi_free" in trace.stderr and "not traced" in trace.stderr
    assert str(world.library) in trace.stderr
    assert probes(victim.pid) == before
    trace.finish()
    check_unharmed(victim)
    assert victim.quit() == 0


@pytest.mark.serial
def test_whole_machine(world: World, victim: Fixture, in_namespace, seep) -> None:
    """As in case 00: the hostile process comes first, the victim while the whole machine is traced."""
    Path(LIBRARY_PLACE).mkdir(exist_ok=True)
    in_namespace(own_mounts(world, world.evil_debug("evil.debug")))
    trace = seep("-a", json_file=None).attached()
    check_unharmed(victim)
    late = Fixture(world.program).ready()
    try:
        check_unharmed(late)
        assert late.quit() == 0
    finally:
        late.end()
    trace.process.terminate()
    assert trace.wait() == 0
    assert victim.quit() == 0


@pytest.fixture
def linked(shared: Path) -> Path:
    """A stripped program of root in a directory like /tmp, which names a debug file."""
    program = shared / "tmp/victim"
    source = FIXTURES / "sizes"
    run("objcopy", "--only-keep-debug", source, shared / "victim.debug")
    run("objcopy", "--strip-all", "--remove-section=.note.gnu.build-id",
        f"--add-gnu-debuglink={shared / 'victim.debug'}", source, program)  # fmt: skip
    return program


def test_debug_file_in_a_sticky_directory(shared: Path, linked: Path, seep) -> None:
    """The checksum is right (nobody can forge that, too): it is who has put the file there."""
    target = Fixture(linked).ready()
    try:
        before = probes(target.pid)
        as_nobody("mkdir .debug && cp ../victim.debug .debug/", cwd=shared / "tmp")
        assert probes(target.pid) == before
        # nor does it name the functions of root's program
        trace = seep("-p", target.pid, "-v").attached()
        target.go()
        target.done()
        report = trace.finish()
        own = [frame for site in report["sites"] for frame in site["stack"]
               if frame["module"] == str(linked)]  # fmt: skip
        assert own and all(frame["file"] is None for frame in own)
        assert f"{shared}/tmp/.debug/victim.debug" in trace.stderr  # by -v: no function is lost
        # root's own is believed there
        shutil.rmtree(shared / "tmp/.debug")
        (shared / "tmp/.debug").mkdir()
        shutil.copy(shared / "victim.debug", shared / "tmp/.debug/victim.debug")
        (shared / "tmp/.debug/victim.debug").chmod(0o644)
    finally:
        target.end()
    target = Fixture(linked).ready()
    try:
        trace = seep("-p", target.pid, json_file="believed.json").attached()
        target.go()
        done = target.done()
        report = trace.finish()
        assert all(sites_of(report, function) for function in done["sites"])
    finally:
        target.end()


def test_packed_symbols_hurt_their_owner_only(world: World, victim: Fixture, seep) -> None:
    """A library of nobody's with the victim's build ID and a symbol table that lies."""
    forged = world.place / "tmp/libvictim.so"
    run("objcopy", "--strip-debug", world.evil_debug("mini"), world.place / "mini2")
    run("xz", "--force", world.place / "mini2")
    as_nobody(f"objcopy --add-section .gnu_debugdata={world.place}/mini2.xz {world.library} {forged}")
    before = probes(victim.pid)
    attacker = subprocess.Popen(
        [*AS_NOBODY, str(world.mapper), str(forged)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert attacker.stdout and attacker.stdout.readline().startswith(b"READY")
        # there is no function by the unwind information of that file
        assert "mi_free" not in probes(attacker.pid)
        trace = seep("-p", f"{attacker.pid},{victim.pid}").attached()
        assert "mi_free" in trace.stderr
        check_unharmed(victim)
        assert probes(victim.pid) == before
        trace.finish()
    finally:
        end_process(attacker)
    assert victim.quit() == 0


# --- names of code made at run time --------------------------------------------------------------


def jit_names(report) -> set[str | None]:
    return {name for site in report["sites"] for name, frame in zip(names(site), site["stack"])
            if frame["module"] == "[jit]"}  # fmt: skip


FORGED = "0 ffffffffffffffff forged_by_nobody\n"


def plant_file(path: Path) -> None:
    as_nobody(f"printf '{FORGED}' > {path}")


def plant_link(path: Path) -> None:
    secret = path.parent / f"seep-secret-{os.getpid()}"
    secret.write_text(FORGED)
    secret.chmod(0o600)
    as_nobody(f"ln -s {secret} {path}")


def plant_fifo(path: Path) -> None:
    as_nobody(f"mkfifo {path}")


def plant_directory(path: Path) -> None:
    as_nobody(f"mkdir {path}")


@pytest.mark.parametrize("plant", [plant_file, plant_link, plant_fifo, plant_directory])
@pytest.mark.parametrize("name", ["perf-{}.map", "jit-{}.dump"])
def test_files_of_names_in_tmp(start, seep, plant, name: str) -> None:
    """Put there by nobody for a process of root: neither believed nor waited for."""
    target = start("jit")
    path = Path("/tmp") / name.format(target.pid)
    path.unlink(missing_ok=True)
    before = probes(target.pid)
    try:
        plant(path)
        assert probes(target.pid) == before
        trace = seep("-p", target.pid).attached()
        target.go()
        target.done()
        report = trace.finish()
        assert "forged_by_nobody" not in json.dumps(report)
    finally:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
        (path.parent / f"seep-secret-{os.getpid()}").unlink(missing_ok=True)


# --- output files --------------------------------------------------------------------------------

OUTPUTS = ["--json", "--html", "--folded", "--flamegraph", "--pprof", "-o"]


@pytest.mark.parametrize("option", OUTPUTS)
@pytest.mark.parametrize("plant", ["link", "dangling", "file", "fifo", "directory_link"])
def test_output_through_what_others_have_put_there(
    shared: Path, start, option: str, plant: str
) -> None:
    target = start("churn")
    kept = shared / "kept"
    kept.mkdir(exist_ok=True)
    (kept / "precious").write_text("precious\n")
    path = shared / "tmp/out"
    script = {
        "link": f"ln -s {kept}/precious {path}",
        "dangling": f"ln -s {kept}/new {path}",
        "file": f"echo mine > {path}",
        "fifo": f"mkfifo {path}",
        "directory_link": f"ln -s {kept} {shared}/tmp/out.d",
    }[plant]
    if plant == "directory_link":
        path = shared / "tmp/out.d/precious"
    as_nobody(script)
    result = subprocess.run(
        [SEEP, "trace", "-q", "-p", str(target.pid), "-d", "300ms", option, path],
        capture_output=True, text=True, check=False, timeout=TIMEOUT,
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    assert "another user" in result.stderr and str(path) in result.stderr
    assert (kept / "precious").read_text() == "precious\n"
    assert sorted(os.listdir(kept)) == ["precious"]
    if plant == "file":
        assert path.read_text() == "mine\n" and path.stat().st_uid == NOBODY


def test_log_of_a_capture(shared: Path, start) -> None:
    """What SQLite would write to beside the capture."""
    target = start("churn")
    path = shared / "tmp/capture"
    (shared / "precious").write_text("precious\n")
    for companion in ("-wal", "-shm", "-journal"):
        as_nobody(f"ln -s {shared}/precious {path}{companion}")
        result = subprocess.run(
            [SEEP, "trace", "-q", "-p", str(target.pid), "-d", "300ms", "-o", path],
            capture_output=True, text=True, check=False, timeout=TIMEOUT,
        )  # fmt: skip
        assert result.returncode == 1 and "another user" in result.stderr, result.stderr
        Path(f"{path}{companion}").unlink()
    assert (shared / "precious").read_text() == "precious\n"


@pytest.mark.parametrize("option", OUTPUTS)
def test_own_links_and_directories_of_others(shared: Path, start, option: str) -> None:
    """What is root's own choice works as before."""
    target = start("churn")
    theirs = shared / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    (shared / "tmp/own").symlink_to(theirs / "report")
    result = subprocess.run(
        [SEEP, "trace", "-q", "-p", str(target.pid), "-d", "300ms", "--max-overhead", "none", option,
         shared / "tmp/own"],
        capture_output=True, text=True, check=False, timeout=TIMEOUT,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (theirs / "report").stat().st_size > 0
    assert (shared / "tmp/own").is_symlink()


# --- descriptors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_standard_descriptors(start, tmp_path: Path, closed: str) -> None:
    """Case 08: a file that is opened does not become standard output."""
    target = start("churn")
    path = tmp_path / "report.json"
    result = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", SEEP, "trace", "-p", str(target.pid), "-d", "600ms",
         "--json", path, "--html", tmp_path / "report.html"],
        check=False, timeout=TIMEOUT, capture_output=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    for line in path.read_text().splitlines():
        assert json.loads(line)["schema"] == "seep.report/1"
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert target.ping() > 0


@pytest.mark.parametrize("limit", [16, 32, 64, 128])
def test_too_few_descriptors(start, limit: int) -> None:
    """Which limit it is, and that nothing is half traced in silence."""
    target = start("churn")
    result = subprocess.run(
        ["prlimit", f"--nofile={limit}:{limit}", SEEP, "trace", "-q", "-p", str(target.pid), "-d",
         "300ms", "--json", "-"],
        capture_output=True, text=True, check=False, timeout=TIMEOUT,
    )  # fmt: skip
    if result.returncode == 0:
        report = json.loads(result.stdout.splitlines()[-1])
        assert ("too many open files" in result.stderr) == ("missed_attach" in losses_of(report))
        return
    assert result.returncode == 1
    assert "RLIMIT_NOFILE" in result.stderr and "ulimit -n" in result.stderr, result.stderr
    assert target.ping() > 0


def test_limit_of_a_launched_command(tmp_path: Path) -> None:
    """seep takes more descriptors for itself, not for the command."""
    result = subprocess.run(
        ["prlimit", "--nofile=1024:4096", SEEP, "trace", "-q", "--", "sh", "-c", f"ulimit -Sn > {tmp_path}/n"],
        capture_output=True, text=True, check=False, timeout=TIMEOUT,
    )  # fmt: skip
    assert (tmp_path / "n").read_text().strip() == "1024", result.stderr
