// SPDX-License-Identifier: GPL-2.0-only
/* Sentences about a process: what its memory does, its mappings, and what it grows by. */
#include <math.h>

#include "base/units.h"
#include "verdict/evidence_private.h"

/* The numbers behind the health of the process; those that are not known are left out. */
static void say_memory(struct seep_evidence_writer *writer,
		       const struct seep_process_verdict *verdict)
{
	char one[SEEP_EVIDENCE_TEXT], two[SEEP_EVIDENCE_TEXT], low[SEEP_EVIDENCE_TEXT],
		high[SEEP_EVIDENCE_TEXT];
	const struct seep_interval *resident = &verdict->resident.slope;

	if (seep_trend_rises(&verdict->resident))
		seep_evidence_say(writer, "its memory grows by %s per second (95 %%: %s to %s)",
				  seep_evidence_amount(one, true, resident->value),
				  seep_evidence_amount(low, true, resident->low),
				  seep_evidence_amount(high, true, resident->high));
	if (verdict->health == SEEP_HEALTH_EXPLAINED || verdict->health == SEEP_HEALTH_UNEXPLAINED)
		seep_evidence_say(writer, "what the sites have grows by %s per second%s",
				  seep_evidence_amount(one, true, verdict->explained.slope.value),
				  verdict->health == SEEP_HEALTH_EXPLAINED ?
					  "" :
					  ", which does not explain it");
	if (!isnan(verdict->resident_bytes))
		seep_evidence_say(writer,
				  "%s are resident, %s of them in live objects of the sites",
				  seep_evidence_amount(one, true, verdict->resident_bytes),
				  seep_evidence_amount(two, true, verdict->explained_bytes));
	if (verdict->before_bytes > 0)
		seep_evidence_say(writer, "%s were resident before the trace began",
				  seep_evidence_amount(one, true, verdict->before_bytes));
	if (!isnan(verdict->coverage))
		seep_evidence_say(writer, "the sites cover %s of what has become resident since",
				  seep_evidence_percent(one, verdict->coverage));
}

/* With one too many mmap fails, and with it malloc and the start of a thread. */
static void say_mappings(struct seep_evidence_writer *writer,
			 const struct seep_process_verdict *verdict)
{
	const struct seep_interval *rate = &verdict->mappings.slope;
	const struct seep_interval *eta_s = &verdict->mappings_eta_s;
	const char *unit;
	double unit_s = seep_evidence_time_unit(rate->value, &unit);
	char one[SEEP_EVIDENCE_TEXT], low[SEEP_EVIDENCE_TEXT], high[SEEP_EVIDENCE_TEXT],
		limit[SEEP_EVIDENCE_TEXT], time[SEEP_UNIT_MAX];

	if (!seep_process_mappings_grow(verdict))
		return;
	seep_evidence_say(writer, "the number of its mappings grows by %s per %s (95 %%: %s to %s)",
			  seep_evidence_amount(one, false, unit_s * rate->value), unit,
			  seep_evidence_amount(low, false, unit_s * rate->low),
			  seep_evidence_amount(high, false, unit_s * rate->high));
	if (seep_interval_known(eta_s) && isfinite(eta_s->value))
		seep_evidence_say(writer,
				  "it has %s mappings; the limit of %s (%s) is reached in %s",
				  seep_evidence_amount(one, false, verdict->num_mappings),
				  seep_evidence_amount(limit, false, verdict->max_mappings),
				  seep_limit_text(SEEP_LIMIT_MAP_COUNT),
				  seep_format_seconds(time, eta_s->value));
}

int seep_evidence_of_process(const struct seep_process_verdict *verdict,
			     const struct seep_cause *cause, struct seep_sentences *ret_evidence)
{
	struct seep_evidence_writer writer = {.sentences = ret_evidence};

	ret_evidence->count = 0;
	if (cause)
		writer.error = seep_cause_words(cause, ret_evidence->texts, &ret_evidence->count);
	say_memory(&writer, verdict);
	if (verdict->health == SEEP_HEALTH_EXPLAINED || verdict->health == SEEP_HEALTH_UNEXPLAINED)
		seep_evidence_say_eta(&writer, &verdict->eta_s, verdict->limit);
	say_mappings(&writer, verdict);
	return seep_evidence_finish(&writer);
}
