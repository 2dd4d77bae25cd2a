// SPDX-License-Identifier: GPL-2.0-only
/*
 * In three steps. Symbols are matched against the table, from the file itself and, if it has lost
 * its .symtab, from .gnu_debugdata and debug files. What is not to be believed is dropped, and
 * counted as refused unless a better source says the same. Then static functions that only share a
 * name are dropped, and of aliases the one that counts first is kept.
 *
 * Called once for each file that is mapped, with every symbol going through match_symbol: a hash
 * lookup, and only for names that the user gave a look at the mangled name. Bounded by FOUND_MAX.
 */
#include "symbol/search.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/demangle.h"
#include "elf/extents.h"
#include "elf/functions.h"
#include "elf/probe_site.h"
#include "elf/sections.h"
#include "elf/symbols.h"
#include "symbol/debug_file.h"
#include "symbol/plt.h"
#include "symbol/qualified_name.h"

/* The tables are finite; overloads and static functions of one name are what can make many. */
#define FOUND_MAX 1024

/* The longest instruction: the probe goes on the first. */
#define RENDEZVOUS_BYTES 15

/* Whose symbol it is, the best last. */
enum source {
	SOURCE_REFUSED, /* a debug file that is not to be believed */
	SOURCE_DEBUG,	/* a debug file of root's */
	SOURCE_OWN,	/* the file itself, .gnu_debugdata too */
	SOURCE_COUNT
};

/* A function that was found, until it is decided whether to believe it. */
struct candidate {
	struct seep_found found;
	bool global;
	enum source source;
};

struct search {
	const struct seep_allocators *allocators;
	enum source source; /* of what is read at the moment */
	size_t count;
	size_t capacity;
	struct candidate *list;
	uint64_t rendezvous[SOURCE_COUNT];
	struct seep_refused refused[SEEP_DISTRUST_COUNT];
	char *refused_path;
};

/* 0 or -ENOMEM; beyond FOUND_MAX nothing is added. */
static int add(struct search *search, const struct seep_allocator *allocator,
	       const struct seep_symbol *symbol)
{
	struct candidate *grown;
	size_t capacity;

	if (search->count == FOUND_MAX)
		return 0;
	if (search->count == search->capacity) {
		capacity = search->capacity ? 2 * search->capacity : 64;
		grown = reallocarray(search->list, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		search->list = grown;
		search->capacity = capacity;
	}
	search->list[search->count++] = (struct candidate){
		.found = {.allocator = allocator, .address = symbol->address, .size = symbol->size},
		.global = symbol->global,
		.source = search->source,
	};
	return 0;
}

/* Against the names that the user gave, which are as people write them. Demangled at most once. */
static int match_demangled(struct search *search, const struct seep_symbol *symbol)
{
	SEEP_AUTO_FREE char *demangled = NULL;

	for (size_t i = 0; i < seep_allocators_num_user(search->allocators); i++) {
		const struct seep_allocator *user = seep_allocators_at(search->allocators, i);

		if (!seep_qualified_name_may_be(symbol->name, user->name))
			continue;
		if (!demangled)
			demangled = seep_demangle(symbol->name);
		if (!demangled)
			return 0;
		if (seep_qualified_name_is(demangled, user->name))
			return add(search, user, symbol);
	}
	return 0;
}

static int match_symbol(const struct seep_symbol *symbol, void *context)
{
	struct search *search = context;
	/* ld writes "free@@GLIBC_2.2.5" into .symtab. */
	size_t length = strcspn(symbol->name, "@");
	const struct seep_allocator *allocator =
		seep_allocators_find(search->allocators, symbol->name, length);

	if (allocator)
		return add(search, allocator, symbol);
	/* The dynamic loader calls it when it has mapped or unmapped a file. */
	if (strncmp(symbol->name, "_dl_debug_state", length) == 0 && length == 15)
		search->rendezvous[search->source] = symbol->address;
	return seep_allocators_num_user(search->allocators) ? match_demangled(search, symbol) : 0;
}

/* One that is refused is read all the same, to say what is not traced because of that. */
static int search_debug_files(struct search *search, const struct seep_image *image,
			      const char *path, const struct seep_root *root)
{
	SEEP_CLEANUP(seep_debug_files_done) struct seep_debug_files files = {0};
	int error = seep_debug_files_find(image, path, root, SEEP_DEBUG_PLACES, &files);

	/* match_symbol notes the source with each function that it finds. */
	search->source = SOURCE_DEBUG;
	if (!error && files.debug)
		error = seep_image_each_function(files.debug, match_symbol, search);
	search->source = SOURCE_REFUSED;
	if (!error && files.refused)
		error = seep_image_each_function(files.refused, match_symbol, search);
	search->refused_path = SEEP_TAKE_PTR(files.refused_path);
	return error;
}

/* Where the symbols of a stripped file may be. */
static int search_elsewhere(struct search *search, const struct seep_image *image, const char *path,
			    const struct seep_root *root)
{
	SEEP_CLEANUP(seep_debug_elf_done) struct seep_debug_elf unpacked = {.fd = -1};
	int error = 0;

	/* It is a part of the file, so what it says counts as the file's own. */
	if (!seep_debug_file_unpack(image, &unpacked))
		error = seep_symbols_each_function(unpacked.elf, match_symbol, search);
	return error ? error : search_debug_files(search, image, path, root);
}

/* Counted by reason; the first one is named to the user. */
static void refuse(struct search *search, enum seep_distrust reason,
		   const struct candidate *candidate)
{
	if (!search->refused[reason].count++)
		search->refused[reason].first = candidate->found.allocator;
}

/*
 * The CFI of the mapped file has the last word: a symbol whose address is in the middle of a
 * function would have a probe put into an instruction.
 */
static enum seep_distrust judge(const struct seep_extents *extents,
				const struct candidate *candidate)
{
	enum seep_entry_kind kind = seep_extents_entry(extents, candidate->found.address);

	if (candidate->source == SOURCE_REFUSED)
		return SEEP_DISTRUST_DEBUG_FILE;
	if (kind == SEEP_ENTRY_BEGINS)
		return SEEP_DISTRUST_NONE;
	if (kind == SEEP_ENTRY_UNKNOWN && candidate->source == SOURCE_OWN)
		return SEEP_DISTRUST_NONE;
	return SEEP_DISTRUST_NO_ENTRY;
}

/* By address; at one address the best source first. */
static int compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->found.address != b->found.address)
		return a->found.address < b->found.address ? -1 : 1;
	return (int)b->source - (int)a->source;
}

