/* SPDX-License-Identifier: GPL-2.0-only */
/* What the runtime's structure of a goroutine says at one moment (struct g in runtime2.go). */
#ifndef SEEP_GOLANG_GOROUTINE_LOOK_H
#define SEEP_GOLANG_GOROUTINE_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "golang/goroutine_stack.h"
#include "golang/goroutines.h"

struct seep_go_look {
	uint64_t address; /* of the structure */
	uint64_t id;
	uint64_t waits_since_ns;
	uint64_t created_pc;
	uint64_t start_pc;
	uint64_t stack_low;
	struct seep_go_frame frame; /* where it goes on, if it stands */
	uint32_t status;	    /* without the mark of the collector */
	uint8_t reason;		    /* 0 unless it waits */
	bool unread;		    /* its pages could not be read: nothing else is known */
};

/* Room for the structure of one goroutine, with what may be between it and the next one. */
#define SEEP_GO_LOOK_BYTES 1024

/*
 * Reads the structures of @count looks, whose addresses are filled in, ascending. @room has
 * SEEP_GO_LOOK_BYTES for each. 0 or an error of seep_remote_read_parts; -ENOMEM.
 */
int seep_go_look_at(const struct seep_go *go, struct seep_go_look *looks, size_t count,
		    uint8_t *room);

/* The others are dead, and wait to be used again. */
bool seep_go_look_is_alive(const struct seep_go_look *look);

/*
 * Does it stand still? The others run, or are about to: where they are is another place at each
 * look.
 */
bool seep_go_look_stands(const struct seep_go_look *look);

/* Says it what cannot be true of a goroutine, whatever that does at this moment? */
bool seep_go_look_is_odd(const struct seep_go_look *look);

/* Has it stayed where it was, so that what was copied of its stack between the two is whole? */
bool seep_go_look_stayed(const struct seep_go_look *before, const struct seep_go_look *after);

enum seep_go_state seep_go_look_state(const struct seep_go_look *look);

#endif
