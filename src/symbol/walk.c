// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two nested loops turned inside out: the frames of the stack, and the lines of each frame, both
 * from the same side. A frame is resolved when the walk comes to it.
 */
#include "symbol/walk.h"

#include <string.h>
#include <xxhash.h>

#include "base/text.h"

/* What every program is made of: functions that begin so, and modules that begin so. */
static const char *const standard_functions[] = {
	"std::",   "__gnu_cxx::", "operator new", "alloc::", "core::",
	"__rust_", "__rustc",	  "<alloc::",	  "<core::", "<std::",
};
/* The crates of Rust's standard library. */
static const char *const rust_crates[] = {"alloc::", "core::", "std::"};
/* What cgo makes for each call of C. */
static const char *const cgo_functions[] = {"_cgo_"};
static const char *const cgo_parts[] = {"._Cfunc_", "._cgo_"};
/* The first elements of the paths of Go's standard library (src of Go 1.18 to 1.27). */
static const char *const go_packages[] = {
	"archive",  "bufio",	"bytes",   "cmp",     "compress", "container", "context",
	"crypto",   "database", "debug",   "embed",   "encoding", "errors",    "expvar",
	"flag",	    "fmt",	"go",	   "hash",    "html",	  "image",     "index",
	"internal", "io",	"iter",	   "log",     "maps",	  "math",      "mime",
	"net",	    "os",	"path",	   "plugin",  "reflect",  "regexp",    "runtime",
	"slices",   "sort",	"strconv", "strings", "structs",  "sync",      "syscall",
	"testing",  "text",	"time",	   "unicode", "unique",	  "vendor",    "weak",
};
/* What GCC and Clang put behind the name of a function that they made of another one. */
static const char *const c_suffixes[] = {
	".isra", ".constprop", ".part", ".cold", ".lto_priv", ".llvm", ".localalias", ".clone",
};
/* Libraries of the C and C++ runtimes of glibc, musl, GCC and LLVM. */
static const char *const standard_modules[] = {
	"libc.so", "libc-", "ld-linux", "ld-musl", "libstdc++", "libc++", "libpthread", "libgcc_s",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool begins_with(const char *text, const char *const *beginnings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	}
	return false;
}

/*
 * "net/http.(*Transport).dialConn", "time.Sleep": the path of its package begins with an element of
 * the library. "sort.isra.0" is a function of C that GCC has changed.
 */
static bool is_of_go_library(const char *function)
{
	size_t length = strcspn(function, "/.");
	const char *rest = function + length;

	if (!*rest || begins_with(rest, c_suffixes, COUNT(c_suffixes)))
		return false;
	for (size_t i = 0; i < COUNT(go_packages); i++) {
		if (strlen(go_packages[i]) == length &&
		    strncmp(function, go_packages[i], length) == 0)
			return true;
	}
	return false;
}

static bool is_of_go(const char *function)
{
	for (size_t i = 0; i < COUNT(cgo_parts); i++) {
		if (strstr(function, cgo_parts[i]))
			return true;
	}
	return begins_with(function, cgo_functions, COUNT(cgo_functions)) ||
	       is_of_go_library(function);
}

/*
 * "<u8 as alloc::vec::spec_from_elem::SpecFromElem>::from_elem": a trait of Rust's standard
 * library, for a type that is no program's: that would have the path of its crate.
 */
static bool is_of_rust(const char *function)
{
	const char *trait = strstr(function, " as "), *type = function + 1;
	const char *path = strstr(function, "::");

	if (*function != '<' || !trait ||
	    !begins_with(trait + strlen(" as "), rust_crates, COUNT(rust_crates)))
		return false;
	/* What stands before the path of a type: "&mut [core::". */
	type += strspn(type, "&*[(");
	if (strncmp(type, "mut ", strlen("mut ")) == 0)
		type += strlen("mut ");
	type += strspn(type, "&*[(");
	return path > trait || begins_with(type, rust_crates, COUNT(rust_crates));
}

bool seep_module_is_standard(const char *path)
{
	return path &&
	       begins_with(seep_text_basename(path), standard_modules, COUNT(standard_modules));
}

/* Java has packages like "io" and "net" as well. */
static bool is_made_at_run_time(const struct seep_walk *walk)
{
	return walk->location->module && strcmp(walk->location->module, SEEP_JIT_MODULE) == 0;
}

bool seep_walk_is_standard(const struct seep_walk *walk)
{
	const char *function = walk->line->function;

	return (function &&
		(begins_with(function, standard_functions, COUNT(standard_functions)) ||
		 (is_of_go(function) && !is_made_at_run_time(walk)) || is_of_rust(function))) ||
	       seep_module_is_standard(walk->location->module);
}

void seep_walk_init(struct seep_walk *walk, struct seep_symbolizer *symbolizer,
		    const struct seep_site *site, enum seep_walk_order order)
{
	*walk = (struct seep_walk){
		.symbolizer = symbolizer,
		.stack = site->stack,
		.process = site->process->id,
		.order = order,
	};
}

bool seep_walk_next(struct seep_walk *walk)
{
	const struct seep_stack *stack = walk->stack;
	/* Stacks and lines are stored innermost first. */
	bool backward = walk->order == SEEP_WALK_OUTERMOST_FIRST;
	size_t index;

	/* The next frame, when all functions of this one have been given out. */
	if (!walk->location || walk->lines_done == walk->location->num_lines) {
		if (walk->frames_done == stack->num_frames)
			return false;
		index = walk->frames_done++;
		walk->frame = stack->frames[backward ? stack->num_frames - 1 - index : index];
		walk->location =
			seep_symbolizer_resolve(walk->symbolizer, walk->process, walk->frame);
		walk->lines_done = 0;
	}
	index = walk->lines_done++;
	walk->line =
		&walk->location->lines[backward ? walk->location->num_lines - 1 - index : index];
	return true;
}

uint64_t seep_walk_frame_key(struct seep_symbolizer *symbolizer, const struct seep_site *site,
			     uint64_t frame)
{
	/* The symbolizer keeps what it returned, so its address is a name for it. */
	if (frame & SEEP_FRAME_RAW)
		return SEEP_FRAME_RAW |
		       (uintptr_t)seep_symbolizer_resolve(symbolizer, site->process->id, frame);
	return frame;
}

static uint64_t mix(uint64_t hash, const char *text)
{
	return XXH3_64bits_withSeed(text ? text : "", text ? strlen(text) : 0, hash);
}

uint64_t seep_walk_function_key(const struct seep_walk *walk)
{
	return mix(mix(0, walk->line->function), walk->location->module);
}

struct seep_path seep_walk_path(struct seep_symbolizer *symbolizer, const struct seep_site *site)
{
	struct seep_path path = {1, 1};
	struct seep_walk walk;
	bool named = site->stack->num_frames > 0;

	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	while (seep_walk_next(&walk)) {
		const char *module = walk.location->module;

		/* A stack with a frame that has no name is not recognised by names. */
		named &= walk.line->function != NULL;
		path.names = mix(path.names, walk.line->function);
		path.names = mix(path.names, module ? seep_text_basename(module) : NULL);
		path.builds = mix(path.builds,
				  walk.location->build_id ? walk.location->build_id : module);
	}
	/* Stacks that were cut for different reasons are different, too. */
	path.names = mix(path.names, seep_end_key(site->stack->end));
	if (!named)
		path.names = 0;
	return path;
}
