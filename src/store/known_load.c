// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading what is in the file already, when the writer opens a capture to append to, and after a
 * transaction that failed. One query for each table, one pass over its rows; names, frames and
 * stacks of all runs, processes, sites and verdicts of the present one.
 */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "model/keys.h"
#include "store/known.h"

/* What the rows of a query are read into. */
struct load {
	struct seep_known *known;
	struct seep_query query;
};

/* Calls @row for each row of @sql, with @run as its first value. */
static int each_row(sqlite3 *database, const char *sql, int64_t run, struct load *load,
		    int (*row)(struct load *load))
{
	int result = seep_query_prepare(database, sql, &load->query);

	if (result)
		return result;
	/* Names are of all runs, and their queries have no parameter. */
	if (sqlite3_bind_parameter_count(load->query.statement) > 0)
		seep_bind_int(&load->query, run);
	while ((result = seep_query_step(&load->query)) > 0) {
		/*
		 * A row may read columns without asking for errors; the query keeps the first one.
		 */
		result = row(load);
		if (!result)
			result = load->query.error;
		if (result)
			break;
	}
	seep_query_done(&load->query);
	return result;
}

/* A row of functions or sources: an id and a text. NULL means that the file is damaged. */
static int load_text(struct load *load, struct seep_known_text **table)
{
	int64_t id = seep_column_int(&load->query);
	const char *text = seep_column_text(&load->query);
	struct seep_known_text *entry;
	int error = text ? seep_known_text(load->known, table, text, &entry) : -EBADMSG;

	if (!error)
		entry->id = id;
	return error;
}

static int load_function(struct load *load)
{
	return load_text(load, &load->known->functions);
}

static int load_source(struct load *load)
{
	return load_text(load, &load->known->sources);
}

/* The table is keyed by build ID and path together. */
static int load_module(struct load *load)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	int64_t id = seep_column_int(&load->query);
	const char *path = seep_column_text(&load->query);
	const char *build_id = seep_column_text(&load->query);
	struct seep_known_text *entry;
	const char *key;
	int error;

	if (!path)
		return -EBADMSG;
	key = seep_known_module_key(&buffer, path, build_id);
	error = buffer.error;
	if (!error)
		error = seep_known_text(load->known, &load->known->modules, key, &entry);
	if (!error)
		entry->id = id;
	return error;
}

/* The id of a process, or SEEP_ANY_PROCESS for NULL. */
static uint32_t read_process(struct seep_query *query)
{
	bool any = seep_column_is_null(query);
	uint32_t image = (uint32_t)seep_column_int(query);

	return any ? SEEP_ANY_PROCESS : image;
}

/* id, process, word, and whether its function has a name: the columns of seep_known_load. */
static int load_frame(struct load *load)
{
	struct seep_query *query = &load->query;
	int64_t id = seep_column_int(query);
	struct seep_known_frame *frame;
	/* Zeroed with its padding, because it is hashed as bytes. */
	struct seep_frame_id key = {0};
	int error;

	key.process = read_process(query);
	key.word = (uint64_t)seep_column_int(query);
	error = seep_known_frame(load->known, &key, &frame);
	if (error)
		return error;
	frame->id = id;
	/* Its location stays NULL, so a frame without a name is resolved and written anew. */
	frame->named = seep_column_int(query);
	return 0;
}

/* id, process, hash, end, number of frames, and whether all of them have names. */
static int load_stack(struct load *load)
{
	struct seep_query *query = &load->query;
	struct seep_known_stack *stack;
	struct seep_stack_id key = {0};
	int64_t id = seep_column_int(query), num_frames;
	enum seep_end end;
	int error;

	key.process = read_process(query);
	key.hash = (uint64_t)seep_column_int(query);
	error = seep_end_of_key(seep_column_text(query), &end);
	num_frames = seep_column_int(query);
	if (error || num_frames < 0 || num_frames > SEEP_MAX_FRAMES)
		return -EBADMSG;
	/* The ID of a stack has what tells stacks of the same hash apart. */
	key.end = (uint16_t)end;
	key.num_frames = (uint16_t)num_frames;
	error = seep_known_stack(load->known, &key, &stack);
	if (error)
		return error;
	stack->id = id;
	stack->named = seep_column_int(query);
	return 0;
}

/* Its hashes stay empty, so the next snapshot writes its names and its sample once more. */
static int load_process(struct load *load)
{
	int64_t id = seep_column_int(&load->query);
	uint32_t image = (uint32_t)seep_column_int(&load->query);
	struct seep_known_process *process;
	int error = seep_known_process(load->known, image, &process);

	if (!error)
		process->id = id;
	return error;
}

/* The site that the next three columns name. */
static int read_site(struct load *load, struct seep_known_site **ret_site)
{
	struct seep_site_name key = {0};
	enum seep_kind kind;
	int error;

	key.process = (uint32_t)seep_column_int(&load->query);
	key.hash = (uint64_t)seep_column_int(&load->query);
	error = seep_kind_of_key(seep_column_text(&load->query), &kind);
	if (error)
		return error;
	key.kind = kind;
	return seep_known_site(load->known, &key, ret_site);
}

