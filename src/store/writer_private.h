/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the writer share: its statements, and a snapshot that is being written. */
#ifndef SEEP_STORE_WRITER_PRIVATE_H
#define SEEP_STORE_WRITER_PRIVATE_H

#include "base/buffer.h"
#include "store/known.h"
#include "store/query.h"
#include "store/sample.h"
#include "store/thinning.h"
#include "store/writer.h"

/* X(enum suffix, SQL). Prepared once. */
#define SEEP_WRITER_QUERIES(X)                                                                     \
	X(ADD_RUN, "INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")              \
	X(ADD_SAMPLING, "INSERT INTO samplings VALUES (?, ?)")                                     \
	X(ADD_SNAPSHOT, "INSERT INTO snapshots VALUES "                                            \
			"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                        \
	X(ADD_FUNCTION, "INSERT INTO functions VALUES (NULL, ?)")                                  \
	X(ADD_SOURCE, "INSERT INTO sources VALUES (NULL, ?)")                                      \
	X(ADD_MODULE, "INSERT INTO modules VALUES (NULL, ?, ?)")                                   \
	X(ADD_FRAME, "INSERT INTO frames VALUES (NULL, ?, ?, ?, ?, ?)")                            \
	X(SET_FRAME_MODULE, "UPDATE frames SET module = ?2 WHERE id = ?1")                         \
	X(DROP_LINES, "DELETE FROM lines WHERE frame = ?")                                         \
	X(ADD_LINE, "INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?)")                                 \
	X(ADD_STACK, "INSERT INTO stacks VALUES (NULL, ?, ?, ?, ?)")                               \
	X(DROP_STACK_FRAMES, "DELETE FROM stack_frames WHERE stack = ?")                           \
	X(ADD_STACK_FRAME, "INSERT INTO stack_frames VALUES (?, ?, ?)")                            \
	X(ADD_PROCESS, "INSERT INTO processes (pid, inner_pid, start_utc_ns, comm, exe, cgroup, "  \
		       "container, pod, attached_late, pre_attach_bytes, run, image, first) "      \
		       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                           \
	X(SET_PROCESS,                                                                             \
	  "UPDATE processes SET pid = ?, inner_pid = ?, start_utc_ns = ?, comm = ?, exe = ?, "     \
	  "cgroup = ?, container = ?, pod = ?, attached_late = ?, pre_attach_bytes = ? "           \
	  "WHERE id = ?")                                                                          \
	X(END_PROCESS, "UPDATE processes SET gone = ?2 WHERE id = ?1")                             \
	X(ADD_PROCESS_SAMPLE, "INSERT INTO process_samples VALUES (?, ?, ?, ?, ?, ?)")             \
	X(ADD_PROCESS_STATS, "INSERT INTO vitals VALUES (?, ?, ?, ?)")                             \
	X(ADD_UNMATCHED, "INSERT INTO unmatched VALUES (?, ?, ?, ?, ?)")                           \
	X(ADD_TRACING, "INSERT INTO tracing VALUES (?, ?, ?, ?, ?, ?)")                            \
	X(ADD_GO_FIGURES,                                                                          \
	  "INSERT INTO go_figures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "     \
	  "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                                    \
	X(ADD_ESTIMATE, "INSERT INTO estimates (snapshot, site, " SEEP_SAMPLING_COLUMNS ") "       \
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                             \
	X(ADD_AGES, "INSERT INTO ages VALUES (?, ?, ?)")                                           \
	X(DROP_CORRELATED, "DELETE FROM companions WHERE verdict = ?")                             \
	X(ADD_CORRELATED, "INSERT INTO companions VALUES (?, ?, ?, ?, ?)")                         \
	X(DROP_LIMIT, "DELETE FROM limits WHERE verdict = ?")                                      \
	X(SET_LIMIT, "INSERT OR REPLACE INTO limits VALUES (?, ?)")                                \
	X(ADD_SITE, "INSERT INTO sites VALUES (NULL, ?, ?, ?, ?, ?, NULL)")                        \
	X(SET_SITE, "UPDATE sites SET stable_id = ?2, stack = ?3 WHERE id = ?1")                   \
	X(END_SITE, "UPDATE sites SET gone = ?2 WHERE id = ?1")                                    \
	X(ADD_SAMPLE, "INSERT INTO samples (snapshot, site, " SEEP_SAMPLE_COLUMNS ") "             \
		      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                                     \
	X(ADD_DETAILS, "INSERT INTO details VALUES (?, ?, ?)")                                     \
	X(ADD_TOTALS, "INSERT INTO totals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")                     \
	X(ADD_LOSS, "INSERT INTO losses VALUES (?, ?, ?)")                                         \
	X(ADD_END, "INSERT INTO ends VALUES (?, ?, ?)")                                            \
	X(ADD_VERDICT, "INSERT INTO verdicts (class, pattern, severity, until_ns, confidence, "    \
		       "rate, rate_low, rate_high, leaked, leaked_low, leaked_high, eta_s, "       \
		       "eta_low_s, eta_high_s, evidence, advice, run, process, site, since_ns) "   \
		       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")      \
	X(GO_ON_VERDICT,                                                                           \
	  "UPDATE verdicts SET class = ?, pattern = ?, severity = ?, until_ns = ?, "               \
	  "confidence = ?, rate = ?, rate_low = ?, rate_high = ?, leaked = ?, leaked_low = ?, "    \
	  "leaked_high = ?, eta_s = ?, eta_low_s = ?, eta_high_s = ?, evidence = ?, advice = ? "   \
	  "WHERE id = ?")

enum seep_writer_query {
#define SEEP_WRITER_QUERY_ENUM(name, sql) SEEP_QUERY_##name,
	SEEP_WRITER_QUERIES(SEEP_WRITER_QUERY_ENUM)
#undef SEEP_WRITER_QUERY_ENUM
	SEEP_QUERY_COUNT
};

/* The last snapshot of the file. */
struct seep_last {
	int64_t id;	    /* 0: there is none */
	int64_t run;	    /* that this writer has begun; 0: none yet */
	XXH128_hash_t head; /* what a run has in common */
	uint64_t seq;
	uint64_t elapsed_ns;
	uint64_t utc_ns;
	uint64_t offset_ns; /* of the run */
};

struct seep_writer {
	struct seep_writer_config config;
	int lock;
	sqlite3 *database;
	struct seep_query queries[SEEP_QUERY_COUNT];
	struct seep_known known;
	struct seep_last last;
	uint64_t checkpoint_ns; /* elapsed_ns at the last one, in this run */
	uint64_t missing_ns;	/* intervals of the snapshots that could not be written */
	struct seep_instant *instants;
	size_t num_instants;
	size_t max_instants;
};

/* A snapshot on its way. */
struct seep_write {
	struct seep_writer *writer;
	const struct seep_snapshot *snapshot;
	struct seep_symbolizer *symbolizer;
	struct seep_last last;		       /* what it will be */
	struct seep_known_process **processes; /* by index in the snapshot */
	struct seep_known_site **sites;
	size_t num_ages;	 /* of growing sites, that were written or too many */
	struct seep_buffer text; /* scratch */
};

/* Ready for its first value. */
static inline struct seep_query *seep_writer_query(const struct seep_write *write,
						   enum seep_writer_query query)
{
	seep_query_begin(&write->writer->queries[query]);
	return &write->writer->queries[query];
}

/* Runs a query that adds a row with an id of its own. 0 or -errno. */
int seep_write_row(const struct seep_write *write, struct seep_query *query, int64_t *ret_id);

/* The steps, in this order. 0 or -errno. */
int seep_write_run_sampling(struct seep_write *write);
int seep_write_processes(struct seep_write *write);
int seep_write_sites(struct seep_write *write);
int seep_write_sums(struct seep_write *write);
int seep_write_verdicts(struct seep_write *write);
int seep_write_ends(struct seep_write *write); /* what is not there any more */

/*
 * The row of a stack, which is made or, when frames have got names, renewed. 0 or -errno.
 */
int seep_write_stack(struct seep_write *write, const struct seep_known_process *process,
		     const struct seep_stack *stack, const struct seep_known_stack **ret_stack);

/* Gives up old snapshots, and room that is not needed. 0 or -errno; then all is as before. */
int seep_writer_thin(struct seep_writer *writer);

#endif
