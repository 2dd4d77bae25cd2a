// SPDX-License-Identifier: GPL-2.0-only
#include "golang/allgs.h"

#include "golang/operands.h"

uint64_t seep_go_find_allgs(const struct seep_image *image, const struct seep_pclntab *table)
{
	struct seep_go_operands operands;

	seep_go_operands_find(image, table, "runtime.allgadd", &operands);
	return seep_go_operands_slice(&operands, 0);
}
