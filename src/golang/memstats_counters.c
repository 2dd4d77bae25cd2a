// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counters of memory are in two variables, runtime.memstats and runtime.gcController. The
 * runtime counts most things in both, so it can check itself (readmemstats_m in mstats.go), and so
 * can whoever reads them: at rest both say the same. While the program runs they differ by what is
 * just being counted, so a copy that does not fit is made again, ROUNDS times at most. Each two
 * have to have been the same once, to the byte; then it is known that the place is right. Later a
 * thread that waits for a CPU in the midst of counting may make them differ for long, and each of
 * them is right all the same.
 */
#include "golang/memstats_private.h"

#include <errno.h>
#include <string.h>

#define ROUNDS 8

/* heapStats are counted in three parts, which take turns. */
#define HEAP_PARTS	    3
#define HEAP_PART_BYTES_MAX 1176
#define SPAN_WORDS_MAX	    6

/* Less is not even a program that has just begun. */
#define MAPPED_MIN (256u << 10)

_Static_assert(sizeof(struct seep_go_objects) == 1128, "as in mstats.go");
_Static_assert(sizeof(struct seep_go_fixalloc) == 72, "as in mfixalloc.go");

/* Of sizeclasses.go, the same in all versions. */
const uint16_t seep_go_class_bytes[SEEP_GO_SIZE_CLASSES] = {
	0,     8,     16,    24,    32,	   48,	  64,	 80,	96,    112,   128,   144,
	160,   176,   192,   208,   224,   240,	  256,	 288,	320,   352,   384,   416,
	448,   480,   512,   576,   640,   704,	  768,	 896,	1024,  1152,  1280,  1408,
	1536,  1792,  2048,  2304,  2688,  3072,  3200,	 3456,	4096,  4864,  5376,  6144,
	6528,  6784,  6912,  8192,  9472,  9728,  10240, 10880, 12288, 13568, 14336, 16384,
	18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
};

uint64_t seep_go_small_bytes(const uint64_t counts[SEEP_GO_SIZE_CLASSES])
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < SEEP_GO_SIZE_CLASSES; i++)
		bytes += counts[i] * seep_go_class_bytes[i];
	return bytes;
}

static void add_objects(struct seep_go_objects *sum, const struct seep_go_objects *part)
{
	sum->tiny_allocs += part->tiny_allocs;
	sum->large_alloc_bytes += part->large_alloc_bytes;
	sum->large_allocs += part->large_allocs;
	sum->large_free_bytes += part->large_free_bytes;
	sum->large_frees += part->large_frees;
	for (size_t i = 0; i < SEEP_GO_SIZE_CLASSES; i++) {
		sum->small_allocs[i] += part->small_allocs[i];
		sum->small_frees[i] += part->small_frees[i];
	}
}

/*
 * A part begins with words about spans: committed, released, in the heap, in stacks, and one or two
 * of the collector, up to where the objects begin at @num_words.
 */
static void add_part(struct seep_go_counters *counters, const uint8_t *part, size_t num_words)
{
	uint64_t words[SPAN_WORDS_MAX] = {0};
	struct seep_go_objects objects;

	memcpy(words, part, num_words * sizeof(*words));
	memcpy(&objects, part + num_words * sizeof(*words), sizeof(objects));
	counters->spans.committed += words[0];
	counters->spans.released += words[1];
	counters->spans.in_heap += words[2];
	counters->spans.in_stacks += words[3];
	counters->spans.in_collector += words[4] + words[5];
	add_objects(&counters->objects, &objects);
}

