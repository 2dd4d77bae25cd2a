/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of the torture house share. A program is called with the name of a case and a
 * limit in seconds; it prints READY and then works in rounds, all of whose results it checks
 * itself, until its standard input says otherwise:
 *
 *	PAUSE	print DONE with the exact numbers so far, and do nothing until the next word
 *	GO	go on
 *	QUIT	print DONE and exit with 0
 *
 * What is wrong ends the program with 77 and "HARMED: what" on standard error. A program that is
 * forgotten ends with 5, one whose standard input closes with 4, so none outlives its runner.
 *
 * Between rounds only read(2), write(2) and poll(2) are called, never an allocator: a program
 * under strict seccomp can be driven too. torture_go_on() belongs to one thread.
 */
#ifndef SEEP_TESTS_TORTURE_H
#define SEEP_TESTS_TORTURE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include "../fixtures/fixture.h"

#define TORTURE_HARMED	77
#define TORTURE_BLOCKS	24
#define TORTURE_LARGEST 3000

struct torture_block {
	unsigned char *bytes;
	size_t size;
	unsigned char fill;
};

/* Blocks of one thread, with its own sequence of random numbers. */
struct torture_heap {
	struct torture_block blocks[TORTURE_BLOCKS];
	uint64_t seed;
};

static const char *torture_case = "";
static time_t torture_limit_seconds;
static pid_t torture_pid;
static uint64_t torture_rounds;
/* Notes that are no harm: return addresses that were not ours, signals that interrupted. */
static uint64_t torture_odd;
/* False when the numbers do not go back to the start of the process: after exec. */
static bool torture_exact = true;
/* Only read, write and exit are left. */
static bool torture_strict;
static struct torture_heap torture_heap = {.blocks = {}, .seed = 88172645463325252u};

__attribute__((noreturn)) static inline void torture_harmed(const char *what)
{
	dprintf(STDERR_FILENO, "HARMED: %s: %s (errno %d)\n", torture_case, what, errno);
	_exit(TORTURE_HARMED);
}

static inline void torture_check(bool right, const char *what)
{
	if (!right)
		torture_harmed(what);
}

static inline uint64_t torture_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static inline void torture_fill(struct torture_block *block, void *address, size_t size,
				unsigned char fill)
{
	block->bytes = (unsigned char *)address;
	block->size = size;
	block->fill = fill;
	memset(address, fill, size);
}

static inline void torture_verify(const struct torture_block *block)
{
	for (size_t i = 0; i < block->size; i++)
		torture_check(block->bytes[i] == block->fill, "a block has another content");
}

/* Blocks of all forms of malloc; not counted, for threads and children. */
static FIXTURE_FUNCTION void *torture_make(uint64_t *seed, size_t size)
{
	void *address = NULL;

	switch (torture_random(seed) % 5) {
	case 0:
		address = calloc(1, size);
		for (size_t i = 0; address && i < size; i++)
			torture_check(!((char *)address)[i], "calloc gave dirty memory");
		break;
	case 1:
		address = realloc(NULL, size);
		break;
	case 2:
		torture_check(!posix_memalign(&address, 64, size), "posix_memalign failed");
		torture_check(!((uintptr_t)address & 63), "posix_memalign did not align");
		break;
	default:
		address = malloc(size);
	}
	torture_check(address != NULL, "no memory");
	return address;
}

__attribute__((unused)) static FIXTURE_FUNCTION void torture_churn(struct torture_heap *heap,
								   unsigned int rounds)
{
	if (!heap->seed)
		heap->seed = 0x9e3779b97f4a7c15u;
	while (rounds--) {
		struct torture_block *block =
			&heap->blocks[torture_random(&heap->seed) % TORTURE_BLOCKS];
		size_t size = 1 + torture_random(&heap->seed) % TORTURE_LARGEST;
		unsigned char fill = (unsigned char)torture_random(&heap->seed);

		if (block->bytes) {
			torture_verify(block);
			free(block->bytes);
		}
		torture_fill(block, torture_make(&heap->seed, size), size, fill);
	}
}

