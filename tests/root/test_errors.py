# SPDX-License-Identifier: GPL-2.0-only
"""Bad input and missing rights: a clear sentence, the right exit status, nothing else broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import FIXTURES, SEEP, TIMEOUT, Seep, modified_text


def run_seep(*arguments: str, prefix: tuple[str, ...] = (), program: Path = SEEP):
    return subprocess.run(
        [*prefix, str(program), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        errors="replace",
    )


def assert_refused(result, status: int, *words: str) -> None:
    """Fails with this status and one understandable line on standard error, nothing on output."""
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert lines and all(line.startswith("seep: ") for line in lines[:1]), result.stderr
    assert len(lines) <= 3, f"too much talk: {result.stderr}"
    for word in words:
        assert word.lower() in result.stderr.lower(), result.stderr
    assert "libbpf" not in result.stderr


@pytest.fixture
def public_seep() -> Iterator[Path]:
    """A copy of seep that any user may run."""
    directory = Path(tempfile.mkdtemp(prefix="seep-test-"))
    directory.chmod(0o755)
    yield Path(shutil.copy(SEEP, directory))
    shutil.rmtree(directory)


@pytest.mark.parametrize("program", ["free_entry", "process_exec"])
def test_program_that_the_verifier_refuses(program: str) -> None:
    """Root is not told to be root: what the kernel has against which program."""
    environment = ("env", f"UNVERIFIABLE={program}", f"LD_PRELOAD={FIXTURES}/libunverifiable.so")
    result = run_seep("trace", "-p", "1", prefix=environment)
    assert_refused(result, 1, "verifier refused", f'"{program}"', "!read_ok")
    assert "as root" not in result.stderr


def unused_pid() -> int:
    return int(Path("/proc/sys/kernel/pid_max").read_text()) - 1


def test_no_such_process() -> None:
    pid = unused_pid()
    assert_refused(run_seep("trace", "-p", str(pid)), 1, str(pid), "no such process")


def test_one_of_several_does_not_exist(start) -> None:
    target = start("bulk")
    result = run_seep("trace", "-p", f"{target.pid},{unused_pid()}")
    assert_refused(result, 1, str(unused_pid()))
    assert modified_text(target.pid) == 0


def test_ended_process_that_is_not_reaped(start) -> None:
    target = start("bulk")
    target.process.kill()
    os.waitid(os.P_PID, target.pid, os.WEXITED | os.WNOWAIT)
    assert_refused(run_seep("trace", "-p", str(target.pid)), 1, str(target.pid))


def test_thread_instead_of_process(start) -> None:
    """A thread's ID is refused, and the process that it belongs to is named."""
    target = start("churn")
    threads = [int(name) for name in os.listdir(f"/proc/{target.pid}/task")]
    thread = next(tid for tid in threads if tid != target.pid)
    result = run_seep("trace", "-p", str(thread), "-d", "100ms")
    assert_refused(result, 1, str(thread), str(target.pid), "thread")


def test_kernel_thread() -> None:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        flags = int(stat.read_text().rpartition(")")[2].split()[6])
        if flags & 0x00200000:  # PF_KTHREAD
            assert_refused(run_seep("trace", "-p", stat.parent.name), 1, "kernel thread")
            return
    # a container shows none; then there is nothing to refuse
    assert Path("/proc/1/comm").exists()


def test_own_pid() -> None:
    result = run_seep(prefix=("sh", "-c", f'exec "{SEEP}" trace -p $$'), program=Path("sh"))
    assert_refused(result, 1, "itself")


