// SPDX-License-Identifier: GPL-2.0-only
/* The inventory of threads, and how they are told apart in reports. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "inventory/inventory_private.h"

struct thread {
	struct seep_object_key key;
	struct seep_thread_object object;
};

/* By process, the oldest first. */
struct seep_thread_list {
	size_t count;
	size_t capacity;
	struct thread *threads;
};

void seep_inventory_forget_threads(struct seep_inventory *inventory)
{
	if (!inventory->threads)
		return;
	free(inventory->threads->threads);
	free(inventory->threads);
	inventory->threads = NULL;
}

/* --- the list ---------------------------------------------------------------------------------- */

static int add_thread(void *context, const struct seep_object_key *key,
		      const struct seep_thread_object *object)
{
	struct seep_thread_list *list = context;
	size_t capacity = list->capacity ? 2 * list->capacity : 256;
	struct thread *threads;

	if (list->count == list->capacity) {
		threads = reallocarray(list->threads, capacity, sizeof(*threads));
		if (!threads)
			return -ENOMEM;
		list->threads = threads;
		list->capacity = capacity;
	}
	list->threads[list->count++] = (struct thread){*key, *object};
	return 0;
}

static int compare_threads(const void *left, const void *right)
{
	const struct thread *a = left, *b = right;

	if (a->key.process != b->key.process)
		return a->key.process < b->key.process ? -1 : 1;
	return (a->object.object.made_ns > b->object.object.made_ns) -
	       (a->object.object.made_ns < b->object.object.made_ns);
}

/* Once for a report: one pass over all of them serves all processes. */
static int read_list(struct seep_inventory *inventory)
{
	int error;

	if (inventory->threads)
		return 0;
	inventory->threads = calloc(1, sizeof(*inventory->threads));
	if (!inventory->threads)
		return -ENOMEM;
	error = seep_kernel_each_thread(inventory->kernel, add_thread, inventory->threads);
	if (error) {
		seep_inventory_forget_threads(inventory);
		return error;
	}
	if (inventory->threads->count)
		qsort(inventory->threads->threads, inventory->threads->count, sizeof(struct thread),
		      compare_threads);
	return 0;
}

/* Where the threads of @process begin. */
static size_t first_of(const struct seep_thread_list *list, uint32_t process)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->threads[middle].key.process < process)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- notes ------------------------------------------------------------------------------------- */

static const char *group_of(const struct seep_thread_object *object)
{
	if (object->state & SEEP_THREAD_ENDED)
		return "exited but not joined";
	return object->state & SEEP_THREAD_DETACHED ? "detached" : "running";
}

/* Its name: the kernel's, or that which it ended with. */
static void append_comm(struct seep_buffer *text, pid_t pid, const struct thread *thread)
{
	SEEP_AUTO_BUFFER struct seep_buffer comm = SEEP_BUFFER_INIT;
	char path[64];

	if (thread->object.state & SEEP_THREAD_ENDED) {
		seep_buffer_printf(text, " %.*s", SEEP_COMM_BYTES, thread->object.comm);
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/task/%" PRIu32 "/comm", pid,
		 SEEP_THREAD_TID(thread->key.id));
	if (seep_file_read_at(AT_FDCWD, path, 64, &comm))
		return;
	seep_buffer_printf(text, " %.*s", (int)strcspn(comm.data, "\n"), comm.data);
}

/* The function that it began with, as stacks have it. */
static void append_start(struct seep_buffer *text, const struct seep_inventory *inventory,
			 const struct thread *thread)
{
	const struct seep_location *location;
	const char *function, *slash;

	if (!thread->object.start)
		return;
	location = seep_symbolizer_resolve(inventory->symbolizer, thread->key.process,
					   thread->object.start);
	function = seep_location_function(location)->function;
	seep_buffer_puts(text, ", begun in ");
	if (function) {
		seep_buffer_puts(text, function);
		return;
	}
	if (location->module) {
		slash = strrchr(location->module, '/');
		seep_buffer_printf(text, "%s+", slash ? slash + 1 : location->module);
	}
	seep_buffer_printf(text, "0x%" PRIx64, location->offset);
}

static void append_example(struct seep_buffer *text, const struct seep_inventory *inventory,
			   pid_t pid, const struct thread *thread)
{
	uint64_t now_ns = seep_clock_monotonic_ns(), made_ns = thread->object.object.made_ns;
	char unit[SEEP_UNIT_MAX];

	seep_buffer_printf(text, "thread %" PRIu32, SEEP_THREAD_TID(thread->key.id));
	append_comm(text, pid, thread);
	seep_buffer_printf(text, ", %s old",
			   seep_format_duration(unit, now_ns > made_ns ? now_ns - made_ns : 0));
	append_start(text, inventory, thread);
	if (thread->object.object.bytes)
		seep_buffer_printf(text, ", %s of stack",
				   seep_format_bytes(unit, thread->object.object.bytes));
}

static void note_thread(struct seep_inventory *inventory, pid_t pid, const struct thread *thread)
{
	SEEP_AUTO_BUFFER struct seep_buffer example = SEEP_BUFFER_INIT;
	struct seep_site_key site = {
		.stack = thread->object.object.stack,
		.process = thread->key.process,
		.kind = SEEP_KIND_THREAD,
	};
	bool wanted = seep_inventory_wants_example(inventory, &site);

	if (wanted)
		append_example(&example, inventory, pid, thread);
	seep_inventory_note(inventory, &site, group_of(&thread->object),
			    thread->object.object.bytes,
			    wanted && !example.error ? example.data : NULL);
}

/* --- the inventory -------------------------------------------------------------------------------- */

/* The kernel tells of the end of a thread before it forgets it: one that is gone has been told of. */
static bool is_gone(pid_t pid, const struct thread *thread)
{
	return !(thread->object.state & SEEP_THREAD_ENDED) &&
	       syscall(SYS_tgkill, pid, SEEP_THREAD_TID(thread->key.id), 0) < 0 && errno == ESRCH;
}

static int look_at_threads(struct seep_inventory *inventory, pid_t pid, uint32_t process)
{
	const struct seep_thread_list *list = inventory->threads;
	int error = 0;

	for (size_t i = first_of(list, process);
	     i < list->count && list->threads[i].key.process == process && !error; i++) {
		if (is_gone(pid, &list->threads[i]))
			error = seep_kernel_drop_thread(inventory->kernel, &list->threads[i].key);
		else
			note_thread(inventory, pid, &list->threads[i]);
	}
	return error;
}

int seep_inventory_take_threads(struct seep_inventory *inventory, pid_t pid, uint32_t process,
				bool first)
{
	uint32_t added = 0;
	int error = seep_kernel_count_threads(inventory->kernel, pid, process, first, &added);

	/* With threads that come and go so fast, the next report will know of the others. */
	if ((error && error != -EAGAIN) || first)
		return error;
	if (added || error)
		seep_inventory_forget_threads(inventory);
	error = read_list(inventory);
	return error ? error : look_at_threads(inventory, pid, process);
}
