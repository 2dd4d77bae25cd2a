# SPDX-License-Identifier: GPL-2.0-only
"""Stacks without frame pointers: right, by comparison with gdb, and whole.

seep traces a process at work; then gdb stops the same process at the allocators it used and writes
down the stacks; then seep traces it again until it has seen every one of them. What is compared are
whole lists of (module, file offset) from the allocator to the thread's first function.

SEEP_GDB_STOPS sets at how many allocations gdb stops; more take longer and see more stacks.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import FIXTURES, ROOT, Fixture, Report, Seep, end_process, losses_of, wait_until

STOPS = int(os.environ.get("SEEP_GDB_STOPS", "2000"))
RECUR = 60.0  # seconds for a stack that gdb has seen to come again
GDB_TIMEOUT = 60.0 + STOPS / 100

DEBUG_REGISTERS = 4  # of the processor
PREFIXES = ("depth", "frame_pointer")

Frame = tuple[str, int]
Stack = tuple[Frame, ...]


def frames_of(site: dict[str, Any]) -> Stack:
    """A site's stack as gdb_stacks.py writes them: what is a frame in memory."""
    return tuple(
        (os.path.basename(frame["module"] or ""), frame["offset"])
        for frame in site["stack"]
        if not frame["inlined"]
    )


def entries_of(report: Report) -> list[Frame]:
    """The first instructions of the allocators that were called, as many as gdb can stop at."""
    calls = Counter[Frame]()
    for site in report["sites"]:
        calls[frames_of(site)[0]] += site["allocs"]
    return [entry for entry, _ in calls.most_common(DEBUG_REGISTERS)]


def missing_of(wanted: list[Stack], report: Report) -> list[Stack]:
    """
    What gdb saw and seep did not. Which allocator it was may differ: gdb sees the one that was
    called last, as when realloc goes on as malloc by a jump. A stack that is too deep, or for
    which there is no table, is known by its innermost part.
    """
    seen = {frames_of(site)[1:] for site in report["sites"]}
    cut = {frames_of(site)[1:] for site in report["sites"] if site["stack_end"] in PREFIXES}
    lengths = {len(stack) for stack in cut}
    return [
        stack
        for stack in wanted
        if stack[1:] not in seen and not any(stack[1 : n + 1] in cut for n in lengths)
    ]


def explain(missing: list[Stack], report: Report) -> str:
    """Each missing stack beside the most similar one that seep saw."""

    def same(left: Stack, right: Stack) -> int:
        return next(
            (i for i, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right))
        )

    lines = [f"{len(missing)} stacks that gdb saw are not in seep's report"]
    for stack in missing[:5]:
        site = max(report["sites"], key=lambda site: same(frames_of(site), stack), default=None)
        nearest = frames_of(site) if site else ()
        equal = same(stack, nearest)
        lines.append(f"-- the first {equal} are the same; end {site and site['stack_end']}")
        for i in range(max(equal - 2, 0), min(max(len(stack), len(nearest)), equal + 8)):
            pair = [
                f"{frames[i][0]}+{frames[i][1]:#x}" if i < len(frames) else "-"
                for frames in (stack, nearest)
            ]
            lines.append(f"   {'  ' if pair[0] == pair[1] else '! '}{pair[0]:45} {pair[1]}")
    return "\n".join(lines)


def whole_of(frames: list[list[Any]]) -> Stack:
    """gdb goes on where nobody has called, below makecontext; what it makes up is in no file."""
    stack = [(module, offset) for module, offset in frames]
    return tuple(stack[: next((i for i, (module, _) in enumerate(stack) if module == "?"), None)])


