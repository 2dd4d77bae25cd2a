// SPDX-License-Identifier: GPL-2.0-only
/*
 * Built once for each module, when its first address is looked up. collect gathers every symbol
 * that may be a function, from the file, from its debug files, from the linkage table and from the
 * table of a Go program; merge keeps one for each address and works out sizes; build copies names
 * into memory of our own, so that files can be closed. After that the table only answers.
 *
 * Bounded by SEEP_FUNCTIONS_MAX and NAMES_MAX_BYTES; what is behind them has no name.
 */
#include "symbol/functions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "elf/symbols.h"
#include "symbol/functions_private.h"
#include "symbol/plt.h"

/*
 * Longer names are cut. Symbols may share their bytes, so without a limit the names of a small file
 * can add up to terabytes.
 */
#define NAME_MAX_BYTES	4096
#define NAMES_MAX_BYTES (256u << 20) /* of one file; further functions are left out */
/* How many functions nested in another one may stand between it and an address at its end. */
#define NESTED_MAX 8

struct function {
	uint64_t start; /* offset in the file */
	uint32_t size;	/* bytes */
	uint32_t name;	/* position in names */
};

struct seep_functions {
	size_t count;
	struct function *list; /* sorted by start, which are distinct */
	struct seep_buffer names;
};

/* The range of code that has @offset, NULL if it is no code. */
static const struct seep_range *find_range(const struct seep_candidates *candidates,
					   uint64_t offset)
{
	size_t low = 0, high = candidates->num_ranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (candidates->ranges[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low && offset < candidates->ranges[low - 1].end ? &candidates->ranges[low - 1] :
								 NULL;
}

int seep_candidates_add(struct seep_candidates *candidates, uint64_t address,
			const struct seep_candidate *candidate)
{
	struct seep_candidate *added;
	const char *version;
	uint64_t offset;

	/* The functions found so far keep their names. */
	if (candidates->count == SEEP_FUNCTIONS_MAX)
		return 0;
	/* A label in data is no function. */
	if (seep_image_address_to_offset(candidates->image, address, &offset) ||
	    !find_range(candidates, offset))
		return 0;
	if (candidates->count == candidates->capacity) {
		size_t capacity = candidates->capacity ? 2 * candidates->capacity : 1024;
		struct seep_candidate *grown;

		grown = reallocarray(candidates->list, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		candidates->list = grown;
		candidates->capacity = capacity;
	}
	added = &candidates->list[candidates->count];
	*added = *candidate;
	added->start = offset;
	added->length = (uint32_t)strnlen(candidate->name, NAME_MAX_BYTES);
	/* ld writes "free@@GLIBC_2.2.5" into .symtab. */
	version = memchr(candidate->name, '@', added->length);
	if (version && version != candidate->name)
		added->length = (uint32_t)(version - candidate->name);
	/* Decides between names that are equally good, so that every run shows the same one. */
	added->order = (uint32_t)candidates->count++;
	return 0;
}

/* Adds what may be a function in one symbol table. 0 or -ENOMEM. */
static int add_table(const struct seep_symbols *symbols, void *context)
{
	struct seep_candidates *candidates = context;
	int error = 0;

	for (size_t i = 0; i < symbols->count && !error; i++) {
		const Elf64_Sym *entry = &symbols->entries[i];
		unsigned int type = ELF64_ST_TYPE(entry->st_info);
		unsigned int bind = ELF64_ST_BIND(entry->st_info);
		struct seep_candidate candidate = {
			.size = entry->st_size,
			.label = type == STT_NOTYPE,
			.binding = bind == STB_LOCAL ? SEEP_BINDING_LOCAL :
				   bind == STB_WEAK  ? SEEP_BINDING_WEAK :
						       SEEP_BINDING_GLOBAL,
		};

		if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
			continue;
		/* Undefined here, or a number and no address. */
		if (entry->st_shndx == SHN_UNDEF || entry->st_shndx == SHN_ABS)
			continue;
		candidate.name = seep_symbols_name(symbols, entry);
		if (candidate.name && candidate.name[0])
			error = seep_candidates_add(candidates, entry->st_value, &candidate);
	}
	return error;
}

/* Adds what the table of a Go program names; what is damaged in it has no name. 0 or -ENOMEM. */
static int add_go(const struct seep_pclntab *go, struct seep_candidates *candidates)
{
	struct seep_go_function function;
	int error = 0;

	for (uint64_t i = 0; i < go->num_functions && !error; i++) {
		struct seep_candidate candidate = {.binding = SEEP_BINDING_LOCAL};

		if (seep_pclntab_at(go, i, &function) || !function.name[0])
			continue;
		candidate.name = function.name;
		candidate.size = function.end - function.entry;
		error = seep_candidates_add(candidates, function.entry, &candidate);
	}
	return error;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct seep_range *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* All candidates. .dynsym by PT_DYNAMIC only counts in a file without any other table. */
static int collect(struct seep_candidates *candidates, Elf *const *others, size_t num_others,
		   const struct seep_pclntab *go)
{
	struct Elf *elf = seep_image_elf(candidates->image);
	struct seep_symbols symbols;
	int error;

	candidates->num_ranges =
		seep_image_code_ranges(candidates->image, candidates->ranges, SEEP_CODE_RANGES);
	qsort(candidates->ranges, candidates->num_ranges, sizeof(struct seep_range),
	      compare_ranges);
	/* The file itself first: of equal names the one that came first is kept. */
	error = seep_symbols_each_table(elf, add_table, candidates);
	for (size_t i = 0; i < num_others && !error; i++)
		error = seep_symbols_each_table(others[i], add_table, candidates);
	if (!error && !candidates->count && !seep_symbols_of_dynamic(candidates->image, &symbols))
		error = add_table(&symbols, candidates);
	if (!error && go)
		error = add_go(go, candidates);
	return error ? error : seep_candidates_add_plt(candidates);
}

static unsigned int underscores(const char *name)
{
	return (unsigned int)strspn(name, "_");
}

/*
 * By start, and of aliases first the one that people know: functions before labels, what other
 * files can see before what is local, "write" before "__write", global before weak.
 */
static int compare_candidates(const void *left, const void *right)
{
	const struct seep_candidate *a = left, *b = right;
	bool a_local = a->binding == SEEP_BINDING_LOCAL, b_local = b->binding == SEEP_BINDING_LOCAL;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->label != b->label)
		return a->label ? 1 : -1;
	if (a_local != b_local)
		return a_local ? 1 : -1;
	if (underscores(a->name) != underscores(b->name))
		return underscores(a->name) < underscores(b->name) ? -1 : 1;
	if (a->binding != b->binding)
		return a->binding > b->binding ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* Sorts, keeps the best name and the largest size of each start, and fills in missing sizes. */
static void merge(struct seep_candidates *candidates)
{
	struct seep_candidate *list = candidates->list;
	size_t kept = 0, count = candidates->count;
	uint64_t covered = 0;

	if (!count)
		return;
	qsort(list, count, sizeof(*list), compare_candidates);
	for (size_t i = 0; i < count; i++) {
		/* The first of several is the best name, but an alias may know the size. */
		if (kept && list[kept - 1].start == list[i].start) {
			if (list[kept - 1].size < list[i].size)
				list[kept - 1].size = list[i].size;
			continue;
		}
		list[kept++] = list[i];
	}
	/* From here on starts are distinct, so the next one bounds what has no size. */
	count = kept;
	kept = 0;
	for (size_t i = 0; i < count; i++) {
		struct seep_candidate candidate = list[i];
		/* seep_candidates_add has kept only what is in a range. */
		uint64_t end = find_range(candidates, candidate.start)->end;

		if (!candidate.size && candidate.start < covered)
			continue; /* a label inside a function */
		if (!candidate.size && i + 1 < count && list[i + 1].start < end)
			end = list[i + 1].start;
		/* A size that leads out of the section, or over the next function, is cut. */
		if (!candidate.size || candidate.size > end - candidate.start)
			candidate.size = end - candidate.start;
		if (candidate.start + candidate.size > covered)
			covered = candidate.start + candidate.size;
		list[kept++] = candidate;
	}
	candidates->count = kept;
}

/* Copies what merge has left. A name is cut where its version begins. 0 or -ENOMEM. */
static int build(struct seep_functions *functions, const struct seep_candidates *candidates)
{
	/* One more, because calloc of nothing may return NULL. */
	functions->list = calloc(candidates->count + 1, sizeof(*functions->list));
	if (!functions->list)
		return -ENOMEM;
	for (size_t i = 0; i < candidates->count; i++) {
		const struct seep_candidate *candidate = &candidates->list[i];
		struct function *function = &functions->list[functions->count];

		/* Further functions are left out, as names are positions of 32 bits. */
		if (functions->names.length > NAMES_MAX_BYTES)
			break;
		function->start = candidate->start;
		function->size =
			candidate->size < UINT32_MAX ? (uint32_t)candidate->size : UINT32_MAX;
		function->name = (uint32_t)functions->names.length;
		/* Copied, so that libelf can give back the table of strings. */
		seep_buffer_append(&functions->names, candidate->name, candidate->length);
		if (candidate->plt)
			seep_buffer_puts(&functions->names, "@plt");
		seep_buffer_putc(&functions->names, '\0');
		functions->count++;
	}
	return functions->names.error;
}

static void candidates_free(struct seep_candidates **candidates)
{
	if (*candidates)
		free((*candidates)->list);
	free(*candidates);
}

static void functions_cleanup(struct seep_functions **functions)
{
	seep_functions_free(*functions);
}

int seep_functions_new(const struct seep_image *image, Elf *const *others, size_t num_others,
		       const struct seep_pclntab *go, struct seep_functions **ret_functions)
{
	SEEP_CLEANUP(candidates_free) struct seep_candidates *candidates = NULL;
	SEEP_CLEANUP(functions_cleanup) struct seep_functions *functions = NULL;
	int error;

	functions = calloc(1, sizeof(*functions));
	candidates = calloc(1, sizeof(*candidates));
	/* Candidates are on the heap: the list of ranges alone has 16 KiB. */
	if (!functions || !candidates)
		return -ENOMEM;
	seep_buffer_init(&functions->names);
	candidates->image = image;
	error = collect(candidates, others, num_others, go);
	if (error)
		return error;
	merge(candidates);
	error = build(functions, candidates);
	if (error)
		return error;
	*ret_functions = SEEP_TAKE_PTR(functions);
	return 0;
}

void seep_functions_free(struct seep_functions *functions)
{
	if (!functions)
		return;
	free(functions->list);
	seep_buffer_done(&functions->names);
	free(functions);
}

int seep_functions_find(const struct seep_functions *functions, uint64_t offset, size_t *ret_index)
{
	size_t low = 0, high = functions->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (functions->list[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	/* The last function that starts before may be a small one inside the one that covers. */
	for (size_t i = 0; i < NESTED_MAX && i < low; i++) {
		const struct function *function = &functions->list[low - 1 - i];

		/* None of these begins behind @offset, so this cannot wrap around. */
		if (offset - function->start < function->size) {
			*ret_index = low - 1 - i;
			return 0;
		}
	}
	return -ENOENT;
}

const char *seep_functions_name(const struct seep_functions *functions, size_t index)
{
	return functions->names.data + functions->list[index].name;
}

bool seep_functions_has(const struct seep_functions *functions, const char *name)
{
	for (size_t i = 0; i < functions->count; i++) {
		if (strcmp(seep_functions_name(functions, i), name) == 0)
			return true;
	}
	return false;
}