/*
 * Of several symbols at one address the best source counts for all: who has said where the function
 * is, not what it is called. So a refused file is silent about what is known anyway.
 */
static void drop_unbelieved(struct search *search, const struct seep_extents *extents)
{
	size_t kept = 0;
	uint64_t last = 0;

	if (!search->count)
		return;
	qsort(search->list, search->count, sizeof(*search->list), compare_candidates);
	for (size_t i = 0; i < search->count; i++) {
		struct candidate candidate = search->list[i];
		enum seep_distrust reason = judge(extents, &candidate);

		/* Candidates at one address come best source first. */
		if (reason == SEEP_DISTRUST_NONE)
			search->list[kept++] = candidate;
		else if (candidate.found.address != last)
			refuse(search, reason, &candidate);
		last = candidate.found.address;
	}
	search->count = kept;
}

/* A loader tells debuggers there, by a function without arguments that does nothing. */
static uint64_t believed_rendezvous(const struct search *search, const struct seep_image *image,
				    const struct seep_extents *extents)
{
	for (int source = SOURCE_OWN; source > SOURCE_REFUSED; source--) {
		struct candidate candidate = {
			.source = (enum source)source,
			.found = {.address = search->rendezvous[source]},
		};
		struct seep_probe_site site;
		const uint8_t *code;
		size_t length;

		if (!candidate.found.address || judge(extents, &candidate) != SEEP_DISTRUST_NONE)
			continue;
		/* Only where an instruction can be decoded may a probe be placed. */
		length = seep_image_code(image, candidate.found.address, RENDEZVOUS_BYTES, &code);
		if (length && !seep_probe_site_find(code, length, 0, SEEP_SITE_ENTRY, 0, &site))
			return candidate.found.address;
	}
	return 0;
}

/*
 * A static function that happens to be called free is not the allocator's. But beside global names
 * of the family, for the same kind of objects, it is: the linker makes some of them local in a
 * static PIE.
 */
static void drop_strangers(struct search *search)
{
	/* Which kinds of objects the file has global functions of the C family for. */
	uint32_t exported = 0; /* kinds */
	size_t kept = 0;

	for (size_t i = 0; i < search->count; i++) {
		const struct seep_allocator *allocator = search->list[i].found.allocator;

		if (search->list[i].global && allocator->family == SEEP_FAMILY_C)
			exported |= SEEP_KIND_BIT(allocator->kind);
	}
	for (size_t i = 0; i < search->count; i++) {
		const struct candidate *candidate = &search->list[i];
		const struct seep_allocator *allocator = candidate->found.allocator;

		if (exported & SEEP_KIND_BIT(allocator->kind) || candidate->global ||
		    allocator->family != SEEP_FAMILY_C)
			search->list[kept++] = *candidate;
	}
	search->count = kept;
}

