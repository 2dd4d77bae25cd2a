// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three occasions to keep probes away from a target: before each rescan (seep_target_check, by
 * rescan.c), when BPF meets a hazard in one of its threads (seep_targets_refuse, by follow.c of
 * trace), and at an exec, whose program has inherited them (seep_targets_recheck, by lifecycle.c).
 * A refused target stays in the table: what needs no probes is traced all the same.
 */
#include "target/safety.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/processes.h"
#include "target/detach.h"
#include "target/hold.h"
#include "target/targets_private.h"

/* Sentences on standard error; of the others the report has the number. */
#define MAX_TOLD 20

/* By enum seep_refusal, from the one list in seep/refusals.h. */
static const char *const texts[] = {
#define SEEP_REFUSAL_TEXT(name, key, text) [SEEP_REFUSAL_##name] = text,
	SEEP_REFUSALS(SEEP_REFUSAL_TEXT)
#undef SEEP_REFUSAL_TEXT
};

static const char *const keys[] = {
#define SEEP_REFUSAL_KEY(name, key, text) [SEEP_REFUSAL_##name] = #key,
	SEEP_REFUSALS(SEEP_REFUSAL_KEY)
#undef SEEP_REFUSAL_KEY
};

const char *seep_refusal_key(enum seep_refusal refusal)
{
	return keys[refusal];
}

const char *seep_refusal_text(enum seep_refusal refusal)
{
	return texts[refusal];
}

enum seep_refusal seep_refusal_of(uint32_t hazards)
{
	/* The order of the list decides which of several reasons is told. */
	for (int i = SEEP_REFUSAL_NONE + 1; i < SEEP_REFUSAL_COUNT; i++) {
		if (hazards & SEEP_REFUSAL_BIT(i))
			return (enum seep_refusal)i;
	}
	return SEEP_REFUSAL_NONE;
}

uint64_t seep_targets_num_refused(const struct seep_targets *targets)
{
	return targets->num_refused;
}

/*
 * Shared probes are in every process of the machine anyhow, so nobody is refused. Translators are
 * unsafe on every kernel; the other hazards only where the trials at the start have shown it.
 */
enum seep_refusal seep_target_check(struct seep_targets *targets, const struct seep_target *target,
				    const struct seep_maps *maps)
{
	uint32_t hazards = 0;

	if (targets->config.shared_probes)
		return SEEP_REFUSAL_NONE;
	if (seep_translators_have(targets->translators, target->pid, maps))
		return SEEP_REFUSAL_TRANSLATOR;
	if (!targets->config.hazards ||
	    seep_kernel_find_hazards(targets->config.kernel, target->pid, &hazards))
		return SEEP_REFUSAL_NONE;
	return seep_refusal_of(hazards);
}

void seep_targets_refuse(struct seep_targets *targets, struct seep_target *target,
			 enum seep_refusal refusal)
{
	if (target->refusal || targets->config.shared_probes)
		return;
	seep_target_drop_probes(target);
	/*
	 * The probes are closed, not just disabled: a breakpoint harms a translator even if it
	 * counts nothing.
	 */
	target->num_functions = 0;
	target->refusal = refusal;
	/* What needs no probes is traced all the same. */
	seep_kernel_set_active(targets->config.kernel, target->slot, true);
	/* Counted always, told for the first ones. */
	if (targets->num_refused++ < MAX_TOLD)
		seep_warn("process %d (%s) is not probed: %s", target->pid,
			  target->record->process.comm, seep_refusal_text(refusal));
}

void seep_targets_recheck(struct seep_targets *targets, struct seep_target *target)
{
	struct seep_maps maps;
	int signal = 0;
	bool held;

	/* Without links there is nothing to take away: shared probes belong to no target. */
	if (!seep_probes_num_links(&target->probes) || seep_maps_read(target->pid, &maps))
		return;
	if (seep_translators_have(targets->translators, target->pid, &maps)) {
		/*
		 * Closing a perf event takes a grace period of the machine, and the events follow
		 * one after the other; a translator is at its first instructions to translate
		 * before that. Here it has one thread.
		 */
		held = seep_hold_begin(target->pid, &signal);
		seep_target_drop_probes(target);
		if (held)
			seep_hold_end(target->pid, signal);
	}
	seep_maps_done(&maps);
}

/* O_NONBLOCK: the path may name a FIFO, which would block the open. */
bool seep_targets_translates(struct seep_targets *targets, const char *path)
{
	SEEP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd >= 0 && seep_translators_have_program(targets->translators, path, fd);
}
