// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of /proc/PID/maps, and opening what our own process has mapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "proc/maps.h"

#define SEEP_AUTO_MAPS SEEP_CLEANUP(seep_maps_done)

/* Parses a copy of @text; on failure nothing is owned by the result. */
static int parse(const char *text, struct seep_maps *ret_maps)
{
	char *copy = strdup(text);
	int error;

	assert_non_null(copy);
	error = seep_maps_parse(copy, ret_maps);
	if (error)
		free(copy);
	return error;
}

static void every_field_is_parsed(void **state)
{
	static const char text[] =
		"55d0c0000000-55d0c0001000 r--p 00000000 fd:01 1835052    /usr/bin/a program\n"
		"55d0c0001000-55d0c0002000 r-xs 00001000 103:fffff 18446744073709551615    /x\n"
		"55d0c0003000-55d0c0024000 rw-p 00000000 00:00 0       [heap]\n"
		"7f0000000000-7f0000021000 ---p 00000000 00:00 0 \n"
		"7fff00000000-7fff00001000 -wxp ffffffffffffffff 00:00 0 \n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0      [vsyscall]\n";
	SEEP_AUTO_MAPS struct seep_maps maps = {0};
	const struct seep_mapping *mapping;

	(void)state;
	assert_int_equal(parse(text, &maps), 0);
	assert_int_equal(maps.num_mappings, 6);

	mapping = &maps.mappings[0];
	assert_true(mapping->start == 0x55d0c0000000 && mapping->end == 0x55d0c0001000);
	assert_true(mapping->readable && !mapping->writable && !mapping->executable);
	assert_true(mapping->dev_major == 0xfd && mapping->dev_minor == 1);
	assert_int_equal(mapping->inode, 1835052);
	assert_string_equal(mapping->path, "/usr/bin/a program");
	assert_false(mapping->shared);

	mapping = &maps.mappings[1];
	assert_true(mapping->shared);
	assert_true(mapping->readable && !mapping->writable && mapping->executable);
	assert_int_equal(mapping->offset, 0x1000);
	assert_true(mapping->dev_major == 0x103 && mapping->dev_minor == 0xfffff);
	assert_true(mapping->inode == UINT64_MAX);

	assert_string_equal(maps.mappings[2].path, "[heap]");
	assert_true(maps.mappings[2].writable);
	assert_string_equal(maps.mappings[3].path, "");
	assert_true(maps.mappings[4].offset == UINT64_MAX);
	assert_true(maps.mappings[4].writable && maps.mappings[4].executable);
	assert_string_equal(maps.mappings[5].path, "[vsyscall]");
}

