// SPDX-License-Identifier: GPL-2.0-only
/*
 * Captures that are cut off, damaged, or made to do harm: an error, or a snapshot, and nothing
 * else.
 */
#include "store/fixture.h"

#include "effort.h"
#include "formats/formats.h"
#include "report/report.h"
#include "verdict/judgement.h"

#define PAGE 4096

static const struct seep_writer_config new_capture;
static const struct seep_writer_config append_capture = {.append = true};

static void make_capture(size_t num_sites, int steps)
{
	static const struct seep_group groups[] = {{"file", 1, 0}};
	static const struct seep_details details = {1, groups, 0, NULL};
	const char *const evidence[] = {"it grows", "nothing is released"};
	struct seep_correlated correlated[2] = {{.measure = "open_descriptors", .correlation = 1}};
	struct seep_judgement judgement = {
		.class = "leak",
		.pattern = "linear",
		.severity = "high",
		.num_evidence = 2,
		.evidence = evidence,
		.num_advice = 1,
		.advice = evidence,
		.num_correlated = 2,
		.correlated = correlated,
	};
	const struct seep_process_judgement growth = {
		.health = "unexplained",
		.num_evidence = 1,
		.evidence = evidence,
	};
	struct seep_writer *writer = open_writer(&new_capture);
	struct world world;

	world_init(&world, 2, num_sites, 1);
	world.sites[0].details = &details;
	correlated[1].site = world.sorted;
	world.sites[0].judgement = &judgement;
	world.processes[1].judgement = &growth;
	for (int i = 0; i < steps; i++) {
		world_step(&world, SEEP_NS_PER_S, 50);
		assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer), 0);
	}
	seep_writer_close(writer);
	world_done(&world);
}

/* Renders what can be loaded: what was let through must be fit for that. */
static int use(struct seep_reader *reader, const struct seep_loaded *loaded)
{
	static const char *const formats[] = {"text", "json", "folded", "pprof", "flamegraph"};
	const struct seep_report_options options = {.top = SIZE_MAX, .verbose = true};
	struct seep_point *points;
	size_t count;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		SEEP_AUTO_BUFFER struct seep_buffer out = SEEP_BUFFER_INIT;

		assert_int_equal(seep_report_find(formats[i])
					 ->render(&loaded->snapshot, loaded->symbolizer, &options,
						  &out),
				 0);
	}
	for (size_t i = 0; i < loaded->snapshot.num_sites && i < 3; i++) {
		if (!seep_reader_site_series(reader, loaded, &loaded->snapshot.sites[i], &points,
					     &count))
			free(points);
	}
	if (loaded->snapshot.num_processes &&
	    !seep_reader_process_series(reader, loaded, loaded->snapshot.processes,
					SEEP_KIND_MEMORY, &points, &count))
		free(points);
	return 0;
}

/* Reads as much as there is. The first failure, or 0. */
static int read_all(void)
{
	struct seep_moment *moments;
	struct seep_reader *reader;
	struct seep_loaded *loaded;
	size_t count;
	int error = seep_reader_open(CAPTURE, &reader);

	if (error)
		return error;
	error = seep_reader_list(reader, &moments, &count);
	for (size_t i = 0; !error && i < count; i++) {
		error = seep_reader_load(reader, moments[i].id, &loaded);
		if (!error) {
			use(reader, loaded);
			seep_loaded_free(loaded);
		}
	}
	if (count > 0 || !error)
		free(moments);
	seep_reader_close(reader);
	return error;
}

/* Goes on with it, as far as that works. */
static void append_to(void)
{
	struct seep_writer *writer;
	struct world world;

	if (seep_writer_open(CAPTURE, &append_capture, &writer))
		return;
	world_init(&world, 1, 4, 1);
	for (int i = 0; i < 3; i++) {
		world_step(&world, 3600 * SEEP_NS_PER_S, 50);
		(void)seep_writer_write(writer, &world.snapshot, world.symbolizer);
		(void)seep_writer_tidy(writer);
	}
	seep_writer_close(writer);
	world_done(&world);
}

static void test_cut_off(void **state)
{
	size_t length, stride = effort(1, 10);
	uint8_t *bytes;

	(void)state;
	make_capture(20, 10);
	bytes = read_bytes(CAPTURE, &length);
	assert_int_equal(read_all(), 0);
	for (size_t cut = 0; cut < length; cut += (cut < PAGE ? 97 : 1501) * stride) {
		write_bytes(CAPTURE, bytes, cut);
		if (read_all() != -EBADMSG)
			fail_msg("cut off at %zu of %zu", cut, length);
		append_to();
	}
	free(bytes);
}

