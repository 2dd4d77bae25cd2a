// SPDX-License-Identifier: GPL-2.0-only
#include "elf/context_start.h"

#include <string.h>
#include <unistd.h>

#include "elf/image_private.h"

/* Bytes of the function, with some room (26 in glibc 2.36). */
#define LENGTH_MIN 16
#define LENGTH_MAX 64

/* mov %rbx, %rsp; mov (%rsp), %rdi; test %rdi, %rdi */
static const uint8_t start[] = {0x48, 0x89, 0xdc, 0x48, 0x8b, 0x3c, 0x24, 0x48, 0x85, 0xff};

/* @length bytes of code at @offset of the file, or NULL. They stay until the next call. */
static const uint8_t *code_at(struct seep_context_starts *starts, uint64_t offset, size_t length)
{
	uint64_t skip = offset - starts->offset;

	if (offset < starts->offset || skip > starts->length || length > starts->length - skip) {
		ssize_t got = pread(starts->image->fd, starts->window, sizeof(starts->window),
				    (off_t)offset);

		starts->offset = offset;
		starts->length = got < 0 ? 0 : (size_t)got;
		skip = 0;
	}
	return length <= starts->length - skip ? starts->window + skip : NULL;
}

bool seep_context_starts_at(struct seep_context_starts *starts, uint64_t offset, uint64_t length)
{
	const uint8_t *code;

	if (length < LENGTH_MIN || length > LENGTH_MAX || !offset || !starts->left)
		return false;
	starts->left--;
	code = code_at(starts, offset, sizeof(start));
	return code && memcmp(code, start, sizeof(start)) == 0;
}
