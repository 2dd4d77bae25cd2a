// SPDX-License-Identifier: GPL-2.0-only
/*
 * seep doctor: what there is to know about the ground that a trace stands on. With a process: where
 * its probes go; or how its stacks can be walked, by tracing it for a while and counting where they
 * end.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/privileges.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/units.h"
#include "report/shorten.h"
#include "seep/refusals.h"
#include "target/safety.h"
#include "target/targets.h"
#include "text/layout.h"
#include "trace/describe.h"
#include "trace/tracer.h"

/* Tables are as wide as the terminal. What stands left of the path of a file; beside the path. */
#define TABLE_COLUMNS 33
#define ENDS_COLUMNS  19
/* What stands left of an instruction, and the least that its function gets behind it. */
#define PROBE_COLUMNS	 39
#define FUNCTION_COLUMNS 25
#define INSTRUCTION_MAX	 34
#define AT_EXIT		 ", return"

/* What the return of a probed function fails with: those who have it are not probed. */
static void print_hazards(uint32_t hazards)
{
	const char *separator = "";

	printf("returns  ");
	for (int i = SEEP_REFUSAL_NONE + 1; i < SEEP_REFUSAL_COUNT; i++) {
		if (!(hazards & SEEP_REFUSAL_BIT(i)))
			continue;
		printf("%s%s", separator, seep_refusal_key((enum seep_refusal)i));
		separator = ", ";
	}
	printf("%s\n", hazards ? "" : "nothing that is known to harm them");
}

/* Without a process: kernel, capabilities, and what seep_features_probe finds out by trying it. */
static int examine_machine(void)
{
	struct seep_features features;
	struct utsname system;
	int error;

	uname(&system);
	printf("kernel   %s %s, %s\n", system.sysname, system.release, system.machine);
	seep_privileges_print(stdout);
	/* What is known so far is shown before the kernel is probed, which may fail. */
	fflush(stdout);
	/*
	 * SEEP_ATTACH_VARIANT_COUNT: no certain variant is asked for, the best one that works is
	 * taken.
	 */
	error = seep_features_probe(SEEP_ATTACH_VARIANT_COUNT, &features);
	if (error)
		return error;
	printf("probes   attached by \"%s\"\n", seep_attach_variant_name(features.variant));
	print_hazards(features.hazards);
	printf("cost     %u ns for a hit (%u ns single-stepped), %u ns for a call\n",
	       features.cost.entry_ns, features.cost.stepped_ns, features.cost.call_ns);
	return 0;
}

/* Columns of the instruction: what is left beside the function, whose name says more. */
static int instruction_columns(void)
{
	size_t room = seep_terminal_columns(STDOUT_FILENO) - PROBE_COLUMNS - FUNCTION_COLUMNS - 2;

	return room < INSTRUCTION_MAX ? (int)room : INSTRUCTION_MAX;
}

/* The whole name if there is room, else the short one. */
static void append_function(const struct seep_tracer_probe *probe, struct seep_buffer *text)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT, folded = SEEP_BUFFER_INIT;
	size_t room = seep_terminal_columns(STDOUT_FILENO) - PROBE_COLUMNS - 2 -
		      (size_t)instruction_columns() - strlen(AT_EXIT);

	seep_text_append_clean(&name, probe->function, SIZE_MAX);
	if (seep_text_columns(name.data) <= room) {
		seep_buffer_puts(text, name.data);
		return;
	}
	seep_shorten_append(&folded, name.data);
	seep_shorten_append_fitting(text, folded.data, room);
}

/*
 * A row of the table; the path of the file stands above its first probe. @context remembers that
 * file.
 */
static void print_probe(const struct seep_tracer_probe *probe, void *context)
{
	const struct seep_file **last = context;
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT, instruction = SEEP_BUFFER_INIT;
	int columns = instruction_columns();

	/* Probes come file by file. */
	if (*last != probe->file) {
		*last = probe->file;
		seep_text_append_clean(&text, probe->file->path, SIZE_MAX);
		printf("\n%s\n", text.data);
		seep_buffer_reset(&text);
	}
	append_function(probe, &text);
	seep_text_append_elided(&instruction, probe->instruction, (size_t)columns);
	printf("%#10llx  %-14s  %6u ns  %s%*s  %s%s\n", (unsigned long long)probe->offset,
	       probe->emulated ? "emulated" : "single-stepped", probe->cost_ns, instruction.data,
	       columns - (int)seep_text_columns(instruction.data), "", text.data,
	       probe->at_exit ? AT_EXIT : "");
}

