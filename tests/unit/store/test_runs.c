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
	assert_int_equal(expected->num_correlated, actual->num_correlated);
	for (size_t i = 0; i < actual->num_correlated; i++) {
		assert_int_equal(expected->correlated[i].site, actual->correlated[i].site);
		assert_same_text(expected->correlated[i].measure, actual->correlated[i].measure);
		assert_same_real(expected->correlated[i].correlation,
				 actual->correlated[i].correlation);
	}
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
		{
			.process = 1,
			.site = SEEP_OF_PROCESS,
			.class = "growth",
			.confidence = 0.5,
			.rate = {NAN, NAN, NAN},
			.leaked = {NAN, NAN, NAN},
			.eta_s = {INFINITY, 3600, INFINITY},
		},
		{
			.process = 0,
			.site = 2,
			.class = "leak",
			.pattern = "linear",
			.severity = "high",
			.confidence = 0.99,
			.rate = {213.3, 200, 220},
			.leaked = {1, 0.97, 1},
			.eta_s = {86400, 80000, 90000},
			.evidence = "grows by 213 bytes per second\nnothing is released",
			.advice = "look at handle_request",
		},
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

/* They go with the verdict, the last ones stay. */
static void test_correlated(void **state)
{
	struct seep_stored_verdict verdicts[2] = {
		{.site = 2, .class = "leak"},
		{.site = 0, .class = "leak"},
	};
	struct seep_writer *writer = open_writer(&new_capture);
	struct world world;

	(void)state;
	for (int i = 0; i < 2; i++)
		verdicts[i].rate = verdicts[i].leaked = verdicts[i].eta_s =
			(struct seep_interval){NAN, NAN, NAN};
	world_init(&world, 2, 4, 1);
	check_verdicts(writer, &world, verdicts, 2, (const uint64_t[]){1, 1});
	verdicts[0].num_correlated = 2;
	verdicts[0].correlated[0] =
		(struct seep_stored_correlated){SEEP_OF_PROCESS, "open_descriptors", 0.98};
	verdicts[0].correlated[1] = (struct seep_stored_correlated){0, NULL, 0.9};
	verdicts[1].num_correlated = 1;
	verdicts[1].correlated[0] = (struct seep_stored_correlated){2, NULL, 0.9};
	check_verdicts(writer, &world, verdicts, 2, (const uint64_t[]){1, 1});
	verdicts[0].num_correlated = 1;
	verdicts[0].correlated[0] = (struct seep_stored_correlated){1, NULL, 1};
	verdicts[1].num_correlated = 0;
	check_verdicts(writer, &world, verdicts, 2, (const uint64_t[]){1, 1});
	verdicts[0].correlated[0].site = 4;
	assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer, verdicts, 2),
			 -EINVAL);
	/* After a failure it is asked anew what there was. */
	verdicts[0].num_correlated = 0;
	check_verdicts(writer, &world, verdicts, 2, (const uint64_t[]){1, 1});
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM companions"), 0);
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
		IN_DIRECTORY(test_correlated),
		IN_DIRECTORY(test_appending),
		IN_DIRECTORY(test_another_trace_is_another_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
