// SPDX-License-Identifier: GPL-2.0-only
#include "trace/code_kind.h"

#include <string.h>

#include "elf/sections.h"

/* Programs and libraries that bring V8, by the beginning of their names. */
static const char *const v8_names[] = {"node", "libnode.so", "deno", "libv8.so"};

/* What the namespace v8 begins with in symbols. */
static const char v8_symbol[] = "_ZN2v8";

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

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
