// SPDX-License-Identifier: GPL-2.0-only
/* The figures of Go's runtime in captures. */
#include "report/go_figures.h"
#include "store/fixture.h"

#define STEPS 7

/* Of the second process: not yet, known, the same, changed, not known any more, known again. */
static const bool known[STEPS] = {false, true, true, true, false, false, true};
static struct seep_go_figures figures[STEPS];

static void fill(int step)
{
	figures[step] = fixture_go;
	if (step < 3)
		return;
	figures[step].memstats[SEEP_MEMSTAT_NUM_GC] += (uint64_t)step;
	figures[step].collections_per_min = NAN;
	figures[step].gogc = -1;
	figures[step].gomemlimit_bytes = SEEP_UNKNOWN;
	figures[step].gomaxprocs = SEEP_UNKNOWN;
}

static void init_step(struct world *world, int step)
{
	world_init(world, 3, 4, 1);
	for (int i = 0; i <= step; i++)
		world_step(world, SEEP_NS_PER_S, 0);
	fill(step);
	world->processes[1].go = known[step] ? &figures[step] : NULL;
}

/* Writes all steps into a new capture. */
static void write_steps(struct world worlds[STEPS])
{
	const struct seep_writer_config new_capture = {0};
	struct seep_writer *writer = open_writer(&new_capture);

	for (int i = 0; i < STEPS; i++) {
		init_step(&worlds[i], i);
		write_world(writer, &worlds[i]);
	}
	seep_writer_close(writer);
}

static void test_every_moment(void **state)
{
	struct world worlds[STEPS];
	struct seep_reader *reader;

	(void)state;
	write_steps(worlds);
	/* Known, changed, not known, known again. */
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM go_figures"), 4);
	reader = open_reader();
	for (int i = 0; i < STEPS; i++) {
		assert_loads(reader, moment_id(reader, i), &worlds[i]);
		world_done(&worlds[i]);
	}
	seep_reader_close(reader);
	assert_sound(CAPTURE);
}

/* Snapshots between others go; what they said of the process stays. */
static void test_thinned(void **state)
{
	const struct seep_writer_config go_on = {.append = true, .keep_ns = SEEP_NS_PER_S};
	struct world worlds[STEPS], last;
	struct seep_writer *writer;
	struct seep_reader *reader;
	struct seep_loaded *loaded;

	(void)state;
	write_steps(worlds);
	writer = open_writer(&go_on);
	world_init(&last, 3, 4, 1);
	last.processes[1].go = &fixture_go;
	for (int i = 0; i < 10; i++) {
		world_step(&last, SEEP_NS_PER_S, 0);
		write_world(writer, &last);
	}
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM go_figures"), 1);
	reader = open_reader();
	assert_true(count_moments(reader) < 5);
	assert_int_equal(seep_reader_load(reader, moment_id(reader, 0), &loaded), 0);
	assert_same_go_figures(&fixture_go, loaded->snapshot.processes[1].go);
	assert_null(loaded->snapshot.processes[0].go);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	for (int i = 0; i < STEPS; i++)
		world_done(&worlds[i]);
	world_done(&last);
	assert_sound(CAPTURE);
}

static void test_capture_without_them(void **state)
{
	struct world worlds[STEPS];
	struct seep_reader *reader;

	(void)state;
	write_steps(worlds);
	run_sqlite(CAPTURE, "DROP TABLE go_figures; PRAGMA user_version = 6");
	reader = open_reader();
	for (int i = 0; i < STEPS; i++) {
		worlds[i].processes[1].go = NULL;
		assert_loads(reader, moment_id(reader, i), &worlds[i]);
		world_done(&worlds[i]);
	}
	seep_reader_close(reader);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_every_moment),
		IN_DIRECTORY(test_thinned),
		IN_DIRECTORY(test_capture_without_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
