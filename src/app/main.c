// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/options.h"
#include "base/log.h"

/* A block of this size or more gets a mapping of its own from glibc, and is unmapped by free. */
#define MMAP_THRESHOLD_BYTES (256 << 10)

static const struct seep_command *const commands[] = {
#define COMMAND(id, name) &seep_command_##name,
	SEEP_COMMANDS(COMMAND)
#undef COMMAND
};

static void print_help(FILE *stream)
{
	fputs("seep - says which code path of a running process leaks memory, threads or descriptors\n\n"
	      "Usage: seep COMMAND [options]\n\nCommands:\n",
	      stream);
	for (size_t i = 0; i < SEEP_COMMAND_COUNT; i++)
		fprintf(stream, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nseep COMMAND --help tells more. seep --version prints the version.\n", stream);
}

/*
 * A file that is opened while one of these is closed gets its number, and what is meant for
 * standard output is written into it.
 */
static int open_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* The lowest number that is free. */
		if (open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
			return -EBADF;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (open_standard_descriptors())
		return SEEP_EXIT_FAILED;
	/*
	 * What is read of large files goes back to the system at once, however often it was needed.
	 */
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
	if (argc < 2) {
		print_help(stderr);
		return SEEP_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return SEEP_EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("seep " SEEP_VERSION);
		return SEEP_EXIT_OK;
	}
	for (size_t i = 0; i < SEEP_COMMAND_COUNT; i++) {
		if (strcmp(argv[1], commands[i]->name) == 0)
			/* The command finds its own name in argv[0], as getopt_long wants it. */
			return seep_options_run(commands[i], argc - 1, argv + 1);
	}
	seep_error("unknown command \"%s\"; see: seep --help", argv[1]);
	return SEEP_EXIT_USAGE;
}
