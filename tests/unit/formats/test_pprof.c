// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports as profile.proto: unpacked again with the generated code and compared with the snapshot,
 * sample by sample; and the golden file, byte for byte.
 */
#include "report/fixture.h"
#include "report/golden.h"
#include "report/sampled.h"

#include <regex.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "formats/formats.h"
#include "formats/profile.pb-c.h"

#define PROFILE_MAX_BYTES (1 << 20)

typedef Seep__Pprof__Profile profile;

static const struct seep_report_options none = {0};

/* Renders, unzips and unpacks; the caller frees. */
static profile *render(const struct seep_snapshot *snapshot)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE uint8_t *bytes = malloc(PROFILE_MAX_BYTES);
	z_stream stream = {0};
	profile *unpacked;

	assert_int_equal(seep_report_pprof.render(snapshot, NULL, &none, &buffer), 0);
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = (uint8_t *)buffer.data;
	stream.avail_in = (unsigned int)buffer.length;
	stream.next_out = bytes;
	stream.avail_out = PROFILE_MAX_BYTES;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	unpacked = seep__pprof__profile__unpack(NULL, stream.total_out, bytes);
	inflateEnd(&stream);
	assert_non_null(unpacked);
	return unpacked;
}

static const char *text(const profile *unpacked, int64_t number)
{
	assert_in_range(number, 0, unpacked->n_texts - 1);
	return unpacked->texts[number];
}

static const char *innermost_name(const profile *unpacked, size_t sample, size_t location)
{
	uint64_t id = unpacked->samples[sample]->location_ids[location];
	const Seep__Pprof__Location *found = unpacked->locations[id - 1];

	assert_int_equal(found->id, id);
	return text(unpacked, unpacked->functions[found->lines[0]->function_id - 1]->name_text);
}

static void test_types(void **state)
{
	static const char *const expected[][2] = {
		{"alloc_objects", "count"},
		{"alloc_space", "bytes"},
		{"inuse_objects", "count"},
		{"inuse_space", "bytes"},
	};
	struct fixture fixture;
	profile *unpacked;

	(void)state;
	fixture_init(&fixture);
	unpacked = render(&fixture.snapshot);
	assert_string_equal(unpacked->texts[0], "");
	assert_int_equal(unpacked->n_sample_types, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(text(unpacked, unpacked->sample_types[i]->type_text),
				    expected[i][0]);
		assert_string_equal(text(unpacked, unpacked->sample_types[i]->unit_text),
				    expected[i][1]);
	}
	assert_string_equal(text(unpacked, unpacked->default_sample_type_text), "inuse_space");
	assert_int_equal(unpacked->duration_ns, fixture.snapshot.elapsed_ns);
	assert_int_equal(unpacked->time_ns, fixture.snapshot.utc_ns);
	seep__pprof__profile__free_unpacked(unpacked, NULL);
}

static void test_samples(void **state)
{
	struct fixture fixture;
	const Seep__Pprof__Sample *sample;
	profile *unpacked;
	int64_t live_bytes = 0;

	(void)state;
	fixture_init(&fixture);
	unpacked = render(&fixture.snapshot);
	assert_int_equal(unpacked->n_samples, fixture.snapshot.num_sites);
	for (size_t i = 0; i < unpacked->n_samples; i++)
		live_bytes += unpacked->samples[i]->values[3];
	assert_int_equal(live_bytes, fixture.snapshot.totals[SEEP_KIND_MEMORY].live_bytes);

	sample = unpacked->samples[0];
	assert_int_equal(sample->n_location_ids, 8);
	assert_int_equal(sample->values[0], 24096);
	assert_int_equal(sample->values[2], 4096);
	assert_string_equal(innermost_name(unpacked, 0, 0), "malloc");
	assert_string_equal(innermost_name(unpacked, 0, 1), "xmalloc");
	assert_string_equal(text(unpacked, sample->labels[0]->key_text), "pid");
	assert_string_equal(text(unpacked, sample->labels[0]->string_text), "1234");
	assert_string_equal(text(unpacked, sample->labels[1]->string_text), "server");
	assert_string_equal(text(unpacked, sample->labels[2]->string_text), "memory");

	/* Partial and unknown stacks say so. */
	assert_string_equal(innermost_name(unpacked, 3, 1), "libstripped.so.2+0x1f40");
	assert_string_equal(innermost_name(unpacked, 3, 2), "[partial: no_table]");
	assert_string_equal(innermost_name(unpacked, 7, 0), "[no stack]");
	seep__pprof__profile__free_unpacked(unpacked, NULL);
}

/* What pprof makes of it: ^(...)$, and names without parameters. */
static void test_allocators_are_dropped(void **state)
{
	static const char *const dropped[] = {"malloc", "operator new", "operator new[]",
					      "mi_malloc", "pthread_create"};
	static const char *const kept[] = {"xmalloc", "free", "operator new2", "buffer_grow"};
	SEEP_AUTO_BUFFER struct seep_buffer pattern = SEEP_BUFFER_INIT;
	struct fixture fixture;
	profile *unpacked;
	regex_t regex;

	(void)state;
	fixture_init(&fixture);
	unpacked = render(&fixture.snapshot);
	seep_buffer_printf(&pattern, "^(%s)$", text(unpacked, unpacked->drop_frames_text));
	assert_int_equal(regcomp(&regex, pattern.data, REG_EXTENDED | REG_NOSUB), 0);
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		assert_int_equal(regexec(&regex, dropped[i], 0, NULL, 0), 0);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		assert_int_equal(regexec(&regex, kept[i], 0, NULL, 0), REG_NOMATCH);
	regfree(&regex);
	seep__pprof__profile__free_unpacked(unpacked, NULL);
}

