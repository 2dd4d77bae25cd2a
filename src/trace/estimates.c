// SPDX-License-Identifier: GPL-2.0-only
/*
 * From what was seen of a site to what happened: totals by the windows, what lives by the cohorts.
 * Called for each site of a report; the work does not depend on how many blocks there are.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "kernel/budgets.h"
#include "measure/by_bytes.h"
#include "measure/cohort.h"
#include "trace/sampled_private.h"

void seep_sampled_read(const struct seep_sampled *sampled, struct seep_sampled_site *site)
{
	struct seep_sample_value sample;

	if (!seep_kernel_read_sample(sampled->kernel, &site->key, &sample))
		site->sample = sample;
}

struct seep_seen seep_sampled_seen(const struct seep_sampled *sampled,
				   const struct seep_site_value *value)
{
	double mean = (double)sampled->sample_bytes;

	if (!sampled->sample_bytes)
		return (struct seep_seen){
			.allocs = (double)value->allocs,
			.alloc_bytes = (double)value->alloc_bytes,
		};
	return (struct seep_seen){
		.allocs = ldexp((double)value->made.objects, -SEEP_SAMPLE_SHIFT),
		.alloc_bytes = (double)value->made.bytes,
		.allocs_variance = ldexp((double)value->made.object_squares, -SEEP_SQUARES_SHIFT),
		.bytes_variance =
			mean * mean * ldexp((double)value->made.byte_squares, -SEEP_SAMPLE_SHIFT),
	};
}

/* Adds the addresses of blocks of this age to a table. */
static void add_reuse(const struct seep_sample_value *sample, enum seep_released_age age,
		      struct seep_reuse *reuse)
{
	reuse->squares += sample->squares[age] + sample->waiting_squares[age];
	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		reuse->returned[i] += sample->returned[age][i];
		reuse->waiting[i] += sample->waiting[age][i] + sample->forgotten.addresses[age][i];
	}
}

/* The size class of the blocks of a site, by their mean size. */
static uint64_t class_of(const struct seep_site_value *value)
{
	uint64_t bytes = value->allocs ? value->alloc_bytes / value->allocs : 0;
	uint64_t chunk = SEEP_CHUNK_BYTES(bytes);

	return SEEP_SIZE_CLASS(chunk, 63 - __builtin_clzll(chunk));
}

/* What is known of the fate of the blocks that were seen being made. */
static int fit(struct seep_sampled *sampled, struct seep_sampled_process *process,
	       struct seep_sampled_site *site, const struct seep_site_value *value,
	       const uint64_t *ages, double observed_s, struct seep_cohort_fit *ret_fit)
{
	const struct seep_site_key class_key = {class_of(value), process->id, SEEP_KIND_COUNT};
	const struct seep_site_key unsized_key = {SEEP_SIZE_CLASS_UNKNOWN, process->id,
						  SEEP_KIND_COUNT};
	struct seep_sampled_site *class = seep_sampled_site_of(process, &class_key);
	/* Releases of blocks whose size is not known may be of this class. */
	struct seep_sampled_site *unsized = seep_sampled_site_of(process, &unsized_key);
	/*
	 * What is asked for is how addresses of blocks come back that have lived on: those of the
	 * site, if there are enough of them. Blocks of one class that live for a moment may come
	 * back much faster.
	 */
	struct seep_reuse own = {.squares = 0}, old = {.squares = 0}, all = {.squares = 0};
	const struct seep_reuse *const tables[] = {&own, &old, &all};
	struct seep_cohort_context known = {
		.windows = &process->windows,
		.tables = tables,
		.num_tables = sizeof(tables) / sizeof(tables[0]),
		.observed_s = observed_s,
		.clumping = seep_total_clumping(&site->total),
		/* Those that come in bursts are counted singly: nothing is known of bursts to come.
		 */
		.releases_clumping = 1,
	};
	struct seep_cohort cohort;
	double made = 0;

	if (!class || !unsized)
		return -ENOMEM;
	seep_sampled_read(sampled, site);
	seep_sampled_read(sampled, class);
	seep_sampled_read(sampled, unsized);
	known.releases = class->sample.releases + unsized->sample.releases;
	add_reuse(&site->sample, SEEP_RELEASED_OLD, &own);
	add_reuse(&class->sample, SEEP_RELEASED_OLD, &old);
	add_reuse(&class->sample, SEEP_RELEASED_OLD, &all);
	add_reuse(&class->sample, SEEP_RELEASED_YOUNG, &all);
	memcpy(cohort.released, value->lifetimes, sizeof(cohort.released));
	memcpy(cohort.late, site->sample.late, sizeof(cohort.late));
	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		cohort.unseen[i] = ages[i] + site->sample.forgotten.blocks[i];
		made += (double)(cohort.released[i] + cohort.late[i] + cohort.unseen[i]);
	}
	known.made_per_s = observed_s > 0 ? made / observed_s : 0;
	seep_cohort_fit(&cohort, &known, ret_fit);
	return 0;
}

