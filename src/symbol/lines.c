// SPDX-License-Identifier: GPL-2.0-only
#include "symbol/lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/sections.h"
#include "symbol/debug_file.h"

#define DWARF_MAX_BYTES (1ULL << 30)
#define UNITS_MAX	(256u << 10)
#define RANGES_MAX	(4u << 20)  /* of all units, or of the functions of one */
#define DIES_MAX	(4u << 20)  /* visited in one unit */
#define CHILDREN_MAX	(64u << 10) /* looked at for the calls at one address */
#define NESTING_MAX	64	    /* namespaces, classes, blocks around a function or a call */
#define OVERLAPS_MAX	8

/* Addresses from start up to end belong to number item of something. */
struct span {
	uint64_t start;
	uint64_t end;
	uint32_t item;
};

struct spans {
	struct span *list; /* sorted by start */
	size_t count;
	size_t capacity;
};

struct unit {
	Dwarf_Die die;
	bool indexed;
	Dwarf_Die *functions;
	size_t num_functions;
	size_t capacity;
	struct spans spans;
};

struct seep_lines {
	Dwarf *dwarf;
	Dwarf *shared_dwarf;
	struct seep_debug_elf shared;
	struct unit *units;
	size_t num_units;
	size_t capacity;
	struct spans spans;
};

/* Makes room for one more element; -ENOMEM. */
static int grow(void **list, size_t count, size_t *capacity, size_t size)
{
	size_t larger = *capacity ? 2 * *capacity : 16;
	void *grown;

	if (count < *capacity)
		return 0;
	grown = reallocarray(*list, larger, size);
	if (!grown)
		return -ENOMEM;
	*list = grown;
	*capacity = larger;
	return 0;
}

/* Adds the addresses of @die, for number @item; says how many. */
static int add_spans(struct spans *spans, Dwarf_Die *die, uint32_t item, size_t *ret_added)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t position = 0;
	size_t added = 0;

	while (spans->count < RANGES_MAX &&
	       (position = dwarf_ranges(die, position, &base, &start, &end)) > 0) {
		/* A function that the linker dropped begins at 0. */
		if (!start || start >= end)
			continue;
		if (grow((void **)&spans->list, spans->count, &spans->capacity,
			 sizeof(*spans->list)))
			return -ENOMEM;
		spans->list[spans->count++] = (struct span){
			.start = start,
			.end = end,
			.item = item,
		};
		added++;
	}
	*ret_added = added;
	return 0;
}

static int compare_spans(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->end < b->end) - (a->end > b->end); /* the inner one last */
}

static void sort_spans(struct spans *spans)
{
	if (spans->count)
		qsort(spans->list, spans->count, sizeof(*spans->list), compare_spans);
}

static const struct span *find_span(const struct spans *spans, uint64_t address)
{
	size_t low = 0, high = spans->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (spans->list[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < OVERLAPS_MAX && i < low; i++)
		if (address < spans->list[low - 1 - i].end)
			return &spans->list[low - 1 - i];
	return NULL;
}

/* libdw reads every debug section at once; so look first how much that is. */
static int check_size(Elf *elf)
{
	struct seep_string_table names;
	Elf_Scn *section = NULL;
	bool has_info = false;
	uint64_t total = 0;
	GElf_Shdr header;
	GElf_Chdr compressed;

	if (seep_section_names(elf, &names))
		return -ENODATA;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = seep_string_table_at(&names, header.sh_name);
		if (!name || strncmp(name, ".debug_", 7) != 0)
			continue;
		has_info |= strcmp(name, ".debug_info") == 0;
		if (header.sh_size > DWARF_MAX_BYTES)
			return -ENODATA;
		total += header.sh_size;
		if (header.sh_flags & SHF_COMPRESSED && gelf_getchdr(section, &compressed)) {
			if (compressed.ch_size > DWARF_MAX_BYTES)
				return -ENODATA;
			total += compressed.ch_size;
		}
		if (total > DWARF_MAX_BYTES)
			return -ENODATA;
	}
	return has_info ? 0 : -ENODATA;
}

/*
 * libdw 0.188 takes file names out of the string sections without a look at where these end, so the
 * last of their bytes must be a NUL. It has read (and unpacked) them by now.
 */
