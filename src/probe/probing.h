/* SPDX-License-Identifier: GPL-2.0-only */
/* Settings that decide where probes go and how they are attached. */
#ifndef SEEP_PROBE_PROBING_H
#define SEEP_PROBE_PROBING_H

#include <stdbool.h>

#include "kernel/features.h"

struct seep_probing {
	enum seep_attach_variant variant; /* SEEP_ATTACH_VARIANT_COUNT: the best one */
	bool from_start; /* probes in every process of the machine, from its start on */
	bool unplaced;	 /* probes at first instructions: see seep_files_new */
};

#endif