__attribute__((unused)) static inline void torture_clear(struct torture_heap *heap)
{
	for (size_t i = 0; i < TORTURE_BLOCKS; i++) {
		if (!heap->blocks[i].bytes)
			continue;
		torture_verify(&heap->blocks[i]);
		free(heap->blocks[i].bytes);
		heap->blocks[i].bytes = NULL;
	}
}

/* What is counted: these two functions, called by one thread. */
static FIXTURE_FUNCTION void torture_allocate(struct torture_block *block, size_t size,
					      unsigned char fill)
{
	void *address = malloc(size);

	torture_check(address != NULL, "no memory");
	torture_fill(block, address, size, fill);
	fixture_count_made("torture_allocate", 1, size);
}

static FIXTURE_FUNCTION void torture_release(struct torture_block *block)
{
	torture_verify(block);
	free(block->bytes);
	fixture_count_freed("torture_allocate", 1, block->size);
	block->bytes = NULL;
}

static inline void torture_counted_round(void)
{
	for (int i = 0; i < 4; i++) {
		uint64_t *seed = &torture_heap.seed;
		struct torture_block *block =
			&torture_heap.blocks[torture_random(seed) % TORTURE_BLOCKS];

		if (block->bytes)
			torture_release(block);
		torture_allocate(block, 1 + torture_random(seed) % 500,
				 (unsigned char)torture_random(seed));
	}
}

static inline void torture_say_done(void)
{
	fixture_done(",\"rounds\":%llu,\"odd\":%llu,\"exact\":%s",
		     (unsigned long long)torture_rounds, (unsigned long long)torture_odd,
		     torture_exact ? "true" : "false");
}

static inline bool torture_word(char *word, size_t size, bool wait)
{
	size_t length = 0;

	for (;;) {
		char c;
		ssize_t count;
		struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};

		if (wait && !torture_strict)
			poll(&input, 1, -1);
		count = read(STDIN_FILENO, &c, 1);
		if (!count)
			_exit(4);
		if (count < 0 && !wait && !length)
			return false;
		if (count < 0)
			continue;
		if (c == '\n')
			break;
		if (length + 1 < size)
			word[length++] = c;
	}
	word[length] = '\0';
	return true;
}

static inline time_t torture_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* The next round? Called once before each. */
static inline bool torture_go_on(void)
{
	char word[16];

	torture_rounds++;
	torture_counted_round();
	if (!torture_strict && torture_now() > torture_limit_seconds) {
		fputs("nobody has asked for the end in time\n", stderr);
		_exit(5);
	}
	if (!torture_word(word, sizeof(word), false))
		return true;
	while (!strcmp(word, "PAUSE")) {
		torture_say_done();
		torture_word(word, sizeof(word), true);
	}
	return strcmp(word, "QUIT") != 0;
}

/* A short rest, so that a round is some milliseconds and the machine has time for others. */
static inline void torture_rest(long microseconds)
{
	struct timespec time = {0, microseconds * 1000};

	nanosleep(&time, NULL);
}

static inline void torture_prepare(int argc, char **argv)
{
	long seconds = argc > 2 ? strtol(argv[2], NULL, 10) : 120;

	torture_pid = getpid();
	torture_case = argc > 1 ? argv[1] : "";
	torture_limit_seconds = torture_now() + seconds;
	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
}

static inline bool torture_is(const char *name)
{
	return !strcmp(torture_case, name);
}

static inline void torture_ready(void)
{
	char line[64];

	snprintf(line, sizeof(line), "READY pid=%d", (int)torture_pid);
	fixture_say(line);
}

static inline int torture_end(void)
{
	for (size_t i = 0; i < TORTURE_BLOCKS; i++)
		if (torture_heap.blocks[i].bytes)
			torture_release(&torture_heap.blocks[i]);
	torture_say_done();
	return 0;
}

#endif
