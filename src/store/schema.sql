-- SPDX-License-Identifier: GPL-2.0-only
--
-- What is in a capture. SQLite keeps the text of each table, comments too: `sqlite3 FILE .schema`.
--
-- "Changed only": there is a row for a snapshot only if something differs from the last row before,
-- within the same run; what holds at a snapshot is the last row that is not later. Numbers of 64 bits
-- are as in the JSON report; NULL is "not known" unless it says otherwise. Text is raw bytes of the
-- traced programs.

-- One trace. A capture that is gone on with has several.
CREATE TABLE runs (
	id INTEGER PRIMARY KEY,
	version TEXT NOT NULL,           -- of seep
	offset_ns INTEGER NOT NULL,      -- its elapsed_ns 0, on the time axis of the whole capture
	host_name TEXT,
	kernel TEXT,
	arch TEXT,
	scope_type TEXT,
	scope_value TEXT,
	kinds TEXT NOT NULL,             -- traced ones: "memory,thread"
	min_age_ns INTEGER NOT NULL,
	min_size_bytes INTEGER NOT NULL,
	max_size_bytes INTEGER           -- NULL: no limit
);

-- Since version 6. Runs whose memory is sampled by bytes.
CREATE TABLE samplings (
	run INTEGER PRIMARY KEY REFERENCES runs,
	sample_bytes INTEGER NOT NULL    -- from one block that is tracked to the next, mean
);

CREATE TABLE snapshots (
	id INTEGER PRIMARY KEY,          -- ascends with time, has gaps
	run INTEGER NOT NULL REFERENCES runs,
	seq INTEGER NOT NULL,            -- of the report, from 1 in each run
	final INTEGER NOT NULL,
	utc_ns INTEGER NOT NULL,         -- since 1970
	elapsed_ns INTEGER NOT NULL,     -- since the run began, by a clock that nobody sets
	interval_ns INTEGER NOT NULL,    -- since the snapshot before, of those that are here
	events INTEGER,
	events_per_s REAL,
	bpf_ns_per_event INTEGER,
	probe_ns_per_event INTEGER,
	target_cpu_pct REAL,
	calls_cpu_pct REAL,
	seep_cpu_pct REAL,
	seep_rss_bytes INTEGER,
	map_bytes INTEGER
);

CREATE TABLE modules (
	id INTEGER PRIMARY KEY,
	path TEXT,
	build_id TEXT
);

CREATE TABLE functions (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL
);

CREATE TABLE sources (
	id INTEGER PRIMARY KEY,
	path TEXT NOT NULL
);

-- A place in code.
CREATE TABLE frames (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES runs,
	process INTEGER REFERENCES processes, -- code that this one has made and named; else NULL
	word INTEGER NOT NULL,           -- as the trace knows it (include/seep/abi.h)
	module INTEGER REFERENCES modules,
	offset INTEGER NOT NULL          -- in the file, or the address of code of no file
);

-- The functions at a frame: position 0 is the innermost, all but the last are inlined into the next.
CREATE TABLE lines (
	frame INTEGER NOT NULL REFERENCES frames,
	position INTEGER NOT NULL,
	function INTEGER REFERENCES functions,
	source INTEGER REFERENCES sources,
	line INTEGER,
	inlined INTEGER NOT NULL,
	PRIMARY KEY (frame, position)
) WITHOUT ROWID;

CREATE TABLE stacks (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES runs,
	process INTEGER REFERENCES processes, -- that code of no file in it is of; else NULL
	hash INTEGER NOT NULL,
	"end" TEXT NOT NULL              -- "complete", or why it ends early
);

-- Position 0 is the allocator. No rows: the frames never arrived.
CREATE TABLE stack_frames (
	stack INTEGER NOT NULL REFERENCES stacks,
	position INTEGER NOT NULL,
	frame INTEGER NOT NULL REFERENCES frames,
	PRIMARY KEY (stack, position)
) WITHOUT ROWID;

-- One program image of a process. Names are the last ones that it had.
CREATE TABLE processes (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES runs,
	image INTEGER NOT NULL,          -- as the trace knows it
	pid INTEGER NOT NULL,
	inner_pid INTEGER,               -- in its own PID namespace
	start_utc_ns INTEGER,
	comm TEXT,
	exe TEXT,
	cgroup TEXT,
	container TEXT,
	pod TEXT,
	attached_late INTEGER NOT NULL,  -- it ran before the trace
	pre_attach_bytes INTEGER,
	first INTEGER NOT NULL,          -- snapshot that it came with
	gone INTEGER                     -- snapshot from which on it is not reported
);

-- Changed only.
CREATE TABLE process_samples (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	process INTEGER NOT NULL REFERENCES processes,
	ended_ns INTEGER,                -- as elapsed_ns, when its end was noticed; NULL: it runs
	rss_bytes INTEGER,
	fd_limit INTEGER,
	fd_limit_eta_ns INTEGER,         -- NULL: never
	PRIMARY KEY (snapshot, process)
) WITHOUT ROWID;

