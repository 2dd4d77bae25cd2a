// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sentences about a verdict. Each say_ function adds one sentence, or none if it would say nothing;
 * seep_evidence_of_site calls them with the most telling first, and at most SEEP_SENTENCES_MAX are
 * kept. The first failure is kept in the writer and makes finish free all of them.
 */
#include "verdict/evidence_private.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

/* A rate below one in a second is told by the hour. */
#define HOUR_S 3600.0

/* Of what is smaller it is enough to know that it is. */
#define LEAST_SHARE  1e-5
#define LEAST_CHANCE 1e-6

const char *seep_evidence_amount(char text[SEEP_EVIDENCE_TEXT], bool in_bytes, double value)
{
	char number[SEEP_UNIT_MAX];
	/* What is larger than 1e18 does not fit into the integer. */
	uint64_t whole = (uint64_t)llround(fmin(fabs(value), 1e18));
	const char *sign = value < 0 && whole > 0 ? "-" : "";

	if (in_bytes)
		snprintf(text, SEEP_EVIDENCE_TEXT, "%s%s", sign, seep_format_bytes(number, whole));
	else if (fabs(value) < 10 && value != floor(value))
		snprintf(text, SEEP_EVIDENCE_TEXT, "%.2g", value);
	else
		snprintf(text, SEEP_EVIDENCE_TEXT, "%s%s", sign, seep_format_count(number, whole));
	return text;
}

/* The same with it: "2.00 KiB", "1 descriptor". */
static const char *quantity(char text[SEEP_EVIDENCE_TEXT], const struct seep_measurements *measured,
			    double value)
{
	size_t length = strlen(seep_evidence_amount(text, measured->in_bytes, value));

	if (!measured->in_bytes)
		snprintf(text + length, SEEP_EVIDENCE_TEXT - length, " %s%s",
			 seep_kind_noun(measured->kind), strcmp(text, "1") == 0 ? "" : "s");
	return text;
}

double seep_evidence_time_unit(double rate, const char **ret_unit)
{
	bool hourly = fabs(rate) < 1;

	*ret_unit = hourly ? "hour" : "second";
	return hourly ? HOUR_S : 1;
}

const char *seep_evidence_percent(char text[SEEP_EVIDENCE_TEXT], double share)
{
	if (share > 0 && share < LEAST_SHARE)
		snprintf(text, SEEP_EVIDENCE_TEXT, "less than %g %%", 100 * LEAST_SHARE);
	else if (share > 0 && share < 0.01)
		snprintf(text, SEEP_EVIDENCE_TEXT, "%.2g %%", 100 * share);
	else
		snprintf(text, SEEP_EVIDENCE_TEXT, "%.1f %%", 100 * share);
	return text;
}

void seep_evidence_say(struct seep_evidence_writer *writer, const char *format, ...)
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
static void say_rate(struct seep_evidence_writer *writer, const struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	bool in_bytes = measured->in_bytes;
	const char *unit;
	double unit_s = seep_evidence_time_unit(verdict->rate.value, &unit);
	char rate[SEEP_EVIDENCE_TEXT], low[SEEP_EVIDENCE_TEXT], high[SEEP_EVIDENCE_TEXT],
		time[SEEP_UNIT_MAX];

	if (isinf(verdict->rate.low) || isinf(verdict->rate.high))
		return;
	seep_evidence_say(writer, "what is live grows by %s per %s (95 %%: %s to %s), over %s",
			  quantity(rate, measured, unit_s * verdict->rate.value), unit,
			  seep_evidence_amount(low, in_bytes, unit_s * verdict->rate.low),
			  seep_evidence_amount(high, in_bytes, unit_s * verdict->rate.high),
			  seep_format_seconds(time, measured->observed_s));
}

/* Of memory that a collector releases: what is known of collections. */
static void say_collections(struct seep_evidence_writer *writer,
			    const struct seep_measurements *measured)
{
	const char *runtime = seep_runtime_text(measured->runtime);

	if (measured->runtime == SEEP_RUNTIME_NONE)
		return;
	if (!measured->kept_by_runtime)
		seep_evidence_say(writer,
				  "it has outlived two collections of %s, which would release it",
				  runtime);
	else
		seep_evidence_say(writer,
				  "it is released by collections of %s, and %s has been seen since",
				  runtime,
				  measured->num_collections ? "only one" : "no collection");
}

static void say_trend(struct seep_evidence_writer *writer, const struct seep_trend *trend)
{
	/* How likely a z as large as this is without a trend, to both sides. */
	double chance = erfc(fabs(trend->z) / M_SQRT2);
	char times[SEEP_UNIT_MAX];

	if (seep_trend_rises(trend))
		seep_evidence_say(
			writer,
			"it rises too steadily for chance: Mann-Kendall z = %.1f, which noise reaches "
			"%s in %s times",
			trend->z, chance < LEAST_CHANCE ? "less than once" : "once",
			seep_format_count(times,
					  (uint64_t)llround(1 / fmax(chance, LEAST_CHANCE))));
	else if (fabs(trend->z) < SEEP_Z_95)
		seep_evidence_say(writer, "no trend stands out of the noise: Mann-Kendall z = %.1f",
				  trend->z);
}

