// SPDX-License-Identifier: GPL-2.0-only
#include "elf/signal_return.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "elf/image_private.h"

/* Of all code of a file, in pieces that are read one after the other. */
#define SEARCH_MAX_BYTES (32u << 20)
#define PIECE_BYTES	 (256u << 10)

/*
 * The number of rt_sigreturn, 15, at the end of a mov to %rax or %eax, and syscall: what all have
 * in common (SEEP_SIGRETURN_LONG in seep/unwind.h is the same for BPF); and what stands before it.
 */
static const uint8_t number_syscall[] = {0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
static const uint8_t mov_long[] = {0x48, 0xc7, 0xc0}, mov_short[] = {0xb8};
static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

/* The longest trampoline. Pieces overlap by less than it. */
#define LONGEST (sizeof(endbr64) + sizeof(mov_long) + sizeof(number_syscall))

/* Do the first *length bytes of @code end with @bytes? Then they end before them. */
static bool take_end(const uint8_t *code, size_t *length, const uint8_t *bytes, size_t num_bytes)
{
	if (*length < num_bytes || memcmp(code + *length - num_bytes, bytes, num_bytes) != 0)
		return false;
	*length -= num_bytes;
	return true;
}

/* The piece begins at file offset @start; the number and the system call stand at @at of it. */
static void add(struct seep_signal_returns *returns, uint64_t start, const uint8_t *piece,
		size_t at)
{
	uint64_t end = start + at + sizeof(number_syscall);
	size_t first = at;

	/*
	 * Other code may have the same six bytes; only a mov to rax or eax before them makes a
	 * trampoline.
	 */
	if (!take_end(piece, &first, mov_long, sizeof(mov_long)) &&
	    !take_end(piece, &first, mov_short, sizeof(mov_short)))
		return;
	/* With -fcf-protection the trampoline may begin with it. */
	take_end(piece, &first, endbr64, sizeof(endbr64));
	/* Where pieces overlap it is found twice. */
	if (returns->count && returns->list[returns->count - 1].end >= end)
		return;
	/*
	 * A handler returns to the first byte, and a return address is looked up less one: the
	 * range begins there.
	 */
	if (returns->count < SEEP_SIGNAL_RETURNS_MAX && start + first)
		returns->list[returns->count++] = (struct seep_range){start + first - 1, end};
}

/*
 * The next place of the six bytes, or NULL. By the last of them, which memchr finds several times
 * faster than memmem, that reads every byte of all code, finds six.
 */
static const uint8_t *find_number(const uint8_t *from, const uint8_t *end)
{
	const size_t last = sizeof(number_syscall) - 1;
	const uint8_t *at;

	if ((size_t)(end - from) <= last)
		return NULL;
	for (at = from + last; (at = memchr(at, number_syscall[last], (size_t)(end - at))); at++) {
		if (memcmp(at - last, number_syscall, last) == 0)
			return at - last;
	}
	return NULL;
}

static void search_piece(struct seep_signal_returns *returns, uint64_t start, const uint8_t *piece,
			 size_t length)
{
	const uint8_t *from = piece, *found;

	/*
	 * A search for six fixed bytes, as nothing says where trampolines are in a stripped file.
	 */
	while ((found = find_number(from, piece + length))) {
		add(returns, start, piece, (size_t)(found - piece));
		from = found + 1;
	}
}

static void search(const struct seep_image *image, const struct seep_segment *segment,
		   uint8_t *piece, uint64_t *left, struct seep_signal_returns *returns)
{
	uint64_t start = segment->offset, end = segment->offset + segment->length;

	while (start <= INT64_MAX && start < end && *left) {
		size_t length = end - start < PIECE_BYTES ? end - start : PIECE_BYTES;
		ssize_t got = pread(image->fd, piece, length, (off_t)start);

		if (got <= 0)
			return;
		*left -= *left < (uint64_t)got ? *left : (uint64_t)got;
		search_piece(returns, start, piece, (size_t)got);
		if ((size_t)got < LONGEST || (uint64_t)got == end - start)
			return;
		/*
		 * So that a trampoline across the border of two pieces is whole in the second one.
		 */
		start += (size_t)got - (LONGEST - 1);
	}
}

int seep_signal_returns_find(const struct seep_image *image,
			     struct seep_signal_returns *ret_returns)
{
	SEEP_AUTO_FREE uint8_t *piece = malloc(PIECE_BYTES);
	struct seep_signal_returns returns = {.count = 0};
	uint64_t left = SEARCH_MAX_BYTES;

	if (!piece)
		return -ENOMEM;
	for (size_t i = 0; i < image->num_segments; i++)
		if (image->segments[i].executable)
			search(image, &image->segments[i], piece, &left, &returns);
	*ret_returns = returns;
	return 0;
}

bool seep_signal_returns_has(const struct seep_signal_returns *returns, uint64_t offset)
{
	for (size_t i = 0; i < returns->count; i++)
		if (returns->list[i].start == offset)
			return true;
	return false;
}
