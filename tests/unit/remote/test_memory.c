// SPDX-License-Identifier: GPL-2.0-only
/* The process that is read is a child of the test, which shares what it had at the fork. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "remote/memory.h"

#define PAGE	  4096
#define NUM_PAGES 1500 /* more than a window of pages, and more parts than a call takes */

struct child {
	pid_t pid;
	uint8_t *pages; /* every second one is present */
	struct seep_remote *remote;
};

static int start(void **state)
{
	struct child *child = calloc(1, sizeof(*child));

	child->pages = mmap(NULL, (size_t)NUM_PAGES * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(child->pages, MAP_FAILED);
	assert_int_equal(madvise(child->pages, (size_t)NUM_PAGES * PAGE, MADV_NOHUGEPAGE), 0);
	for (size_t i = 0; i < NUM_PAGES; i += 2)
		memset(child->pages + i * PAGE, (int)(i % 251) + 1, PAGE);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (!child->pid) {
		for (;;)
			pause();
	}
	assert_int_equal(seep_remote_open(child->pid, &child->remote), 0);
	*state = child;
	return 0;
}

static void end(struct child *child)
{
	if (child->pid <= 0)
		return;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
}

static int stop(void **state)
{
	struct child *child = *state;

	end(child);
	seep_remote_close(child->remote);
	munmap(child->pages, (size_t)NUM_PAGES * PAGE);
	free(child);
	return 0;
}

static uint64_t address_of(const struct child *child, size_t page)
{
	return (uintptr_t)child->pages + page * PAGE;
}

static void what_is_present_is_read(void **state)
{
	const struct child *child = *state;
	uint8_t bytes[PAGE];

	assert_int_equal(seep_remote_read(child->remote, address_of(child, 6) + 8, bytes, 100), 0);
	assert_int_equal(bytes[0], 7);
	assert_int_equal(bytes[99], 7);
}

/* A read that went there would make the page present: another look shows that it is not. */
static void what_is_not_present_stays_so(void **state)
{
	const struct child *child = *state;
	uint8_t bytes[2 * PAGE];

	for (int i = 0; i < 2; i++) {
		seep_remote_refresh(child->remote);
		assert_int_equal(seep_remote_read(child->remote, address_of(child, 7), bytes, 8),
				 -ENODATA);
		/* Also if it is only the last byte. */
		assert_int_equal(seep_remote_read(child->remote, address_of(child, 6), bytes,
						  PAGE + 1),
				 -ENODATA);
	}
}

static void bad_addresses_are_refused(void **state)
{
	const struct child *child = *state;
	uint8_t bytes[8];
	static const uint64_t bad[] = {UINT64_MAX, UINT64_MAX - 7, 1ULL << 63, 1ULL << 56};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(seep_remote_read(child->remote, bad[i], bytes, 8), -EFAULT);
	assert_true(seep_remote_read(child->remote, 0, bytes, 8) < 0);
	assert_int_equal(seep_remote_read(child->remote, address_of(child, 0), bytes, 0), -EFAULT);
	assert_int_equal(seep_remote_check(child->remote), 0);
}

static void many_parts_are_read_at_once(void **state)
{
	const struct child *child = *state;
	static struct seep_remote_part parts[NUM_PAGES];
	static uint8_t bytes[NUM_PAGES][16];

	for (size_t i = 0; i < NUM_PAGES; i++)
		parts[i] = (struct seep_remote_part){address_of(child, i) + 32, 16, bytes[i], 1};
	assert_int_equal(seep_remote_read_parts(child->remote, parts, NUM_PAGES), 0);
	for (size_t i = 0; i < NUM_PAGES; i++) {
		assert_int_equal(parts[i].error, i % 2 ? -ENODATA : 0);
		assert_int_equal(bytes[i][15], i % 2 ? 0 : i % 251 + 1);
	}
}

static void the_end_is_noticed(void **state)
{
	struct child *child = *state;
	struct seep_remote_part part = {0};
	uint8_t bytes[8];

	end(child);
	part = (struct seep_remote_part){address_of(child, 0), 8, bytes, 0};
	assert_int_equal(seep_remote_check(child->remote), -ESRCH);
	seep_remote_refresh(child->remote);
	assert_int_equal(seep_remote_read(child->remote, address_of(child, 0), bytes, 8), -ESRCH);
	assert_int_equal(seep_remote_read_parts(child->remote, &part, 1), -ESRCH);
}

/* The PID stays, the address space does not. */
static void another_program_is_noticed(void **state)
{
	struct seep_remote *remote;
	int gate[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(gate), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		char byte;

		if (read(gate[0], &byte, 1) == 1)
			execlp("sleep", "sleep", "60", NULL);
		_exit(1);
	}
	assert_int_equal(seep_remote_open(pid, &remote), 0);
	assert_int_equal(seep_remote_check(remote), 0);
	assert_int_equal(write(gate[1], "", 1), 1);
	for (int i = 0; i < 5000 && seep_remote_check(remote) == 0; i++)
		usleep(1000);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(seep_remote_check(remote), -ESRCH);
	seep_remote_close(remote);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(gate[0]);
	close(gate[1]);
}

static void nobody_is_there(void **state)
{
	struct seep_remote *remote;

	(void)state;
	assert_int_equal(seep_remote_open(0x7fffffff, &remote), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_present_is_read, start, stop),
		cmocka_unit_test_setup_teardown(what_is_not_present_stays_so, start, stop),
		cmocka_unit_test_setup_teardown(bad_addresses_are_refused, start, stop),
		cmocka_unit_test_setup_teardown(many_parts_are_read_at_once, start, stop),
		cmocka_unit_test_setup_teardown(the_end_is_noticed, start, stop),
		cmocka_unit_test(another_program_is_noticed),
		cmocka_unit_test(nobody_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