/* The user's names count first, then they come in the order of the table. */
static int compare_names(const struct seep_allocator *a, const struct seep_allocator *b)
{
	bool a_user = a->family == SEEP_FAMILY_USER, b_user = b->family == SEEP_FAMILY_USER;

	if (a_user != b_user)
		return a_user ? -1 : 1;
	return (a > b) - (a < b);
}

/* By address; of one address the name that counts first. */
static int compare_addresses(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	int names = compare_names(a->found.allocator, b->found.allocator);

	if (a->found.address != b->found.address)
		return a->found.address < b->found.address ? -1 : 1;
	if (names)
		return names;
	return (a->found.size < b->found.size) - (a->found.size > b->found.size);
}

/* Keeps one name for each address, because a probe is placed there once. */
static void drop_aliases(struct search *search)
{
	size_t kept = 0;

	if (!search->count)
		return;
	qsort(search->list, search->count, sizeof(*search->list), compare_addresses);
	for (size_t i = 0; i < search->count; i++) {
		/* The name that counts first has come first. */
		if (kept && search->list[kept - 1].found.address == search->list[i].found.address)
			continue;
		search->list[kept++] = search->list[i];
	}
	search->count = kept;
}

/* By rank, so that what is found is listed alike in every file. */
static int compare_ranks(const void *left, const void *right)
{
	const struct seep_found *a = left, *b = right;
	int names = compare_names(a->allocator, b->allocator);

	if (names)
		return names;
	return a->address < b->address ? -1 : a->address > b->address;
}

/* Hands over what is left, in the order of the table. 0 or -ENOMEM. */
static int finish(struct search *search, uint64_t rendezvous, struct seep_search *ret_search)
{
	/* One more, because calloc of nothing may return NULL. */
	struct seep_found *list = calloc(search->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < search->count; i++)
		list[i] = search->list[i].found;
	qsort(list, search->count, sizeof(*list), compare_ranks);
	*ret_search = (struct seep_search){
		.count = search->count,
		.list = list,
		.refused_path = SEEP_TAKE_PTR(search->refused_path),
		.rendezvous = rendezvous,
	};
	memcpy(ret_search->refused, search->refused, sizeof(search->refused));
	return 0;
}

static bool has_rendezvous(const struct search *search)
{
	return search->rendezvous[SOURCE_OWN] || search->rendezvous[SOURCE_DEBUG];
}

int seep_search_run(const struct seep_allocators *allocators, const struct seep_image *image,
		    const char *path, const struct seep_root *root, struct seep_search *ret_search)
{
	SEEP_CLEANUP(seep_extents_done) struct seep_extents extents = {0};
	struct search search = {.allocators = allocators, .source = SOURCE_OWN};
	GElf_Shdr header;
	int error;

	error = seep_image_each_function(image, match_symbol, &search);
	/* With a .symtab the file says everything about its functions by itself. */
	if (!error && !seep_section_find(seep_image_elf(image), ".symtab", &header))
		error = search_elsewhere(&search, image, path, root);
	/* Without unwind information there are no extents, which is no failure. */
	if (!error && (search.count || has_rendezvous(&search)))
		error = seep_extents_read(image, &extents) == -ENOMEM ? -ENOMEM : 0;
	if (!error) {
		drop_unbelieved(&search, &extents);
		drop_strangers(&search);
		drop_aliases(&search);
		error = finish(&search, believed_rendezvous(&search, image, &extents), ret_search);
	}
	free(search.refused_path);
	free(search.list);
	return error;
}

void seep_search_done(struct seep_search *search)
{
	free(search->list);
	free(search->refused_path);
	*search = (struct seep_search){0};
}

bool seep_search_releases_at(const struct seep_allocators *allocators,
			     const struct seep_image *image, const struct seep_search *search,
			     uint64_t address)
{
	const struct seep_allocator *allocator;
	const char *name;

	for (size_t i = 0; i < search->count; i++) {
		if (search->list[i].address == address)
			return search->list[i].allocator->role == SEEP_ROLE_FREE;
	}
	if (seep_plt_name(image, address, &name))
		return false;
	allocator = seep_allocators_find(allocators, name, strlen(name));
	return allocator && allocator->role == SEEP_ROLE_FREE;
}
