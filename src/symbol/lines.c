// SPDX-License-Identifier: GPL-2.0-only
/*
 * Indexed in two steps, because most addresses that are asked for lie in few units: seep_lines_new
 * notes which addresses each compilation unit has, and seep_lines_find indexes the functions of a
 * unit when the first address in it is asked for. From the function it goes down the tree of
 * inlined calls and blocks to the address.
 *
 * libdw's own search (dwarf_getscopes) walks a whole unit for each address and recurses as deep as
 * a file says. Here every walk has a bound: UNITS_MAX, DIES_MAX, CHILDREN_MAX, NESTING_MAX.
 */
#include "symbol/lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "symbol/dwarf.h"
#include "symbol/spans.h"

#define UNITS_MAX    (256u << 10)
#define DIES_MAX     (4u << 20)	 /* visited in one unit */
#define CHILDREN_MAX (64u << 10) /* looked at for the calls at one address */
#define NESTING_MAX  64		 /* namespaces, classes, blocks around a function or a call */

/* A compilation unit; its functions are indexed when they are needed first. */
struct unit {
	Dwarf_Die die;
	bool indexed;
	SEEP_VECTOR(Dwarf_Die) functions;
	struct seep_spans spans; /* of the functions */
};

struct seep_lines {
	struct seep_dwarf dwarf;
	SEEP_VECTOR(struct unit) units;
	struct seep_spans spans; /* of the units */
};

/*
 * The ranges are taken from the units themselves: .debug_aranges is what libdw would use, and clang
 * and rustc do not write it.
 */
static int index_units(struct seep_lines *lines)
{
	Dwarf_Off offset = 0, next;
	size_t header_size, added;
	int error;

	while (lines->units.count < UNITS_MAX &&
	       dwarf_nextcu(lines->dwarf.own, offset, &next, &header_size, NULL, NULL, NULL) == 0) {
		Dwarf_Die die;

		/* A crafted file might lead back, and the walk would never end. */
		if (next <= offset)
			break;
		if (dwarf_offdie(lines->dwarf.own, offset + header_size, &die) &&
		    dwarf_tag(&die) != DW_TAG_partial_unit) {
			if (seep_spans_add(&lines->spans, &die, (uint32_t)lines->units.count,
					   &added))
				return -ENOMEM;
			/* A unit without addresses of its own has no functions to look for. */
			error = added ? SEEP_APPEND(&lines->units, (struct unit){.die = die}) : 0;
			if (error)
				return error;
		}
		offset = next;
	}
	seep_spans_sort(&lines->spans);
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
	/* So that seep_lines_free does not close descriptor 0. */
	lines->dwarf.shared_elf.fd = -1;
	error = seep_dwarf_open(elf, &lines->dwarf);
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
	for (size_t i = 0; i < lines->units.count; i++) {
		free(lines->units.items[i].functions.items);
		free(lines->units.items[i].spans.items);
	}
	free(lines->units.items);
	free(lines->spans.items);
	seep_dwarf_done(&lines->dwarf);
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

/* A function without addresses is a declaration, or was inlined everywhere. */
static int add_function(struct unit *unit, Dwarf_Die *die)
{
	size_t added;

	if (seep_spans_add(&unit->spans, die, (uint32_t)unit->functions.count, &added))
		return -ENOMEM;
	return added ? SEEP_APPEND(&unit->functions, *die) : 0;
}

/*
 * Walks the unit without recursion and with a bound: siblings of a crafted file may form a circle.
 */
static int index_functions(struct unit *unit)
{
	Dwarf_Die path[NESTING_MAX];
	size_t depth = 0, visited = 0;

	/* Before anything can fail: a unit is not tried twice. */
	unit->indexed = true;
	if (dwarf_child(&unit->die, &path[0]))
		return 0;
	/* A unit with more entries is indexed as far as this. */
	while (visited++ < DIES_MAX) {
		int tag = dwarf_tag(&path[depth]);

		if (tag == DW_TAG_subprogram && add_function(unit, &path[depth])) {
			unit->spans.count = 0; /* not sorted, and perhaps without its function */
			return -ENOMEM;
		}
		/*
		 * Down to the children if there may be functions, else to the next sibling, or to
		 * that of the parent.
		 */
		if (depth + 1 < NESTING_MAX && holds_functions(tag) &&
		    dwarf_child(&path[depth], &path[depth + 1]) == 0) {
			depth++;
			continue;
		}
		/* Up, until there is a sibling to go on with. */
		while (dwarf_siblingof(&path[depth], &path[depth]) != 0)
			if (!depth--)
				goto out;
	}
out:
	seep_spans_sort(&unit->spans);
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
		/* Only these can have inlined calls in them. */
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

/*
 * The linkage name first, which tells overloads apart; it is demangled as names in symbol tables
 * are.
 */
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

/* An attribute that is a number; 0 if it is missing or not one. */
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

	/* The number of the file is an index into the files of the unit's line table. */
	scope->line = number_of(die, DW_AT_call_line);
	if (dwarf_getsrcfiles(&unit->die, &files, &num_files) == 0 && file < num_files)
		scope->source = dwarf_filesrc(files, file, NULL, NULL);
}

/* The line that the line table has for the address itself. */
static void set_source(struct unit *unit, uint64_t address, struct seep_source_scope *scope)
{
	Dwarf_Line *line = dwarf_getsrc_die(&unit->die, address);
	int number;

	if (!line)
		return;
	scope->source = dwarf_linesrc(line, NULL, NULL);
	/* Line 0 means that the instruction belongs to no line (DWARF 5, 6.2.2). */
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
		/* Blocks are passed through; only inlined calls are links of the chain. */
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
	const struct seep_span *span = seep_spans_find(&lines->spans, address);
	Dwarf_Die chain[SEEP_SOURCE_SCOPES_MAX];
	struct unit *unit;
	size_t count;

	if (!span)
		return 0;
	unit = &lines->units.items[span->item];
	if (!unit->indexed && index_functions(unit))
		return 0;
	scopes[0] = (struct seep_source_scope){0};
	/*
	 * The innermost scope has the line of the address, each outer one that of the call in it.
	 */
	set_source(unit, address, &scopes[0]);
	/* From the unit down to the function. */
	span = seep_spans_find(&unit->spans, address);
	/* Code of no function, as a file in assembly may have it, still has lines. */
	if (!span)
		return scopes[0].source ? 1 : 0;
	count = find_calls(&unit->functions.items[span->item], address, chain);
	for (size_t i = 0; i < count; i++) {
		/* The chain begins outside, the scopes inside. */
		Dwarf_Die *die = &chain[count - 1 - i];

		scopes[i].name = scope_name(die);
		if (i + 1 < count) {
			scopes[i + 1] = (struct seep_source_scope){0};
			set_call_site(unit, die, &scopes[i + 1]);
		}
	}
	return count;
}
