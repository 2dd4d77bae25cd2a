// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines that "seep simulate" writes, for people and as JSON: what is simulated and what the
 * truth about it is, at the start, and what has happened so far, on request and at the end. Tests
 * and accuracy runs read the JSON and compare seep's verdicts with it, so its keys stay as they
 * are.
 *
 * Everything goes into the caller's buffer, which remembers a failure. No I/O here.
 */
#include "simulate/describe.h"

#include <inttypes.h>

#include "base/units.h"

/* This one and the next three look words up in the lists of seep/kinds.h and describe.h. */
static const char *kind_key(enum seep_kind kind)
{
	static const char *const keys[] = {
#define SEEP_SIMULATE_KIND_KEY(name, key, ...) [SEEP_KIND_##name] = #key,
		SEEP_KINDS(SEEP_SIMULATE_KIND_KEY)
#undef SEEP_SIMULATE_KIND_KEY
	};

	return keys[kind];
}

static const char *kind_noun(enum seep_kind kind)
{
	static const char *const nouns[] = {
#define SEEP_SIMULATE_KIND_NOUN(name, key, plural, noun, ...) [SEEP_KIND_##name] = noun,
		SEEP_KINDS(SEEP_SIMULATE_KIND_NOUN)
#undef SEEP_SIMULATE_KIND_NOUN
	};

	return nouns[kind];
}

static const char *reason_key(enum seep_simulate_reason reason)
{
	static const char *const keys[] = {
#define SEEP_SIMULATE_REASON_KEY(name, key, text) [SEEP_REASON_##name] = key,
		SEEP_SIMULATE_REASONS(SEEP_SIMULATE_REASON_KEY)
#undef SEEP_SIMULATE_REASON_KEY
	};

	return keys[reason];
}

static const char *reason_text(enum seep_simulate_reason reason)
{
	static const char *const texts[] = {
#define SEEP_SIMULATE_REASON_TEXT(name, key, text) [SEEP_REASON_##name] = text,
		SEEP_SIMULATE_REASONS(SEEP_SIMULATE_REASON_TEXT)
#undef SEEP_SIMULATE_REASON_TEXT
	};

	return texts[reason];
}

/* Counts only ever rise, so what lives is the difference. */
static uint64_t live_objects(const struct seep_site_counts *counts)
{
	return counts->allocs - counts->frees;
}

static uint64_t live_bytes(const struct seep_site_counts *counts)
{
	return counts->alloc_bytes - counts->free_bytes;
}

/* Threads and descriptors are counted, not measured. */
static bool has_bytes(enum seep_kind kind)
{
	return SEEP_KINDS_IN_BYTES & SEEP_KIND_BIT(kind);
}

/* JSON has no infinity; 12 digits are more than any of these numbers means. */
static void append_number(struct seep_buffer *buffer, double number)
{
	if (isfinite(number))
		seep_buffer_printf(buffer, "%.12g", number);
	else
		seep_buffer_puts(buffer, "null");
}

/* One more member of an object that has members already. */
static void append_member(struct seep_buffer *buffer, const char *key, double number)
{
	seep_buffer_printf(buffer, ",\"%s\":", key);
	append_number(buffer, number);
}

/* "also" lists verdicts that are not wrong either. */
static void append_truth(struct seep_buffer *buffer, const struct seep_truth *truth)
{
	const char *comma = "";

	seep_buffer_printf(buffer, "\"class\":\"%s\",\"also\":[",
			   seep_truth_class_key(truth->class));
	for (int class = 0; class < SEEP_TRUTH_CLASS_COUNT; class ++) {
		if (!(truth->also & 1u << class))
			continue;
		seep_buffer_printf(buffer, "%s\"%s\"", comma,
				   seep_truth_class_key((enum seep_truth_class) class));
		comma = ",";
	}
	seep_buffer_printf(buffer, "],\"pattern\":\"%s\"", seep_truth_pattern_key(truth->pattern));
}

/* Of the objects that the subject allocates, those that it never releases. */
static double leaked_fraction(const struct seep_simulation_config *config)
{
	double fraction = config->parameters[SEEP_SIMULATE_LEAK_FRACTION];

	/* Nothing else keeps objects for ever. */
	if (config->pattern->truth.class != SEEP_TRUTH_LEAK)
		return 0;
	/* A pattern without the parameter leaks everything. */
	return fraction ? fraction : 1;
}

