# SPDX-License-Identifier: GPL-2.0-only
"""The real programs, and the truth about each.

The truths: "leak"; "growth", where what is kept is kept on purpose or has no one place, but has no
end; "healthy". The functions are those that a stack should show, one of them; none where the
program's own names cannot be in a native stack.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import loads

Server = Callable[[Path], AbstractContextManager[int]]


@dataclass(frozen=True)
class Program:
    name: str
    truth: str
    source: str = ""  # below tests/real; its suffix says how it is built and run
    arguments: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    kind: str = "memory"
    server: Server | None = None  # instead of a source: started and put under load by this
    needs: tuple[str, ...] = ()  # commands, besides those of its language
    warm_up_s: float = 3  # before seep attaches
    options: tuple[str, ...] = ()  # for seep
    variant: str = ""  # of the build: static, musl
    preload: str = ""  # an allocator
    launched: bool = False  # by seep, instead of attached to


def leak(name: str, source: str, *functions: str, mode: str = "", **more: object) -> Program:
    arguments = (mode,) if mode else ()
    return Program(name, "leak", source, arguments, functions, **more)  # type: ignore[arg-type]


def healthy(name: str, source: str, *arguments: str, **more: object) -> Program:
    return Program(name, "healthy", source, arguments, **more)  # type: ignore[arg-type]


def serves(name: str, truth: str, server: Server, *needs: str, **more: object) -> Program:
    return Program(name, truth, server=server, needs=needs, **more)  # type: ignore[arg-type]


POOL = ("--alloc", "pool_get:size=arg1,ret=ptr", "--free", "pool_put:ptr=arg1")

IN_C = (
    leak("sessions", "c/sessions.c", "open_session"),
    leak("sessions-static", "c/sessions.c", "open_session", variant="static"),
    leak("sessions-musl", "c/sessions.c", "open_session", variant="musl"),
    leak("error-path", "c/error_path.c", "parse_request"),
    leak("error-path-jemalloc", "c/error_path.c", "parse_request", preload="jemalloc"),
    leak("error-path-tcmalloc", "c/error_path.c", "parse_request", preload="tcmalloc"),
    leak("error-path-mimalloc", "c/error_path.c", "parse_request", preload="mimalloc"),
    leak("job-pool", "c/job_pool.c", "make_job"),
    leak("growing-table", "c/growing_table.c", "table_add"),
    leak("doubling-buffer", "c/doubling.c", "append"),
    leak("item-pool", "c/item_pool.c", "pool_get", mode="leak"),
    leak("item-pool-described", "c/item_pool.c", "checkout", mode="leak", options=POOL),
    healthy("item-pool-healthy", "c/item_pool.c", "healthy"),
    leak("shared-pool", "c/shared_pool.c", "pool_grow", mode="leak", kind="mapping"),
    healthy("shared-pool-healthy", "c/shared_pool.c", "healthy", kind="mapping"),
    leak("break-arena", "c/break_arena.c", "arena_more", kind="mapping"),
    healthy("request-arena", "c/request_arena.c"),
    healthy("ring-full", "c/ring.c", "1000", "200", warm_up_s=8),
    healthy("ring-filling", "c/ring.c", "6000", "200"),
    healthy("lru-full", "c/lru.c", "1000", "200", warm_up_s=8),
    healthy("lru-filling", "c/lru.c", "8000", "200"),
    healthy("lru-jemalloc", "c/lru.c", "1000", "200", warm_up_s=8, preload="jemalloc"),
    healthy("lru-tcmalloc", "c/lru.c", "1000", "200", warm_up_s=8, preload="tcmalloc"),
    healthy("lru-mimalloc", "c/lru.c", "1000", "200", warm_up_s=8, preload="mimalloc"),
    healthy("log-buffer", "c/log_buffer.c", "25"),
    healthy("backlog", "c/backlog.c"),
    healthy("pinned-arenas", "c/pinned.c"),
    healthy("batch", "c/batch.c", "healthy", "25", launched=True),
    Program("batch-leak", "leak", "c/batch.c", ("leak", "60"), ("read_row",), launched=True),
    leak("prefork", "c/prefork.c", "serve", mode="leak", options=("--children",)),
    healthy("prefork-healthy", "c/prefork.c", "healthy", options=("--children",)),
    leak("threads-unjoined", "c/threads.c", "start_worker", mode="unjoined", kind="thread"),
    leak("threads-waiting", "c/threads.c", "start_worker", mode="waiting", kind="thread"),
    healthy("threads-bounded", "c/threads.c", "bounded", kind="thread"),
    leak("thread-state", "c/thread_state.c", "get_state", mode="leak"),
    healthy("thread-state-healthy", "c/thread_state.c", "healthy"),
    leak("sockets", "c/sockets.c", "poll_backend", mode="leak", kind="fd"),
    healthy("sockets-healthy", "c/sockets.c", "healthy", kind="fd"),
    leak("pipes", "c/pipes.c", "run_filter", kind="fd"),
    leak("events", "c/events.c", "arm_timer", mode="leak", kind="fd"),
    healthy("events-healthy", "c/events.c", "healthy", kind="fd"),
    leak("passed-files", "c/passed_files.c", "read_event", kind="fd"),
    leak("segments", "c/segments.c", "map_segment", mode="leak", kind="mapping"),
    healthy("segments-healthy", "c/segments.c", "healthy", kind="mapping"),
    leak("split-mapping", "c/split.c", kind="mapping"),
    Program("touching", "growth", "c/touching.c", kind="mapping"),
    Program("prefork-parent", "growth", "c/prefork.c", ("leak",)),
    healthy("prefork-parent-healthy", "c/prefork.c", "healthy"),
    healthy("removed-segments", "c/left_segments.c", "healthy"),
    leak("glib", "c/glib.c", "on_signal", mode="leak"),
    healthy("glib-healthy", "c/glib.c", "healthy"),
    leak("statements", "c/statements.c", "find_user", mode="leak"),
    healthy("statements-healthy", "c/statements.c", "healthy"),
    leak("resolver", "c/resolver.c", "connect_upstream"),
    leak("deadlines", "c/deadlines.c", "arm_deadline"),
    Program("plugins", "leak", "c/plugins.c", ("leak", "{c/plugin.c}"), ("load_plugin",)),
    healthy("plugins-healthy", "c/plugins.c", "healthy", "{c/plugin.c}"),
)

IN_CPP = (
    leak("journal", "cpp/journal.cc", "Journal::append"),
    leak("registry", "cpp/registry.cc", "Registry::login"),
    leak("shared-cycle", "cpp/cycle.cc", "Session::open"),
    leak("shapes", "cpp/shapes.cc", "make_shape"),
    leak("jump", "cpp/jump.cc", "parse"),
    healthy("string-cache", "cpp/string_cache.cc", warm_up_s=8),
    healthy("event-queue", "cpp/queue.cc"),
)

IN_RUST_AND_GO = (
    leak("arc-cycle", "rust/arc_cycle.rs", "on_connect"),
    leak("intern", "rust/intern.rs", "intern"),
    healthy("window", "rust/window.rs", warm_up_s=6),
    leak("go-sessions", "go/sessions.go", "main.addSession", kind="mapping"),
    leak("go-blocked", "go/blocked.go", "main.fetch", kind="mapping"),
    leak("go-bodies", "go/bodies.go", "net/http.(*Transport).dialConn", kind="fd"),
    leak("go-strings", "go/strings.go", "main.logLine"),
    healthy("go-requests", "go/requests.go", warm_up_s=6),
)

IN_OTHERS = (
    leak("python-sessions", "python/sessions.py", kind="mapping"),
    leak("python-uploads", "python/uploads.py"),
    leak("python-backends", "python/backends.py", kind="fd"),
    leak("python-watchers", "python/watchers.py", kind="thread"),
    Program(
        "python-extension", "leak", "python/extension.py", ("{c/library.c}",), ("library_add",)
    ),
    Program("python-unbounded", "growth", "python/render.py", ("0", "200")),
    healthy("python-cache-full", "python/render.py", "1000", "200", warm_up_s=8),
    healthy("python-cache-filling", "python/render.py", "8000", "200"),
    healthy("python-cycles", "python/cycles.py"),
    healthy("python-workers", "python/workers.py", options=("--children",)),
    leak("node-sessions", "node/sessions.js", kind="mapping"),
    leak("node-uploads", "node/uploads.js"),
    leak("node-streams", "node/streams.js", "deflateInit2_"),
    healthy("node-buffers", "node/buffers.js"),
    healthy("node-cache", "node/cache.js", warm_up_s=6),
    leak("java-sessions", "java/Sessions.java", kind="mapping"),
    leak("java-archive", "java/Archive.java", "Java_java_util_zip_Deflater_init"),
    leak("java-executors", "java/Executors.java", kind="thread"),
    leak("java-deploys", "java/Deploys.java"),
    healthy("java-requests", "java/Requests.java", warm_up_s=20),
    healthy("java-buffers", "java/Buffers.java", warm_up_s=10),
    leak("php", "scripts/history.php", mode="leak", kind="mapping"),
    healthy("php-healthy", "scripts/history.php", "healthy"),
    leak("perl", "scripts/tree.pl", mode="leak"),
    healthy("perl-healthy", "scripts/tree.pl", "healthy"),
    leak("lua", "scripts/registry.lua", mode="leak"),
    healthy("lua-healthy", "scripts/registry.lua", "healthy"),
    leak("ruby", "scripts/observers.rb", mode="leak"),
    healthy("ruby-healthy", "scripts/observers.rb", "healthy", warm_up_s=15),
)

SERVERS = (
    serves("redis-filling", "growth", loads.redis_filling, "redis-server"),
    serves("redis-evicting", "healthy", loads.redis_evicting, "redis-server", warm_up_s=5),
    serves("redis-rounds", "healthy", loads.redis, "redis-server"),
    serves("memcached-filling", "healthy", loads.memcached_filling, "memcached"),
    serves("memcached-full", "healthy", loads.memcached_full, "memcached", warm_up_s=5),
    serves("nginx", "healthy", loads.nginx_asked, "nginx", options=("--children",)),
    serves("postgres", "healthy", loads.postgres, "pgbench", options=("--children",)),
    serves(
        "postgres-statements",
        "leak",
        loads.postgres_statements,
        "psql",
        functions=("PrepareQuery", "StorePreparedStatement", "CreateCachedPlan"),
    ),
    serves("node-server", "healthy", loads.node, "node", warm_up_s=20),
    serves("python-server", "healthy", loads.python_server),
)

PROGRAMS = (*IN_C, *IN_CPP, *IN_RUST_AND_GO, *IN_OTHERS, *SERVERS)
