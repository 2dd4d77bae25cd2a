// SPDX-License-Identifier: GPL-2.0-only
/* Long captures: which snapshots stay, that these stay as they were, and that files stay small. */
#include "store/fixture.h"

#include <sys/stat.h>

#include "effort.h"
#include "store/thinning.h"
#include "verdict/judgement.h"

#define STEPS 700

/* The choice. */

struct timeline {
	struct seep_instant *instants;
	size_t count;
};

/* As the writer does it: one more snapshot, then up to 16 are given up. */
static void advance(struct timeline *line, uint64_t time_ns, uint64_t keep_ns)
{
	size_t indexes[16], count;

	line->instants[line->count++] =
		(struct seep_instant){.id = (int64_t)time_ns, .run = 1, .time_ns = time_ns};
	count = seep_thinning_choose(line->instants, line->count, keep_ns, indexes, 16);
	for (size_t i = count; i > 0; i--) {
		line->count--;
		memmove(&line->instants[indexes[i - 1]], &line->instants[indexes[i - 1] + 1],
			(line->count - indexes[i - 1]) * sizeof(*line->instants));
	}
}

static void run_for(struct timeline *line, uint64_t interval_ns, uint64_t duration_ns,
		    uint64_t keep_ns)
{
	size_t most = 0;

	line->instants = calloc(20000, sizeof(*line->instants));
	line->count = 0;
	assert_non_null(line->instants);
	for (uint64_t time_ns = interval_ns; time_ns <= duration_ns; time_ns += interval_ns) {
		assert_true(line->count < 20000);
		advance(line, time_ns, keep_ns);
		most = line->count > most ? line->count : most;
	}
	/* Give or take those that are just on the edge. */
	assert_true(most <= line->count + 60);
}

/* The longest time between two snapshots that are at least @age_ns old. */
static uint64_t longest_gap(const struct timeline *line, uint64_t age_ns)
{
	uint64_t longest = line->instants[0].time_ns;
	uint64_t now_ns = line->instants[line->count - 1].time_ns;

	for (size_t i = 1; i < line->count; i++) {
		uint64_t gap = line->instants[i].time_ns - line->instants[i - 1].time_ns;

		if (now_ns - line->instants[i].time_ns >= age_ns && gap > longest)
			longest = gap;
	}
	return longest;
}

static void test_an_hour_of_seconds(void **state)
{
	struct timeline line;

	(void)state;
	run_for(&line, SEEP_NS_PER_S, SEEP_HOUR_NS, 0);
	/* 300 and 25 minutes by 10 s and 30 minutes by 30 s */
	assert_in_range(line.count, 300 + 150 + 60, 300 + 150 + 60 + 4);
	assert_int_equal(longest_gap(&line, 30 * SEEP_MINUTE_NS), 30 * SEEP_NS_PER_S);
	for (size_t i = line.count - 299; i < line.count; i++)
		assert_int_equal(line.instants[i].time_ns - line.instants[i - 1].time_ns,
				 SEEP_NS_PER_S);
	free(line.instants);
}

static void test_a_week(void **state)
{
	struct timeline line;

	(void)state;
	run_for(&line, 5 * SEEP_NS_PER_S, 7 * 24 * SEEP_HOUR_NS, 0);
	assert_in_range(line.count, 1100, 1400);
	assert_int_equal(longest_gap(&line, 0), SEEP_HOUR_NS);
	assert_int_equal(longest_gap(&line, 0) > longest_gap(&line, 73 * SEEP_HOUR_NS), 0);
	free(line.instants);
}

static void test_long_intervals_stay(void **state)
{
	struct timeline line;

	(void)state;
	run_for(&line, 2 * SEEP_HOUR_NS, 240 * SEEP_HOUR_NS, 0);
	assert_int_equal(line.count, 120);
	free(line.instants);
}

static void test_keep(void **state)
{
	struct timeline line;

	(void)state;
	run_for(&line, 10 * SEEP_NS_PER_S, SEEP_HOUR_NS, 10 * SEEP_MINUTE_NS);
	assert_int_equal(line.count, 61);
	assert_int_equal(line.instants[0].time_ns, 50 * SEEP_MINUTE_NS);
	free(line.instants);
}

