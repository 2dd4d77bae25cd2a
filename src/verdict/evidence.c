// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sentences about a verdict. Each say_ function adds one sentence, or none if it would say nothing;
 * seep_evidence_of_site calls them with the most telling first, and at most SEEP_SENTENCES_MAX are
 * kept. The first failure is kept in the writer and makes finish free all of them.
 */
#include "verdict/evidence.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#define TEXT_MAX 64

/* A rate below one in a second is told by the hour. */
#define HOUR_S 3600.0

/* Of what is smaller it is enough to know that it is. */
#define LEAST_SHARE  1e-5
#define LEAST_CHANCE 1e-6

/* After a failure nothing is added any more. */
struct writer {
	struct seep_sentences *sentences;
	int error;
};

/* A number of bytes or objects, without what they are. */
static const char *amount(char text[TEXT_MAX], bool in_bytes, double value)
{
	char number[SEEP_UNIT_MAX];
	/* What is larger than 1e18 does not fit into the integer. */
	uint64_t whole = (uint64_t)llround(fmin(fabs(value), 1e18));
	const char *sign = value < 0 && whole > 0 ? "-" : "";

	if (in_bytes)
		snprintf(text, TEXT_MAX, "%s%s", sign, seep_format_bytes(number, whole));
	else if (fabs(value) < 10 && value != floor(value))
		snprintf(text, TEXT_MAX, "%.2g", value);
	else
		snprintf(text, TEXT_MAX, "%s%s", sign, seep_format_count(number, whole));
	return text;
}

/* The same with it: "2.00 KiB", "1 descriptor". */
static const char *quantity(char text[TEXT_MAX], const struct seep_measurements *measured,
			    double value)
{
	size_t length = strlen(amount(text, measured->in_bytes, value));

	if (!measured->in_bytes)
		snprintf(text + length, TEXT_MAX - length, " %s%s", seep_kind_noun(measured->kind),
			 strcmp(text, "1") == 0 ? "" : "s");
	return text;
}

/* What rates like this are told by; how many seconds that is. */
static double time_unit(double rate, const char **ret_unit)
{
	bool hourly = fabs(rate) < 1;

	*ret_unit = hourly ? "hour" : "second";
	return hourly ? HOUR_S : 1;
}

/* Thirty years is the most that is told, which also fits into nanoseconds. */
static const char *duration(char text[SEEP_UNIT_MAX], double seconds)
{
	double ns = fmin(seconds, 1e9) * (double)SEEP_NS_PER_S;

	return isinf(seconds) ? "for ever" : seep_format_duration(text, (uint64_t)ns);
}

/* Small shares keep two digits: one object in a thousand is what slow leaks look like. */
static const char *percent(char text[TEXT_MAX], double share)
{
	if (share > 0 && share < LEAST_SHARE)
		snprintf(text, TEXT_MAX, "less than %g %%", 100 * LEAST_SHARE);
	else if (share > 0 && share < 0.01)
		snprintf(text, TEXT_MAX, "%.2g %%", 100 * share);
	else
		snprintf(text, TEXT_MAX, "%.1f %%", 100 * share);
	return text;
}

__attribute__((format(printf, 2, 3))) static void say(struct writer *writer, const char *format,
						      ...)
{
	struct seep_sentences *sentences = writer->sentences;
	va_list arguments;
	char *text;

	if (writer->error || sentences->count == SEEP_SENTENCES_MAX)
		return;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		writer->error = -ENOMEM;
	else
		sentences->texts[sentences->count++] = text;
	va_end(arguments);
}

/* With two samples the interval is infinite, and then there is nothing to say. */
static void say_rate(struct writer *writer, const struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	bool in_bytes = measured->in_bytes;
	const char *unit;
	double unit_s = time_unit(verdict->rate.value, &unit);
	char rate[TEXT_MAX], low[TEXT_MAX], high[TEXT_MAX], time[SEEP_UNIT_MAX];

	if (isinf(verdict->rate.low) || isinf(verdict->rate.high))
		return;
	say(writer, "what is live grows by %s per %s (95 %%: %s to %s), over %s",
	    quantity(rate, measured, unit_s * verdict->rate.value), unit,
	    amount(low, in_bytes, unit_s * verdict->rate.low),
	    amount(high, in_bytes, unit_s * verdict->rate.high),
	    duration(time, measured->observed_s));
}

