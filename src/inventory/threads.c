// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inventory of threads: has the kernel count those of a process (kernel/threads.h), releases
 * those that are gone without having been seen to end, and notes the others: running, detached, or
 * ended and waiting to be joined.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "inventory/inventory_private.h"
#include "kernel/threads.h"
#include "measure/measurements.h"

/* An element of the list of threads (struct seep_live_object, and the rest). */
struct thread {
	struct seep_object_key key;
	struct seep_thread_object object;
};

/* A thread that has ended and is still known waits for its join. */
static const char *group_of(const struct seep_thread_object *object)
{
	if (object->state & SEEP_THREAD_ENDED)
		return SEEP_GROUP_EXITED;
	return object->state & SEEP_THREAD_DETACHED ? "detached" : "running";
}

/* Its name: from the kernel, or what it was when the thread ended. */
static void append_comm(struct seep_buffer *text, pid_t pid, const struct thread *thread)
{
	SEEP_AUTO_BUFFER struct seep_buffer comm = SEEP_BUFFER_INIT;
	char path[64];

	/* Its directory in /proc is gone; BPF has kept the name. */
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

/* Its start function, as stacks have it. */
static void append_start(struct seep_buffer *text, const struct seep_inventory *inventory,
			 const struct thread *thread)
{
	const struct seep_location *location;
	const char *function, *slash;

	if (!thread->object.start)
		return;
	/* A file and an offset, as in the frames of stacks; the name if there are symbols. */
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

/* As "thread 1234 worker, 5 min old, begun in serve, 8 MiB of stack". */
static void append_example(struct seep_buffer *text, const struct seep_inventory *inventory,
			   pid_t pid, const struct thread *thread)
{
	uint64_t now_ns = seep_clock_monotonic_ns(), created_ns = thread->object.object.created_ns;
	char unit[SEEP_UNIT_MAX];

	seep_buffer_printf(text, "thread %" PRIu32, SEEP_THREAD_TID(thread->key.id));
	append_comm(text, pid, thread);
	seep_buffer_printf(text, ", %s old",
			   seep_format_duration(unit,
						now_ns > created_ns ? now_ns - created_ns : 0));
	append_start(text, inventory, thread);
	/* 0: the size of its stack is not known. */
	if (thread->object.object.bytes)
		seep_buffer_printf(text, ", %s of stack",
				   seep_format_bytes(unit, thread->object.object.bytes));
}

/* An example is made only if it will be kept: names and symbols cost system calls. */
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

/*
 * Is the thread gone although its end was not seen? thread_end runs before the kernel forgets a
 * thread, so one that is missing and not marked as ended was missed. Signal 0 sends nothing
 * (kill(2)); only ESRCH says that the thread is not there.
 */
static bool is_gone(pid_t pid, const struct thread *thread)
{
	return !(thread->object.state & SEEP_THREAD_ENDED) &&
	       syscall(SYS_tgkill, pid, SEEP_THREAD_TID(thread->key.id), 0) < 0 && errno == ESRCH;
}

/* The oldest first, so that the examples of a leak are from its beginning. */
static int look_at_threads(struct seep_inventory *inventory, pid_t pid, uint32_t process)
{
	const struct seep_object_list *threads;
	const struct seep_live_object *object;
	int error = seep_inventory_objects(inventory, SEEP_KIND_THREAD, seep_live_object_by_age,
					   &threads);

	if (error)
		return error;
	for (size_t i = 0; !error && (object = seep_object_list_get(threads, process, i)); i++) {
		/*
		 * Elements of this kind's list are whole struct seep_thread_object; see
		 * inventory/objects.h.
		 */
		const struct thread *thread = (const void *)object;

		if (is_gone(pid, thread))
			error = seep_kernel_drop_thread(inventory->kernel, &thread->key);
		else
			note_thread(inventory, pid, thread);
	}
	return error;
}

int seep_inventory_take_threads(struct seep_inventory *inventory, pid_t pid, uint32_t process,
				bool first)
{
	uint32_t added = 0;
	/* Order: what is unknown becomes known, then the known ones are looked at and noted. */
	int error = seep_kernel_count_threads(inventory->kernel, pid, process, first, &added);

	/* -EAGAIN: threads come and go so fast that the next report finds the others. */
	if ((error && error != -EAGAIN) || first)
		return error;
	/* The list of objects may have been read for this report before: without the new ones. */
	if (added || error)
		seep_inventory_forget(inventory, SEEP_KIND_THREAD);
	return look_at_threads(inventory, pid, process);
}
