/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdicts of a capture, put back into its snapshot for the reports. */
#ifndef SEEP_APP_STORED_H
#define SEEP_APP_STORED_H

#include "store/reader.h"

struct seep_stored;

/*
 * Gives the sites and processes of @loaded their judgements. They belong to *ret_stored, which is freed before
 * @loaded is. 0 or -ENOMEM.
 */
int seep_stored_judge(struct seep_loaded *loaded, struct seep_stored **ret_stored);
void seep_stored_free(struct seep_stored *stored);

#endif
