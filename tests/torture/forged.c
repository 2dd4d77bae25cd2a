// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library for which another user has put a debug file in the way: it names an allocator in the
 * middle of an instruction. "victim" calls the library and checks every result. "attacker" is that
 * other user: with a /usr/lib/debug of its own, in namespaces of its own, it maps the library.
 *
 * A probe that is placed by that file changes a constant in the library, for all processes that
 * map it. Bounded by one call per round; the attacker only sleeps between its rounds.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "torture.h"

#define NOBODY	   65534
#define DEBUG_PATH "/usr/lib/debug"

unsigned long forged_mix(unsigned long value);

static void copy(int in, const char *to)
{
	char bytes[16384];
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ssize_t count;

	torture_check(in >= 0 && out >= 0, "the forged debug file");
	while ((count = read(in, bytes, sizeof(bytes))) > 0)
		torture_check(write(out, bytes, (size_t)count) == count, "write");
	close(out);
}

static void write_text(const char *path, const char *text)
{
	int out = open(path, O_WRONLY | O_CLOEXEC);

	torture_check(out >= 0 && write(out, text, strlen(text)) > 0, path);
	close(out);
}

/* Of an unprivileged user: in its own namespaces it may mount what it likes. @build_id: "1c/6d...".
 */
static void forge(const char *file, const char *build_id)
{
	char path[256];
	int in = open(file, O_RDONLY | O_CLOEXEC);

	torture_check(!setgid(NOBODY) && !setuid(NOBODY), "setuid");
	prctl(PR_SET_DUMPABLE, 1);
	torture_check(!unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
	write_text("/proc/self/uid_map", "0 65534 1");
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/gid_map", "0 65534 1");
	torture_check(!mount("none", DEBUG_PATH, "tmpfs", 0, "mode=0755"), "mount");
	mkdir(DEBUG_PATH "/.build-id", 0755);
	snprintf(path, sizeof(path), DEBUG_PATH "/.build-id/%.2s", build_id);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), DEBUG_PATH "/.build-id/%s.debug", build_id);
	copy(in, path);
	close(in);
}

int main(int argc, char **argv)
{
	struct torture_heap heap = {.seed = 71};
	unsigned long value = 0;

	torture_prepare(argc, argv);
	if (torture_is("attacker")) {
		torture_check(argc > 4, "no forged file");
		forge(argv[3], argv[4]);
	}
	torture_ready();
	while (torture_go_on()) {
		for (int i = 0; i < 10; i++, value++)
			torture_check(forged_mix(value) == (0x1122334455667788ul ^ value),
				      "a result is wrong");
		torture_churn(&heap, 3);
		torture_rest(1000);
	}
	torture_clear(&heap);
	return torture_end();
}
