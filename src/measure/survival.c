// SPDX-License-Identifier: GPL-2.0-only
/*
 * The curve is walked once over the buckets (SEEP_LIFETIME_BUCKETS), whatever the number of
 * objects. seep_survival_fit chooses a limit that half of the objects could get to, and the point
 * from which lifetimes have settled, then reads the shares off the curve. Where ages were not
 * counted, seep_survival_guess_ages comes before it.
 */
#include "measure/survival.h"

#include <math.h>

#include "base/units.h"
#include "measure/life_table.h"

/*
 * Octaves from settle_s to limit_s: two, or one if too many end in the first of the two and hardly
 * any in the second.
 */
#define TAIL_BUCKETS 2
#define TAIL_ENDED   0.8
#define TAIL_SETTLED 0.9

/* S at the upper end of a bucket, and Greenwood's sum: its variance is S^2 times this. */
struct point {
	double survival;
	double greenwood;
};

/* Bucket 0 ends at 1 us, each further one at twice the time; the last one has no end. */
double seep_survival_bucket_s(unsigned int bucket)
{
	return bucket + 1 < SEEP_LIFETIME_BUCKETS ? ldexp(1e-6, (int)bucket) : INFINITY;
}

/* The curve, at the end of each bucket. */
static void walk_curve(const uint64_t *lifetimes, const uint64_t *ages, struct point *ret_curve)
{
	struct point point = {.survival = 1};
	struct seep_life_table table;

	seep_life_table_fill(lifetimes, ages, &table);
	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		double hazard = table.hazards[i];

		if (hazard > 0 && hazard < 1)
			point.greenwood += hazard / (table.watched[i] * (1 - hazard));
		point.survival *= 1 - hazard;
		ret_curve[i] = point;
	}
}

/*
 * The interval of a product of conditional shares with this Greenwood sum: that of a share found
 * among as many as would give the same variance (Dorey and Korn, Statistics in Medicine 6, 1987),
 * at most the @count that there were.
 */
static struct seep_interval share_of(double survival, double greenwood, double count)
{
	double variance = survival * survival * greenwood;

	if (variance > 0 && survival > 0)
		count = fmin(count, survival * (1 - survival) / variance);
	return seep_interval_of_share(survival, count);
}

/* The sum of the buckets from @from up to, without, @to. */
static double count_from(const uint64_t *counts, unsigned int from, unsigned int to)
{
	double sum = 0;

	for (unsigned int i = from; i < to; i++)
		sum += (double)counts[i];
	return sum;
}

/* The upper end of the bucket in which the curve falls to one half; INFINITY if it never does. */
static double median_of(const struct point *curve)
{
	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		if (curve[i].survival <= 0.5)
			return seep_survival_bucket_s(i);
	return INFINITY;
}

unsigned int seep_survival_last_bucket(double observed_s)
{
	unsigned int last = 0;

	while (last + 2 < SEEP_LIFETIME_BUCKETS &&
	       seep_survival_bucket_s(last + 1) <= observed_s / 2)
		last++;
	return last <= TAIL_BUCKETS ? 0 : last;
}

/* Of those that get to the end of bucket @from, the share that gets to the end of @to. */
static double fall(const struct point *curve, unsigned int from, unsigned int to)
{
	return curve[from].survival > 0 ? curve[to].survival / curve[from].survival : 0;
}

/*
 * TAIL_BUCKETS octaves before @last; one, if more than a fifth of the objects end within the two,
 * but less than a tenth within the second.
 */
static unsigned int settled_bucket(const struct point *curve, unsigned int last)
{
	return fall(curve, last - TAIL_BUCKETS, last) < TAIL_ENDED &&
			       fall(curve, last - 1, last) > TAIL_SETTLED ?
		       last - 1 :
		       last - TAIL_BUCKETS;
}

/*
 * Where in their bucket the ages are is not known: many objects that come together are all at its
 * beginning, or at its end. With many of them, chance is the smaller part of what is not known.
 */
static void widen(const uint64_t *lifetimes, const uint64_t *ages, unsigned int last,
		  struct seep_interval *kept)
{
	double least = 1;
	double most = 1;
	double at_risk = 0;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		at_risk += (double)lifetimes[i] + (double)ages[i];
	for (unsigned int i = 0; i <= last; i++) {
		double ended = (double)lifetimes[i];

		if (ended > 0) {
			least *= 1 - ended / fmax(ended, at_risk - (double)ages[i]);
			most *= 1 - ended / at_risk;
		}
		at_risk -= ended + (double)ages[i];
	}
	kept->low = fmin(kept->low, least);
	kept->high = fmax(kept->high, most);
}