/* Of what repeats itself. */
static double period_s(const struct seep_simulation_config *config)
{
	enum seep_truth_pattern pattern = config->pattern->truth.pattern;
	double period = config->parameters[SEEP_SIMULATE_PERIOD];

	if (!period ||
	    (pattern != SEEP_TRUTH_PATTERN_STEPPED && pattern != SEEP_TRUTH_PATTERN_OSCILLATING))
		return NAN;
	return period * config->scale;
}

/* Only the parameters that mean something to the pattern, as they are for this run. */
static void append_parameters(struct seep_buffer *buffer,
			      const struct seep_simulation_config *config)
{
	const char *comma = "";

	seep_buffer_puts(buffer, ",\"parameters\":{");
	for (int i = 0; i < SEEP_SIMULATE_PARAMETER_COUNT; i++) {
		if (!config->pattern->defaults[i])
			continue;
		seep_buffer_printf(buffer, "%s\"%s\":", comma,
				   seep_simulate_parameter_key((enum seep_simulate_parameter)i));
		append_number(buffer, config->parameters[i]);
		comma = ",";
	}
	seep_buffer_putc(buffer, '}');
}

/*
 * "truth": what a right verdict about the subject is, where it should be found, and with which
 * numbers. seep's own verdicts are compared with these.
 */
static void append_subject(struct seep_buffer *buffer, const struct seep_simulation_config *config,
			   const struct seep_simulation_counts *counts)
{
	const struct seep_simulate_pattern *pattern = config->pattern;
	const char *comma = "";

	seep_buffer_puts(buffer, ",\"truth\":{");
	append_truth(buffer, &pattern->truth);
	seep_buffer_printf(buffer, ",\"kind\":\"%s\",\"functions\":[", kind_key(pattern->kind));
	for (size_t i = 0; i < counts->num_functions; i++) {
		if (!counts->functions[i].subject)
			continue;
		seep_buffer_printf(buffer, "%s\"%s\"", comma, counts->functions[i].site->function);
		comma = ",";
	}
	seep_buffer_putc(buffer, ']');
	append_member(buffer, "rate_objects_per_s", seep_simulation_object_rate(config));
	append_member(buffer, "rate_bytes_per_s", seep_simulation_byte_rate(config));
	append_member(buffer, "leaked_fraction", leaked_fraction(config));
	append_member(buffer, "period_s", period_s(config));
	seep_buffer_printf(buffer, ",\"fragmentation\":%s}", pattern->fragments ? "true" : "false");
}

/*
 * One line. "functions" has all of them, those in the background with a truth of their own: a
 * verdict about a function that does not leak can be wrong, too.
 */
void seep_simulate_describe_start_json(const struct seep_simulation_config *config,
				       const struct seep_simulation_counts *counts, pid_t pid,
				       uint64_t life, struct seep_buffer *buffer)
{
	seep_buffer_printf(buffer,
			   "{\"event\":\"start\",\"pid\":%d,\"pattern\":\"%s\",\"life\":%" PRIu64
			   ",\"seed\":%" PRIu64 ",\"threads\":%" PRIu64,
			   pid, config->pattern->name, life, config->seed, config->num_workers);
	append_member(buffer, "scale", config->scale);
	append_parameters(buffer, config);
	append_subject(buffer, config, counts);
	seep_buffer_puts(buffer, ",\"functions\":[");
	for (size_t i = 0; i < counts->num_functions; i++) {
		const struct seep_simulated_function *function = &counts->functions[i];

		seep_buffer_printf(buffer, "%s{\"function\":\"%s\",\"kind\":\"%s\",", i ? "," : "",
				   function->site->function, kind_key(function->site->kind));
		append_truth(buffer, &function->truth);
		seep_buffer_printf(buffer, ",\"subject\":%s}",
				   function->subject ? "true" : "false");
	}
	seep_buffer_puts(buffer, "]}\n");
}

/* Exact numbers from the counters of the activities, not from the allocator. */
static void append_counts(struct seep_buffer *buffer, const struct seep_site_counts *counts)
{
	seep_buffer_printf(buffer,
			   "\"allocs\":%" PRIu64 ",\"frees\":%" PRIu64 ",\"alloc_bytes\":%" PRIu64
			   ",\"free_bytes\":%" PRIu64 ",\"live_objects\":%" PRIu64
			   ",\"live_bytes\":%" PRIu64 ",\"leaked_objects\":%" PRIu64
			   ",\"leaked_bytes\":%" PRIu64,
			   counts->allocs, counts->frees, counts->alloc_bytes, counts->free_bytes,
			   live_objects(counts), live_bytes(counts), counts->leaked_objects,
			   counts->leaked_bytes);
}

