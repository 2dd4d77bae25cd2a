// SPDX-License-Identifier: GPL-2.0-only
/* What spans snapshots: verdicts, and the traces that a capture consists of. */
#include "store/fixture.h"

#include "verdict/judgement.h"

static const struct seep_writer_config new_capture;

/* Verdicts. */

static void assert_same_interval(const struct seep_interval *expected,
				 const struct seep_interval *actual)
{
	assert_same_real(expected->value, actual->value);
	assert_same_real(expected->low, actual->low);
	assert_same_real(expected->high, actual->high);
}

static void assert_same_sentences(const char *const *expected, size_t num_expected,
				  const char *const *actual, size_t num_actual)
{
	assert_int_equal(num_expected, num_actual);
	for (size_t i = 0; i < num_actual; i++)
		assert_string_equal(expected[i], actual[i]);
}

/* Sites are told apart by their ids: those of @actual are of the loaded snapshot. */
static void assert_same_correlated(const struct seep_judgement *expected,
				   const struct seep_judgement *actual,
				   const struct seep_snapshot *loaded)
{
	assert_int_equal(expected->num_correlated, actual->num_correlated);
	for (size_t i = 0; i < actual->num_correlated; i++) {
		const struct seep_correlated *before = &expected->correlated[i];
		const struct seep_correlated *after = &actual->correlated[i];

		assert_same_text(before->measure, after->measure);
		assert_same_real(before->correlation, after->correlation);
		assert_int_equal(before->site == NULL, after->site == NULL);
		if (after->site) {
			assert_true((size_t)(after->site - loaded->sites) < loaded->num_sites);
			assert_int_equal(before->site->id, after->site->id);
		}
	}
}

/* A capture does not keep the period. */
static void assert_same_judgement(const struct seep_judgement *expected, double since_s,
				  const struct seep_judgement *actual,
				  const struct seep_snapshot *loaded)
{
	assert_string_equal(expected->class, actual->class);
	assert_string_equal(expected->pattern, actual->pattern);
	assert_same_text(expected->severity, actual->severity);
	assert_same_real(expected->confidence, actual->confidence);
	assert_same_interval(&expected->rate, &actual->rate);
	assert_same_interval(&expected->leaked, &actual->leaked);
	assert_same_interval(&expected->eta_s, &actual->eta_s);
	assert_same_text(expected->limit, actual->limit);
	assert_same_real(since_s, actual->since_s);
	assert_same_sentences(expected->evidence, expected->num_evidence, actual->evidence,
			      actual->num_evidence);
	assert_same_sentences(expected->advice, expected->num_advice, actual->advice,
			      actual->num_advice);
	assert_same_correlated(expected, actual, loaded);
}

static void assert_same_process_judgement(const struct seep_process_judgement *expected,
					  const struct seep_process_judgement *actual)
{
	assert_int_equal(expected == NULL, actual == NULL);
	if (!expected)
		return;
	assert_string_equal(expected->health, actual->health);
	assert_same_interval(&expected->rate, &actual->rate);
	assert_same_interval(&expected->eta_s, &actual->eta_s);
	assert_same_text(expected->limit, actual->limit);
	assert_same_sentences(expected->evidence, expected->num_evidence, actual->evidence,
			      actual->num_evidence);
}

/*
 * Writes the next snapshot and reads it again: it has the same judgements, the one of the site
 * number n since since_s[n].
 */
static void check_judgements(struct seep_writer *writer, struct world *world, const double *since_s)
{
	const struct seep_snapshot *snapshot = &world->snapshot;
	struct seep_reader *reader;
	struct seep_loaded *loaded;

	world_step(world, SEEP_NS_PER_S, 0); /* sites keep their places */
	assert_int_equal(seep_writer_write(writer, snapshot, world->symbolizer), 0);
	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, -1), &loaded), 0);
	assert_int_equal(loaded->snapshot.num_sites, snapshot->num_sites);
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_judgement *expected = snapshot->sites[i].judgement;
		const struct seep_judgement *actual = loaded->snapshot.sites[i].judgement;

		assert_int_equal(expected == NULL, actual == NULL);
		if (expected)
			assert_same_judgement(expected,
					      since_s[world_site_number(&snapshot->sites[i])],
					      actual, &loaded->snapshot);
	}
	for (size_t i = 0; i < snapshot->num_processes; i++)
		assert_same_process_judgement(snapshot->processes[i].judgement,
					      loaded->snapshot.processes[i].judgement);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
}

