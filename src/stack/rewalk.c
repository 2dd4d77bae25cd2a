// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walking late. Copies come as events (seep_rewalk_add), are walked after each drain
 * (seep_rewalk_run) and are dropped when they are whole, when nothing can help them any more, or
 * after PATIENCE_NS. At most MAX_COPIES copies wait, 20 KiB each; the oldest makes room. A walk
 * takes the same steps as in BPF (bpf/unwind_step.h), so it is bounded by SEEP_MAX_FRAMES and by
 * the copied bytes of the stack.
 */
#include "stack/rewalk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/address_space.h"
#include "kernel/processes.h"
#include "kernel/rewalk.h"
#include "proc/maps.h"
#include "seep/passes.h"

/* Copies that wait for a table: 20 KiB each at the most. */
#define MAX_COPIES 256

/* A table takes some milliseconds, that of the largest libraries 150. */
#define PATIENCE_NS (2 * SEEP_NS_PER_S)

struct copy {
	struct seep_copy_event *event;
	pid_t pid;
	bool announced; /* the files of its process were, on its behalf */
	struct copy *prev;
	struct copy *next;
};

/* A file that BPF has met, by its inode: its id is what frames of it begin with. */
struct file {
	struct seep_inode inode;
	uint32_t id;
	UT_hash_handle hh;
};

struct seep_rewalk {
	struct seep_kernel *kernel;
	struct seep_stacks *stacks;
	/* Tells which inode BPF sees for one that /proc/PID/maps shows (probe/inodes.h). */
	const struct seep_files *known;
	struct file *files;
	struct copy *copies;
	size_t num_copies;
	/* Of the process that was walked last, in this run. */
	uint32_t process;
	struct seep_maps maps;
	/*
	 * How many stacks had this end in BPF, and have this one now that they were walked again.
	 */
	uint64_t moved_from[SEEP_END_COUNT];
	uint64_t moved_to[SEEP_END_COUNT];
	/* Of the walk that is being made. */
	uint64_t frames[SEEP_MAX_FRAMES];
};

int seep_rewalk_new(struct seep_kernel *kernel, struct seep_stacks *stacks,
		    const struct seep_files *files, struct seep_rewalk **ret_rewalk)
{
	struct seep_rewalk *rewalk = calloc(1, sizeof(*rewalk));

	if (!rewalk)
		return -ENOMEM;
	rewalk->kernel = kernel;
	rewalk->stacks = stacks;
	rewalk->known = files;
	*ret_rewalk = rewalk;
	return 0;
}

static void drop(struct seep_rewalk *rewalk, struct copy *copy)
{
	DL_DELETE(rewalk->copies, copy);
	rewalk->num_copies--;
	free(copy->event);
	free(copy);
}

void seep_rewalk_free(struct seep_rewalk *rewalk)
{
	struct file *file, *next;

	if (!rewalk)
		return;
	while (rewalk->copies)
		drop(rewalk, rewalk->copies);
	HASH_ITER(hh, rewalk->files, file, next) {
		HASH_DEL(rewalk->files, file);
		free(file);
	}
	seep_maps_done(&rewalk->maps);
	free(rewalk);
}

static struct file *find_file(const struct seep_rewalk *rewalk, const struct seep_inode *inode)
{
	struct file *file;

	HASH_FIND(hh, rewalk->files, inode, sizeof(*inode), file);
	return file;
}

/* The file of a mapping, NULL if BPF has not met it. */
static struct file *find_mapped(const struct seep_rewalk *rewalk,
				const struct seep_mapping *mapping)
{
	struct seep_inode shown = {mapping->dev_major, mapping->dev_minor, mapping->inode};
	const struct seep_file *known = seep_files_find(rewalk->known, &shown);

	return find_file(rewalk, known ? &known->inode : &shown);
}

int seep_rewalk_add_file(struct seep_rewalk *rewalk, const struct seep_file_event *event)
{
	struct seep_inode inode = seep_inode_of_event(event);
	struct file *file = find_file(rewalk, &inode);

	if (!file) {
		file = calloc(1, sizeof(*file));
		if (!file)
			return -ENOMEM;
		file->inode = inode;
		HASH_ADD(hh, rewalk->files, inode, sizeof(file->inode), file);
	}
	file->id = event->file;
	return 0;
}

int seep_rewalk_add(struct seep_rewalk *rewalk, pid_t pid, const struct seep_copy_event *event)
{
	size_t size = offsetof(struct seep_copy_event, stack) + event->stack_bytes;
	struct copy *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	copy->event = malloc(size);
	if (!copy->event) {
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy->event, event, size);
	copy->pid = pid;
	/* The list is in the order of arrival: the first one has waited longest. */
	if (rewalk->num_copies == MAX_COPIES)
		drop(rewalk, rewalk->copies);
	DL_APPEND(rewalk->copies, copy);
	rewalk->num_copies++;
	return 0;
}

