// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is written to a capture is read back the same: counters, stacks, names, details, at any
 * moment of the trace.
 */
#include "store/fixture.h"

#include "verdict/judgement.h"

static const struct seep_writer_config new_capture;

#define STEPS 40

/*
 * The same world once more, a step at a time, is what each snapshot of the file must be: with a
 * share of the sites changing, so that most of a snapshot comes from rows of earlier ones.
 */
static void test_every_moment(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct world world, again;

	(void)state;
	world_init(&world, 3, 50, 1);
	world_init(&again, 3, 50, 1);
	for (int i = 0; i < STEPS; i++) {
		world_step(&world, SEEP_NS_PER_S, 10);
		write_world(writer, &world);
	}
	reader = open_reader(); /* while the writer has it */
	assert_int_equal(count_moments(reader), STEPS);
	for (int i = 0; i < STEPS; i++) {
		world_step(&again, SEEP_NS_PER_S, 10);
		assert_loads(reader, moment_id(reader, i), &again);
	}
	seep_reader_close(reader);
	seep_writer_close(writer);
	assert_sound(CAPTURE);
	/* 10 % of the sites, not all */
	assert_true(ask_sqlite(CAPTURE, "SELECT count(*) FROM samples") < 50 + 50 * STEPS / 5);
	world_done(&world);
	world_done(&again);
}

static void test_no_files_beside_it(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct world world;

	(void)state;
	world_init(&world, 1, 1, 1);
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	assert_int_equal(access(CAPTURE "-wal", F_OK), 0);
	seep_writer_close(writer);
	assert_int_equal(access(CAPTURE "-wal", F_OK), -1);
	assert_int_equal(access(CAPTURE "-shm", F_OK), -1);
	world_done(&world);
}

/* Every field has a value that none of the others has, or one of those at the edge. */
static void fill_edges(struct world *world)
{
	static const struct seep_group groups[] = {{"TCP to 10.0.0.1:443", 3, 0},
						   {"/var/log/\xc3\xa4 \"x\"", 1, UINT64_MAX - 1}};
	static const char *const examples[] = {"/tmp/\xff\xfe\033[31m", "", "\n"};
	static const struct seep_details details = {2, groups, 3, examples};
	static const struct seep_details empty_details = {0, NULL, 0, NULL};
	struct seep_snapshot *snapshot = &world->snapshot;
	struct seep_site *site = &world->sites[0];
	struct seep_process *process = &world->processes[0];

	snapshot->seq = 41;
	snapshot->final = true;
	snapshot->kernel = "";
	snapshot->scope_value = "a\xff\n;'\"";
	snapshot->min_age_ns = 5;
	snapshot->sample_bytes = snapshot->min_size_bytes = 6;
	snapshot->max_size_bytes = 7;
	snapshot->totals[SEEP_KIND_FD].traced = true;
	for (int i = 0; i < SEEP_LOSS_COUNT; i++)
		snapshot->losses[i] = i % 3 ? (uint64_t)i : SEEP_UNKNOWN;
	for (int i = 0; i < SEEP_END_COUNT; i++)
		snapshot->ends[i] = 1ULL << (5 * i);
	snapshot->overhead = (struct seep_overhead){
		1, 0.1, SEEP_UNKNOWN, 2, NAN, 0.0, 1e300, SEEP_UNKNOWN, (uint64_t)INT64_MAX + 5};
	*process = (struct seep_process){
		.id = 0,
		.pid = INT_MAX,
		.start_utc_ns = 0,
		.comm = "\xff\x80\033]0;title\a",
		.exe = "",
		.container = "c",
		.pod = "p\n",
		.exited = true,
		.rss_bytes = SEEP_UNKNOWN,
		.fd_limit = 0,
		.fd_limit_eta_ns = 0,
	};
	site->kind = SEEP_KIND_FD;
	site->id = UINT64_MAX;
	site->details = &details;
	site->counts = (struct seep_counts){UINT64_MAX - 1, 5, (uint64_t)INT64_MAX + 1, 1ULL << 60};
	site->live_objects = 17; /* less than the counters say, as with --min-age */
	site->live_bytes = UINT64_MAX;
	site->oldest_ns = world->snapshot.elapsed_ns + 1; /* older than the trace */
	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		site->lifetimes[i] = UINT64_MAX >> i;
	world->sites[1].details = &empty_details;
	world->sites[1].oldest_ns = 0;
	world->sites[1].lifetimes[SEEP_LIFETIME_BUCKETS - 1] = 1;
	world->sites[2].id = 0;
}

