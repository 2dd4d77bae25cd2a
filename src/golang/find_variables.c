// SPDX-License-Identifier: GPL-2.0-only
#include "golang/find_variables.h"

#include "golang/operands.h"

uint64_t seep_go_find_variable(const struct seep_image *image, const struct seep_pclntab *table,
			       enum seep_go_variable variable)
{
	struct seep_go_operands operands;
	/* Each of these functions loads nothing else, in Go 1.19 to 1.27. */
	const char *loads = variable == SEEP_GO_MEMORY_BUCKETS ? "runtime.mProf_FlushLocked" :
			    variable == SEEP_GO_PROFILE_CYCLE  ? "runtime.mProf_Flush" :
			    variable == SEEP_GO_PROFILE_RATE   ? "runtime.allocmcache" :
								 NULL;

	if (variable == SEEP_GO_ALLGS) {
		seep_go_operands_find(image, table, "runtime.allgadd", &operands);
		return seep_go_operands_slice(&operands, 0);
	}
	if (!loads)
		return 0;
	seep_go_operands_find(image, table, loads, &operands);
	return operands.loaded;
}
