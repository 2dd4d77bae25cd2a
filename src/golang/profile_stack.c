// SPDX-License-Identifier: GPL-2.0-only
/*
 * The runtime has an address for each call, those that were inlined too: behind the address in the
 * innermost one come those at which the others were inlined, up to the function that is on the
 * stack (tracebackPCs in runtime/traceback.go; before Go 1.21 gentraceback). Symbols tell all of
 * them from the innermost address, so the others are dropped.
 */
#include "golang/profile_stack.h"

#include <string.h>

/* Calls that are inlined into one function, at one address; one more is taken for another frame. */
#define CALLS_MAX 64

/* Until Go 1.20 an address in this function says how many calls are left out before the next. */
static bool is_skipper(const struct seep_go *go, uint64_t address)
{
	const struct seep_go_function *skipper = &go->skipper;

	return address - skipper->entry < skipper->end - skipper->entry;
}

static size_t count_inlined(const struct seep_go *go, const struct seep_go_function *function,
			    uint64_t address)
{
	struct seep_go_call calls[CALLS_MAX];

	return seep_pclntab_calls(&go->table, function, address, go->funcdata, go->funcdata_length,
				  calls, CALLS_MAX) -
	       1;
}

size_t seep_go_profile_stack(const struct seep_go *go, uint64_t *addresses, size_t count,
			     bool *ret_whole)
{
	struct seep_go_function function = {.entry = 0};
	size_t kept = 0, inlined = 0;

	*ret_whole = false;
	for (size_t i = 0; i < count; i++) {
		uint64_t address = addresses[i] - 1;

		if (is_skipper(go, address))
			continue;
		if (inlined && address >= function.entry && address < function.end) {
			inlined--;
			continue;
		}
		inlined = 0;
		addresses[kept++] = address;
		/* Of C, say, which has no such table. */
		if (seep_pclntab_find(&go->table, address, &function))
			function = (struct seep_go_function){.entry = 0};
		else
			inlined = count_inlined(go, &function, address);
	}
	*ret_whole = kept && function.end && seep_pclntab_is_outermost(&go->table, &function);
	/* Where all goroutines begin is no call, unless it is all there is. */
	return *ret_whole && kept > 1 && strcmp(function.name, "runtime.goexit") == 0 ? kept - 1 :
											kept;
}