static void test_all_fields(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct world world;

	(void)state;
	world_init(&world, 2, 4, 1);
	world_step(&world, 3 * SEEP_NS_PER_S, 100);
	fill_edges(&world);
	memcpy(world.sorted, world.sites, 4 * sizeof(*world.sites));
	seep_sites_sort(world.sorted, 4);
	seep_snapshot_sum(world.processes, 2, world.sorted, 4, world.snapshot.totals);
	write_world(writer, &world);
	seep_writer_close(writer);
	reader = open_reader();
	assert_loads(reader, moment_id(reader, 0), &world);
	seep_reader_close(reader);
	assert_sound(CAPTURE);
	world_done(&world);
}

static void test_nothing_in_it(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_snapshot snapshot = {.seq = 1, .scope_type = "pid", .scope_value = ""};
	struct seep_symbolizer *symbolizer;
	struct seep_reader *reader = open_reader();
	struct seep_loaded *loaded;

	(void)state;
	assert_int_equal(count_moments(reader), 0);
	assert_int_equal(seep_reader_load(reader, 1, &loaded), -ENOENT);
	assert_int_equal(seep_symbolizer_new(&symbolizer), 0);
	assert_int_equal(seep_writer_write(writer, &snapshot, symbolizer), 0);
	assert_int_equal(seep_reader_load(reader, 1, &loaded), 0);
	assert_same_snapshot(&snapshot, symbolizer, loaded);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	seep_symbolizer_free(symbolizer);
	seep_writer_close(writer);
}

/* A process ends, and later it is not reported any more; its sites go with it. */
static void test_what_ends(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	size_t rows = 10; /* of all sites at first, and of those with an age when it stands still */
	struct world world;

	(void)state;
	world_init(&world, 2, 10, 1);
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	for (size_t i = 0; i < 10; i += 2)
		rows += world.sites[i].live_objects > 0;
	world.processes[0].exited = true;
	for (int i = 0; i < 3; i++) {
		world_step(&world, SEEP_NS_PER_S, 0);
		/* The clocks of its objects stand still. */
		for (size_t j = 0; j < world.num_sites; j++) {
			if (world.sorted[j].process == &world.processes[0] &&
			    world.sorted[j].live_objects)
				world.sorted[j].oldest_ns = 1234567;
		}
		write_world(writer, &world);
		reader = open_reader();
		assert_loads(reader, moment_id(reader, -1), &world);
		seep_reader_close(reader);
	}
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM samples"), rows);

	for (size_t i = 0, kept = 0; i < world.num_sites; i++) {
		if (world.sorted[i].process == &world.processes[1])
			world.sorted[kept++] = world.sorted[i];
	}
	world.snapshot.seq++;
	world.snapshot.num_sites = 5;
	world.snapshot.processes = &world.processes[1];
	world.snapshot.num_processes = 1;
	seep_snapshot_sum(&world.processes[1], 1, world.sorted, 5, world.snapshot.totals);
	write_world(writer, &world);
	reader = open_reader();
	assert_loads(reader, moment_id(reader, -1), &world);
	seep_reader_close(reader);
	seep_writer_close(writer);
	assert_sound(CAPTURE);
	world_done(&world);
}

/* Details come, change and go. */
static void test_details(void **state)
{
	static const struct seep_group groups[] = {{"file", 1, 0}, {"socket", 2, 0}};
	static const struct seep_details steps[] = {{1, groups, 0, NULL}, {2, groups, 0, NULL}};
	const struct seep_details *const series[] = {NULL, &steps[0], &steps[0], &steps[1], NULL};
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct world world;

	(void)state;
	world_init(&world, 1, 1, 1);
	for (size_t i = 0; i < 5; i++) {
		world.sites[0].details = series[i];
		world_step(&world, SEEP_NS_PER_S, 0);
		write_world(writer, &world);
		reader = open_reader();
		assert_loads(reader, moment_id(reader, -1), &world);
		seep_reader_close(reader);
	}
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM details"), 3);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT sum(value ->> 'objects') FROM details, "
					     "json_each(content, '$.groups') WHERE snapshot = 4"),
			 3);
	world_done(&world);
}

