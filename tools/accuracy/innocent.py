# SPDX-License-Identifier: GPL-2.0-only
"""Servers and languages that leak nothing, as far as anybody knows, at work.

Their work is paced: on a busy machine it would be the scheduler that is measured.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from harness import repeating, wait_until
from servers import (
    PYTHON,
    background,
    connects,
    free_port,
    nginx,
    postgres_under_load,
    redis_rounds,
    redis_server,
)

PAUSE_S = 0.1

# A shop: sessions that end, a cache with an end, buffers, compression, timers. Each request has so much
# that the garbage collector has to work: what it has not looked at yet cannot be told from a leak.
NODE = """
const http = require("http");
const zlib = require("zlib");
const sessions = new Map();
const cache = new Map();
http.createServer((request, response) => {
    const id = Math.floor(Math.random() * 500);
    sessions.set(id, { at: Date.now(), data: Buffer.alloc(300000 + id) });
    setTimeout(() => sessions.delete(id), 1000);
    cache.set(id % 100, JSON.parse(JSON.stringify({ id, text: "x".repeat(1000) })));
    let rows = [];
    for (let i = 0; i < 20000; i++) rows.push({ i, text: "row " + i });
    zlib.gzip(JSON.stringify(rows.slice(0, 200)), (error, body) => {
        response.writeHead(error ? 500 : 200, { "Content-Encoding": "gzip" });
        response.end(body);
    });
}).listen(PORT, "127.0.0.1");
"""


@contextlib.contextmanager
def asked(port: int, *paths: str) -> Iterator[None]:
    """Some requests, a pause, and again: each time over a new connection."""

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for path in paths * 3:
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            connection.getresponse().read()
        connection.close()
        time.sleep(PAUSE_S)

    with repeating(work):
        yield


def _listens(port: int, what: str) -> None:
    wait_until(lambda: connects(socket.AF_INET, ("127.0.0.1", port)), what)


@contextlib.contextmanager
def redis(directory: Path) -> Iterator[int]:
    with redis_server(directory) as (server, path), redis_rounds(path, PAUSE_S):
        yield server


@contextlib.contextmanager
def postgres(directory: Path) -> Iterator[int]:
    with postgres_under_load(directory, "-R", "10", "-c", "2") as server:
        yield server


@contextlib.contextmanager
def nginx_asked(directory: Path) -> Iterator[int]:
    paths = ("/text.txt", "/a/text.txt", "/up/text.txt", "/list/", "/missing", "/up/missing")
    with nginx(directory) as (master, port), asked(port, *paths):
        yield master


@contextlib.contextmanager
def node(directory: Path) -> Iterator[int]:
    port = free_port()
    with background(directory, "node", "-e", NODE.replace("PORT", str(port))) as server:
        _listens(port, "node")
        with asked(port, "/"):
            yield server


@contextlib.contextmanager
def python_server(directory: Path) -> Iterator[int]:
    port = free_port()
    (directory / "text.txt").write_text("some text\n" * 2000)
    with background(
        directory, sys.executable, "-m", "http.server", str(port), "-b", "127.0.0.1", "-d", directory,
    ) as server:  # fmt: skip
        _listens(port, "python3 -m http.server")
        with asked(port, "/text.txt", "/", "/missing"):
            yield server


@contextlib.contextmanager
def python_script(directory: Path) -> Iterator[int]:
    paced = f"{PYTHON}    __import__('time').sleep({PAUSE_S})\n"
    with background(directory, sys.executable, "-c", paced) as script:
        yield script


INNOCENT: dict[str, Callable[[Path], contextlib.AbstractContextManager[int]]] = {
    "redis": redis,
    "postgres": postgres,
    "nginx": nginx_asked,
    "node": node,
    "python3 -m http.server": python_server,
    "a script in python3": python_script,
}
