/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SEEP_ASSET(name, "path") makes the file at @path, relative to the directory of the Makefile, a
 * constant string @name of this program.
 */
#ifndef SEEP_BASE_ASSET_H
#define SEEP_BASE_ASSET_H

#define SEEP_ASSET(name, path)                                                                     \
	__asm__(".pushsection .rodata\n"                                                           \
		".globl " #name "\n"                                                               \
		".hidden " #name "\n"                                                              \
		".type " #name ", @object\n" #name ":\n"                                           \
		".incbin \"" path "\"\n"                                                           \
		".byte 0\n"                                                                        \
		".size " #name ", . - " #name "\n"                                                 \
		".popsection\n");                                                                  \
	extern const char name[] __attribute__((visibility("hidden")))

#endif
