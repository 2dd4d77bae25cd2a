// SPDX-License-Identifier: GPL-2.0-only
/* What spans snapshots: verdicts, and the traces that a capture consists of. */
#include "store/fixture.h"

static const struct seep_writer_config new_capture;

/* --- verdicts ---------------------------------------------------------------------------------- */

static void assert_same_verdict(const struct seep_stored_verdict *expected, uint64_t since_ns,
				const struct seep_stored_verdict *actual)
{
	assert_int_equal(expected->process, actual->process);
	assert_int_equal(expected->site, actual->site);
	assert_same_text(expected->class, actual->class);
	assert_same_text(expected->pattern, actual->pattern);
	assert_same_text(expected->severity, actual->severity);
	assert_same_real(expected->confidence, actual->confidence);
	assert_same_real(expected->rate.value, actual->rate.value);
	assert_same_real(expected->rate.low, actual->rate.low);
	assert_same_real(expected->rate.high, actual->rate.high);
	assert_same_real(expected->leaked.value, actual->leaked.value);
	assert_same_real(expected->leaked.low, actual->leaked.low);
	assert_same_real(expected->leaked.high, actual->leaked.high);
	assert_same_real(expected->eta_s.value, actual->eta_s.value);
	assert_same_real(expected->eta_s.low, actual->eta_s.low);
	assert_same_real(expected->eta_s.high, actual->eta_s.high);
	assert_same_text(expected->evidence, actual->evidence);
	assert_same_text(expected->advice, actual->advice);
	assert_int_equal(actual->since_ns, since_ns);
}

/* Writes the next snapshot with these verdicts, and reads them again. */
static void check_verdicts(struct seep_writer *writer, struct world *world,
			   const struct seep_stored_verdict *verdicts, size_t count,
			   const uint64_t *since_s)
{
	struct seep_reader *reader;
	struct seep_loaded *loaded;

	world_step(world, SEEP_NS_PER_S, 0); /* sites keep their places */
	assert_int_equal(
		seep_writer_write(writer, &world->snapshot, world->symbolizer, verdicts, count), 0);
	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, -1), &loaded), 0);
	assert_int_equal(loaded->num_verdicts, count);
	for (size_t i = 0; i < count; i++)
		assert_same_verdict(&verdicts[i], since_s[i] * SEEP_NS_PER_S, &loaded->verdicts[i]);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
}

static void test_verdicts(void **state)
{
	struct seep_stored_verdict verdicts[] = {
		{1,
		 SEEP_OF_PROCESS,
		 "growth",
		 NULL,
		 NULL,
		 0.5,
		 {NAN, NAN, NAN},
		 {NAN, NAN, NAN},
		 {INFINITY, 3600, INFINITY},
		 NULL,
		 NULL,
		 0},
		{0,
		 2,
		 "leak",
		 "linear",
		 "high",
		 0.99,
		 {213.3, 200, 220},
		 {1, 0.97, 1},
		 {86400, 80000, 90000},
		 "grows by 213 bytes per second\nnothing is released",
		 "look at handle_request",
		 0},
	};
	struct seep_writer *writer = open_writer(&new_capture);
	struct world world;

	(void)state;
	world_init(&world, 2, 4, 1);
	/* Numbers change, the words do not. */
	check_verdicts(writer, &world, verdicts, 2, (const uint64_t[]){1, 1});
	verdicts[1].rate.value = 214;
	check_verdicts(writer, &world, verdicts, 2, (const uint64_t[]){1, 1});
	/* Now a word does. */
	verdicts[1].severity = "critical";
	check_verdicts(writer, &world, verdicts, 2, (const uint64_t[]){1, 3});
	/* For a while there is none, then it comes again. */
	check_verdicts(writer, &world, verdicts, 1, (const uint64_t[]){1});
	check_verdicts(writer, &world, verdicts, 2, (const uint64_t[]){1, 5});
	verdicts[1].site = 4;
	assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer, verdicts, 2),
			 -EINVAL);
	/* After a failure it is known what goes on. */
	verdicts[1].site = 2;
	check_verdicts(writer, &world, verdicts, 2, (const uint64_t[]){1, 5});
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM verdicts"), 4);
	assert_sound(CAPTURE);
	world_done(&world);
}

/* --- runs -------------------------------------------------------------------------------------- */

static void test_appending(void **state)
{
	const struct seep_writer_config append = {.append = true};
	struct seep_moment *moments;
	struct seep_writer *writer;
	struct seep_reader *reader;
	struct world world, other;
	size_t count;

	(void)state;
	world_init(&world, 2, 10, 1);
	world_init(&other, 1, 5, 2);
	writer = open_writer(&append);
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	seep_writer_close(writer);
	writer = open_writer(&append);
	other.snapshot.utc_ns = world.snapshot.utc_ns + 3600 * SEEP_NS_PER_S;
	world_step(&other, SEEP_NS_PER_S, 100);
	write_world(writer, &other);
	seep_writer_close(writer);
	reader = open_reader();
	assert_int_equal(seep_reader_list(reader, &moments, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(moments[0].time_ns, SEEP_NS_PER_S);
	assert_int_equal(moments[1].time_ns, 3602 * SEEP_NS_PER_S);
	assert_int_not_equal(moments[0].run, moments[1].run);
	assert_loads(reader, moments[0].id, &world);
	assert_loads(reader, moments[1].id, &other);
	free(moments);
	seep_reader_close(reader);
	assert_sound(CAPTURE);
	/* Names are there once, whichever run has them. */
	assert_int_equal(ask_sqlite(CAPTURE,
				    "SELECT count(*) FROM functions GROUP BY name ORDER BY 1 DESC"),
			 1);
	world_done(&world);
	world_done(&other);
}

static void test_another_trace_is_another_run(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct world world;

	(void)state;
	world_init(&world, 1, 2, 1);
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	world.snapshot.scope_value = "other";
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	world.snapshot.seq = 0;
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM runs"), 3);
	world_done(&world);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_verdicts),
		IN_DIRECTORY(test_appending),
		IN_DIRECTORY(test_another_trace_is_another_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