/* What was nameless at first has a name later; then it has it at all times. */
static void test_names_that_come_late(void **state)
{
	const struct seep_line nameless = {0}, named = {"late", "late.c", 3, false};
	struct seep_location before = {"/usr/bin/server", NULL, 0x1000, 1, &nameless};
	struct seep_location after = {"/usr/bin/server", "abcd", 0x1000, 1, &named};
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct seep_loaded *loaded;
	struct world world;

	(void)state;
	world_init(&world, 1, 2, 1);
	assert_int_equal(seep_symbolizer_know(world.symbolizer, world.stacks[0].frames[0], &before),
			 0);
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	assert_int_equal(seep_symbolizer_know(world.symbolizer, world.stacks[0].frames[0], &after),
			 0);
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	reader = open_reader();
	assert_loads(reader, moment_id(reader, -1), &world);
	assert_int_equal(seep_reader_load(reader, moment_id(reader, 0), &loaded), 0);
	assert_same_location(&after, seep_symbolizer_resolve(loaded->symbolizer, 4096,
							     world.stacks[0].frames[0]));
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	seep_writer_close(writer);
	assert_sound(CAPTURE);
	world_done(&world);
}

/* The same address in two processes: nameless in both, then the second one names it. */
static void test_code_of_no_file(void **state)
{
	const struct seep_line nameless = {0}, named = {"~render", NULL, 0, false};
	const uint64_t word = SEEP_FRAME_RAW | 0x7f0012345678;
	const struct seep_location raw = {NULL, NULL, 0x7f0012345678, 1, &nameless};
	const struct seep_location jit = {SEEP_JIT_MODULE, NULL, 0x7f0012345678, 1, &named};
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct world world;

	(void)state;
	world_init(&world, 2, 2, 1);
	assert_int_equal(seep_symbolizer_know(world.symbolizer, word, &raw), 0);
	world.stacks[0].frames[3] = word;
	world.stacks[1].frames[3] = word;
	for (int i = 0; i < 2; i++) {
		world_step(&world, SEEP_NS_PER_S, 100);
		write_world(writer, &world);
		reader = open_reader();
		assert_loads(reader, moment_id(reader, -1), &world);
		seep_reader_close(reader);
		assert_int_equal(seep_symbolizer_know_jit(world.symbolizer, world.processes[1].id,
							  word, &jit),
				 0);
	}
	seep_writer_close(writer);
	assert_sound(CAPTURE);
	world_done(&world);
}

/* Frames that arrive late belong to the same site. */
static void test_stack_that_comes_late(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct world world;

	(void)state;
	world_init(&world, 1, 1, 1);
	world.stacks[0].stack.num_frames = 0;
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	world.stacks[0].stack.num_frames = WORLD_FRAMES;
	world.sites[0].id++;
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	seep_writer_close(writer);
	reader = open_reader();
	assert_loads(reader, moment_id(reader, -1), &world);
	seep_reader_close(reader);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM sites"), 1);
	world_done(&world);
}

static void test_refuses_two_of_the_same(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct world world;

	(void)state;
	world_init(&world, 2, 4, 1);
	world_step(&world, SEEP_NS_PER_S, 100);
	world.stacks[2].stack.hash = world.stacks[0].stack.hash;
	assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer), -EINVAL);
	world.stacks[2].stack.hash++;
	world.processes[1].id = world.processes[0].id;
	assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer), -EINVAL);
	world.processes[1].id++;
	write_world(writer, &world);
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM snapshots"), 1);
	assert_sound(CAPTURE);
	world_done(&world);
}

