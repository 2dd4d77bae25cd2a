// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an open ELF file to the list of its traced functions. Called once per file by files.c. The
 * steps: search the symbols for the functions that the allocators name (symbol/search.h), choose
 * how the return of each is seen (symbol/returns.h), find the instruction for its probe
 * (elf/probe_site.h), and register the probe in the kernel's table. A function is left out, with a
 * warning, when its return cannot be seen without a risk. At most SEEP_MAX_PROBES probes are
 * registered in a trace; functions beyond that fail with -ENOSPC.
 */
#include "probe/file_functions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "elf/demangle.h"
#include "elf/functions.h"
#include "elf/image.h"
#include "probe/refused.h"
#include "proc/trust.h"
#include "symbol/search.h"

/* How much of a function is looked at for a probe place; the place is within the first few bytes.
 */
#define CODE_BYTES 4096

#define INSTRUCTION_BYTES 15 /* the longest one */

/* What the search for functions in a file works with. */
struct scan {
	const struct seep_file_search *how;
	const struct seep_image *image;
	const struct seep_search *search;
	bool glibc; /* its malloc is that of glibc */
	struct seep_returns *returns;
	struct seep_file *file;
};

/*
 * Finds the instruction for the probe, and its file offset. -ENOENT and -EINVAL: no code is there.
 */
static int place_probe(const struct scan *scan, const struct seep_found *found,
		       struct seep_file_function *function)
{
	const struct seep_allocator *allocator = found->allocator;
	/* Of a function that is not seen as a whole only the entry is safe. */
	size_t wanted = scan->how->unplaced ? INSTRUCTION_BYTES : CODE_BYTES;
	const uint8_t *code;
	size_t length = seep_image_code(scan->image, found->address, wanted, &code);
	int error;

	/*
	 * A return probe is registered where the return address is at the stack pointer, so before
	 * any push; an entry may be seen further on.
	 */
	error = seep_probe_site_find(
		code, found->size && found->size < length ? found->size : length, found->size,
		function->way == SEEP_RETURN_PROBE ? SEEP_SITE_RETURN : SEEP_SITE_ENTRY,
		seep_allocator_num_args(allocator), &function->site);
	if (error)
		return error;
	return seep_image_address_to_offset(scan->image, found->address + function->site.offset,
					    &function->offset);
}

/* Tells BPF what the function's registers and stack mean, and what a hit of this probe costs. */
static int register_probe(const struct scan *scan, uint64_t frame,
			  const struct seep_allocator *allocator,
			  struct seep_file_function *function)
{
	const struct seep_probe probe = {
		.frame = frame,
		.role = (uint8_t)allocator->role,
		.size_arg = allocator->size_arg,
		.count_arg = allocator->count_arg,
		.bytes = allocator->bytes,
		.pointer_arg = allocator->pointer_arg,
		.out_arg = allocator->out_arg,
		.kind = (uint8_t)allocator->kind,
		/*
		 * Blocks of the user's allocators are kept apart: they may lie within blocks of
		 * malloc.
		 */
		.heap = allocator->family == SEEP_FAMILY_USER ? SEEP_HEAP_USER : SEEP_HEAP_USUAL,
		.libc = allocator->family == SEEP_FAMILY_C,
		.glibc = scan->glibc && allocator->family == SEEP_FAMILY_C,
		.pushed = function->site.pushed,
	};
	const struct seep_registered what = {
		.returns = function->way == SEEP_RETURN_PROBE,
		.emulated = function->site.emulated,
	};

	return seep_registry_add(scan->how->registry, &probe, what, &function->probe);
}

/* The return instructions of functions of a kind share an entry: they are told apart by the stack.
 */
static int register_exits(const struct scan *scan, enum seep_kind kind, uint32_t *ret_probe)
{
	const struct seep_probe probe = {.kind = (uint8_t)kind};

	return seep_registry_add(scan->how->registry, &probe, (struct seep_registered){0},
				 ret_probe);
}

