/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One ELF file, opened read-only and parsed by libelf: its load segments, build ID and code. The
 * file is untrusted: whatever it says is checked against its size before use, and a crafted one
 * gives -ENOEXEC or misses symbols, never more. No DWARF here.
 */
#ifndef SEEP_ELF_IMAGE_H
#define SEEP_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEP_BUILD_ID_MAX 64 /* bytes; the usual ones have 20 */

struct seep_image;

/*
 * Opens the image behind @fd (duplicated; the offset is not used). 0; -ENOEXEC if it is no 64-bit
 * little-endian x86-64 ELF executable or shared object; else -errno.
 */
int seep_image_open(int fd, struct seep_image **ret_image);
void seep_image_close(struct seep_image *image);

/* The descriptor of the file; it belongs to the image. */
int seep_image_fd(const struct seep_image *image);

/* The libelf descriptor, for the rooms that read more of the file; it belongs to the image. */
struct Elf *seep_image_elf(const struct seep_image *image);

/*
 * The build ID of the notes (segments, or else sections); length 0 if there is none. Valid as long
 * as the image.
 */
const uint8_t *seep_image_build_id(const struct seep_image *image, size_t *ret_length);

/* The interpreter's path (PT_INTERP), NULL for a static program or a library. */
const char *seep_image_interpreter(const struct seep_image *image);

/*
 * Converts between an offset in the file and a virtual address of the image through the PT_LOAD
 * segments. 0, or -ENOENT when no segment covers it.
 */
int seep_image_offset_to_address(const struct seep_image *image, uint64_t offset,
				 uint64_t *ret_address);
int seep_image_address_to_offset(const struct seep_image *image, uint64_t address,
				 uint64_t *ret_offset);

/* Whether it is a Go program, by the tables of Go's runtime: Go keeps frame pointers. */
bool seep_image_is_go(const struct seep_image *image);

/* Bytes of the file from start up to end. */
struct seep_range {
	uint64_t start;
	uint64_t end;
};

/*
 * The first @max of the executable sections, in the order of the file, or without section headers
 * of the executable segments. Returns how many.
 */
size_t seep_image_code_ranges(const struct seep_image *image, struct seep_range *ranges,
			      size_t max);

/*
 * The code bytes at the virtual address @address: at most @length, up to the end of its executable
 * segment; 0 if there is no code. *ret_code points into the image.
 */
size_t seep_image_code(const struct seep_image *image, uint64_t address, size_t length,
		       const uint8_t **ret_code);

static inline void seep_image_cleanup(struct seep_image **image)
{
	seep_image_close(*image);
}
#define SEEP_AUTO_IMAGE __attribute__((cleanup(seep_image_cleanup)))

#endif
