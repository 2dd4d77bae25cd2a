// SPDX-License-Identifier: GPL-2.0-only
/*
 * Goroutines are made one after another, so most structures are neighbours: reading each alone
 * would cost some five times as much. A piece has at most PIECE_BYTES; a page of it that is missing
 * costs its other goroutines too, but structures that are in use are present.
 */
#include "golang/goroutine_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define PIECE_BYTES (64u << 10)

/* Of atomicstatus (runtime2.go). */
enum status {
	G_IDLE = 0,
	G_RUNNABLE = 1,
	G_RUNNING = 2,
	G_SYSCALL = 3,
	G_WAITING = 4,
	G_UNUSED = 5,
	G_DEAD = 6,
	G_ENQUEUE_UNUSED = 7,
	G_COPYSTACK = 8,
	G_PREEMPTED = 9,
	G_LEAKED = 10,	   /* since 1.26 */
	G_DEAD_EXTRA = 11, /* since 1.26 */
	G_STATUS_COUNT,
	G_SCAN = 0x1000, /* the collector is looking at its stack */
};

static uint64_t word_at(const uint8_t *structure, size_t offset)
{
	uint64_t word;

	memcpy(&word, structure + offset, sizeof(word));
	return word;
}

/* One field of a structure; the last of them is that of the labels. */
static uint64_t field(const struct seep_go *go, const uint8_t *structure, enum seep_go_field name)
{
	return word_at(structure, go->layout.offsets[name]);
}

static void parse(const struct seep_go *go, const uint8_t *structure, struct seep_go_look *look)
{
	const uint32_t *offsets = go->layout.offsets;
	const uint8_t *sched = structure + offsets[SEEP_GO_G_SCHED];

	look->id = field(go, structure, SEEP_GO_G_GOID);
	look->waits_since_ns = field(go, structure, SEEP_GO_G_WAITSINCE);
	look->created_pc = field(go, structure, SEEP_GO_G_GOPC);
	look->start_pc = field(go, structure, SEEP_GO_G_STARTPC);
	look->status = (uint32_t)field(go, structure, SEEP_GO_G_STATUS) & ~(uint32_t)G_SCAN;
	look->reason = look->status == G_WAITING ? structure[offsets[SEEP_GO_G_WAITREASON]] : 0;
	look->stack_low = word_at(structure, offsets[SEEP_GO_G_STACK_LO]);
	look->frame.limit = word_at(structure, offsets[SEEP_GO_G_STACK_LO] + 8);
	if (look->status == G_SYSCALL) {
		look->frame.sp = field(go, structure, SEEP_GO_G_SYSCALLSP);
		look->frame.pc = field(go, structure, SEEP_GO_G_SYSCALLPC);
	} else {
		look->frame.sp = word_at(sched, offsets[SEEP_GO_GOBUF_SP]);
		look->frame.pc = word_at(sched, offsets[SEEP_GO_GOBUF_PC]);
	}
}

/* Structures that stand close together are copied as one piece. */
static bool is_close(const struct seep_go_look *looks, size_t first, size_t index)
{
	uint64_t gap = looks[index].address - looks[index - 1].address;

	return gap <= SEEP_GO_LOOK_BYTES &&
	       looks[index].address - looks[first].address <= PIECE_BYTES;
}

/* The pieces that @count looks are in, from the first one on. Stores which look each begins with.
 */
static size_t find_pieces(const struct seep_go_look *looks, size_t count, size_t g_bytes,
			  struct seep_remote_part *pieces, size_t *begins)
{
	size_t num_pieces = 0;

	for (size_t i = 0; i < count; i++) {
		struct seep_remote_part *piece = &pieces[num_pieces];

		if (i && is_close(looks, begins[num_pieces - 1], i)) {
			piece[-1].bytes = looks[i].address - piece[-1].address + g_bytes;
			continue;
		}
		begins[num_pieces++] = i;
		*piece = (struct seep_remote_part){.address = looks[i].address, .bytes = g_bytes};
	}
	return num_pieces;
}

int seep_go_look_at(const struct seep_go *go, struct seep_go_look *looks, size_t count,
		    uint8_t *room)
{
	size_t g_bytes = go->layout.offsets[SEEP_GO_G_LABELS] + 8U, num_pieces;
	SEEP_AUTO_FREE struct seep_remote_part *pieces = calloc(count, sizeof(*pieces));
	SEEP_AUTO_FREE size_t *begins = calloc(count + 1, sizeof(*begins));
	int error;

	if (!pieces || !begins)
		return -ENOMEM;
	num_pieces = find_pieces(looks, count, g_bytes, pieces, begins);
	begins[num_pieces] = count;
	/* No piece is longer than the room of its looks. */
	for (size_t i = 0; i < num_pieces; i++)
		pieces[i].buffer = room + begins[i] * SEEP_GO_LOOK_BYTES;
	error = seep_remote_read_parts(go->remote, pieces, num_pieces);
	for (size_t i = 0; i < num_pieces && !error; i++) {
		for (size_t j = begins[i]; j < begins[i + 1]; j++) {
			const uint8_t *bytes = pieces[i].buffer;

			looks[j].unread = pieces[i].error != 0;
			if (!looks[j].unread)
				parse(go, bytes + (looks[j].address - pieces[i].address),
				      &looks[j]);
		}
	}
	return error;
}

bool seep_go_look_is_alive(const struct seep_go_look *look)
{
	switch (look->status) {
	case G_IDLE:
	case G_UNUSED:
	case G_DEAD:
	case G_ENQUEUE_UNUSED:
	case G_DEAD_EXTRA:
		return false;
	default:
		return true;
	}
}

bool seep_go_look_stands(const struct seep_go_look *look)
{
	return look->status == G_WAITING || look->status == G_SYSCALL || look->status == G_LEAKED;
}

bool seep_go_look_is_odd(const struct seep_go_look *look)
{
	return look->status >= G_STATUS_COUNT || !look->id ||
	       look->stack_low >= look->frame.limit ||
	       (look->status == G_WAITING &&
		(look->frame.sp < look->stack_low || look->frame.sp > look->frame.limit));
}

enum seep_go_state seep_go_look_state(const struct seep_go_look *look)
{
	switch (look->status) {
	case G_RUNNABLE:
		return SEEP_GO_STATE_RUNNABLE;
	case G_RUNNING:
	/* It has run into the end of its stack, and moves itself to a larger one. */
	case G_COPYSTACK:
		return SEEP_GO_STATE_RUNNING;
	case G_SYSCALL:
		return SEEP_GO_STATE_SYSCALL;
	case G_LEAKED:
		return SEEP_GO_STATE_LEAKED;
	/* It would run, but the collector has stopped it for a moment. */
	case G_PREEMPTED:
		return SEEP_GO_STATE_PREEMPTED;
	default:
		return SEEP_GO_STATE_WAITING;
	}
}

bool seep_go_look_stayed(const struct seep_go_look *before, const struct seep_go_look *after)
{
	return !after->unread && before->status == after->status && before->id == after->id &&
	       before->frame.pc == after->frame.pc && before->frame.sp == after->frame.sp &&
	       before->frame.limit == after->frame.limit;
}
