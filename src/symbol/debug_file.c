// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files are tried where elfutils and gdb look for them, by build ID first. Each one is opened along
 * a way that is checked step by step (proc/trust.h), has to belong to the image by build ID or
 * checksum, and has to be believed for the use at hand; the first that would have done but for that
 * is reported as refused.
 *
 * All sizes come from untrusted files and have a cap of their own below. Called once for each
 * module or search, not for each symbol.
 */
#include "symbol/debug_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "elf/sections.h"

/*
 * Where packages install debug files, and caps of what is read: a file for its checksum, a section
 * with a link, .gnu_debugdata before and after it is unpacked.
 */
#define DEBUG_ROOT	   "/usr/lib/debug"
#define CHECKSUM_MAX_BYTES (1ULL << 30)
#define LINK_MAX_BYTES	   PATH_MAX
#define PACKED_MAX_BYTES   (32u << 20)
#define UNPACKED_MAX_BYTES (256u << 20)
#define XZ_MEMORY_BYTES	   (128u << 20) /* xz -9 needs 65 MiB to unpack */

/* Only asked for an image that has one (belongs). */
static bool same_build_id(const struct seep_image *a, const struct seep_image *b)
{
	size_t a_length, b_length;
	const uint8_t *a_id = seep_image_build_id(a, &a_length);
	const uint8_t *b_id = seep_image_build_id(b, &b_length);

	return a_length == b_length && memcmp(a_id, b_id, a_length) == 0;
}

/* The checksum of .gnu_debuglink: the CRC-32 of zlib over the whole file. */
static bool has_checksum(int fd, uint32_t expected)
{
	uint64_t position = 0;
	uLong crc = crc32(0, NULL, 0);
	uint8_t bytes[16384];

	/* A longer file does not match: reading it would hold up everything else. */
	while (position < CHECKSUM_MAX_BYTES) {
		ssize_t length = pread(fd, bytes, sizeof(bytes), (off_t)position);

		if (length <= 0)
			return length == 0 && crc == expected;
		crc = crc32(crc, bytes, (uInt)length);
		position += (uint64_t)length;
	}
	return false;
}

/*
 * The search for one image: it ends with the first file that belongs to it and is to be believed.
 */
struct finder {
	const struct seep_image *image;
	enum seep_debug_use use;
	struct seep_debug_files files;
};

/*
 * What root has written is. For names it is enough if its author could have written the program.
 */
static bool is_believed(const struct finder *finder, const struct seep_root *root, int fd,
			bool by_root)
{
	return by_root || (finder->use == SEEP_DEBUG_NAMES &&
			   seep_trust_may_name(root, seep_image_fd(finder->image), fd));
}

/* Build IDs decide where the image has one; a checksum is of no use then. */
static bool belongs(const struct seep_image *image, const struct seep_image *debug, int fd,
		    const uint32_t *checksum)
{
	size_t length;

	seep_image_build_id(image, &length);
	return length ? same_build_id(image, debug) : checksum && has_checksum(fd, *checksum);
}

/* 0: go on; 1: found; -ENOMEM. */
static int try_file(struct finder *finder, const struct seep_root *root, const char *path,
		    const uint32_t *checksum)
{
	SEEP_AUTO_IMAGE struct seep_image *debug = NULL;
	bool by_root = false;
	SEEP_AUTO_CLOSE int fd = seep_trust_open(root, path, &by_root);

	/* From the cheapest question to the dearest: a checksum reads the whole file. */
	if (fd < 0 || seep_image_open(fd, &debug) || !belongs(finder->image, debug, fd, checksum))
		return 0;
	if (is_believed(finder, root, fd, by_root)) {
		finder->files.debug = SEEP_TAKE_PTR(debug);
		return 1;
	}
	/* The first one that is refused is the one that is reported. */
	if (finder->files.refused)
		return 0;
	finder->files.refused_path = strdup(path);
	if (!finder->files.refused_path)
		return -ENOMEM;
	finder->files.refused = SEEP_TAKE_PTR(debug);
	return 0;
}

