/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks in JSON: the members "stack_end" and "stack" of a site. */
#ifndef SEEP_JSON_STACK_H
#define SEEP_JSON_STACK_H

#include <stddef.h>

#include "model/snapshot.h"
#include "report/intern.h"
#include "symbol/symbolizer.h"
#include "json/fields.h"

/* Stacks share most of their frames, so each is formatted once and copied from then on. */
struct seep_json_stacks {
	struct seep_symbolizer *symbolizer;
	struct seep_numbers frames;
	struct seep_json_frame *written; /* by number in frames */
	size_t capacity;
	struct seep_buffer text;
};

void seep_json_stacks_init(struct seep_json_stacks *stacks, struct seep_symbolizer *symbolizer);
void seep_json_stacks_done(struct seep_json_stacks *stacks);

/* Writes @object, a site, with its stack as the last members, and releases it. 0 or -errno. */
int seep_json_write_site(struct seep_json_stacks *stacks, struct seep_json *json,
			 struct json_object *object, const struct seep_site *site);

#endif
