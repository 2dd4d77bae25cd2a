// SPDX-License-Identifier: GPL-2.0-only
/* The options of seep simulate. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/options_private.h"
#include "base/log.h"
#include "base/units.h"

#define MAX_TEXT	64
#define MAX_SIZE_BYTES	(1ULL << 30)
#define MAX_OBJECTS	100000000
#define MAX_RATE	100000000
#define MIN_SCALE	0.001
#define MAX_SCALE	1000
#define MIN_DURATION_NS SEEP_NS_PER_MS

/* --- values ------------------------------------------------------------------------------------ */

static void set_parameter(struct seep_config *config, enum seep_simulate_parameter parameter,
			  double value)
{
	config->simulate.simulation.parameters[parameter] = value;
	config->simulate.given |= 1u << parameter;
}

/* Cuts "/s", "/m" or "/h" off a copy of @value; without one it is per second. */
static int split_rate(const char *value, char amount[MAX_TEXT], double *ret_per_s)
{
	size_t length = strcspn(value, "/");
	uint64_t unit_ns = SEEP_NS_PER_S;

	if (!length || length >= MAX_TEXT)
		return -EINVAL;
	memcpy(amount, value, length);
	amount[length] = '\0';
	if (value[length]) {
		char unit[] = {'1', value[length + 1], '\0'};

		if (!strchr("smh", unit[1]) || !unit[1] || value[length + 2])
			return -EINVAL;
		if (seep_parse_duration(unit, &unit_ns))
			return -EINVAL;
	}
	*ret_per_s = (double)SEEP_NS_PER_S / (double)unit_ns;
	return 0;
}

