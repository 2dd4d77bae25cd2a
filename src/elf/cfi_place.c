// SPDX-License-Identifier: GPL-2.0-only
/*
 * Called by cfi.c, once for each of the two sections. An unwinder goes from the program header
 * PT_GNU_EH_FRAME to .eh_frame_hdr and from there to .eh_frame, and so does this, as section
 * headers may be stripped. A section header, where there is one, adds how long .eh_frame is.
 *
 * Bounded by SECTION_MAX_BYTES; of a longer section the rest is not read.
 */
#include "elf/cfi_place.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "elf/cfi_reader.h"
#include "elf/image_private.h"
#include "elf/sections.h"

/* librustc_driver has 6 MB for 93 MB of code. */
#define SECTION_MAX_BYTES (64u << 20)

/*
 * Reads into memory of our own and not through libelf, which would keep it until the image is
 * closed. What the file does not have (any more) is missing at the end.
 */
int seep_cfi_read_bytes(const struct seep_image *image, uint64_t offset, uint64_t length,
			uint8_t **ret_bytes, size_t *ret_length)
{
	SEEP_AUTO_FREE uint8_t *bytes = NULL;
	struct stat status;
	size_t got = 0;

	if (fstat(image->fd, &status))
		return -errno;
	if (offset >= (uint64_t)status.st_size)
		return -ENOENT;
	if (length > (uint64_t)status.st_size - offset)
		length = (uint64_t)status.st_size - offset;
	if (length > SECTION_MAX_BYTES)
		length = SECTION_MAX_BYTES;
	bytes = malloc(length ? length : 1);
	if (!bytes)
		return -ENOMEM;
	while (got < length) {
		ssize_t n = pread(image->fd, bytes + got, length - got, (off_t)(offset + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		got += (size_t)n;
	}
	*ret_bytes = SEEP_TAKE_PTR(bytes);
	*ret_length = got;
	return 0;
}

int seep_cfi_find_section(const struct seep_image *image, const char *name,
			  struct seep_cfi_place *ret_place)
{
	GElf_Shdr header;

	/*
	 * A separate debug file has the headers of sections whose contents stayed in the program
	 * (SHT_NOBITS).
	 */
	if (!seep_section_find(image->elf, name, &header) || header.sh_type == SHT_NOBITS ||
	    header.sh_flags & SHF_COMPRESSED || !header.sh_size)
		return -ENOENT;
	*ret_place = (struct seep_cfi_place){
		.offset = header.sh_offset,
		.length = header.sh_size,
		.address = header.sh_addr,
		.length_known = true,
	};
	return 0;
}

/* The program header of .eh_frame_hdr. 0 or -ENOENT. */
static int find_header(const struct seep_image *image, GElf_Phdr *ret_header)
{
	size_t count;

	if (elf_getphdrnum(image->elf, &count))
		return -ENOENT;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(image->elf, (int)i, ret_header) &&
		    ret_header->p_type == PT_GNU_EH_FRAME)
			return 0;
	return -ENOENT;
}

/*
 * LSB 5.0, 10.6.2: version, three encodings, a pointer to .eh_frame, the size of the sorted table.
 */
static int parse_header(const struct seep_cfi_section *header, struct seep_cfi_place *place)
{
	struct seep_cursor cursor = {header->bytes, header->bytes + header->length, false};
	uint8_t version = seep_cursor_u8(&cursor);
	uint8_t pointer_encoding = seep_cursor_u8(&cursor);
	uint8_t count_encoding = seep_cursor_u8(&cursor);
	uint64_t base = header->address;

	seep_cursor_u8(&cursor); /* the encoding of the table itself */
	if (version != 1 ||
	    seep_cfi_pointer_read(&cursor, header, pointer_encoding, base, &place->address))
		return -EINVAL;
	/* Without the count, zeros in the middle of .eh_frame end it (walk in cfi.c). */
	if (seep_cfi_pointer_read(&cursor, header, count_encoding, base, &place->num_fdes))
		place->num_fdes = 0;
	return 0;
}

/* From the program header to .eh_frame, as unwinders go, for which no section header is needed. */
static int follow_header(const struct seep_image *image, struct seep_cfi_place *ret_place)
{
	enum {
		/* Four bytes and two pointers, at their longest as LEB128. */
		HEADER_MAX_BYTES = 4 + 2 * 10
	};
	SEEP_AUTO_FREE uint8_t *bytes = NULL;
	struct seep_cfi_section header = {0};
	struct seep_cfi_place place = {0};
	GElf_Phdr program_header;
	int error;

	error = find_header(image, &program_header);
	if (error)
		return error;
	error = seep_cfi_read_bytes(image, program_header.p_offset, HEADER_MAX_BYTES, &bytes,
				    &header.length);
	if (error)
		return error;
	header.bytes = bytes;
	header.address = program_header.p_vaddr;
	error = parse_header(&header, &place);
	if (error)
		return error;
	/*
	 * Nothing in the header says how long .eh_frame is, so it goes on to the end of its
	 * segment.
	 */
	for (size_t i = 0; i < image->num_segments; i++) {
		const struct seep_segment *segment = &image->segments[i];

		if (place.address < segment->address ||
		    place.address - segment->address >= segment->length)
			continue;
		place.offset = segment->offset + (place.address - segment->address);
		place.length = segment->length - (place.address - segment->address);
		*ret_place = place;
		return 0;
	}
	return -EINVAL;
}

/* A static program may have .eh_frame without the header that leads there. */
int seep_cfi_find_eh_frame(const struct seep_image *image, struct seep_cfi_place *ret_place)
{
	struct seep_cfi_place section, place;
	int no_section = seep_cfi_find_section(image, ".eh_frame", &section);

	if (follow_header(image, &place)) {
		if (no_section)
			return no_section;
		*ret_place = section;
		return 0;
	}
	/* The section header only counts where it agrees with what an unwinder finds. */
	if (!no_section && section.address == place.address && section.length <= place.length) {
		place.length = section.length;
		place.length_known = true;
	}
	*ret_place = place;
	return 0;
}
