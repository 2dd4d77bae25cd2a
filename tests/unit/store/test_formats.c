// SPDX-License-Identifier: GPL-2.0-only
/* Every format renders a snapshot from a capture as it renders the one that was written. */
#include "store/fixture.h"

#include "formats/formats.h"
#include "report/fixture.h"

static const char *const formats[] = {"text", "json", "folded", "pprof", "flamegraph"};

/* The symbolizer of a trace that resolves the frames of the fixture. */
static struct seep_symbolizer *new_symbolizer(void)
{
	struct seep_symbolizer *symbolizer;

	assert_int_equal(seep_symbolizer_new(&symbolizer), 0);
	for (size_t i = 0; i < sizeof(fixture_frames) / sizeof(fixture_frames[0]); i++)
		assert_int_equal(seep_symbolizer_know(symbolizer, fixture_frames[i].frame,
						      &fixture_frames[i].location),
				 0);
	assert_int_equal(seep_symbolizer_know_jit(symbolizer, 2, F_JIT, &fixture_named_jit), 0);
	return symbolizer;
}

static void assert_same_report(const struct seep_report_format *format,
			       const struct seep_report_options *options,
			       const struct fixture *fixture, struct seep_symbolizer *symbolizer,
			       const struct seep_loaded *loaded)
{
	SEEP_AUTO_BUFFER struct seep_buffer expected = SEEP_BUFFER_INIT;
	SEEP_AUTO_BUFFER struct seep_buffer actual = SEEP_BUFFER_INIT;

	assert_int_equal(format->render(&fixture->snapshot, symbolizer, options, &expected), 0);
	assert_int_equal(format->render(&loaded->snapshot, loaded->symbolizer, options, &actual),
			 0);
	assert_true(expected.length > 100);
	assert_int_equal(expected.length, actual.length);
	assert_memory_equal(expected.data, actual.data, expected.length);
}

/* In the fixture several sites have the same stack; in a trace they do not. */
static void separate_stacks(struct fixture *fixture, struct seep_stack *stacks)
{
	for (size_t i = 0; i < fixture->snapshot.num_sites; i++) {
		stacks[i] = *fixture->sites[i].stack;
		stacks[i].hash = i;
		fixture->sites[i].stack = &stacks[i];
	}
	/* Which is not in the order of reports. */
	seep_sites_sort(fixture->sites, fixture->snapshot.num_sites);
}

static void check_fixture(struct fixture *fixture)
{
	const struct seep_report_options options[] = {
		{.metric = SEEP_METRIC_LIVE_BYTES, .top = SIZE_MAX},
		{.metric = SEEP_METRIC_ALLOC_OBJECTS, .top = SIZE_MAX, .verbose = true},
	};
	const struct seep_writer_config config = {0};
	struct seep_symbolizer *symbolizer = new_symbolizer();
	struct seep_writer *writer = open_writer(&config);
	struct seep_stack stacks[10];
	struct seep_reader *reader;
	struct seep_loaded *loaded;

	separate_stacks(fixture, stacks);
	/* What changed is known from the snapshot before. */
	for (size_t i = 0; i < fixture->snapshot.num_sites; i++) {
		fixture->sites[i].live_bytes -= (uint64_t)fixture->sites[i].live_bytes_change;
		fixture->sites[i].live_objects -= (uint64_t)fixture->sites[i].live_objects_change;
	}
	fixture->snapshot.seq--;
	fixture->snapshot.elapsed_ns -= fixture->snapshot.interval_ns;
	assert_int_equal(seep_writer_write(writer, &fixture->snapshot, symbolizer), 0);
	for (size_t i = 0; i < fixture->snapshot.num_sites; i++) {
		fixture->sites[i].live_bytes += (uint64_t)fixture->sites[i].live_bytes_change;
		fixture->sites[i].live_objects += (uint64_t)fixture->sites[i].live_objects_change;
	}
	fixture->snapshot.seq++;
	fixture->snapshot.elapsed_ns += fixture->snapshot.interval_ns;
	assert_int_equal(seep_writer_write(writer, &fixture->snapshot, symbolizer), 0);
	seep_writer_close(writer);

	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, -1), &loaded), 0);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		for (size_t j = 0; j < 2; j++)
			assert_same_report(seep_report_find(formats[i]), &options[j], fixture,
					   symbolizer, loaded);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	seep_symbolizer_free(symbolizer);
}

static void test_one_process(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	check_fixture(&fixture);
}

static void test_two_processes(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_two(&fixture);
	check_fixture(&fixture);
}

static void test_code_of_no_file(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_jit(&fixture);
	check_fixture(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_process, fixture_set_up,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_two_processes, fixture_set_up,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_code_of_no_file, fixture_set_up,
						fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
