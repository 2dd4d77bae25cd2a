// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of the blocks that outlived their window the share that has ended is the quotient of two shares:
 * of those that were found dead among all, and of those that are found among the dead (Rogan and
 * Gladen, Am. J. Epidemiology 107, 1978). The first is known from the blocks, the second from
 * addresses, given when blocks end (cohort_solve.c). The variances are those of the hazards of both
 * curves, which are independent of each other, carried through the solution by its derivatives.
 */
#include "measure/cohort.h"

#include <math.h>

#include "measure/cohort_private.h"
#include "measure/survival.h"

#define BUCKETS SEEP_LIFETIME_BUCKETS

/* Some that end at any time; and for the interval fewer of them, or as many as can be. */
static const struct belief usual = {.any_time = 0.3};
static const struct belief others[] = {{.any_time = 0.03}, {.any_time = 0.03, .between = 3}};

/* How careful an interval is. */
struct care {
	double z;    /* the quantile of its ends */
	double part; /* of what is found of the dead in general, so much of those of the site */
};

static const struct care surely = {4, 0.5};

/*
 * Blocks and addresses come from the same windows, and not each by itself: so there are no more
 * degrees of freedom than windows. About half of them are old enough to tell of the limit.
 */
static struct care usually(const struct seep_windows *windows)
{
	return (struct care){seep_student(SEEP_Z_95, (double)windows->count / 2), 1};
}

/* What an interval of the share that is alive stands on. */
struct evidence {
	const struct problem *problem;
	const struct seep_detection *detection;
	const struct solution *solution;
	double addresses; /* that tell what is found */
	/* Variances of the share seen dead, and of what is found of the dead. */
	double seen;
	double found;
	/* What else may be found, see look_elsewhere. */
	double least_found;
	double most_found;
};

/* A share with this variance, found among at most @most. */
static struct seep_interval share_of(double share, double variance, double most, double z)
{
	double count = variance > 0 ? share * (1 - share) / variance : most;

	if (most <= 0)
		return (struct seep_interval){share, 0, 1};
	return seep_interval_of_share_at(share, fmax(1, fmin(count, most)), z);
}

/*
 * The quotient of two independent shares, with intervals: Donner and Zou (Stat. Methods Med. Res.
 * 21, 2012), written without their difference of large numbers. No upper limit where the divisor
 * may be 0.
 */
static struct seep_interval quotient(const struct seep_interval *part,
				     const struct seep_interval *whole)
{
	double product = part->value * whole->value;
	double low = part->low * (2 * part->value - part->low);
	double high = part->high * (2 * part->value - part->high);
	double root_low = product * product - low * whole->high * (2 * whole->value - whole->high);
	double root_high = product * product - high * whole->low * (2 * whole->value - whole->low);
	struct seep_interval result = {part->value / whole->value, 0, INFINITY};

	if (low > 0)
		result.low = low / (product + sqrt(fmax(0, root_low)));
	if (whole->low > 0)
		result.high = (product + sqrt(fmax(0, root_high))) /
			      (whole->low * (2 * whole->value - whole->low));
	return result;
}

/* The product of two independent shares. */
static struct seep_interval product(const struct seep_interval *a, const struct seep_interval *b)
{
	double value = a->value * b->value;

	return (struct seep_interval){
		value,
		fmax(0,
		     value - hypot(b->value * (a->value - a->low), a->value * (b->value - b->low))),
		fmin(1, value + hypot(b->value * (a->high - a->value),
				      a->value * (b->high - b->value))),
	};
}

/* How many of some blocks, and the variance of that number. */
struct number {
	double count;
	double variance;
};

/*
 * Of the blocks that outlived their window, those that ended before they were half as old as one is
 * long: they were alive when a window was cut. At most, by the ends of the octaves. In windows that
 * were not cut, what is made in the part that is followed ends before they do.
 */
static struct number ended_soon(const struct problem *problem)
{
	const struct seep_windows *windows = problem->context->windows;
	double window_s = seep_windows_length_s(windows);
	double per_block = windows->followed_s > 0 ? (double)windows->cut / windows->followed_s : 0;
	struct number number = {0};

	for (unsigned int i = 0; 2 * seep_survival_bucket_s(i) < window_s; i++) {
		double after_s = seep_survival_bucket_s(i) - windows->shortest_tail_s;
		double odds = fmax(0, after_s) * per_block;

		number.count += (double)problem->cohort->released[i] * odds;
		number.variance += (double)problem->cohort->released[i] * odds * odds;
	}
	number.variance += number.count;
	return number;
}

/*
 * Of what outlives its window and is released, so much is followed for each such release that is
 * counted, at most. Counted are those of the last 7/8 of a window, of all blocks that were made
 * before it. What is older than a window is followed if it was made in the part that is. Of younger
 * ones less is, and the releases of those that are older than half of one are counted as often.
 */
static double followed_per_release(const struct seep_windows *windows)
{
	double open_s = windows->behind_gaps_s;
	double by_time = open_s > 0 ? windows->followed_s / open_s : 1;
	double by_number =
		seep_windows_followed(windows) + (double)windows->cut / (double)windows->count;

	return fmax(by_time, by_number) * 8 / 7;
}

