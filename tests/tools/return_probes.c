// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody else's tracer: puts empty return probes on functions of a process's main program, so
 * that the return addresses on its stacks are replaced. Says "attached" and keeps them until it is
 * ended. Usage: return_probes PID FUNCTION...
 */
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/features.skel.h"
#include "elf/functions.h"
#include "elf/image.h"
#include "kernel/attach.h"

struct wanted {
	const char *name;
	uint64_t address; /* 0: not found */
};

static void die(const char *what)
{
	fprintf(stderr, "return_probes: %s\n", what);
	exit(1);
}

static int match(const struct seep_symbol *symbol, void *context)
{
	struct wanted *wanted = context;

	if (strcmp(symbol->name, wanted->name) == 0)
		wanted->address = symbol->address;
	return wanted->address != 0;
}

int main(int argc, char **argv)
{
	struct features_bpf *skeleton;
	struct seep_image *image;
	char path[64];
	int fd, fds[SEEP_ATTACH_FDS(1)];

	if (argc < 3)
		die("usage: return_probes PID FUNCTION...");
	snprintf(path, sizeof(path), "/proc/%s/exe", argv[1]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	skeleton = features_bpf__open_and_load();
	if (fd < 0 || seep_image_open(fd, &image) || !skeleton)
		die("cannot open the process's program, or load ours");
	for (int i = 2; i < argc; i++) {
		struct wanted wanted = {.name = argv[i]};
		uint64_t offset, cookie = 0;
		struct seep_attach_request request = {
			.program_fd = bpf_program__fd(skeleton->progs.empty_call),
			.variant = SEEP_ATTACH_PERF,
			.at_return = true,
			.pid = (pid_t)strtol(argv[1], NULL, 10),
			.file_fd = fd,
			.count = 1,
			.offsets = &offset,
			.cookies = &cookie,
		};

		seep_image_each_function(image, match, &wanted);
		if (!wanted.address ||
		    seep_image_address_to_offset(image, wanted.address, &offset) ||
		    seep_attach(&request, fds) < 0)
			die(argv[i]);
	}
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}
