/* SPDX-License-Identifier: GPL-2.0-only */
/* What pclntab.c and pclntab_pcs.c share: bounded access to the table and to the _func in it. */
#ifndef SEEP_GOLANG_PCLNTAB_PRIVATE_H
#define SEEP_GOLANG_PCLNTAB_PRIVATE_H

#include <stdint.h>

#include "golang/pclntab.h"

enum seep_pclntab_version {
	SEEP_PCLNTAB_GO_1_18,
	SEEP_PCLNTAB_GO_1_20,
};

/* Offsets in a _func, the same in all versions up to here; each is a number of 4 bytes. */
enum seep_go_function_field {
	SEEP_GO_FUNCTION_ENTRY = 0,
	SEEP_GO_FUNCTION_NAME = 4,
	SEEP_GO_FUNCTION_STACK = 16, /* pcsp */
	SEEP_GO_FUNCTION_FILE = 20,
	SEEP_GO_FUNCTION_LINE = 24,
	SEEP_GO_FUNCTION_NUM_PCDATA = 28,
	SEEP_GO_FUNCTION_UNIT = 32,
};

/* The number of 4 bytes at @offset of the table. 0 or -EINVAL. */
int seep_pclntab_u32(const struct seep_pclntab *table, uint64_t offset, uint32_t *ret_value);

/* The string at @offset, NULL if it is outside. */
const char *seep_pclntab_string(const struct seep_pclntab *table, uint64_t offset);

/* Where the last 4 bytes of the fixed part of a _func are: its ID, flags, counts. */
uint64_t seep_go_function_tail(const struct seep_pclntab *table,
			       const struct seep_go_function *function);

#endif