static void test_history(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_totals sums[STEPS], all[STEPS];
	struct seep_site series[STEPS];
	struct seep_point *points;
	struct seep_reader *reader;
	struct seep_loaded *loaded;
	const struct seep_site *site;
	struct world world;
	size_t count;

	(void)state;
	world_init(&world, 2, 20, 1);
	for (int i = 0; i < STEPS; i++) {
		world_step(&world, SEEP_NS_PER_S, 100);
		write_world(writer, &world);
		series[i] = world.sites[7];
		sums[i] = world.processes[1].totals[SEEP_KIND_MEMORY];
		all[i] = world.snapshot.totals[SEEP_KIND_MEMORY];
	}
	seep_writer_close(writer);
	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, 5), &loaded), 0);
	for (site = loaded->snapshot.sites; site->id != world.sites[7].id; site++)
		;
	assert_int_equal(seep_reader_site_series(reader, loaded, site, &points, &count), 0);
	assert_int_equal(count, STEPS);
	for (int i = 0; i < STEPS; i++) {
		assert_same_counts(&series[i].counts, &points[i].counts);
		assert_int_equal(points[i].live_bytes, series[i].live_bytes);
		assert_int_equal(points[i].live_objects, series[i].live_objects);
		assert_int_equal(points[i].elapsed_ns, (i + 1) * SEEP_NS_PER_S);
		assert_int_equal(points[i].utc_ns, WORLD_UTC_NS + (i + 1) * SEEP_NS_PER_S);
	}
	free(points);
	assert_int_equal(seep_reader_process_series(reader, loaded, &loaded->snapshot.processes[1],
						    SEEP_KIND_MEMORY, &points, &count),
			 0);
	assert_int_equal(count, STEPS);
	for (int i = 0; i < STEPS; i++) {
		assert_same_counts(&sums[i].counts, &points[i].counts);
		assert_int_equal(points[i].live_bytes, sums[i].live_bytes);
	}
	free(points);
	assert_int_equal(seep_reader_process_series(reader, loaded, NULL, SEEP_KIND_MEMORY, &points,
						    &count),
			 0);
	assert_int_equal(count, STEPS);
	for (int i = 0; i < STEPS; i++) {
		assert_same_counts(&all[i].counts, &points[i].counts);
		assert_int_equal(points[i].live_bytes, all[i].live_bytes);
	}
	free(points);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	world_done(&world);
}

/* Of the one memory changes, of the other it is not known at first, and the process ends. */
static void test_resident_history(void **state)
{
	static const uint64_t rss[2][4] = {{100, 100, 300, 200}, {SEEP_UNKNOWN, 50, 60, 60}};
	static const struct seep_resident_point expected[] = {
		{0, SEEP_NS_PER_S, 100},     {1, 2 * SEEP_NS_PER_S, 50},
		{0, 3 * SEEP_NS_PER_S, 300}, {1, 3 * SEEP_NS_PER_S, 60},
		{0, 4 * SEEP_NS_PER_S, 200}, {1, 4 * SEEP_NS_PER_S, 0},
	};
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_resident_point *points;
	struct seep_reader *reader;
	struct seep_loaded *loaded;
	struct world world;
	size_t count;

	(void)state;
	world_init(&world, 2, 20, 1);
	for (int i = 0; i < 4; i++) {
		world_step(&world, SEEP_NS_PER_S, 100);
		for (int j = 0; j < 2; j++)
			world.processes[j].rss_bytes = rss[j][i];
		world.processes[1].exited = i == 3;
		write_world(writer, &world);
	}
	seep_writer_close(writer);
	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, 3), &loaded), 0);
	assert_int_equal(seep_reader_resident_history(reader, loaded, &points, &count), 0);
	assert_int_equal(count, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(points[i].process, expected[i].process);
		assert_int_equal(points[i].elapsed_ns, expected[i].elapsed_ns);
		assert_int_equal(points[i].rss_bytes, expected[i].rss_bytes);
	}
	free(points);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	world_done(&world);
}

/* What is known at times; and of a process of which nothing was ever known there is no row. */
static void test_process_stats(void **state)
{
	static const uint64_t anon[] = {SEEP_UNKNOWN, 1000, 1000, 3000, SEEP_UNKNOWN};
	static const uint64_t pss[] = {SEEP_UNKNOWN, SEEP_UNKNOWN, SEEP_UNKNOWN, 4000,
				       SEEP_UNKNOWN};
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct world worlds[5];

	(void)state;
	for (int i = 0; i < 5; i++) {
		world_init(&worlds[i], 2, 4, 1);
		for (int j = 0; j <= i; j++)
			world_step(&worlds[i], SEEP_NS_PER_S, 100);
		worlds[i].processes[0].anon_bytes = anon[i];
		worlds[i].processes[0].pss_bytes = pss[i];
		write_world(writer, &worlds[i]);
	}
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM vitals"), 3);
	reader = open_reader();
	for (int i = 0; i < 5; i++) {
		assert_loads(reader, moment_id(reader, i), &worlds[i]);
		world_done(&worlds[i]);
	}
	seep_reader_close(reader);
	assert_sound(CAPTURE);
}

