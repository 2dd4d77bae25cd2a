// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app/options_values.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/units.h"
#include "report/report.h"
#include "verdict/verdict.h"

#define MAX_PID		 4194304 /* PID_MAX_LIMIT on 64 bit */
#define MIN_INTERVAL_NS	 (10 * SEEP_NS_PER_MS)
#define MIN_UNWIND_BYTES (1 << 20)
#define MIN_OBJECTS	 16
#define MAX_OBJECTS	 (1 << 28)

static int add_pid(struct seep_config *config, pid_t pid)
{
	pid_t *pids = realloc(config->pids, (config->num_pids + 1) * sizeof(*pids));

	if (!pids)
		return -ENOMEM;
	config->pids = pids;
	config->pids[config->num_pids++] = pid;
	return 0;
}

int seep_set_pid(struct seep_config *config, const char *value)
{
	SEEP_AUTO_FREE char *copy = strdup(value);
	char *position = copy, *word;

	if (!copy)
		return -ENOMEM;
	while ((word = strsep(&position, ","))) {
		uint64_t pid;
		int error = seep_parse_count(word, 1, MAX_PID, &pid);

		if (!error)
			error = add_pid(config, (pid_t)pid);
		if (error)
			return error;
	}
	return 0;
}

static int set_scope(struct seep_config *config, enum seep_scope_type type, const char *value)
{
	if (config->scope.type != SEEP_SCOPE_NAMED)
		return -EEXIST;
	config->scope.type = type;
	config->scope.value = value;
	return value && !*value ? -EINVAL : 0;
}

int seep_set_cgroup(struct seep_config *config, const char *value)
{
	config->scope.children = true; /* they are born into it */
	return set_scope(config, SEEP_SCOPE_CGROUP, value);
}

int seep_set_comm(struct seep_config *config, const char *value)
{
	snprintf(config->scope.comm, sizeof(config->scope.comm), "%s", value);
	return set_scope(config, SEEP_SCOPE_COMM, value);
}

int seep_set_all(struct seep_config *config, const char *value)
{
	(void)value;
	return set_scope(config, SEEP_SCOPE_ALL, NULL);
}

int seep_set_children(struct seep_config *config, const char *value)
{
	(void)value;
	config->scope.children = true;
	return 0;
}

int seep_set_probed_pid(struct seep_config *config, const char *value)
{
	config->list_probes = true;
	return seep_set_pid(config, value);
}

static int add_kind(struct seep_config *config, const char *name)
{
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (strcmp(name, seep_kind_key((enum seep_kind)kind)) == 0) {
			config->filter.kinds |= SEEP_KIND_BIT(kind);
			return 0;
		}
	}
	return -EINVAL;
}

int seep_set_kinds(struct seep_config *config, const char *value)
{
	SEEP_AUTO_FREE char *copy = strdup(value);
	char *position = copy, *word;
	int error = copy ? 0 : -ENOMEM;

	config->filter.kinds = 0;
	config->kinds_given = true;
	while (!error && (word = strsep(&position, ",")))
		error = add_kind(config, word);
	return error;
}

int seep_set_min_size(struct seep_config *config, const char *value)
{
	return seep_parse_size(value, &config->filter.min_size_bytes);
}

int seep_set_max_size(struct seep_config *config, const char *value)
{
	return seep_parse_size(value, &config->filter.max_size_bytes);
}

int seep_set_min_age(struct seep_config *config, const char *value)
{
	return seep_parse_duration(value, &config->filter.min_age_ns);
}

int seep_set_max_objects(struct seep_config *config, const char *value)
{
	return seep_parse_count(value, MIN_OBJECTS, MAX_OBJECTS, &config->limits.max_objects);
}

int seep_set_stack_depth(struct seep_config *config, const char *value)
{
	return seep_parse_count(value, 1, SEEP_MAX_FRAMES, &config->limits.stack_depth);
}

int seep_set_unwind_mem(struct seep_config *config, const char *value)
{
	int error = seep_parse_size(value, &config->limits.unwind_bytes);

	return !error && config->limits.unwind_bytes < MIN_UNWIND_BYTES ? -ERANGE : error;
}

