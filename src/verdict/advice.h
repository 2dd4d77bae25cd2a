/* SPDX-License-Identifier: GPL-2.0-only */
/* What to do about a site, in sentences: plain ASCII without control characters. */
#ifndef SEEP_VERDICT_ADVICE_H
#define SEEP_VERDICT_ADVICE_H

#include <stddef.h>

#include "verdict/verdict.h"

/* The likeliest first: at most @max sentences, which are constant. Returns how many. */
size_t seep_advice_for_site(const struct seep_verdict *verdict, const char **ret_advice,
			    size_t max);

#endif