/*
 * All that happened: what was seen, and for the gaps as much more as the windows stand for. Those
 * since the last reading count with @more. The sum in @total takes no account of the slowdown,
 * which becomes known better and better.
 */
static double estimate(const struct seep_sampled_process *process, const struct seep_total *total,
		       double seen, double more)
{
	struct seep_window windows = process->waiting;
	double unseen = total->value - (seen - more), error;

	seep_window_add(&windows, &process->present);
	if (windows.cpu.open_cpu_s > 0)
		unseen += more * windows.cpu.gap_cpu_s / windows.cpu.open_cpu_s;
	else if (total->time_s > 0)
		unseen += total->value / total->time_s * windows.cpu.gap_cpu_s;
	return seen + unseen / seep_sampled_own_share(process, &error);
}

/*
 * The standard error of an estimate: by chance, and because the share that the process has for
 * itself is not known exactly. @variance: of what was seen itself.
 */
static double error_of(const struct seep_sampled_process *process, const struct seep_total *total,
		       double seen, double variance)
{
	double error, share = seep_sampled_own_share(process, &error);
	double unseen = (total->value - seen) / share;
	double by_chance = seep_total_error(total, total->time_s) / share;

	return hypot(hypot(by_chance, unseen * error / share), sqrt(variance));
}

/* Live objects and bytes: what each block that was seen stands for, as far as it lives. */
static void fill_live(const struct seep_sampled_site *of, const struct seep_cohort_fit *fit,
		      const uint64_t *unseen, struct seep_site *site)
{
	double objects = 0, bytes = 0;

	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		const struct seep_sample_value *sample = &of->sample;
		double known = (double)(unseen[i] + sample->forgotten.blocks[i]);
		double alive = known > 0 ? fmin(1, (double)fit->ages[i] / known) : 0;
		double live = alive * (double)(sample->weights[i] + sample->forgotten.weights[i]) /
			      (1 << SEEP_WEIGHT_SHIFT);

		site->ages[i] = (uint64_t)llround(live);
		objects += live;
		bytes += alive *
			 (double)(sample->weighted_bytes[i] + sample->forgotten.weighted_bytes[i]) /
			 (1 << SEEP_WEIGHT_SHIFT);
	}
	site->live_objects = (uint64_t)llround(objects);
	site->live_bytes = (uint64_t)llround(bytes);
}