static void say_released(struct seep_evidence_writer *writer,
			 const struct seep_measurements *measured)
{
	char made[SEEP_UNIT_MAX], released[SEEP_UNIT_MAX], share[SEEP_UNIT_MAX];
	uint64_t enlargements = (uint64_t)measured->enlargements;
	uint64_t allocs = (uint64_t)measured->allocs - enlargements;
	uint64_t frees = (uint64_t)measured->frees - enlargements;

	seep_evidence_say(writer, "of %s made, %s were released (%s)",
			  seep_format_count(made, allocs), seep_format_count(released, frees),
			  seep_format_percent(share, frees, allocs));
	if (enlargements)
		seep_evidence_say(writer, "realloc has enlarged them %s times",
				  seep_format_count(made, enlargements));
}

/* Shares by age: what gets old, what of it gets older, and how fast half is gone. */
static void say_survival(struct seep_evidence_writer *writer,
			 const struct seep_measurements *measured)
{
	const struct seep_survival *survival = &measured->survival;
	const struct seep_interval *kept = &survival->kept;
	char value[SEEP_EVIDENCE_TEXT], low[SEEP_EVIDENCE_TEXT], high[SEEP_EVIDENCE_TEXT],
		tail[SEEP_EVIDENCE_TEXT];
	char limit[SEEP_UNIT_MAX], settle[SEEP_UNIT_MAX];

	if (!survival->valid)
		return;
	seep_format_seconds(limit, survival->limit_s);
	seep_evidence_say(writer, "%s of the objects (95 %%: %s to %s) get older than %s%s",
			  seep_evidence_percent(value, kept->value),
			  seep_evidence_percent(low, kept->low),
			  seep_evidence_percent(high, kept->high), limit,
			  measured->ages_known ? "" : ", by the mean lifetime of the released");
	if (survival->tail.high > 0 && survival->tail.low > 0)
		seep_evidence_say(writer, "of those that live for %s, %s live for %s",
				  seep_format_seconds(settle, survival->settle_s),
				  seep_evidence_percent(tail, survival->tail.value), limit);
	if (isfinite(survival->median_s))
		seep_evidence_say(writer, "half of the objects are released within %s",
				  seep_format_seconds(settle, survival->median_s));
}

/* Instead of numbers that are estimates themselves: what was seen, and what that says. */
static void say_seen(struct seep_evidence_writer *writer, const struct seep_measurements *measured)
{
	const struct seep_interval *staying = &measured->seen.staying;
	char made[SEEP_UNIT_MAX], value[SEEP_EVIDENCE_TEXT], low[SEEP_EVIDENCE_TEXT],
		high[SEEP_EVIDENCE_TEXT];

	seep_evidence_say(
		writer,
		"of %s objects that were seen being made, %s (95 %%: %s to %s) are not released, as "
		"later windows tell",
		seep_format_count(made, (uint64_t)measured->seen.objects),
		seep_evidence_percent(value, staying->value),
		seep_evidence_percent(low, staying->low),
		seep_evidence_percent(high, staying->high));
}

static void say_oldest(struct seep_evidence_writer *writer,
		       const struct seep_measurements *measured)
{
	char age[SEEP_UNIT_MAX];

	if (isnan(measured->oldest_s))
		return;
	/* Within a twentieth: the first object is made some time after the snapshot before. */
	if (measured->oldest_s > 0.95 * measured->observed_s)
		seep_evidence_say(
			writer,
			"the oldest object is %s old: from the first on, not all are released",
			seep_format_seconds(age, measured->oldest_s));
	else
		seep_evidence_say(writer, "the oldest object is %s old",
				  seep_format_seconds(age, measured->oldest_s));
}

/* Worth a sentence only if all have one size, or if the objects have nearly doubled. */
static void say_size(struct seep_evidence_writer *writer, const struct seep_measurements *measured)
{
	char early[SEEP_EVIDENCE_TEXT], late[SEEP_EVIDENCE_TEXT];

	if (!measured->in_bytes || measured->bytes_each <= 0)
		return;
	if (measured->same_size)
		seep_evidence_say(writer, "all objects have %s",
				  seep_evidence_amount(late, true, measured->bytes_each));
	else if (seep_measurements_enlarged(measured))
		seep_evidence_say(writer, "the mean object has grown from %s to %s",
				  seep_evidence_amount(early, true, measured->size_early),
				  seep_evidence_amount(late, true, measured->size_late));
}

