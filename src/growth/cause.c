// SPDX-License-Identifier: GPL-2.0-only
/*
 * The growth of a process, divided by where it is: what malloc of glibc keeps, other anonymous
 * memory, static data, files, shared memory. The largest part is the cause, if it is a part that
 * matters. What was released and is kept cannot be seen as such from outside: it is the growth of
 * malloc's heaps, less that of the live blocks. Pages that are copied after a fork do not make a
 * process larger, and are no cause here.
 */
#include "growth/cause.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"

/* Between two moments less than this has no cause. */
#define LEAST_BYTES 65536.0

/* A part smaller than this share is no explanation. */
#define LEAST_SHARE 0.25

/* Sizes are as they were asked for, and malloc rounds them up. */
#define RELEASED_SHARE 0.5

static const struct {
	const char *key;
	const char *text;
} causes[] = {
#define CAUSE_NAME(name, key, text) [SEEP_CAUSE_##name] = {key, text},
	SEEP_CAUSES(CAUSE_NAME)
#undef CAUSE_NAME
};

const char *seep_cause_key(enum seep_cause_kind kind)
{
	return causes[kind].key;
}

void seep_cause_set_owner(struct seep_cause *cause, const struct seep_buffer *text)
{
	if (!text->error && text->length < sizeof(cause->owner))
		memcpy(cause->owner, text->data, text->length + 1);
}

/* A part of the growth, and the mapping that has most of it. */
struct part {
	enum seep_cause_kind kind;
	double bytes;
	const struct seep_region *region;
};

static const struct seep_region *larger(const struct seep_region_growth *a,
					const struct seep_region_growth *b)
{
	return a->bytes >= b->bytes ? a->region : b->region;
}

/* Of mappings of one kind: what is more, pages of old ones or new addresses? */
static struct part part_of(const struct seep_kind_growth *growth)
{
	bool touched = growth->touched > growth->extended;

	return (struct part){
		.kind = touched ? SEEP_CAUSE_TOUCHED : SEEP_CAUSE_EXTENDED,
		.bytes = growth->net,
		.region = touched ? growth->most_touched.region : growth->most_extended.region,
	};
}

/*
 * The heaps of malloc of glibc, if it is malloc that uses them: what it keeps was released, so as
 * much of that must have been seen. If it had to map more, though live blocks have become no more,
 * it keeps what was released; else blocks from before are touched now.
 */
static struct part part_of_malloc(const struct seep_cause_moments *moments,
				  const struct seep_regions_change *change)
{
	const struct seep_kind_growth *heap = &change->kinds[SEEP_REGION_HEAP];
	const struct seep_kind_growth *arena = &change->kinds[SEEP_REGION_ARENA];
	double live_growth = moments->after_live_bytes - moments->before_live_bytes;
	double released = moments->after_released_bytes - moments->before_released_bytes;
	struct part part = {
		.kind = SEEP_CAUSE_FRAGMENTATION,
		.bytes = fmax(0, heap->net) + fmax(0, arena->net) - fmax(0, live_growth),
		.region = larger(&heap->most_extended, &arena->most_extended),
	};

	if (heap->touched + arena->touched > heap->extended + arena->extended) {
		part.kind = SEEP_CAUSE_TOUCHED;
		part.region = larger(&heap->most_touched, &arena->most_touched);
	} else if (released < RELEASED_SHARE * part.bytes) {
		part.kind = SEEP_CAUSE_EXTENDED;
	}
	return part;
}

static void take_larger(struct part *largest, struct part part)
{
	if (part.region && part.bytes > largest->bytes)
		*largest = part;
}

static struct part find_part(const struct seep_cause_moments *moments,
			     const struct seep_regions_change *change)
{
	bool glibc = seep_regions_have_glibc(moments->after);
	struct part largest = {SEEP_CAUSE_NONE, 0, NULL};

	for (unsigned int i = 0; i < SEEP_REGION_KIND_COUNT; i++) {
		bool of_malloc = i == SEEP_REGION_HEAP || i == SEEP_REGION_ARENA;
		struct part part = part_of(&change->kinds[i]);

		if (moments->verdict->part == SEEP_RESIDENT_FILE)
			part.kind = SEEP_CAUSE_FILES;
		else if (moments->verdict->part == SEEP_RESIDENT_SHARED)
			part.kind = SEEP_CAUSE_SHARED;
		if (!glibc || !of_malloc)
			take_larger(&largest, part);
	}
	if (glibc)
		take_larger(&largest, part_of_malloc(moments, change));
	return largest;
}

