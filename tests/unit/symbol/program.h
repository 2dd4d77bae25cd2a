/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program with functions, inlined calls and lines that the tests know, and where its frames are.
 */
#ifndef SEEP_TESTS_SYMBOL_PROGRAM_H
#define SEEP_TESTS_SYMBOL_PROGRAM_H

#include <stdint.h>

#include "compile.h"
#include "seep/abi.h"
#include "symbol/symbolizer.h"

/*
 * leaf() prints where in the file it was called from, as a frame of a stack would say it. The
 * comments mark lines that the tests look for.
 */
static const char source[] =
	"#include <stdint.h>\n"
	"#include <stdio.h>\n"
	"#ifdef __cplusplus\n"
	"extern \"C\"\n"
	"#endif\n"
	"__attribute__((noinline)) void leaf(void)\n"
	"{\n"
	"	uintptr_t inside = (uintptr_t)__builtin_return_address(0) - 1;\n"
	"	unsigned long start, end, offset;\n"
	"	char line[512];\n"
	"	FILE *maps = fopen(\"/proc/self/maps\", \"r\");\n"
	"	while (maps && fgets(line, sizeof(line), maps))\n"
	"		if (sscanf(line, \"%lx-%lx %*s %lx\", &start, &end, &offset) == 3 &&\n"
	"		    inside >= start && inside < end)\n"
	"			printf(\"%lx\\n\", inside - start + offset);\n"
	"	if (maps)\n"
	"		fclose(maps);\n"
	"}\n"
	"#ifdef __cplusplus\n"
	"#define INLINE inline __attribute__((always_inline))\n"
	"namespace shop {\n"
	"#else\n"
	"#define INLINE static inline __attribute__((always_inline))\n"
	"#endif\n"
	"INLINE void inner(int n)\n"
	"{\n"
	"	(void)n;\n"
	"	leaf(); /* INNER */\n"
	"	__asm__ volatile(\"\");\n"
	"}\n"
	"INLINE void middle(int n)\n"
	"{\n"
	"	__asm__ volatile(\"\");\n"
	"	inner(n); /* MIDDLE */\n"
	"}\n"
	"__attribute__((noinline)) void outer(int n)\n"
	"{\n"
	"	middle(n); /* OUTER */\n"
	"	__asm__ volatile(\"\");\n"
	"}\n"
	"__attribute__((noinline)) static void plain(int n)\n"
	"{\n"
	"	__asm__ volatile(\"\" : : \"r\"(n));\n"
	"	leaf(); /* PLAIN */\n"
	"	__asm__ volatile(\"\");\n"
	"}\n"
	"#ifdef __cplusplus\n"
	"}\n"
	"using namespace shop;\n"
	"#endif\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	(void)argv;\n"
	"	outer(argc);\n"
	"	plain(argc);\n"
	"	return 0;\n"
	"}\n";

static char directory[PATH_MAX];

static inline int set_up(void **state)
{
	(void)state;
	/* A hang is a failure too. */
	alarm(300);
	setenv("DEBUGINFOD_URLS", "http://127.0.0.1:9/", 1);
	enter_directory(directory);
	write_text("program.c", source);
	write_text("program.cc", source);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	remove_directory(directory);
	return 0;
}

/* The line of the source that holds @marker. */
static inline unsigned int line_of(const char *marker)
{
	const char *found = strstr(source, marker);
	unsigned int line = 1;

	assert_non_null(found);
	for (const char *c = source; c < found; c++)
		line += *c == '\n';
	return line;
}

/* Runs a program and takes the two frames that it prints. */
static inline void run(const char *path, uint64_t *ret_outer, uint64_t *ret_plain)
{
	char command[PATH_MAX + 8];
	FILE *output;

	snprintf(command, sizeof(command), "./%s", path);
	output = popen(command, "r");
	assert_non_null(output);
	assert_int_equal(fscanf(output, "%lx %lx", ret_outer, ret_plain), 2);
	assert_int_equal(pclose(output), 0);
}

static inline struct seep_symbolizer *new_symbolizer(void)
{
	struct seep_symbolizer *symbolizer;

	assert_int_equal(seep_symbolizer_new(&symbolizer), 0);
	return symbolizer;
}

static inline void add_as(struct seep_symbolizer *symbolizer, uint32_t id, const char *file,
			  const char *shown, const char *root)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(seep_symbolizer_add_file(symbolizer, id, shown, fd, root), 0);
	close(fd);
}

static inline void add(struct seep_symbolizer *symbolizer, uint32_t id, const char *file)
{
	char path[PATH_MAX];

	assert_true((size_t)snprintf(path, sizeof(path), "%.2000s/%.2000s", directory, file) <
		    sizeof(path));
	add_as(symbolizer, id, file, path, NULL);
}

static inline void check_line(const struct seep_line *line, const char *function,
			      const char *marker, bool inlined)
{
	if (function) {
		assert_non_null(line->function);
		assert_string_equal(line->function, function);
	} else {
		assert_null(line->function);
	}
	assert_int_equal(line->inlined, inlined);
	if (marker) {
		assert_int_equal(line->line, line_of(marker));
		assert_non_null(line->source);
		assert_non_null(strstr(line->source, "program.c"));
	} else {
		assert_int_equal(line->line, 0);
		assert_null(line->source);
	}
}

struct names {
	const char *inner, *middle, *outer, *plain;
};

#endif