CREATE TABLE sites (
	id INTEGER PRIMARY KEY,
	stable_id TEXT NOT NULL,         -- the "id" of reports: the same in every run
	process INTEGER NOT NULL REFERENCES processes,
	kind TEXT NOT NULL,
	stack INTEGER NOT NULL REFERENCES stacks,
	first INTEGER NOT NULL,          -- snapshot that it came with
	gone INTEGER                     -- snapshot from which on it is not reported
);

-- Changed only.
CREATE TABLE samples (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	site INTEGER NOT NULL REFERENCES sites,
	allocs INTEGER NOT NULL,         -- counters: from the beginning of the run
	frees INTEGER NOT NULL,
	alloc_bytes INTEGER NOT NULL,
	free_bytes INTEGER NOT NULL,
	live_objects INTEGER,            -- NULL: allocs - frees; it differs with --min-age
	live_bytes INTEGER,              -- NULL: alloc_bytes - free_bytes
	oldest_made_ns INTEGER,          -- when the oldest live object was made, as elapsed_ns
	lifetimes BLOB,                  -- histogram, see docs/capture.md; NULL: nothing was released
	PRIMARY KEY (snapshot, site)
) WITHOUT ROWID;

-- What the live objects are: {"groups":[{"name":,"objects":,"bytes":}],"examples":[]}. Changed only.
CREATE TABLE details (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	site INTEGER NOT NULL REFERENCES sites,
	content TEXT,                    -- JSON; NULL: nothing any more
	PRIMARY KEY (snapshot, site)
) WITHOUT ROWID;

-- Sums over the sites of a process; process 0: over all. Changed only.
CREATE TABLE totals (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	process INTEGER NOT NULL,
	kind TEXT NOT NULL,
	allocs INTEGER NOT NULL,
	frees INTEGER NOT NULL,
	alloc_bytes INTEGER NOT NULL,
	free_bytes INTEGER NOT NULL,
	live_objects INTEGER NOT NULL,
	live_bytes INTEGER NOT NULL,
	PRIMARY KEY (snapshot, process, kind)
) WITHOUT ROWID;

-- What the trace could not see, from the beginning of the run. Changed only.
CREATE TABLE losses (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	loss TEXT NOT NULL,
	count INTEGER,
	PRIMARY KEY (snapshot, loss)
) WITHOUT ROWID;

-- Allocations by how their stacks end. Changed only.
CREATE TABLE ends (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	"end" TEXT NOT NULL,
	count INTEGER,
	PRIMARY KEY (snapshot, "end")
) WITHOUT ROWID;

-- What was concluded. One row for a time in which class, pattern and severity stayed the same; the
-- numbers are those of its end.
CREATE TABLE verdicts (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES runs,
	process INTEGER NOT NULL REFERENCES processes,
	site INTEGER REFERENCES sites,   -- NULL: of the process as a whole
	since_ns INTEGER NOT NULL,       -- elapsed_ns of the first and ...
	until_ns INTEGER NOT NULL,       -- ... of the last snapshot
	class TEXT NOT NULL,
	pattern TEXT,
	severity TEXT,
	confidence REAL,
	rate REAL,                       -- per second: bytes or objects
	rate_low REAL,
	rate_high REAL,
	leaked REAL,                     -- share of the objects that is never released
	leaked_low REAL,
	leaked_high REAL,
	eta_s REAL,                      -- until a limit is reached
	eta_low_s REAL,
	eta_high_s REAL,
	evidence TEXT,                   -- lines
	advice TEXT                      -- lines
);

-- Memory of a process, where the trace has judged it. Changed only. Since version 2.
CREATE TABLE vitals (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	process INTEGER NOT NULL REFERENCES processes,
	anon_bytes INTEGER,              -- resident and of no file
	pss_bytes INTEGER,               -- proportional set size, some seconds old
	PRIMARY KEY (snapshot, process)
) WITHOUT ROWID;

-- Releases of blocks that the trace did not know, most of them from before it. Changed only. Since
-- version 3.
CREATE TABLE unmatched (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	process INTEGER NOT NULL REFERENCES processes,
	frees INTEGER,
	free_bytes INTEGER,              -- of those whose size is known
	frees_unsized INTEGER,           -- those whose size is not known
	PRIMARY KEY (snapshot, process)
) WITHOUT ROWID;

-- What a site grew together with, at the end of the time of its verdict. Since version 2.
CREATE TABLE companions (
	verdict INTEGER NOT NULL REFERENCES verdicts,
	position INTEGER NOT NULL,       -- 0 is the closest
	site INTEGER REFERENCES sites,   -- NULL: a measure of the process:
	measure TEXT,                    -- "resident_memory", "open_descriptors"
	correlation REAL NOT NULL,
	PRIMARY KEY (verdict, position)
) WITHOUT ROWID;

