// SPDX-License-Identifier: GPL-2.0-only
#include "symbol/symbolizer.h"

#include <elf.h>
#include <errno.h>
#include <linux/types.h>

#include "compile.h"
#include "elf/image.h"
#include "seep/abi.h"

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

static int set_up(void **state)
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

static int tear_down(void **state)
{
	(void)state;
	remove_directory(directory);
	return 0;
}

/* The line of the source that holds @marker. */
static unsigned int line_of(const char *marker)
{
	const char *found = strstr(source, marker);
	unsigned int line = 1;

	assert_non_null(found);
	for (const char *c = source; c < found; c++)
		line += *c == '\n';
	return line;
}

/* Runs a program and takes the two frames that it prints. */
static void run(const char *path, uint64_t *ret_outer, uint64_t *ret_plain)
{
	char command[PATH_MAX + 8];
	FILE *output;

	snprintf(command, sizeof(command), "./%s", path);
	output = popen(command, "r");
	assert_non_null(output);
	assert_int_equal(fscanf(output, "%lx %lx", ret_outer, ret_plain), 2);
	assert_int_equal(pclose(output), 0);
}

static struct seep_symbolizer *new_symbolizer(void)
{
	struct seep_symbolizer *symbolizer;

	assert_int_equal(seep_symbolizer_new(&symbolizer), 0);
	return symbolizer;
}

static void add_as(struct seep_symbolizer *symbolizer, uint32_t id, const char *file,
		   const char *shown, const char *root)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(seep_symbolizer_add_file(symbolizer, id, shown, fd, root), 0);
	close(fd);
}

static void add(struct seep_symbolizer *symbolizer, uint32_t id, const char *file)
{
	char path[PATH_MAX];

	assert_true((size_t)snprintf(path, sizeof(path), "%.2000s/%.2000s", directory, file) <
		    sizeof(path));
	add_as(symbolizer, id, file, path, NULL);
}

static void check_line(const struct seep_line *line, const char *function, const char *marker,
		       bool inlined)
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

static const struct names c_names = {"inner", "middle", "outer", "plain"};
static const struct names cxx_names = {"shop::inner(int)", "shop::middle(int)", "shop::outer(int)",
				       "shop::plain(int)"};

/* Runs and resolves a program that has debug information. */
static void check_program(const char *file, const char *run_file, const struct names *names)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();
	const struct seep_location *location;
	uint64_t outer, plain;

	run(run_file, &outer, &plain);
	add(symbolizer, 7, file);
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(7, outer));
	assert_int_equal(location->offset, outer);
	assert_non_null(strstr(location->module, file));
	assert_int_equal(location->num_lines, 3);
	check_line(&location->lines[0], names->inner, "INNER", true);
	check_line(&location->lines[1], names->middle, "MIDDLE", true);
	check_line(&location->lines[2], names->outer, "OUTER", false);
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(7, plain));
	assert_int_equal(location->num_lines, 1);
	check_line(&location->lines[0], names->plain, "PLAIN", false);
	assert_ptr_equal(location, seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(7, plain)));
	seep_symbolizer_free(symbolizer);
}

/* The same for one that has symbols only, of which @plain may be missing. */
static void check_names(const char *file, const char *outer_name, const char *plain_name)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();
	const struct seep_location *location;
	uint64_t outer, plain;

	run(file, &outer, &plain);
	add(symbolizer, 0, file);
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(0, outer));
	assert_int_equal(location->num_lines, 1);
	check_line(&location->lines[0], outer_name, NULL, false);
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(0, plain));
	assert_int_equal(location->num_lines, 1);
	check_line(&location->lines[0], plain_name, NULL, false);
	seep_symbolizer_free(symbolizer);
}

static void test_kinds(void **state)
{
	static const char *const flags[] = {
		"-g",
		"-g -no-pie -fno-pie",
		"-g -static",
		"-g -static-pie -fPIE",
		"-g -Wl,-z,noseparate-code",
		"-g -no-pie -fno-pie -Wl,-Ttext-segment=0x12340000",
		"-g -Wl,--build-id=none",
		"-g -gz",
		"-g -gdwarf-2",
		"-g -gdwarf-4",
		"-g -gdwarf-5",
		"-g -ffunction-sections -Wl,--gc-sections",
		"-g -flto -fno-ipa-cp -fno-ipa-sra",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		shell("gcc -O2 %s program.c -o kind", flags[i]);
		check_program("kind", "kind", &c_names);
	}
	shell("g++ -O2 -g program.cc -o kind");
	check_program("kind", "kind", &cxx_names);
}