def test_program_without_allocator(start) -> None:
    target = start("raw")
    result = run_seep("trace", "-p", str(target.pid), "-d", "100ms")
    assert_refused(result, 1, "allocator", str(target.pid))


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-p",),
        ("-p", ""),
        ("-p", "abc"),
        ("-p", "0"),
        ("-p", "-1"),
        ("-p", "99999999999999999999"),
        ("-p", "1,"),
        ("-p", "1", "-i", "0"),
        ("-p", "1", "-i", "soon"),
        ("-p", "1", "-d", "10 parsecs"),
        ("-p", "1", "-n", "x"),
        ("-p", "1", "--min-size", "12Q"),
        ("-p", "1", "--min-size", "2K", "--max-size", "1K"),
        ("-p", "1", "--metric", "beauty"),
        ("-p", "1", "--max-objects", "0"),
        ("-p", "1", "--max-overhead", "0"),
        ("-a", "--from-start", "--max-overhead", "3%"),
        ("-p", "1", "--no-such-option"),
        ("-p", "1", "argument"),
        ("-p", "1", "--", "true"),
        ("--",),
    ],
    ids=" ".join,
)
def test_usage_errors(arguments: tuple[str, ...]) -> None:
    assert_refused(run_seep("trace", *arguments), 2)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--kinds", "heap"), "--kinds heap: not a kind; one of memory, mapping, thread, fd, goroutine"),
        (("--max-objects", "3"), "out of range (16 to 268435456)"),
        (("--max-overhead", "101%"), "out of range (above 0, up to 100)"),
        (("--max-overhead", "much"), "not a percentage, such as 3, 3% or 0.5%, nor none"),
        (("-i", "1ms"), "out of range (at least 10ms)"),
        (("-d", "soon"), "not a time, such as"),
        (("-d", "0"), "out of range (more than 0)"),
        (("--max-size", "99999999999T"), "out of range (too large)"),
        (("--json",), "--json needs a value: FILE"),
    ],
)
def test_errors_tell_what_is_allowed(arguments: tuple[str, ...], words: str) -> None:
    assert_refused(run_seep("trace", "-p", "1", *arguments), 2, words)


@pytest.mark.parametrize("arguments", [(), ("no-such-command",), ("--no-such-option",)])
def test_usage_errors_of_the_program(arguments: tuple[str, ...]) -> None:
    result = run_seep(*arguments)
    assert result.returncode == 2
    assert result.stderr and not result.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("trace", "--help"), ("--version",)])
def test_help(arguments: tuple[str, ...]) -> None:
    """Help goes to standard output, fits a screen, and is no failure."""
    result = run_seep(*arguments)
    assert result.returncode == 0
    assert result.stdout and not result.stderr
    assert max(len(line) for line in result.stdout.splitlines()) <= 100
    if arguments == ("trace", "--help"):
        assert "example" in result.stdout.lower()
        assert len(result.stdout.splitlines()) <= 60


def test_not_root(start, public_seep: Path) -> None:
    target = start("bulk")
    result = run_seep(
        "trace",
        "-p",
        str(target.pid),
        prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
        program=public_seep,
    )
    assert_refused(result, 1, "root")


def test_missing_capability(start, public_seep: Path) -> None:
    """Root without the right to load BPF programs: which capability is missing."""
    target = start("bulk")
    result = run_seep(
        "trace",
        "-p",
        str(target.pid),
        prefix=("setpriv", "--bounding-set=-bpf,-sys_admin", "--inh-caps=-all"),
        program=public_seep,
    )
    assert_refused(result, 1, "cap_bpf")


def test_cgroup_of_version_1() -> None:
    script = 'mount -t cgroup -o none,name=seep_test none /mnt && exec "$@"'
    result = run_seep(
        "trace", "-g", "/mnt", prefix=("unshare", "-m", "sh", "-c", script, "sh")
    )
    if "mount:" in result.stderr:
        pytest.skip("no cgroup v1 here")
    assert_refused(result, 1, "/mnt", "version 1", "mounted at")


def test_no_such_cgroup() -> None:
    assert_refused(run_seep("trace", "-g", "/no/such"), 1, "/no/such", "mounted at")


def test_no_btf(start) -> None:
    target = start("bulk")
    script = 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"'
    result = run_seep(
        "trace", "-p", str(target.pid), prefix=("unshare", "-m", "sh", "-c", script, "sh")
    )
    assert_refused(result, 1, "BTF")


