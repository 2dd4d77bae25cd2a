// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asked by the attaching side for each function that was found, one after the other. way_of decides
 * by what the function is; only one that may be passed needs its code looked at. operator new is
 * first asked whether it only passes on what malloc has returned (elf/result.h), as then nothing is
 * to be seen; all others need their exits (elf/exits.h).
 *
 * Both walk over code and ask back, through leaves and is_final, what the functions are that it
 * calls. Bounded by HELPERS_MAX here and by the caps of these two.
 */
#include "symbol/returns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/extents.h"
#include "elf/functions.h"
#include "elf/result.h"
#include "symbol/plt.h"

/* Helpers between operator new and malloc: how many calls deep they are followed. */
#define HELPERS_MAX 4

struct seep_returns {
	const struct seep_allocators *allocators;
	const struct seep_image *image;
	const struct seep_search *search;
	bool has_extents; /* they are read when they are needed first */
	struct seep_extents extents;
	unsigned int depth; /* of helpers */
};

int seep_returns_new(const struct seep_allocators *allocators, const struct seep_image *image,
		     const struct seep_search *search, struct seep_returns **ret_returns)
{
	struct seep_returns *returns = calloc(1, sizeof(*returns));

	if (!returns)
		return -ENOMEM;
	returns->allocators = allocators;
	returns->image = image;
	returns->search = search;
	*ret_returns = returns;
	return 0;
}

void seep_returns_free(struct seep_returns *returns)
{
	if (!returns)
		return;
	seep_extents_done(&returns->extents);
	free(returns);
}

/* May anything pass it but a return? */
static bool may_be_passed(const struct seep_allocator *allocator)
{
	if (allocator->family == SEEP_FAMILY_USER)
		return !allocator->return_probe;
	return seep_role_throws(allocator->role) || allocator->kind == SEEP_KIND_THREAD;
}

/* By what the function is; whether exits can be found is not known yet. */
static enum seep_return_way way_of(const struct seep_allocator *allocator)
{
	if (!seep_role_returns(allocator->role))
		return SEEP_RETURN_UNUSED;
	return may_be_passed(allocator) ? SEEP_RETURN_EXITS : SEEP_RETURN_PROBE;
}

/*
 * The traced function at @address, or that the stub, or the call through a variable, there leads
 * to.
 */
static const struct seep_allocator *traced_at(const struct seep_returns *returns, uint64_t address)
{
	const struct seep_search *search = returns->search;
	const char *name;

	for (size_t i = 0; i < search->count; i++) {
		if (search->list[i].address == address)
			return search->list[i].allocator;
	}
	if (seep_plt_name(returns->image, address, &name))
		return NULL;
	return seep_allocators_find(returns->allocators, name, strlen(name));
}

/* A search for a function of the file by its name. */
struct name_search {
	const char *name;
	uint64_t address;
};

/* Without the version in the symbol's name. 1 ends the search. */
static int match_name(const struct seep_symbol *symbol, void *context)
{
	struct name_search *search = context;
	/* Without the version that ld writes behind the name. */
	size_t length = strcspn(symbol->name, "@");

	if (strncmp(symbol->name, search->name, length) != 0 || search->name[length])
		return 0;
	search->address = symbol->address;
	return 1;
}

/*
 * A library calls its own exported functions through stubs as well. Another file may define the
 * same name, but then the library's own is not what it was written for.
 */
static void follow_stub(const struct seep_returns *returns, const char *name, uint64_t *address)
{
	struct name_search search = {.name = name};

	if (seep_image_each_function(returns->image, match_name, &search) > 0)
		*address = search.address;
}

static bool is_result_traced(void *context, uint64_t *address);