/* A decimal number from @min to @max. */
static int parse_number(const char *text, double min, double max, double *ret_number)
{
	double number;
	char *end;

	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return -EINVAL;
	number = strtod(text, &end);
	if (*end)
		return -EINVAL;
	if (number < min || number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

/* --- setters ----------------------------------------------------------------------------------- */

static int set_growth(struct seep_config *config, const char *value)
{
	char amount[MAX_TEXT];
	uint64_t bytes;
	double per_s;
	int error = split_rate(value, amount, &per_s);

	if (!error)
		error = seep_parse_size(amount, &bytes);
	if (error)
		return error;
	if (!bytes)
		return -ERANGE;
	set_parameter(config, SEEP_SIMULATE_GROWTH, (double)bytes * per_s);
	return 0;
}

static int set_rate(struct seep_config *config, const char *value)
{
	char amount[MAX_TEXT];
	double number, per_s;
	int error = split_rate(value, amount, &per_s);

	if (!error)
		error = parse_number(amount, 0, MAX_RATE, &number);
	if (error)
		return error;
	if (number * per_s <= 0)
		return -ERANGE;
	set_parameter(config, SEEP_SIMULATE_RATE, number * per_s);
	return 0;
}

static int set_bytes(struct seep_config *config, enum seep_simulate_parameter parameter,
		     const char *value, uint64_t max_bytes)
{
	uint64_t bytes;
	int error = seep_parse_size(value, &bytes);

	if (error)
		return error;
	if (!bytes || bytes > max_bytes)
		return -ERANGE;
	set_parameter(config, parameter, (double)bytes);
	return 0;
}

static int set_size(struct seep_config *config, const char *value)
{
	return set_bytes(config, SEEP_SIMULATE_SIZE, value, MAX_SIZE_BYTES);
}

static int set_limit(struct seep_config *config, const char *value)
{
	return set_bytes(config, SEEP_SIMULATE_LIMIT, value, UINT64_MAX);
}

static int set_objects(struct seep_config *config, const char *value)
{
	uint64_t objects;
	int error = seep_parse_count(value, 1, MAX_OBJECTS, &objects);

	if (!error)
		set_parameter(config, SEEP_SIMULATE_OBJECTS, (double)objects);
	return error;
}

static int set_period(struct seep_config *config, const char *value)
{
	uint64_t period_ns;
	int error = seep_parse_duration(value, &period_ns);

	if (error)
		return error;
	if (period_ns < MIN_DURATION_NS)
		return -ERANGE;
	set_parameter(config, SEEP_SIMULATE_PERIOD, (double)period_ns / (double)SEEP_NS_PER_S);
	return 0;
}

static int set_leak_fraction(struct seep_config *config, const char *value)
{
	double fraction;
	int error = parse_number(value, 0, 1, &fraction);

	if (error)
		return error;
	if (fraction == 0)
		return -ERANGE;
	set_parameter(config, SEEP_SIMULATE_LEAK_FRACTION, fraction);
	return 0;
}

static int set_threads(struct seep_config *config, const char *value)
{
	return seep_parse_count(value, 1, SEEP_SIMULATE_MAX_WORKERS,
				&config->simulate.simulation.num_workers);
}

static int set_seed(struct seep_config *config, const char *value)
{
	return seep_parse_count(value, 0, UINT64_MAX, &config->simulate.simulation.seed);
}

static int set_scale(struct seep_config *config, const char *value)
{
	return parse_number(value, MIN_SCALE, MAX_SCALE, &config->simulate.simulation.scale);
}

static int set_duration(struct seep_config *config, const char *value)
{
	int error = seep_parse_duration(value, &config->simulate.duration_ns);

	return !error && config->simulate.duration_ns < MIN_DURATION_NS ? -ERANGE : error;
}

static int set_json(struct seep_config *config, const char *value)
{
	(void)value;
	config->simulate.json = true;
	return 0;
}

static int set_wait(struct seep_config *config, const char *value)
{
	(void)value;
	config->simulate.wait = true;
	return 0;
}

static int set_life(struct seep_config *config, const char *value)
{
	return seep_parse_count(value, 1, UINT64_MAX, &config->simulate.life);
}

static int set_until(struct seep_config *config, const char *value)
{
	return seep_parse_duration(value, &config->simulate.until_ns);
}

static const struct option_row rows[] = {
	{0, "growth", "SIZE/s", "what is leaked, or grows, per second", "What", set_growth},
	{0, "rate", "N/s", "operations; where --growth sets the pace, those beside", NULL,
	 set_rate},
	{0, "size", "SIZE", "of one object", NULL, set_size},
	{0, "objects", "N", "so many objects, and then no more", NULL, set_objects},
	{0, "period", "TIME", "of what repeats, doubles or saturates", NULL, set_period},
	{0, "leak-fraction", "F", "of the objects that come and go, those that stay", NULL,
	 set_leak_fraction},
	{0, "limit", "SIZE", "end when so much is live (default 1G; vector 256M)", NULL, set_limit},
	{0, "threads", "N", "share the work among so many threads (default 1)", NULL, set_threads},
	{0, "seed", "N", "of what is random (default 1)", NULL, set_seed},
	{0, "scale", "F", "of time: 0.1 is ten times faster; not of churn, nor of -d", "When",
	 set_scale},
	{'d', "duration", "TIME", "end after this time (default: Ctrl-C)", NULL, set_duration},
	{0, "wait", NULL, "begin, end and exit each at a line on standard input", NULL, set_wait},
	{0, "json", NULL, "truth and numbers as JSON, one object per line", "Output", set_json},
	{0, "life", "N", NULL, NULL, set_life},
	{0, "until", "TIME", NULL, NULL, set_until},
	{'h', "help", NULL, "this text", NULL, NULL},
};

_Static_assert(NUM_ROWS(rows) <= SEEP_MAX_OPTION_ROWS, "room in options.c");

/* --- options together -------------------------------------------------------------------------- */

static int find_pattern(struct seep_config *config, char **words)
{
	if (!*words) {
		seep_error("which pattern? For example: seep simulate memory");
		return -EINVAL;
	}
	if (words[1]) {
		seep_error("unexpected word \"%s\"", words[1]);
		return -EINVAL;
	}
	config->simulate.simulation.pattern = seep_pattern_find(*words);
	if (config->simulate.simulation.pattern)
		return 0;
	seep_error("there is no pattern \"%s\"", *words);
	return -EINVAL;
}

/* Takes what was not given from the pattern; refuses what means nothing to it. */
static int take_defaults(struct seep_simulate_options *options)
{
	const struct seep_simulate_pattern *pattern = options->simulation.pattern;
	double *parameters = options->simulation.parameters;

	for (int i = 0; i < SEEP_SIMULATE_PARAMETER_COUNT; i++) {
		bool given = options->given & 1u << i;

		if (given && !pattern->defaults[i]) {
			seep_error("--%s means nothing to the pattern %s",
				   seep_simulate_parameter_option((enum seep_simulate_parameter)i),
				   pattern->name);
			return -EINVAL;
		}
		if (!given)
			parameters[i] = pattern->defaults[i];
	}
	return 0;
}

static int finish(struct seep_config *config, char **words)
{
	struct seep_simulate_options *options = &config->simulate;
	const struct seep_simulate_pattern *pattern;
	int error = find_pattern(config, words);

	if (!error)
		error = take_defaults(options);
	if (error)
		return error;
	pattern = options->simulation.pattern;
	if (options->simulation.parameters[SEEP_SIMULATE_SIZE] < (double)pattern->least_bytes) {
		seep_error("--size: the objects of the pattern %s have at least %llu bytes",
			   pattern->name, (unsigned long long)pattern->least_bytes);
		return -EINVAL;
	}
	return 0;
}

static void print_patterns(FILE *stream)
{
	fputs("\nPatterns:\n", stream);
	for (size_t i = 0; i < seep_num_patterns; i++)
		fprintf(stream, "  %-19s %s\n", seep_patterns[i].name, seep_patterns[i].summary);
}

const struct seep_options seep_options_simulate = {
	.usage =
		"Usage: seep simulate PATTERN [options]\n\n"
		"Leaks, or only looks like it, on purpose and with known numbers, beside a cache, a pool and\n"
		"churn. Prints exactly what it has done at the end, and on SIGUSR1.\n",
	.more_help = print_patterns,
	.rows = rows,
	.num_rows = NUM_ROWS(rows),
	.examples = "\nExamples:\n"
		    "  seep simulate memory --growth 1M/s -d 1m\n"
		    "  seep simulate cycle --objects 1000\n"
		    "  sudo seep trace -- seep simulate rare -d 30s\n",
	.words_anywhere = true,
	.finish = finish,
};
