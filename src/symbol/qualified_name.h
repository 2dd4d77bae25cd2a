/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that the user gives as C++ and Rust write them ("store::Pool<int>::take"), and the symbols
 * that they mean.
 */
#ifndef SEEP_SYMBOL_QUALIFIED_NAME_H
#define SEEP_SYMBOL_QUALIFIED_NAME_H

#include <stdbool.h>

/* Is @demangled the function @name, whatever its parameters and result? */
bool seep_qualified_name_is(const char *demangled, const char *name);

/*
 * False only if the mangled @symbol cannot be @name: the bare name stands in a mangled one too.
 * Asked before demangling, which takes seconds for all symbols of a large program.
 */
bool seep_qualified_name_may_be(const char *symbol, const char *name);

#endif
