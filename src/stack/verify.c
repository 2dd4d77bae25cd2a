// SPDX-License-Identifier: GPL-2.0-only
/*
 * The self-check: compares walks of BPF with walks of libdw. Called for each copied stack while the
 * ring buffer is drained; a round of checks takes at most MAX_ROUND_NS, what comes later is counted
 * as skipped. Keeps the executable mappings of each process that was checked, until it is reported
 * gone, and describes at most MAX_DESCRIBED disagreements.
 */
#include "stack/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "model/snapshot.h"
#include "proc/maps.h"
#include "stack/libdw_walk.h"

/* A round does not take longer, so that the loop serves timers, signals and the real events. */
#define MAX_ROUND_NS (100 * SEEP_NS_PER_MS)

/* Disagreements that are described with -v. */
#define MAX_DESCRIBED 5

/* A process whose stacks were checked, with its executable mappings. */
struct image {
	uint32_t id;
	pid_t pid;
	struct seep_maps maps;
	uint64_t first_ns; /* the mappings are as they are since then at the latest ... */
	uint64_t last_ns;  /* ... and were still so then */
	struct seep_libdw *libdw;
	UT_hash_handle hh;
};

/* One walk at a time: theirs and ours are the places of the stack that is being compared. */
struct seep_verifier {
	struct image *images;
	uint64_t round_end_ns;
	struct seep_verify_counts counts;
	struct seep_libdw_walk theirs;
	struct seep_place ours[SEEP_MAX_FRAMES];
	uint64_t inodes[SEEP_MAX_FILES]; /* by file id; 0: not known */
};

int seep_verifier_new(struct seep_verifier **ret_verifier)
{
	struct seep_verifier *verifier = calloc(1, sizeof(*verifier));

	if (!verifier)
		return -ENOMEM;
	*ret_verifier = verifier;
	return 0;
}

static void image_free(struct image *image)
{
	seep_libdw_free(image->libdw);
	seep_maps_done(&image->maps);
	free(image);
}

void seep_verifier_free(struct seep_verifier *verifier)
{
	struct image *image, *next;

	if (!verifier)
		return;
	HASH_ITER(hh, verifier->images, image, next) {
		HASH_DEL(verifier->images, image);
		image_free(image);
	}
	free(verifier);
}

int seep_verifier_add_file(struct seep_verifier *verifier, uint32_t file, uint64_t inode)
{
	if (file >= SEEP_MAX_FILES)
		return -ERANGE;
	/* The device is not kept: places are compared by inode and offset. */
	verifier->inodes[file] = inode;
	return 0;
}

void seep_verifier_begin(struct seep_verifier *verifier)
{
	if (verifier)
		verifier->round_end_ns = seep_clock_monotonic_ns() + MAX_ROUND_NS;
}

/* By process id, not PID: an exec makes another image. */
static struct image *image_find(const struct seep_verifier *verifier, uint32_t id)
{
	struct image *image;

	HASH_FIND(hh, verifier->images, &id, sizeof(id), image);
	return image;
}

void seep_verifier_forget(struct seep_verifier *verifier, uint32_t process)
{
	struct image *image = verifier ? image_find(verifier, process) : NULL;

	if (!image)
		return;
	HASH_DEL(verifier->images, image);
	image_free(image);
}

/* Looks at the mappings again. 0; -ESRCH if the process is gone; -errno. */
static int image_refresh(struct image *image)
{
	uint64_t before_ns = seep_clock_monotonic_ns();
	struct seep_libdw *libdw;
	struct seep_maps maps;
	int error = seep_maps_read(image->pid, &maps);

	if (error)
		return error;
	/*
	 * Opening the files again is what costs time, so libdw is kept as long as the code is the
	 * same.
	 */
	if (image->libdw && seep_libdw_is_current(image->libdw, &maps)) {
		seep_maps_done(&maps);
		image->last_ns = before_ns;
		return 0;
	}
	seep_libdw_free(image->libdw);
	seep_maps_done(&image->maps);
	image->libdw = NULL;
	image->maps = maps;
	error = seep_libdw_new(image->pid, &image->maps, &libdw);
	if (error)
		return error;
	image->libdw = libdw;
	/*
	 * Later than the reading of the mappings, as last_ns is earlier: a difference counts only
	 * for a stack from between the two.
	 */
	image->first_ns = seep_clock_monotonic_ns();
	image->last_ns = before_ns;
	return 0;
}

