// SPDX-License-Identifier: GPL-2.0-only
/*
 * runtime.allgs has every goroutine that ever was; dead ones are used again, so it never shrinks.
 * It is read as a whole and gone through in chunks, each in three steps with few system calls: the
 * structures, the stacks of those that do not run, and the structures again. Whoever is not where
 * it was before has moved, and its stack may be torn: it goes into the next round.
 *
 * Bounded by SEEP_GOROUTINES_MAX, CHUNK and ROUNDS. What the process says is checked: addresses,
 * states, the order of a stack's ends; if many are wrong, the layout does not fit this program.
 */
#include "golang/goroutines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "golang/goroutine_look.h"
#include "golang/goroutine_stack.h"

/* Goroutines that are read together. */
#define CHUNK 1024

/* How often one that moves is looked at. */
#define ROUNDS 4

struct reading {
	struct seep_go *go;
	struct seep_go_walker *walker;
	SEEP_VECTOR(struct seep_goroutine) found;
	struct seep_goroutines *result;
	size_t num_alive;
	size_t num_odd; /* that cannot be true */
	uint8_t structures[CHUNK * SEEP_GO_LOOK_BYTES];
	struct seep_go_window windows[CHUNK];
	struct seep_remote_part parts[CHUNK];
	size_t of_parts[CHUNK]; /* which look a part is for */
	struct seep_go_look before[CHUNK];
	struct seep_go_look after[CHUNK];
};

/* Copies the beginnings of the stacks of those that stand. 0 or -errno. */
static int read_stacks(struct reading *reading, const struct seep_go_look *looks, size_t count)
{
	size_t num_parts = 0;
	int error;

	for (size_t i = 0; i < count; i++) {
		const struct seep_go_frame *frame = &looks[i].frame;
		struct seep_go_window *window = &reading->windows[i];
		uint64_t bytes = frame->limit - frame->sp;

		window->bytes = 0;
		if (looks[i].unread || !seep_go_look_is_alive(&looks[i]) ||
		    !seep_go_look_stands(&looks[i]) || seep_go_look_is_odd(&looks[i]) ||
		    frame->sp < looks[i].stack_low || frame->sp >= frame->limit)
			continue;
		window->start = frame->sp;
		reading->of_parts[num_parts] = i;
		reading->parts[num_parts++] = (struct seep_remote_part){
			.address = frame->sp,
			.bytes = bytes < sizeof(window->copy) ? bytes : sizeof(window->copy),
			.buffer = window->copy,
		};
	}
	error = seep_remote_read_parts(reading->go->remote, reading->parts, num_parts);
	for (size_t i = 0; i < num_parts && !error; i++) {
		if (!reading->parts[i].error)
			reading->windows[reading->of_parts[i]].bytes = reading->parts[i].bytes;
	}
	return error;
}

/* Keeps one with its stack; @moved: it did not stay still, so it has none. 0 or -ENOMEM. */
static int keep(struct reading *reading, const struct seep_go_look *look,
		struct seep_go_window *window, bool moved)
{
	/* The go statement is a call, of which this is the return address. The first has none. */
	uint64_t created_at = look->id != 1 && look->created_pc ? look->created_pc - 1 : 0;
	long stack;

	if (moved || !seep_go_look_stands(look))
		stack = seep_go_walker_keep(reading->walker, look->start_pc, SEEP_END_RUNNING,
					    created_at);
	else
		stack = seep_go_walker_walk(reading->walker, &look->frame, window, created_at);
	if (stack == -ENOSPC) {
		reading->result->num_unread++;
		return 0;
	}
	if (stack < 0)
		return (int)stack;
	return SEEP_APPEND(&reading->found, ((struct seep_goroutine){
						    .id = look->id,
						    .waits_since_ns = look->waits_since_ns,
						    .stack = (uint32_t)stack,
						    .state = seep_go_look_state(look),
						    .reason = look->reason,
					    }));
}

/* What was looked at twice is kept, or stays in @looks for another round. 0 or -ENOMEM. */
static int settle(struct reading *reading, struct seep_go_look *looks, size_t *count, bool last)
{
	size_t left = 0;
	int error = 0;

	for (size_t i = 0; i < *count && !error; i++) {
		struct seep_go_look *look = &looks[i];
		bool alive = !look->unread && seep_go_look_is_alive(look);
		bool odd = alive && seep_go_look_is_odd(look);
		/* One that is being made, or whose stack is, looks odd for a moment. */
		bool moved = odd || (alive && seep_go_look_stands(look) &&
				     !seep_go_look_stayed(look, &reading->after[i]));

		if (look->unread)
			reading->result->num_unread++;
		if (!alive || seep_go_walker_is_system(reading->walker, look->start_pc))
			continue;
		if (moved && !last) {
			looks[left++].address = look->address;
			continue;
		}
		reading->num_alive++;
		if (odd) {
			reading->num_odd++;
			continue;
		}
		error = keep(reading, look, &reading->windows[i], moved);
	}
	*count = left;
	return error;
}