/*
 * Greenwood's sums add up along the curve, so the difference of two is that of the part between. If
 * no object got to the settled point, the tail is 0 with an interval that says that nothing is
 * known: objects are not taken for staying.
 */
static void fill_tail(const uint64_t *lifetimes, const uint64_t *ages, const struct point *curve,
		      unsigned int settled, unsigned int last, struct seep_survival *survival)
{
	unsigned int all = SEEP_LIFETIME_BUCKETS;
	double got_there =
		count_from(lifetimes, settled + 1, all) + count_from(ages, settled + 1, all);
	double total = count_from(lifetimes, 0, all) + count_from(ages, 0, all);
	double tail = fall(curve, settled, last);

	if (got_there > 0)
		survival->tail =
			share_of(tail, curve[last].greenwood - curve[settled].greenwood, got_there);
	else
		survival->tail = (struct seep_interval){0, 0, 1};
	got_there = count_from(lifetimes, last + 1, all) + count_from(ages, last + 1, all);
	survival->late = (struct seep_interval){1, 0, 1};
	if (got_there > 0)
		survival->late =
			share_of(fall(curve, last, all - 1),
				 curve[all - 1].greenwood - curve[last].greenwood, got_there);
	survival->kept = share_of(curve[last].survival, curve[last].greenwood, total);
	widen(lifetimes, ages, last, &survival->kept);
	survival->kept.low *= survival->tail.value;
}

uint64_t seep_survival_count(const uint64_t counts[SEEP_LIFETIME_BUCKETS])
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		sum += counts[i];
	return sum;
}

void seep_survival_fit(const uint64_t lifetimes[SEEP_LIFETIME_BUCKETS],
		       const uint64_t ages[SEEP_LIFETIME_BUCKETS], double observed_s,
		       struct seep_survival *ret_survival)
{
	struct point curve[SEEP_LIFETIME_BUCKETS];
	unsigned int last = seep_survival_last_bucket(observed_s);
	unsigned int settled;

	*ret_survival = (struct seep_survival){0};
	if (last == 0 || count_from(lifetimes, 0, SEEP_LIFETIME_BUCKETS) +
					 count_from(ages, 0, SEEP_LIFETIME_BUCKETS) ==
				 0)
		return;
	walk_curve(lifetimes, ages, curve);
	settled = settled_bucket(curve, last);
	ret_survival->valid = true;
	ret_survival->limit_s = seep_survival_bucket_s(last);
	ret_survival->settle_s = seep_survival_bucket_s(settled);
	fill_tail(lifetimes, ages, curve, settled, last, ret_survival);
	/* Ages behind the settled point only: younger objects may still be released. */
	ret_survival->recent = count_from(ages, settled + 1, last + 1);
	ret_survival->old = count_from(ages, last + 1, SEEP_LIFETIME_BUCKETS);
	ret_survival->recent_per_s =
		ret_survival->recent / (ret_survival->limit_s - ret_survival->settle_s);
	ret_survival->old_per_s = ret_survival->old / (observed_s - ret_survival->limit_s);
	ret_survival->median_s = median_of(curve);
}

/* At most: by the ends of the buckets. What may be passing is not to be taken for staying. */
static double mean_lifetime_s(const uint64_t *lifetimes)
{
	double sum = 0;
	double count = 0;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		count += (double)lifetimes[i];
		sum += (double)lifetimes[i] * ldexp(1e-6, (int)i);
	}
	return count > 0 ? sum / count : 0;
}

void seep_survival_guess_ages(const uint64_t lifetimes[SEEP_LIFETIME_BUCKETS], uint64_t live,
			      double allocs_per_s, double observed_s,
			      uint64_t ret_ages[SEEP_LIFETIME_BUCKETS])
{
	/*
	 * The passing objects are all put into the bucket of the mean lifetime; the others are
	 * spread over the time observed, as if they had come at an even rate.
	 */
	double mean_s = fmin(mean_lifetime_s(lifetimes), observed_s / 2);
	double passing = fmin((double)live, allocs_per_s * mean_s);
	double staying = ((double)live - passing) / observed_s;
	double from_s = 0;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		double to_s = fmin(observed_s, seep_survival_bucket_s(i));

		ret_ages[i] = (uint64_t)llround(staying * fmax(0, to_s - from_s));
		if (mean_s >= from_s && mean_s < to_s)
			ret_ages[i] += (uint64_t)llround(passing);
		from_s = to_s;
	}
}

unsigned int seep_survival_bucket(uint64_t age_ns)
{
	uint64_t us = age_ns / SEEP_NS_PER_US;
	unsigned int bucket = us ? 64U - (unsigned int)__builtin_clzll(us) : 0;

	return bucket < SEEP_LIFETIME_BUCKETS ? bucket : SEEP_LIFETIME_BUCKETS - 1;
}