/*
 * Whatever becomes of the addresses: of the blocks that outlive a window, and of the releases of
 * such blocks, windows see the same share. So of those that are old enough not more can have been
 * released than such releases were seen.
 */
static double gone_at_most(const struct problem *problem, const struct solution *solution, double z)
{
	/* What was made together may be released together. */
	double clumping = fmax(problem->clumping, problem->context->releases_clumping);
	struct number soon = ended_soon(problem);
	double releases = (double)problem->context->releases / clumping;
	double old = 0;

	for (unsigned int i = problem->last + 1; i < BUCKETS; i++)
		old += (double)problem->cohort->unseen[i];
	if (old <= 0 || solution->unseen[problem->last] <= 0)
		return INFINITY;
	/* With those that are as old and were found dead. */
	old /= solution->unseen[problem->last];
	return (soon.count + z * sqrt(soon.variance)) / problem->outlived +
	       followed_per_release(problem->context->windows) * clumping *
		       seep_interval_of_count_at(releases, z).high / old;
}

/*
 * How many more may have ended where they are hard to find? Where nothing is found, that which few
 * of the dead are found by chance may still be many.
 */
static double hidden_at_most(const struct evidence *evidence, const struct care *care)
{
	const struct solution *solution = evidence->solution;
	unsigned int last = evidence->problem->last;
	double outlived = evidence->problem->outlived;
	double clumping = evidence->problem->clumping;
	double most = 0;

	for (unsigned int i = 0; i <= last; i++) {
		double by = evidence->detection->by[i][last];
		double found = solution->ended[i] * by * outlived / clumping;
		double more = seep_interval_of_count_at(found, care->z).high - found;

		if (by < solution->found)
			most = fmax(most, clumping * more / (outlived * by * care->part));
	}
	return most;
}

/*
 * The share found depends on when blocks end, and that may not show in what is found: then the
 * search stays where it began. So it begins twice more.
 */
static void look_elsewhere(struct evidence *evidence)
{
	evidence->least_found = evidence->solution->found;
	evidence->most_found = evidence->solution->found;
	for (unsigned int i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct problem other = *evidence->problem;
		struct solution solution;

		seep_cohort_guess(&other, &others[i]);
		seep_cohort_solve(&other, other.blocks.hazards, evidence->detection, &solution);
		evidence->least_found = fmin(evidence->least_found, solution.found);
		evidence->most_found = fmax(evidence->most_found, solution.found);
	}
}

static struct evidence collect(const struct problem *problem,
			       const struct seep_detection *detection,
			       const struct solution *solution, const struct variance *by_blocks,
			       const struct variance *by_addresses, double addresses)
{
	struct evidence evidence = {
		.problem = problem,
		.detection = detection,
		.solution = solution,
		.addresses = addresses,
	};
	/* The share gone is the quotient of that seen dead and that found of the dead. */
	double found = solution->found;
	double slope = solution->gone > 0 ? found / solution->gone : 0;

	evidence.seen = found * found * by_blocks->gone;
	evidence.found = slope * slope * by_addresses->gone;
	if (problem->outlived > 0)
		look_elsewhere(&evidence);
	return evidence;
}

/* Of the blocks that outlived their window, those that have ended by the limit. */
static struct seep_interval gone_of(const struct evidence *evidence, const struct care *care)
{
	const struct problem *problem = evidence->problem;
	double watched = problem->blocks.watched[problem->last];
	double seen = 1 - evidence->solution->unseen[problem->last];
	double found = evidence->solution->found * care->part;
	struct seep_interval part =
		share_of(seen, evidence->seen,
			 seen > 0 ? problem->outlived / problem->clumping : watched, care->z);
	struct seep_interval whole = share_of(found, evidence->found, evidence->addresses, care->z);
	struct seep_interval gone = {seen, part.low, INFINITY};
	struct seep_interval other;

	other = share_of(evidence->least_found * care->part, evidence->found, evidence->addresses,
			 care->z);
	whole.low = fmin(whole.low, other.low);
	other = share_of(evidence->most_found * care->part, evidence->found, evidence->addresses,
			 care->z);
	whole.high = fmax(whole.high, other.high);
	if (found > 0 && evidence->addresses > 0)
		gone = quotient(&part, &whole);
	gone.high = fmax(gone.high, gone.value + hidden_at_most(evidence, care));
	gone.high = fmin(gone.high,
			 fmax(gone.value, gone_at_most(problem, evidence->solution, care->z)));
	return gone;
}

/* Of those, the ones that are alive. */
static struct seep_interval alive_of(const struct evidence *evidence, const struct care *care)
{
	const struct problem *problem = evidence->problem;
	struct seep_interval none =
		seep_interval_of_share_at(0, problem->outlived / problem->clumping, care->z);
	struct seep_interval gone;