/* Reads goroutines at @count addresses. 0 or -errno. */
static int read_chunk(struct reading *reading, const uint64_t *addresses, size_t count)
{
	struct seep_go_look *looks = reading->before;

	for (size_t i = 0; i < count; i++)
		looks[i].address = addresses[i];
	for (int round = 1; round <= ROUNDS && count; round++) {
		int error = seep_go_look_at(reading->go, looks, count, reading->structures);

		if (!error)
			error = read_stacks(reading, looks, count);
		for (size_t i = 0; i < count; i++)
			reading->after[i].address = looks[i].address;
		if (!error)
			error = seep_go_look_at(reading->go, reading->after, count,
						reading->structures);
		if (!error)
			error = settle(reading, looks, &count, round == ROUNDS);
		if (error)
			return error;
	}
	return 0;
}

static int compare_addresses(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static int compare_ids(const void *left, const void *right)
{
	const struct seep_goroutine *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

/* runtime.allgs. */
struct slice {
	uint64_t array;
	uint64_t length;
	uint64_t room;
};

static int read_slice(const struct seep_go *go, struct slice *ret_slice)
{
	return seep_remote_read(go->remote, seep_go_variable(go, SEEP_GO_ALLGS), ret_slice,
				sizeof(*ret_slice));
}

/*
 * The addresses of all goroutines, sorted. The array moves when it grows: then the old one may be
 * something else by now. 0; -EAGAIN: that has happened; -errno.
 */
static int read_addresses(const struct seep_go *go, uint64_t **ret_addresses, size_t *ret_count,
			  const char **ret_why)
{
	SEEP_AUTO_FREE uint64_t *addresses = NULL;
	struct slice slice, again;
	size_t bytes;
	int error = read_slice(go, &slice);

	if (error)
		return error;
	if (!slice.length || slice.length > SEEP_GOROUTINES_MAX || slice.length > slice.room) {
		*ret_why = "it has an impossible number of goroutines";
		return -EPROTO;
	}
	bytes = slice.length * sizeof(*addresses);
	addresses = malloc(bytes);
	if (!addresses)
		return -ENOMEM;
	error = seep_remote_read(go->remote, slice.array, addresses, bytes);
	if (!error)
		error = read_slice(go, &again);
	if (!error && again.array != slice.array)
		error = -EAGAIN;
	if (error)
		return error;
	qsort(addresses, slice.length, sizeof(*addresses), compare_addresses);
	*ret_addresses = SEEP_TAKE_PTR(addresses);
	*ret_count = slice.length;
	return 0;
}

/*
 * Do they look like goroutines? Some are torn at any time; if more than some are, or if hardly any
 * stack leads to where goroutines begin, they are another structure.
 */
static bool is_plausible(const struct reading *reading)
{
	return reading->found.count && reading->num_odd <= 1 + reading->num_alive / 100 &&
	       2 * seep_go_walker_num_whole(reading->walker) >=
		       seep_go_walker_num_walked(reading->walker);
}

static int read_all(struct reading *reading, const char **ret_why)
{
	SEEP_AUTO_FREE uint64_t *addresses = NULL;
	size_t count = 0;
	int error = -EAGAIN;

	for (int round = 0; round < ROUNDS && error == -EAGAIN; round++)
		error = read_addresses(reading->go, &addresses, &count, ret_why);
	for (size_t i = 0; i < count && !error; i += CHUNK)
		error = read_chunk(reading, addresses + i, count - i < CHUNK ? count - i : CHUNK);
	if (error)
		return error;
	if (reading->found.count)
		qsort(reading->found.items, reading->found.count, sizeof(*reading->found.items),
		      compare_ids);
	if (!is_plausible(reading)) {
		*ret_why = "what is there does not look like goroutines";
		return -EPROTO;
	}
	reading->result->num_unread += reading->num_odd;
	return seep_remote_check(reading->go->remote);
}

int seep_goroutines_read(struct seep_go *go, struct seep_goroutines *ret_goroutines,
			 const char **ret_why)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	int error;

	*ret_goroutines = (struct seep_goroutines){.count = 0};
	if (!reading)
		return -ENOMEM;
	seep_remote_refresh(go->remote);
	reading->go = go;
	reading->result = ret_goroutines;
	error = seep_go_walker_new(go, &reading->walker);
	if (!error)
		error = read_all(reading, ret_why);
	if (error) {
		free(reading->found.items);
	} else {
		ret_goroutines->items = reading->found.items;
		ret_goroutines->count = reading->found.count;
		ret_goroutines->stacks =
			seep_go_walker_take(reading->walker, &ret_goroutines->num_stacks);
	}
	seep_go_walker_free(reading->walker);
	free(reading);
	return error;
}

void seep_goroutines_done(struct seep_goroutines *goroutines)
{
	for (size_t i = 0; i < goroutines->num_stacks; i++)
		free(goroutines->stacks[i].addresses);
	free(goroutines->stacks);
	free(goroutines->items);
	*goroutines = (struct seep_goroutines){.count = 0};
}

const char *seep_goroutine_state(const struct seep_go *go, const struct seep_goroutine *goroutine,
				 const char **ret_reason)
{
	static const char *const words[] = {
#define WORDS(name, text) [SEEP_GO_STATE_##name] = text,
		SEEP_GO_STATES(WORDS)
#undef WORDS
	};

	*ret_reason =
		goroutine->state == SEEP_GO_STATE_WAITING && goroutine->reason < go->num_reasons ?
			go->reasons[goroutine->reason] :
			"";
	return words[goroutine->state];
}