static void test_clang(void **state)
{
	(void)state;
	if (!have("clang"))
		skip();
	shell("clang -O2 -g program.c -o clang");
	check_program("clang", "clang", &c_names);
	shell("clang -x c++ -O2 -g program.cc -o clang");
	check_program("clang", "clang", &cxx_names);
	if (!have("ld.lld"))
		skip();
	/* Segments at other addresses than offsets. */
	shell("clang -O2 -g -fuse-ld=lld program.c -o clang");
	check_program("clang", "clang", &c_names);
}

static void test_names_only(void **state)
{
	(void)state;
	shell("gcc -O2 program.c -o names");
	check_names("names", "outer", "plain");
	shell("g++ -O2 program.cc -o names");
	check_names("names", "shop::outer(int)", "shop::plain(int)");
	shell("gcc -O2 -s program.c -o names");
	check_names("names", NULL, NULL);
	shell("gcc -O2 -s -rdynamic program.c -o names");
	check_names("names", "outer", NULL);
}

static void test_debug_link(void **state)
{
	static const char *const ids[] = {"sha1", "none"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		shell("gcc -O2 -g program.c -o linked -Wl,--build-id=%s", ids[i]);
		shell("objcopy --only-keep-debug linked linked.debug && strip linked && "
		      "objcopy --add-gnu-debuglink=linked.debug linked");
		check_program("linked", "linked", &c_names);
		shell("rm -rf .debug && mkdir .debug && mv linked.debug .debug");
		check_program("linked", "linked", &c_names);
		/* A debug file of another build is worse than none. */
		shell("gcc -O2 -g -DOTHER=1 -O1 program.c -o other -Wl,--build-id=%s && "
		      "objcopy --only-keep-debug other .debug/linked.debug",
		      ids[i]);
		check_names("linked", NULL, NULL);
	}
}

static void test_debug_data(void **state)
{
	(void)state;
	if (!have("xz"))
		skip();
	shell("gcc -O2 program.c -o mini && objcopy --only-keep-debug mini mini.symbols && "
	      "strip mini && xz -f mini.symbols && "
	      "objcopy --add-section .gnu_debugdata=mini.symbols.xz mini");
	check_names("mini", "outer", "plain");
	/* Not xz, and xz cut short. */
	shell("gcc -O2 -s program.c -o mini && echo nonsense > nonsense && "
	      "objcopy --add-section .gnu_debugdata=nonsense mini");
	check_names("mini", NULL, NULL);
	shell("gcc -O2 -s program.c -o mini && head -c 500 mini.symbols.xz > cut.xz && "
	      "objcopy --add-section .gnu_debugdata=cut.xz mini");
	check_names("mini", NULL, NULL);
}

/* Debug files below the root directory of a container, by build ID, and a link that leads out. */
static void test_root(void **state)
{
	struct seep_symbolizer *symbolizer;
	const struct seep_location *location;
	uint64_t outer, plain;
	char root[PATH_MAX];

	(void)state;
	snprintf(root, sizeof(root), "%.2000s/root", directory);
	shell("gcc -O2 -g program.c -o contained -Wl,--build-id=0x00112233445566778899aabb && "
	      "mkdir -p root/usr/lib/debug/.build-id/00 root/elsewhere && "
	      "objcopy --only-keep-debug contained root/elsewhere/it.debug && strip contained && "
	      "ln -s /elsewhere/it.debug root/usr/lib/debug/.build-id/00/112233445566778899aabb.debug");
	run("contained", &outer, &plain);
	/*
	 * Below a directory that is no process's root, root's own files are not taken for root's
	 * word.
	 */
	if (geteuid() == 0)
		shell("chown 12345 contained root/elsewhere/it.debug");

	symbolizer = new_symbolizer();
	add_as(symbolizer, 1, "contained", "/bin/contained", root);
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, plain));
	check_line(&location->lines[0], "plain", "PLAIN", false);
	assert_string_equal(location->module, "/bin/contained");
	assert_string_equal(location->build_id, "00112233445566778899aabb");
	seep_symbolizer_free(symbolizer);

	/*
	 * Without the root, or with a link to a file outside of it, there is nothing to be found.
	 */
	symbolizer = new_symbolizer();
	add_as(symbolizer, 1, "contained", "/bin/contained", NULL);
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, plain));
	check_line(&location->lines[0], NULL, NULL, false);
	seep_symbolizer_free(symbolizer);
	shell("mv root/elsewhere/it.debug . && ln -sf %.900s/it.debug "
	      "root/usr/lib/debug/.build-id/00/112233445566778899aabb.debug",
	      directory);
	symbolizer = new_symbolizer();
	add_as(symbolizer, 1, "contained", "/bin/contained", root);
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, plain));
	check_line(&location->lines[0], NULL, NULL, false);
	seep_symbolizer_free(symbolizer);
}