static void describe_mapping(const struct seep_cause_moments *moments,
			     const struct seep_region *region, struct seep_cause *cause)
{
	const struct seep_region *image = seep_region_image(moments->after, region);

	cause->address = region->start;
	cause->mapping_bytes = region->end - region->start;
	cause->touched_bytes = region->resident_bytes;
	/* Anonymous pages of a file that is mapped privately are its data as well. */
	cause->static_data = image || (moments->verdict->part == SEEP_RESIDENT_ANON &&
				       seep_region_kind_of(region) == SEEP_REGION_FILE);
	memcpy(cause->mapping, image ? image->name : region->name, SEEP_REGION_NAME);
}

bool seep_cause_of_regions(const struct seep_cause_moments *moments, struct seep_cause *ret_cause)
{
	double time_s = moments->after_s - moments->before_s, grown = 0;
	struct seep_regions_change change;
	struct part part;

	*ret_cause = (struct seep_cause){.kind = SEEP_CAUSE_NONE};
	seep_regions_compare(moments->before, moments->after, moments->verdict->part, &change);
	for (unsigned int i = 0; i < SEEP_REGION_KIND_COUNT; i++)
		grown += change.kinds[i].net;
	part = find_part(moments, &change);
	if (time_s <= 0 || grown < LEAST_BYTES || part.bytes < LEAST_BYTES ||
	    part.bytes < LEAST_SHARE * grown)
		return false;
	*ret_cause = (struct seep_cause){
		.kind = part.kind,
		.bytes = part.bytes,
		.share = fmin(1, part.bytes / grown),
		.rate = {part.bytes / time_s, NAN, NAN},
	};
	describe_mapping(moments, part.region, ret_cause);
	if (part.kind == SEEP_CAUSE_FRAGMENTATION) {
		ret_cause->num_heaps = change.num_arenas + (change.resident[SEEP_REGION_HEAP] > 0);
		ret_cause->free_bytes = fmax(0, change.resident[SEEP_REGION_HEAP] +
							change.resident[SEEP_REGION_ARENA] -
							moments->after_live_bytes);
	}
	return true;
}

static const char *bytes_text(char text[SEEP_UNIT_MAX], double bytes)
{
	return seep_format_bytes(text, (uint64_t)llround(fmin(fmax(bytes, 0), 1e18)));
}

/* "1.00 GiB at 7f0000000000, mapped by reserve" */
static void append_mapping(struct seep_buffer *buffer, const struct seep_cause *cause)
{
	char text[SEEP_UNIT_MAX];

	seep_buffer_puts(buffer, bytes_text(text, (double)cause->mapping_bytes));
	if (cause->static_data)
		seep_buffer_puts(buffer, " of static data of ");
	else if (*cause->mapping)
		seep_buffer_puts(buffer, " of ");
	seep_text_append_clean(buffer, cause->mapping, SIZE_MAX);
	seep_buffer_printf(buffer, " at %" PRIx64, cause->address);
	if (*cause->owner)
		seep_buffer_printf(buffer, ", %s", cause->owner);
}

void seep_cause_append_text(struct seep_buffer *buffer, const struct seep_cause *cause)
{
	seep_buffer_puts(buffer, causes[cause->kind].text);
	if (seep_cause_is_outside(cause->kind) && !*cause->owner)
		return;
	if (cause->kind == SEEP_CAUSE_NONE || cause->kind == SEEP_CAUSE_FRAGMENTATION)
		return;
	seep_buffer_puts(buffer, " (");
	if (seep_cause_is_outside(cause->kind))
		seep_buffer_puts(buffer, cause->owner);
	else
		append_mapping(buffer, cause);
	seep_buffer_putc(buffer, ')');
}