/* The probes are known once the processes are added; the tracer is not started. */
static int list_probes(const struct seep_config *config, struct seep_tracer *tracer)
{
	const struct seep_file *last = NULL;
	int error = 0;

	for (size_t i = 0; i < config->named.num_pids && !error; i++)
		error = seep_tracer_add_pid(tracer, config->named.pids[i]);
	if (error)
		return error;
	printf("%10s  %-14s  %9s  %-*s  %s\n", "offset", "executed", "a call",
	       instruction_columns(), "instruction", "function");
	seep_tracer_each_probe(tracer, print_probe, &last);
	return 0;
}

/* How stacks ended in one file, in allocations. */
struct file_ends {
	uint64_t ends[SEEP_END_COUNT];
};

struct examination {
	const struct seep_snapshot *snapshot;
	struct file_ends *files;    /* by file id */
	struct file_ends elsewhere; /* in code without a file */
};

static int stop(void *context, uint64_t value)
{
	(void)value;
	seep_loop_stop(context);
	return 0;
}

static void stop_when_empty(void *context)
{
	seep_loop_stop(context);
}

/*
 * Adds the processes, traces until time, signal or their end, and takes the final snapshot, which
 * belongs to the tracer.
 */
static int trace_for_a_while(struct seep_loop *loop, struct seep_tracer *tracer,
			     const struct seep_config *config,
			     const struct seep_snapshot **ret_snapshot)
{
	sigset_t set;
	int error = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	for (size_t i = 0; i < config->named.num_pids && !error; i++)
		error = seep_tracer_add_pid(tracer, config->named.pids[i]);
	if (!error)
		error = seep_loop_add_signals(loop, &set, stop, loop);
	if (!error)
		error = seep_loop_add_timer(loop, config->timing.duration_ns, 0, stop, loop, NULL);
	if (!error)
		error = seep_tracer_start(tracer);
	if (!error)
		error = seep_loop_run(loop);
	/* The snapshot is taken after the probes are gone, so nothing changes while it is read. */
	seep_tracer_stop(tracer);
	return error ? error : seep_tracer_snapshot(tracer, true, ret_snapshot);
}

/*
 * Attributes each stack to the file of its outermost frame: there the walk ended, so the unwind
 * table of that file is to be looked at. Weighted by allocations, as a rare stack matters less.
 */
static void count_ends(struct examination *examination)
{
	const struct seep_snapshot *snapshot = examination->snapshot;

	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		const struct seep_stack *stack = site->stack;
		struct file_ends *ends = &examination->elsewhere;
		uint64_t last;

		if (!stack->num_frames)
			continue;
		last = stack->frames[stack->num_frames - 1];
		/*
		 * The file id indexes the array, so it is checked.
		 */
		if (!(last & SEEP_FRAME_RAW) && SEEP_FRAME_FILE(last) < SEEP_MAX_FILES)
			ends = &examination->files[SEEP_FRAME_FILE(last)];
		ends->ends[stack->end] += site->counts.allocs;
	}
}

static void append_ends(struct seep_buffer *text, const struct file_ends *ends)
{
	char count[SEEP_UNIT_MAX];

	for (int i = 0; i < SEEP_END_COUNT; i++) {
		if (ends->ends[i])
			seep_buffer_printf(text, "  %s %s", seep_format_count(count, ends->ends[i]),
					   seep_end_key((enum seep_end)i));
	}
}

/* @text: of a file, behind the columns of numbers. */
static void print_rest(const char *text)
{
	SEEP_AUTO_BUFFER struct seep_buffer out = SEEP_BUFFER_INIT;
	const struct seep_layout layout = {
		.out = &out,
		.columns = seep_terminal_columns(STDOUT_FILENO),
	};

	seep_layout_wrap(&layout, SEEP_STYLE_PLAIN, TABLE_COLUMNS, text);
	fputs(out.data, stdout);
}

/* What is special about the unwind table of a file; "" for one that is complete. */
static const char *state_text(enum seep_unwind_state state)
{
	switch (state) {
	case SEEP_UNWIND_READY:
		return "";
	case SEEP_UNWIND_FRAME_POINTERS:
		return "  no CFI: frame pointers";
	case SEEP_UNWIND_NONE:
		return "  not readable";
	case SEEP_UNWIND_NO_FILE:
	case SEEP_UNWIND_UNKNOWN:
		break;
	}
	/* The table was dropped for others, as --unwind-mem bounds all of them. */
	return "  given up to make room";
}

