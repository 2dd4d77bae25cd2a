// SPDX-License-Identifier: GPL-2.0-only
#include "trace/tracer_private.h"

static void each_of_file(const struct seep_tracer *tracer, const struct seep_file *file,
			 void (*fn)(const struct seep_tracer_probe *probe, void *context),
			 void *context)
{
	for (size_t i = 0; i < file->num_functions; i++) {
		struct seep_tracer_probe probe = {
			.file = file,
			.function = &file->functions[i],
			.cost_ns = seep_files_probe_cost(tracer->files, file->functions[i].probe,
							 &tracer->features.cost),
		};

		fn(&probe, context);
	}
}

void seep_tracer_each_probe(const struct seep_tracer *tracer,
			    void (*fn)(const struct seep_tracer_probe *probe, void *context),
			    void *context)
{
	for (const struct watch *watch = tracer->watches; watch; watch = watch->next) {
		for (size_t i = 0; i < watch->target->num_files; i++)
			each_of_file(tracer, watch->target->files[i], fn, context);
	}
}
