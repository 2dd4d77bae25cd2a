// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starts a command again and again and wants exit status 0 of it each time: programs that
 * translate code (valgrind, qemu-user), debuggers, and whatever else starts while a trace of the
 * machine begins and ends.
 *
 * Called with the command after the limit: starter CASE SECONDS COMMAND... Bounded by one child.
 */
#include <sys/wait.h>

#include "torture.h"

static void run(char **command)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	torture_check(pid > 0 && waitpid(pid, &status, 0) == pid, "no child");
	if (status)
		dprintf(STDERR_FILENO, "%s: wait status %#x\n", command[0], (unsigned int)status);
	torture_check(!status, "a command was harmed");
}

int main(int argc, char **argv)
{
	torture_prepare(argc, argv);
	torture_check(argc > 3, "no command");
	torture_ready();
	while (torture_go_on())
		run(argv + 3);
	return torture_end();
}
