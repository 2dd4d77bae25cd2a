// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enums and their words. A search goes over all words: there are few of them, and each is asked for
 * once for each row.
 */
#include "model/keys.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

int seep_kind_of_key(const char *key, enum seep_kind *ret_kind)
{
	for (enum seep_kind kind = 0; key && kind < SEEP_KIND_COUNT; kind++) {
		if (strcmp(key, seep_kind_key(kind)) == 0) {
			*ret_kind = kind;
			return 0;
		}
	}
	return -EBADMSG;
}

int seep_end_of_key(const char *key, enum seep_end *ret_end)
{
	for (enum seep_end end = 0; key && end < SEEP_END_COUNT; end++) {
		if (strcmp(key, seep_end_key(end)) == 0) {
			*ret_end = end;
			return 0;
		}
	}
	return -EBADMSG;
}

int seep_loss_of_key(const char *key, enum seep_loss *ret_loss)
{
	for (enum seep_loss loss = 0; key && loss < SEEP_LOSS_COUNT; loss++) {
		if (strcmp(key, seep_loss_key(loss)) == 0) {
			*ret_loss = loss;
			return 0;
		}
	}
	return -EBADMSG;
}

int seep_tracing_mode_of_key(const char *key, enum seep_tracing_mode *ret_mode)
{
	for (enum seep_tracing_mode mode = 0; key && mode < SEEP_TRACING_MODE_COUNT; mode++) {
		if (strcmp(key, seep_tracing_mode_key(mode)) == 0) {
			*ret_mode = mode;
			return 0;
		}
	}
	return -EBADMSG;
}

void seep_kinds_append(struct seep_buffer *buffer, const struct seep_totals *totals)
{
	const char *separator = "";

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (!totals[kind].traced)
			continue;
		seep_buffer_printf(buffer, "%s%s", separator, seep_kind_key(kind));
		separator = ",";
	}
}

/* A kind that this version does not know is -EBADMSG. 0 also for an empty text. */
int seep_kinds_parse(const char *text, struct seep_totals *totals)
{
	SEEP_AUTO_FREE char *copy = text ? strdup(text) : NULL;
	char *rest = copy, *word;

	if (!copy)
		return text ? -ENOMEM : -EBADMSG;
	while ((word = strsep(&rest, ","))) {
		enum seep_kind kind;

		/* An empty text is one empty word. */
		if (!*word)
			continue;
		if (seep_kind_of_key(word, &kind))
			return -EBADMSG;
		totals[kind].traced = true;
	}
	return 0;
}