/* /usr/lib/debug/.build-id/9f/3c....debug */
static int build_id_path(const uint8_t *id, size_t length, char *ret_path, size_t size)
{
	size_t at;

	if (length < 2 || size < sizeof(DEBUG_ROOT "/.build-id/") + 2 * length + sizeof("/.debug"))
		return -ENOENT;
	/* The first byte names a directory, so that no directory gets too large. */
	at = (size_t)snprintf(ret_path, size, DEBUG_ROOT "/.build-id/%02x/", id[0]);
	for (size_t i = 1; i < length; i++)
		at += (size_t)snprintf(ret_path + at, size - at, "%02x", id[i]);
	snprintf(ret_path + at, size - at, ".debug");
	return 0;
}

/* Below the root of the process first, then below our own. As try_file. */
static int find_by_build_id(struct finder *finder, const struct seep_root *root)
{
	static const struct seep_root ours = SEEP_ROOT_OURS;
	char path[PATH_MAX];
	size_t length;
	const uint8_t *id = seep_image_build_id(finder->image, &length);
	int result;

	if (build_id_path(id, length, path, sizeof(path)))
		return 0;
	result = try_file(finder, root, path, NULL);
	/* With root->fd below 0 the first search was below our root already. */
	return result || root->fd < 0 ? result : try_file(finder, &ours, path, NULL);
}

/* .gnu_debuglink: a file name without directory, its NUL, padding to 4, the checksum. */
static const char *read_link(const struct seep_image *image, uint32_t *ret_checksum)
{
	Elf *elf = seep_image_elf(image);
	GElf_Shdr header;
	const char *name;
	size_t length;

	if (!seep_section_find(elf, ".gnu_debuglink", &header))
		return NULL;
	name = seep_section_bytes(elf, &header, LINK_MAX_BYTES);
	if (!name)
		return NULL;
	length = strnlen(name, header.sh_size);
	/* With a directory in it, the name could lead anywhere below the root. */
	if (!length || memchr(name, '/', length) || ((length + 4) & ~3UL) + 4 > header.sh_size)
		return NULL;
	memcpy(ret_checksum, name + ((length + 4) & ~3UL), sizeof(*ret_checksum));
	return name;
}

/* Next to the program, in .debug there, and below /usr/lib/debug, as gdb does. As try_file. */
static int find_by_link(struct finder *finder, const char *path, const struct seep_root *root)
{
	/* What comes before the program's directory, and what behind it. */
	static const char *const patterns[][2] = {{"", ""}, {"", "/.debug"}, {DEBUG_ROOT, ""}};
	const char *slash = strrchr(path, '/');
	uint32_t checksum;
	const char *name = read_link(finder->image, &checksum);
	char candidate[PATH_MAX];
	int result = 0;

	if (!name || path[0] != '/')
		return 0;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]) && !result; i++) {
		int length = snprintf(candidate, sizeof(candidate), "%s%.*s%s/%s", patterns[i][0],
				      (int)(slash - path), path, patterns[i][1], name);

		if (length >= 0 && (size_t)length < sizeof(candidate))
			result = try_file(finder, root, candidate, &checksum);
	}
	return result;
}

int seep_debug_files_find(const struct seep_image *image, const char *path,
			  const struct seep_root *root, enum seep_debug_use use,
			  struct seep_debug_files *ret_files)
{
	/* The link is the older way, and a checksum means that the whole candidate is read. */
	struct finder finder = {.image = image, .use = use};
	int result = find_by_build_id(&finder, root);

	if (!result)
		result = find_by_link(&finder, path, root);
	if (result < 0) {
		seep_debug_files_done(&finder.files);
		return result;
	}
	*ret_files = finder.files;
	return 0;
}

void seep_debug_files_done(struct seep_debug_files *files)
{
	seep_image_close(files->debug);
	seep_image_close(files->refused);
	free(files->refused_path);
	*files = (struct seep_debug_files){0};
}

void seep_debug_elf_done(struct seep_debug_elf *debug)
{
	elf_end(debug->elf);
	if (debug->fd >= 0)
		close(debug->fd);
	free(debug->memory);
	*debug = (struct seep_debug_elf){.fd = -1};
}

