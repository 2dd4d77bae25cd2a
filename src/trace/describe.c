// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is traced, in words for the first line of a trace, and probe by probe for doctor. Only reads
 * what the parts have.
 */
#include "trace/describe.h"

#include "base/text.h"
#include "probe/registry.h"
#include "trace/tracer_private.h"

/* Names come from the target and may contain control characters, so they are cleaned. */
static void describe_target(const struct seep_target *target, const char *separator,
			    struct seep_buffer *buffer)
{
	seep_buffer_printf(buffer, "%sprocess %d (", separator, target->pid);
	seep_text_append_clean(buffer, target->record->process.comm, SIZE_MAX);
	seep_buffer_putc(buffer, ')');
	if (target->probes.num_functions)
		seep_buffer_printf(buffer, ": %zu function%s in %zu file%s",
				   target->probes.num_functions,
				   target->probes.num_functions == 1 ? "" : "s",
				   target->probes.num_files,
				   target->probes.num_files == 1 ? "" : "s");
}

/* An open scope may have thousands of processes, so numbers stand for them. */
static void describe_scope(const struct seep_tracer *tracer, struct seep_buffer *buffer)
{
	const struct seep_scope *scope = tracer->config.scope;
	struct seep_targets_sum sum;

	seep_targets_sum(tracer->targets, &sum);
	if (scope->type == SEEP_SCOPE_ALL)
		seep_buffer_puts(buffer, "all processes, ");
	else
		seep_buffer_printf(buffer, "%s %s, ",
				   scope->type == SEEP_SCOPE_COMM ? "command name" : scope->key,
				   scope->value);
	if (!sum.num_targets && !sum.num_refused && !sum.num_without) {
		seep_buffer_puts(buffer, "no process so far");
		return;
	}
	seep_buffer_printf(buffer, "now %zu process%s: %zu functions in %zu files", sum.num_targets,
			   sum.num_targets == 1 ? "" : "es", sum.num_functions, sum.num_files);
	if (sum.num_refused)
		seep_buffer_printf(buffer, "; %zu may not be probed", sum.num_refused);
	if (sum.num_without)
		seep_buffer_printf(buffer, "; in %zu no allocator was found", sum.num_without);
}

void seep_tracer_describe(const struct seep_tracer *tracer, struct seep_buffer *buffer)
{
	const char *separator = "";

	if (seep_scope_is_open(tracer->config.scope)) {
		describe_scope(tracer, buffer);
		return;
	}
	for (const struct watch *watch = tracer->watches; watch; watch = watch->next) {
		describe_target(watch->target, separator, buffer);
		separator = ", ";
	}
}

/* Entries first, then return instructions; a probe is described only during the call. */
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
			.cost_ns = seep_registry_cost(seep_files_registry(tracer->files),
						      function->probe),
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
			.cost_ns =
				seep_registry_cost(seep_files_registry(tracer->files), exit->probe),
			/* Always single-stepped: the kernel does not emulate it. */
			.instruction = "ret",
			.function = exit->function,
			.at_exit = true,
		};

		fn(&probe, context);
	}
}

/* A file that several targets map comes once for each of them. */
void seep_tracer_each_probe(const struct seep_tracer *tracer,
			    void (*fn)(const struct seep_tracer_probe *probe, void *context),
			    void *context)
{
	for (const struct watch *watch = tracer->watches; watch; watch = watch->next) {
		for (size_t i = 0; i < watch->target->num_files; i++)
			each_of_file(tracer, watch->target->files[i], fn, context);
	}
}
