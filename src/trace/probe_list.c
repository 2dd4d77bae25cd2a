// SPDX-License-Identifier: GPL-2.0-only
#include "trace/tracer_private.h"

static void each_of_file(const struct seep_tracer *tracer, const struct seep_file *file,
			 void (*fn)(const struct seep_tracer_probe *probe, void *context),
			 void *context)
{
	for (size_t i = 0; i < file->num_functions; i++) {
		const struct seep_file_function *function = &file->functions[i];
		struct seep_tracer_probe probe = {
			.file = file,
			.offset = function->offset,
			.emulated = function->site.emulated,
			.cost_ns = seep_files_probe_cost(tracer->files, function->probe,
							 &tracer->features.cost),
			.instruction = function->site.text,
			.function = function->name,
		};

		fn(&probe, context);
	}
	for (size_t i = 0; i < file->num_exits; i++) {
		const struct seep_file_exit *exit = &file->exits[i];
		struct seep_tracer_probe probe = {
			.file = file,
			.offset = exit->offset,
			.cost_ns = seep_files_probe_cost(tracer->files, exit->probe,
							 &tracer->features.cost),
			.instruction = "ret",
			.function = exit->function,
			.at_exit = true,
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
