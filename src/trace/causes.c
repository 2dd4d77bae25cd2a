// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each process that seems to grow without its sites is looked at a first time as soon as that
 * shows, and compared with that look when it has grown by some pages more, then whenever twice as
 * much time has passed, and at the end: some eight times in an hour. The lists of mappings have
 * 100,000 entries at most. A look may take LOOK_SHARE of the time at most, as it is measured.
 */
#include "trace/causes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "inventory/objects.h"
#include "report/entries.h"

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Not before a trend may be seen. */
#define FIRST_LOOK_S 5.0

/* Between two looks: enough of it to be told from noise, and one part of so many of the time. */
#define LOOK_BYTES 262144.0
#define LOOK_S	   4.0
#define LOOK_SHARE 100

/*
 * The lock of the mappings is held for as long as one of them takes: of 1 GiB in small pages up to
 * 0.2 s on a busy machine, in which the process cannot map or unmap. Nothing larger is looked at.
 */
#define RESIDENT_MAX (1UL << 30)

struct entry {
	uint32_t id;
	uint64_t seen; /* seq of the snapshot */
	bool looked;
	struct seep_smaps before;
	double before_s;
	double before_live;
	double before_released;
	double next_s;
	struct seep_cause cause;
	UT_hash_handle hh;
};

struct seep_causes {
	struct seep_kernel *kernel;
	struct seep_symbolizer *symbolizer;
	struct seep_stacks *stacks;
	struct entry *entries;
};

int seep_causes_new(struct seep_kernel *kernel, struct seep_symbolizer *symbolizer,
		    struct seep_stacks *stacks, struct seep_causes **ret_causes)
{
	struct seep_causes *causes = calloc(1, sizeof(*causes));

	if (!causes)
		return -ENOMEM;
	causes->kernel = kernel;
	causes->symbolizer = symbolizer;
	causes->stacks = stacks;
	*ret_causes = causes;
	return 0;
}

static void drop(struct seep_causes *causes, struct entry *entry)
{
	HASH_DEL(causes->entries, entry);
	seep_smaps_done(&entry->before);
	free(entry);
}

void seep_causes_free(struct seep_causes *causes)
{
	struct entry *entry, *next;

	if (!causes)
		return;
	HASH_ITER(hh, causes->entries, entry, next)
		drop(causes, entry);
	free(causes);
}

/* What may turn out to grow without its sites. */
static bool is_suspect(const struct seep_process *process,
		       const struct seep_process_verdict *verdict)
{
	if (process->rss_bytes > RESIDENT_MAX)
		return false;
	if (verdict->health != SEEP_HEALTH_UNKNOWN)
		return verdict->health == SEEP_HEALTH_UNEXPLAINED;
	return verdict->observed_s >= FIRST_LOOK_S && seep_trend_rises(&verdict->resident) &&
	       verdict->resident.slope.value * verdict->observed_s >= LOOK_BYTES &&
	       verdict->explained.slope.value < verdict->resident.slope.value / 2;
}

static struct entry *find(const struct seep_causes *causes, const struct seep_process *process)
{
	struct entry *entry;

	HASH_FIND(hh, causes->entries, &process->id, sizeof(process->id), entry);
	return entry;
}

/* NULL when memory is out. */
static struct entry *add(struct seep_causes *causes, const struct seep_process *process)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->id = process->id;
	HASH_ADD(hh, causes->entries, id, sizeof(entry->id), entry);
	if (!entry->hh.tbl) {
		free(entry);
		return NULL;
	}
	return entry;
}

/* The range of the process that has most of the addresses of @cause. */
static const struct seep_live_object *find_range(const struct seep_object_list *ranges,
						 uint32_t process, const struct seep_cause *cause)
{
	uint64_t end = cause->address + cause->mapping_bytes, most = 0;
	const struct seep_live_object *range, *found = NULL;

	for (size_t i = 0; (range = seep_object_list_get(ranges, process, i)); i++) {
		uint64_t from = range->key.id, to = from + range->object.bytes;
		uint64_t first = from > cause->address ? from : cause->address;
		uint64_t last = to < end ? to : end;

		if (last > first && last - first > most) {
			most = last - first;
			found = range;
		}
	}
	return found;
}