static void test_without_sections(void **state)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();
	const struct seep_location *location;
	uint64_t outer, plain;
	uint8_t *bytes;
	size_t length;

	(void)state;
	shell("gcc -O2 -g -rdynamic program.c -o headless");
	run("headless", &outer, &plain);
	bytes = read_bytes("headless", &length);
	((Elf64_Ehdr *)bytes)->e_shoff = 0;
	((Elf64_Ehdr *)bytes)->e_shnum = 0;
	((Elf64_Ehdr *)bytes)->e_shstrndx = 0;
	write_bytes("headless2", bytes, length);
	free(bytes);
	add(symbolizer, 3, "headless2");
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(3, outer));
	check_line(&location->lines[0], "outer", NULL, false);
	seep_symbolizer_free(symbolizer);
}

static bool finds(struct seep_symbolizer *symbolizer, uint32_t id, const char *file,
		  const char *function)
{
	struct seep_range ranges[16];
	struct seep_image *image;
	bool found = false;
	size_t count;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	assert_int_equal(seep_image_open(fd, &image), 0);
	close(fd);
	count = seep_image_code_ranges(image, ranges, 16);
	seep_image_close(image);
	for (size_t i = 0; i < count; i++)
		for (uint64_t at = ranges[i].start; at < ranges[i].end; at++) {
			const struct seep_location *location =
				seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(id, at));
			const char *name = location->lines[location->num_lines - 1].function;

			found |= name && strcmp(name, function) == 0;
		}
	return found;
}

static void test_plt(void **state)
{
	static const char *const flags[] = {
		"-Wl,-z,lazy -fcf-protection=none",
		"-Wl,-z,now -fcf-protection=none",
		"-Wl,-z,lazy -fcf-protection=full",
		"-Wl,-z,now -fcf-protection=full -Wl,-z,ibtplt",
		"-fuse-ld=lld",
		"-Wl,-z,now -s",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct seep_symbolizer *symbolizer;

		if (strstr(flags[i], "lld") && !have("ld.lld"))
			continue;
		symbolizer = new_symbolizer();
		shell("gcc -O2 %s program.c -o plt", flags[i]);
		add(symbolizer, 9, "plt");
		assert_true(finds(symbolizer, 9, "plt", "fopen@plt"));
		assert_false(finds(symbolizer, 9, "plt", "@plt"));
		seep_symbolizer_free(symbolizer);
	}
}

static uint64_t offset_of(const char *file, const char *symbol)
{
	char command[256];
	struct seep_image *image;
	uint64_t address, offset;
	FILE *output;
	int fd;

	snprintf(command, sizeof(command), "nm %s | awk '$3 == \"%s\" { print $1 }'", file, symbol);
	output = popen(command, "r");
	assert_non_null(output);
	assert_int_equal(fscanf(output, "%lx", &address), 1);
	pclose(output);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(seep_image_open(fd, &image), 0);
	close(fd);
	assert_int_equal(seep_image_address_to_offset(image, address, &offset), 0);
	seep_image_close(image);
	return offset;
}

/* Which symbol names an address: aliases, sizes missing, labels, gaps, the end of a section. */
static void test_symbols(void **state)
{
	static const char assembly[] = "	.text\n"
				       "	.globl	main, public, __public, weakling\n"
				       "	.weak	weakling\n"
				       "	.type	main, @function\n"
				       "main:	xorl %eax, %eax\n"
				       "	ret\n"
				       "	.size	main, . - main\n"
				       "gap:	.skip	16, 0xcc\n"
				       "	.type	gap, @object\n"
				       "	.type	local, @function\n"
				       "	.type	__public, @function\n"
				       "	.type	public, @function\n"
				       "	.type	weakling, @function\n"
				       "local:\n"
				       "__public:\n"
				       "weakling:\n"
				       "public:	nop\n"
				       "label:	nop\n"
				       "	ret\n"
				       "	.size	public, . - public\n"
				       "	.type	nosize, @function\n"
				       "nosize:	nop\n"
				       "end_of_nosize: .skip 8, 0x90\n"
				       "	.type	end_of_nosize, @object\n"
				       "	.section .last, \"ax\", @progbits\n"
				       "	.type	tail, @function\n"
				       "tail:	ret\n"
				       "	.section .note.GNU-stack, \"\", @progbits\n";
	static const struct {
		const char *symbol;
		uint64_t skip;
		const char *function;
	} expected[] = {
		{"main", 0, "main"},	 {"main", 2, "main"},	 {"main", 3, NULL},
		{"public", 0, "public"}, {"label", 0, "public"}, {"nosize", 0, "nosize"},
		{"nosize", 8, "nosize"}, {"tail", 0, "tail"},	 {"gap", 15, NULL},
	};
	struct seep_symbolizer *symbolizer = new_symbolizer();

	(void)state;
	write_text("symbols.s", assembly);
	shell("gcc symbols.s -o symbols");
	add(symbolizer, 1, "symbols");
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		uint64_t offset = offset_of("symbols", expected[i].symbol) + expected[i].skip;

		check_line(seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, offset))->lines,
			   expected[i].function, NULL, false);
	}
	seep_symbolizer_free(symbolizer);
}

