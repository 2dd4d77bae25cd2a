// SPDX-License-Identifier: GPL-2.0-only
/*
 * tables.c asks all three questions of each file that it adds, rescan.c the first one of each file
 * of a target.
 */
#include "stack/code_kind.h"

#include <string.h>

#include "elf/functions.h"
#include "elf/sections.h"

/* Programs and libraries that bring V8, by the beginning of their names. */
static const char *const v8_names[] = {"node", "libnode.so", "deno", "libv8.so"};

/* What the namespace v8 begins with in symbols. */
static const char v8_symbol[] = "_ZN2v8";

#define PAGE_BYTES 4096

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Reading the symbols of every file would take too long: the name decides whether they are read. */
static bool may_be_v8(const char *name)
{
	for (size_t i = 0; i < COUNT(v8_names); i++)
		if (strncmp(name, v8_names[i], strlen(v8_names[i])) == 0)
			return true;
	return false;
}

static int is_of_v8(const struct seep_symbol *symbol, void *context)
{
	(void)context;
	return strncmp(symbol->name, v8_symbol, sizeof(v8_symbol) - 1) == 0;
}

enum seep_jit_kind seep_code_jit(const char *path, int fd)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;

	/* HotSpot's library has this name, and no symbols are needed to tell it. */
	if (strcmp(name, "libjvm.so") == 0)
		return SEEP_JIT_JVM;
	if (fd < 0 || !may_be_v8(name) || seep_image_open(fd, &image))
		return SEEP_JIT_UNKNOWN;
	return seep_image_each_function(image, is_of_v8, NULL) ? SEEP_JIT_FRAME_POINTERS :
								 SEEP_JIT_UNKNOWN;
}

bool seep_code_keeps_frame_pointers(const struct seep_image *image, enum seep_jit_kind jit)
{
	GElf_Shdr header;

	/* Go, on x86-64, since 1.7. */
	return jit == SEEP_JIT_FRAME_POINTERS ||
	       seep_section_find(seep_image_elf(image), ".gopclntab", &header);
}

/* By how many pages the addresses of @segment are ahead of its offsets, against those of @other. */
static int32_t ahead_of(const GElf_Phdr *segment, const GElf_Phdr *other)
{
	uint64_t ahead = segment->p_vaddr - segment->p_offset;
	uint64_t other_ahead = other->p_vaddr - other->p_offset;

	return (int32_t)((int64_t)(ahead - other_ahead) / PAGE_BYTES);
}

struct seep_code_segment seep_code_segment(const struct seep_image *image)
{
	struct Elf *elf = seep_image_elf(image);
	struct seep_code_segment found = {0}, none = {0};
	GElf_Phdr header, before = {0}, code = {0};
	size_t count, num_codes = 0;
	bool is_behind = false, has_before = false;

	if (elf_getphdrnum(elf, &count))
		return none;
	/* Load segments are in the order of their addresses (gABI, "Program Header"). */
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		/*
		 * The segment before the code and the first one behind it are what text may be
		 * moved next to.
		 */
		if (header.p_flags & PF_X) {
			uint64_t end = header.p_offset + header.p_filesz + PAGE_BYTES - 1;

			num_codes++;
			code = header;
			found.first = (uint32_t)(code.p_offset / PAGE_BYTES);
			found.count = (uint32_t)(end / PAGE_BYTES - found.first);
			if (has_before)
				found.ahead_of_before = ahead_of(&code, &before);
			is_behind = true;
		} else if (is_behind) {
			found.ahead_of_behind = ahead_of(&code, &header);
			is_behind = false;
		}
		before = header;
		has_before = true;
	}
	/* With several segments of code nobody could tell which of them moved text is of. */
	return num_codes == 1 ? found : none;
}
