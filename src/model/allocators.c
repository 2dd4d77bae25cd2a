// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of functions: built in from seep/functions.h, then what the user describes. Called when
 * a trace starts: new, add for each --alloc and --free, select by the kinds that are traced;
 * afterwards it is only read. A description is split in place and checked key by key, so that the
 * message can name the key that is wrong.
 */
#include "model/allocators.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* In the order of seep/functions.h: the position is the rank, see seep_allocators_count. */
static const struct seep_allocator builtin[] = {
#define SEEP_ALLOCATOR(name, family, role, size, count, pointer, out)                              \
	{#name,                                                                                    \
	 SEEP_FAMILY_##family,                                                                     \
	 SEEP_ROLE_##role,                                                                         \
	 size,                                                                                     \
	 count,                                                                                    \
	 pointer,                                                                                  \
	 out,                                                                                      \
	 SEEP_KIND_MEMORY,                                                                         \
	 false,                                                                                    \
	 0},
	SEEP_MEMORY_FUNCTIONS(SEEP_ALLOCATOR)
#undef SEEP_ALLOCATOR
#define SEEP_THREAD_FUNCTION(name, family, role, size, count, pointer, out)                        \
	{#name,                                                                                    \
	 SEEP_FAMILY_##family,                                                                     \
	 SEEP_ROLE_##role,                                                                         \
	 size,                                                                                     \
	 count,                                                                                    \
	 pointer,                                                                                  \
	 out,                                                                                      \
	 SEEP_KIND_THREAD,                                                                         \
	 false,                                                                                    \
	 0},
		SEEP_THREAD_FUNCTIONS(SEEP_THREAD_FUNCTION)
#undef SEEP_THREAD_FUNCTION
};

#define NUM_BUILTIN (sizeof(builtin) / sizeof(builtin[0]))

static const char *const family_texts[] = {
#define SEEP_FAMILY_TEXT(name, text) text,
	SEEP_FAMILIES(SEEP_FAMILY_TEXT)
#undef SEEP_FAMILY_TEXT
};

struct seep_allocators {
	uint32_t kinds; /* selected */
	size_t num_user;
	struct seep_allocator *user; /* owns the names */
	/* The built-in functions, sorted by name for the binary search. */
	const struct seep_allocator *by_name[NUM_BUILTIN];
};

const char *seep_family_text(enum seep_family family)
{
	return family_texts[family];
}

/* A release counts at the entry, by its argument. TRYJOIN may give up, so its result matters. */
bool seep_role_returns(enum seep_role role)
{
	return role != SEEP_ROLE_FREE && role != SEEP_ROLE_JOIN && role != SEEP_ROLE_DETACH;
}

/* Only operator new reports a failure by an exception. */
bool seep_role_throws(enum seep_role role)
{
	return role == SEEP_ROLE_NEW || role == SEEP_ROLE_RENEW;
}

unsigned int seep_allocator_num_args(const struct seep_allocator *allocator)
{
	/* Arguments are numbered from 1; 0 means that the function has none of this sort. */
	const uint8_t arguments[] = {allocator->size_arg, allocator->count_arg,
				     allocator->pointer_arg, allocator->out_arg};
	unsigned int most = 0;

	for (size_t i = 0; i < sizeof(arguments); i++) {
		if (arguments[i] > most)
			most = arguments[i];
	}
	return most;
}

