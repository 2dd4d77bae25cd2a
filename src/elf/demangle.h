/* SPDX-License-Identifier: GPL-2.0-only */
/* C++, Rust and D names as their authors wrote them, through libiberty. */
#ifndef SEEP_ELF_DEMANGLE_H
#define SEEP_ELF_DEMANGLE_H

/*
 * The demangled @name in fresh memory, or NULL when it is not mangled, not understood, or longer
 * than the bound (64 KiB in, 64 KiB out). Rust hashes ("::h0123456789abcdef") are cut off.
 */
char *seep_demangle(const char *name);

#endif
