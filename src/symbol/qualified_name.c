// SPDX-License-Identifier: GPL-2.0-only
#include "symbol/qualified_name.h"

#include <string.h>

/* Where the last part of a qualified name begins: "take" in "store::Pool<int>::take". */
static const char *last_part(const char *name)
{
	const char *part = name;

	for (const char *c = strstr(name, "::"); c; c = strstr(c + 2, "::"))
		part = c + 2;
	return part;
}

bool seep_qualified_name_is(const char *demangled, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = strstr(demangled, name); at; at = strstr(at + 1, name)) {
		char before = at == demangled ? ' ' : at[-1], after = at[length];

		/*
		 * A result type may precede the name; parameters or an ABI tag ("[abi:cxx11]") may
		 * follow.
		 */
		if (before == ' ' && (after == '\0' || after == '(' || after == '['))
			return true;
	}
	return false;
}

bool seep_qualified_name_may_be(const char *symbol, const char *name)
{
	/* Its last part without arguments of templates: the bare name. */
	const char *part = last_part(name);
	size_t length = strcspn(part, "<( ");
	char start[32];

	/* _Z is C++ and older Rust, _R is Rust. */
	if (symbol[0] != '_' || (symbol[1] != 'Z' && symbol[1] != 'R'))
		return false;
	/* The beginning of a long name is enough: this may only err on the side of yes. */
	if (length >= sizeof(start))
		length = sizeof(start) - 1;
	memcpy(start, part, length);
	start[length] = '\0';
	/* Operators are abbreviated in a mangled name ("nw" for operator new). */
	return strncmp(part, "operator", 8) == 0 || strstr(symbol, start);
}
