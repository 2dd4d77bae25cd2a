// SPDX-License-Identifier: GPL-2.0-only
#include "app/config.h"

#include <stdlib.h>

#include "base/units.h"
#include "text/text.h"

#define DEFAULT_INTERVAL_NS  (10 * SEEP_NS_PER_S)
#define DEFAULT_MAX_OBJECTS  (1 << 20)
#define DEFAULT_UNWIND_BYTES (64ULL << 20)
#define DEFAULT_TOP	     10

int seep_config_init(struct seep_config *config)
{
	*config = (struct seep_config){
		.filter.kinds = SEEP_KIND_BIT(SEEP_KIND_MEMORY),
		.filter.max_size_bytes = UINT64_MAX,
		.limits.max_objects = DEFAULT_MAX_OBJECTS,
		.limits.stack_depth = SEEP_MAX_FRAMES,
		.limits.unwind_bytes = DEFAULT_UNWIND_BYTES,
		.probing.variant = SEEP_ATTACH_VARIANT_COUNT,
		.interval_ns = DEFAULT_INTERVAL_NS,
		.fail_on = SEEP_CLASS_UNKNOWN,
		.at_ns = UINT64_MAX,
		.from_ns = UINT64_MAX,
		.format = &seep_report_text,
		.diff_format = &seep_diff_text,
		.metric = SEEP_METRIC_LIVE_BYTES,
		.top = DEFAULT_TOP,
		.scope.cgroup_fd = -1,
		.simulate.simulation = {.num_workers = 1, .seed = 1, .scale = 1},
	};
	return seep_allocators_new(&config->allocators);
}

void seep_config_done(struct seep_config *config)
{
	seep_allocators_free(config->allocators);
	free(config->pids);
	free(config->scope_text);
	seep_scope_done(&config->scope);
}
