/* SPDX-License-Identifier: GPL-2.0-only */
/* The sites for which a command is to fail: those that leak, but for what the user knows already. */
#ifndef SEEP_APP_CULPRITS_H
#define SEEP_APP_CULPRITS_H

#include "app/config.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "text/verdict.h"

struct seep_culprits;

/* Reads what is asked for. 0, or -errno after saying what is wrong. */
int seep_culprits_new(const struct seep_config *config, struct seep_culprits **ret_culprits);
void seep_culprits_free(struct seep_culprits *culprits);

/*
 * Looks for them in @snapshot; *ret_accusation is valid until the next call. 0 or -ENOMEM.
 */
int seep_culprits_find(struct seep_culprits *culprits, const struct seep_snapshot *snapshot,
		       struct seep_symbolizer *symbolizer,
		       const struct seep_accusation **ret_accusation);

#endif