/* 0 or an error of seep_remote_read. */
static int copy(const struct seep_go *go, struct seep_go_counters *counters)
{
	const uint32_t *offsets = go->layout.offsets;
	uint64_t stats = seep_go_variable(go, SEEP_GO_MEMSTATS);
	uint64_t controller = seep_go_variable(go, SEEP_GO_GC_CONTROLLER);
	size_t part_bytes = offsets[SEEP_GO_HEAP_GEN] / HEAP_PARTS;
	uint8_t heap[HEAP_PARTS * HEAP_PART_BYTES_MAX];
	struct seep_remote_part parts[] = {
		{stats, HEAP_PARTS * part_bytes, heap, 0},
		{controller + offsets[SEEP_GO_GC_HEAP], sizeof(counters->heap), &counters->heap, 0},
		{stats + offsets[SEEP_GO_STATS_SYS], sizeof(counters->mapped), &counters->mapped,
		 0},
		{stats + offsets[SEEP_GO_STATS_NUMGC], sizeof(counters->collections),
		 &counters->collections, 0},
		{controller, sizeof(counters->settings), &counters->settings, 0},
		{controller + offsets[SEEP_GO_GC_GOAL], sizeof(counters->goal), &counters->goal, 0},
		{controller + offsets[SEEP_GO_GC_MARKED], sizeof(counters->marked_bytes),
		 &counters->marked_bytes, 0},
	};
	size_t count = sizeof(parts) / sizeof(parts[0]);
	int error = seep_remote_read_parts(go->remote, parts, count);

	for (size_t i = 0; i < count && !error; i++)
		error = parts[i].error;
	if (error)
		return error;
	counters->spans = (struct seep_go_spans){0};
	counters->objects = (struct seep_go_objects){0};
	for (size_t i = 0; i < HEAP_PARTS; i++)
		add_part(counters, heap + i * part_bytes,
			 offsets[SEEP_GO_HEAP_TINY] / sizeof(uint64_t));
	return 0;
}

/* Two that the runtime counts apart. */
struct equal {
	uint64_t left;
	uint64_t right;
};

/* Is it a heap at all? What is nothing but zeros fits too. */
static bool is_heap(const struct seep_go_heap *heap)
{
	return heap->mapped_ready >= MAPPED_MIN && heap->in_use && heap->allocated >= heap->freed;
}

#define NUM_EQUALS 6
#define ALL_EQUAL  ((1u << NUM_EQUALS) - 1)

/* What both variables say the same of, to the byte: a bit for each. */
static unsigned int compare(const struct seep_go_counters *counters)
{
	const struct seep_go_spans *spans = &counters->spans;
	const struct seep_go_objects *objects = &counters->objects;
	const struct seep_go_heap *heap = &counters->heap;
	const struct seep_go_mapped *mapped = &counters->mapped;
	uint64_t in_others = spans->in_stacks + spans->in_collector;
	uint64_t besides = mapped->stacks + mapped->spans + mapped->caches + mapped->buckets +
			   mapped->collector + mapped->other;
	const struct equal equals[NUM_EQUALS] = {
		{spans->in_heap, heap->in_use},
		{spans->released, heap->released},
		{spans->committed - in_others, heap->in_use + heap->free},
		{seep_go_small_bytes(objects->small_allocs) + objects->large_alloc_bytes,
		 heap->allocated},
		{seep_go_small_bytes(objects->small_frees) + objects->large_free_bytes,
		 heap->freed},
		{heap->in_use + heap->free + besides + in_others, heap->mapped_ready},
	};
	unsigned int same = 0;

	for (unsigned int i = 0; i < NUM_EQUALS; i++)
		same |= (unsigned int)(equals[i].left == equals[i].right) << i;
	return same;
}

int seep_go_counters_read(const struct seep_go *go, bool proven,
			  struct seep_go_counters *ret_counters)
{
	struct seep_go_counters counters;
	unsigned int same = 0, now = 0;

	for (int round = 0; round < ROUNDS && now != ALL_EQUAL; round++) {
		int error = copy(go, &counters);

		if (error)
			return error;
		if (!is_heap(&counters.heap))
			return -EPROTO;
		now = compare(&counters);
		same |= now;
	}
	if (!proven && same != ALL_EQUAL)
		return -EPROTO;
	*ret_counters = counters;
	return 0;
}

int seep_go_fixalloc_read(const struct seep_go *go, enum seep_go_field field, uint64_t stat,
			  struct seep_go_fixalloc *ret_fixalloc)
{
	struct seep_go_fixalloc fixalloc;
	uint64_t mheap = seep_go_variable(go, SEEP_GO_MHEAP);
	int error = seep_remote_read(go->remote, mheap + go->layout.offsets[field], &fixalloc,
				     sizeof(fixalloc));

	if (error)
		return error;
	if (fixalloc.stat != stat || !fixalloc.size || fixalloc.in_use_bytes % fixalloc.size)
		return -EPROTO;
	*ret_fixalloc = fixalloc;
	return 0;
}
