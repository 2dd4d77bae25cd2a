// SPDX-License-Identifier: GPL-2.0-only
/*
 * The compiler addresses variables relative to the instruction. runtime.allgadd appends to allgs,
 * so it uses the three words of a slice in a row; of the others there is a function each that loads
 * nothing else. So it is in Go 1.19 to 1.27, on x86-64; what is found is tried before it is
 * believed.
 */
#include "golang/find_variables.h"

#include "golang/operands.h"

static uint64_t find_appended(const struct seep_image *image, const struct seep_pclntab *table,
			      const char *function)
{
	struct seep_go_operands operands;

	seep_go_operands_find(image, table, function, false, &operands);
	return seep_go_operands_slice(&operands, 0);
}

static uint64_t find_loaded(const struct seep_image *image, const struct seep_pclntab *table,
			    const char *function)
{
	struct seep_go_operands operands;

	seep_go_operands_find(image, table, function, true, &operands);
	return operands.count == 1 ? operands.addresses[0] : 0;
}

uint64_t seep_go_find_variable(const struct seep_image *image, const struct seep_pclntab *table,
			       enum seep_go_variable variable)
{
	switch (variable) {
	case SEEP_GO_ALLGS:
		return find_appended(image, table, "runtime.allgadd");
	case SEEP_GO_MEMORY_BUCKETS:
		return find_loaded(image, table, "runtime.mProf_FlushLocked");
	case SEEP_GO_PROFILE_CYCLE:
		return find_loaded(image, table, "runtime.mProf_Flush");
	case SEEP_GO_PROFILE_RATE:
		return find_loaded(image, table, "runtime.allocmcache");
	default:
		return 0;
	}
}
