/* SPDX-License-Identifier: GPL-2.0-only */
/* Jitdump files as a compiler writes them (jitdump-specification.txt of the kernel's perf). */
#ifndef SEEP_TESTS_SYMBOL_JIT_DUMP_H
#define SEEP_TESTS_SYMBOL_JIT_DUMP_H

#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "symbol/jit_map.h"

static inline void put(struct seep_buffer *dump, uint64_t value, size_t length)
{
	seep_buffer_append(dump, &value, length);
}

static inline void put_dump_header(struct seep_buffer *dump, uint32_t magic, uint32_t version,
				   uint32_t size)
{
	put(dump, magic, 4);
	put(dump, version, 4);
	put(dump, size, 4);
	put(dump, 62, 4); /* EM_X86_64 */
	put(dump, 0, 4);
	put(dump, 1234, 4);
	put(dump, 0x1122334455667788, 8);
	put(dump, 0, 8);
}

static inline void put_record(struct seep_buffer *dump, uint32_t type, size_t size)
{
	put(dump, type, 4);
	put(dump, size, 4);
	put(dump, 99, 8);
}

static inline void put_load(struct seep_buffer *dump, uint64_t address, uint64_t size,
			    const char *name)
{
	put_record(dump, 0, 56 + strlen(name) + 1 + size);
	put(dump, 1234, 4);
	put(dump, 1234, 4);
	put(dump, 0xbad, 8); /* vma */
	put(dump, address, 8);
	put(dump, size, 8);
	put(dump, 1, 8);
	seep_buffer_append(dump, name, strlen(name) + 1);
	for (uint64_t i = 0; i < size; i++)
		seep_buffer_putc(dump, (char)0x90);
}

static inline void put_move(struct seep_buffer *dump, uint64_t from, uint64_t to, uint64_t size)
{
	put_record(dump, 1, 64);
	put(dump, 1234, 4);
	put(dump, 1234, 4);
	put(dump, to, 8);
	put(dump, from, 8);
	put(dump, to, 8);
	put(dump, size, 8);
	put(dump, 1, 8);
}

/* One of everything. */
static inline void put_dump(struct seep_buffer *dump)
{
	put_dump_header(dump, 0x4a695444, 1, 40);
	put_record(dump, 2, 16 + 20); /* debug information */
	put(dump, 0x1000, 8);
	put(dump, 0, 8);
	put(dump, 0, 4);
	put_load(dump, 0x1000, 0x40, "first");
	put_load(dump, 0x2000, 300000, "large");
	put_move(dump, 0x1010, 0x5000000, 0x40);
	put_move(dump, 0x7777777, 0x6000000, 0x40);
	put_load(dump, 0x1000, 0x20, "second");
	put_record(dump, 4, 16);  /* unwinding information */
	put_record(dump, 77, 16); /* of times to come */
	put_record(dump, 0, 20);  /* too short */
	put(dump, 0, 4);
	put_record(dump, 1, 20);
	put(dump, 0, 4);
	put_load(dump, 0x3000000, 0, "empty");
	put_record(dump, 3, 16); /* end */
	put_load(dump, 0x4000000, 0x10, "behind the end");
}

#endif