	if (problem->blocks.watched[problem->last] <= 0)
		return (struct seep_interval){evidence->solution->alive[problem->last], 0, 1};
	gone = gone_of(evidence, care);
	/* However many are found dead: that none is left cannot be known from few. */
	return (struct seep_interval){fmax(0, 1 - gone.value), fmax(0, 1 - gone.high),
				      fmax(none.high, 1 - gone.low)};
}

/* Of all blocks, the ones that are alive at the limit; @ret_alive of those outlived. */
static struct seep_interval staying_of(const struct evidence *evidence, const struct care *care,
				       struct seep_interval *ret_alive)
{
	const struct problem *problem = evidence->problem;
	struct seep_interval outlived = seep_interval_of_share_at(
		problem->outlived / problem->made, problem->made / problem->clumping, care->z);

	*ret_alive = alive_of(evidence, care);
	return product(&outlived, ret_alive);
}

/*
 * Blocks that were made in one burst may end in one, and then a window sees the end of all of them
 * or of none. How the births clump is known. Of a burst the part that outlives its window is as
 * much smaller as those are fewer than all; what few of many leave behind comes one by one. But
 * when a window is cut, what lives for a moment outlives it together, however few it is of all.
 */
static double clumping_of(const struct problem *problem)
{
	double more = fmax(0, problem->context->clumping - 1) * problem->outlived / problem->made;
	double cut = (double)problem->context->windows->cut;
	double of_cuts = fmin(ended_soon(problem).count, problem->outlived);

	if (of_cuts > cut)
		more = fmax(more, of_cuts / problem->outlived * (of_cuts / cut - 1));
	return 1 + more;
}

/* False if there is nothing to solve. */
static bool pose(struct problem *problem)
{
	const struct seep_cohort *cohort = problem->cohort;
	double observed_s = problem->context->observed_s;

	problem->last = seep_survival_last_bucket(observed_s);
	problem->outlived = (double)seep_survival_count(cohort->late) +
			    (double)seep_survival_count(cohort->unseen);
	problem->made = (double)seep_survival_count(cohort->released) + problem->outlived;
	if (problem->last == 0 || problem->made <= 0 || !problem->context->windows->count)
		return false;
	problem->clumping = clumping_of(problem);
	problem->top = problem->last;
	while (problem->top + 2 < BUCKETS && seep_survival_bucket_s(problem->top) < observed_s)
		problem->top++;
	seep_life_table_fill(cohort->late, cohort->unseen, &problem->blocks);
	for (unsigned int i = 0; i < BUCKETS; i++)
		problem->blocks.watched[i] /= problem->clumping;
	if (problem->outlived > 0)
		seep_cohort_guess(problem, &usual);
	return true;
}

/* Chooses what to know of reuse; nothing is found later if there is nothing. */
static double find_reuse(struct problem *problem, double limit_s, struct seep_detection *detection)
{
	static const struct seep_reuse none;
	const struct seep_cohort_context *context = problem->context;
	const struct seep_reuse *table =
		seep_reuse_choose(context->tables, context->num_tables, limit_s);
	double survival[BUCKETS] = {0};

	seep_life_table_fill((table ?: &none)->returned, (table ?: &none)->waiting,
			     &problem->addresses);
	if (table)
		seep_life_table_survival(problem->addresses.hazards, survival);
	for (unsigned int i = 0; table && i < BUCKETS; i++)
		problem->addresses.watched[i] /= seep_reuse_clumping(table);
	seep_detection_fill(survival, context->windows, problem->top, detection);
	return table ? seep_reuse_count(table, limit_s) : 0;
}

void seep_cohort_fit(const struct seep_cohort *cohort, const struct seep_cohort_context *context,
		     struct seep_cohort_fit *ret_fit)
{
	struct problem problem = {.cohort = cohort, .context = context};
	struct seep_detection detection;
	struct solution solution;
	struct variance by_blocks, by_addresses;
	struct evidence evidence;
	struct seep_interval alive;
	struct care care;

	*ret_fit = (struct seep_cohort_fit){0};
	if (!pose(&problem))
		return;
	care = usually(context->windows);
	ret_fit->valid = true;
	ret_fit->limit_s = seep_survival_bucket_s(problem.last);
	ret_fit->addresses = find_reuse(&problem, ret_fit->limit_s, &detection);
	seep_cohort_solve(&problem, problem.blocks.hazards, &detection, &solution);
	by_blocks = seep_cohort_vary_blocks(&problem, &detection, &solution);
	by_addresses = seep_cohort_vary_addresses(&problem, &solution);
	evidence = collect(&problem, &detection, &solution, &by_blocks, &by_addresses,
			   ret_fit->addresses);
	ret_fit->surely = staying_of(&evidence, &surely, &alive).low;
	ret_fit->staying = staying_of(&evidence, &care, &alive);
	/* Of a few windows Student's quantile is the more careful one. */
	ret_fit->surely = fmin(ret_fit->surely, ret_fit->staying.low);
	ret_fit->found = solution.found;
	seep_cohort_correct(&problem, &solution, &detection, ret_fit);
	ret_fit->live_error = seep_cohort_live_error(&problem, &solution, &alive,
						     by_blocks.live + by_addresses.live);
}
