// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "trace/kernel_private.h"

/* Puts the records together of which an iterator gives pieces. */
struct fd_reader {
	seep_fd_fn fn;
	void *context;
	size_t length; /* bytes in record */
	struct seep_fd_record record;
};

static int read_piece(void *context, const void *data, size_t size)
{
	struct fd_reader *reader = context;
	const char *piece = data;

	while (size) {
		size_t room = sizeof(reader->record) - reader->length;
		size_t part = size < room ? size : room;
		int stop;

		memcpy((char *)&reader->record + reader->length, piece, part);
		reader->length += part;
		piece += part;
		size -= part;
		if (reader->length < sizeof(reader->record))
			break;
		reader->length = 0;
		stop = reader->fn(reader->context, &reader->record);
		if (stop)
			return stop;
	}
	return 0;
}

static int run_fds_count(struct seep_kernel *kernel, pid_t pid, const struct seep_fds_pass *pass,
			 struct fd_reader *reader)
{
	kernel->skeleton->bss->fds_pass = *pass;
	return seep_kernel_iterate(kernel->skeleton->progs.fds_count, pid, read_piece, reader);
}

int seep_kernel_count_fds(struct seep_kernel *kernel, pid_t pid, uint32_t process, bool first,
			  seep_fd_fn fn, void *context)
{
	struct fd_reader reader = {.fn = fn, .context = context};
	struct seep_fds_pass pass = {
		.number = ++kernel->census_number,
		.start_ns = seep_clock_monotonic_ns(),
		.process = process,
		.first = first,
		.describe = first && fn,
	};
	struct seep_fds_pass again = pass;
	int error = run_fds_count(kernel, pid, &pass, &reader);

	if (error || first)
		return error;
	/* What both find the same is so: it was not in the middle of being opened or closed. */
	again.number = ++kernel->census_number;
	again.describe = fn != NULL;
	error = run_fds_count(kernel, pid, &again, &reader);
	if (error)
		return error;
	return seep_kernel_run_pass(kernel->skeleton->progs.fds_sweep, &pass, sizeof(pass));
}