static bool strings_end(Elf *elf)
{
	static const char *const sections[] = {".debug_str", ".debug_line_str"};
	GElf_Shdr header;

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		Elf_Scn *section = seep_section_find(elf, sections[i], &header);
		const Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;

		if (data && data->d_size && ((const char *)data->d_buf)[data->d_size - 1])
			return false;
	}
	return true;
}

static int begin(Elf *elf, Dwarf **ret_dwarf)
{
	int error = check_size(elf);
	Dwarf *dwarf;

	if (error)
		return error;
	dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (!dwarf)
		return -ENODATA;
	*ret_dwarf = dwarf;
	return strings_end(elf) ? 0 : -ENODATA;
}

static int open_dwarf(struct seep_lines *lines, Elf *elf)
{
	int error = begin(elf, &lines->dwarf);

	if (error)
		return error;
	/*
	 * The shared part is always set here: left alone, libdw would look for it itself, at a path
	 * that the file chooses, and map what it finds.
	 */
	error = seep_debug_file_find_shared(elf, &lines->shared);
	if (error)
		return error == -ENOENT ? 0 : error;
	error = begin(lines->shared.elf, &lines->shared_dwarf);
	if (error)
		return error;
	dwarf_setalt(lines->dwarf, lines->shared_dwarf);
	return 0;
}

/*
 * The ranges are taken from the units themselves: .debug_aranges is what libdw would use, and clang
 * and rustc do not write it.
 */
static int index_units(struct seep_lines *lines)
{
	Dwarf_Off offset = 0, next;
	size_t header_size, added;

	while (lines->num_units < UNITS_MAX &&
	       dwarf_nextcu(lines->dwarf, offset, &next, &header_size, NULL, NULL, NULL) == 0) {
		Dwarf_Die die;

		if (next <= offset)
			break;
		if (dwarf_offdie(lines->dwarf, offset + header_size, &die) &&
		    dwarf_tag(&die) != DW_TAG_partial_unit) {
			if (grow((void **)&lines->units, lines->num_units, &lines->capacity,
				 sizeof(*lines->units)) ||
			    add_spans(&lines->spans, &die, (uint32_t)lines->num_units, &added))
				return -ENOMEM;
			if (added)
				lines->units[lines->num_units++] = (struct unit){.die = die};
		}
		offset = next;
	}
	sort_spans(&lines->spans);
	return 0;
}

static void lines_cleanup(struct seep_lines **lines)
{
	seep_lines_free(*lines);
}

int seep_lines_new(Elf *elf, struct seep_lines **ret_lines)
{
	SEEP_CLEANUP(lines_cleanup) struct seep_lines *lines = calloc(1, sizeof(*lines));
	int error;

	if (!lines)
		return -ENOMEM;
	lines->shared.fd = -1;
	error = open_dwarf(lines, elf);
	if (!error)
		error = index_units(lines);
	if (error)
		return error;
	*ret_lines = SEEP_TAKE_PTR(lines);
	return 0;
}

void seep_lines_free(struct seep_lines *lines)
{
	if (!lines)
		return;
	for (size_t i = 0; i < lines->num_units; i++) {
		free(lines->units[i].functions);
		free(lines->units[i].spans.list);
	}
	free(lines->units);
	free(lines->spans.list);
	dwarf_end(lines->dwarf);
	dwarf_end(lines->shared_dwarf);
	seep_debug_elf_done(&lines->shared);
	free(lines);
}

/*
 * What may hold the code of functions. Rust puts them into namespaces and types, C++ into classes.
 */
static bool holds_functions(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_subprogram: /* nested functions */
		return true;
	default:
		return false;
	}
}

static int add_function(struct unit *unit, Dwarf_Die *die)
{
	size_t added;

	if (grow((void **)&unit->functions, unit->num_functions, &unit->capacity,
		 sizeof(*unit->functions)) ||
	    add_spans(&unit->spans, die, (uint32_t)unit->num_functions, &added))
		return -ENOMEM;
	if (added)
		unit->functions[unit->num_functions++] = *die;
	return 0;
}

/*
 * Walks the unit without recursion and with a bound: siblings of a crafted file may form a circle.
 */
