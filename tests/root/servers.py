# SPDX-License-Identifier: GPL-2.0-only
"""Servers and languages of the distribution at work, as targets."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import end_process, repeating, wait_until


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
def redis_rounds(path: Path, pause_s: float = 0) -> Iterator[None]:
    """Commands of many kinds, and tables that grow and go."""
    commands = b"".join(
        b"*%d\r\n" % len(command)
        + b"".join(b"$%d\r\n%s\r\n" % (len(part), part.encode()) for part in command)
        for command in (*REDIS_ROUND, ("PING", "end of round"))
    )

    def work() -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(commands)
            answer = b""
            while not answer.endswith(b"end of round\r\n"):
                answer = (answer + client.recv(1 << 16))[-64:]
        time.sleep(pause_s)

    with repeating(work):
        yield


@contextlib.contextmanager
def redis_server(directory: Path) -> Iterator[tuple[int, Path]]:
    """
    A server of our own: its PID and its socket. Without the log of slow commands: commands are slow while
    somebody debugs it, and only then.
    """
    path = directory / "redis.sock"
    with background(
        directory, "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
        "--appendonly", "no", "--dir", directory, "--slowlog-log-slower-than", "-1",
    ) as server:  # fmt: skip
        wait_until(lambda: connects(socket.AF_UNIX, str(path)), "redis-server")
        yield server, path


@contextlib.contextmanager
def redis_under_load(directory: Path) -> Iterator[int]:
    with redis_server(directory) as (server, path), redis_rounds(path), background(
        directory, "redis-benchmark", "-s", path, "-l", "-q", "-c", "5", "-r", "1000", "-n",
        "20000", "-t", "set,get,incr,lpush,rpop,sadd,hset,spop,zadd,lrange_100,mset",
    ):  # fmt: skip
        yield server


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


@contextlib.contextmanager
def postgres() -> Iterator[tuple[Path, Path, int]]:
    """A server of our own, not root's: where its socket is, its programs, its PID."""
    versions = list(Path("/usr/lib/postgresql").glob("*/bin"))
    if not versions:
        pytest.skip("needs postgresql")
    programs = max(versions, key=lambda path: int(path.parts[-2]))
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


@contextlib.contextmanager
def postgres_under_load(directory: Path, *options: str) -> Iterator[int]:
    """With options for pgbench; the server's PID."""
    with postgres() as (home, programs, server):
        (directory / "script").write_text(PGBENCH)
        subprocess.run(
            [programs / "createdb", "-h", home, "-U", "postgres", "-T", "postgres", "bench"],
            check=True,
        )
        with background(
            directory, programs / "pgbench", "-n", "-h", home, "-U", "postgres", "-T", "3600",
            "-f", directory / "script", *options, "bench",
        ):  # fmt: skip
            yield server


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


@contextlib.contextmanager
def nginx(directory: Path) -> Iterator[tuple[int, int]]:
    """A master with two workers: its PID and its port."""
    port = free_port()
    (directory / "text.txt").write_text("some text\n" * 2000)
    (directory / "nginx.conf").write_text(NGINX.format(directory=directory, port=port))
    with background(
        directory, "nginx", "-c", directory / "nginx.conf", "-g", "user root;", "-e",
        directory / "error.log",
    ) as master:  # fmt: skip
        wait_until(lambda: connects(socket.AF_INET, ("127.0.0.1", port)), "nginx")
        yield master, port


@contextlib.contextmanager
def nginx_under_load(directory: Path) -> Iterator[int]:
    """Behind wrk; the master's PID."""
    (directory / "wrk.lua").write_text(WRK)
    with nginx(directory) as (master, port), background(
        directory, "wrk", "-t", "1", "-c", "8", "-d", "1h", "-s", directory / "wrk.lua",
        f"http://127.0.0.1:{port}/",
    ):  # fmt: skip
        yield master


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