/* An exit of this kind at @offset; with 0 any exit of this kind, for the entry that they share. */
static const struct seep_file_exit *find_exit(const struct seep_file *file, enum seep_kind kind,
					      uint64_t offset)
{
	for (size_t i = 0; i < file->num_exits; i++) {
		if (file->exits[i].kind == kind && (!offset || file->exits[i].offset == offset))
			return &file->exits[i];
	}
	return NULL;
}

/* Adds the return instructions of @function that no other function has brought yet. */
static int add_exits(const struct scan *scan, const struct seep_exits *exits,
		     const struct seep_file_function *function)
{
	enum seep_kind kind = function->allocator->kind;
	struct seep_file *file = scan->file;
	const struct seep_file_exit *sibling = find_exit(file, kind, 0);
	struct seep_file_exit new = {.kind = kind, .function = function->name}, *grown;
	int error = 0;

	if (!exits->count)
		return 0;
	if (sibling)
		new.probe = sibling->probe;
	else
		error = register_exits(scan, kind, &new.probe);
	grown = reallocarray(file->exits, file->num_exits + exits->count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	file->exits = grown;
	for (size_t i = 0; i < exits->count && !error; i++) {
		error = seep_image_address_to_offset(scan->image, exits->addresses[i], &new.offset);
		if (!error && !find_exit(file, kind, new.offset))
			file->exits[file->num_exits++] = new;
	}
	return error;
}

/* Operators of C++ as people write them. */
static int set_name(struct seep_file_function *function, const struct seep_allocator *allocator)
{
	function->allocator = allocator;
	function->role = allocator->role;
	function->name = seep_demangle(allocator->name);
	if (!function->name)
		function->name = strdup(allocator->name);
	return function->name ? 0 : -ENOMEM;
}

/* operator delete goes on as free: one probe there is enough, and each costs. */
static bool forwards(const struct scan *scan, const struct seep_found *found,
		     const struct seep_probe_site *site)
{
	return found->allocator->role == SEEP_ROLE_FREE &&
	       found->allocator->family != SEEP_FAMILY_USER && site->jumps &&
	       seep_search_releases_at(scan->how->allocators, scan->image, scan->search,
				       found->address + site->target);
}

/* The reason is that of symbol/returns.h; leads_to is a function that it ends in by a jump. */
static void warn_unseen(const struct scan *scan, const struct seep_found *found,
			const struct seep_return *how)
{
	seep_warn("%s in \"%s\" is not traced: its return cannot be observed without a risk "
		  "for the program, because %s%s%s",
		  found->allocator->name, scan->file->path, how->exits.reason,
		  how->leads_to ? ": " : "", how->leads_to ? how->leads_to : "");
}

/* 0, 1: it is not to be probed, or -errno. */
static int choose_way(const struct scan *scan, const struct seep_found *found,
		      struct seep_return *ret_how)
{
	int error = seep_returns_of(scan->returns, found, ret_how);

	if (error)
		return error;
	if (ret_how->way == SEEP_RETURN_UNSEEN) {
		warn_unseen(scan, found, ret_how);
		scan->file->num_unseen++;
		return 1;
	}
	return ret_how->way == SEEP_RETURN_PASSED;
}

/* Name, entry, exits and symbol of one function. On failure its exits are taken back. */
static int add_probes(const struct scan *scan, const struct seep_found *found,
		      const struct seep_return *how, uint64_t frame,
		      struct seep_file_function *function)
{
	size_t num_exits = scan->file->num_exits;
	int error = set_name(function, found->allocator);

	if (!error)
		error = register_probe(scan, frame, found->allocator, function);
	if (!error && how->way == SEEP_RETURN_EXITS)
		error = add_exits(scan, &how->exits, function);
	if (!error)
		error = seep_symbolizer_name_function(scan->how->symbolizer, frame, function->name);
	if (error) {
		scan->file->num_exits = num_exits;
		free(function->name);
	}
	return error;
}

/* A function that is not traced is no error: it is warned of, or has its calls seen elsewhere. */
static int add_function(const struct scan *scan, const struct seep_found *found)
{
	struct seep_file *file = scan->file;
	struct seep_file_function *function = &file->functions[file->num_functions];
	struct seep_return how;
	uint64_t entry_offset;
	int error;

	error = seep_image_address_to_offset(scan->image, found->address, &entry_offset);
	if (!error)
		error = choose_way(scan, found, &how);
	if (error > 0)
		return 0;
	if (!error) {
		function->way = how.way;
		function->num_exits = how.exits.count;
		error = place_probe(scan, found, function);
	}
	if (error == -ENOENT || error == -EINVAL) {
		seep_warn("the symbols of \"%s\" place %s where there is no code: not traced",
			  file->path, found->allocator->name);
		return 0;
	}
	if (!error && forwards(scan, found, &function->site))
		return 0;
	if (!error)
		/* The frame of a function is its first instruction, wherever its probe is. */
		error = add_probes(scan, found, &how, SEEP_FRAME(file->id, entry_offset), function);
	if (error)
		return error;
	file->num_functions++;
	seep_debug("%s: %s at 0x%llx+%u: %s (%s), %zu exits", file->path, function->name,
		   (unsigned long long)entry_offset, function->site.offset, function->site.text,
		   function->site.emulated ? "emulated" : "single-stepped", function->num_exits);
	return 0;
}

static int is_malloc_info(const struct seep_symbol *symbol, void *context)
{
	(void)context;
	return strcmp(symbol->name, "malloc_info") == 0;
}

/*
 * Is the malloc of the file that of glibc? Its source file has a function that no other allocator
 * defines (since 2.10), and that is linked with it into static programs.
 */
static bool has_glibc_malloc(const struct seep_image *image)
{
	return seep_image_each_function(image, is_malloc_info, NULL) != 0;
}

/* Adds all functions that the search has found. 0, or the -errno that ends the search for good. */
static int add_functions(struct scan *scan)
{
	struct seep_file *file = scan->file;
	int error;

	if (!scan->search->count)
		return 0;
	/* Room for all that were found; num_functions counts those that were kept. */
	file->functions = calloc(scan->search->count, sizeof(*file->functions));
	if (!file->functions)
		return -ENOMEM;
	/* With the whole search: what one function returns may come from another one in it. */
	error = seep_returns_new(scan->how->allocators, scan->image, scan->search, &scan->returns);
	if (error)
		return error;
	/*
	 * Stacks begin with a frame of the called function, which needs a file id before BPF meets
	 * the file.
	 */
	scan->glibc = has_glibc_malloc(scan->image);
	file->id = seep_registry_file_id(scan->how->registry);
	error = seep_symbolizer_add_file(scan->how->symbolizer, file->id, file->path, file->fd,
					 file->root);
	for (size_t i = 0; i < scan->search->count && !error; i++)
		error = add_function(scan, &scan->search->list[i]);
	seep_returns_free(scan->returns);
	return error;
}

int seep_file_find_functions(const struct seep_file_search *how, struct seep_file *file)
{
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	SEEP_CLEANUP(seep_root_done) struct seep_root root = SEEP_ROOT_OURS;
	struct seep_search search;
	int error;

	/*
	 * Kinds that are seen at system calls need no functions, and no file is searched for them.
	 */
	if (!(seep_allocators_kinds(how->allocators) & SEEP_KINDS_OF_FUNCTIONS))
		return 0;
	error = seep_image_open(file->fd, &image);
	if (error)
		return error == -ENOEXEC ? 0 : error; /* data mapped executable: no functions */
	/* If the process is gone, our own debug files may still do. */
	(void)seep_root_open(file->root, &root);
	error = seep_search_run(how->allocators, image, file->path, &root, &search);
	if (error)
		return error;
	seep_refused_tell(file->path, &search);
	file->has_rendezvous =
		search.rendezvous &&
		seep_image_address_to_offset(image, search.rendezvous, &file->rendezvous) == 0;
	error = add_functions(
		&(struct scan){.how = how, .image = image, .search = &search, .file = file});
	seep_search_done(&search);
	return error;
}
