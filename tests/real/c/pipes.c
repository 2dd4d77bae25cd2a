// SPDX-License-Identifier: GPL-2.0-only
/* leak: run_filter() starts a child and closes one end of its pipe, but not the other, 2/s */
#include <sys/wait.h>
#include <unistd.h>

static void run_filter(void)
{
	char answer[8];
	int ends[2];
	pid_t child;

	if (pipe(ends))
		_exit(1);
	child = fork();
	if (!child)
		_exit(write(ends[1], "done", 4) != 4);
	close(ends[1]);
	if (read(ends[0], answer, sizeof(answer)) != 4)
		_exit(1);
	waitpid(child, NULL, 0);
}

int main(void)
{
	for (;; usleep(500000))
		run_filter();
}
