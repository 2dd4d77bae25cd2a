/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is different between two snapshots, of one trace or of two.
 *
 * A site is found again by its stable id and kind in the same program; processes of one program are
 * added up, because PIDs differ and their number may. After a rebuild no id is as before: then what
 * is left over is matched by the names of its functions, but only if the builds differ, as within
 * one build ids tell paths apart that have the same names.
 */
#ifndef SEEP_MODEL_COMPARE_H
#define SEEP_MODEL_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/change.h"
#include "model/doubt.h"
#include "model/snapshot.h"

/* What a site's stack is beside its id. */
struct seep_path {
	uint64_t names;	 /* hash of the functions on it; 0: some have no name, or it is not known */
	uint64_t builds; /* hash of the builds that it goes through */
};

struct seep_side {
	const struct seep_snapshot *snapshot;
	const struct seep_path *paths; /* of its sites; NULL: they are matched by id only */
};

/* The last part of the path of its executable, or its command name if that is not known. Raw. */
const char *seep_program_of(const struct seep_process *process);

struct seep_comparison {
	struct seep_side before;
	struct seep_side after;
	enum seep_metric metric; /* that types and order are by; of what is counted, in objects */
	uint32_t kinds;		 /* SEEP_KIND_BIT of each that is compared */
	uint32_t doubts;
	uint64_t span_ns; /* between two moments of one trace; 0: they are of two */
	size_t num_changes;
	size_t num_by_names;
	/* By kind, then type, then size of the change, the largest first. */
	struct seep_change *changes;
};

struct seep_compare_options {
	uint32_t kinds; /* those wanted */
	enum seep_metric metric;
	bool same_trace; /* both snapshots are of one trace */
};

/*
 * Compares. What is compared must outlive the comparison. 0; -ENODATA: no kind that is wanted was
 * traced in both; -ENOMEM.
 */
int seep_compare(const struct seep_side *before, const struct seep_side *after,
		 const struct seep_compare_options *options,
		 struct seep_comparison **ret_comparison);
void seep_comparison_free(struct seep_comparison *comparison);

/* All changes of one kind. */
void seep_comparison_sum(const struct seep_comparison *comparison, enum seep_kind kind,
			 struct seep_amount *ret_before, struct seep_amount *ret_after);

#endif
