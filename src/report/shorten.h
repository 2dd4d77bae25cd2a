/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of C++, Rust, Go and D as people read them: "std::vector<...>::push_back(...)" with one
 * character for the dots. Arguments of templates, parameters, result types, qualifiers and hashes
 * are left out; the path to the function and its own name stay whole. A name that is not understood
 * stays as it is. Pure functions over text that is clean already (base/text.h).
 */
#ifndef SEEP_REPORT_SHORTEN_H
#define SEEP_REPORT_SHORTEN_H

#include <stddef.h>

#include "base/buffer.h"

/* Appends the short form of @name. */
void seep_shorten_append(struct seep_buffer *buffer, const char *name);

/*
 * Appends a name that is short already in at most @columns columns: outer namespaces and classes go
 * first, then the parameters; the name of the method is cut only if it does not fit alone.
 */
void seep_shorten_append_fitting(struct seep_buffer *buffer, const char *name, size_t columns);

#endif
