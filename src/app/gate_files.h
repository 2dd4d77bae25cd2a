/* SPDX-License-Identifier: GPL-2.0-only */
/* The gate as the options want it, with the files that they name. */
#ifndef SEEP_APP_GATE_FILES_H
#define SEEP_APP_GATE_FILES_H

#include "app/config.h"
#include "verdict/gate.h"

/* Reads suppressions and baseline. 0, or -errno after saying what is wrong. */
int seep_gate_files_read(const struct seep_verdict_settings *settings, struct seep_gate **ret_gate);

#endif