static void test_files(void **state)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();
	const struct seep_location *first, *second;
	uint64_t outer, plain;

	(void)state;
	shell("gcc -O2 program.c -o one -Wl,--build-id=sha1 && cp one two");
	run("one", &outer, &plain);
	add(symbolizer, 1, "one");
	add(symbolizer, 2, "two");
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, plain));
	second = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(2, plain));
	assert_non_null(strstr(first->module, "/one"));
	assert_non_null(strstr(second->module, "/two"));
	assert_string_equal(first->build_id, second->build_id);
	/* One parse: even the line is the same. */
	assert_ptr_equal(first->lines, second->lines);

	/* Known first without a descriptor, then with one; a third time changes nothing. */
	assert_int_equal(seep_symbolizer_add_file(symbolizer, 3, "/gone", -1, NULL), 0);
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(3, plain));
	assert_string_equal(first->module, "/gone");
	assert_null(first->build_id);
	check_line(first->lines, NULL, NULL, false);
	add(symbolizer, 3, "two");
	second = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(3, plain));
	check_line(second->lines, "plain", NULL, false);
	assert_string_equal(first->module, "/gone");
	add(symbolizer, 3, "program.c");
	assert_ptr_equal(second, seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(3, plain)));

	/* No program, and never heard of. */
	add(symbolizer, 4, "program.c");
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(4, 10));
	assert_non_null(strstr(first->module, "program.c"));
	assert_int_equal(first->num_lines, 1);
	check_line(first->lines, NULL, NULL, false);
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(5, 10));
	assert_null(first->module);
	assert_int_equal(first->num_lines, 1);
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME_RAW | 0x7f0012345678);
	assert_null(first->module);
	assert_int_equal(first->offset, 0x7f0012345678);
	check_line(first->lines, NULL, NULL, false);
	/* Past the end of the file. */
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, SEEP_FRAME_OFFSET_MASK));
	check_line(first->lines, NULL, NULL, false);
	seep_symbolizer_free(symbolizer);
}

/* The same stack has the same id in another run, where the files have other ids. */
static void test_stack_id(void **state)
{
	struct seep_symbolizer *one = new_symbolizer(), *two = new_symbolizer();
	uint64_t frames_one[] = {SEEP_FRAME(1, 100), SEEP_FRAME(2, 200), SEEP_FRAME_RAW | 0x1000};
	uint64_t frames_two[] = {SEEP_FRAME(8, 100), SEEP_FRAME(5, 200), SEEP_FRAME_RAW | 0x2000};
	uint64_t id;

	(void)state;
	shell("gcc program.c -o first -Wl,--build-id=sha1 && cp first copy && "
	      "gcc program.c -o second -Wl,--build-id=none");
	add(one, 1, "first");
	add(one, 2, "second");
	add(two, 8, "copy");
	add(two, 5, "second");
	id = seep_symbolizer_stack_id(one, frames_one, 3);
	assert_int_equal(id, seep_symbolizer_stack_id(one, frames_one, 3));
	assert_int_equal(id, seep_symbolizer_stack_id(two, frames_two, 3));
	assert_int_not_equal(id, seep_symbolizer_stack_id(one, frames_one, 2));
	frames_two[0]++;
	assert_int_not_equal(id, seep_symbolizer_stack_id(two, frames_two, 3));
	frames_two[0] = SEEP_FRAME(5, 100);
	assert_int_not_equal(id, seep_symbolizer_stack_id(two, frames_two, 3));
	seep_symbolizer_free(one);
	seep_symbolizer_free(two);
}