/* Several bytes each time; where, and what they are, comes from the seed. */
static void test_damaged(void **state)
{
	struct world random = {.random = 99};
	uint8_t *bytes, *damaged;
	size_t length, failures = 0, rounds = effort(400, 40);

	(void)state;
	make_capture(20, 5);
	bytes = read_bytes(CAPTURE, &length);
	damaged = malloc(length);
	assert_non_null(damaged);
	for (size_t round = 0; round < rounds; round++) {
		memcpy(damaged, bytes, length);
		for (uint64_t i = 1 + world_random(&random, 8); i > 0; i--)
			damaged[world_random(&random, length)] =
				(uint8_t)world_random(&random, 256);
		write_bytes(CAPTURE, damaged, length);
		failures += read_all() != 0;
		write_bytes(CAPTURE, damaged, length);
		append_to();
	}
	/* Some damage is in names and numbers, of which nobody can know. */
	assert_in_range(failures, rounds / 8, rounds - rounds / 8);
	free(bytes);
	free(damaged);
}

/* Values. */

/* A statement that anybody can run, and what becomes of the capture. */
struct crafted {
	const char *sql;
	int result;
};

static const struct crafted values[] = {
	{"UPDATE runs SET kinds = 'memory,dragons'", -EBADMSG},
	{"UPDATE runs SET scope_type = '</text><script>'", -EBADMSG},
	{"UPDATE runs SET scope_value = NULL", -EBADMSG},
	{"UPDATE processes SET pid = 1 << 40", -EBADMSG},
	{"UPDATE processes SET pid = -1", -EBADMSG},
	{"UPDATE processes SET inner_pid = 1 << 31", -EBADMSG},
	{"UPDATE processes SET image = -5", -EBADMSG},
	{"DELETE FROM processes", 0}, /* then there is no site either */
	{"DELETE FROM process_samples", -EBADMSG},
	{"DELETE FROM samples", -EBADMSG},
	{"DELETE FROM stacks", -EBADMSG},
	{"DELETE FROM frames", -EBADMSG},
	{"DELETE FROM lines", -EBADMSG},
	{"DELETE FROM runs", 0}, /* then there is no snapshot either */
	{"DELETE FROM sites", 0},
	{"DELETE FROM stack_frames", 0},
	{"DELETE FROM functions; DELETE FROM modules; DELETE FROM sources", 0},
	{"DELETE FROM details; DELETE FROM losses; DELETE FROM ends; DELETE FROM verdicts", 0},
	{"UPDATE sites SET kind = 'dragon'", -EBADMSG},
	{"UPDATE sites SET stable_id = 'xyz'", -EBADMSG},
	{"UPDATE sites SET stable_id = '00000000000000zz'", -EBADMSG},
	{"UPDATE sites SET process = 77", 0}, /* of another run, as it seems */
	{"UPDATE sites SET stack = 7777", -EBADMSG},
	{"UPDATE stacks SET \"end\" = 'dragon'", -EBADMSG},
	{"UPDATE samples SET lifetimes = x'ff'", 0}, /* no counts behind it */
	{"UPDATE samples SET lifetimes = x'ff01'", -EBADMSG},
	{"UPDATE samples SET lifetimes = zeroblob(1000)", -EBADMSG},
	{"UPDATE samples SET allocs = 'many', frees = 1e300, alloc_bytes = x'00'", 0},
	{"UPDATE samples SET allocs = -1, frees = 1, live_objects = -1, oldest_made_ns = -1 << 63",
	 0},
	{"UPDATE details SET content = '{'", -EBADMSG},
	{"UPDATE details SET content = '{\"groups\":1,\"examples\":[]}'", -EBADMSG},
	{"UPDATE details SET content = '{\"groups\":[1],\"examples\":[]}'", -EBADMSG},
	{"UPDATE details SET content = '{\"groups\":[{\"name\":1}],\"examples\":[]}'", -EBADMSG},
	{"UPDATE details SET content = '{\"groups\":[],\"examples\":[{}]}'", -EBADMSG},
	{"UPDATE details SET content = printf('{\"groups\":[],\"examples\":[\"\"%.*c]}', 9000, ',')",
	 -EBADMSG},
	{"UPDATE details SET content = printf('%.*c', 100000, '[')", -EBADMSG},
	{"UPDATE lines SET function = NULL, source = NULL, line = 1 << 40", 0},
	{"UPDATE functions SET name = printf('%.*c', 100000, 'x')", 0},
	{"UPDATE functions SET name = x'ff00ff'", 0},
	{"UPDATE frames SET word = -1, offset = -1", 0},
	{"UPDATE frames SET word = 0, process = 1", -EBADMSG},
	{"WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n LIMIT 300) "
	 "INSERT INTO stack_frames SELECT 1, i, 1 FROM n",
	 -EBADMSG},
	{"WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n LIMIT 300) "
	 "INSERT INTO lines SELECT 1, i, 1, 1, 1, 1 FROM n",
	 -EBADMSG},
	{"WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n LIMIT 66000) "
	 "INSERT INTO processes (id, run, image, pid, attached_late, first) "
	 "SELECT i, 1, i, 1, 0, 1 FROM n",
	 -EBADMSG},
	{"WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n LIMIT 1000) "
	 "INSERT INTO verdicts (run, process, since_ns, until_ns, class) "
	 "SELECT 1, 1, 0, 1 << 60, 'leak' FROM n",
	 -EBADMSG},
	{"UPDATE verdicts SET site = 7777", 0},
	/* Words are printed as they are. */
	{"UPDATE verdicts SET class = char(27) || '[31m'", -EBADMSG},
	{"UPDATE verdicts SET pattern = '<b>'", -EBADMSG},
	{"UPDATE verdicts SET severity = printf('%.*c', 1000, 'x')", -EBADMSG},
	{"UPDATE companions SET measure = 'a' || char(10)", -EBADMSG},
	{"UPDATE verdicts SET class = 'dragon', pattern = NULL, severity = 'dragon'", 0},
	{"UPDATE verdicts SET confidence = 9e999, rate = -9e999, leaked = 1e300, eta_s = -1", 0},
	{"UPDATE verdicts SET confidence = NULL, rate = NULL, evidence = '', advice = x'0a0a'", 0},
	{"UPDATE verdicts SET evidence = printf('%.*c', 100000, char(10))", 0},
	{"UPDATE companions SET correlation = -9e999", 0},
	{"UPDATE companions SET site = NULL, measure = NULL", -EBADMSG},
	{"UPDATE companions SET site = 7777", 0},
	{"UPDATE losses SET loss = loss || 'x'", 0},
	{"UPDATE snapshots SET elapsed_ns = -1, interval_ns = -1, utc_ns = -1, seq = -1", 0},
	{"UPDATE snapshots SET events_per_s = 9e999, target_cpu_pct = 'much'", 0},
	/* Not a capture any more. */
	{"PRAGMA application_id = 1", -EBADMSG},
	{"PRAGMA user_version = 8", -EPROTO},
	{"PRAGMA user_version = 0", -EPROTO},
	{"DROP TABLE vitals", -EBADMSG},
	{"DROP TABLE unmatched", -EBADMSG},
	{"DROP TABLE limits", -EBADMSG},
	{"DROP TABLE tracing", -EBADMSG},
	{"DROP TABLE estimates", -EBADMSG},
	{"DROP TABLE samplings", -EBADMSG},
	{"DROP TABLE go_figures", -EBADMSG},
	{"INSERT INTO go_figures (snapshot, process) VALUES (1, 7777)", 0},
	{"INSERT INTO go_figures (snapshot, process, version, gogc, GCCPUFraction, NumGC) "
	 "SELECT 1, id, printf('%.*c', 1000, 'x'), 'x', -9e999, -1 FROM processes",
	 0},
	{"INSERT INTO samplings VALUES (7777, 1), (1, 'x')", 0},
	{"INSERT OR REPLACE INTO tracing SELECT 1, id, 'by magic', 'x', -1, 9e999 FROM processes",
	 0},
	{"INSERT OR REPLACE INTO estimates SELECT 1, id, 1, 1, 1, 1, 1, 2, 0, 1, NULL, NULL FROM sites",
	 -EBADMSG},
	{"INSERT OR REPLACE INTO estimates SELECT 1, id, 1, -1, 1, 1, 1, 1, 0, 1, NULL, NULL FROM sites",
	 -EBADMSG},
	{"INSERT OR REPLACE INTO estimates SELECT 1, id, 1, 1, 1, 1, 1, 1, 0, 1, x'ff01', NULL FROM sites",
	 -EBADMSG},
	{"INSERT OR REPLACE INTO estimates SELECT 1, id, NULL, 1, 1, 1, 1, 1, 0, 1, NULL, NULL FROM sites",
	 0},
	{"INSERT INTO estimates VALUES (1, 7777, 1, 1, 1, 1, 1, 1, 0, 1, NULL, NULL)", 0},
	{"INSERT OR REPLACE INTO limits SELECT id, 'a' || char(10) FROM verdicts", -EBADMSG},
	{"INSERT OR REPLACE INTO limits SELECT id, 'no such limit' FROM verdicts", 0},
	{"INSERT INTO limits VALUES (7777, 'nofile')", 0},
	{"DROP TABLE losses", -EBADMSG},
	{"ALTER TABLE samples ADD COLUMN more", -EBADMSG},
	{"DROP TABLE losses; CREATE VIEW losses AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
	 "SELECT i + 1 FROM n) SELECT 1 AS snapshot, 'ring_full' AS loss, i AS count FROM n",
	 -EBADMSG},
	{"CREATE TRIGGER boom AFTER INSERT ON samples BEGIN DELETE FROM runs; END", -EBADMSG},
	{"CREATE INDEX samples_by_site ON samples (site)", -EBADMSG},
	/* What users add for themselves. */
	{"CREATE VIEW mine AS SELECT * FROM sites; CREATE TABLE notes(text)", 0},
};