/* Two runs in one span: each keeps its last snapshot. */
static void test_runs_stay_apart(void **state)
{
	const struct seep_instant instants[] = {
		{1, 1, 1 * SEEP_NS_PER_S}, {2, 1, 2 * SEEP_NS_PER_S}, {3, 2, 3 * SEEP_NS_PER_S},
		{4, 2, 4 * SEEP_NS_PER_S}, {5, 2, SEEP_HOUR_NS},
	};
	size_t indexes[5];

	(void)state;
	assert_int_equal(seep_thinning_choose(instants, 5, 0, indexes, 5), 2);
	assert_int_equal(indexes[0], 0);
	assert_int_equal(indexes[1], 2);
	assert_int_equal(seep_thinning_choose(instants, 5, 0, indexes, 1), 1);
	assert_int_equal(seep_thinning_choose(NULL, 0, 0, indexes, 5), 0);
}

/* In the file. */

/* What has changed since the snapshot before, of those that are still there. */
static void correct_changes(struct world *world, const struct seep_site *before, uint64_t before_ns)
{
	for (size_t i = 0; i < world->num_sites; i++) {
		struct seep_site *site = &world->sorted[i];
		size_t number =
			(size_t)((struct world_stack *)(uintptr_t)site->stack - world->stacks);

		site->live_bytes_change = (int64_t)(site->live_bytes - before[number].live_bytes);
		site->live_objects_change =
			(int64_t)(site->live_objects - before[number].live_objects);
	}
	world->snapshot.interval_ns = world->snapshot.elapsed_ns - before_ns;
}

/* The world once more: each snapshot that stayed must be what it was. */
static void check_kept(struct seep_reader *reader, uint64_t seed, unsigned int percent)
{
	struct seep_moment *moments;
	struct seep_site *before;
	uint64_t before_ns = 0;
	size_t count, next = 0;
	struct world world;

	world_init(&world, 3, 40, seed);
	before = calloc(world.num_sites, sizeof(*before));
	assert_non_null(before);
	assert_int_equal(seep_reader_list(reader, &moments, &count), 0);
	while (next < count) {
		world_step(&world, SEEP_NS_PER_S, percent);
		if (world.snapshot.seq != moments[next].seq)
			continue;
		if (next > 0)
			correct_changes(&world, before, before_ns);
		else
			for (size_t i = 0; i < world.num_sites; i++)
				world.sorted[i].live_bytes_change =
					world.sorted[i].live_objects_change = 0;
		assert_loads(reader, moments[next++].id, &world);
		memcpy(before, world.sites, world.num_sites * sizeof(*before));
		before_ns = world.snapshot.elapsed_ns;
	}
	free(moments);
	free(before);
	world_done(&world);
}

static void write_steps(const struct seep_writer_config *config, uint64_t seed,
			unsigned int percent)
{
	struct seep_writer *writer = open_writer(config);
	struct world world;

	world_init(&world, 3, 40, seed);
	for (int i = 0; i < STEPS; i++) {
		world_step(&world, SEEP_NS_PER_S, percent);
		write_world(writer, &world);
	}
	seep_writer_close(writer);
	world_done(&world);
}

static void test_what_stays_is_as_it_was(void **state)
{
	const unsigned int percents[] = {1, 30, 100};
	const struct seep_writer_config config = {0};
	struct seep_reader *reader;

	(void)state;
	for (size_t i = effort(0, 2); i < 3; i++) {
		write_steps(&config, i + 1, percents[i]);
		assert_sound(CAPTURE);
		reader = open_reader();
		assert_in_range(count_moments(reader), 300 + 40, 300 + 42);
		check_kept(reader, i + 1, percents[i]);
		seep_reader_close(reader);
	}
}

static void test_old_ones_go(void **state)
{
	const struct seep_writer_config config = {.keep_ns = 100 * SEEP_NS_PER_S};
	struct seep_reader *reader;

	(void)state;
	write_steps(&config, 4, 5);
	assert_sound(CAPTURE);
	reader = open_reader();
	assert_int_equal(count_moments(reader), 101);
	check_kept(reader, 4, 5);
	seep_reader_close(reader);
}

