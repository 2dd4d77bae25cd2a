/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests that try many of one kind try a part of them unless SEEP_TEST_WHOLE is set, which `make
 * check-rest` does.
 */
#ifndef TESTS_UNIT_EFFORT_H
#define TESTS_UNIT_EFFORT_H

#include <stdint.h>
#include <stdlib.h>

/* How many to try. */
static inline uint64_t effort(uint64_t whole, uint64_t part)
{
	return getenv("SEEP_TEST_WHOLE") ? whole : part;
}

#endif