/* What became of one copy. */
enum outcome {
	OUTCOME_DONE,	 /* it is walked, or never will be */
	OUTCOME_LATER,	 /* a table is missing */
	OUTCOME_UNKNOWN, /* it comes through a file that BPF has not met */
};

/* One reading of /proc/PID/maps per process and run; no mappings if the process is gone. */
static const struct seep_maps *maps_of(struct seep_rewalk *rewalk, const struct copy *copy)
{
	if (rewalk->process == copy->event->process)
		return &rewalk->maps;
	seep_maps_done(&rewalk->maps);
	rewalk->maps = (struct seep_maps){0};
	rewalk->process = copy->event->process;
	if (seep_maps_read(copy->pid, &rewalk->maps))
		rewalk->maps = (struct seep_maps){0};
	return &rewalk->maps;
}

/* The frame at @address by what BPF saw there last, when nothing is mapped there any more. */
static int find_frame_before(struct seep_rewalk *rewalk, const struct copy *copy, uint64_t address,
			     uint64_t *ret_frame)
{
	struct seep_mapping_value mapping;

	if (seep_kernel_get_mapping(rewalk->kernel, copy->event->process, address, &mapping) ||
	    !mapping.executable || address < mapping.start || address >= mapping.end)
		return -ENOENT;
	*ret_frame = mapping.file ? SEEP_FRAME(mapping.file, address - mapping.delta) :
				    SEEP_FRAME_RAW | address;
	return 0;
}

/* Is there a file on either side of the anonymous mapping? Then it may be text that was moved
 * there. */
static bool is_beside_file(const struct seep_maps *maps, const struct seep_mapping *mapping)
{
	const struct seep_mapping *end = maps->mappings + maps->num_mappings;

	return (mapping > maps->mappings && mapping[-1].inode &&
		mapping[-1].end == mapping->start) ||
	       (mapping + 1 < end && mapping[1].inode && mapping[1].start == mapping->end);
}

/*
 * The frame at @address of the process, outside of what BPF has told: by what is mapped now. That
 * may not be what was mapped then; but then the walk does not come to the first function of the
 * thread. 0; -ENOENT if no code is there; -EAGAIN for code of a file that BPF has not met.
 */
static int find_frame(struct seep_rewalk *rewalk, const struct copy *copy, uint64_t address,
		      uint64_t *ret_frame)
{
	const struct seep_mapping *mapping = seep_maps_find(maps_of(rewalk, copy), address);
	const struct file *file;

	if (!mapping || !mapping->executable)
		return find_frame_before(rewalk, copy, address, ret_frame);
	if (strcmp(mapping->path, "[vdso]") == 0) {
		*ret_frame = SEEP_FRAME(SEEP_FILE_VDSO, address - mapping->start);
		return 0;
	}
	if (!mapping->inode) {
		if (find_frame_before(rewalk, copy, address, ret_frame) == 0)
			return 0;
		/* BPF will say what it is, at the next walk that comes there. */
		if (is_beside_file(maps_of(rewalk, copy), mapping))
			return -EAGAIN;
		*ret_frame = SEEP_FRAME_RAW | address;
		return 0;
	}
	file = find_mapped(rewalk, mapping);
	if (!file)
		return -EAGAIN;
	*ret_frame = SEEP_FRAME(file->id, address - mapping->start + mapping->offset);
	return 0;
}

/* The frame with this number: as BPF found it, as far as it came. As find_frame. */
static int frame_at(struct seep_rewalk *rewalk, const struct copy *copy, size_t number,
		    uint64_t address, uint64_t *ret_frame)
{
	const struct seep_copy_event *event = copy->event;

	if (number < event->num_frames) {
		*ret_frame = event->frames[number];
		return 0;
	}
	/*
	 * BPF stopped in a mapping that it knew (start, limit, delta) because only the table was
	 * missing: the next frame may be in the same mapping.
	 */
	if (event->end == SEEP_END_NO_TABLE && event->num_frames > event->num_given &&
	    address >= event->start && address < event->limit) {
		*ret_frame = SEEP_FRAME(SEEP_FRAME_FILE(event->frames[event->num_frames - 1]),
					address - event->delta);
		return 0;
	}
	return find_frame(rewalk, copy, address, ret_frame);
}

/* Is the stack as far as it could ever be followed? Then it may take the place of BPF's. */
static bool is_final(int end)
{
	return end == SEEP_END_COMPLETE || end == SEEP_END_JIT || end == SEEP_END_DEPTH ||
	       end == SEEP_END_FRAME_POINTER || end == SEEP_END_NO_CFI;
}