int seep_set_verify_stacks(struct seep_config *config, const char *value)
{
	return seep_parse_count(value, 1, UINT32_MAX, &config->limits.verify_every);
}

/* 0 or -ECANCELED: what is wrong has been said. */
static int add_function(struct seep_config *config, const char *option, const char *value,
			enum seep_role role)
{
	const char *reason = "out of memory";

	if (seep_allocators_add(config->allocators, value, role, &reason) == 0)
		return 0;
	seep_error("%s %s: %s", option, value, reason);
	return -ECANCELED;
}

int seep_add_alloc(struct seep_config *config, const char *value)
{
	return add_function(config, "--alloc", value, SEEP_ROLE_ALLOC);
}

int seep_add_free(struct seep_config *config, const char *value)
{
	return add_function(config, "--free", value, SEEP_ROLE_FREE);
}

int seep_set_attach(struct seep_config *config, const char *value)
{
	return seep_attach_variant_parse(value, &config->probing.variant);
}

int seep_set_from_start(struct seep_config *config, const char *value)
{
	(void)value;
	config->probing.from_start = true;
	return 0;
}

int seep_set_unplaced(struct seep_config *config, const char *value)
{
	(void)value;
	config->probing.unplaced = true;
	return 0;
}

int seep_set_interval(struct seep_config *config, const char *value)
{
	int error = seep_parse_duration(value, &config->interval_ns);

	config->interval_given = true;
	return !error && config->interval_ns < MIN_INTERVAL_NS ? -ERANGE : error;
}

int seep_set_duration(struct seep_config *config, const char *value)
{
	int error = seep_parse_duration(value, &config->duration_ns);

	return !error && !config->duration_ns ? -ERANGE : error;
}

int seep_set_metric(struct seep_config *config, const char *value)
{
	for (int i = 0; i < SEEP_METRIC_COUNT; i++) {
		if (strcmp(value, seep_metric_key((enum seep_metric)i)) == 0) {
			config->metric = (enum seep_metric)i;
			return 0;
		}
	}
	return -EINVAL;
}

int seep_set_top(struct seep_config *config, const char *value)
{
	config->top_given = true;
	return seep_parse_count(value, 0, INT_MAX, &config->top);
}

int seep_set_quiet(struct seep_config *config, const char *value)
{
	(void)value;
	config->quiet = true;
	return 0;
}

int seep_set_verbose(struct seep_config *config, const char *value)
{
	(void)value;
	config->verbose = true;
	return 0;
}

int seep_set_capture(struct seep_config *config, const char *value)
{
	config->capture = value;
	return *value ? 0 : -EINVAL;
}

int seep_set_keep(struct seep_config *config, const char *value)
{
	int error = seep_parse_duration(value, &config->keep_ns);

	return !error && !config->keep_ns ? -ERANGE : error;
}

int seep_set_max_file(struct seep_config *config, const char *value)
{
	int error = seep_parse_size(value, &config->max_file_bytes);

	return !error && !config->max_file_bytes ? -ERANGE : error;
}

int seep_set_fail_on(struct seep_config *config, const char *value)
{
	for (int i = 0; i < SEEP_CLASS_COUNT; i++) {
		enum seep_class class = (enum seep_class)i;

		if (seep_class_grows(class) && strcmp(value, seep_class_key(class)) == 0) {
			config->fail_on = class;
			return 0;
		}
	}
	return -EINVAL;
}

int seep_set_baseline(struct seep_config *config, const char *value)
{
	config->baseline = value;
	return *value ? 0 : -EINVAL;
}

int seep_set_suppressions(struct seep_config *config, const char *value)
{
	config->suppressions = value;
	return *value ? 0 : -EINVAL;
}

#define SEEP_OUTPUT_SETTER(enumerator, key)                                                        \
	int seep_set_##key(struct seep_config *config, const char *value)                          \
	{                                                                                          \
		config->paths[SEEP_OUTPUT_##enumerator] = value;                                   \
		return *value ? 0 : -EINVAL;                                                       \
	}
SEEP_OUTPUTS(SEEP_OUTPUT_SETTER)
#undef SEEP_OUTPUT_SETTER