/* That the rate has changed, in words for what it was and is. */
static void say_rates(struct seep_evidence_writer *writer, const struct seep_verdict *verdict,
		      const char *beginning, const char *middle, const char *ending)
{
	const struct seep_measurements *measured = &verdict->measured;
	double early = measured->shape.early;
	double late = fmax(0, measured->shape.late);
	const char *unit;
	/* One unit for both, by the larger rate, so that they can be compared. */
	double unit_s = seep_evidence_time_unit(fmax(early, late), &unit);
	char one[SEEP_EVIDENCE_TEXT], two[SEEP_EVIDENCE_TEXT];

	seep_evidence_say(writer, "%s %s per %s %s %s%s", beginning,
			  quantity(one, measured, unit_s * early), unit, middle,
			  seep_evidence_amount(two, measured->in_bytes, unit_s * late), ending);
}

static void say_pattern(struct seep_evidence_writer *writer, const struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	const struct seep_shape *shape = &measured->shape;
	char one[SEEP_EVIDENCE_TEXT], time[SEEP_UNIT_MAX];

	switch (verdict->pattern) {
	case SEEP_PATTERN_ACCELERATING:
		say_rates(writer, verdict, "the rate has risen from", "to", "");
		if (verdict->multiplies.value > 0)
			seep_evidence_say(writer, "it doubles every %s",
					  seep_format_seconds(time,
							      M_LN2 / verdict->multiplies.value));
		break;
	case SEEP_PATTERN_STEPPED:
		seep_evidence_say(writer, "it grows in steps, one every %s, of about %s",
				  seep_format_seconds(time, shape->step_every_s),
				  quantity(one, measured, shape->step));
		break;
	case SEEP_PATTERN_OSCILLATING:
		seep_evidence_say(writer, "it goes up and down every %s, by %s to either side",
				  seep_format_seconds(time, verdict->period_s),
				  quantity(one, measured, shape->amplitude));
		break;
	default:
		break;
	}
}

/* What only some classes have: how a cache filled, where a burst was, how warming-up slows down. */
static void say_class(struct seep_evidence_writer *writer, const struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	const struct seep_shape *shape = &measured->shape;
	char one[SEEP_EVIDENCE_TEXT], two[SEEP_EVIDENCE_TEXT], time[SEEP_UNIT_MAX];

	if (!shape->valid)
		return;
	switch (verdict->class) {
	case SEEP_CLASS_CACHE:
		seep_evidence_say(writer, "it filled up within %s and has stayed at about %s since",
				  seep_format_seconds(time, shape->rise_s),
				  quantity(one, measured, shape->last));
		break;
	case SEEP_CLASS_BURST:
		seep_evidence_say(writer, "it rose to %s and has come down to %s",
				  quantity(one, measured, shape->peak),
				  seep_evidence_amount(two, measured->in_bytes, shape->last));
		break;
	case SEEP_CLASS_LEAK:
		if (seep_sureness_of(verdict->class, verdict->confidence) < SEEP_SURENESS_CERTAIN)
			seep_evidence_say(
				writer,
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

void seep_evidence_say_eta(struct seep_evidence_writer *writer, const struct seep_interval *eta_s,
			   enum seep_limit limit)
{
	char value[SEEP_UNIT_MAX], low[SEEP_UNIT_MAX], high[SEEP_UNIT_MAX];

	if (!seep_interval_known(eta_s) || isinf(eta_s->value))
		return;
	seep_evidence_say(writer, "at this rate %s is used up in %s (95 %%: %s to %s)",
			  seep_limit_text(limit), seep_format_seconds(value, eta_s->value),
			  seep_format_seconds(low, eta_s->low),
			  seep_format_seconds(high, eta_s->high));
}

int seep_evidence_finish(struct seep_evidence_writer *writer)
{
	if (writer->error)
		seep_sentences_done(writer->sentences);
	return writer->error;
}

int seep_evidence_of_site(const struct seep_verdict *verdict, struct seep_sentences *ret_evidence)
{
	struct seep_evidence_writer writer = {.sentences = ret_evidence};

	ret_evidence->count = 0;
	if (seep_class_grows(verdict->class)) {
		say_rate(&writer, verdict);
		say_collections(&writer, &verdict->measured);
	}
	say_class(&writer, verdict);
	say_pattern(&writer, verdict);
	if (verdict->measured.seen.known) {
		say_seen(&writer, &verdict->measured);
	} else {
		say_released(&writer, &verdict->measured);
		say_survival(&writer, &verdict->measured);
		say_trend(&writer, &verdict->measured.trend);
	}
	say_oldest(&writer, &verdict->measured);
	say_size(&writer, &verdict->measured);
	/* Of memory the process has the only deadline: by the growth of all of it. */
	if (!verdict->measured.in_bytes)
		seep_evidence_say_eta(&writer, &verdict->eta_s, verdict->limit);
	return seep_evidence_finish(&writer);
}
