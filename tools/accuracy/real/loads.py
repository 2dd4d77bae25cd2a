# SPDX-License-Identifier: GPL-2.0-only
"""Servers of the distribution, under loads whose effect is known."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from harness import end_process, repeating, wait_until
from innocent import PAUSE_S, nginx_asked, node, postgres, python_server, redis
from servers import background, connects, free_port
from servers import postgres as postgres_server

__all__ = [
    "memcached_filling", "memcached_full", "nginx_asked", "node", "postgres", "postgres_statements",
    "python_server", "redis", "redis_evicting", "redis_filling",
]  # fmt: skip

VALUE = b"v" * 800
KEYS_PER_PAUSE = 20
KEYS_AT_FIRST = 60_000  # so many fill the caches that have to be full


class Keys:
    """Stores values under keys that are always new."""

    def __init__(self, address: tuple[str, int] | str, command: str) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.connection = socket.socket(family)
        self.connection.connect(address)
        self.replies = self.connection.makefile("rb")
        self.command = command
        self.number = 0

    def store(self, count: int) -> None:
        for _ in range(count):
            self.number += 1
            key = f"session:{self.number}"
            head = self.command.format(key=key, key_size=len(key), size=len(VALUE))
            self.connection.sendall(head.encode() + VALUE + b"\r\n")
            self.replies.readline()

    def store_and_pause(self) -> None:
        self.store(KEYS_PER_PAUSE)
        time.sleep(PAUSE_S)

    def close(self) -> None:
        self.replies.close()
        self.connection.close()


REDIS_SET = "*3\r\n$3\r\nSET\r\n${key_size}\r\n{key}\r\n${size}\r\n"
MEMCACHED_SET = "set {key} 0 0 {size}\r\n"


@contextlib.contextmanager
def _stored(address: tuple[str, int] | str, command: str, at_first: int) -> Iterator[None]:
    with contextlib.closing(Keys(address, command)) as keys:
        keys.store(at_first)
        with repeating(keys.store_and_pause):
            yield


@contextlib.contextmanager
def _redis(directory: Path, at_first: int, *options: str) -> Iterator[int]:
    path = str(directory / "redis.sock")
    with background(
        directory, "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
        "--appendonly", "no", "--dir", directory, *options,
    ) as server:  # fmt: skip
        wait_until(lambda: connects(socket.AF_UNIX, path), "redis-server")
        with _stored(path, REDIS_SET, at_first):
            yield server


def redis_filling(directory: Path) -> contextlib.AbstractContextManager[int]:
    return _redis(directory, 1000)


def redis_evicting(directory: Path) -> contextlib.AbstractContextManager[int]:
    return _redis(
        directory, KEYS_AT_FIRST, "--maxmemory", "20mb", "--maxmemory-policy", "allkeys-lru"
    )


@contextlib.contextmanager
def _memcached(directory: Path, at_first: int, megabytes: int) -> Iterator[int]:
    address = ("127.0.0.1", free_port())
    with background(
        directory, "memcached", "-u", "nobody", "-l", address[0], "-p", str(address[1]), "-U", "0",
        "-m", str(megabytes), "-t", "2",
    ) as server:  # fmt: skip
        wait_until(lambda: connects(socket.AF_INET, address), "memcached")
        with _stored(address, MEMCACHED_SET, at_first):
            yield server


def memcached_filling(directory: Path) -> contextlib.AbstractContextManager[int]:
    """It is full after a minute and a half or so."""
    return _memcached(directory, 0, 16)


def memcached_full(directory: Path) -> contextlib.AbstractContextManager[int]:
    return _memcached(directory, KEYS_AT_FIRST, 16)


@contextlib.contextmanager
def postgres_statements(directory: Path) -> Iterator[int]:
    """A session that prepares 20 statements a second and keeps them: its backend."""
    with postgres_server() as (home, programs, _), open(directory / "psql.log", "wb") as log:
        client = subprocess.Popen(
            [programs / "psql", "-h", home, "-U", "postgres", "-q", "-A", "-t"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            assert client.stdin and client.stdout
            client.stdin.write(b"select pg_backend_pid();\n\\o /dev/null\n")
            client.stdin.flush()
            backend = int(client.stdout.readline())
            with repeating(_Statements(client).prepare_and_pause):
                yield backend
        finally:
            end_process(client)


class _Statements:
    def __init__(self, client: subprocess.Popen[bytes]) -> None:
        self.client = client
        self.number = 0

    def prepare_and_pause(self) -> None:
        assert self.client.stdin
        for _ in range(2):
            self.number += 1
            query = (
                "select a.relname, b.attname from pg_class a join pg_attribute b"
                f" on b.attrelid = a.oid where a.relname = $1 and b.attnum > {self.number}"
            )
            with contextlib.suppress(BrokenPipeError):
                self.client.stdin.write(
                    f"prepare s{self.number} as {query}; execute s{self.number}('x');\n".encode()
                )
                self.client.stdin.flush()
        time.sleep(PAUSE_S)
