// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stacks of the sites of a pool are the same from the function that grows it up to the one that
 * hands out what is in it, and differ above that: there is who needed more. Symbol tables are
 * searched for the function that takes back, once for each function that hands out.
 */
#include "runtime/pool_words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "runtime/pool_names.h"
#include "symbol/walk.h"

#define STEPS_MAX     12 /* functions of a stack, from the one that grows the pool */
#define COMMON_MAX    4	 /* of these, so many may belong to the pool */
#define ALONE_MAX     2	 /* the same where no other stack shows which */
#define CALLERS_SHOWN 3
#define TRACED_MAX    2
#define NAME_COLUMNS  48

/* Words in names of functions that only pools have. */
static const char *const pool_words[] = {"pool", "arena", "slab", "freelist", "free_list"};

/* What moves the program break; nothing but an allocator does. */
static const char *const break_functions[] = {"brk", "sbrk", "__brk", "__sbrk"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A function with the name of its partner; "" if it has none. */
struct partner {
	uint64_t function;
	char name[SEEP_POOL_NAME_MAX];
	UT_hash_handle hh;
};

struct seep_pool_words {
	struct seep_symbolizer *symbolizer;
	struct partner *partners;
};

struct step {
	uint64_t key;
	uint64_t frame;
	const char *module;
	const char *function; /* NULL: unknown */
};

struct path {
	size_t count;
	struct step steps[STEPS_MAX];
	uint64_t blocks;
};

struct caller {
	const struct step *step;
	uint64_t blocks;
};

/* What the functions of a pool are, as far as they are known. */
struct users {
	size_t common; /* steps that all paths begin with; at least 1 */
	size_t num_callers;
	struct caller callers[SEEP_POOL_SITES]; /* who needed most first */
	size_t num_traced;
	const struct step *traced[TRACED_MAX]; /* that hand out */
};

int seep_pool_words_new(struct seep_symbolizer *symbolizer, struct seep_pool_words **ret_words)
{
	struct seep_pool_words *words = calloc(1, sizeof(*words));

	if (!words)
		return -ENOMEM;
	words->symbolizer = symbolizer;
	*ret_words = words;
	return 0;
}

void seep_pool_words_free(struct seep_pool_words *words)
{
	struct partner *partner, *next;

	if (!words)
		return;
	HASH_ITER(hh, words->partners, partner, next) {
		HASH_DEL(words->partners, partner);
		free(partner);
	}
	free(words);
}

static void read_path(struct seep_symbolizer *symbolizer, const struct seep_site *site,
		      struct path *ret_path)
{
	struct seep_walk walk;

	*ret_path = (struct path){.blocks = site->counts.allocs};
	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	for (size_t i = 0; ret_path->count < STEPS_MAX && seep_walk_next(&walk); i++) {
		if (i < site->pool_index)
			continue;
		ret_path->steps[ret_path->count++] = (struct step){
			.key = seep_walk_function_key(&walk),
			.frame = walk.frame,
			.module = walk.location->module,
			.function = walk.line->function,
		};
	}
}

static size_t count_common(const struct path *paths, size_t num_paths)
{
	size_t common = paths[0].count;

	for (size_t i = 1; i < num_paths; i++) {
		size_t same = 0;

		while (same < common && same < paths[i].count &&
		       paths[i].steps[same].key == paths[0].steps[same].key)
			same++;
		common = same;
	}
	return common;
}

static int compare_callers(const void *left, const void *right)
{
	const struct caller *a = left, *b = right;

	return (a->blocks < b->blocks) - (a->blocks > b->blocks);
}

/* Where the paths part. One path alone does not say which of its functions that is. */
static void find_callers(const struct path *paths, size_t num_paths, struct users *users)
{
	for (size_t i = 0; i < num_paths; i++) {
		const struct step *step = &paths[i].steps[users->common];
		size_t j = 0;

		if (paths[i].count <= users->common)
			continue;
		while (j < users->num_callers && users->callers[j].step->key != step->key)
			j++;
		if (j == users->num_callers)
			users->callers[users->num_callers++].step = step;
		users->callers[j].blocks += paths[i].blocks;
	}
	qsort(users->callers, users->num_callers, sizeof(users->callers[0]), compare_callers);
}

/* NULL when memory is out. */
static const struct partner *find_partner(struct seep_pool_words *words, const struct step *step)
{
	struct partner *partner;

	HASH_FIND(hh, words->partners, &step->key, sizeof(step->key), partner);
	if (partner)
		return partner;
	partner = calloc(1, sizeof(*partner));
	if (!partner)
		return NULL;
	partner->function = step->key;
	/* Only a function that the table has as well can be traced: others are inlined. */
	if (step->function && seep_symbolizer_has(words->symbolizer, step->frame, step->function)) {
		for (size_t i = 0; seep_pool_partner(step->function, i, partner->name); i++) {
			if (seep_symbolizer_has(words->symbolizer, step->frame, partner->name))
				break;
			partner->name[0] = '\0';
		}
	}
	HASH_ADD(hh, words->partners, function, sizeof(partner->function), partner);
	if (!partner->hh.tbl) {
		free(partner);
		return NULL;
	}
	return partner;
}

static bool is_traceable(struct seep_pool_words *words, const struct step *step, const char *module)
{
	const struct partner *partner;

	/* Paths of files are kept once for each. */
	if (step->module != module)
		return false;
	partner = find_partner(words, step);
	return partner && partner->name[0];
}

/*
 * The outermost function of the pool that has a partner; or those that call the pool's, where each
 * has its own way in.
 */
static void find_traced(struct seep_pool_words *words, const struct path *path, uint64_t blocks,
			struct users *users)
{
	size_t most = users->num_callers > 1 ? COMMON_MAX : ALONE_MAX;
	size_t count = users->common < most ? users->common : most;

	for (size_t i = count; i-- > 0;) {
		if (!is_traceable(words, &path->steps[i], path->steps[0].module))
			continue;
		users->traced[users->num_traced++] = &path->steps[i];
		/* Then the one that calls it is who needs the pool, if no other stack says so. */
		if (!users->num_callers && i + 1 < path->count)
			users->callers[users->num_callers++] =
				(struct caller){&path->steps[i + 1], blocks};
		return;
	}
	for (size_t i = 0; users->num_callers > 1 && i < users->num_callers; i++) {
		if (users->num_traced < TRACED_MAX &&
		    is_traceable(words, users->callers[i].step, path->steps[0].module))
			users->traced[users->num_traced++] = users->callers[i].step;
	}
}

static bool is_named_so(const struct step *step)
{
	for (size_t i = 0; step->function && i < COUNT(pool_words); i++) {
		if (strcasestr(step->function, pool_words[i]))
			return true;
	}
	return false;
}

/* Do names say that it is a pool, or is its memory of a kind that only allocators take? */
static bool is_certain(struct seep_symbolizer *symbolizer, const struct seep_site *site,
		       const struct path *path)
{
	struct seep_walk walk;

	for (size_t i = 0; i < ALONE_MAX && i < path->count; i++) {
		if (path->steps[i].module == path->steps[0].module && is_named_so(&path->steps[i]))
			return true;
	}
	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	for (size_t i = 0; i < site->pool_index && seep_walk_next(&walk); i++) {
		for (size_t j = 0; walk.line->function && j < COUNT(break_functions); j++) {
			if (strcmp(walk.line->function, break_functions[j]) == 0)
				return true;
		}
	}
	return false;
}

static void append_name(struct seep_buffer *text, const char *function)
{
	seep_text_append_clean_elided(text, function ? function : "a function without a name",
				      NAME_COLUMNS);
}

static void append_callers(struct seep_buffer *text, const struct users *users, uint64_t blocks)
{
	char share[SEEP_UNIT_MAX];

	for (size_t i = 0; i < users->num_callers && i < CALLERS_SHOWN; i++) {
		seep_buffer_puts(text, i ? ", " : "; who asked for more: ");
		append_name(text, users->callers[i].step->function);
		seep_buffer_printf(text, " (%s)",
				   seep_format_percent(share, users->callers[i].blocks, blocks));
	}
	if (users->num_callers > CALLERS_SHOWN)
		seep_buffer_printf(text, " and %zu more", users->num_callers - CALLERS_SHOWN);
}

static char *evidence_of(const struct seep_pool_shape *shape, const struct path *path,
			 const struct users *users, bool certain)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	char number[SEEP_UNIT_MAX], bytes[SEEP_UNIT_MAX];

	seep_buffer_puts(&text, certain ? "a pool grows: " : "this looks like a pool that grows: ");
	append_name(&text, path->steps[0].function);
	seep_buffer_printf(&text, " has taken %s blocks of %s and released none",
			   seep_format_count(number, shape->blocks),
			   seep_format_bytes(bytes, shape->bytes_each));
	append_callers(&text, users, shape->blocks);
	return seep_buffer_take(&text);
}

