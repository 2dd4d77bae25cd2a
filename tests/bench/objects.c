// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program with many live blocks: each line "KEEP N SIZE" on standard input makes N more blocks of
 * SIZE bytes, which are a list through their first words; "DROP N" releases the last N. Answers
 * with how many there are.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct block {
	struct block *next;
};

__attribute__((noinline, noclone, noipa)) static struct block *make(size_t size)
{
	return malloc(size < sizeof(struct block) ? sizeof(struct block) : size);
}

int main(void)
{
	struct block *first = NULL;
	uint64_t count = 0, wanted, size;
	char line[64];

	printf("READY\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "KEEP %" SCNu64 " %" SCNu64, &wanted, &size) == 2) {
			for (; wanted; wanted--, count++) {
				struct block *block = make(size);

				if (!block)
					return EXIT_FAILURE;
				block->next = first;
				first = block;
			}
		} else if (sscanf(line, "DROP %" SCNu64, &wanted) == 1) {
			for (; wanted && first; wanted--, count--) {
				struct block *next = first->next;

				free(first);
				first = next;
			}
		}
		printf("DONE %" PRIu64 "\n", count);
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}