static int index_functions(struct unit *unit)
{
	Dwarf_Die path[NESTING_MAX];
	size_t depth = 0, visited = 0;

	unit->indexed = true;
	if (dwarf_child(&unit->die, &path[0]))
		return 0;
	while (visited++ < DIES_MAX) {
		int tag = dwarf_tag(&path[depth]);

		if (tag == DW_TAG_subprogram && add_function(unit, &path[depth]))
			return -ENOMEM;
		if (depth + 1 < NESTING_MAX && holds_functions(tag) &&
		    dwarf_child(&path[depth], &path[depth + 1]) == 0) {
			depth++;
			continue;
		}
		while (dwarf_siblingof(&path[depth], &path[depth]) != 0)
			if (!depth--)
				goto out;
	}
out:
	sort_spans(&unit->spans);
	return 0;
}

/* The child of @die that covers @address: an inlined call or a block. */
static bool find_child(Dwarf_Die *die, uint64_t address, size_t *visited, Dwarf_Die *ret_child)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return false;
	do {
		switch (dwarf_tag(&child)) {
		case DW_TAG_inlined_subroutine:
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			if (dwarf_haspc(&child, address) > 0) {
				*ret_child = child;
				return true;
			}
		}
	} while (++*visited < CHILDREN_MAX && dwarf_siblingof(&child, &child) == 0);
	return false;
}

static const char *scope_name(Dwarf_Die *die)
{
	static const unsigned int attributes[] = {
		DW_AT_linkage_name,
		DW_AT_MIPS_linkage_name,
		DW_AT_name,
	};
	Dwarf_Attribute attribute;

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		/* Follows abstract origins and specifications, at most 16 of them. */
		const char *name =
			dwarf_formstring(dwarf_attr_integrate(die, attributes[i], &attribute));

		if (name)
			return name;
	}
	return NULL;
}

static unsigned int number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) || value > INT32_MAX)
		return 0;
	return (unsigned int)value;
}

/* Where the inlined function @die was called. */
static void set_call_site(struct unit *unit, Dwarf_Die *die, struct seep_source_scope *scope)
{
	unsigned int file = number_of(die, DW_AT_call_file);
	Dwarf_Files *files;
	size_t num_files;

	scope->line = number_of(die, DW_AT_call_line);
	if (dwarf_getsrcfiles(&unit->die, &files, &num_files) == 0 && file < num_files)
		scope->source = dwarf_filesrc(files, file, NULL, NULL);
}

static void set_source(struct unit *unit, uint64_t address, struct seep_source_scope *scope)
{
	Dwarf_Line *line = dwarf_getsrc_die(&unit->die, address);
	int number;

	if (!line)
		return;
	scope->source = dwarf_linesrc(line, NULL, NULL);
	if (dwarf_lineno(line, &number) == 0 && number > 0)
		scope->line = (unsigned int)number;
}

/* The chain of inlined calls at @address in @function, which comes first here. */
static size_t find_calls(Dwarf_Die *function, uint64_t address,
			 Dwarf_Die chain[SEEP_SOURCE_SCOPES_MAX])
{
	Dwarf_Die die = *function;
	size_t count = 0, visited = 0;

	chain[count++] = die;
	for (int depth = 0; depth < NESTING_MAX * 4 && count < SEEP_SOURCE_SCOPES_MAX; depth++) {
		if (!find_child(&die, address, &visited, &die))
			break;
		if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
			chain[count++] = die;
	}
	return count;
}

size_t seep_lines_find(struct seep_lines *lines, uint64_t address,
		       struct seep_source_scope scopes[SEEP_SOURCE_SCOPES_MAX])
{
	const struct span *span = find_span(&lines->spans, address);
	Dwarf_Die chain[SEEP_SOURCE_SCOPES_MAX];
	struct unit *unit;
	size_t count;

	if (!span)
		return 0;
	unit = &lines->units[span->item];
	if (!unit->indexed && index_functions(unit))
		return 0;
	scopes[0] = (struct seep_source_scope){0};
	set_source(unit, address, &scopes[0]);
	span = find_span(&unit->spans, address);
	if (!span)
		return scopes[0].source ? 1 : 0;
	count = find_calls(&unit->functions[span->item], address, chain);
	for (size_t i = 0; i < count; i++) {
		Dwarf_Die *die = &chain[count - 1 - i];

		scopes[i].name = scope_name(die);
		if (i + 1 < count) {
			scopes[i + 1] = (struct seep_source_scope){0};
			set_call_site(unit, die, &scopes[i + 1]);
		}
	}
	return count;
}