static void test_inlined_lines(void **state)
{
	struct fixture fixture;
	const Seep__Pprof__Location *location;
	profile *unpacked;

	(void)state;
	fixture_init(&fixture);
	unpacked = render(&fixture.snapshot);
	location = unpacked->locations[unpacked->samples[0]->location_ids[1] - 1];
	assert_int_equal(location->n_lines, 2);
	assert_int_equal(location->lines[0]->line, 12);
	assert_int_equal(location->lines[1]->line, 42);
	assert_string_equal(
		text(unpacked, unpacked->functions[location->lines[1]->function_id - 1]->file_text),
		"src/buffer.c");
	seep__pprof__profile__free_unpacked(unpacked, NULL);
}

static void test_mappings(void **state)
{
	struct fixture fixture;
	profile *unpacked;
	size_t without = 0;

	(void)state;
	fixture_init(&fixture);
	unpacked = render(&fixture.snapshot);
	assert_int_equal(unpacked->n_mappings, 4);
	assert_string_equal(text(unpacked, unpacked->mappings[0]->file_text), SERVER_PATH);
	assert_string_equal(text(unpacked, unpacked->mappings[0]->build_id_text), SERVER_BUILD);
	assert_true(unpacked->mappings[0]->has_line_numbers);
	assert_true(unpacked->mappings[0]->has_inline_frames);
	for (size_t i = 0; i < unpacked->n_mappings; i++) {
		const Seep__Pprof__Mapping *a = unpacked->mappings[i];

		assert_true(a->has_functions);
		for (size_t j = 0; j < i; j++) {
			const Seep__Pprof__Mapping *b = unpacked->mappings[j];

			assert_true(a->limit <= b->start || b->limit <= a->start);
		}
	}
	for (size_t i = 0; i < unpacked->n_locations; i++) {
		const Seep__Pprof__Location *location = unpacked->locations[i];
		bool inside = false;

		without += location->mapping_id == 0;
		for (size_t j = 0; j < unpacked->n_mappings; j++) {
			const Seep__Pprof__Mapping *mapping = unpacked->mappings[j];

			inside |= mapping->id == location->mapping_id &&
				  location->address >= mapping->start &&
				  location->address < mapping->limit;
		}
		assert_true(inside || location->mapping_id == 0);
	}
	/* Made at run time, three partial ends and a missing stack. */
	assert_int_equal(without, 5);
	seep__pprof__profile__free_unpacked(unpacked, NULL);
}

/* The same address is other code in another process; it is in no mapping, named or not. */
static void test_code_of_no_file(void **state)
{
	struct fixture fixture;
	profile *unpacked;

	(void)state;
	fixture_init_jit(&fixture);
	unpacked = render(&fixture.snapshot);
	assert_string_equal(innermost_name(unpacked, 5, 1), "~render view.js:7");
	assert_string_equal(innermost_name(unpacked, 6, 1), "0x7f0012345678");
	for (size_t sample = 5; sample <= 6; sample++) {
		uint64_t id = unpacked->samples[sample]->location_ids[1];

		assert_int_equal(unpacked->locations[id - 1]->mapping_id, 0);
		assert_true(unpacked->locations[id - 1]->address == 0x7f0012345678);
	}
	assert_int_equal(unpacked->n_mappings, 4);
	seep__pprof__profile__free_unpacked(unpacked, NULL);
}

static void test_comments_name_losses(void **state)
{
	struct fixture fixture;
	profile *unpacked;

	(void)state;
	fixture_init(&fixture);
	unpacked = render(&fixture.snapshot);
	assert_int_equal(unpacked->n_comment_texts, 2);
	assert_string_equal(text(unpacked, unpacked->comment_texts[0]),
			    "loss: 12 releases of blocks from before the trace began (expected)");
	seep__pprof__profile__free_unpacked(unpacked, NULL);
}

/* Nothing else in a profile could say that its values are estimates. */
static void test_comments_name_estimates(void **state)
{
	struct fixture fixture;
	profile *unpacked;

	(void)state;
	fixture_init_sampled(&fixture);
	unpacked = render(&fixture.snapshot);
	assert_string_equal(text(unpacked, unpacked->comment_texts[0]),
			    "values are estimates: redis-server (PID 1240), traced in windows, "
			    "2.90 % of its calls seen, the probes take 2.80 % of its CPU time");
	assert_string_equal(text(unpacked, unpacked->comment_texts[1]),
			    "loss: 12 releases of blocks from before the trace began (expected)");
	seep__pprof__profile__free_unpacked(unpacked, NULL);
}

/* For `go tool pprof`, which test_report_formats.py runs on it. */
static void test_golden(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_two(&fixture);
	golden_assert_report("report.pb.gz", &seep_report_pprof, &fixture.snapshot, &none);
}

static void test_nothing(void **state)
{
	struct fixture fixture;
	profile *unpacked;

	(void)state;
	fixture_init_empty(&fixture);
	unpacked = render(&fixture.snapshot);
	assert_int_equal(unpacked->n_samples, 0);
	assert_int_equal(unpacked->n_sample_types, 4);
	seep__pprof__profile__free_unpacked(unpacked, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_allocators_are_dropped),
		cmocka_unit_test(test_inlined_lines),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_code_of_no_file),
		cmocka_unit_test(test_comments_name_losses),
		cmocka_unit_test(test_comments_name_estimates),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