static void test_crafted_values(void **state)
{
	uint8_t *bytes;
	size_t length;

	(void)state;
	make_capture(8, 4);
	bytes = read_bytes(CAPTURE, &length);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		int result;

		write_bytes(CAPTURE, bytes, length);
		run_sqlite(CAPTURE, values[i].sql);
		result = read_all();
		if (result != values[i].result)
			fail_msg("%s: %d", values[i].sql, result);
		append_to();
	}
	free(bytes);
}

static void put_page_number(uint8_t *at, size_t number)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(number >> (24 - 8 * i));
}

/*
 * Lets all children of the page @number be a new page, which is a copy of it. Layout of an inner
 * page of an index (type 2): https://www.sqlite.org/fileformat2.html#b_tree_pages
 */
static uint8_t *multiply(uint8_t *bytes, size_t *length, size_t number)
{
	size_t copy = *length / PAGE + 1, cells;
	uint8_t *page;

	bytes = realloc(bytes, *length + PAGE);
	assert_non_null(bytes);
	page = bytes + (number - 1) * PAGE;
	memcpy(bytes + *length, page, PAGE);
	*length += PAGE;
	assert_int_equal(page[0], 2);
	cells = (size_t)page[3] << 8 | page[4];
	assert_true(cells > 10);
	for (size_t i = 0; i < cells; i++)
		put_page_number(page + ((size_t)page[12 + 2 * i] << 8 | page[13 + 2 * i]), copy);
	put_page_number(page + 8, copy);
	put_page_number(bytes + 28, copy); /* of the database: how many pages */
	return bytes;
}

