// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table is mapped memory that BPF programs write at the same time, so single words of it are
 * written, in an order in which each state in between is safe: a process that is just paused, or
 * one with the larger of two limits.
 */
#include "kernel/budgets.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "kernel/kernel_private.h"

#define SET(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELEASE)

static void set_paused(struct seep_kernel *kernel, uint32_t slot, bool paused)
{
	__atomic_store_n(&kernel->processes[slot].paused, paused, __ATOMIC_RELEASE);
}

void seep_kernel_budget_reset(struct seep_kernel *kernel, uint32_t slot)
{
	struct seep_budget_value *budget = &kernel->budgets[slot];

	SET(budget->limit_ns, UINT64_MAX);
	SET(budget->notice_ns, UINT64_MAX);
	SET(budget->window_ns, 0);
	SET(budget->paused_ns, 0);
	SET(budget->cohort_ns, UINT64_MAX);
	SET(budget->releases_ns, UINT64_MAX);
	SET(budget->addresses_ns, UINT64_MAX);
	__atomic_store_n(&budget->weight, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&budget->told, 0, __ATOMIC_RELEASE);
	set_paused(kernel, slot, false);
}

void seep_kernel_budget_allow(struct seep_kernel *kernel, uint32_t slot, uint64_t notice_ns,
			      uint64_t limit_ns)
{
	struct seep_budget_value *budget = &kernel->budgets[slot];
	uint64_t spent_ns = __atomic_load_n(&budget->spent_ns, __ATOMIC_RELAXED);

	SET(budget->limit_ns, spent_ns + limit_ns);
	SET(budget->notice_ns, spent_ns + notice_ns);
	__atomic_store_n(&budget->told, 0, __ATOMIC_RELEASE);
}

int seep_kernel_budget_spent(const struct seep_kernel *kernel, uint32_t slot, uint64_t *ret_ns)
{
	SEEP_AUTO_FREE uint64_t *of_cpus = calloc((size_t)kernel->num_cpus, sizeof(*of_cpus));
	uint64_t sum = 0;
	int error;

	if (!of_cpus)
		return -ENOMEM;
	error = bpf_map_lookup_elem(bpf_map__fd(kernel->skeleton->maps.spent), &slot, of_cpus);
	if (error)
		return error;
	for (int i = 0; i < kernel->num_cpus; i++)
		sum += of_cpus[i];
	*ret_ns = sum;
	return 0;
}

void seep_kernel_window_open(struct seep_kernel *kernel, uint32_t slot,
			     const struct seep_kernel_window *window)
{
	struct seep_budget_value *budget = &kernel->budgets[slot];
	double code = SEEP_WEIGHT_STEPS * log2(window->weight);

	__atomic_store_n(&budget->weight,
			 (uint32_t)lround(fmin(fmax(code, 0), SEEP_WEIGHT_BY_SIZE - 1)),
			 __ATOMIC_RELAXED);
	SET(budget->cohort_ns, window->cohort_ns);
	SET(budget->releases_ns, window->releases_ns);
	SET(budget->addresses_ns, window->addresses_ns);
	SET(budget->addresses, window->addresses);
	SET(budget->paused_ns, 0);
	SET(budget->window_ns, window->begin_ns);
	set_paused(kernel, slot, false);
}

void seep_kernel_window_end_cohort(struct seep_kernel *kernel, uint32_t slot, uint64_t end_ns)
{
	SET(kernel->budgets[slot].cohort_ns, end_ns);
}

void seep_kernel_window_close(struct seep_kernel *kernel, uint32_t slot)
{
	set_paused(kernel, slot, true);
}

uint64_t seep_kernel_window_ended_ns(const struct seep_kernel *kernel, uint32_t slot)
{
	return __atomic_load_n(&kernel->budgets[slot].paused_ns, __ATOMIC_ACQUIRE);
}

int seep_kernel_read_sample(const struct seep_kernel *kernel, const struct seep_site_key *key,
			    struct seep_sample_value *ret_sample)
{
	return bpf_map_lookup_elem(bpf_map__fd(kernel->skeleton->maps.samples), key, ret_sample);
}