/* A row of seep_tables_each: the table of a file, and how stacks ended in it. */
static int print_file(const struct seep_table_info *info, void *context)
{
	const struct examination *examination = context;
	char rows[SEEP_UNIT_MAX], bytes[SEEP_UNIT_MAX], time[SEEP_UNIT_MAX];
	SEEP_AUTO_BUFFER struct seep_buffer path = SEEP_BUFFER_INIT;

	seep_text_append_elided(&path, info->path,
				seep_terminal_columns(STDOUT_FILENO) - TABLE_COLUMNS -
					ENDS_COLUMNS);
	seep_buffer_puts(&path, state_text(info->state));
	append_ends(&path, &examination->files[info->file]);
	printf("%10s %10s %9s  ", seep_format_count(rows, info->num_rows),
	       seep_format_bytes(bytes, info->num_bytes),
	       seep_format_duration(time, info->build_ns));
	print_rest(path.data);
	return 0;
}

static int examine_stacks(const struct seep_config *config, struct seep_loop *loop,
			  struct seep_tracer *tracer)
{
	SEEP_AUTO_BUFFER struct seep_buffer elsewhere = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE struct file_ends *files = calloc(SEEP_MAX_FILES, sizeof(*files));
	struct examination examination = {.files = files};
	char count[SEEP_UNIT_MAX], share[SEEP_UNIT_MAX];
	uint64_t all = 0;
	int error;

	if (!files)
		return -ENOMEM;
	error = trace_for_a_while(loop, tracer, config, &examination.snapshot);
	if (error)
		return error;
	for (int i = 0; i < SEEP_END_COUNT; i++)
		all += examination.snapshot->ends[i];
	count_ends(&examination);
	printf("%s stacks, %s of them whole\n\n", seep_format_count(count, all),
	       seep_format_percent(share, examination.snapshot->ends[SEEP_END_COMPLETE], all));
	printf("%10s %10s %9s  %s\n", "rows", "bytes", "built in",
	       "file, and stacks that ended there");
	/* Each file with an unwind table, and below them what belongs to no file. */
	seep_tables_each(seep_tracer_tables(tracer), print_file, &examination);
	seep_buffer_puts(&elsewhere, "(code without a file)");
	append_ends(&elsewhere, &examination.elsewhere);
	printf("%*s", TABLE_COLUMNS, "");
	print_rest(elsewhere.data);
	return 0;
}

/* The tracer is freed before the loop, which it has sources on. */
static int examine_process(const struct seep_config *config)
{
	struct seep_tracer_config tracer_config = {
		.scope = &config->scope,
		.allocators = config->allocators,
		.filter = &config->filter,
		.limits = &config->limits,
		.probing = &config->probing,
		.interval_ns = config->timing.interval_ns,
		.on_empty = stop_when_empty,
	};
	SEEP_AUTO_LOOP struct seep_loop *loop = NULL;
	struct seep_tracer *tracer;
	int error = seep_loop_new(&loop);

	if (error)
		return error;
	/* Known only now: the configuration is filled in before the loop exists. */
	tracer_config.context = loop;
	error = seep_tracer_new(&tracer_config, loop, &tracer);
	if (error)
		return error;
	error = config->named.list_probes ? list_probes(config, tracer) :
					    examine_stacks(config, loop, tracer);
	seep_tracer_free(tracer);
	return error;
}

static int run(const struct seep_config *config)
{
	/* With a process its probes or stacks are examined, without one the machine. */
	int error = config->named.num_pids ? examine_process(config) : examine_machine();

	return error ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
}

static int finish(struct seep_config *config, char **stray)
{
	if (*stray) {
		seep_error("unexpected word \"%s\"", *stray);
		return -EINVAL;
	}
	seep_allocators_select(config->allocators, config->filter.kinds);
	return seep_config_describe_scope(config);
}

const struct seep_command seep_command_doctor = {
	.id = SEEP_COMMAND_DOCTOR,
	.name = "doctor",
	.summary = "what this kernel allows; how well stacks can be walked",
	.usage =
		"Usage: seep doctor [options]\n\n"
		"Tells what this kernel can do for seep and what a probe costs here; with -p, where the\n"
		"probes of a process go; with --unwind, how well its stacks can be walked.\n",
	.examples = "\nExamples:\n"
		    "  seep doctor\n"
		    "  seep doctor -p 1234\n"
		    "  seep doctor --unwind 1234 -d 10s\n",
	.finish = finish,
	.run = run,
};