/* Who has mapped it, if that was traced. */
static void find_owner(struct seep_causes *causes, const struct seep_process *process,
		       struct seep_cause *cause)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct seep_site site = {.process = process, .kind = SEEP_KIND_MAPPING};
	const struct seep_live_object *range;
	struct seep_object_list *ranges;

	if (!process->totals[SEEP_KIND_MAPPING].traced ||
	    seep_object_list_read(causes->kernel, SEEP_KIND_MAPPING, seep_live_object_by_id,
				  &ranges))
		return;
	range = find_range(ranges, process->id, cause);
	if (range)
		site.stack = seep_stacks_get(causes->stacks, range->object.stack);
	seep_object_list_free(ranges);
	if (!site.stack)
		return;
	switch (seep_origin_of(site.stack)) {
	case SEEP_ORIGIN_BEFORE:
		seep_buffer_puts(&text, "mapped before the trace");
		break;
	case SEEP_ORIGIN_ALLOCATOR:
		seep_buffer_puts(&text, "mapped by an allocator");
		break;
	case -1:
		seep_buffer_puts(&text, "mapped by ");
		seep_entry_append_name(&text, causes->symbolizer, &site, SEEP_CAUSE_NAME_COLUMNS);
		break;
	default:
		break;
	}
	seep_cause_set_owner(cause, &text);
}

/* What the process has, with the time that it took: 0 or -errno. */
static int look(const struct seep_process *process, double now_s, struct seep_smaps *ret_smaps,
		double *ret_next_s)
{
	uint64_t start_ns = seep_clock_monotonic_ns();
	int error = seep_smaps_read(process->pid, ret_smaps);
	double took_s = (double)(seep_clock_monotonic_ns() - start_ns) / (double)SEEP_NS_PER_S;

	*ret_next_s = now_s + fmax(LOOK_S, LOOK_SHARE * took_s);
	return error;
}

static double live_bytes(const struct seep_process *process)
{
	return (double)process->totals[SEEP_KIND_MEMORY].live_bytes;
}

static double released_bytes(const struct seep_process *process)
{
	return (double)process->totals[SEEP_KIND_MEMORY].counts.free_bytes;
}

static void look_first(struct entry *entry, const struct seep_process *process, double now_s)
{
	if (look(process, now_s, &entry->before, &entry->next_s))
		return;
	entry->looked = true;
	entry->before_s = now_s;
	entry->before_live = live_bytes(process);
	entry->before_released = released_bytes(process);
}

static void look_again(struct seep_causes *causes, struct entry *entry,
		       const struct seep_process *process,
		       const struct seep_process_verdict *verdict, double now_s)
{
	struct seep_smaps after;
	struct seep_cause_moments moments = {
		.verdict = verdict,
		.before = &entry->before,
		.after = &after,
		.before_s = entry->before_s,
		.after_s = now_s,
		.before_live_bytes = entry->before_live,
		.after_live_bytes = live_bytes(process),
		.before_released_bytes = entry->before_released,
		.after_released_bytes = released_bytes(process),
	};
	struct seep_cause cause;

	if (look(process, now_s, &after, &entry->next_s))
		return;
	/* The next one when twice as much time has passed. */
	entry->next_s = fmax(entry->next_s, now_s + (now_s - entry->before_s));
	if (seep_cause_of_regions(&moments, &cause)) {
		if (cause.address)
			find_owner(causes, process, &cause);
		entry->cause = cause;
	}
	seep_smaps_done(&after);
}

void seep_causes_find(struct seep_causes *causes, const struct seep_snapshot *snapshot,
		      const struct seep_process *process,
		      const struct seep_process_verdict *verdict, struct seep_cause *ret_cause)
{
	double now_s = (double)snapshot->elapsed_ns / (double)SEEP_NS_PER_S;
	double rate = verdict->resident.slope.value;
	struct entry *entry = find(causes, process);

	*ret_cause = (struct seep_cause){.kind = SEEP_CAUSE_NONE};
	if (!entry && is_suspect(process, verdict))
		entry = add(causes, process);
	if (!entry)
		return;
	entry->seen = snapshot->seq;
	if (!is_suspect(process, verdict))
		return;
	/* Of a process that has ended nothing can be read, and what was found stays. */
	if (process->exited)
		seep_smaps_done(&entry->before);
	else if (!entry->looked)
		look_first(entry, process, now_s);
	else if (rate * (now_s - entry->before_s) >= LOOK_BYTES &&
		 (now_s >= entry->next_s || (snapshot->final && !entry->cause.kind)))
		look_again(causes, entry, process, verdict, now_s);
	/* Of what may only be its start nothing is said yet. */
	if (verdict->health == SEEP_HEALTH_UNEXPLAINED)
		*ret_cause = entry->cause;
}

void seep_causes_end(struct seep_causes *causes, const struct seep_snapshot *snapshot)
{
	struct entry *entry, *next;

	HASH_ITER(hh, causes->entries, entry, next) {
		if (entry->seen != snapshot->seq)
			drop(causes, entry);
	}
}