/* By name, as the C++ libraries call what throws or ends the program. */
static bool never_returns(void *context, uint64_t address)
{
	static const char *const names[] = {
		"__cxa_throw",
		"__cxa_rethrow",
		"__cxa_throw_bad_array_new_length",
		"_Unwind_Resume",
		"_ZSt9terminatev",
		"__stack_chk_fail",
		"abort",
		"exit",
		"_exit",
	};
	const struct seep_returns *returns = context;
	struct seep_symbol symbol;
	const char *name;

	/* No stub, so it has to be a function of this file. */
	if (seep_plt_name(returns->image, address, &name)) {
		if (seep_image_function_at(returns->image, address, &symbol))
			return false;
		name = symbol.name;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	/* std::__throw_bad_alloc and the like, in their mangled form. */
	return strncmp(name, "_ZSt", 4) == 0 && strstr(name, "__throw_");
}

/*
 * Does the function return only what is traced? It calls itself through is_result_traced for
 * helpers.
 */
static bool passes_on(struct seep_returns *returns, uint64_t address, uint64_t size)
{
	const struct seep_exits_query query = {
		.image = returns->image,
		.extents = &returns->extents,
		.address = address,
		.size = size,
		.leaves = is_result_traced,
		.is_final = never_returns,
		.context = returns,
	};
	bool result;

	/* Two functions that call each other would be followed for ever. */
	if (returns->depth == HELPERS_MAX)
		return false;
	returns->depth++;
	result = seep_result_is_passed_on(&query);
	returns->depth--;
	return result;
}

/* A block that the function at *address returns has been counted there, or by a helper of it. */
static bool is_result_traced(void *context, uint64_t *address)
{
	struct seep_returns *returns = context;
	const struct seep_allocator *allocator = traced_at(returns, *address);
	const struct seep_range *piece;
	const char *name;

	/*
	 * Only a function that returns a new block: others give it out through an argument,
	 * or may return the old one.
	 */
	if (allocator)
		return allocator->kind == SEEP_KIND_MEMORY && !allocator->out_arg &&
		       allocator->family != SEEP_FAMILY_USER &&
		       seep_role_returns(allocator->role) && allocator->role != SEEP_ROLE_RESIZE;
	if (!seep_plt_name(returns->image, *address, &name))
		follow_stub(returns, name, address);
	piece = seep_extents_find(&returns->extents, *address);
	return piece && piece->start == *address &&
	       passes_on(returns, *address, piece->end - piece->start);
}

/* Code of other files is not here; functions with return probes are seen by these. */
static bool leaves_for_good(void *context, uint64_t *address)
{
	const struct seep_returns *returns = context;
	const struct seep_allocator *allocator = traced_at(returns, *address);
	uint64_t stub = *address;
	const char *name;

	if (allocator && way_of(allocator) == SEEP_RETURN_PROBE)
		return true;
	if (seep_plt_name(returns->image, *address, &name))
		return false;
	follow_stub(returns, name, address);
	/* Unless follow_stub has put a function of this file there, whose code is looked at. */
	return *address == stub;
}

/*
 * A function of the user that goes on as malloc by a jump is over when malloc is: BPF knows that.
 * With operator new, whoever it goes on as counts the block.
 */
static bool is_tail_seen(const struct seep_returns *returns, const struct seep_allocator *allocator,
			 uint64_t tail)
{
	const struct seep_allocator *next = traced_at(returns, tail);

	if (!next || next->kind != allocator->kind || !seep_role_returns(next->role))
		return false;
	if (way_of(next) == SEEP_RETURN_PROBE)
		return true;
	return allocator->family != SEEP_FAMILY_USER && next->family != SEEP_FAMILY_USER;
}

/* Falls back to SEEP_RETURN_UNSEEN, with a reason for the user. 0 or -ENOMEM. */
static int find_exits(struct seep_returns *returns, const struct seep_found *found,
		      struct seep_return *ret_return)
{
	const struct seep_exits_query query = {
		.image = returns->image,
		.extents = &returns->extents,
		.address = found->address,
		.size = found->size,
		.leaves = leaves_for_good,
		.context = returns,
	};
	int error = seep_exits_find(&query, &ret_return->exits);

	ret_return->way = error ? SEEP_RETURN_UNSEEN : SEEP_RETURN_EXITS;
	for (size_t i = 0; !error && i < ret_return->exits.num_tails; i++) {
		uint64_t tail = ret_return->exits.tails[i];

		if (is_tail_seen(returns, found->allocator, tail))
			continue;
		ret_return->way = SEEP_RETURN_UNSEEN;
		ret_return->exits.reason = "it ends in a jump to a function of another file";
		if (seep_plt_name(returns->image, tail, &ret_return->leads_to))
			ret_return->leads_to = NULL;
	}
	return error == -ENOMEM ? -ENOMEM : 0;
}

/* Reads the unwind information when it is needed first. 0 or -ENOMEM. */
static int read_extents(struct seep_returns *returns)
{
	int error;

	if (returns->has_extents)
		return 0;
	/* Also if there are none, so that they are read only once. */
	returns->has_extents = true;
	error = seep_extents_read(returns->image, &returns->extents);
	/* Without any the size of the symbol is all there is. */
	return error == -ENOMEM ? -ENOMEM : 0;
}

int seep_returns_of(struct seep_returns *returns, const struct seep_found *found,
		    struct seep_return *ret_return)
{
	int error;

	memset(ret_return, 0, sizeof(*ret_return));
	ret_return->way = way_of(found->allocator);
	if (ret_return->way != SEEP_RETURN_EXITS)
		return 0;
	error = read_extents(returns);
	if (error)
		return error;
	/* No probe at all costs the program least. */
	if (found->allocator->role == SEEP_ROLE_NEW &&
	    passes_on(returns, found->address, found->size)) {
		ret_return->way = SEEP_RETURN_PASSED;
		return 0;
	}
	return find_exits(returns, found, ret_return);
}