static const struct seep_judgement a_leak = {
	.class = "leak",
	.pattern = "linear",
	.severity = "high",
	.confidence = 0.99,
	.rate = {213.3, 200, 220},
	.leaked = {1, 0.97, 1},
	.eta_s = {86400, 80000, 90000},
	.limit = "machine-memory",
	.num_evidence = 2,
	.evidence = (const char *const[]){"grows by 213 bytes per second", "nothing is released"},
	.num_advice = 1,
	.advice = (const char *const[]){"look at handle_request"},
};

/* All numbers are unknown, and there are no words beside the class. */
static const struct seep_judgement hardly_anything = {
	.class = "leak",
	.pattern = "none",
	.rate = {NAN, NAN, NAN},
	.leaked = {NAN, NAN, NAN},
	.eta_s = {NAN, NAN, NAN},
};

static const struct seep_process_judgement growth = {
	.health = "growth",
	.rate = {NAN, NAN, NAN},
	.eta_s = {INFINITY, 3600, INFINITY},
	.limit = "cgroup-memory",
	.num_evidence = 1,
	.evidence = (const char *const[]){"resident memory grows"},
};

static void test_verdicts(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_judgement judgement = a_leak;
	struct world world;
	uint64_t hash;

	(void)state;
	world_init(&world, 2, 4, 1);
	world.processes[1].judgement = &growth;
	world.sites[2].judgement = &judgement;
	/* Numbers change, the words do not. */
	check_judgements(writer, &world, (const double[]){[2] = 1});
	judgement.rate.value = 214;
	judgement.limit = "address-space";
	check_judgements(writer, &world, (const double[]){[2] = 1});
	/* Now a word does. */
	judgement.severity = "critical";
	check_judgements(writer, &world, (const double[]){[2] = 3});
	/* For a while there is none, then it comes again. */
	world.sites[2].judgement = NULL;
	check_judgements(writer, &world, NULL);
	/* Then nothing is used up any more. */
	judgement.limit = NULL;
	world.sites[2].judgement = &judgement;
	check_judgements(writer, &world, (const double[]){[2] = 5});
	/* Two sites with the same process, kind and hash. */
	hash = world.stacks[2].stack.hash;
	world.stacks[2].stack.hash = world.stacks[0].stack.hash;
	assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer), -EINVAL);
	/* After a failure it is known what goes on. */
	world.stacks[2].stack.hash = hash;
	check_judgements(writer, &world, (const double[]){[2] = 5});
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM verdicts"), 4);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT since_ns FROM verdicts WHERE site IS NULL"),
			 SEEP_NS_PER_S);
	assert_sound(CAPTURE);
	world_done(&world);
}

/* They go with the verdict, the last ones stay. */
static void test_correlated(void **state)
{
	const double since_s[4] = {[0] = 1, [2] = 1};
	struct seep_judgement first = hardly_anything, second = hardly_anything;
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_correlated of_first[2] = {{.measure = "open_descriptors", .correlation = 0.98},
					      {.correlation = 0.9}};
	struct seep_correlated of_second = {.correlation = 0.9};
	struct world world;

	(void)state;
	world_init(&world, 2, 4, 1);
	world.sites[2].judgement = &first;
	world.sites[0].judgement = &second;
	check_judgements(writer, &world, since_s);
	first.num_correlated = 2;
	first.correlated = of_first;
	of_first[1].site = world_find(&world, 0);
	second.num_correlated = 1;
	second.correlated = &of_second;
	of_second.site = world_find(&world, 2);
	check_judgements(writer, &world, since_s);
	first.num_correlated = 1;
	of_first[0] = (struct seep_correlated){.site = world_find(&world, 1), .correlation = 1};
	second.num_correlated = 0;
	check_judgements(writer, &world, since_s);
	/* It is no site of the snapshot. */
	of_first[0].site = world.snapshot.sites + world.snapshot.num_sites;
	assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer), -EINVAL);
	/* After a failure it is asked anew what there was. */
	first.num_correlated = 0;
	check_judgements(writer, &world, since_s);
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM companions"), 0);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM verdicts"), 2);
	assert_sound(CAPTURE);
	world_done(&world);
}

/* Runs. */

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