/* Walks the copy, whose stack the kernel has. Its frames go to rewalk->frames. The end or -EAGAIN.
 */
static int walk(struct seep_rewalk *rewalk, const struct copy *copy, size_t *ret_num_frames)
{
	const struct seep_copy_event *event = copy->event;
	struct seep_rewalk_pass pass = {
		.stack_start = event->registers.sp,
		.stack_bytes = event->stack_bytes,
		.pc = event->registers.ip,
		.sp = event->registers.sp,
		.fp = event->registers.bp,
		.bx = event->registers.bx,
		.process = event->process,
	};
	/* Given frames are the function that was called: the registers are those of its caller. */
	size_t count = event->num_given;
	int error;

	memcpy(rewalk->frames, event->frames, count * sizeof(*rewalk->frames));
	do {
		if (count == SEEP_MAX_FRAMES)
			return SEEP_END_DEPTH;
		/* A return address is looked up one byte before: the call may end its function. */
		error = frame_at(rewalk, copy, count, pass.pc - !pass.exact,
				 &rewalk->frames[count]);
		if (error == -EAGAIN)
			return error;
		if (error)
			/*
			 * After a guessed step by frame pointers a wrong address ends the guess; no
			 * mapping is missing.
			 */
			return pass.guessed ? SEEP_END_FRAME_POINTER : SEEP_END_NO_MAPPING;
		pass.frame = rewalk->frames[count++];
		if (seep_kernel_rewalk_step(rewalk->kernel, &pass))
			return SEEP_END_READ;
		*ret_num_frames = count;
	} while (pass.result == SEEP_REWALK_NEXT);
	return pass.result;
}

/* Walks one copy and, if it came to a final end, puts the result in the place of BPF's stack. */
static enum outcome walk_copy(struct seep_rewalk *rewalk, const struct copy *copy)
{
	const struct seep_copy_event *event = copy->event;
	size_t num_frames = 0;
	int end;

	seep_kernel_rewalk_begin(rewalk->kernel, event->stack, event->stack_bytes);
	end = walk(rewalk, copy, &num_frames);
	if (end == -EAGAIN)
		return OUTCOME_UNKNOWN;
	if (end == SEEP_END_NO_TABLE)
		return OUTCOME_LATER;
	/* What is mapped now is not what was mapped then: another library may be there. */
	if (event->end == SEEP_END_BUSY &&
	    event->library_changes !=
		    seep_kernel_library_changes(rewalk->kernel, SEEP_PROCESS_SLOT(event->process)))
		return OUTCOME_DONE;
	if (!is_final(end)) {
		seep_debug("the copy of a stack of process %d cannot be walked: %s", copy->pid,
			   seep_end_key((enum seep_end)end));
		return OUTCOME_DONE;
	}
	if (seep_stacks_resolve(rewalk->stacks, event->hash, rewalk->frames, num_frames,
				(enum seep_end)end))
		return OUTCOME_DONE;
	rewalk->moved_from[event->end]++;
	rewalk->moved_to[end]++;
	return OUTCOME_DONE;
}

/*
 * Each copy is walked from its beginning; one without a result stays for the next run. Copies of a
 * process that was announced in this run stay, too: its files come with the next drain.
 */
bool seep_rewalk_run(struct seep_rewalk *rewalk,
		     void (*announce)(void *context, pid_t pid, uint32_t process), void *context)
{
	uint64_t now_ns = seep_clock_monotonic_ns();
	struct copy *copy, *next;
	uint32_t announced = 0;
	bool again = false;

	DL_FOREACH_SAFE(rewalk->copies, copy, next)
	{
		enum outcome outcome = walk_copy(rewalk, copy);

		/*
		 * Announcing is tried once for each copy: files that BPF cannot meet then would be
		 * asked for in every run.
		 */
		if (outcome == OUTCOME_UNKNOWN && announce && !copy->announced) {
			if (announced != copy->event->process)
				announce(context, copy->pid, copy->event->process);
			announced = copy->event->process;
			copy->announced = true;
			again = true;
		} else if (outcome == OUTCOME_DONE || now_ns - copy->event->time_ns > PATIENCE_NS) {
			drop(rewalk, copy);
		}
	}
	rewalk->process = 0; /* the next run looks at what is mapped then */
	return again;
}

void seep_rewalk_correct(const struct seep_rewalk *rewalk, uint64_t ends[SEEP_END_COUNT])
{
	for (int i = 0; i < SEEP_END_COUNT; i++)
		ends[i] += rewalk->moved_to[i] - rewalk->moved_from[i];
}
