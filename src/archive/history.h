/* SPDX-License-Identifier: GPL-2.0-only */
/* The history of a capture, as the HTML report draws them. */
#ifndef SEEP_ARCHIVE_HISTORY_H
#define SEEP_ARCHIVE_HISTORY_H

#include "store/reader.h"
#include "web/html.h"

struct seep_history;

/*
 * For the report of @loaded, up to its moment. *ret_history belongs to the caller, and both readers
 * must outlive it; what seep_history_html gives out is valid until it is freed. 0 or -errno.
 */
int seep_history_new(struct seep_reader *reader, const struct seep_loaded *loaded,
		     struct seep_history **ret_history);
void seep_history_free(struct seep_history *history);
const struct seep_html_history *seep_history_html(const struct seep_history *history);

#endif