/* Copies are one file; files without a build ID, and the probes' own ids, stand for themselves. */
static void test_same_file(void **state)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();

	(void)state;
	shell("gcc program.c -o first -Wl,--build-id=sha1 && cp first copy && "
	      "gcc program.c -o bare -Wl,--build-id=none && cp bare bare_copy");
	add(symbolizer, SEEP_FILE_USER_BASE, "first");
	add(symbolizer, 7, "first");
	add(symbolizer, 3, "copy");
	add(symbolizer, 8, "bare");
	add(symbolizer, 9, "bare_copy");
	assert_int_equal(seep_symbolizer_same_file(symbolizer, SEEP_FILE_USER_BASE),
			 SEEP_FILE_USER_BASE);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 7), 7);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 3), 7);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 7), 7);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 8), 8);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 9), 9);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 1234), 1234);
	seep_symbolizer_free(symbolizer);
}

/* A function is called as it was found, where the symbol table has another of its names first. */
static void test_given_name(void **state)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();
	const struct seep_location *location;
	uint64_t outer, plain;

	(void)state;
	shell("gcc -O2 -g program.c -o named -Wl,--build-id=sha1");
	run("named", &outer, &plain);
	add(symbolizer, 1, "named");
	assert_int_equal(seep_symbolizer_name_function(symbolizer, SEEP_FRAME(1, plain), "found"),
			 0);
	assert_int_equal(seep_symbolizer_name_function(symbolizer, SEEP_FRAME(1, plain), "late"),
			 0);
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, plain));
	assert_int_equal(location->num_lines, 1);
	check_line(location->lines, "found", "PLAIN", false);
	/* Only there. */
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, outer));
	check_line(&location->lines[location->num_lines - 1], "outer", "OUTER", false);
	seep_symbolizer_free(symbolizer);
}

/* Asks for frames all over a file. */
static void exercise(const char *path, size_t length)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();

	add(symbolizer, 1, path);
	for (uint64_t i = 0; i < 40; i++) {
		const struct seep_location *location = seep_symbolizer_resolve(
			symbolizer, 0, SEEP_FRAME(1, 4096 + i * (length - 4096) / 200));

		assert_true(location->num_lines >= 1);
		assert_non_null(location->lines);
	}
	seep_symbolizer_free(symbolizer);
}

static uint8_t *small_program(size_t *ret_length)
{
	shell("gcc -O2 -g -nostdlib -fPIC -shared program.c -o small");
	return read_bytes("small", ret_length);
}

static void test_truncated(void **state)
{
	size_t length;
	uint8_t *bytes = small_program(&length);

	(void)state;
	for (size_t cut = 0; cut < length; cut += 61) {
		write_bytes("cut", bytes, cut);
		exercise("cut", length);
	}
	free(bytes);
}

static void test_flipped(void **state)
{
	size_t length;
	uint8_t *bytes = small_program(&length), *copy = malloc(length);
	uint32_t random = 3;

	(void)state;
	assert_non_null(copy);
	for (int round = 0; round < 1500; round++) {
		memcpy(copy, bytes, length);
		for (int flip = 0; flip <= round % 16; flip++) {
			size_t at;

			random = random * 1664525 + 1013904223;
			/* Mostly behind the code: debug information, symbols, section headers. */
			at = random & 0xf0 ? length / 2 + (random >> 4) % (length - length / 2) :
					     (random >> 4) % length;
			random = random * 1664525 + 1013904223;
			copy[at] = (uint8_t)(random >> 24);
		}
		write_bytes("flipped", copy, length);
		exercise("flipped", length);
	}
	free(copy);
	free(bytes);
}

static void test_shrinks_while_open(void **state)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();
	uint64_t outer, plain;

	(void)state;
	shell("gcc -O2 -g program.c -o shrinking");
	run("shrinking", &outer, &plain);
	add(symbolizer, 1, "shrinking");
	assert_int_equal(seep_symbolizer_stack_id(symbolizer, &(uint64_t){SEEP_FRAME(1, 1)}, 1),
			 seep_symbolizer_stack_id(symbolizer, &(uint64_t){SEEP_FRAME(1, 1)}, 1));
	assert_int_equal(truncate("shrinking", 4096), 0);
	check_line(seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, plain))->lines, NULL, NULL,
		   false);
	seep_symbolizer_free(symbolizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_clang),
		cmocka_unit_test(test_names_only),
		cmocka_unit_test(test_debug_link),
		cmocka_unit_test(test_debug_data),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_without_sections),
		cmocka_unit_test(test_plt),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_stack_id),
		cmocka_unit_test(test_same_file),
		cmocka_unit_test(test_given_name),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_shrinks_while_open),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
