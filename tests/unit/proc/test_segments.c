// SPDX-License-Identifier: GPL-2.0-only
/* Segments of shared memory that a process leaves behind: POSIX and System V. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/segments.h"

static const char sysv[] =
	"       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid"
	"      atime      dtime      ctime                   rss                  swap\n"
	"         0          0  1600                 65536    77    77      0     0     0     0     0"
	"          0          0       1000                 40960                  4096\n"
	"-559038737          1   600                 65536    77    78      1     0     0     0     0"
	"          0          0        999                  8192                     0\n"
	"         0          2  1600                 65536    78    77      0     0     0     0     0"
	"          0          0       1000                 16384                     0\n";

static void segments_of_system_v_have_a_creator(void **state)
{
	struct seep_segments segments = {0};

	(void)state;
	seep_segments_parse_sysv(sysv, 77, 1000, &segments);
	assert_int_equal(segments.count, 1);
	assert_int_equal(segments.bytes, 40960 + 4096);
	seep_segments_parse_sysv(sysv, 77, 0, &segments);
	assert_int_equal(segments.count, 3);
	seep_segments_parse_sysv("", 77, 0, &segments);
	seep_segments_parse_sysv("key\n", 77, 0, &segments);
	assert_int_equal(segments.count, 3);
}

static void a_new_file_of_shared_memory_is_found(void **state)
{
	struct seep_segments before, after;
	time_t now_s = time(NULL);
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "/seep-test-segments-%d", (int)getpid());
	assert_int_equal(seep_segments_read(getpid(), now_s, &before), 0);
	fd = shm_open(name, O_CREAT | O_RDWR, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	assert_int_equal(pwrite(fd, "x", 1, 4096), 1);
	close(fd);
	assert_int_equal(seep_segments_read(getpid(), now_s, &after), 0);
	/* Others may make some as well, meanwhile. */
	assert_true(after.count >= before.count + 1);
	assert_true(after.bytes >= before.bytes + 8192);
	assert_int_equal(seep_segments_read(getpid(), now_s + 3600, &after), 0);
	assert_int_equal(after.count, 0);
	shm_unlink(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_of_system_v_have_a_creator),
		cmocka_unit_test(a_new_file_of_shared_memory_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
