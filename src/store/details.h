/* SPDX-License-Identifier: GPL-2.0-only */
/* The details of a site as JSON, which SQLite can look into (json_each). */
#ifndef SEEP_STORE_DETAILS_H
#define SEEP_STORE_DETAILS_H

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/arena.h"

/* Groups, and examples, that are read at most: an inventory writes fewer than a hundred. */
#define SEEP_DETAILS_MAX 4096

/* Appends {"groups":[{"name":,"objects":,"bytes":},...],"examples":[...]}. 0, -ENOMEM or -E2BIG. */
int seep_details_encode(const struct seep_details *details, struct seep_buffer *json);

/* Reads it back into @arena. 0, -EBADMSG or -ENOMEM. */
int seep_details_decode(const char *json, struct seep_arena *arena,
			const struct seep_details **ret_details);

#endif
