// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that give up what they may: another user and group, no capabilities, not dumpable,
 * locked memory, another root, namespaces of their own. Half a second after READY, so that in most
 * cycles it happens while seep attaches or traces; then they work on.
 *
 * Checked are the blocks and that the change has taken place. Bounded by one change.
 */
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "torture.h"

#define NOBODY 65534

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	torture_check(!syscall(SYS_capset, &header, none), "capset");
	torture_check(chroot("/proc") < 0 && errno == EPERM, "capabilities are left");
}

static void change_user(void)
{
	torture_check(!setgroups(0, NULL) && !setgid(NOBODY) && !setuid(NOBODY), "setuid");
	torture_check(setuid(0) < 0, "root again");
}

static void change(void)
{
	if (torture_is("setuid"))
		change_user();
	else if (torture_is("capabilities"))
		drop_capabilities();
	else if (torture_is("dumpable"))
		torture_check(!prctl(PR_SET_DUMPABLE, 0), "PR_SET_DUMPABLE");
	else if (torture_is("locked"))
		torture_check(!mlockall(MCL_CURRENT), "mlockall");
	else if (torture_is("chroot"))
		torture_check(!chdir("/proc/self/fdinfo") && !chroot("."), "chroot");
	else if (torture_is("namespaces"))
		torture_check(!unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
				       CLONE_FILES | CLONE_FS),
			      "unshare");
	else if (torture_is("user_namespace"))
		torture_check(!unshare(CLONE_NEWUSER), "unshare");
	else
		torture_harmed("no such case");
}

/* In a new PID namespace the first child is its process 1. */
static void run_child(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct torture_heap heap = {.seed = 3};

		torture_churn(&heap, 50);
		torture_clear(&heap);
		_exit(0);
	}
	torture_check(pid > 0 && waitpid(pid, &status, 0) == pid && !status, "a child was harmed");
}

int main(int argc, char **argv)
{
	struct torture_heap heap = {.seed = 11};

	torture_prepare(argc, argv);
	torture_ready();
	while (torture_go_on()) {
		if (torture_rounds == 250)
			change();
		if (torture_is("namespaces") && torture_rounds == 300)
			run_child();
		torture_churn(&heap, 5);
		torture_rest(1000);
	}
	torture_clear(&heap);
	return torture_end();
}