/* Of memory that a collector releases: what is known of collections. */
static void say_collections(struct writer *writer, const struct seep_measurements *measured)
{
	const char *runtime = seep_runtime_text(measured->runtime);

	if (measured->runtime == SEEP_RUNTIME_NONE)
		return;
	if (!measured->kept_by_runtime)
		say(writer, "it has outlived two collections of %s, which would release it",
		    runtime);
	else
		say(writer, "it is released by collections of %s, and %s has been seen since",
		    runtime, measured->num_collections ? "only one" : "no collection");
}

static void say_trend(struct writer *writer, const struct seep_trend *trend)
{
	/* How likely a z as large as this is without a trend, to both sides. */
	double chance = erfc(fabs(trend->z) / M_SQRT2);
	char times[SEEP_UNIT_MAX];

	if (seep_trend_rises(trend))
		say(writer,
		    "it rises too steadily for chance: Mann-Kendall z = %.1f, which noise reaches "
		    "%s in %s times",
		    trend->z, chance < LEAST_CHANCE ? "less than once" : "once",
		    seep_format_count(times, (uint64_t)llround(1 / fmax(chance, LEAST_CHANCE))));
	else if (fabs(trend->z) < SEEP_Z_95)
		say(writer, "no trend stands out of the noise: Mann-Kendall z = %.1f", trend->z);
}

static void say_released(struct writer *writer, const struct seep_measurements *measured)
{
	char made[SEEP_UNIT_MAX], released[SEEP_UNIT_MAX], share[SEEP_UNIT_MAX];
	uint64_t enlargements = (uint64_t)measured->enlargements;
	uint64_t allocs = (uint64_t)measured->allocs - enlargements;
	uint64_t frees = (uint64_t)measured->frees - enlargements;

	say(writer, "of %s made, %s were released (%s)", seep_format_count(made, allocs),
	    seep_format_count(released, frees), seep_format_percent(share, frees, allocs));
	if (enlargements)
		say(writer, "realloc has enlarged them %s times",
		    seep_format_count(made, enlargements));
}

/* Shares by age: what gets old, what of it gets older, and how fast half is gone. */
static void say_survival(struct writer *writer, const struct seep_measurements *measured)
{
	const struct seep_survival *survival = &measured->survival;
	const struct seep_interval *kept = &survival->kept;
	char value[TEXT_MAX], low[TEXT_MAX], high[TEXT_MAX], tail[TEXT_MAX];
	char limit[SEEP_UNIT_MAX], settle[SEEP_UNIT_MAX];

	if (!survival->valid)
		return;
	duration(limit, survival->limit_s);
	say(writer, "%s of the objects (95 %%: %s to %s) get older than %s%s",
	    percent(value, kept->value), percent(low, kept->low), percent(high, kept->high), limit,
	    measured->ages_known ? "" : ", by the mean lifetime of the released");
	if (survival->tail.high > 0 && survival->tail.low > 0)
		say(writer, "of those that live for %s, %s live for %s",
		    duration(settle, survival->settle_s), percent(tail, survival->tail.value),
		    limit);
	if (isfinite(survival->median_s))
		say(writer, "half of the objects are released within %s",
		    duration(settle, survival->median_s));
}

static void say_oldest(struct writer *writer, const struct seep_measurements *measured)
{
	char age[SEEP_UNIT_MAX];

	if (isnan(measured->oldest_s))
		return;
	/* Within a twentieth: the first object is made some time after the snapshot before. */
	if (measured->oldest_s > 0.95 * measured->observed_s)
		say(writer, "the oldest object is %s old: from the first on, not all are released",
		    duration(age, measured->oldest_s));
	else
		say(writer, "the oldest object is %s old", duration(age, measured->oldest_s));
}

