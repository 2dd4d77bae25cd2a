// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc says of processes: texts of our own first, then real children that are zombies, have
 * another root, or run a deleted program.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "proc/process.h"
#include "proc/stat.h"

#define SEEP_AUTO_INFO SEEP_CLEANUP(seep_proc_info_done)

/* What stands behind the state: parent 7, flags %s, 5 threads, start 123456. */
#define STAT_TAIL(flags)                                                                           \
	" 7 1 1 0 -1 " flags                                                                       \
	" 100 0 0 0 11 12 0 0 20 -5 5 0 123456 3133440 423 18446744073709551615"

static void stat_is_parsed_whatever_the_comm(void **state)
{
	static const char *const comms[] = {
		"cat",
		"",
		"a b",
		") R 1",
		") R 1 (",
		"((",
		"))",
		"a\nb) S 1\n",
		"\xff\x1b[2J",
		"kworker/u512:12-events_unbound_power_efficient_and_more_of_it_63", /* */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(comms) / sizeof(comms[0]); i++) {
		SEEP_AUTO_INFO struct seep_proc_info info = {0};
		char text[400];
		char comm[64];

		snprintf(comm, sizeof(comm), "%s", comms[i]);
		snprintf(text, sizeof(text), "4194303 (%s) S" STAT_TAIL("4194560") "\n", comm);
		assert_int_equal(seep_proc_parse_stat(text, &info), 0);
		assert_int_equal(info.pid, 4194303);
		assert_string_equal(info.comm, comm);
		assert_int_equal(info.state, 'S');
		assert_int_equal(info.parent, 7);
		assert_int_equal(info.num_threads, 5);
		assert_int_equal(info.start_ticks, 123456);
		assert_false(info.kernel_thread);
		assert_int_equal(info.start_utc_ns, 0);
		assert_null(info.exe);
		assert_null(info.cgroup);
		assert_null(info.root);
	}
}

static void kernel_threads_are_told_by_their_flag(void **state)
{
	struct seep_proc_info info;

	(void)state;
	assert_int_equal(seep_proc_parse_stat("2 (kthreadd) S" STAT_TAIL("2129984"), &info), 0);
	assert_true(info.kernel_thread);
}

static void other_stat_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"1",
		"1 (",
		"1 (a",
		"1 (a)",
		"1 (a) ",
		"1 (a) S",
		"1 (a) S 1 2 3",
		"a (a) S" STAT_TAIL("0"),
		"0 (a) S" STAT_TAIL("0"),
		"-1 (a) S" STAT_TAIL("0"),
		"2147483648 (a) S" STAT_TAIL("0"),
		"99999999999999999999 (a) S" STAT_TAIL("0"),
		"1(a) S" STAT_TAIL("0"),
		"1 a) S" STAT_TAIL("0"),
		"1 (a)S" STAT_TAIL("0"),
		"1 (a) SS" STAT_TAIL("0"),
		"1 (a) S" STAT_TAIL("-"),
		"1 (a) S" STAT_TAIL("x"),
		"1 (a) S" STAT_TAIL("+1"),
		"1 (a) S" STAT_TAIL("1x"),
		"1 (a) S -7 1 1 0 -1 0 100 0 0 0 11 12 0 0 20 0 5 0 1",
		"1 (a) S 7 1 1 0 -1 0 100 0 0 0 11 12 0 0 20 0 -5 0 1",
		"1 (a) S 7 1 1 0 -1 0 100 0 0 0 11 12 0 0 20 0 5 0",
		"1 (a) S 7 1 1 0 -1 0 100 0 0 0 11 12 0 0 20 0 5 0 99999999999999999999",
		"1 (0123456789012345678901234567890123456789012345678901234567890123) S" STAT_TAIL(
			"0"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seep_proc_info info = {.pid = 77};

		if (seep_proc_parse_stat(texts[i], &info) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(info.pid, 77);
	}
}

/* A child that did what it was told and now waits until it is killed. */
struct child {
	pid_t pid;
	int done; /* read end: one byte once the child is ready, its errno */
};