static void append_option(struct seep_buffer *text, const char *option, const char *function,
			  const char *keys)
{
	seep_buffer_printf(text, " %s ", option);
	seep_text_append_clean(text, function, SIZE_MAX);
	seep_buffer_puts(text, keys);
}

/* What is written behind --alloc and --free is copied from here, so it is not cut. */
static char *advice_of(struct seep_pool_words *words, const struct users *users,
		       const struct path *path)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	/* The function that all callers have called, if they part. */
	const struct step *last = users->num_callers > 1 ? &path->steps[users->common - 1] : NULL;

	seep_buffer_puts(&text, "to see who keeps what the pool has handed out, trace its own "
				"functions:");
	for (size_t i = 0; i < users->num_traced; i++) {
		const struct partner *partner = find_partner(words, users->traced[i]);

		append_option(&text, "--alloc", users->traced[i]->function, ":size=argN,ret=ptr");
		append_option(&text, "--free", partner ? partner->name : "NAME", ":ptr=argN");
	}
	if (!users->num_traced) {
		bool known = last && last->function &&
			     seep_symbolizer_has(words->symbolizer, last->frame, last->function);

		append_option(&text, "--alloc", known ? last->function : "HANDS_OUT",
			      ":size=argN,ret=ptr");
		append_option(&text, "--free", "TAKES_BACK", ":ptr=argN");
	}
	seep_buffer_puts(&text, " (N: which argument it is; size=BYTES if all have one size)");
	return seep_buffer_take(&text);
}

int seep_pool_words_describe(struct seep_pool_words *words, const struct seep_pool_shape *shape,
			     char **ret_evidence, char **ret_advice)
{
	SEEP_AUTO_FREE struct path *paths = calloc(shape->num_sites, sizeof(*paths));
	SEEP_AUTO_FREE char *evidence = NULL, *advice = NULL;
	struct users users = {0};
	bool certain;

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < shape->num_sites; i++)
		read_path(words->symbolizer, shape->sites[i], &paths[i]);
	*ret_evidence = *ret_advice = NULL;
	users.common = count_common(paths, shape->num_sites);
	if (users.common == 0)
		return 0;
	find_callers(paths, shape->num_sites, &users);
	certain = is_certain(words->symbolizer, shape->sites[0], &paths[0]);
	if (!certain && users.num_callers < 2)
		return 0;
	find_traced(words, &paths[0], shape->blocks, &users);
	evidence = evidence_of(shape, &paths[0], &users, certain);
	advice = advice_of(words, &users, &paths[0]);
	if (!evidence || !advice)
		return -ENOMEM;
	*ret_evidence = SEEP_TAKE_PTR(evidence);
	*ret_advice = SEEP_TAKE_PTR(advice);
	return 0;
}
