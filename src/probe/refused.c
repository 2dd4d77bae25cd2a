// SPDX-License-Identifier: GPL-2.0-only
/*
 * Called once for each file by file_functions.c. Which functions are not to be believed was decided
 * by symbol/search.h; this only puts it into words.
 */
#include "probe/refused.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/log.h"

static const char *const reasons[SEEP_DISTRUST_COUNT] = {
	[SEEP_DISTRUST_DEBUG_FILE] =
		"only a debug file says where it is, and others than root may have written that file",
	[SEEP_DISTRUST_NO_ENTRY] =
		"the unwind information of the file itself has no function there",
};

/*
 * One sentence for all functions with the same reason: the first by name, the others as a number.
 */
static void tell_reason(const char *path, const struct seep_search *search,
			enum seep_distrust reason)
{
	const struct seep_refused *refused = &search->refused[reason];
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	if (!refused->count)
		return;
	seep_buffer_puts(&text, refused->first->name);
	if (refused->count > 1)
		seep_buffer_printf(&text, " and %zu more", refused->count - 1);
	seep_buffer_printf(&text, " in \"%s\": not traced, because %s", path, reasons[reason]);
	if (reason == SEEP_DISTRUST_DEBUG_FILE && search->refused_path)
		seep_buffer_printf(&text, ": \"%s\"", search->refused_path);
	if (!text.error)
		seep_warn("%s", text.data);
}

void seep_refused_tell(const char *path, const struct seep_search *search)
{
	for (int i = 0; i < SEEP_DISTRUST_COUNT; i++)
		tell_reason(path, search, (enum seep_distrust)i);
	/* An ignored debug file that would have changed nothing is of interest to -v only. */
	if (search->refused_path && !search->refused[SEEP_DISTRUST_DEBUG_FILE].count)
		seep_debug(
			"the debug file \"%s\" of \"%s\" is ignored for probes: others than root may "
			"have written or placed it",
			search->refused_path, path);
}
