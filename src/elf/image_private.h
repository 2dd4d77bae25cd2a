/* SPDX-License-Identifier: GPL-2.0-only */
/* What image.c and symbols.c share about an open image. */
#ifndef SEEP_ELF_IMAGE_PRIVATE_H
#define SEEP_ELF_IMAGE_PRIVATE_H

#include <libelf.h>

#include "elf/image.h"

/* Linkers write 2 to 12 load segments. */
#define SEEP_IMAGE_SEGMENTS_MAX 64

struct seep_segment {
	uint64_t address;
	uint64_t offset;
	uint64_t length; /* bytes in the file */
	bool executable;
};

struct seep_image {
	int fd;
	Elf *elf;
	size_t num_segments;
	struct seep_segment segments[SEEP_IMAGE_SEGMENTS_MAX];
	uint64_t dynamic_offset; /* of PT_DYNAMIC */
	uint64_t dynamic_length; /* 0 if there is none */
	size_t build_id_length;
	uint8_t build_id[SEEP_BUILD_ID_MAX];
	char *interpreter;
};

#endif
