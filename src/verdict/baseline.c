// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sites of the baseline are copied into a list, which is searched from end to end for each site
 * that the gate asks about: those are few, as only sites that grow are asked for. By id first, and
 * only if nothing has the id, by names.
 */
#include "verdict/baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/judgement.h"

/*
 * A site of the baseline. What names it is copied, because the snapshot goes after
 * seep_baseline_new.
 */
struct entry {
	char *program;
	enum seep_kind kind;
	uint64_t id;
	struct seep_path path;
	enum seep_class class;
	struct seep_interval rate;
};

struct seep_baseline {
	size_t count;
	struct entry entries[];
};

const char *seep_baseline_status_key(enum seep_baseline_status_type type)
{
	static const char *const keys[] = {
#define SEEP_BASELINE_KEY(name, key) key,
		SEEP_BASELINE_STATUSES(SEEP_BASELINE_KEY)
#undef SEEP_BASELINE_KEY
	};

	return keys[type];
}

int seep_baseline_new(const struct seep_side *side, struct seep_baseline **ret_baseline)
{
	size_t max = side->snapshot->num_sites;
	struct seep_baseline *baseline =
		calloc(1, sizeof(*baseline) + max * sizeof(baseline->entries[0]));

	if (!baseline)
		return -ENOMEM;
	for (size_t i = 0; i < max; i++) {
		const struct seep_site *site = &side->snapshot->sites[i];
		struct entry *entry = &baseline->entries[baseline->count++];

		*entry = (struct entry){
			.program = strdup(seep_program_of(site->process)),
			.kind = site->kind,
			.id = site->id,
			.path = side->paths ? side->paths[i] : (struct seep_path){0},
			.class = SEEP_CLASS_UNKNOWN,
			.rate = SEEP_INTERVAL_UNKNOWN,
		};
		/*
		 * A site without a judgement is an entry as well: it is known, if not as growing.
		 */
		if (site->judgement) {
			entry->class = seep_judgement_class(site->judgement);
			entry->rate = site->judgement->rate;
		}
		if (!entry->program) {
			seep_baseline_free(baseline);
			return -ENOMEM;
		}
	}
	*ret_baseline = baseline;
	return 0;
}

void seep_baseline_free(struct seep_baseline *baseline)
{
	if (!baseline)
		return;
	for (size_t i = 0; i < baseline->count; i++)
		free(baseline->entries[i].program);
	free(baseline);
}

static bool is_same_by_id(const struct entry *entry, const struct seep_site *site)
{
	return entry->id == site->id;
}

/* Within one build another id is another call. */
static bool is_same_by_names(const struct entry *entry, const struct seep_path *path)
{
	return path->names && entry->path.names == path->names &&
	       entry->path.builds != path->builds;
}

/* Makes @status as bad as @entry is, if that is worse. */
static void take_worse(struct seep_baseline_status *status, const struct entry *entry)
{
	if (status->type == SEEP_BASELINE_NEW || entry->class > status->class)
		status->class = entry->class;
	if (!seep_interval_known(&status->rate) || entry->rate.high > status->rate.high)
		status->rate = entry->rate;
	status->type = SEEP_BASELINE_KNOWN;
}

/* Goes through all entries: several processes of one program may have had the site. */
static void look_up(const struct seep_baseline *baseline, const struct seep_site *site,
		    const struct seep_path *path, bool by_names,
		    struct seep_baseline_status *status)
{
	const char *program = seep_program_of(site->process);

	for (size_t i = 0; i < baseline->count; i++) {
		const struct entry *entry = &baseline->entries[i];

		if (entry->kind == site->kind &&
		    (by_names ? is_same_by_names(entry, path) : is_same_by_id(entry, site)) &&
		    strcmp(entry->program, program) == 0)
			take_worse(status, entry);
	}
}

/* See SEEP_WORSE_FACTOR. With a rate that is not known, NAN, no comparison holds. */
static bool is_faster(const struct seep_interval *rate, const struct seep_interval *before)
{
	return rate->low > before->high && rate->value > SEEP_WORSE_FACTOR * before->value;
}

struct seep_baseline_status seep_baseline_find(const struct seep_baseline *baseline,
					       const struct seep_site *site,
					       const struct seep_path *path)
{
	struct seep_baseline_status status = {.type = SEEP_BASELINE_NEW,
					      .rate = SEEP_INTERVAL_UNKNOWN};

	look_up(baseline, site, path, false, &status);
	if (status.type == SEEP_BASELINE_NEW)
		look_up(baseline, site, path, true, &status);
	if (status.type == SEEP_BASELINE_NEW)
		return status;
	if (seep_judgement_class(site->judgement) > status.class ||
	    is_faster(&site->judgement->rate, &status.rate))
		status.type = SEEP_BASELINE_WORSE;
	return status;
}
