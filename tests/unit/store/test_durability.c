// SPDX-License-Identifier: GPL-2.0-only
/* What happens to a capture when its writer, its disk or another program does something to it. */
#include "store/fixture.h"

#include "effort.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const struct seep_writer_config new_capture;
static const struct seep_writer_config append_capture = {.append = true};

/* Kill -9. */

#define KILLS	      100
#define KILLS_OF_PART 8 /* two new files */

/* Small enough that snapshots are given up, and room is given back, all the time. */
static const struct seep_writer_config busy_config = {
	.append = true,
	.keep_ns = 20 * SEEP_NS_PER_S,
	.max_bytes = 300000,
};

static _Noreturn void write_until_killed(int acknowledge, uint64_t seed)
{
	struct seep_writer *writer;
	struct world world;

	world_init(&world, 3, 60, seed);
	if (seep_writer_open(CAPTURE, &busy_config, &writer))
		_exit(1);
	for (;;) {
		world_step(&world, SEEP_NS_PER_S, 30);
		if (seep_writer_write(writer, &world.snapshot, world.symbolizer))
			_exit(2);
		if (write(acknowledge, &world.snapshot.seq, sizeof(world.snapshot.seq)) < 0)
			_exit(3);
		if (seep_writer_tidy(writer))
			_exit(4);
	}
}

/* The last number that came through the pipe, which has no writer any more; 0: none. */
static uint64_t last_acknowledged(int fd)
{
	uint64_t seq = 0;

	while (read(fd, &seq, sizeof(seq)) == (ssize_t)sizeof(seq))
		;
	return seq;
}