static void test_size(void **state)
{
	const struct seep_writer_config config = {.max_bytes = 400000};
	struct seep_reader *reader;
	struct stat status;

	(void)state;
	write_steps(&config, 5, 100);
	assert_sound(CAPTURE);
	assert_int_equal(stat(CAPTURE, &status), 0);
	assert_in_range(status.st_size, 200000, 400000);
	reader = open_reader();
	assert_in_range(count_moments(reader), 20, 200);
	check_kept(reader, 5, 100);
	seep_reader_close(reader);
}

/* Less than one snapshot takes: the last one stays. */
static void test_hardly_any_room(void **state)
{
	const struct seep_writer_config config = {.max_bytes = 1};
	struct seep_reader *reader;

	(void)state;
	write_steps(&config, 6, 100);
	assert_sound(CAPTURE);
	reader = open_reader();
	assert_int_equal(count_moments(reader), 1);
	check_kept(reader, 6, 100);
	seep_reader_close(reader);
}

/* Workers that come and go: in the file is what the snapshots in it need, and no more. */
static void test_what_nobody_needs_goes(void **state)
{
	const struct seep_writer_config config = {.keep_ns = 20 * SEEP_NS_PER_S};
	struct seep_writer *writer = open_writer(&config);
	struct seep_reader *reader;
	struct world world;

	(void)state;
	world_init(&world, 2, 100, 1);
	for (uint32_t i = 0; i < 200; i++) {
		/* The second process is another one each time, with stacks that nobody else has. */
		world.processes[1].id = 5000 + i;
		for (size_t j = 1; j < 100; j += 2)
			world.stacks[j].stack.hash = 1000 * i + j;
		world_step(&world, SEEP_NS_PER_S, 100);
		for (size_t j = 0; j < 100; j++) {
			if (world.sorted[j].process != &world.processes[1])
				continue;
			world.sorted[j].live_bytes_change = (int64_t)world.sorted[j].live_bytes;
			world.sorted[j].live_objects_change = (int64_t)world.sorted[j].live_objects;
		}
		write_world(writer, &world);
	}
	seep_writer_close(writer);
	assert_sound(CAPTURE);
	assert_in_range(ask_sqlite(CAPTURE, "SELECT count(*) FROM sites"), 50 + 21 * 50,
			50 + 21 * 50 + 300);
	assert_in_range(ask_sqlite(CAPTURE, "SELECT count(*) FROM processes"), 22, 28);
	assert_in_range(ask_sqlite(CAPTURE, "SELECT count(*) FROM stacks"), 50 + 21 * 50,
			50 + 21 * 50 + 300);
	reader = open_reader();
	assert_loads(reader, moment_id(reader, -1), &world);
	seep_reader_close(reader);
	world_done(&world);
}

/* A run of which no snapshot is left goes with all that was its own. */
static void test_old_runs_go(void **state)
{
	const struct seep_writer_config config = {.append = true, .keep_ns = 30 * SEEP_NS_PER_S};
	static const struct seep_judgement judgement = {.class = "leak"};
	struct seep_writer *writer;
	struct world world;

	(void)state;
	for (int run = 0; run < 3; run++) {
		world_init(&world, 1, 10, (uint64_t)run + 1);
		world.sites[0].judgement = &judgement;
		writer = open_writer(&config);
		for (int i = 0; i < 40; i++) {
			world_step(&world, SEEP_NS_PER_S, 50);
			assert_int_equal(
				seep_writer_write(writer, &world.snapshot, world.symbolizer), 0);
			assert_int_equal(seep_writer_tidy(writer), 0);
		}
		seep_writer_close(writer);
		world_done(&world);
	}
	assert_sound(CAPTURE);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM runs"), 1);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM processes"), 1);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM sites"), 10);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM stacks"), 10);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(DISTINCT run) FROM verdicts"), 1);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_hour_of_seconds),
		cmocka_unit_test(test_a_week),
		cmocka_unit_test(test_long_intervals_stay),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_runs_stay_apart),
		IN_DIRECTORY(test_what_stays_is_as_it_was),
		IN_DIRECTORY(test_old_ones_go),
		IN_DIRECTORY(test_size),
		IN_DIRECTORY(test_hardly_any_room),
		IN_DIRECTORY(test_what_nobody_needs_goes),
		IN_DIRECTORY(test_old_runs_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