static void fill_sampling(const struct seep_sampled_process *process,
			  const struct seep_sampled_site *of, const struct seep_cohort_fit *fit,
			  const struct seep_site *site, struct seep_sampling *sampling)
{
	double scale = fit->live > 0 ? (double)site->live_objects / fit->live : 0;
	double bytes =
		site->live_objects ? (double)site->live_bytes / (double)site->live_objects : 0;
	double share_error, share = seep_sampled_own_share(process, &share_error);
	/* How many live of those that were seen, and for how many each of them stands. */
	double live_error =
		hypot(fit->live_error * scale, (double)site->live_objects * share_error / share);
	uint64_t followed = 0;

	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		followed += fit->lifetimes[i] + fit->ages[i];
	*sampling = (struct seep_sampling){
		.seen_objects = followed,
		.allocs_error =
			error_of(process, &of->total, of->seen.allocs, of->seen.allocs_variance),
		.alloc_bytes_error = error_of(process, &of->total_bytes, of->seen.alloc_bytes,
					      of->seen.bytes_variance),
		.live_objects_error = live_error,
		.live_bytes_error = live_error * bytes,
		.staying = fit->staying.value,
		.staying_low = fit->staying.low,
		.staying_high = fit->staying.high,
		.staying_surely = fit->surely,
	};
	memcpy(sampling->lifetimes, fit->lifetimes, sizeof(sampling->lifetimes));
	memcpy(sampling->ages, fit->ages, sizeof(sampling->ages));
}

void seep_sampled_fill_by_bytes(uint64_t mean, const struct seep_site_value *value,
				const struct seep_site_moment *moment, double observed_s,
				struct seep_site *site, struct seep_sampling *sampling)
{
	const struct seep_by_bytes by = {
		.mean = mean,
		.scan_number = moment->scan_number,
		.min_age_ns = moment->min_age_ns,
		.observed_s = observed_s,
	};

	if (!mean)
		return;
	seep_by_bytes_fill(&by, value, site, sampling);
	site->sampling = sampling;
}

int seep_sampled_fill(struct seep_sampled *sampled, const struct seep_site_key *key,
		      const struct seep_site_value *value, const struct seep_site_moment *moment,
		      double observed_s, struct seep_site *site, struct seep_sampling *sampling)
{
	struct seep_sampled_process *process = seep_sampled_find(sampled, key->process);
	struct seep_cohort_fit fitted;
	uint64_t unseen[SEEP_LIFETIME_BUCKETS];
	struct seep_sampled_site *of;
	struct seep_seen seen;
	double scale, released = 0;
	int error;

	if (key->kind != SEEP_KIND_MEMORY)
		return 0;
	if (!process) {
		seep_sampled_fill_by_bytes(sampled->sample_bytes, value, moment, observed_s, site,
					   sampling);
		return 0;
	}
	of = seep_sampled_site_of(process, key);
	if (!of)
		return -ENOMEM;
	/* What is new since every call is seen again is known. */
	if (process->whole && of->total.windows == 0)
		return 0;
	memcpy(unseen, site->ages, sizeof(unseen));
	error = fit(sampled, process, of, value, unseen, observed_s, &fitted);
	if (error)
		return error;
	fill_live(of, &fitted, unseen, site);
	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		released += (double)fitted.lifetimes[i];
	seen = seep_sampled_seen(sampled, value);
	site->counts.allocs = (uint64_t)llround(
		estimate(process, &of->total, seen.allocs, seen.allocs - of->seen.allocs));
	site->counts.alloc_bytes =
		(uint64_t)llround(estimate(process, &of->total_bytes, seen.alloc_bytes,
					   seen.alloc_bytes - of->seen.alloc_bytes));
	/* What lives was allocated, whatever the windows have seen of it. */
	if (site->counts.allocs < site->live_objects)
		site->counts.allocs = site->live_objects;
	if (site->counts.alloc_bytes < site->live_bytes)
		site->counts.alloc_bytes = site->live_bytes;
	site->counts.frees = site->counts.allocs - site->live_objects;
	site->counts.free_bytes = site->counts.alloc_bytes - site->live_bytes;
	scale = released > 0 ? (double)site->counts.frees / released : 0;
	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		site->lifetimes[i] = (uint64_t)llround(scale * (double)fitted.lifetimes[i]);
	fill_sampling(process, of, &fitted, site, &of->sampling);
	site->sampling = &of->sampling;
	return 0;
}
