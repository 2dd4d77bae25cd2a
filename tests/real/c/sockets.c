// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client and a server in one. "leak": poll_backend() forgets its socket, 4/s. "healthy": it
 * closes it.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void poll_backend(int leak)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		_exit(1);
	if (write(ends[0], "PING", 4) != 4)
		_exit(1);
	close(ends[1]);
	if (!leak)
		close(ends[0]);
}

int main(int argc, char **argv)
{
	int leak = argc > 1 && !strcmp(argv[1], "leak");

	for (;; usleep(250000))
		poll_backend(leak);
}