/*
 * .gnu_debugaltlink: a path, its NUL, and the build ID of the file. Only the place below our
 * /usr/lib/debug is looked at, where packages install it: the path is the file's own choice.
 */
int seep_debug_file_find_shared(Elf *elf, struct seep_debug_elf *ret_shared)
{
	static const struct seep_root ours = SEEP_ROOT_OURS;
	SEEP_AUTO_CLOSE int fd = -1;
	char path[PATH_MAX];
	bool by_root = false;
	const char *bytes;
	GElf_Shdr header;
	size_t length;
	Elf *shared;

	if (!seep_section_find(elf, ".gnu_debugaltlink", &header))
		return -ENOENT;
	bytes = seep_section_bytes(elf, &header, LINK_MAX_BYTES);
	if (!bytes)
		return -ENODATA;
	length = strnlen(bytes, header.sh_size) + 1;
	/* What follows the NUL is the build ID, up to the end of the section. */
	if (length >= header.sh_size || header.sh_size - length > SEEP_BUILD_ID_MAX ||
	    build_id_path((const uint8_t *)bytes + length, header.sh_size - length, path,
			  sizeof(path)))
		return -ENODATA;
	fd = seep_trust_open(&ours, path, &by_root);
	/*
	 * It gives names and lines to many programs, so it has to be root's word for all of them.
	 */
	if (fd < 0 || !by_root)
		return -ENODATA;
	shared = elf_begin(fd, ELF_C_READ, NULL);
	if (!shared)
		return -ENODATA;
	*ret_shared = (struct seep_debug_elf){.elf = shared, .fd = SEEP_TAKE_FD(fd)};
	return 0;
}

/*
 * libelf allocates for as many sections as the file claims; without extended numbering it is few.
 */
static bool has_few_sections(const uint8_t *file, uint64_t length)
{
	Elf64_Ehdr header;

	if (length < sizeof(header))
		return false;
	memcpy(&header, file, sizeof(header));
	return header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_shnum;
}

/*
 * The output grows by doubling: the section does not say how large the file in it is.
 * Of a file that is cut or too large there is nothing.
 */
int seep_debug_file_unpack(const struct seep_image *image, struct seep_debug_elf *ret_unpacked)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	SEEP_AUTO_FREE uint8_t *memory = NULL;
	Elf *elf = seep_image_elf(image), *unpacked;
	lzma_ret result = LZMA_OK;
	const uint8_t *packed;
	size_t capacity = 0;
	GElf_Shdr header;

	if (!seep_section_find(elf, ".gnu_debugdata", &header))
		return -ENOENT;
	packed = seep_section_bytes(elf, &header, PACKED_MAX_BYTES);
	if (!packed || lzma_stream_decoder(&stream, XZ_MEMORY_BYTES, 0) != LZMA_OK)
		return -ENOENT;
	stream.next_in = packed;
	stream.avail_in = header.sh_size;
	/* One round for each size: the decoder has stopped because its output was full. */
	while (result == LZMA_OK && stream.total_out == capacity && capacity < UNPACKED_MAX_BYTES) {
		size_t larger = capacity ? 2 * capacity : 256 << 10;
		uint8_t *grown = realloc(memory, larger);

		if (!grown)
			break;
		memory = grown;
		stream.next_out = memory + capacity;
		stream.avail_out = larger - capacity;
		capacity = larger;
		/* All of the input is there, so the decoder can tell a cut file by its end. */
		result = lzma_code(&stream, LZMA_FINISH);
	}
	lzma_end(&stream);
	if (result != LZMA_STREAM_END || !has_few_sections(memory, stream.total_out))
		return -ENOENT;
	/* elf_memory does not copy: the memory has to stay as long as the descriptor. */
	unpacked = elf_memory((char *)memory, stream.total_out);
	if (!unpacked)
		return -ENOENT;
	*ret_unpacked = (struct seep_debug_elf){
		.elf = unpacked,
		.fd = -1,
		.memory = SEEP_TAKE_PTR(memory),
	};
	return 0;
}