static void append_sentence(struct seep_buffer *buffer, const struct seep_cause *cause)
{
	char bytes[SEEP_UNIT_MAX], rate[SEEP_UNIT_MAX];

	bytes_text(bytes, cause->bytes);
	bytes_text(rate, cause->rate.value);
	if (!seep_cause_is_outside(cause->kind))
		seep_buffer_printf(buffer, "%.1f %% of its growth (%s, %s per second) is in ",
				   100 * cause->share, bytes, rate);
	seep_cause_append_text(buffer, cause);
	if (seep_cause_is_outside(cause->kind))
		seep_buffer_printf(buffer, " %s by %s per second, %s so far",
				   seep_cause_verb(cause->kind), rate, bytes);
}

static void append_trim(struct seep_buffer *buffer, const struct seep_cause *cause)
{
	char text[SEEP_UNIT_MAX];

	seep_buffer_printf(buffer, "malloc_trim(0) gives the free pages back, %s at most",
			   bytes_text(text, cause->free_bytes));
	if (cause->num_heaps > 2)
		seep_buffer_printf(buffer,
				   "; malloc has %u heaps for its threads, with MALLOC_ARENA_MAX=2 "
				   "in the environment 2",
				   cause->num_heaps);
}

static void append_end(struct seep_buffer *buffer, const struct seep_cause *cause)
{
	double rest = (double)cause->mapping_bytes - (double)cause->touched_bytes;
	char text[SEEP_UNIT_MAX], time[SEEP_UNIT_MAX];

	seep_buffer_printf(buffer, "%s of it are touched; it ends with the mapping",
			   bytes_text(text, (double)cause->touched_bytes));
	if (rest > 0 && cause->rate.value > 0)
		seep_buffer_printf(buffer, ", in %s",
				   seep_format_seconds(time, rest / cause->rate.value));
	seep_buffer_puts(buffer, "; look for what writes to ever more of it");
}

void seep_cause_append_advice(struct seep_buffer *buffer, const struct seep_cause *cause)
{
	switch (cause->kind) {
	case SEEP_CAUSE_FRAGMENTATION:
		append_trim(buffer, cause);
		break;
	case SEEP_CAUSE_TOUCHED:
		append_end(buffer, cause);
		break;
	case SEEP_CAUSE_EXTENDED:
		seep_buffer_puts(buffer,
				 "an allocator that is not traced may keep its blocks there: "
				 "name its functions with --alloc");
		break;
	case SEEP_CAUSE_FILES:
		seep_buffer_puts(buffer,
				 "the kernel drops such pages when memory is short; munmap what "
				 "is not read any more");
		break;
	case SEEP_CAUSE_SHARED:
		seep_buffer_puts(buffer, "it stays until it is unmapped everywhere and its name is "
					 "removed: munmap it, and unlink it");
		break;
	case SEEP_CAUSE_DESCENDANTS:
		seep_buffer_puts(buffer, "trace them as well, with --children");
		break;
	case SEEP_CAUSE_SEGMENTS:
		seep_buffer_puts(buffer,
				 "remove each segment after use, with shm_unlink or IPC_RMID; "
				 "\"ls -l /dev/shm\" and \"ipcs -m\" list them");
		break;
	default:
		break;
	}
}

int seep_cause_words(const struct seep_cause *cause, char *ret_texts[SEEP_CAUSE_WORDS],
		     size_t *ret_count)
{
	SEEP_AUTO_BUFFER struct seep_buffer sentence = SEEP_BUFFER_INIT, advice = SEEP_BUFFER_INIT;
	char *text;

	*ret_count = 0;
	append_sentence(&sentence, cause);
	seep_cause_append_advice(&advice, cause);
	text = seep_buffer_take(&sentence);
	if (!text)
		return -ENOMEM;
	ret_texts[0] = text;
	ret_texts[1] = seep_buffer_take(&advice);
	if (!ret_texts[1]) {
		free(text);
		return -ENOMEM;
	}
	*ret_count = SEEP_CAUSE_WORDS;
	return 0;
}