static struct child start_child(int (*prepare)(void *context), void *context)
{
	struct child child;
	unsigned char error;
	int ends[2];

	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	child.pid = fork();
	assert_return_code(child.pid, errno);
	if (child.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		error = prepare && prepare(context) < 0 ? (unsigned char)errno : 0;
		if (write(ends[1], &error, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	if (read(ends[0], &error, 1) != 1)
		error = 0; /* it called exec, which closed the pipe */
	child.done = ends[0];
	if (error) {
		kill(child.pid, SIGKILL);
		waitpid(child.pid, NULL, 0);
		close(child.done);
		child.pid = -error;
	}
	return child;
}

static void end_child(const struct child *child)
{
	kill(child->pid, SIGKILL);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
	close(child->done);
}

static int rename_itself(void *context)
{
	return prctl(PR_SET_NAME, context);
}

static void process_is_described(void **state)
{
	static char comm[] = ") R 1 (";
	uint64_t before_ns = seep_clock_utc_ns();
	struct child child = start_child(rename_itself, comm);
	uint64_t after_ns = seep_clock_utc_ns();
	const uint64_t tick_ns = SEEP_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	SEEP_AUTO_INFO struct seep_proc_info info = {0};
	SEEP_AUTO_BUFFER struct seep_buffer cgroups = SEEP_BUFFER_INIT;
	char exe[4096];
	ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *cgroup;

	(void)state;
	assert_return_code(length, errno);
	exe[length] = '\0';
	assert_int_equal(seep_proc_info_read(child.pid, &info), 0);
	assert_int_equal(info.pid, child.pid);
	assert_true(info.inner_pid > 0 && info.inner_pid <= child.pid);
	assert_string_equal(info.comm, comm);
	assert_non_null(strchr("RSD", info.state)); /* on its way to sleep */
	assert_int_equal(info.parent, getpid());
	assert_int_equal(info.num_threads, 1);
	assert_false(info.kernel_thread);
	assert_in_range(info.start_utc_ns, before_ns - 2 * tick_ns, after_ns + tick_ns);
	assert_string_equal(info.exe, exe);
	assert_null(info.root);

	/* The child is in our cgroup. */
	seep_file_read_at(AT_FDCWD, "/proc/self/cgroup", 1 << 16, &cgroups);
	cgroup = strstr(cgroups.data, "0::");
	if (!cgroup)
		assert_null(info.cgroup);
	else
		assert_memory_equal(info.cgroup, cgroup + 3, strcspn(cgroup + 3, "\n"));
	end_child(&child);
}

static void zombie_has_a_name_but_no_memory(void **state)
{
	SEEP_AUTO_INFO struct seep_proc_info info = {0};
	struct seep_proc_info gone = {.pid = 77};
	struct seep_proc_memory memory = {.rss_bytes = 77};
	siginfo_t signal;
	uint64_t cpu_ns = 77;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_return_code(waitid(P_PID, (id_t)pid, &signal, WEXITED | WNOWAIT), errno);
	assert_int_equal(seep_proc_info_read(pid, &info), 0);
	assert_int_equal(info.state, 'Z');
	assert_null(info.exe);
	assert_int_equal(seep_proc_memory_read(pid, &memory), -ESRCH);

	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(seep_proc_info_read(pid, &gone), -ESRCH);
	assert_int_equal(gone.pid, 77);
	assert_int_equal(seep_proc_memory_read(pid, &memory), -ESRCH);
	assert_int_equal(memory.rss_bytes, 77);
	assert_int_equal(seep_proc_cpu_read(pid, &cpu_ns), -ESRCH);
	assert_int_equal(cpu_ns, 77);
	assert_int_equal(seep_proc_leader(pid), -ESRCH);
	assert_false(seep_proc_is_process(pid));
}

static void numbers_that_are_no_pid_are_not_there(void **state)
{
	static const pid_t pids[] = {0, -1, INT32_MIN, INT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		struct seep_proc_info info;
		struct seep_proc_memory memory;
		uint64_t cpu_ns;

		assert_int_equal(seep_proc_info_read(pids[i], &info), -ESRCH);
		assert_int_equal(seep_proc_memory_read(pids[i], &memory), -ESRCH);
		assert_int_equal(seep_proc_cpu_read(pids[i], &cpu_ns), -ESRCH);
		assert_int_equal(seep_proc_leader(pids[i]), -ESRCH);
		assert_false(seep_proc_is_process(pids[i]));
	}
}

static int call_chroot(void *context)
{
	return chroot(context);
}

static int enter_mount_namespace(void *context)
{
	(void)context;
	return unshare(CLONE_NEWNS);
}

static void assert_other_root(int (*prepare)(void *context), void *context)
{
	SEEP_AUTO_INFO struct seep_proc_info info = {0};
	struct child child = start_child(prepare, context);
	char root[32];

	if (child.pid == -EPERM)
		skip();
	assert_true(child.pid > 0);
	snprintf(root, sizeof(root), "/proc/%d/root", child.pid);
	assert_int_equal(seep_proc_info_read(child.pid, &info), 0);
	assert_non_null(info.root);
	assert_string_equal(info.root, root);
	end_child(&child);
}

static void another_root_is_told(void **state)
{
	static char directory[] = "/tmp";

	(void)state;
	assert_other_root(call_chroot, directory);
}

static void another_mount_namespace_is_told(void **state)
{
	(void)state;
	assert_other_root(enter_mount_namespace, NULL);
}

static int run_program(void *context)
{
	return execl(context, context, "1000", NULL);
}

static void deleted_program_keeps_its_name(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer program = SEEP_BUFFER_INIT;
	SEEP_AUTO_INFO struct seep_proc_info info = {0};
	struct child child;
	char path[64];

	(void)state;
	assert_int_equal(seep_file_read_at(AT_FDCWD, "/bin/sleep", 1 << 24, &program), 0);
	snprintf(path, sizeof(path), "/tmp/seep sleep-%d", getpid());
	assert_int_equal(seep_file_write(path, program.data, program.length), 0);
	assert_return_code(chmod(path, 0700), errno);
	child = start_child(run_program, path);
	unlink(path);
	assert_true(child.pid > 0);
	assert_int_equal(seep_proc_info_read(child.pid, &info), 0);
	end_child(&child);
	assert_string_equal(info.exe, path);
}

static void resident_memory_is_counted(void **state)
{
	const size_t size = 32 << 20;
	struct seep_proc_memory before;
	struct seep_proc_memory after;
	void *block;

	(void)state;
	assert_int_equal(seep_proc_memory_read(getpid(), &before), 0);
	assert_true(before.rss_bytes > before.anon_bytes);
	assert_true(before.anon_bytes > 0);
	block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(block, MAP_FAILED);
	memset(block, 1, size);
	assert_int_equal(seep_proc_memory_read(getpid(), &after), 0);
	munmap(block, size);
	/*
	 * The kernel batches the counters per CPU, so they lag by some pages; and what the
	 * sanitizer notes of the block takes an eighth of it.
	 */
	assert_in_range(after.anon_bytes - before.anon_bytes, size - (4 << 20),
			size + size / 8 + (4 << 20));
	assert_in_range(after.rss_bytes - before.rss_bytes, size - (4 << 20),
			size + size / 8 + (4 << 20));
}

static void cpu_time_is_counted(void **state)
{
	uint64_t start_ns = seep_clock_cpu_ns();
	uint64_t used_ns;
	uint64_t parent_ns;

	(void)state;
	while (seep_clock_cpu_ns() - start_ns < 30 * SEEP_NS_PER_MS)
		continue;
	assert_int_equal(seep_proc_cpu_read(getpid(), &used_ns), 0);
	assert_in_range(used_ns, start_ns + 30 * SEEP_NS_PER_MS, seep_clock_cpu_ns());
	assert_int_equal(seep_proc_cpu_read(1, &parent_ns), 0);
}

struct thread {
	pthread_barrier_t barrier;
	pid_t tid;
};

static void *tell_tid(void *context)
{
	struct thread *thread = context;

	thread->tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&thread->barrier);
	pthread_barrier_wait(&thread->barrier);
	return NULL;
}

static void thread_is_not_a_process(void **state)
{
	SEEP_AUTO_INFO struct seep_proc_info info = {0};
	struct thread thread;
	pthread_t id;

	(void)state;
	pthread_barrier_init(&thread.barrier, NULL, 2);
	assert_int_equal(pthread_create(&id, NULL, tell_tid, &thread), 0);
	pthread_barrier_wait(&thread.barrier);
	assert_int_not_equal(thread.tid, getpid());
	assert_false(seep_proc_is_process(thread.tid));
	assert_int_equal(seep_proc_leader(thread.tid), getpid());
	assert_true(seep_proc_is_process(getpid()));
	assert_int_equal(seep_proc_leader(getpid()), getpid());
	assert_int_equal(seep_proc_info_read(getpid(), &info), 0);
	assert_true(info.num_threads >= 2);
	pthread_barrier_wait(&thread.barrier);
	pthread_join(id, NULL);
	pthread_barrier_destroy(&thread.barrier);
}

/* The text of status cannot be forged by a name with a line break in it. */
static void comm_cannot_forge_a_line_of_status(void **state)
{
	static char comm[] = "\nTgid:\t1\nRssA";
	struct child child = start_child(rename_itself, comm);
	pid_t leader = seep_proc_leader(child.pid);

	(void)state;
	end_child(&child);
	assert_int_equal(leader, child.pid);
}

static void inner_pid_and_users_are_read(void **state)
{
	struct seep_proc_ids ids;

	(void)state;
	assert_int_equal(seep_proc_parse_ids("Name:\tNSpid:\\n\nUid:\t1000\t1001\t1002\t1003\n"
					     "NSpid:\t4242\t17\t1\nNSpgid:\t4242\t9\n",
					     &ids),
			 0);
	assert_int_equal(ids.inner_pid, 1);
	assert_int_equal(ids.real_uid, 1000);
	assert_int_equal(ids.effective_uid, 1001);
	assert_int_equal(seep_proc_parse_ids("Uid:\t0\t4294967295\t0\t0\nNSpid:\t7", &ids), 0);
	assert_int_equal(ids.inner_pid, 7);
	assert_int_equal(ids.effective_uid, UINT32_MAX);
}

static void other_ids_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"Uid:\t0\t0\t0\t0\n",
		"NSpid:\t1\n",
		"NSpid:\t\nUid:\t0\t0\n",
		"NSpid:\t1\t0\nUid:\t0\t0\n",
		"NSpid:\t1\tx\nUid:\t0\t0\n",
		"NSpid:\t-1\nUid:\t0\t0\n",
		"NSpid:\t2147483648\nUid:\t0\t0\n",
		"NSpid:\t1\nUid:\t0\n",
		"NSpid:\t1\nUid:\t0 0\n",
		"NSpid:\t1\nUid:\t0\t4294967296\n",
		"NSpid:\t1\nUid:\tx\t0\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seep_proc_ids ids = {.inner_pid = 77};

		if (seep_proc_parse_ids(texts[i], &ids) != -EINVAL)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(ids.inner_pid, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_is_parsed_whatever_the_comm),
		cmocka_unit_test(kernel_threads_are_told_by_their_flag),
		cmocka_unit_test(other_stat_is_refused),
		cmocka_unit_test(process_is_described),
		cmocka_unit_test(zombie_has_a_name_but_no_memory),
		cmocka_unit_test(numbers_that_are_no_pid_are_not_there),
		cmocka_unit_test(another_root_is_told),
		cmocka_unit_test(another_mount_namespace_is_told),
		cmocka_unit_test(deleted_program_keeps_its_name),
		cmocka_unit_test(resident_memory_is_counted),
		cmocka_unit_test(cpu_time_is_counted),
		cmocka_unit_test(thread_is_not_a_process),
		cmocka_unit_test(comm_cannot_forge_a_line_of_status),
		cmocka_unit_test(inner_pid_and_users_are_read),
		cmocka_unit_test(other_ids_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