@pytest.mark.parametrize("option", ["--json", "--folded", "--pprof", "--flamegraph"])
def test_directory_that_does_not_exist(start, option: str) -> None:
    """Noticed before the trace begins, not after an hour of it."""
    target = start("bulk")
    result = run_seep("trace", "-p", str(target.pid), option, "/nonexistent/file")
    assert_refused(result, 1, "/nonexistent/file")
    assert modified_text(target.pid) == 0


def test_directory_as_output(start, tmp_path: Path) -> None:
    target = start("bulk")
    result = run_seep("trace", "-p", str(target.pid), "--json", str(tmp_path))
    assert_refused(result, 1, str(tmp_path))
    assert tmp_path.is_dir()


def device(path: Path, minor: int) -> Path:
    """A device like /dev/null (3) or /dev/full (7) that a mistake may break."""
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, minor))
    return path


def test_full_device(start, seep, tmp_path: Path) -> None:
    target = start("bulk")
    full = device(tmp_path / "full", 7)
    trace = seep("-p", target.pid, "--folded", full)
    trace.attached()
    target.go()
    target.done()
    trace.process.terminate()
    assert trace.wait() == 1
    assert str(full) in trace.stderr and "no space" in trace.stderr.lower()
    assert full.is_char_device(), "the device was replaced by a file"
    # what could be written was written
    assert trace.reports()[-1]["final"]


def test_device_as_output_stays(start, seep, tmp_path: Path) -> None:
    target = start("bulk")
    null = device(tmp_path / "null", 3)
    trace = seep("-p", target.pid, "--folded", null, "--pprof", null).attached()
    target.go()
    target.done()
    trace.finish()
    assert null.is_char_device(), "the device was replaced by a file"


def test_disk_that_fills(start, tmp_path: Path) -> None:
    """A report that does not fit leaves the one before untouched, and no rubbish."""
    target = start("many_sites", "2000", "12")
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=64k tmpfs "$0" && "$@"; status=$?; ls -A "$0" >&2; exit $status'
    trace = Seep(
        tmp_path,
        "-p",
        target.pid,
        "--folded",
        small / "folded",
        prefix=("unshare", "-m", "sh", "-c", script, str(small)),
    )
    try:
        trace.attached()
        target.go()
        target.done()
        target.quit()
        assert trace.wait() == 1
    finally:
        trace.end()
    assert "folded" in trace.stderr and "no space" in trace.stderr.lower()
    files = trace.talk[-1:] if "seep:" not in trace.talk[-1] else []
    assert files in ([], ["folded"])


def test_standard_output_on_full_device(start, tmp_path: Path) -> None:
    target = start("bulk")
    with open("/dev/full", "wb") as full:
        trace = Seep(tmp_path, "-p", target.pid, stdout=full.fileno())
        try:
            trace.attached()
            target.go()
            target.done()
            trace.process.terminate()
            assert trace.wait() == 1
        finally:
            trace.end()
    assert "no space" in trace.stderr.lower()


def test_closed_pipe(start, tmp_path: Path) -> None:
    """Like "seep trace ... | head -1": ends when nobody reads, and leaves nothing behind."""
    target = start("churn")
    reader, writer = os.pipe()
    trace = Seep(tmp_path, "-p", target.pid, "-i", "100ms", stdout=writer)
    os.close(writer)
    try:
        trace.attached()
        assert os.read(reader, 1)
        os.close(reader)
        assert trace.wait() in (1, 141, -13)
    finally:
        trace.end()
    assert modified_text(target.pid) == 0
    assert target.ping() > 0


def test_unreadable_program_file(start, seep, tmp_path: Path) -> None:
    """Rubbish behind the ELF header of a mapped file harms nobody."""
    broken = tmp_path / "broken"
    data = bytearray((FIXTURES / "sizes").read_bytes())
    data[0x28:0x30] = (2**63 - 64).to_bytes(8, "little")  # e_shoff
    broken.write_bytes(data)
    broken.chmod(0o755)
    target = start(broken)
    trace = seep("-p", target.pid).attached()
    target.go()
    target.done()
    report = trace.finish()
    assert report["totals"]["memory"]["allocs"] == 90