/* Starts a writer, and kills it at some moment. Returns the last snapshot that it had written. */
static uint64_t write_and_kill(struct world *random, uint64_t seed)
{
	/* Mostly in the middle of the work; now and then at the very beginning. */
	uint64_t wait_for = world_random(random, 40);
	uint64_t spin = world_random(random, 3000000), seq = 0;
	int status, acknowledge[2];
	pid_t child;

	assert_int_equal(pipe(acknowledge), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_until_killed(acknowledge[1], seed);
	close(acknowledge[1]);
	while (seq < wait_for)
		assert_int_equal(read(acknowledge[0], &seq, sizeof(seq)), sizeof(seq));
	for (volatile uint64_t i = 0; i < spin; i++)
		;
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	wait_for = last_acknowledged(acknowledge[0]);
	close(acknowledge[0]);
	return wait_for > seq ? wait_for : seq;
}

/* What the trace with this seed was like in its snapshot @seq. */
static void assert_last_is(uint64_t seed, uint64_t seq)
{
	struct seep_reader *reader = open_reader();
	struct seep_loaded *loaded;
	struct world world;

	world_init(&world, 3, 60, seed);
	while (world.snapshot.seq < seq)
		world_step(&world, SEEP_NS_PER_S, 30);
	assert_int_equal(seep_reader_load(reader, moment_id(reader, -1), &loaded), 0);
	/* If it is the only one of its run, nothing is known of the changes. */
	if (loaded->snapshot.seq == seq) {
		for (size_t i = 0; i < world.num_sites && count_moments(reader) == 1; i++)
			world.sorted[i].live_bytes_change = world.sorted[i].live_objects_change = 0;
		assert_same_snapshot(&world.snapshot, world.symbolizer, loaded);
	} else {
		/* It was written, but there was no time to say so. */
		world_step(&world, SEEP_NS_PER_S, 30);
		assert_same_snapshot(&world.snapshot, world.symbolizer, loaded);
	}
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	world_done(&world);
}

static void load_all(void)
{
	struct seep_reader *reader = open_reader();
	struct seep_moment *moments;
	struct seep_loaded *loaded;
	size_t count;

	assert_int_equal(seep_reader_list(reader, &moments, &count), 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(seep_reader_load(reader, moments[i].id, &loaded), 0);
		seep_loaded_free(loaded);
	}
	free(moments);
	seep_reader_close(reader);
}

/* In every fifth round the file begins anew; else it is gone on with, as the kill has left it. */
static void test_kill(void **state)
{
	struct world random = {.random = 42};
	uint64_t longest = 0, kills = effort(KILLS, KILLS_OF_PART);

	(void)state;
	for (uint64_t round = 0; round < kills; round++) {
		uint64_t seq;

		if (round % 5 == 0) {
			unlink(CAPTURE);
			unlink(CAPTURE "-wal");
			unlink(CAPTURE "-shm");
		}
		seq = write_and_kill(&random, round + 1);
		longest = seq > longest ? seq : longest;
		if (access(CAPTURE, F_OK)) {
			assert_int_equal(seq, 0);
			continue;
		}
		load_all();
		if (seq)
			assert_last_is(round + 1, seq);
		assert_sound(CAPTURE);
	}
	assert_true(longest > 20);
}

/* Room. */

/* Writes until it fails; with what. */
static int write_until_failure(struct seep_writer *writer, struct world *world)
{
	int error = 0;

	for (int i = 0; i < 1000 && !error; i++) {
		world_step(world, SEEP_NS_PER_S, 100);
		error = seep_writer_write(writer, &world->snapshot, world->symbolizer);
	}
	return error;
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The snapshots that could not be written are missing, and nothing else. */
static void test_limit_of_file_size(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct seep_reader *reader;
	struct seep_loaded *loaded;
	struct world world;
	uint64_t failed;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	world_init(&world, 2, 50, 1);
	limit_files(200000);
	assert_int_equal(write_until_failure(writer, &world), -EFBIG);
	failed = world.snapshot.seq;
	assert_true(failed > 2);
	assert_int_equal(write_until_failure(writer, &world), -EFBIG);
	limit_files(RLIM_INFINITY);
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	seep_writer_close(writer);
	assert_sound(CAPTURE);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM snapshots"), failed);
	reader = open_reader();
	assert_int_equal(seep_reader_load(reader, moment_id(reader, -1), &loaded), 0);
	assert_int_equal(loaded->snapshot.seq, failed + 2);
	assert_int_equal(loaded->snapshot.interval_ns, 3 * SEEP_NS_PER_S);
	assert_same_totals(world.snapshot.totals, loaded->snapshot.totals);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	world_done(&world);
}

/* Runs @work in a file system of its own, of 512 KiB. False if this user may not have one. */
static bool in_own_file_system(void (*work)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("tmpfs", fixture_directory, "tmpfs", 0, "size=512k") ||
		    chdir(fixture_directory))
			_exit(77);
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		return false;
	/* The line in which a REQUIRE failed. */
	assert_int_equal(WEXITSTATUS(status), 0);
	return true;
}

/* Asserts of cmocka are of no use in a child. */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("%s:%d: %s\n", __FILE__, __LINE__, #condition);                \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void fill_disk(void)
{
	static const char filler[100000];
	struct seep_writer *writer;
	struct seep_reader *reader;
	struct seep_loaded *loaded;
	struct world world;

	write_bytes("filler", filler, sizeof(filler));
	world_init(&world, 2, 50, 1);
	REQUIRE(!seep_writer_open(CAPTURE, &new_capture, &writer));
	REQUIRE(write_until_failure(writer, &world) == -ENOSPC);
	REQUIRE(write_until_failure(writer, &world) == -ENOSPC);
	REQUIRE(unlink("filler") == 0);
	world_step(&world, SEEP_NS_PER_S, 100);
	REQUIRE(!seep_writer_write(writer, &world.snapshot, world.symbolizer));
	REQUIRE(!seep_reader_open(CAPTURE, &reader));
	REQUIRE(!seep_reader_load(reader, moment_id(reader, -1), &loaded));
	REQUIRE(loaded->snapshot.seq == world.snapshot.seq);
	REQUIRE(!memcmp(&loaded->snapshot.totals, &world.snapshot.totals,
			sizeof(world.snapshot.totals)));
}

static void test_full_disk(void **state)
{
	(void)state;
	if (!in_own_file_system(fill_disk))
		skip();
}

/* A writer that was killed leaves a file that says it has a log. */
static void read_from_read_only(void)
{
	struct seep_writer *writer;
	struct seep_reader *reader;
	struct seep_loaded *loaded;
	struct world world;
	pid_t child = fork();

	REQUIRE(child >= 0);
	if (child == 0) {
		world_init(&world, 2, 50, 1);
		world_step(&world, SEEP_NS_PER_S, 100);
		if (seep_writer_open(CAPTURE, &new_capture, &writer) ||
		    seep_writer_write(writer, &world.snapshot, world.symbolizer))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	REQUIRE(waitpid(child, NULL, 0) == child);
	REQUIRE(!access(CAPTURE "-wal", F_OK));
	/* With the log: whoever may write moves it into the file. */
	REQUIRE(!seep_reader_open(CAPTURE, &reader));
	REQUIRE(!seep_reader_load(reader, moment_id(reader, -1), &loaded));
	seep_reader_close(reader);
	run_sqlite(CAPTURE, "PRAGMA wal_checkpoint(TRUNCATE)");
	REQUIRE(access(CAPTURE "-wal", F_OK));
	REQUIRE(!mount(NULL, fixture_directory, NULL, MS_REMOUNT | MS_RDONLY, NULL));
	REQUIRE(!seep_reader_open(CAPTURE, &reader));
	REQUIRE(!seep_reader_load(reader, moment_id(reader, -1), &loaded));
	seep_reader_close(reader);
	REQUIRE(seep_writer_open(CAPTURE, &append_capture, &writer) == -EROFS);
}

static void test_read_only_file_system(void **state)
{
	(void)state;
	if (!in_own_file_system(read_from_read_only))
		skip();
}

/* Others. */

static void test_second_writer(void **state)
{
	int status, ready[2], done[2];
	struct seep_writer *writer;
	char byte = 0;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(done[1]);
		if (seep_writer_open(CAPTURE, &new_capture, &writer) ||
		    write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 0)
			_exit(1);
		seep_writer_close(writer);
		_exit(0);
	}
	close(done[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(seep_writer_open(CAPTURE, &append_capture, &writer), -EBUSY);
	assert_int_equal(seep_writer_open(CAPTURE, &new_capture, &writer), -EBUSY);
	close(done[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	writer = open_writer(&append_capture);
	seep_writer_close(writer);
	close(ready[0]);
	close(ready[1]);
}

/* Somebody changes the file with sqlite3: the snapshot is given up, the next one is not. */
static void test_locked_by_others(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	struct world world;
	sqlite3 *other;

	(void)state;
	world_init(&world, 1, 10, 1);
	world_step(&world, SEEP_NS_PER_S, 100);
	assert_int_equal(sqlite3_open(CAPTURE, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(seep_writer_write(writer, &world.snapshot, world.symbolizer), -EBUSY);
	assert_int_equal(seep_writer_tidy(writer), 0);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	write_world(writer, &world);
	sqlite3_close(other);
	seep_writer_close(writer);
	world_done(&world);
}

/* A reader with a transaction that never ends sees what it saw; the writer does not wait for it. */
static void test_slow_reader(void **state)
{
	struct seep_writer *writer = open_writer(&new_capture);
	sqlite3_stmt *statement;
	struct world world;
	sqlite3 *other;

	(void)state;
	world_init(&world, 1, 10, 1);
	world_step(&world, SEEP_NS_PER_S, 100);
	write_world(writer, &world);
	assert_int_equal(sqlite3_open(CAPTURE, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN; SELECT * FROM snapshots", NULL, NULL, NULL),
			 SQLITE_OK);
	for (int i = 0; i < 30; i++) {
		world_step(&world, SEEP_NS_PER_S, 100);
		write_world(writer, &world);
	}
	assert_int_equal(sqlite3_prepare_v2(other, "SELECT count(*) FROM snapshots", -1, &statement,
					    NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(statement, 0), 1);
	sqlite3_finalize(statement);
	seep_writer_close(writer);
	sqlite3_close(other);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM snapshots"), 31);
	world_done(&world);
}

/* Files that are there. */

static void assert_refused(const char *content, size_t length)
{
	struct seep_writer *writer;
	uint8_t *bytes;
	size_t found;

	write_bytes(CAPTURE, content, length);
	assert_int_equal(seep_writer_open(CAPTURE, &new_capture, &writer), -EEXIST);
	assert_int_equal(seep_writer_open(CAPTURE, &append_capture, &writer), -EEXIST);
	bytes = read_bytes(CAPTURE, &found);
	assert_int_equal(found, length);
	assert_memory_equal(bytes, content, length);
	free(bytes);
}

static void test_keeps_what_is_no_capture(void **state)
{
	struct seep_writer *writer;
	struct seep_reader *reader;

	(void)state;
	assert_refused("important", 9);
	assert_refused("SQLite format 3", 16);
	write_text(CAPTURE, "");
	run_sqlite(CAPTURE, "CREATE TABLE important(x)");
	assert_int_equal(seep_writer_open(CAPTURE, &new_capture, &writer), -EEXIST);
	assert_int_equal(seep_reader_open(CAPTURE, &reader), -EBADMSG);
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM important"), 0);
	assert_int_equal(mkdir("directory", 0755), 0);
	assert_int_equal(seep_writer_open("directory", &new_capture, &writer), -EISDIR);
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_int_equal(seep_writer_open("fifo", &new_capture, &writer), -EEXIST);
	assert_int_equal(seep_reader_open("fifo", &reader), -EBADMSG);
	assert_int_equal(seep_writer_open("missing/capture", &new_capture, &writer), -ENOENT);
}

/* An empty file, as mktemp makes it, is as good as none. */
static void test_takes_an_empty_file(void **state)
{
	(void)state;
	write_text(CAPTURE, "");
	seep_writer_close(open_writer(&append_capture));
	assert_sound(CAPTURE);
}

/* A link stays one. A log beside the old file does not come into the new one. */
static void test_replaces_a_capture(void **state)
{
	struct world random = {.random = 7};
	struct stat status;

	(void)state;
	while (write_and_kill(&random, 1) == 0 || access(CAPTURE "-wal", F_OK))
		;
	assert_int_equal(symlink(CAPTURE, "link"), 0);
	{
		struct seep_writer *writer;

		assert_int_equal(seep_writer_open("link", &new_capture, &writer), 0);
		seep_writer_close(writer);
	}
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(ask_sqlite(CAPTURE, "SELECT count(*) FROM snapshots"), 0);
	assert_sound(CAPTURE);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_kill),
		IN_DIRECTORY(test_limit_of_file_size),
		IN_DIRECTORY(test_full_disk),
		IN_DIRECTORY(test_read_only_file_system),
		IN_DIRECTORY(test_second_writer),
		IN_DIRECTORY(test_locked_by_others),
		IN_DIRECTORY(test_slow_reader),
		IN_DIRECTORY(test_keeps_what_is_no_capture),
		IN_DIRECTORY(test_takes_an_empty_file),
		IN_DIRECTORY(test_replaces_a_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