/* Its samples are not read: the next snapshot writes one for each site. */
static int load_site(struct load *load)
{
	int64_t id = seep_column_int(&load->query);
	struct seep_known_site *site;
	int error = read_site(load, &site);

	if (!error)
		site->id = id;
	return error;
}

/* One with details: if it has none any more, that is to be written. */
static int load_details(struct load *load)
{
	struct seep_known_site *site;
	int error = read_site(load, &site);

	if (!error)
		/*
		 * No text hashes to this in practice, and it is not the hash of no details: the
		 * next snapshot writes a row in any case.
		 */
		site->details = (XXH128_hash_t){UINT64_MAX, UINT64_MAX};
	return error;
}

/*
 * The first four columns. seen stays 0, which goes_on takes for the last snapshot; alone and
 * unlimited stay false, so its correlated sites and its limit are deleted before others are
 * written.
 */
static struct seep_known_verdict read_verdict(struct seep_query *query)
{
	int64_t id = seep_column_int(query);
	const char *class = seep_column_text(query);
	const char *pattern = seep_column_text(query);
	const char *severity = seep_column_text(query);

	return (struct seep_known_verdict){
		.id = id,
		.words = seep_known_words(class, pattern, severity),
	};
}

/* Verdicts that may go on: they held at the last snapshot. */
static int load_site_verdict(struct load *load)
{
	struct seep_known_verdict verdict = read_verdict(&load->query);
	struct seep_known_site *site;
	int error = read_site(load, &site);

	if (!error)
		site->verdict = verdict;
	return error;
}

/* As load_site_verdict, for a verdict about a process as a whole. */
static int load_process_verdict(struct load *load)
{
	struct seep_known_verdict verdict = read_verdict(&load->query);
	struct seep_known_process *process;
	int error =
		seep_known_process(load->known, (uint32_t)seep_column_int(&load->query), &process);

	if (!error)
		process->verdict = verdict;
	return error;
}

/* The sites of a run that are still reported, joined with what names them. */
#define SITES_OF_RUN                                                                               \
	"JOIN processes ON processes.id = sites.process JOIN stacks ON stacks.id = sites.stack "   \
	"WHERE processes.run = ?1 AND sites.gone IS NULL"
#define UNTIL_NOW "until_ns = (SELECT max(elapsed_ns) FROM snapshots WHERE run = ?1)"

int seep_known_load(sqlite3 *database, int64_t run, struct seep_known *ret_known)
{
	static const struct {
		const char *sql;
		int (*row)(struct load *load);
		/*
		 * Sites are created by whichever query names them first; each query fills in its
		 * part of them.
		 */
	} parts[] = {
		{"SELECT id, name FROM functions", load_function},
		{"SELECT id, path FROM sources", load_source},
		{"SELECT id, path, build_id FROM modules", load_module},
		{"SELECT frames.id, processes.image, word, EXISTS (SELECT 1 FROM lines "
		 "WHERE frame = frames.id AND NOT inlined AND function IS NOT NULL) "
		 "FROM frames LEFT JOIN processes ON processes.id = frames.process "
		 "WHERE frames.run = ?1",
		 load_frame},
		{"SELECT stacks.id, processes.image, hash, \"end\", "
		 "(SELECT count(*) FROM stack_frames WHERE stack = stacks.id), NOT EXISTS "
		 "(SELECT 1 FROM stack_frames JOIN lines USING (frame) WHERE stack = stacks.id "
		 "AND NOT inlined AND function IS NULL) "
		 "FROM stacks LEFT JOIN processes ON processes.id = stacks.process "
		 "WHERE stacks.run = ?1",
		 load_stack},
		{"SELECT id, image FROM processes WHERE run = ?1 AND gone IS NULL", load_process},
		{"SELECT sites.id, image, hash, kind FROM sites " SITES_OF_RUN, load_site},
		{"SELECT DISTINCT image, hash, kind FROM details "
		 "JOIN sites ON sites.id = details.site " SITES_OF_RUN,
		 load_details},
		{"SELECT verdicts.id, class, pattern, severity, image, hash, kind FROM verdicts "
		 "JOIN sites ON sites.id = verdicts.site " SITES_OF_RUN " AND " UNTIL_NOW,
		 load_site_verdict},
		{"SELECT verdicts.id, class, pattern, severity, image FROM verdicts "
		 "JOIN processes ON processes.id = verdicts.process WHERE verdicts.run = ?1 "
		 "AND site IS NULL AND gone IS NULL AND " UNTIL_NOW,
		 load_process_verdict},
	};
	/* Built apart, so that *ret_known is untouched on failure. */
	struct seep_known known = {.valid = true};
	struct load load = {.known = &known};
	int error = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !error; i++)
		error = each_row(database, parts[i].sql, run, &load, parts[i].row);
	if (error) {
		seep_known_done(&known);
		return error;
	}
	*ret_known = known;
	return 0;
}