void seep_simulate_describe_counts_json(const struct seep_simulation_counts *counts,
					enum seep_simulate_reason reason, uint64_t rss_bytes,
					struct seep_buffer *buffer)
{
	/* A report on request and the line at the end have the same members. */
	seep_buffer_printf(buffer, "{\"event\":\"%s\",\"reason\":\"%s\"",
			   reason == SEEP_REASON_ASKED ? "report" : "end", reason_key(reason));
	append_member(buffer, "active_s", (double)counts->active_ns / (double)SEEP_NS_PER_S);
	append_member(buffer, "late_s", (double)counts->late_ns / (double)SEEP_NS_PER_S);
	seep_buffer_printf(buffer, ",\"rss_bytes\":%" PRIu64 ",\"functions\":[", rss_bytes);
	for (size_t i = 0; i < counts->num_functions; i++) {
		const struct seep_simulated_function *function = &counts->functions[i];

		seep_buffer_printf(buffer, "%s{\"function\":\"%s\",\"kind\":\"%s\",", i ? "," : "",
				   function->site->function, kind_key(function->site->kind));
		append_counts(buffer, &function->counts);
		seep_buffer_putc(buffer, '}');
	}
	seep_buffer_puts(buffer, "]}\n");
}

/* The functions of the subject, or those in the background. */
static void append_names(struct seep_buffer *buffer, const struct seep_simulation_counts *counts,
			 bool subject)
{
	const char *comma = "";

	for (size_t i = 0; i < counts->num_functions; i++) {
		if (counts->functions[i].subject != subject)
			continue;
		seep_buffer_printf(buffer, "%s%s", comma, counts->functions[i].site->function);
		comma = ", ";
	}
}

/* Objects that stay per second, and bytes if they are measured; nothing where nothing stays. */
static void append_rate(struct seep_buffer *buffer, const struct seep_simulation_config *config)
{
	char bytes[SEEP_UNIT_MAX];
	double rate;

	if (!config->pattern->rate)
		return;
	rate = seep_simulation_object_rate(config);
	seep_buffer_printf(buffer, ", %.*f %ss/s", rate < 100 ? 1 : 0, rate,
			   kind_noun(config->pattern->kind));
	if (has_bytes(config->pattern->kind))
		seep_buffer_printf(buffer, ", %s/s",
				   seep_format_bytes(bytes,
						     (uint64_t)seep_simulation_byte_rate(config)));
}

void seep_simulate_describe_start(const struct seep_simulation_config *config,
				  const struct seep_simulation_counts *counts, pid_t pid,
				  struct seep_buffer *buffer)
{
	seep_buffer_printf(buffer, "simulate: PID %d, pattern %s: %s (%s: ", pid,
			   config->pattern->name, config->pattern->summary,
			   seep_truth_class_key(config->pattern->truth.class));
	append_names(buffer, counts, true);
	append_rate(buffer, config);
	seep_buffer_puts(buffer, "; besides: ");
	append_names(buffer, counts, false);
	seep_buffer_puts(buffer, ")\n");
}

/* One row of the table. Columns in bytes stay empty for what is only counted. */
static void append_row(struct seep_buffer *buffer, const struct seep_simulated_function *function)
{
	const struct seep_site_counts *counts = &function->counts;

	seep_buffer_printf(buffer,
			   "%-16s %-8s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64,
			   function->site->function, kind_key(function->site->kind), counts->allocs,
			   counts->frees, live_objects(counts), counts->leaked_objects);
	if (has_bytes(function->site->kind))
		seep_buffer_printf(buffer, " %14" PRIu64 " %14" PRIu64, live_bytes(counts),
				   counts->leaked_bytes);
	seep_buffer_putc(buffer, '\n');
}

void seep_simulate_describe_counts(const struct seep_simulation_counts *counts,
				   enum seep_simulate_reason reason, uint64_t rss_bytes,
				   struct seep_buffer *buffer)
{
	char active[SEEP_UNIT_MAX], late[SEEP_UNIT_MAX], rss[SEEP_UNIT_MAX];

	seep_buffer_printf(buffer, "after %s, %s; resident: %s",
			   seep_format_duration(active, counts->active_ns), reason_text(reason),
			   seep_format_bytes(rss, rss_bytes));
	if (counts->late_ns)
		seep_buffer_printf(buffer, "; left out, being late: %s",
				   seep_format_duration(late, counts->late_ns));
	seep_buffer_printf(buffer, "\n%-16s %-8s %12s %12s %12s %12s %14s %14s\n", "function",
			   "kind", "made", "released", "live", "leaked", "live bytes",
			   "leaked bytes");
	for (size_t i = 0; i < counts->num_functions; i++)
		append_row(buffer, &counts->functions[i]);
}