static int compare_names(const void *left, const void *right)
{
	const struct seep_allocator *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

int seep_allocators_new(struct seep_allocators **ret_allocators)
{
	struct seep_allocators *allocators = calloc(1, sizeof(*allocators));

	if (!allocators)
		return -ENOMEM;
	/* Until seep_allocators_select, all kinds are found. */
	allocators->kinds = UINT32_MAX;
	for (size_t i = 0; i < NUM_BUILTIN; i++)
		allocators->by_name[i] = &builtin[i];
	qsort(allocators->by_name, NUM_BUILTIN, sizeof(allocators->by_name[0]), compare_names);
	*ret_allocators = allocators;
	return 0;
}

void seep_allocators_free(struct seep_allocators *allocators)
{
	if (!allocators)
		return;
	for (size_t i = 0; i < allocators->num_user; i++)
		free((char *)allocators->user[i].name);
	free(allocators->user);
	free(allocators);
}

size_t seep_allocators_count(const struct seep_allocators *allocators)
{
	return allocators->num_user + NUM_BUILTIN;
}

size_t seep_allocators_num_user(const struct seep_allocators *allocators)
{
	return allocators->num_user;
}

const struct seep_allocator *seep_allocators_at(const struct seep_allocators *allocators,
						size_t index)
{
	/* Functions of the user come first, so that theirs is the lower rank. */
	return index < allocators->num_user ? &allocators->user[index] :
					      &builtin[index - allocators->num_user];
}

void seep_allocators_select(struct seep_allocators *allocators, uint32_t kinds)
{
	allocators->kinds = kinds;
}

uint32_t seep_allocators_kinds(const struct seep_allocators *allocators)
{
	return allocators->kinds;
}

/* @name need not be terminated: only @length bytes of it count. */
static bool has_name(const struct seep_allocator *allocator, const char *name, size_t length)
{
	return strncmp(allocator->name, name, length) == 0 && allocator->name[length] == '\0';
}

const struct seep_allocator *seep_allocators_find(const struct seep_allocators *allocators,
						  const char *symbol, size_t length)
{
	/*
	 * The user's functions are few and found one by one, whatever kinds are selected; the
	 * built-in ones by binary search.
	 */
	size_t low = 0, high = NUM_BUILTIN;

	for (size_t i = 0; i < allocators->num_user; i++) {
		if (has_name(&allocators->user[i], symbol, length))
			return &allocators->user[i];
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(allocators->by_name[middle]->name, symbol, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	/* The first name that begins so is the shortest. */
	if (low < NUM_BUILTIN && has_name(allocators->by_name[low], symbol, length) &&
	    allocators->kinds & SEEP_KIND_BIT(allocators->by_name[low]->kind))
		return allocators->by_name[low];
	return NULL;
}

/* A function that is being described, and what is wrong with the description. */
struct description {
	struct seep_allocator allocator;
	/* ret=ptr was given: the block is what the function returns */
	bool returns;
	const char *reason;
};

/* Sets the reason, which is a constant text, and returns -EINVAL. */
static int refuse(struct description *description, const char *reason)
{
	description->reason = reason;
	return -EINVAL;
}

/* "arg1" to "arg6" */
static int parse_argument(struct description *description, const char *value, uint8_t *ret_number)
{
	/* 0 until the key is given: arguments count from 1. */
	if (*ret_number)
		return refuse(description, "a key is given twice");
	if (strncmp(value, "arg", 3) != 0 || value[3] < '1' || value[3] > '0' + SEEP_MAX_ARGUMENT ||
	    value[4])
		return refuse(description, "arguments are arg1 to arg6");
	*ret_number = (uint8_t)(value[3] - '0');
	return 0;
}

/* An argument, or the bytes that each block has: a pool of items has no use for the argument. */
static int parse_size(struct description *description, const char *value)
{
	struct seep_allocator *allocator = &description->allocator;
	unsigned long bytes;
	char *end;

	if (allocator->bytes)
		return refuse(description, "a key is given twice");
	if (*value < '0' || *value > '9')
		return parse_argument(description, value, &allocator->size_arg);
	if (allocator->size_arg)
		return refuse(description, "a key is given twice");
	bytes = strtoul(value, &end, 10);
	if (*end || !bytes || bytes > UINT32_MAX)
		return refuse(description, "the size is an argument, or a number of bytes");
	allocator->bytes = (uint32_t)bytes;
	return 0;
}

/* How its return is seen. */
static int parse_via(struct description *description, const char *value)
{
	if (strcmp(value, "retprobe") != 0 && strcmp(value, "exits") != 0)
		return refuse(description, "a return is seen via=exits or via=retprobe");
	description->allocator.return_probe = strcmp(value, "retprobe") == 0;
	return 0;
}

/*
 * One KEY=VALUE, which is cut in two in place. A key that is given twice is refused, as one of the
 * two values would have no effect.
 */
static int parse_pair(struct description *description, char *pair, bool frees)
{
	struct seep_allocator *allocator = &description->allocator;
	char *value = strchr(pair, '=');

	if (!value)
		return refuse(description, "a key needs a value, as in size=arg1");
	*value++ = '\0';
	if (strcmp(pair, "ptr") == 0)
		return parse_argument(description, value, &allocator->pointer_arg);
	if (frees)
		return refuse(description, "the only key of a releasing function is ptr");
	if (strcmp(pair, "size") == 0)
		return parse_size(description, value);
	if (strcmp(pair, "count") == 0)
		return parse_argument(description, value, &allocator->count_arg);
	if (strcmp(pair, "out") == 0)
		return parse_argument(description, value, &allocator->out_arg);
	if (strcmp(pair, "via") == 0)
		return parse_via(description, value);
	if (strcmp(pair, "ret") != 0)
		return refuse(description, "the keys are size, count, ptr, out, ret and via");
	if (description->returns)
		return refuse(description, "a key is given twice");
	if (strcmp(value, "ptr") != 0)
		return refuse(description, "the result can only be the block: ret=ptr");
	description->returns = true;
	return 0;
}

/*
 * An allocation must say how large the block is and where its address is found, a release which
 * argument has the address.
 */
static int check(struct description *description, bool frees)
{
	const struct seep_allocator *allocator = &description->allocator;

	if (frees)
		return allocator->pointer_arg ?
			       0 :
			       refuse(description, "which argument is the block? ptr=argN");
	if (!allocator->size_arg && !allocator->bytes)
		return refuse(description, "which argument is the size? size=argN, or size=BYTES");
	if (!description->returns && !allocator->out_arg)
		return refuse(description, "where is the block? ret=ptr or out=argN");
	if (description->returns && allocator->out_arg)
		return refuse(description, "the block is either ret=ptr or out=argN");
	return 0;
}

/* All pairs first, then what they come to; the first thing that is wrong is reported. */
static int parse(struct description *description, char *keys, bool frees)
{
	char *pair;
	int error = 0;

	while (!error && (pair = strsep(&keys, ",")))
		error = parse_pair(description, pair, frees);
	return error ? error : check(description, frees);
}

/*
 * Adds a function of the user, with a copy of its name. 0, or -ENOMEM and the functions are as
 * before.
 */
static int append(struct seep_allocators *allocators, const struct seep_allocator *allocator)
{
	struct seep_allocator *user =
		reallocarray(allocators->user, allocators->num_user + 1, sizeof(*allocators->user));

	if (!user)
		return -ENOMEM;
	allocators->user = user;
	user[allocators->num_user] = *allocator;
	/* The copy of the caller's description goes, so the name needs one of its own. */
	user[allocators->num_user].name = strdup(allocator->name);
	if (!user[allocators->num_user].name)
		return -ENOMEM;
	allocators->num_user++;
	return 0;
}

int seep_allocators_add(struct seep_allocators *allocators, const char *text, enum seep_role role,
			const char **ret_reason)
{
	bool frees = role == SEEP_ROLE_FREE;
	SEEP_AUTO_FREE char *copy = strdup(text);
	struct description description = {.allocator = {.family = SEEP_FAMILY_USER, .role = role}};
	char *colon;
	int error;

	if (!copy)
		return -ENOMEM;
	/* The keys have no colon, C++ names have some. */
	colon = strrchr(copy, ':');
	if (!colon || colon == copy || colon[-1] == ':') {
		*ret_reason = frees ? "a function is given as NAME:ptr=arg1" :
				      "a function is given as NAME:size=arg1,ret=ptr";
		return -EINVAL;
	}
	/* Cut in place: the name in front, the keys behind. */
	*colon = '\0';
	description.allocator.name = copy;
	/* Reasons are constant texts, so they outlive the copy. */
	error = parse(&description, colon + 1, frees);
	for (size_t i = 0; i < allocators->num_user && !error; i++) {
		if (strcmp(allocators->user[i].name, copy) == 0)
			error = refuse(&description, "the function is given twice");
	}
	if (error) {
		*ret_reason = description.reason;
		return error;
	}
	/* An allocating function that takes a block as well reallocates it. */
	if (!frees && description.allocator.pointer_arg)
		description.allocator.role = SEEP_ROLE_REALLOC;
	return append(allocators, &description.allocator);
}