/* As above, of what a process has released that the trace did not know. */
static void test_unmatched(void **state)
{
	static const uint64_t frees[] = {SEEP_UNKNOWN, 0, 5, 5, 9};
	static const uint64_t unsized[] = {SEEP_UNKNOWN, 0, 5, 5, 5};
	static const uint64_t bytes[] = {SEEP_UNKNOWN, 0, SEEP_UNKNOWN, SEEP_UNKNOWN, 96};
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct world worlds[5];

	(void)state;
	for (int i = 0; i < 5; i++) {
		world_init(&worlds[i], 2, 4, 1);
		for (int j = 0; j <= i; j++)
			world_step(&worlds[i], SEEP_NS_PER_S, 100);
		worlds[i].processes[1].unmatched_frees = frees[i];
		worlds[i].processes[1].unmatched_free_bytes = bytes[i];
		worlds[i].processes[1].unmatched_frees_unsized = unsized[i];
		write_world(writer, &worlds[i]);
	}
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM unmatched"), 3);
	reader = open_reader();
	for (int i = 0; i < 5; i++) {
		assert_loads(reader, moment_id(reader, i), &worlds[i]);
		world_done(&worlds[i]);
	}
	seep_reader_close(reader);
	assert_sound(CAPTURE);
}

/* Of those that grow always, of the others at the end, and only of this moment. */
static void test_ages(void **state)
{
	static const struct seep_judgement leaks = {.class = "leak"};
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct world world;

	(void)state;
	world_init(&world, 2, 4, 1);
	for (int i = 0; i < 2; i++) {
		world_step(&world, SEEP_NS_PER_S, 0);
		world.snapshot.final = i == 1;
		for (size_t j = 0; j < 4; j++) {
			world.sorted[j].ages_known = true;
			world.sorted[j].ages[20 + j] = 300;
		}
		world.sorted[1].judgement = &leaks;
		write_world(writer, &world);
		for (size_t j = 0; j < 4 && i == 0; j++) {
			if (j == 1)
				continue;
			world.sorted[j].ages_known = false;
			world.sorted[j].ages[20 + j] = 0;
		}
		reader = open_reader();
		assert_loads(reader, moment_id(reader, i), &world);
		seep_reader_close(reader);
	}
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM ages"), 5);
	world_done(&world);
}

/* A capture of an older version, without the tables that have come since. */
static void check_version(const char *older)
{
	struct seep_writer *writer = open_writer(&new_capture);
	const struct seep_writer_config go_on = {.append = true};
	struct seep_reader *reader;
	struct world world;

	world_init(&world, 2, 10, 1);
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	seep_writer_close(writer);
	run_sqlite(CAPTURE, older);
	reader = open_reader();
	assert_loads(reader, moment_id(reader, 0), &world);
	seep_reader_close(reader);
	assert_int_equal(seep_writer_open(CAPTURE, &go_on, &writer), -EPROTO);
	world_done(&world);
}

/* Each version lacks what those behind it have added. */
#define LACKS_5 "DROP TABLE go_figures; DROP TABLE tracing; DROP TABLE estimates; "
#define LACKS_4 LACKS_5 "DROP TABLE limits; "
#define LACKS_3 LACKS_4 "DROP TABLE unmatched; "
#define LACKS_2 LACKS_3 "DROP TABLE vitals; DROP TABLE companions; DROP TABLE ages; "

static void test_older_version(void **state)
{
	check_version(*state);
}

#define OF_VERSION(sql)                                                                            \
	cmocka_unit_test_prestate_setup_teardown(test_older_version, fixture_set_up,               \
						 fixture_tear_down, (void *)sql)
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_every_moment),
		IN_DIRECTORY(test_no_files_beside_it),
		IN_DIRECTORY(test_all_fields),
		IN_DIRECTORY(test_nothing_in_it),
		IN_DIRECTORY(test_what_ends),
		IN_DIRECTORY(test_resident_history),
		IN_DIRECTORY(test_process_stats),
		IN_DIRECTORY(test_unmatched),
		IN_DIRECTORY(test_ages),
		OF_VERSION(LACKS_2 "PRAGMA user_version = 1"),
		OF_VERSION(LACKS_3 "PRAGMA user_version = 2"),
		OF_VERSION(LACKS_4 "PRAGMA user_version = 3"),
		OF_VERSION(LACKS_5 "PRAGMA user_version = 4"),
		IN_DIRECTORY(test_details),
		IN_DIRECTORY(test_names_that_come_late),
		IN_DIRECTORY(test_code_of_no_file),
		IN_DIRECTORY(test_stack_that_comes_late),
		IN_DIRECTORY(test_refuses_two_of_the_same),
		IN_DIRECTORY(test_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