def run_gdb(directory: Path, report: Report, **plan: Any) -> list[Stack]:
    """The different stacks that gdb sees at the allocators that the report names."""
    output = directory / "gdb.json"
    (directory / "plan.json").write_text(
        json.dumps(
            {
                "breakpoints": entries_of(report),
                "stops": STOPS,
                "enough": STOPS,
                "seconds": STOPS / 500,
                "output": str(output),
                **plan,
            }
        )
    )
    with open(directory / "gdb.log", "wb") as log:
        gdb = subprocess.Popen(
            ["gdb", "-nx", "-q", "-batch", "-x", str(ROOT / "tests/root/gdb_stacks.py")],
            env={**os.environ, "SEEP_GDB_PLAN": str(directory / "plan.json")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            status = gdb.wait(GDB_TIMEOUT)
        finally:
            end_process(gdb)
    text = (directory / "gdb.log").read_text(errors="replace")
    assert status == 0 and output.exists(), text
    assert "Traceback" not in text, text
    result = json.loads(output.read_text())
    assert result["stops"] > 0, text
    print(f"gdb stopped {result['stops']} times and saw {len(result['stacks'])} stacks")
    return [whole_of(stack["frames"]) for stack in result["stacks"]]


def incomplete(report: Report) -> dict[str, int]:
    """Allocations by the end of their stacks, without the whole ones."""
    return {end: n for end, n in report["unwind"].items() if n and end != "complete"}


def check_complete(report: Report, least: float, allowed: tuple[str, ...] = ()) -> None:
    """At least this share of the allocations has a whole stack, or ends as it may."""
    total = sum(report["unwind"].values())
    assert total == report["totals"]["memory"]["allocs"]
    where = Counter[str]()
    for site in report["sites"]:
        if site["stack_end"] != "complete":
            last = site["stack"][-1]
            place = f"{last['module']}+{last['offset']:#x} ({last['function']})"
            where[f"{site['stack_end']} at {place}"] += site["allocs"]
    print(f"{total} allocations, not whole: {incomplete(report)}; {where.most_common(20)}")
    partial = sum(n for end, n in incomplete(report).items() if end not in allowed)
    assert total - partial >= least * total, where.most_common(20)
    assert set(losses_of(report)) <= {"unmatched_frees", "implicit_frees", "vma_busy"}


def trace_of_load(
    seep: Callable[..., Seep], pid: int, allocs: int, jit: bool = False
) -> Report:
    """The first second of a trace, or as long as it takes to see enough."""
    trace = seep("-p", pid, "-i", "1s").attached()
    if jit:  # sites that differ in the addresses of such code only have the same id
        trace.check = lambda report: None
    wait_until(
        lambda: trace.reports() and trace.reports()[-1]["totals"]["memory"]["allocs"] >= allocs,
        "allocations",
    )
    return trace.finish()


def check_against_gdb(
    seep: Callable[..., Seep], directory: Path, pid: int, allowed: tuple[str, ...] = ()
) -> Report:
    """The process is at work, and its stacks recur."""
    report = trace_of_load(seep, pid, 2000)
    check_complete(report, 0.999, allowed)
    wanted = run_gdb(directory, report, pid=pid)
    missing = missing_of(wanted, report)
    again = seep("-p", pid, "-i", "1s", json_file="again.json").attached()
    with contextlib.suppress(TimeoutError):
        wait_until(
            lambda: again.reports() and not missing_of(missing, again.reports()[-1]),
            "the stacks that gdb saw",
            RECUR,
        )
    report = again.finish()
    missing = missing_of(missing, report)
    print(f"seep saw {len(report['sites'])}; missing {len(missing)}")
    assert not missing, explain(missing, report)
    return report


@contextlib.contextmanager
def rounds(target: Fixture) -> Iterator[None]:
    """The fixture goes its round again and again."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            target.go()
            target.done()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


STACKS = (
    *(f"stacks_{compiler}_O{level}" for compiler in ("gcc", "clang") for level in range(4)),
    "stacks_omit_frame_pointer", "stacks_no_pie", "stacks_static", "stacks_static_pie",
    "stacks_musl",
)  # fmt: skip
RUST = ("stacks_rust_O0", "stacks_rust_O3")
ROUNDS = 10

# Ends that are not failures: of the recursion that is too deep, and of code without tables (the
# musl of the distribution; the stubs for indirect functions in static programs).
PARTIAL = {
    "stacks_musl": ("depth", "frame_pointer"),
    "stacks_static": ("depth", "frame_pointer"),
    "stacks_static_pie": ("depth", "frame_pointer"),
}


# Without tables gdb goes by what it makes of the instructions, often wrongly: not for musl.
@pytest.mark.parametrize("program", (*STACKS[:-1], *RUST))
def test_stacks_of_the_test_program(program: str, start, seep, tmp_path: Path) -> None:
    target = start(program)
    with rounds(target):
        check_against_gdb(seep, tmp_path, target.pid, PARTIAL.get(program, ("depth",)))
    assert target.quit() == 0


def made_by(report: Report, makers: set[str]) -> Counter[str]:
    """Allocations by the innermost function that the fixture counts."""
    counts = Counter[str]()
    for site in report["sites"]:
        names = [(frame["function"] or "").split("(")[0] for frame in site["stack"]]
        counts[next((name for name in names if name in makers), "")] += site["allocs"]
    return counts


@pytest.mark.parametrize("program", STACKS)
def test_stacks_are_whole(program: str, start, seep) -> None:
    """From the first round on, with libraries that nobody has seen before, and at every step."""
    target = start(program, "all")
    trace = seep("-p", target.pid, "-i", "1h").attached()
    for _ in range(ROUNDS):
        target.go()
        done = target.done()
    report = trace.finish()
    assert target.quit() == 0
    made = {name: site["allocs"] for name, site in done["sites"].items()}
    for name in ("made_before_main", "made_in_static_constructor"):  # not traced
        made.pop(name, None)
    if program == "stacks_musl":
        made.pop("made_by_strdup")  # it is behind a function of musl
    seen = made_by(report, set(made))
    assert not {name: (seen[name], made[name]) for name in made if seen[name] < made[name]}
    assert report["unwind"]["depth"] == made["made_too_deep"]
    check_complete(report, 0.999, PARTIAL.get(program, ("depth",)))
    check_steps(report, program)


def check_steps(report: Report, program: str) -> None:
    """However the stack of a step begins, behind the function that is stepped through it is one."""
    outer = Counter[tuple[str, ...]]()
    for site in report["sites"]:
        names = [(frame["function"] or "").split("(")[0] for frame in site["stack"]]
        if "made_at_step" in names and site["stack_end"] == "complete":
            assert "stacks_of_steps" in names, names
            outer[tuple(names[names.index("stacks_of_steps") :])] += site["allocs"]
    if program not in PARTIAL:
        assert len(outer) == 1, outer
        assert outer.total() > 500 * ROUNDS


@pytest.mark.parametrize("program", STACKS[:-1])
def test_stacks_of_a_whole_life(program: str, seep, tmp_path: Path) -> None:
    """From the first constructor to the last handler of exit, and the first calls of everything."""
    report = seep("-i", "1h", "--", FIXTURES / program, "once").final()
    assert report["unwind"]["depth"] == 1
    wanted = run_gdb(
        tmp_path,
        report,
        command=[str(FIXTURES / program), "once"],
        stops=10**6,
        enough=10**6,
        seconds=GDB_TIMEOUT,
    )
    missing = missing_of(wanted, report)
    print(f"seep saw {len(report['sites'])}; missing {len(missing)}")
    assert not missing, explain(missing, report)


@contextlib.contextmanager
def background(directory: Path, *command: str | Path, **options: Any) -> Iterator[int]:
    """A program that runs meanwhile; its PID."""
    with open(directory / f"{Path(command[0]).name}.log", "wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **options,
        )
    try:
        yield process.pid
        assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
    finally:
        process.terminate()  # a server takes its children along
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        end_process(process)


def connects(family: int, address: Any) -> bool:
    try:
        with socket.socket(family) as client:
            client.connect(address)
            return True
    except OSError:
        return False


REDIS_ROUND = (
    *(("SET", f"key:{i}", "x" * (i * 50)) for i in range(40)),
    *(("HSET", "hash", f"field:{i}", "x" * i) for i in range(200)),
    *(("ZADD", "sorted", str(i * 7 % 200), f"member:{i}") for i in range(200)),
    *(("SADD", "set", str(i), f"text:{i}") for i in range(150)),
    *(("RPUSH", "list", "x" * (i * 20)) for i in range(60)),
    *(("XADD", "stream", "*", "field", str(i)) for i in range(20)),
    ("SORT", "list", "ALPHA"),
    ("ZRANGEBYSCORE", "sorted", "0", "100", "WITHSCORES"),
    ("SUNIONSTORE", "other", "set", "set"),
    ("MULTI",),
    ("INCR", "counter"),
    ("APPEND", "key:3", "more"),
    ("EXEC",),
    ("EVAL", "local t = {} for i = 1, 9 do t[i] = redis.call('GET', 'key:' .. i) end", "0"),
    ("OBJECT", "ENCODING", "hash"),
    ("KEYS", "*"),
    ("INFO", "all"),
    ("FLUSHALL",),
)  # fmt: skip


@contextlib.contextmanager
def redis_rounds(path: Path) -> Iterator[None]:
    """Commands of many kinds, and tables that grow and go."""
    commands = b"".join(
        b"*%d\r\n" % len(command)
        + b"".join(b"$%d\r\n%s\r\n" % (len(part), part.encode()) for part in command)
        for command in (*REDIS_ROUND, ("PING", "end of round"))
    )
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(commands)
                answer = b""
                while not answer.endswith(b"end of round\r\n"):
                    answer = (answer + client.recv(1 << 16))[-64:]

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_redis(seep, tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    with background(
        tmp_path, "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
        "--appendonly", "no", "--dir", tmp_path,
    ) as server:  # fmt: skip
        wait_until(lambda: connects(socket.AF_UNIX, str(path)), "redis-server")
        with redis_rounds(path), background(
            tmp_path, "redis-benchmark", "-s", path, "-l", "-q", "-c", "5", "-r", "1000", "-n",
            "20000", "-t", "set,get,incr,lpush,rpop,sadd,hset,spop,zadd,lrange_100,mset",
        ):  # fmt: skip
            check_against_gdb(seep, tmp_path, server)


PYTHON = """
import functools, json, re, sqlite3, threading, zlib
def deep(n): return [n] if not n else deep(n - 1) + [n]
@functools.lru_cache(maxsize=10)
def cached(n): return "x" * n
def work():
    for _ in range(10):
        deep(20)
        json.loads(json.dumps({str(i): [i, "x" * i] for i in range(30)}))
        re.sub(r"(\\w+) (\\w+)", r"\\2 \\1", "some words " * 200)
        zlib.decompress(zlib.compress(bytes(100000)))
        sorted((cached(i) for i in range(100)), key=len)
        with sqlite3.connect(":memory:") as db:
            db.execute("create table t(a, b)")
            db.executemany("insert into t values(?, ?)", [(i, "x" * 600) for i in range(5)])
            db.execute("select a, count(*) from t group by b order by a").fetchall()
        exec(compile("class A:\\n def f(self): return {1: 2}\\nA().f()", "-", "exec"))
while True:
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


def test_python(seep, tmp_path: Path) -> None:
    with background(tmp_path, "/usr/bin/python3", "-c", PYTHON) as pid:
        check_against_gdb(seep, tmp_path, pid)


PGBENCH = """
\\set id random(1, 40)
BEGIN;
UPDATE items SET number = number + 1 WHERE id = :id;
SELECT i.text, count(*) FROM items i JOIN items j ON i.number = j.id GROUP BY 1 ORDER BY 2, 1;
SELECT array_agg(text ORDER BY id), json_agg(text) FROM items WHERE id < :id;
SELECT work(5);
CREATE TEMP TABLE t AS SELECT * FROM generate_series(1, 40) AS n;
CREATE INDEX ON t(n);
DROP TABLE t;
END;
"""

SCHEMA = """
CREATE TABLE items AS SELECT n AS id, n % 5 AS number, repeat('x', n * 300) AS text
    FROM generate_series(1, 40) AS n;
CREATE INDEX ON items(id);
CREATE FUNCTION work(n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE t text := ''; BEGIN
    FOR i IN 1..n LOOP
        BEGIN t := t || i / (i % 5); EXCEPTION WHEN division_by_zero THEN t := t || '-'; END;
    END LOOP;
    RETURN regexp_replace(t, '[0-4]+', 'y', 'g');
END $$;
"""


@pytest.fixture
def postgres() -> Iterator[tuple[Path, Path, int]]:
    """A server of our own, not root's: where its socket is, its programs, its PID."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))
    directory = Path(tempfile.mkdtemp(prefix="seep-postgres-"))
    shutil.chown(directory, "postgres", "postgres")
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "cwd": directory}
    try:
        subprocess.run(
            [programs / "initdb", "-N", "-A", "trust", "--no-locale", "-D", directory / "data"],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(directory)},
            **user,
        )
        with background(
            directory, programs / "postgres", "-D", directory / "data", "-k", directory, "-F",
            "-c", "listen_addresses=", "-c", "jit=off", "-c", "autovacuum=off", **user,
        ) as server:  # fmt: skip
            wait_until(
                lambda: connects(socket.AF_UNIX, str(directory / ".s.PGSQL.5432")), "postgres"
            )
            wait_until(
                lambda: subprocess.run(
                    [programs / "psql", "-h", directory, "-U", "postgres", "-c", SCHEMA],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                ).returncode
                == 0,
                "the schema",
            )
            yield directory, programs, server
    finally:
        shutil.rmtree(directory)


def backend_of(server: int) -> int | None:
    """The process of the server that works for pgbench: one that has worked for a while."""
    for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split():
        with contextlib.suppress(OSError):
            title = Path(f"/proc/{pid}/cmdline").read_text()
            ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11]
            if title.startswith("postgres: postgres bench [local]") and int(ticks) >= 10:
                return int(pid)
    return None


def test_postgres(postgres: tuple[Path, Path, int], seep, tmp_path: Path) -> None:
    directory, programs, server = postgres
    (tmp_path / "script").write_text(PGBENCH)
    subprocess.run(
        [programs / "createdb", "-h", directory, "-U", "postgres", "-T", "postgres", "bench"],
        check=True,
    )
    with background(
        tmp_path, programs / "pgbench", "-n", "-h", directory, "-U", "postgres", "-T", "3600",
        "-f", tmp_path / "script", "bench",
    ):  # fmt: skip
        backend = wait_until(lambda: backend_of(server), "the connection")
        check_against_gdb(seep, tmp_path, backend)


NGINX = """
daemon off;
worker_processes 2;
pid {directory}/pid;
error_log {directory}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    gzip on;
    gzip_types text/plain;
    server {{
        listen unix:{directory}/web.sock;
        listen 127.0.0.1:{port} reuseport;
        root {directory};
        location /a/ {{ rewrite ^/a/(.*)$ /$1 last; }}
        location /up/ {{ proxy_pass http://unix:{directory}/web.sock:/; }}
        location /list/ {{ autoindex on; alias {directory}/; }}
    }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


WRK = """
local paths = {"/text.txt", "/a/text.txt", "/up/text.txt", "/list/", "/missing", "/up/missing"}
local n = 0
request = function()
    n = n + 1
    return wrk.format("GET", paths[n % #paths + 1], {["Accept-Encoding"] = "gzip"})
end
"""


def test_nginx(seep, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "text.txt").write_text("some text\n" * 2000)
    (tmp_path / "wrk.lua").write_text(WRK)
    (tmp_path / "nginx.conf").write_text(NGINX.format(directory=tmp_path, port=port))
    with background(
        tmp_path, "nginx", "-c", tmp_path / "nginx.conf", "-g", "user root;", "-e",
        tmp_path / "error.log",
    ) as master:  # fmt: skip
        wait_until(lambda: connects(socket.AF_INET, ("127.0.0.1", port)), "nginx")
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        with background(
            tmp_path, "wrk", "-t", "1", "-c", "8", "-d", "1h", "-s", tmp_path / "wrk.lua",
            f"http://127.0.0.1:{port}/",
        ):  # fmt: skip
            check_against_gdb(seep, tmp_path, int(children[0]))


NODE = """
const { createHash } = require("crypto");
const zlib = require("zlib");
let kept = [];
function work(n) {
    const object = JSON.parse(JSON.stringify({ n, text: "x".repeat(1000 + n % 100) }));
    kept.push(Buffer.alloc(10000 + object.n));
    if (kept.length > 100) kept = [];
    createHash("sha256").update(object.text).digest("hex");
    zlib.deflateSync(Buffer.from(object.text));
}
let n = 0;
setInterval(() => { for (let i = 0; i < 100; i++) work(n++); }, 1);
"""


def test_node(seep, tmp_path: Path) -> None:
    with background(tmp_path, "/usr/bin/node", "-e", NODE) as pid:
        check_complete(trace_of_load(seep, pid, 20000, jit=True), 0.99)


JAVA = """
import java.nio.ByteBuffer;
import java.util.zip.Deflater;

public class Load {
    static byte[] out = new byte[100000];
    static void work(int n) {
        Deflater deflater = new Deflater();
        deflater.setInput(new byte[1000 + n % 100]);
        deflater.finish();
        deflater.deflate(out);
        deflater.end();
        ByteBuffer.allocateDirect(1000);
    }
    public static void main(String[] arguments) {
        System.out.println("READY");
        for (int n = 0;; n++)
            work(n);
    }
}
"""


def test_java(seep, tmp_path: Path) -> None:
    """Nothing is guessed: a stack goes no further than to the first frame of HotSpot's code."""
    (tmp_path / "Load.java").write_text(JAVA)
    with background(tmp_path, "java", "-Xmx256m", tmp_path / "Load.java") as pid:
        wait_until(lambda: "READY" in (tmp_path / "java.log").read_text(), "java")
        check_java(trace_of_load(seep, pid, 20000, jit=True))


def test_launched_java(seep, tmp_path: Path) -> None:
    """The same for a virtual machine that is traced from before it is one."""
    (tmp_path / "Load.java").write_text(JAVA)
    trace = seep("-i", "1s", "--", "java", "-Xmx256m", tmp_path / "Load.java")
    trace.check = lambda report: None
    wait_until(lambda: "READY" in trace.stdout, "java")
    seen = len(wait_until(trace.reports, "a report"))
    wait_until(lambda: len(trace.reports()) > seen + 1, "reports under load")
    (java,) = {process["pid"] for process in trace.reports()[-1]["processes"]}
    report = trace.finish()
    os.kill(java, signal.SIGKILL)
    check_java(report)


def check_java(report: Report) -> None:
    print({end: count for end, count in report["unwind"].items() if count})
    assert report["unwind"]["jit"] > 0
    for site in report["sites"]:
        raw = [i for i, frame in enumerate(site["stack"]) if not frame["module"]]
        if site["stack_end"] == "complete":
            assert not raw
        elif site["stack_end"] == "jit":
            assert raw == [len(site["stack"]) - 1]
    total = sum(report["unwind"].values())
    assert report["unwind"]["complete"] + report["unwind"]["jit"] >= 0.99 * total
