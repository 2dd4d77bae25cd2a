// SPDX-License-Identifier: GPL-2.0-only
/*
 * The profile is a list of buckets in memory that is never given back, linked by allnext; new ones
 * come to its head. A bucket is its header, the return addresses of the stack, and the record: what
 * is published, and what is yet to be published after each of the next three collections
 * (runtime/mprof.go). runtime.MemProfile publishes what is due and tells what is published; the sum
 * of both is the same without writing anything.
 *
 * Neighbours in the list are mostly neighbours in memory, so it is read in windows. A collection
 * meanwhile moves counts from one part of a record to another: then all is read again. Bounded by
 * SEEP_GO_BUCKETS_MAX, SEEP_GO_BUCKET_DEPTH, ADDRESSES_MAX and ROUNDS; a list that turns back on
 * itself ends at the first of these.
 */
#include "golang/heap_profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vector.h"
#include "golang/profile_stack.h"

/* Return addresses of all buckets together: 128 MiB. */
#define ADDRESSES_MAX (16u << 20)

/* How often a profile is read that changes meanwhile. */
#define ROUNDS 4

/* The runtime takes memory for buckets in pieces of 256 KiB. */
#define WINDOW_BYTES 65536

/* A mean of more than this is none: the runtime then samples nothing in practice. */
#define MEAN_MAX (1ULL << 40)

/* The runtime's type memProfile. */
#define TYPE_MEMORY 1

/* struct bucket; what follows are num_addresses addresses, then the record. */
struct bucket {
	uint64_t next;
	uint64_t all_next;
	uint64_t type;
	uint64_t hash;
	uint64_t bytes;
	uint64_t num_addresses;
};

/* memRecordCycle; the sizes are left out since Go 1.27. */
struct cycle {
	uint64_t allocs;
	uint64_t frees;
	uint64_t alloc_bytes;
	uint64_t free_bytes;
};

#define NUM_FUTURE 3

/* Of memRecord the part that is published, and those to come. */
#define RECORD_BYTES_MAX ((1 + NUM_FUTURE) * sizeof(struct cycle))

struct window {
	uint64_t start;
	size_t bytes; /* 0: it holds nothing */
	uint8_t copy[WINDOW_BYTES];
};

struct profile_reading {
	struct seep_go *go;
	size_t cycle_bytes;
	SEEP_VECTOR(struct seep_go_bucket) buckets;
	SEEP_VECTOR(uint64_t) addresses;
	uint64_t stack[SEEP_GO_BUCKET_DEPTH];
	struct window window;
};

/* Reads through the window, or past it where a part of it is not there. 0 or -errno. */
static int peek(struct profile_reading *reading, uint64_t address, void *buffer, size_t bytes)
{
	struct window *window = &reading->window;

	if (address - window->start >= window->bytes ||
	    window->bytes - (address - window->start) < bytes) {
		window->start = address & ~(uint64_t)(WINDOW_BYTES - 1);
		window->bytes = 0;
		if (address - window->start + bytes > WINDOW_BYTES ||
		    seep_remote_read(reading->go->remote, window->start, window->copy,
				     WINDOW_BYTES))
			return seep_remote_read(reading->go->remote, address, buffer, bytes);
		window->bytes = WINDOW_BYTES;
	}
	memcpy(buffer, window->copy + (address - window->start), bytes);
	return 0;
}

static int read_word(const struct seep_go *go, enum seep_go_variable variable, void *ret_value,
		     size_t bytes)
{
	return seep_remote_read(go->remote, seep_go_variable(go, variable), ret_value, bytes);
}

/* Adds the stack. 0 or -errno. */
static int add_stack(struct profile_reading *reading, uint64_t address, uint64_t num_addresses,
		     struct seep_go_bucket *bucket)
{
	int error =
		peek(reading, address, reading->stack, num_addresses * sizeof(reading->stack[0]));

	if (error)
		return error;
	bucket->first_address = reading->addresses.count;
	bucket->num_addresses = (uint32_t)seep_go_profile_stack(reading->go, reading->stack,
								num_addresses, &bucket->whole);
	for (uint32_t i = 0; i < bucket->num_addresses && !error; i++)
		error = SEEP_APPEND(&reading->addresses, reading->stack[i]);
	return error;
}

/* What is published, with what is due since collection number @cycle. */
static struct cycle sum_up(const struct profile_reading *reading, const uint8_t *record,
			   uint64_t cycle)
{
	struct cycle active = {0}, due = {0};

	memcpy(&active, record, reading->cycle_bytes);
	memcpy(&due, record + (1 + cycle % NUM_FUTURE) * reading->cycle_bytes,
	       reading->cycle_bytes);
	return (struct cycle){active.allocs + due.allocs, active.frees + due.frees,
			      active.alloc_bytes + due.alloc_bytes,
			      active.free_bytes + due.free_bytes};
}

/* Can these be sums over a bucket? While it is written they may not be, for a moment. */
static bool is_sound(const struct profile_reading *reading, const struct bucket *header,
		     const struct cycle *sum)
{
	return sum->frees <= sum->allocs && sum->allocs < 1ULL << 48 &&
	       (reading->cycle_bytes < sizeof(*sum) ||
		(sum->alloc_bytes == sum->allocs * header->bytes &&
		 sum->free_bytes == sum->frees * header->bytes));
}

