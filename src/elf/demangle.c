// SPDX-License-Identifier: GPL-2.0-only
#include "elf/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Of a mangled name, and of the text that it stands for. */
#define NAME_MAX_BYTES (64u << 10)
/* Each back reference of a D name can double the output, and its demangler has no callback. */
#define D_MAX_BACK_REFERENCES 12

/* Parameters, as debuggers show them: overloads and instances differ only there. */
#define OPTIONS (DMGL_PARAMS | DMGL_ANSI)

/*
 * On the heap: locals that change between setjmp and longjmp are indeterminate behind it (C11,
 * 7.13.2.1).
 */
struct output {
	char *text;
	size_t length;
	size_t capacity;
	jmp_buf stop;
};

static void append(const char *text, size_t length, void *opaque)
{
	struct output *output = opaque;

	/* Back to demangle_bounded, which frees what there is. */
	if (length >= NAME_MAX_BYTES - output->length)
		longjmp(output->stop, 1);
	if (output->length + length >= output->capacity) {
		size_t capacity = output->capacity ? 2 * output->capacity : 256;
		char *grown;

		while (capacity <= output->length + length)
			capacity *= 2;
		grown = realloc(output->text, capacity);
		if (!grown)
			longjmp(output->stop, 1);
		output->text = grown;
		output->capacity = capacity;
	}
	memcpy(output->text + output->length, text, length);
	output->length += length;
	output->text[output->length] = '\0';
}

/*
 * A name of a few hundred bytes can stand for terabytes, by references to what it said before, and
 * the demanglers have no limit for it. So they print into a callback that jumps out when it is
 * enough. They keep their state on the stack; only a decoded Punycode identifier of Rust would be
 * lost.
 */
static char *demangle_bounded(const char *name,
			      int (*demangle)(const char *, int, demangle_callbackref, void *))
{
	struct output *output = calloc(1, sizeof(*output));
	char *text = NULL;

	if (!output)
		return NULL;
	if (setjmp(output->stop) == 0 && demangle(name, OPTIONS, append, output) == 1) {
		text = output->text;
		output->text = NULL;
	}
	free(output->text);
	free(output);
	return text;
}

static char *demangle_d(const char *name)
{
	unsigned int references = 0;

	/*
	 * 'Q' begins a back reference. In an identifier it counts too, which only makes the
	 * limit stricter.
	 */
	for (const char *c = name; *c; c++)
		references += *c == 'Q';
	return references <= D_MAX_BACK_REFERENCES ? dlang_demangle(name, OPTIONS) : NULL;
}

char *seep_demangle(const char *name)
{
	char *text;

	if (name[0] != '_' || strnlen(name, NAME_MAX_BYTES) == NAME_MAX_BYTES)
		return NULL;
	switch (name[1]) {
	case 'Z':
		/* Rust first: its older names are valid C++ ones, with a hash at their end. */
		text = demangle_bounded(name, rust_demangle_callback);
		return text ? text : demangle_bounded(name, cplus_demangle_v3_callback);
	case 'R':
		return demangle_bounded(name, rust_demangle_callback);
	case 'G': /* _GLOBAL__sub_I_main: constructors of a file */
		return demangle_bounded(name, cplus_demangle_v3_callback);
	case 'D':
		return demangle_d(name);
	default:
		return NULL;
	}
}