-- What eta_s of a verdict is the time to, at the end of its time. Since version 4.
CREATE TABLE limits (
	verdict INTEGER PRIMARY KEY REFERENCES verdicts,
	name TEXT NOT NULL               -- "cgroup-memory", "machine-memory"
);

-- How old the live objects were: at the end of a run of all sites, else of those that grow. Since version 2.
CREATE TABLE ages (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	site INTEGER NOT NULL REFERENCES sites,
	histogram BLOB,                  -- as samples.lifetimes
	PRIMARY KEY (snapshot, site)
) WITHOUT ROWID;

-- How the calls of a process are seen. Changed only; no row: all of them, at a cost that is not known.
-- Since version 5.
CREATE TABLE tracing (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	process INTEGER NOT NULL REFERENCES processes,
	mode TEXT NOT NULL,              -- "exact", "windows": at the snapshot
	sampled INTEGER NOT NULL,        -- it has been traced in windows: its memory is estimated
	seen_share REAL,                 -- of its calls of allocators, from 0 to 1
	probes_cpu_pct REAL,             -- of its CPU time, in the interval before the snapshot
	PRIMARY KEY (snapshot, process)
) WITHOUT ROWID;

-- How far to trust the samples of a site that are estimates; no row: they are exact. Changed only.
-- Since version 5.
CREATE TABLE estimates (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	site INTEGER NOT NULL REFERENCES sites,
	seen_objects INTEGER,            -- that were seen being made; NULL: exact from here on
	allocs_error REAL,               -- standard errors
	alloc_bytes_error REAL,
	live_objects_error REAL,
	live_bytes_error REAL,
	staying REAL,                    -- share of the objects that is never released, ...
	staying_low REAL,                -- ... and the ends of its 95 % interval
	staying_high REAL,
	lifetimes BLOB,                  -- of those that were seen being made: as samples.lifetimes
	ages BLOB,                       -- and of those of them that live
	PRIMARY KEY (snapshot, site)
) WITHOUT ROWID;

-- What the runtime of Go says of itself; with the names of runtime.MemStats, as Go's documentation
-- describes it. Changed only; no row: it is no Go program, or nobody could read it. Since version 7.
CREATE TABLE go_figures (
	snapshot INTEGER NOT NULL REFERENCES snapshots,
	process INTEGER NOT NULL REFERENCES processes,
	version TEXT,                    -- of Go; NULL: nothing is known any more
	gomaxprocs INTEGER,
	gogc INTEGER,                    -- percent; -1: off
	gomemlimit_bytes INTEGER,        -- NULL: no limit
	collections_per_min REAL,        -- since the trace knows the process
	GCCPUFraction REAL,
	Alloc INTEGER,
	TotalAlloc INTEGER,
	Sys INTEGER,
	Lookups INTEGER,
	Mallocs INTEGER,
	Frees INTEGER,
	HeapAlloc INTEGER,
	HeapSys INTEGER,
	HeapIdle INTEGER,
	HeapInuse INTEGER,
	HeapReleased INTEGER,
	HeapObjects INTEGER,
	StackInuse INTEGER,
	StackSys INTEGER,
	MSpanInuse INTEGER,
	MSpanSys INTEGER,
	MCacheInuse INTEGER,
	MCacheSys INTEGER,
	BuckHashSys INTEGER,
	GCSys INTEGER,
	OtherSys INTEGER,
	NextGC INTEGER,
	LastGC INTEGER,
	PauseTotalNs INTEGER,
	NumGC INTEGER,
	NumForcedGC INTEGER,
	PRIMARY KEY (snapshot, process)
) WITHOUT ROWID;

-- The samples of all sites with the gaps of live_objects and live_bytes filled.
CREATE VIEW site_history AS
SELECT
	site, snapshot, run, utc_ns, elapsed_ns, allocs, frees, alloc_bytes, free_bytes,
	ifnull(live_objects, allocs - frees) AS live_objects,
	ifnull(live_bytes, alloc_bytes - free_bytes) AS live_bytes
FROM snapshots CROSS JOIN samples ON samples.snapshot = snapshots.id;

-- The functions of each stack, innermost first.
CREATE VIEW stack_lines AS
SELECT
	stack, stack_frames.position AS frame_position, lines.position AS line_position,
	ifnull(functions.name, printf('0x%x', frames.offset)) AS function,
	sources.path AS source, lines.line, lines.inlined,
	modules.path AS module, modules.build_id, frames.offset
FROM stack_frames
JOIN frames ON frames.id = stack_frames.frame
JOIN lines ON lines.frame = frames.id
LEFT JOIN modules ON modules.id = frames.module
LEFT JOIN functions ON functions.id = lines.function
LEFT JOIN sources ON sources.id = lines.source;
