// SPDX-License-Identifier: GPL-2.0-only
/* What was written is read again, to the bit. */
#include "store/fixture.h"
#include "store/sample.h"

static const struct seep_writer_config new_capture;

#define STEPS 40

/*
 * The same world once more, a step at a time, is what each snapshot of the file must be: with a share
 * of the sites changing, so that most of a snapshot comes from rows of earlier ones.
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
	snapshot->min_size_bytes = 6;
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
	assert_int_equal(seep_writer_write(writer, &snapshot, symbolizer, NULL, 0), 0);
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
	const struct seep_details *const course[] = {NULL, &steps[0], &steps[0], &steps[1], NULL};
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct world world;

	(void)state;
	world_init(&world, 1, 1, 1);
	for (size_t i = 0; i < 5; i++) {
		world.sites[0].details = course[i];
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
	assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer, NULL, 0),
			 -EINVAL);
	world.stacks[2].stack.hash++;
	world.processes[1].id = world.processes[0].id;
	assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer, NULL, 0),
			 -EINVAL);
	world.processes[1].id++;
	write_world(writer, &world);
	seep_writer_close(writer);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM snapshots"), 1);
	assert_sound(CAPTURE);
	world_done(&world);
}

static void test_courses(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_totals sums[STEPS];
	struct seep_site course[STEPS];
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
		course[i] = world.sites[7];
		sums[i] = world.processes[1].totals[SEEP_KIND_MEMORY];
	}
	seep_writer_close(writer);
	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, 5), &loaded), 0);
	for (site = loaded->snapshot.sites; site->id != world.sites[7].id; site++)
		;
	assert_int_equal(seep_reader_site_course(reader, loaded, site, &points, &count), 0);
	assert_int_equal(count, STEPS);
	for (int i = 0; i < STEPS; i++) {
		assert_same_counts(&course[i].counts, &points[i].counts);
		assert_int_equal(points[i].live_bytes, course[i].live_bytes);
		assert_int_equal(points[i].live_objects, course[i].live_objects);
		assert_int_equal(points[i].elapsed_ns, (i + 1) * SEEP_NS_PER_S);
		assert_int_equal(points[i].utc_ns, WORLD_UTC_NS + (i + 1) * SEEP_NS_PER_S);
	}
	free(points);
	assert_int_equal(seep_reader_process_course(reader, loaded, &loaded->snapshot.processes[1],
						    SEEP_KIND_MEMORY, &points, &count),
			 0);
	assert_int_equal(count, STEPS);
	for (int i = 0; i < STEPS; i++) {
		assert_same_counts(&sums[i].counts, &points[i].counts);
		assert_int_equal(points[i].live_bytes, sums[i].live_bytes);
	}
	free(points);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	world_done(&world);
}

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

/* --- the histogram ----------------------------------------------------------------------------- */

static void test_histogram(void **state)
{
	uint64_t buckets[SEEP_LIFETIME_BUCKETS] = {0}, read[SEEP_LIFETIME_BUCKETS];
	uint8_t bytes[SEEP_HISTOGRAM_MAX];

	(void)state;
	assert_int_equal(seep_histogram_encode(buckets, bytes), 0);
	assert_int_equal(seep_histogram_decode(NULL, 0, read), 0);
	assert_memory_equal(buckets, read, sizeof(read));
	/* The example of docs/capture.md. */
	buckets[3] = 5;
	buckets[5] = 300;
	assert_int_equal(seep_histogram_encode(buckets, bytes), 5);
	assert_memory_equal(bytes, "\x03\x05\x00\xac\x02", 5);
	assert_int_equal(seep_histogram_decode(bytes, 5, read), 0);
	assert_memory_equal(buckets, read, sizeof(read));
	memset(buckets, 0xff, sizeof(buckets));
	assert_int_equal(seep_histogram_encode(buckets, bytes), SEEP_HISTOGRAM_MAX);
	assert_int_equal(seep_histogram_decode(bytes, SEEP_HISTOGRAM_MAX, read), 0);
	assert_memory_equal(buckets, read, sizeof(read));
}

static void test_bad_histograms(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} bad[] = {
		{"\x28\x01", 2},				      /* no such bucket */
		{"\x27\x01\x01", 3},				      /* one too many */
		{"\x00\x80", 2},				      /* a number without an end */
		{"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11}, /* 65 bits */
		{"\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12}, /* 70 bits */
	};
	uint64_t read[SEEP_LIFETIME_BUCKETS];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(seep_histogram_decode((const uint8_t *)bad[i].bytes, bad[i].length,
						       read),
				 -EBADMSG);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_every_moment),
		IN_DIRECTORY(test_no_files_beside_it),
		IN_DIRECTORY(test_all_fields),
		IN_DIRECTORY(test_nothing_in_it),
		IN_DIRECTORY(test_what_ends),
		IN_DIRECTORY(test_details),
		IN_DIRECTORY(test_names_that_come_late),
		IN_DIRECTORY(test_code_of_no_file),
		IN_DIRECTORY(test_stack_that_comes_late),
		IN_DIRECTORY(test_refuses_two_of_the_same),
		IN_DIRECTORY(test_courses),
		IN_DIRECTORY(test_verdicts),
		IN_DIRECTORY(test_appending),
		IN_DIRECTORY(test_another_trace_is_another_run),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_bad_histograms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
