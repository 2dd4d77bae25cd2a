// SPDX-License-Identifier: GPL-2.0-only
/* Processes of this test, watched: what is read of them, and how they come and go. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/process.h"
#include "watch/watcher.h"

#define MIB (1ULL << 20)

static pid_t wanted_pids[4];
static pid_t ended_pids[4];
static size_t num_ended;

static bool is_wanted(void *context, pid_t pid)
{
	(void)context;
	for (size_t i = 0; i < 4; i++) {
		if (wanted_pids[i] == pid)
			return true;
	}
	return false;
}

static void note_end(void *context, struct seep_watch_process *process)
{
	(void)context;
	assert_true(num_ended < 4);
	ended_pids[num_ended++] = process->pid;
}

static const struct seep_watcher_config config = {.wanted = is_wanted, .ended = note_end};

static int set_up(void **state)
{
	(void)state;
	memset(wanted_pids, 0, sizeof(wanted_pids));
	num_ended = 0;
	return 0;
}

/* A child that does @work for each byte that it gets, and answers it. */
struct child {
	pid_t pid;
	int to, from;
};

static void start(struct child *child, void (*work)(void))
{
	int to[2], from[2];
	char byte;

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		close(to[1]);
		while (read(to[0], &byte, 1) == 1) {
			work();
			if (write(from[1], &byte, 1) != 1)
				break;
		}
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	child->to = to[1];
	child->from = from[0];
}

static void go(const struct child *child)
{
	char byte = 0;

	assert_int_equal(write(child->to, &byte, 1), 1);
	assert_int_equal(read(child->from, &byte, 1), 1);
}

static void finish(const struct child *child)
{
	close(child->to);
	close(child->from);
	/* Later children have inherited its pipes, so it would not see them end. */
	kill(child->pid, SIGKILL);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
}

static void take_a_mebibyte(void)
{
	void *pages = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		_exit(1);
	memset(pages, 1, MIB);
}

static void open_a_file(void)
{
	if (open("/dev/null", O_RDONLY) < 0)
		_exit(1);
}

static void do_nothing(void)
{
}

static void what_grows_is_named(void **state)
{
	const struct seep_watch_process *process;
	struct seep_watcher *watcher;
	struct child leaks, opens, rests;
	uint64_t before;

	(void)state;
	start(&leaks, take_a_mebibyte);
	start(&opens, open_a_file);
	start(&rests, do_nothing);
	wanted_pids[0] = leaks.pid;
	wanted_pids[1] = opens.pid;
	wanted_pids[2] = rests.pid;
	assert_int_equal(seep_watcher_new(&config, &watcher), 0);
	assert_int_equal(seep_watcher_look(watcher, 0), 0);
	assert_int_equal(seep_watcher_count(watcher), 3);
	before = seep_watcher_find(watcher, leaks.pid)->now.values[SEEP_WATCH_ANON];
	for (int i = 1; i <= 10; i++) {
		go(&leaks);
		go(&opens);
		go(&rests);
		assert_int_equal(seep_watcher_look(watcher, 10.0 * i), 0);
	}
	process = seep_watcher_find(watcher, leaks.pid);
	assert_true(process->now.values[SEEP_WATCH_ANON] >= before + 10 * MIB);
	assert_int_equal(process->num_growths, 1);
	assert_int_equal(process->growths[0].value, SEEP_WATCH_ANON);
	assert_true(process->growths[0].track.rate.value > 0.09 * MIB);
	assert_true(process->growths[0].track.rate.value < 0.12 * MIB);
	assert_true(process->growths[0].eta_s.value > 0); /* the memory of the machine at least */
	assert_true(process->growths[0].limit < SEEP_LIMIT_COUNT);
	/* Read only where something grows. */
	assert_true(process->pss_bytes > 0 && process->pss_bytes <= process->now.rss_bytes);
	assert_true(process->heap_bytes != SEEP_UNKNOWN);
	assert_int_equal(seep_watch_process_kinds(process), SEEP_WATCH_PAGES);

	/* A leak that was found explains it, unless it is one of something else. */
	seep_watcher_find(watcher, leaks.pid)->standing.convicted =
		SEEP_KIND_BIT(SEEP_KIND_MAPPING);
	assert_int_equal(seep_watch_process_kinds(process), 0);
	seep_watcher_find(watcher, leaks.pid)->standing.convicted = SEEP_KIND_BIT(SEEP_KIND_FD);
	assert_int_equal(seep_watch_process_kinds(process), SEEP_WATCH_PAGES);

	process = seep_watcher_find(watcher, opens.pid);
	assert_int_equal(process->num_growths, 1);
	assert_int_equal(process->growths[0].value, SEEP_WATCH_FDS);
	assert_int_equal(process->growths[0].limit, SEEP_LIMIT_NOFILE);
	assert_true(process->growths[0].track.rate.value > 0.099);
	assert_true(process->growths[0].track.rate.value < 0.101);

	process = seep_watcher_find(watcher, rests.pid);
	assert_int_equal(process->num_growths, 0);
	assert_true(process->pss_bytes == SEEP_UNKNOWN && process->heap_bytes == SEEP_UNKNOWN);
	assert_int_equal(process->now.values[SEEP_WATCH_THREADS], 1);
	seep_watcher_free(watcher);
	finish(&leaks);
	finish(&opens);
	finish(&rests);
}

