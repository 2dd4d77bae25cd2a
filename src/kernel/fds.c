// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inventory of descriptors: passes of the iterator fds_count over the table of the process,
 * then one pass of fds_sweep over the known descriptors, which releases those that no pass has
 * found. Up to SEEP_FD_LOOKS passes with pauses between them, which add up to 31 ms.
 */
#include "kernel/fds.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "kernel/kernel_private.h"

/* The first pause, 1 ms; the fifth is 16 ms. */
#define LOOK_PAUSE_NS 1000000

/* Puts records together from the pieces that an iterator gives. */
struct fd_reader {
	seep_fd_fn fn;
	void *context;
	size_t length; /* bytes in record */
	struct seep_fd_record record;
};

/* Records are passed on when they are complete. What @fn returns other than 0 ends the walk. */
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

/* One pass. @reader NULL: describe nothing. */
static int run_fds_count(struct seep_kernel *kernel, pid_t pid, struct seep_fds_pass *pass,
			 struct fd_reader *reader)
{
	int error;

	pass->number = ++kernel->inventory_number;
	pass->describe = reader != NULL;
	pass->num_uncertain = 0;
	/* Iterators have no argument: theirs is a variable in .bss, which is mapped memory. */
	kernel->skeleton->bss->fds_pass = *pass;
	error = seep_kernel_iterate(kernel->skeleton->progs.fds_count, pid,
				    reader ? read_piece : NULL, reader);
	pass->num_uncertain = kernel->skeleton->bss->fds_pass.num_uncertain;
	return error;
}

/*
 * Time for a system call that is halfway to return. Mostly it has returned at once; a thread that
 * was preempted there needs longer, so each pause is twice the last.
 */
static void pause_after(int look)
{
	const struct timespec pause = {.tv_nsec = LOOK_PAUSE_NS << (look - 1)};

	nanosleep(&pause, NULL);
}

/*
 * Repeats the pass until nothing is uncertain, or what was uncertain in the first pass is certain.
 * 0 or -errno.
 */
static int look_again(struct seep_kernel *kernel, pid_t pid, struct seep_fds_pass *pass)
{
	int error = 0;

	for (int i = 1; i < SEEP_FD_LOOKS && pass->num_uncertain && !error; i++) {
		pause_after(i);
		error = run_fds_count(kernel, pid, pass, NULL);
	}
	return error;
}

int seep_kernel_count_fds(struct seep_kernel *kernel, pid_t pid, uint32_t process, bool first,
			  seep_fd_fn fn, void *context)
{
	struct fd_reader reader = {.fn = fn, .context = context};
	struct seep_fds_pass pass = {
		.start_ns = seep_clock_monotonic_ns(),
		.process = process,
		.first = first,
	};
	uint64_t first_number;
	int error = run_fds_count(kernel, pid, &pass, NULL);

	first_number = pass.number;
	if (!error && !first)
		error = look_again(kernel, pid, &pass);
	/*
	 * Descriptions are made in a pass of their own, when everything that can be known is known.
	 */
	if (!error && fn)
		error = run_fds_count(kernel, pid, &pass, &reader);
	if (error || first)
		return error;
	/* Found by any of the passes is enough: the sweep takes the number of the first one. */
	pass.number = first_number;
	return seep_kernel_run_pass(kernel->skeleton->progs.fds_sweep, &pass, sizeof(pass));
}