/*
 * A table with more rows than the file has bytes, by far: without a limit a walk over it takes as
 * long as its maker likes.
 */
static void test_more_rows_than_bytes(void **state)
{
	uint8_t *bytes;
	size_t length;
	int64_t root;

	(void)state;
	make_capture(4, 2);
	run_sqlite(CAPTURE,
		   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9999) "
		   "INSERT INTO losses SELECT 1, printf('loss_%d', i), 1 FROM n");
	assert_int_equal(read_all(), 0);
	root = ask_sqlite(CAPTURE, "SELECT rootpage FROM sqlite_schema WHERE name = 'losses'");
	bytes = read_bytes(CAPTURE, &length);
	bytes = multiply(bytes, &length, (size_t)root);
	for (int level = 0; level < 10; level++)
		bytes = multiply(bytes, &length, length / PAGE);
	write_bytes(CAPTURE, bytes, length);
	assert_int_equal(read_all(), -EBADMSG);
	free(bytes);
}

/* Names of groups are shown as they are, so what is read is clean. */
static void test_groups_are_clean(void **state)
{
	struct seep_reader *reader;
	struct seep_loaded *loaded;
	const struct seep_details *details = NULL;

	(void)state;
	make_capture(4, 1);
	run_sqlite(CAPTURE, "UPDATE details SET content = '{\"groups\":[{\"name\":\"\\u001b[31m\","
			    "\"objects\":1,\"bytes\":1}],\"examples\":[]}'");
	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, 0), &loaded), 0);
	for (size_t i = 0; i < 4 && !details; i++)
		details = loaded->snapshot.sites[i].details;
	assert_non_null(details);
	assert_string_equal(details->groups[0].name, "\xef\xbf\xbd[31m");
	seep_loaded_free(loaded);
	seep_reader_close(reader);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_cut_off),	     IN_DIRECTORY(test_damaged),
		IN_DIRECTORY(test_crafted_values),   IN_DIRECTORY(test_more_rows_than_bytes),
		IN_DIRECTORY(test_groups_are_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
