// SPDX-License-Identifier: GPL-2.0-only
/*
 * When do blocks end, if that is seen late or not at all? Of those that end in one octave of age it
 * is known which share is found dead in which later one (a detection). The search for the shares
 * that end in each octave is Richardson's and Lucy's (J. Opt. Soc. Am. 62, 1972; Astron. J. 79,
 * 1974), the EM algorithm for binned data: nothing becomes negative, and what the data do not tell
 * stays as it was at first.
 */
#include <math.h>
#include <string.h>

#include "measure/cohort_private.h"
#include "measure/survival.h"

#define BUCKETS SEEP_LIFETIME_BUCKETS

/* More change the result by less than a tenth of its error. */
#define ROUNDS 60

/* As many blocks as the first guess counts for, where blocks were found dead. */
#define GUESSED 3.0

/* An octave of which so little can have been seen by now tells nothing. */
#define LEAST_FOUND 0.001

/*
 * Of blocks that live so long, measured in windows, the share that outlives its window. The moments
 * at which they are made are spread over the part that is followed.
 */
static double outlives(double followed, double age)
{
	return fmax(0, (age - (1 - followed)) / followed);
}

/* So what ended within a window tells how many of the others have ended that soon. */
void seep_cohort_guess(struct problem *problem, const struct belief *belief)
{
	const struct seep_windows *windows = problem->context->windows;
	double followed = seep_windows_followed(windows);
	double window_s = seep_windows_length_s(windows);
	unsigned int from = 0;
	unsigned int next = 0;

	while (from < problem->top && seep_survival_bucket_s(from) < window_s)
		from++;
	while (next + 1 < problem->last &&
	       seep_survival_bucket_s(next) < seep_windows_cycle_s(windows))
		next++;
	for (unsigned int i = 0; i <= problem->top; i++) {
		double age = seep_survival_bucket_s(i) * M_SQRT1_2 / window_s;
		double part = fmin(0.9, outlives(followed, age));

		problem->first[i] = (double)problem->cohort->released[i] * part / (1 - part) /
				    problem->outlived;
		if (i >= from)
			problem->first[i] += belief->any_time / (problem->top - from + 1);
		if (i >= next && i < problem->last)
			problem->first[i] += belief->between / (problem->last - next);
	}
}

/*
 * Among the buckets @from up to @to, by what is found dead up to there: of those only which matter,
 * as the search is most of the time that a fit takes.
 */
struct search {
	double found; /* of the blocks, what is to be explained */
	unsigned int num_rows;
	unsigned int num_columns;
	unsigned int rows[BUCKETS];    /* where blocks may have ended */
	unsigned int columns[BUCKETS]; /* where some were found */
	double ended[BUCKETS];	       /* by row */
	double by[BUCKETS];	       /* of those, found at all */
	double guess[BUCKETS];	       /* found, as the search began */
	double died[BUCKETS];	       /* by column */
	double before[BUCKETS];	       /* of those, who ended before @from */
	double in[BUCKETS][BUCKETS];   /* by row and column: the share of the ended found there */
};

static double found_in(const struct seep_detection *detection, unsigned int ended,
		       unsigned int found)
{
	return detection->by[ended][found] - (found ? detection->by[ended][found - 1] : 0);
}

static void choose_columns(const double *died, const struct seep_detection *detection,
			   unsigned int from, unsigned int to, const double *ended,
			   struct search *search)
{
	for (unsigned int j = 0; j <= to; j++) {
		unsigned int column = search->num_columns;

		search->found += died[j];
		if (died[j] <= 0)
			continue;
		search->columns[column] = j;
		search->died[column] = died[j];
		search->before[column] = 0;
		for (unsigned int i = 0; i < from && i <= j; i++)
			search->before[column] += ended[i] * found_in(detection, i, j);
		search->num_columns++;
	}
	for (unsigned int i = 0; i < from; i++)
		search->found -= ended[i] * detection->by[i][to];
	search->found = fmax(0, search->found);
}

static void choose_rows(const struct problem *problem, const struct seep_detection *detection,
			unsigned int from, unsigned int to, struct search *search)
{
	double expected = 0;

	for (unsigned int i = from; i <= to; i++) {
		unsigned int row = search->num_rows;
		double by = detection->by[i][to];

		if (problem->first[i] <= 0 || by <= LEAST_FOUND)
			continue;
		search->rows[row] = i;
		search->ended[row] = problem->first[i];
		search->by[row] = by;
		search->guess[row] = problem->first[i] * by;
		expected += search->guess[row];
		for (unsigned int j = 0; j < search->num_columns; j++)
			search->in[row][j] = search->columns[j] < i ?
						     0 :
						     found_in(detection, i, search->columns[j]);
		search->num_rows++;
	}
	for (unsigned int i = 0; i < search->num_rows; i++)
		search->guess[i] *= GUESSED / problem->outlived / expected;
}