/*
 * Reads the bucket at @address and gives the next one. 0; -EPROTO: it is none; -EBADMSG: its sums
 * are those of no bucket; -errno.
 */
static int read_bucket(struct profile_reading *reading, uint64_t address, uint64_t cycle,
		       uint64_t *ret_next)
{
	struct seep_go_bucket bucket = {.address = address};
	uint8_t record[RECORD_BYTES_MAX];
	struct bucket header;
	struct cycle sum;
	uint64_t behind;
	int error = peek(reading, address, &header, sizeof(header));

	if (error)
		return error;
	if (address % sizeof(uint64_t) || header.type != TYPE_MEMORY ||
	    header.num_addresses > SEEP_GO_BUCKET_DEPTH || header.bytes >> 47 ||
	    reading->addresses.count > ADDRESSES_MAX)
		return -EPROTO;
	behind = address + sizeof(header) + header.num_addresses * sizeof(uint64_t);
	error = peek(reading, behind, record, (1 + NUM_FUTURE) * reading->cycle_bytes);
	if (error)
		return error;
	sum = sum_up(reading, record, cycle);
	if (!is_sound(reading, &header, &sum))
		return -EBADMSG;
	*ret_next = header.all_next;
	/* Nothing of it is published yet. */
	if (!sum.allocs)
		return 0;
	bucket.bytes = header.bytes;
	bucket.allocs = sum.allocs;
	bucket.frees = sum.frees;
	error = add_stack(reading, address + sizeof(header), header.num_addresses, &bucket);
	return error ? error : SEEP_APPEND(&reading->buckets, bucket);
}

/* One attempt. 0; -EAGAIN: it changed meanwhile; -errno. */
static int read_list(struct profile_reading *reading, uint64_t *ret_cycle)
{
	uint64_t address = 0;
	uint32_t before = 0, after = 0;
	size_t count = 0;
	int error;

	reading->buckets.count = 0;
	reading->addresses.count = 0;
	reading->window.bytes = 0;
	error = read_word(reading->go, SEEP_GO_PROFILE_CYCLE, &before, sizeof(before));
	if (!error)
		error = read_word(reading->go, SEEP_GO_MEMORY_BUCKETS, &address, sizeof(address));
	/* The lowest bit says whether all that is due has been published. */
	*ret_cycle = before >> 1;
	while (address && !error) {
		if (count++ == SEEP_GO_BUCKETS_MAX)
			return -EPROTO;
		error = read_bucket(reading, address, *ret_cycle, &address);
	}
	if (!error)
		error = read_word(reading->go, SEEP_GO_PROFILE_CYCLE, &after, sizeof(after));
	return !error && before != after ? -EAGAIN : error;
}

static int read_rounds(struct profile_reading *reading, uint64_t *ret_cycle, const char **ret_why)
{
	int error = -EAGAIN;

	/* One that was torn is whole the next time. */
	for (int round = 0; round < ROUNDS && (error == -EAGAIN || error == -EBADMSG); round++)
		error = read_list(reading, ret_cycle);
	if (error == -EPROTO || error == -EBADMSG || error == -ENODATA || error == -EFAULT) {
		*ret_why = "what is there does not look like a heap profile";
		error = -EPROTO;
	}
	return error ? error : seep_remote_check(reading->go->remote);
}

/* 0; -ENOENT: nothing is sampled; -EPROTO with the reason; -errno. */
static int read_mean(const struct seep_go *go, uint64_t *ret_mean, const char **ret_why)
{
	int error;

	if (!seep_go_variable(go, SEEP_GO_MEMORY_BUCKETS) ||
	    !seep_go_variable(go, SEEP_GO_PROFILE_CYCLE) ||
	    !seep_go_variable(go, SEEP_GO_PROFILE_RATE)) {
		*ret_why = "it is not known where its heap profile is";
		return -EPROTO;
	}
	error = read_word(go, SEEP_GO_PROFILE_RATE, ret_mean, sizeof(*ret_mean));
	if (error)
		return error;
	if (!*ret_mean || *ret_mean > INT64_MAX)
		return -ENOENT;
	*ret_why = "its rate of samples is impossible";
	return *ret_mean > MEAN_MAX ? -EPROTO : 0;
}

int seep_go_heap_profile_read(struct seep_go *go, struct seep_go_heap_profile *ret_profile,
			      const char **ret_why)
{
	struct profile_reading *reading;
	int error;

	*ret_profile = (struct seep_go_heap_profile){.count = 0};
	seep_remote_refresh(go->remote);
	error = read_mean(go, &ret_profile->mean_bytes, ret_why);
	if (error)
		return error;
	reading = calloc(1, sizeof(*reading));
	if (!reading)
		return -ENOMEM;
	reading->go = go;
	reading->cycle_bytes = go->layout.offsets[SEEP_GO_MEMRECORD_FUTURE];
	error = read_rounds(reading, &ret_profile->cycle, ret_why);
	ret_profile->buckets = reading->buckets.items;
	ret_profile->count = reading->buckets.count;
	ret_profile->addresses = reading->addresses.items;
	ret_profile->num_addresses = reading->addresses.count;
	free(reading);
	if (error)
		seep_go_heap_profile_done(ret_profile);
	return error;
}

void seep_go_heap_profile_done(struct seep_go_heap_profile *profile)
{
	free(profile->buckets);
	free(profile->addresses);
	*profile = (struct seep_go_heap_profile){.count = 0};
}
