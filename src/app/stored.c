// SPDX-License-Identifier: GPL-2.0-only
#include "app/stored.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/judgement.h"

#define MAX_LINES 16 /* more than any version writes */

/* Lines of a text, as sentences; the first one owns the text. */
struct lines {
	size_t count;
	const char *texts[MAX_LINES];
};

struct seep_stored {
	size_t count;
	struct entry {
		struct seep_judgement of_site;
		struct seep_process_judgement of_process;
		struct lines evidence;
		struct lines advice;
		struct seep_companion companions[SEEP_STORED_COMPANIONS];
	} entries[];
};

static int split(const char *text, struct lines *lines)
{
	char *copy = text ? strdup(text) : NULL, *position = copy;

	if (text && !copy)
		return -ENOMEM;
	while (position && lines->count < MAX_LINES)
		lines->texts[lines->count++] = strsep(&position, "\n");
	return 0;
}

static const char *or_none(const char *text)
{
	return text ? text : "none";
}

static void fill(struct entry *entry, const struct seep_stored_verdict *verdict)
{
	entry->of_site = (struct seep_judgement){
		.class = verdict->class,
		.pattern = or_none(verdict->pattern),
		.severity = verdict->severity,
		.confidence = verdict->confidence,
		.rate = verdict->rate,
		.leaked = verdict->leaked,
		.eta_s = verdict->eta_s,
		.since_s = (double)verdict->since_ns / 1e9,
		.num_evidence = entry->evidence.count,
		.evidence = entry->evidence.texts,
		.num_advice = entry->advice.count,
		.advice = entry->advice.texts,
	};
	entry->of_process = (struct seep_process_judgement){
		.health = verdict->class,
		.coverage = NAN,
		.rate = verdict->rate,
		.eta_s = verdict->eta_s,
		.num_evidence = entry->evidence.count,
		.evidence = entry->evidence.texts,
	};
}

static void fill_companions(struct entry *entry, const struct seep_loaded *loaded,
			    const struct seep_stored_verdict *verdict)
{
	for (size_t i = 0; i < verdict->num_companions; i++) {
		const struct seep_stored_companion *companion = &verdict->companions[i];

		entry->companions[i] = (struct seep_companion){
			.site = companion->site == SEEP_OF_PROCESS ?
					NULL :
					&loaded->snapshot.sites[companion->site],
			.measure = companion->measure,
			.correlation = companion->correlation,
		};
	}
	entry->of_site.num_companions = verdict->num_companions;
	entry->of_site.companions = entry->companions;
}

int seep_stored_judge(struct seep_loaded *loaded, struct seep_stored **ret_stored)
{
	struct seep_stored *stored =
		calloc(1, sizeof(*stored) + loaded->num_verdicts * sizeof(stored->entries[0]));

	if (!stored)
		return -ENOMEM;
	for (size_t i = 0; i < loaded->num_verdicts; i++) {
		const struct seep_stored_verdict *verdict = &loaded->verdicts[i];
		struct entry *entry = &stored->entries[stored->count++];

		if (split(verdict->evidence, &entry->evidence) ||
		    split(verdict->advice, &entry->advice)) {
			seep_stored_free(stored);
			return -ENOMEM;
		}
		fill(entry, verdict);
		fill_companions(entry, loaded, verdict);
		/* The snapshot is ours. */
		if (verdict->site == SEEP_OF_PROCESS)
			entry->of_process.coverage = seep_process_coverage(
				&loaded->snapshot.processes[verdict->process], 1);
		if (verdict->site == SEEP_OF_PROCESS)
			((struct seep_process *)loaded->snapshot.processes)[verdict->process]
				.judgement = &entry->of_process;
		else
			((struct seep_site *)loaded->snapshot.sites)[verdict->site].judgement =
				&entry->of_site;
	}
	*ret_stored = stored;
	return 0;
}

void seep_stored_free(struct seep_stored *stored)
{
	if (!stored)
		return;
	for (size_t i = 0; i < stored->count; i++) {
		free((char *)stored->entries[i].evidence.texts[0]);
		free((char *)stored->entries[i].advice.texts[0]);
	}
	free(stored);
}
