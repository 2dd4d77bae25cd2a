// SPDX-License-Identifier: GPL-2.0-only
/* How far numbers of a capture can be trusted: processes and sites that were seen in windows. */
#include "store/fixture.h"

#define STEPS 12
/* In full before, then in windows; then the first site is exact once more. */
#define FIRST_WINDOW 3
#define EXACT_AGAIN  8

static struct seep_sampling samplings[STEPS][2];

/* Different in every step, with what is not known. */
static void fill_sampling(struct seep_sampling *sampling, int step, int site)
{
	*sampling = (struct seep_sampling){
		.seen_objects = (uint64_t)(10 * step + site),
		.allocs_error = step + 0.125,
		.alloc_bytes_error = 1e12 * step,
		.live_objects_error = site ? NAN : 0,
		.live_bytes_error = 64.5,
		.staying = site ? NAN : 0.01 * step,
		.staying_low = site ? NAN : 0,
		.staying_high = site ? NAN : 1,
	};
	sampling->lifetimes[step] = (uint64_t)step;
	sampling->ages[SEEP_LIFETIME_BUCKETS - 1] = UINT64_MAX;
}

/* The second process in windows, with two of its sites; of the first one only what it costs. */
static void sample(struct world *world, int step)
{
	struct seep_process *process = &world->processes[1];
	int found = 0;

	world->processes[0].probes_cpu_pct = step < 5 ? 0.25 : 0.5;
	if (step < FIRST_WINDOW)
		return;
	process->mode = step < EXACT_AGAIN ? SEEP_TRACING_WINDOWS : SEEP_TRACING_EXACT;
	process->sampled = true;
	process->seen_share = 1.0 / step;
	process->probes_cpu_pct = step == 6 ? NAN : 2.5;
	for (size_t i = 0; i < world->num_sites && found < 2; i++) {
		struct seep_site *site = &world->sorted[i];

		if (site->process != process)
			continue;
		/* What does not change has no row. */
		fill_sampling(&samplings[step][found], step == 6 ? 5 : step, found);
		if (found || step < EXACT_AGAIN)
			site->sampling = &samplings[step][found];
		found++;
	}
}

/* Nothing else changes after the first step, so that the sites keep their order. */
static void step_to(struct world *world, int step)
{
	world_step(world, SEEP_NS_PER_S, 0);
	sample(world, step);
	seep_snapshot_sum(world->processes, world->num_processes, world->sorted, world->num_sites,
			  world->snapshot.totals);
}

static void write_steps(const struct seep_writer_config *config)
{
	struct seep_writer *writer = open_writer(config);
	struct world world;

	world_init(&world, 2, 6, 1);
	for (int i = 0; i < STEPS; i++) {
		step_to(&world, i);
		write_world(writer, &world);
		assert_int_equal(seep_writer_tidy(writer), 0);
	}
	seep_writer_close(writer);
	world_done(&world);
}

/* The last @count steps are in the capture. */
static void check_steps(int count)
{
	struct seep_reader *reader = open_reader();
	struct world world;

	assert_int_equal(count_moments(reader), count);
	world_init(&world, 2, 6, 1);
	for (int i = 0; i < STEPS; i++) {
		step_to(&world, i);
		if (i >= STEPS - count)
			assert_loads(reader, moment_id(reader, i - (STEPS - count)), &world);
	}
	seep_reader_close(reader);
	world_done(&world);
	assert_sound(CAPTURE);
}

static void test_every_moment(void **state)
{
	const struct seep_writer_config config = {0};

	(void)state;
	write_steps(&config);
	check_steps(STEPS);
	/* Two sites in five windows, one of which is like the one before; then one that is exact.
	 */
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM estimates"),
			 2 * (EXACT_AGAIN - FIRST_WINDOW - 1) + 1 + STEPS - EXACT_AGAIN);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM tracing WHERE process = 1"), 2);
}

/* What was given up is inherited: here by the last snapshots, which have few rows of their own. */
static void test_old_ones_go(void **state)
{
	const struct seep_writer_config config = {.keep_ns = 4 * SEEP_NS_PER_S};

	(void)state;
	write_steps(&config);
	check_steps(5);
	/* All of the dropped rows have gone. */
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM tracing WHERE snapshot NOT IN "
					     "(SELECT id FROM snapshots)"),
			 0);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM estimates WHERE snapshot NOT IN "
					     "(SELECT id FROM snapshots)"),
			 0);
}

/* Only memory can be estimated, whatever a file says. */
static void test_other_kinds_are_exact(void **state)
{
	const struct seep_writer_config config = {0};
	struct seep_reader *reader;
	struct seep_loaded *loaded;

	(void)state;
	write_steps(&config);
	run_sqlite(CAPTURE, "UPDATE sites SET kind = 'fd'; UPDATE runs SET kinds = 'fd'");
	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, -1), &loaded), 0);
	for (size_t i = 0; i < loaded->snapshot.num_sites; i++)
		assert_null(loaded->snapshot.sites[i].sampling);
	assert_false(loaded->snapshot.totals[SEEP_KIND_FD].estimated);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
}

/* Reports print shares as they are. */
static void test_shares_that_are_none(void **state)
{
	const struct seep_writer_config config = {0};
	struct seep_reader *reader;
	struct seep_loaded *loaded;

	(void)state;
	write_steps(&config);
	run_sqlite(CAPTURE, "UPDATE tracing SET mode = 'later', seen_share = 1.01, "
			    "probes_cpu_pct = -9e999");
	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, -1), &loaded), 0);
	assert_int_equal(loaded->snapshot.processes[1].mode, SEEP_TRACING_WINDOWS);
	assert_true(isnan(loaded->snapshot.processes[1].seen_share));
	assert_true(isnan(loaded->snapshot.processes[1].probes_cpu_pct));
	seep_loaded_free(loaded);
	seep_reader_close(reader);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_every_moment),
		IN_DIRECTORY(test_old_ones_go),
		IN_DIRECTORY(test_other_kinds_are_exact),
		IN_DIRECTORY(test_shares_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
