// SPDX-License-Identifier: GPL-2.0-only
#include "report/losses.h"

#include "base/units.h"

bool seep_report_loss_is_expected(const struct seep_snapshot *snapshot, enum seep_loss loss)
{
	if (loss != SEEP_LOSS_UNMATCHED_FREES)
		return false;
	/*
	 * One process that was traced from its start is enough: its releases should all be matched.
	 */
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		if (!snapshot->processes[i].attached_late)
			return false;
	}
	return snapshot->num_processes > 0;
}

const char *seep_report_loss_text(const struct seep_snapshot *snapshot, enum seep_loss loss)
{
	if (seep_report_loss_is_expected(snapshot, loss))
		return "releases of blocks from before the trace began (expected)";
	return seep_loss_text(loss);
}

void seep_report_append_loss(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
			     enum seep_loss loss)
{
	char count[SEEP_UNIT_MAX];

	seep_buffer_printf(buffer, "%s %s", seep_format_count(count, snapshot->losses[loss]),
			   seep_report_loss_text(snapshot, loss));
}

bool seep_report_append_next_loss(struct seep_buffer *buffer, const char *before,
				  const struct seep_snapshot *snapshot, size_t *number)
{
	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		/* Only losses that happened are counted down. */
		if (!seep_snapshot_lost(snapshot, loss) || (*number)-- > 0)
			continue;
		seep_buffer_puts(buffer, before);
		seep_report_append_loss(buffer, snapshot, loss);
		return true;
	}
	return false;
}
