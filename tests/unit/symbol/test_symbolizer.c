// SPDX-License-Identifier: GPL-2.0-only
/* What frames are called, by every kind of symbols and debug information. */
#include "symbol/symbolizer.h"

#include <elf.h>
#include <errno.h>
#include <linux/types.h>

#include "compile.h"
#include "elf/image.h"
#include "program.h"
#include "seep/abi.h"

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
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
