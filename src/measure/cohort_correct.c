// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counts of a cohort as they would be if everything had been seen: blocks that are dead but not
 * found so are moved from the ages to the lifetimes, to where they probably ended. What is found
 * dead late has ended before; where, is what a solution says.
 */
#include <math.h>

#include "measure/cohort_private.h"
#include "measure/survival.h"

#define BUCKETS SEEP_LIFETIME_BUCKETS

/*
 * Blocks younger than a cycle come from the last window only, and were there none just before, from
 * no window: what lives shortly would be seen either too often or not at all. So of them as many
 * live as are made and survive. Of the older ones each that was not found dead lives by the share
 * of those that are alive.
 */
void seep_cohort_fill_ages(const struct problem *problem, struct solution *solution)
{
	double cycle_s = seep_windows_cycle_s(problem->context->windows);
	double left = problem->made;
	double alive = 1;
	double unseen = 1;

	for (unsigned int i = 0; i <= problem->top; i++) {
		double end_s = seep_survival_bucket_s(i);
		double before = left;
		double mean = alive + solution->alive[i];
		double watched = unseen + solution->unseen[i];

		left -= (double)problem->cohort->released[i] +
			problem->outlived * solution->ended[i];
		left = fmax(0, left);
		if (end_s <= cycle_s)
			solution->ages[i] = problem->context->made_per_s * (i ? end_s / 2 : end_s) *
					    (before + left) / 2 / problem->made;
		else if (watched > 0)
			solution->ages[i] =
				(double)problem->cohort->unseen[i] * fmin(1, mean / watched);
		solution->live += solution->ages[i];
		alive = solution->alive[i];
		unseen = solution->unseen[i];
	}
}

/* Most counts are whole and the sum stays: what is cut off from one bucket goes to the next. */
static void round_counts(const double *counts, double factor, double *carry, uint64_t *ret_counts)
{
	for (unsigned int i = 0; i < BUCKETS; i++) {
		double exact = counts[i] * factor + *carry;

		ret_counts[i] = (uint64_t)fmax(0, rint(exact));
		*carry = exact - (double)ret_counts[i];
	}
}

/* So many blocks that are dead by the end of a bucket, where they probably ended. */
static void spread(double count, const struct solution *solution,
		   const struct seep_detection *detection, unsigned int bucket, bool seen,
		   double *lifetimes)
{
	double weights[BUCKETS];
	double total = 0;

	for (unsigned int i = 0; i <= bucket; i++) {
		const double *by = detection->by[i];

		weights[i] = solution->ended[i] *
			     (seen ? by[bucket] - (bucket ? by[bucket - 1] : 0) : 1 - by[bucket]);
		total += weights[i];
	}
	if (total <= 0)
		lifetimes[bucket] += count;
	for (unsigned int i = 0; total > 0 && i <= bucket; i++)
		lifetimes[i] += count * weights[i] / total;
}

void seep_cohort_correct(const struct problem *problem, const struct solution *solution,
			 const struct seep_detection *detection, struct seep_cohort_fit *fit)
{
	const struct seep_cohort *cohort = problem->cohort;
	double cycle_s = seep_windows_cycle_s(problem->context->windows);
	double lifetimes[BUCKETS];
	double total = 0;
	double carry = 0;
	double dead;

	for (unsigned int i = 0; i < BUCKETS; i++)
		lifetimes[i] = (double)cohort->released[i];
	for (unsigned int i = 0; i <= problem->top; i++) {
		spread((double)cohort->late[i], solution, detection, i, true, lifetimes);
		if (seep_survival_bucket_s(i) > cycle_s)
			spread((double)cohort->unseen[i] - solution->ages[i], solution, detection,
			       i, false, lifetimes);
	}
	for (unsigned int i = 0; i < BUCKETS; i++)
		total += lifetimes[i];
	/* The young ones are expected ones; the others make the sum that of all blocks. */
	dead = total > 0 ? fmax(0, problem->made - solution->live) : 0;
	round_counts(lifetimes, total > 0 ? dead / total : 0, &carry, fit->lifetimes);
	round_counts(solution->ages,
		     solution->live > 0 ? (problem->made - dead) / solution->live : 0, &carry,
		     fit->ages);
	fit->live = solution->live;
}

/*
 * By the derivatives, or, where the share of the living is at the end of its range and does not
 * move, by its interval. Blocks besides are random, and come in bursts.
 */
double seep_cohort_live_error(const struct problem *problem, const struct solution *solution,
			      const struct seep_interval *alive, double variance)
{
	double cycle_s = seep_windows_cycle_s(problem->context->windows);
	double width = fmax(alive->high - alive->value, alive->value - alive->low) / SEEP_Z_95;
	double clumping = problem->context->clumping;
	double made = 0;
	double chance = 0;

	for (unsigned int i = 0; i <= problem->top; i++) {
		double ages = solution->ages[i];
		double unseen = (double)problem->cohort->unseen[i];

		if (seep_survival_bucket_s(i) <= cycle_s) {
			chance += ages * seep_windows_duty(problem->context->windows) +
				  clumping * ages * ages / problem->made;
		} else if (unseen > 0) {
			chance += clumping * ages * ages / unseen;
			made += unseen / solution->unseen[i];
		}
	}
	/* A few that were seen, or none, may well be fewer than there were to be expected. */
	if (made > 0)
		chance += clumping;
	return sqrt(chance + fmax(variance, made * made * width * width));
}