static void paths_are_unescaped(void **state)
{
	static const struct {
		const char *written;
		const char *path;
		bool deleted;
	} cases[] = {
		{"/a", "/a", false},
		{"/a b  c", "/a b  c", false},
		{"/a\\012b", "/a\nb", false},
		{"/\\012\\012", "/\n\n", false},
		{"/a\\040b\\", "/a\\040b\\", false}, /* the kernel escapes nothing else */
		{"/a\\01", "/a\\01", false},
		{"/a (deleted)", "/a", true},
		{"/a (deleted) (deleted)", "/a (deleted)", true},
		{"/a (deleted)b", "/a (deleted)b", false},
		{"/a\\012 (deleted)", "/a\n", true},
		{"/memfd:x (deleted)", "/memfd:x", true},
		{"(deleted)", "(deleted)", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SEEP_AUTO_MAPS struct seep_maps maps = {0};
		char line[200];

		snprintf(line, sizeof(line), "1000-2000 r-xp 0 1:2 3        %s\n",
			 cases[i].written);
		assert_int_equal(parse(line, &maps), 0);
		assert_string_equal(maps.mappings[0].path, cases[i].path);
		assert_int_equal(maps.mappings[0].deleted, cases[i].deleted);
	}
}

static void end_of_text_ends_the_last_line(void **state)
{
	SEEP_AUTO_MAPS struct seep_maps empty = {0};
	SEEP_AUTO_MAPS struct seep_maps open = {0};

	(void)state;
	assert_int_equal(parse("", &empty), 0);
	assert_int_equal(empty.num_mappings, 0);
	assert_null(seep_maps_find(&empty, 0));

	assert_int_equal(parse("1-2 r--p 0 0:0 0 \n2-3 r--p 0 0:0 5 /x", &open), 0);
	assert_int_equal(open.num_mappings, 2);
	assert_string_equal(open.mappings[1].path, "/x");
}

static void other_text_is_refused(void **state)
{
	static const char *const texts[] = {
		"\n",
		"1000-2000 r--p 0 0:0 0 /a\n\n",
		"1000-2000",
		"1000-2000 r--p 0 0:0 0", /* the kernel ends the inode with a space */
		"1000-2000 r--p 0 0:0",
		"1000-2000 r--",
		"1000-2000 r--p",
		"1000-2000 r--p0 0:0 0 \n",
		"1000 2000 r--p 0 0:0 0 \n",
		"-2000 r--p 0 0:0 0 \n",
		" 1000-2000 r--p 0 0:0 0 \n",
		"0x1000-2000 r--p 0 0:0 0 \n",
		"+1000-2000 r--p 0 0:0 0 \n",
		"1000-20G0 r--p 0 0:0 0 \n",
		"1000-1000 r--p 0 0:0 0 \n",
		"2000-1000 r--p 0 0:0 0 \n",
		"1000-10000000000000000 r--p 0 0:0 0 \n",
		"1000-2000 r--p 10000000000000000 0:0 0 \n",
		"1000-2000 r--p 0 100000000:0 0 \n",
		"1000-2000 r--p 0 0:100000000 0 \n",
		"1000-2000 r--p 0 0:0 18446744073709551616 \n",
		"1000-2000 r--p 0 0:0 ff \n",
		"2000-3000 r--p 0 0:0 0 \n1000-2000 r--p 0 0:0 0 \n",
		"1000-3000 r--p 0 0:0 0 \n2000-4000 r--p 0 0:0 0 \n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seep_maps maps = {.num_mappings = 77};

		if (parse(texts[i], &maps) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(maps.num_mappings, 77);
	}
}

static void too_long_a_list_is_refused(void **state)
{
	SEEP_AUTO_FREE char *text = malloc(SEEP_MAPS_MAX + 2);
	struct seep_maps maps;

	(void)state;
	assert_non_null(text);
	memset(text, '\n', SEEP_MAPS_MAX + 1);
	text[SEEP_MAPS_MAX + 1] = '\0';
	assert_int_equal(seep_maps_parse(text, &maps), -E2BIG);
	text[SEEP_MAPS_MAX] = '\0';
	assert_int_equal(seep_maps_parse(text, &maps), -EINVAL);
}

static void address_finds_its_mapping(void **state)
{
	SEEP_AUTO_MAPS struct seep_maps maps = {0};

	(void)state;
	assert_int_equal(parse("1000-2000 r--p 0 0:0 0 \n2000-3000 r--p 0 0:0 0 \n"
			       "5000-ffffffffffffffff r--p 0 0:0 0 \n",
			       &maps),
			 0);
	assert_null(seep_maps_find(&maps, 0));
	assert_null(seep_maps_find(&maps, 0xfff));
	assert_ptr_equal(seep_maps_find(&maps, 0x1000), &maps.mappings[0]);
	assert_ptr_equal(seep_maps_find(&maps, 0x1fff), &maps.mappings[0]);
	assert_ptr_equal(seep_maps_find(&maps, 0x2000), &maps.mappings[1]);
	assert_null(seep_maps_find(&maps, 0x3000));
	assert_null(seep_maps_find(&maps, 0x4fff));
	assert_ptr_equal(seep_maps_find(&maps, 0x5000), &maps.mappings[2]);
	assert_ptr_equal(seep_maps_find(&maps, UINT64_MAX - 1), &maps.mappings[2]);
	assert_null(seep_maps_find(&maps, UINT64_MAX));
}

static void own_code_is_found_and_opened(void **state)
{
	SEEP_AUTO_MAPS struct seep_maps maps = {0};
	SEEP_AUTO_CLOSE int fd = -1;
	const struct seep_mapping *code;
	struct stat exe;
	struct stat opened;

	(void)state;
	assert_int_equal(seep_maps_read(getpid(), &maps), 0);
	code = seep_maps_find(&maps, (uintptr_t)own_code_is_found_and_opened);
	assert_non_null(code);
	assert_true(code->readable && code->executable && !code->writable && !code->deleted);

	fd = seep_maps_open(getpid(), code);
	assert_return_code(fd, -fd);
	assert_return_code(fstat(fd, &opened), errno);
	assert_return_code(stat("/proc/self/exe", &exe), errno);
	assert_true(opened.st_ino == exe.st_ino && opened.st_dev == exe.st_dev);
}

static void processes_without_maps_are_not_there(void **state)
{
	struct seep_maps maps = {.num_mappings = 77};
	siginfo_t info;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_return_code(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), errno);
	assert_int_equal(seep_maps_read(pid, &maps), -ESRCH); /* a zombie */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(seep_maps_read(pid, &maps), -ESRCH);
	assert_int_equal(seep_maps_read(-1, &maps), -ESRCH);
	assert_int_equal(maps.num_mappings, 77);
}

/* A file that this process maps, by a name of its own, and its entry in maps. */
struct mapped {
	char path[100];
	void *address;
	struct seep_maps maps;
	struct seep_mapping mapping;
};

static void write_file(const char *path, const char *text)
{
	assert_int_equal(seep_file_write(path, text, strlen(text)), 0);
}

static void find_mapping(struct mapped *mapped)
{
	const struct seep_mapping *mapping;

	seep_maps_done(&mapped->maps);
	assert_int_equal(seep_maps_read(getpid(), &mapped->maps), 0);
	mapping = seep_maps_find(&mapped->maps, (uintptr_t)mapped->address);
	assert_non_null(mapping);
	mapped->mapping = *mapping;
}

static int map_file(void **state)
{
	static struct mapped mapped;
	int fd;

	mapped = (struct mapped){0};
	snprintf(mapped.path, sizeof(mapped.path), "/tmp/seep maps-%d\n(deleted)", getpid());
	write_file(mapped.path, "mapped");
	fd = open(mapped.path, O_RDONLY | O_CLOEXEC);
	mapped.address = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	assert_ptr_not_equal(mapped.address, MAP_FAILED);
	*state = &mapped;
	find_mapping(&mapped);
	return 0;
}

static int unmap_file(void **state)
{
	struct mapped *mapped = *state;

	seep_maps_done(&mapped->maps);
	unlink(mapped->path);
	return munmap(mapped->address, 4096);
}

static void assert_opens(const struct mapped *mapped, const char *expected)
{
	SEEP_AUTO_CLOSE int fd = seep_maps_open(getpid(), &mapped->mapping);
	char text[16] = "";

	assert_return_code(fd, -fd);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_return_code(read(fd, text, sizeof(text) - 1), errno);
	assert_string_equal(text, expected);
}

static void what_is_mapped_is_opened(void **state)
{
	struct mapped *mapped = *state;

	assert_string_equal(mapped->mapping.path, mapped->path);
	assert_opens(mapped, "mapped");
	if (geteuid() != 0)
		return; /* map_files is for root */

	write_file(mapped->path, "another"); /* renamed over it */
	assert_opens(mapped, "mapped");
	find_mapping(mapped);
	assert_true(mapped->mapping.deleted);
	assert_string_equal(mapped->mapping.path, mapped->path);
	assert_opens(mapped, "mapped");
	unlink(mapped->path);
	assert_opens(mapped, "mapped");
}

/* As after a split: no entry of map_files has these addresses. */
static void path_is_opened_if_it_is_the_same_file(void **state)
{
	struct mapped *mapped = *state;

	mapped->mapping.end += 4096;
	assert_opens(mapped, "mapped");
	mapped->mapping.dev_minor++;
	assert_int_equal(seep_maps_open(getpid(), &mapped->mapping), -ESTALE);
	mapped->mapping.dev_minor--;
	write_file(mapped->path, "another");
	assert_int_equal(seep_maps_open(getpid(), &mapped->mapping), -ESTALE);
	unlink(mapped->path);
	assert_int_equal(seep_maps_open(getpid(), &mapped->mapping), -ENOENT);
	/* A FIFO must not make us wait for its writer. */
	assert_return_code(mkfifo(mapped->path, 0600), errno);
	assert_int_equal(seep_maps_open(getpid(), &mapped->mapping), -ENODEV);
}

/* The addresses are taken by a file of another name since maps was read. */
static void another_file_at_the_addresses_is_stale(void **state)
{
	struct mapped *mapped = *state;
	char other[120];
	int fd;

	snprintf(other, sizeof(other), "%s2", mapped->path);
	write_file(other, "other");
	fd = open(other, O_RDONLY | O_CLOEXEC);
	assert_ptr_equal(mmap(mapped->address, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0),
			 mapped->address);
	close(fd);
	unlink(other);
	assert_opens(mapped, "mapped"); /* by its path */
	unlink(mapped->path);
	assert_int_equal(seep_maps_open(getpid(), &mapped->mapping), -ENOENT);
}

static void mapping_without_a_regular_file_is_refused(void **state)
{
	SEEP_AUTO_MAPS struct seep_maps maps = {0};
	SEEP_AUTO_CLOSE int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	const struct seep_mapping *mapping;
	struct seep_mapping gone = {.start = 4096, .end = 8192, .inode = 1, .path = "/x"};
	void *zero;
	int local;

	(void)state;
	zero = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(zero, MAP_FAILED);
	assert_int_equal(seep_maps_read(getpid(), &maps), 0);

	mapping = seep_maps_find(&maps, (uintptr_t)zero);
	assert_non_null(mapping);
	assert_string_equal(mapping->path, "/dev/zero");
	assert_int_equal(seep_maps_open(getpid(), mapping), -ENODEV);
	munmap(zero, 4096);

	mapping = seep_maps_find(&maps, (uintptr_t)&local);
	assert_non_null(mapping);
	assert_int_equal(seep_maps_open(getpid(), mapping), -EINVAL);
	assert_int_equal(seep_maps_open(-1, &gone), -ESRCH);
}

#define with_file(test) cmocka_unit_test_setup_teardown(test, map_file, unmap_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_parsed),
		cmocka_unit_test(paths_are_unescaped),
		cmocka_unit_test(end_of_text_ends_the_last_line),
		cmocka_unit_test(other_text_is_refused),
		cmocka_unit_test(too_long_a_list_is_refused),
		cmocka_unit_test(address_finds_its_mapping),
		cmocka_unit_test(own_code_is_found_and_opened),
		cmocka_unit_test(processes_without_maps_are_not_there),
		with_file(what_is_mapped_is_opened),
		with_file(path_is_opened_if_it_is_the_same_file),
		with_file(another_file_at_the_addresses_is_stale),
		cmocka_unit_test(mapping_without_a_regular_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