/* Worth a sentence only if all have one size, or if the objects have nearly doubled. */
static void say_size(struct writer *writer, const struct seep_measurements *measured)
{
	char early[TEXT_MAX], late[TEXT_MAX];

	if (!measured->in_bytes || measured->bytes_each <= 0)
		return;
	if (measured->same_size)
		say(writer, "all objects have %s", amount(late, true, measured->bytes_each));
	else if (seep_measurements_enlarged(measured))
		say(writer, "the mean object has grown from %s to %s",
		    amount(early, true, measured->size_early),
		    amount(late, true, measured->size_late));
}

/* That the rate has changed, in words for what it was and is. */
static void say_rates(struct writer *writer, const struct seep_verdict *verdict,
		      const char *beginning, const char *middle, const char *ending)
{
	const struct seep_measurements *measured = &verdict->measured;
	double early = measured->shape.early;
	double late = fmax(0, measured->shape.late);
	const char *unit;
	/* One unit for both, by the larger rate, so that they can be compared. */
	double unit_s = time_unit(fmax(early, late), &unit);
	char one[TEXT_MAX], two[TEXT_MAX];

	say(writer, "%s %s per %s %s %s%s", beginning, quantity(one, measured, unit_s * early),
	    unit, middle, amount(two, measured->in_bytes, unit_s * late), ending);
}

static void say_pattern(struct writer *writer, const struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	const struct seep_shape *shape = &measured->shape;
	char one[TEXT_MAX], time[SEEP_UNIT_MAX];

	switch (verdict->pattern) {
	case SEEP_PATTERN_ACCELERATING:
		say_rates(writer, verdict, "the rate has risen from", "to", "");
		if (verdict->multiplies.value > 0)
			say(writer, "it doubles every %s",
			    duration(time, M_LN2 / verdict->multiplies.value));
		break;
	case SEEP_PATTERN_STEPPED:
		say(writer, "it grows in steps, one every %s, of about %s",
		    duration(time, shape->step_every_s), quantity(one, measured, shape->step));
		break;
	case SEEP_PATTERN_OSCILLATING:
		say(writer, "it goes up and down every %s, by %s to either side",
		    duration(time, verdict->period_s), quantity(one, measured, shape->amplitude));
		break;
	default:
		break;
	}
}

/* What only some classes have: how a cache filled, where a burst was, how warming-up slows down. */
static void say_class(struct writer *writer, const struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	const struct seep_shape *shape = &measured->shape;
	char one[TEXT_MAX], two[TEXT_MAX], time[SEEP_UNIT_MAX];

	if (!shape->valid)
		return;
	switch (verdict->class) {
	case SEEP_CLASS_CACHE:
		say(writer, "it filled up within %s and has stayed at about %s since",
		    duration(time, shape->rise_s), quantity(one, measured, shape->last));
		break;
	case SEEP_CLASS_BURST:
		say(writer, "it rose to %s and has come down to %s",
		    quantity(one, measured, shape->peak),
		    amount(two, measured->in_bytes, shape->last));
		break;
	case SEEP_CLASS_LEAK:
		if (seep_sureness_of(verdict->class, verdict->confidence) < SEEP_SURENESS_CERTAIN)
			say(writer,
			    "likely a leak: a %s that is still filling looks the same until it is "
			    "full",
			    measured->in_bytes ? "cache" : "pool");
		break;
	case SEEP_CLASS_WARMING_UP:
		if (shape->late < shape->early)
			say_rates(writer, verdict, "it grew by", "at first and by", " lately");
		break;
	default:
		break;
	}
}

/* Nothing without a limit, and nothing if the limit is never met at this rate. */
static void say_eta(struct writer *writer, const struct seep_interval *eta_s, enum seep_limit limit)
{
	char value[SEEP_UNIT_MAX], low[SEEP_UNIT_MAX], high[SEEP_UNIT_MAX];

	if (!seep_interval_known(eta_s) || isinf(eta_s->value))
		return;
	say(writer, "at this rate %s is used up in %s (95 %%: %s to %s)", seep_limit_text(limit),
	    duration(value, eta_s->value), duration(low, eta_s->low), duration(high, eta_s->high));
}

static int finish(struct writer *writer)
{
	if (writer->error)
		seep_sentences_done(writer->sentences);
	return writer->error;
}

