/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes that are being traced: a slot in the kernel's table, the probes in their files, and
 * a pidfd that tells when they are gone. One thread.
 */
#ifndef SEEP_TARGET_TARGETS_H
#define SEEP_TARGET_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "inventory/inventory.h"
#include "kernel/features.h"
#include "kernel/kernel.h"
#include "managed/managed.h"
#include "probe/files.h"
#include "probe/probes.h"
#include "seep/refusals.h"
#include "stack/tables.h"
#include "target/processes.h"
#include "target/translators.h"

struct seep_target {
	pid_t pid;
	uint32_t slot;
	uint32_t process; /* id of its present program image */
	int pidfd;	  /* readable when the process has ended */
	char *root;	  /* see seep_proc_info */
	struct seep_record *record;
	bool by_scope;		   /* nobody named it: it came by fork, exec or its cgroup */
	bool stale;		   /* its loader has told of a change */
	bool late;		   /* it became another program while probes were placed */
	bool moved;		   /* it has functions where no probe reaches, which was said */
	enum seep_refusal refusal; /* why its present program is not probed */
	size_t num_files;	   /* that it maps executable and that could be opened */
	const struct seep_file **files;
	size_t num_functions;	   /* traced ones in them */
	struct seep_probes probes; /* none if all processes share theirs */
};

struct seep_targets;

struct seep_targets_config {
	struct seep_kernel *kernel;
	struct seep_inventory *inventory;
	struct seep_managed *managed;
	struct seep_files *files;
	const struct seep_allocators *allocators;
	struct seep_tables *tables;
	struct seep_processes *processes;
	enum seep_attach_variant variant;
	uint32_t hazards;   /* see struct seep_features */
	bool shared_probes; /* in all processes of the machine at once, whatever becomes of them */
	uint64_t *missed_attach; /* files that could not be probed when their process was added */
	uint64_t *lost_probes;	 /* see probe/breakpoints.h */
};

/* 0 or -ENOMEM. What @config points to must outlive the table. */
int seep_targets_new(const struct seep_targets_config *config, struct seep_targets **ret_targets);
/* Removes every probe. */
void seep_targets_free(struct seep_targets *targets);

/* The live target whose process id is @process now, or NULL: it has ended, or runs another program.
 */
struct seep_target *seep_targets_of(const struct seep_targets *targets, uint32_t process);

/*
 * May it be about to end? So it is with many that nobody named, in their first second: looking
 * closely at each of them would cost more than the trace.
 */
bool seep_target_is_brief(const struct seep_target *target);

/* The live target in @slot, or NULL. */
struct seep_target *seep_targets_at(const struct seep_targets *targets, uint32_t slot);

/*
 * Lets go of a target that ended, or is not to be traced any more: probes and descriptor. Its slot
 * can be used again when the maps hold nothing of it any more: seep_targets_release.
 */
void seep_targets_remove(struct seep_targets *targets, struct seep_target *target);
/* The processes of all removed targets have been reaped. */
void seep_targets_release(struct seep_targets *targets);

/* Has the process ended? Until then nobody else can have its PID. */
bool seep_target_has_ended(const struct seep_target *target);

/* The traced process with this PID, or NULL. */
struct seep_target *seep_targets_by_pid(const struct seep_targets *targets, pid_t pid);

struct seep_targets_sum {
	size_t num_targets;
	size_t num_functions; /* probed */
	size_t num_files;     /* with probes */
	size_t num_without;   /* targets that have no traced function */
	size_t num_refused;   /* targets that may not be probed */
};
void seep_targets_sum(const struct seep_targets *targets, struct seep_targets_sum *ret_sum);

#endif