/* Divides what was found among the buckets in which it may have ended. */
static void divide(struct search *search)
{
	double ratio[BUCKETS];
	double found[BUCKETS];
	double all = 0;

	for (unsigned int j = 0; j < search->num_columns; j++)
		ratio[j] = search->before[j];
	for (unsigned int i = 0; i < search->num_rows; i++)
		for (unsigned int j = 0; j < search->num_columns; j++)
			ratio[j] += search->ended[i] * search->in[i][j];
	for (unsigned int j = 0; j < search->num_columns; j++)
		ratio[j] = ratio[j] > 0 ? search->died[j] / ratio[j] : 0;
	for (unsigned int i = 0; i < search->num_rows; i++) {
		double factor = 0;

		for (unsigned int j = 0; j < search->num_columns; j++)
			factor += search->in[i][j] * ratio[j];
		found[i] = search->guess[i] + search->ended[i] * factor;
		all += found[i];
	}
	for (unsigned int i = 0; i < search->num_rows; i++)
		search->ended[i] = search->found * found[i] / (all * search->by[i]);
}

static void look(const struct problem *problem, const double *died,
		 const struct seep_detection *detection, unsigned int from, unsigned int to,
		 double *ended)
{
	struct search search;

	search.found = 0;
	search.num_rows = 0;
	search.num_columns = 0;
	choose_columns(died, detection, from, to, ended, &search);
	choose_rows(problem, detection, from, to, &search);
	for (unsigned int round = 0; round < ROUNDS; round++)
		divide(&search);
	for (unsigned int i = 0; i < search.num_rows; i++)
		ended[search.rows[i]] = search.ended[i];
}

void seep_cohort_solve(const struct problem *problem, const double *hazards,
		       const struct seep_detection *detection, struct solution *ret_solution)
{
	unsigned int last = problem->last;
	double died[BUCKETS] = {0};
	double gone = 0;

	memset(ret_solution, 0, sizeof(*ret_solution));
	seep_life_table_survival(hazards, ret_solution->unseen);
	for (unsigned int i = 0; i <= problem->top; i++)
		died[i] = (i ? ret_solution->unseen[i - 1] : 1) - ret_solution->unseen[i];
	/*
	 * First up to the limit, by what is known up to there. What is found later may have ended
	 * earlier or later, which few late ones do not tell.
	 */
	look(problem, died, detection, 0, last, ret_solution->ended);
	look(problem, died, detection, last + 1, problem->top, ret_solution->ended);
	for (unsigned int i = 0; i <= problem->top; i++) {
		gone += ret_solution->ended[i];
		ret_solution->alive[i] = fmax(0, 1 - gone);
		if (i == last)
			ret_solution->gone = gone;
	}
	ret_solution->found =
		ret_solution->gone > 0 ?
			fmin(1, (1 - ret_solution->unseen[last]) / ret_solution->gone) :
			detection->by[0][last];
	seep_cohort_fill_ages(problem, ret_solution);
}

/* What a solution is varied by: the hazards of blocks, or those of addresses. */
typedef void (*resolve_fn)(const struct problem *problem, const double *hazards,
			   const struct seep_detection *detection, struct solution *ret_solution);

/*
 * Carries the variances of the hazards in @table through the solution, by its derivatives: each
 * hazard is made lower by a step, and @resolve tells what becomes of the solution.
 */
static struct variance vary(const struct problem *problem, const struct seep_life_table *table,
			    const struct seep_detection *detection, const struct solution *solution,
			    resolve_fn resolve)
{
	struct variance sum = {0};

	for (unsigned int i = 0; i <= problem->top; i++) {
		double hazard = table->hazards[i];
		double variance = hazard > 0 ? hazard * (1 - hazard) / table->watched[i] : 0;
		double step = fmin(hazard, sqrt(variance)) / 2;
		double hazards[BUCKETS];
		double gone, live;
		struct solution lower;

		if (variance <= 0)
			continue;
		memcpy(hazards, table->hazards, sizeof(hazards));
		hazards[i] -= step;
		resolve(problem, hazards, detection, &lower);
		gone = (lower.gone - solution->gone) / step;
		live = (lower.live - solution->live) / step;
		sum.gone += gone * gone * variance;
		sum.live += live * live * variance;
	}
	return sum;
}

struct variance seep_cohort_vary_blocks(const struct problem *problem,
					const struct seep_detection *detection,
					const struct solution *solution)
{
	return vary(problem, &problem->blocks, detection, solution, seep_cohort_solve);
}

/* With other hazards of addresses; the detection follows from them. */
static void solve_with_addresses(const struct problem *problem, const double *hazards,
				 const struct seep_detection *detection,
				 struct solution *ret_solution)
{
	double survival[BUCKETS];
	struct seep_detection other;

	(void)detection;
	seep_life_table_survival(hazards, survival);
	seep_detection_fill(survival, problem->context->windows, problem->top, &other);
	seep_cohort_solve(problem, problem->blocks.hazards, &other, ret_solution);
}

struct variance seep_cohort_vary_addresses(const struct problem *problem,
					   const struct solution *solution)
{
	return vary(problem, &problem->addresses, NULL, solution, solve_with_addresses);
}