int seep_evidence_of_site(const struct seep_verdict *verdict, struct seep_sentences *ret_evidence)
{
	struct writer writer = {.sentences = ret_evidence};

	ret_evidence->count = 0;
	if (seep_class_grows(verdict->class)) {
		say_rate(&writer, verdict);
		say_collections(&writer, &verdict->measured);
	}
	say_class(&writer, verdict);
	say_pattern(&writer, verdict);
	say_released(&writer, &verdict->measured);
	say_survival(&writer, &verdict->measured);
	say_trend(&writer, &verdict->measured.trend);
	say_oldest(&writer, &verdict->measured);
	say_size(&writer, &verdict->measured);
	/* Of memory the process has the only deadline: by the growth of all of it. */
	if (!verdict->measured.in_bytes)
		say_eta(&writer, &verdict->eta_s, verdict->limit);
	return finish(&writer);
}

/* The numbers behind the health of the process; those that are not known are left out. */
static void say_memory(struct writer *writer, const struct seep_process_verdict *verdict)
{
	char one[TEXT_MAX], two[TEXT_MAX], low[TEXT_MAX], high[TEXT_MAX];
	const struct seep_interval *resident = &verdict->resident.slope;

	if (seep_trend_rises(&verdict->resident))
		say(writer, "its memory grows by %s per second (95 %%: %s to %s)",
		    amount(one, true, resident->value), amount(low, true, resident->low),
		    amount(high, true, resident->high));
	if (verdict->health == SEEP_HEALTH_EXPLAINED || verdict->health == SEEP_HEALTH_UNEXPLAINED)
		say(writer, "what the sites have grows by %s per second%s",
		    amount(one, true, verdict->explained.slope.value),
		    verdict->health == SEEP_HEALTH_EXPLAINED ? "" : ", which does not explain it");
	if (!isnan(verdict->resident_bytes))
		say(writer, "%s are resident, %s of them in live objects of the sites",
		    amount(one, true, verdict->resident_bytes),
		    amount(two, true, verdict->explained_bytes));
	if (verdict->before_bytes > 0)
		say(writer, "%s were resident before the trace began",
		    amount(one, true, verdict->before_bytes));
	if (!isnan(verdict->coverage))
		say(writer, "the sites cover %s of what has become resident since",
		    percent(one, verdict->coverage));
}

/* With one too many mmap fails, and with it malloc and the start of a thread. */
static void say_mappings(struct writer *writer, const struct seep_process_verdict *verdict)
{
	const struct seep_interval *rate = &verdict->mappings.slope;
	const struct seep_interval *eta_s = &verdict->mappings_eta_s;
	const char *unit;
	double unit_s = time_unit(rate->value, &unit);
	char one[TEXT_MAX], low[TEXT_MAX], high[TEXT_MAX], limit[TEXT_MAX], time[SEEP_UNIT_MAX];

	if (!seep_process_mappings_grow(verdict))
		return;
	say(writer, "the number of its mappings grows by %s per %s (95 %%: %s to %s)",
	    amount(one, false, unit_s * rate->value), unit, amount(low, false, unit_s * rate->low),
	    amount(high, false, unit_s * rate->high));
	if (seep_interval_known(eta_s) && isfinite(eta_s->value))
		say(writer, "it has %s mappings; the limit of %s (%s) is reached in %s",
		    amount(one, false, verdict->num_mappings),
		    amount(limit, false, verdict->max_mappings),
		    seep_limit_text(SEEP_LIMIT_MAP_COUNT), duration(time, eta_s->value));
}

int seep_evidence_of_process(const struct seep_process_verdict *verdict,
			     const struct seep_cause *cause, struct seep_sentences *ret_evidence)
{
	struct writer writer = {.sentences = ret_evidence};

	ret_evidence->count = 0;
	if (cause)
		writer.error = seep_cause_words(cause, ret_evidence->texts, &ret_evidence->count);
	say_memory(&writer, verdict);
	if (verdict->health == SEEP_HEALTH_EXPLAINED || verdict->health == SEEP_HEALTH_UNEXPLAINED)
		say_eta(&writer, &verdict->eta_s, verdict->limit);
	say_mappings(&writer, verdict);
	return finish(&writer);
}