/* Without mappings yet: image_refresh reads them when a stack needs them. NULL without memory. */
static struct image *image_get(struct seep_verifier *verifier, uint32_t id, pid_t pid)
{
	struct image *image = image_find(verifier, id);

	if (image)
		return image;
	image = calloc(1, sizeof(*image));
	if (!image)
		return NULL;
	image->id = id;
	image->pid = pid;
	HASH_ADD(hh, verifier->images, id, sizeof(image->id), image);
	return image;
}

/* Puts a frame of BPF in the terms in which libdw's frames are compared: inode and file offset. */
static struct seep_place place_of_frame(const struct seep_verifier *verifier,
					const struct image *image, uint64_t frame)
{
	uint32_t file = SEEP_FRAME_FILE(frame);
	struct seep_place place = {SEEP_PLACE_UNKNOWN, SEEP_FRAME_OFFSET(frame)};

	/* In no file; or in one, when the table of files was full. */
	if (frame & SEEP_FRAME_RAW)
		return seep_place_of(&image->maps, frame & ~SEEP_FRAME_RAW);
	if (file == SEEP_FILE_VDSO)
		place.file = SEEP_PLACE_VDSO;
	else if (file < SEEP_MAX_FILES && verifier->inodes[file])
		place.file = verifier->inodes[file];
	return place;
}

/* BPF's walk without the function that was called: libdw begins at the return from it. */
static struct seep_unwound walk_of_event(struct seep_verifier *verifier, const struct image *image,
					 const struct seep_copy_event *event)
{
	struct seep_unwound walk = {
		.places = verifier->ours,
		.whole = event->end == SEEP_END_COMPLETE,
	};

	for (uint32_t i = event->num_given; i < event->num_frames; i++)
		verifier->ours[walk.count++] = place_of_frame(verifier, image, event->frames[i]);
	return walk;
}

/* The frame number @index of one side; nothing beyond its end, at the end how the walk ended. */
static void print_place(struct seep_buffer *text, const struct image *image,
			const struct seep_unwound *walk, size_t index)
{
	const struct seep_place *place = &walk->places[index];
	const char *path = "?";

	if (index >= walk->count) {
		seep_buffer_puts(text, index > walk->count ? "" :
				       walk->whole	   ? "(end)" :
							     "(gave up)");
		return;
	}
	for (size_t i = 0; i < image->maps.num_mappings; i++) {
		if (image->maps.mappings[i].inode == place->file)
			path = image->maps.mappings[i].path;
	}
	if (place->file == SEEP_PLACE_VDSO)
		path = "[vdso]";
	else if (place->file == SEEP_PLACE_RAW)
		path = "[none]";
	seep_buffer_printf(text, "%s+0x%llx", path, (unsigned long long)place->offset);
}

/* Both walks side by side, seep's on the left, one line more than the longer of them has frames. */
static void describe(const struct image *image, const struct seep_copy_event *event,
		     const struct seep_unwound *ours, const struct seep_unwound *theirs, size_t at)
{
	seep_debug("a stack of process %d differs at frame %zu (seep's end: %s; %u bytes copied)",
		   image->pid, at + 1,
		   event->end < SEEP_END_COUNT ? seep_end_key((enum seep_end)event->end) : "?",
		   event->stack_bytes);
	for (size_t i = 0; i <= ours->count || i <= theirs->count; i++) {
		SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;

		print_place(&line, image, ours, i);
		seep_buffer_puts(&line, "  |  ");
		print_place(&line, image, theirs, i);
		seep_debug("  %3zu  %s", i + 1, line.data);
	}
}