static void processes_come_and_go(void **state)
{
	struct seep_watcher_counts counts;
	struct seep_watcher *watcher;
	struct child first, second;

	(void)state;
	start(&first, do_nothing);
	start(&second, do_nothing);
	wanted_pids[0] = first.pid;
	wanted_pids[1] = second.pid;
	wanted_pids[2] = 2; /* where it is kthreadd it is no process */
	assert_int_equal(seep_watcher_new(&config, &watcher), 0);
	assert_int_equal(seep_watcher_look(watcher, 0), 0);
	assert_non_null(seep_watcher_find(watcher, first.pid));
	assert_null(seep_watcher_find(watcher, getpid()));
	/* A zombie has nothing that could be watched. */
	assert_int_equal(kill(first.pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)first.pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_int_equal(seep_watcher_look(watcher, 10), 0);
	assert_null(seep_watcher_find(watcher, first.pid));
	assert_int_equal(num_ended, 1);
	assert_int_equal(ended_pids[0], first.pid);
	finish(&first);
	assert_int_equal(seep_watcher_look(watcher, 20), 0);
	assert_int_equal(num_ended, 1);
	assert_non_null(seep_watcher_find(watcher, second.pid));
	finish(&second);
	assert_int_equal(seep_watcher_look(watcher, 30), 0);
	assert_null(seep_watcher_find(watcher, second.pid));
	assert_int_equal(num_ended, 2);
	seep_watcher_get_counts(watcher, &counts);
	assert_true(counts.seen == 2 || counts.seen == 3);
	assert_int_equal(counts.unwatched, 0);
	seep_watcher_free(watcher);
}

static void *wait_for_end(void *main_thread)
{
	pthread_join(*(pthread_t *)main_thread, NULL);
	pause();
	return NULL;
}

/* The leader is a zombie then, and its files of /proc say so. */
static void a_process_outlives_its_leader(void **state)
{
	struct seep_watcher *watcher;
	pid_t pid = fork();
	struct seep_proc_info info = {0};

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		static pthread_t self;
		pthread_t other;

		self = pthread_self();
		if (pthread_create(&other, NULL, wait_for_end, &self))
			_exit(1);
		pthread_exit(NULL);
	}
	/* Its state is S again, by the other thread, when the leader has ended. */
	while (info.thread == pid || !info.pid) {
		seep_proc_info_done(&info);
		assert_int_equal(seep_proc_info_read(pid, &info), 0);
	}
	seep_proc_info_done(&info);
	wanted_pids[0] = pid;
	assert_int_equal(seep_watcher_new(&config, &watcher), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(seep_watcher_look(watcher, i), 0);
		assert_non_null(seep_watcher_find(watcher, pid));
	}
	assert_true(seep_watcher_find(watcher, pid)->now.rss_bytes > 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(seep_watcher_look(watcher, 4), 0);
	assert_int_equal(num_ended, 1);
	seep_watcher_free(watcher);
}

static void an_exec_begins_anew(void **state)
{
	struct seep_watcher *watcher;
	const struct seep_watch_process *process;
	int to_child[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(to_child, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		char byte;

		for (int i = 0; i < 8; i++)
			take_a_mebibyte();
		if (read(to_child[0], &byte, 1) == 1)
			execl("/bin/sleep", "sleep", "1000", (char *)NULL);
		_exit(1);
	}
	wanted_pids[0] = pid;
	assert_int_equal(seep_watcher_new(&config, &watcher), 0);
	assert_int_equal(seep_watcher_look(watcher, 0), 0);
	process = seep_watcher_find(watcher, pid);
	assert_int_equal(write(to_child[1], "x", 1), 1);
	while (strcmp(process->comm, "sleep") != 0) {
		char comm[32] = "";
		char path[64];
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		file = fopen(path, "r");
		assert_non_null(file);
		assert_non_null(fgets(comm, sizeof(comm), file));
		fclose(file);
		if (strcmp(comm, "sleep\n") == 0)
			break;
	}
	assert_int_equal(seep_watcher_look(watcher, 10), 0);
	/* The same process, with the numbers of the other program. */
	assert_ptr_equal(seep_watcher_find(watcher, pid), process);
	assert_true(process->now.values[SEEP_WATCH_ANON] < 8 * MIB);
	assert_int_equal(num_ended, 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(to_child[0]);
	close(to_child[1]);
	seep_watcher_free(watcher);
}

static void status_is_read(void **state)
{
	struct seep_watch_reading reading = {0};

	(void)state;
	assert_int_equal(seep_watch_parse_status("Name:\tx\nVmSize:\t  400 kB\nVmRSS:\t 100 kB\n"
						 "RssAnon:\t 50 kB\nRssFile:\t 40 kB\n"
						 "RssShmem:\t 10 kB\nVmData:\t 200 kB\n"
						 "VmSwap:\t 7 kB\nThreads:\t3\n",
						 &reading),
			 0);
	assert_int_equal(reading.values[SEEP_WATCH_ANON], 57 * 1024);
	assert_int_equal(reading.values[SEEP_WATCH_FILE], 40 * 1024);
	assert_int_equal(reading.values[SEEP_WATCH_SHMEM], 10 * 1024);
	assert_int_equal(reading.values[SEEP_WATCH_DATA], 200 * 1024);
	assert_int_equal(reading.values[SEEP_WATCH_SIZE], 400 * 1024);
	assert_int_equal(reading.values[SEEP_WATCH_THREADS], 3);
	assert_int_equal(reading.rss_bytes, 100 * 1024);
	assert_int_equal(seep_watch_parse_status("Name:\tx\nThreads:\t1\n", &reading), -ESRCH);
	assert_int_equal(seep_watch_parse_status("", &reading), -EINVAL);
	/* What could not be understood has changed nothing. */
	assert_int_equal(reading.values[SEEP_WATCH_THREADS], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_grows_is_named, set_up),
		cmocka_unit_test_setup(processes_come_and_go, set_up),
		cmocka_unit_test_setup(a_process_outlives_its_leader, set_up),
		cmocka_unit_test_setup(an_exec_begins_anew, set_up),
		cmocka_unit_test(status_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