/* Walks the stack with libdw and compares; a difference is described, the first times. */
static enum seep_agreement compare(struct seep_verifier *verifier, const struct image *image,
				   const struct seep_copy_event *event)
{
	const struct seep_stack_copy copy = {
		.registers = &event->registers,
		.stack = event->stack,
		.stack_bytes = event->stack_bytes,
	};
	struct seep_unwound ours = walk_of_event(verifier, image, event);
	enum seep_agreement result;
	size_t at;

	seep_libdw_walk(image->libdw, &copy, &verifier->theirs);
	result = seep_unwound_compare(&ours, &verifier->theirs.walk, &at);
	/*
	 * Agreement is believed whatever was mapped: wrong mappings do not make two walks the same.
	 */
	if (result != SEEP_AGREEMENT_DIFFERENT)
		return result;
	/* Different code may have been mapped when the stack was walked: then this says nothing. */
	if (event->time_ns < image->first_ns || event->time_ns > image->last_ns)
		return SEEP_AGREEMENT_NONE;
	if (verifier->counts.counts[SEEP_AGREEMENT_DIFFERENT] < MAX_DESCRIBED)
		describe(image, event, &ours, &verifier->theirs.walk, at);
	return result;
}

void seep_verifier_check(struct seep_verifier *verifier, pid_t pid,
			 const struct seep_copy_event *event)
{
	enum seep_agreement result = SEEP_AGREEMENT_NONE;
	struct image *image;

	/* Not a result: neither agreement nor lack of evidence. */
	if (seep_clock_monotonic_ns() > verifier->round_end_ns) {
		verifier->counts.skipped++;
		return;
	}
	image = pid ? image_get(verifier, event->process, pid) : NULL;
	if (image) {
		/* A process that just ended may have been looked at before. */
		if (event->time_ns > image->last_ns)
			image_refresh(image);
		if (image->libdw)
			result = compare(verifier, image, event);
	}
	verifier->counts.counts[result]++;
}

const struct seep_verify_counts *seep_verifier_counts(const struct seep_verifier *verifier)
{
	return &verifier->counts;
}

/* One line for the user, a warning if anything differs; what was skipped only with -v. */
void seep_verifier_tell(const struct seep_verifier *verifier)
{
	const uint64_t *counts = verifier->counts.counts;
	uint64_t different = counts[SEEP_AGREEMENT_DIFFERENT];
	/* A prefix counts as agreement: neither side contradicts the other as far as both came. */
	uint64_t agreed = counts[SEEP_AGREEMENT_SAME] + counts[SEEP_AGREEMENT_PREFIX];
	char verified_text[SEEP_UNIT_MAX], different_text[SEEP_UNIT_MAX];
	char part_text[SEEP_UNIT_MAX], none_text[SEEP_UNIT_MAX];
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;

	seep_buffer_printf(&line, "verified %s stacks with libdw: ",
			   seep_format_count(verified_text, agreed + different));
	if (different)
		seep_buffer_printf(&line, "%s disagree (-v shows the first)",
				   seep_format_count(different_text, different));
	else
		seep_buffer_puts(&line, agreed ? "all agree" : "none could be compared");
	if (counts[SEEP_AGREEMENT_PREFIX])
		seep_buffer_printf(&line, "; %s only as far as both came",
				   seep_format_count(part_text, counts[SEEP_AGREEMENT_PREFIX]));
	if (counts[SEEP_AGREEMENT_NONE])
		seep_buffer_printf(&line, "; %s more could not be compared",
				   seep_format_count(none_text, counts[SEEP_AGREEMENT_NONE]));
	seep_log(different ? SEEP_LOG_WARN : SEEP_LOG_INFO, "%s", line.data);
	seep_debug("%llu stacks were not verified for lack of time",
		   (unsigned long long)verifier->counts.skipped);
}
