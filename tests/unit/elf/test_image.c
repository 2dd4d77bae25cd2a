// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF files as linkers write them, then cut, flipped and changed while they are open: nothing may
 * crash, and what is not ELF is refused.
 */
#include "elf/functions.h"
#include "elf/image.h"

#include <elf.h>
#include <errno.h>

#include "compile.h"
#include "effort.h"

static const char program[] = "#include <stdlib.h>\n"
			      "__attribute__((noinline)) int exported(int n) { return n * 3; }\n"
			      "__attribute__((noinline)) static int hidden(int n)\n"
			      "{ __asm__ volatile(\"\"); return n + 1; }\n"
			      "int main(int argc, char **argv)\n"
			      "{ (void)argv; return exported(hidden(argc)) == 0; }\n";

static char directory[PATH_MAX];

static int set_up(void **state)
{
	(void)state;
	enter_directory(directory);
	write_text("program.c", program);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_directory(directory);
	return 0;
}

static int open_image(const char *path, struct seep_image **ret_image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;

	assert_true(fd >= 0);
	error = seep_image_open(fd, ret_image);
	close(fd);
	return error;
}

struct search {
	const char *name;
	struct seep_symbol symbol;
	size_t count;
};

static int match(const struct seep_symbol *symbol, void *context)
{
	struct search *search = context;

	if (strcmp(symbol->name, search->name) == 0) {
		search->symbol = *symbol;
		search->count++;
	}
	return 0;
}

static struct search find(const struct seep_image *image, const char *name)
{
	struct search search = {.name = name};

	assert_int_equal(seep_image_each_function(image, match, &search), 0);
	return search;
}

/* The symbol, its code, and the conversions there and back. */
static void check_function(const struct seep_image *image, const char *name, bool global)
{
	struct search search = find(image, name);
	uint64_t offset, address;
	const uint8_t *code;

	assert_true(search.count >= 1);
	assert_int_equal(search.symbol.global, global);
	assert_true(search.symbol.size > 0);
	assert_int_equal(seep_image_address_to_offset(image, search.symbol.address, &offset), 0);
	assert_int_equal(seep_image_offset_to_address(image, offset, &address), 0);
	assert_int_equal(address, search.symbol.address);
	assert_int_equal(seep_image_code(image, address, search.symbol.size, &code),
			 search.symbol.size);
	assert_int_equal(code[search.symbol.size - 1], 0xc3); /* ret */
}

static void test_kinds(void **state)
{
	static const struct {
		const char *flags;
		bool interpreter;
	} kinds[] = {
		{"-fPIE -pie", true},
		{"-fno-pie -no-pie", true},
		{"-static", false},
		{"-static-pie -fPIE", false},
		{"-fPIE -pie -Wl,-z,noseparate-code", true},
		{"-fno-pie -no-pie -Wl,-Ttext-segment=0x12340000", true},
		{"-fPIC -shared", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct seep_image *image;
		size_t length;

		shell("gcc -O1 -fcf-protection=none %s program.c -o kind -Wl,--build-id=sha1",
		      kinds[i].flags);
		assert_int_equal(open_image("kind", &image), 0);
		check_function(image, "exported", true);
		check_function(image, "hidden", false);
		assert_int_equal(!!seep_image_interpreter(image), kinds[i].interpreter);
		seep_image_build_id(image, &length);
		assert_int_equal(length, 20);
		seep_image_close(image);
	}
}

static void test_lld(void **state)
{
	struct search search;
	struct seep_image *image;
	uint64_t offset;

	(void)state;
	if (!have("ld.lld"))
		skip();
	shell("gcc -O1 -fcf-protection=none -fPIE -pie -fuse-ld=lld program.c -o lld");
	assert_int_equal(open_image("lld", &image), 0);
	check_function(image, "exported", true);
	search = find(image, "exported");
	assert_int_equal(seep_image_address_to_offset(image, search.symbol.address, &offset), 0);
	assert_int_not_equal(offset, search.symbol.address);
	seep_image_close(image);
}

static void test_build_id(void **state)
{
	static const uint8_t expected[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
	struct seep_image *image;
	const uint8_t *id;
	size_t length;

	(void)state;
	shell("gcc program.c -o id -Wl,--build-id=0x0123456789abcdef");
	assert_int_equal(open_image("id", &image), 0);
	id = seep_image_build_id(image, &length);
	assert_int_equal(length, sizeof(expected));
	assert_memory_equal(id, expected, length);
	seep_image_close(image);

	shell("objcopy --only-keep-debug id id.debug");
	assert_int_equal(open_image("id.debug", &image), 0);
	id = seep_image_build_id(image, &length);
	assert_int_equal(length, sizeof(expected));
	assert_memory_equal(id, expected, length);
	seep_image_close(image);

	shell("gcc program.c -o noid -Wl,--build-id=none");
	assert_int_equal(open_image("noid", &image), 0);
	seep_image_build_id(image, &length);
	assert_int_equal(length, 0);
	assert_string_equal(seep_image_interpreter(image), "/lib64/ld-linux-x86-64.so.2");
	seep_image_close(image);
}

static void remove_section_headers(const char *from, const char *to)
{
	size_t length;
	uint8_t *bytes = read_bytes(from, &length);
	Elf64_Ehdr *header = (Elf64_Ehdr *)bytes;

	header->e_shoff = 0;
	header->e_shnum = 0;
	header->e_shstrndx = 0;
	write_bytes(to, bytes, length);
	free(bytes);
}

static void test_without_sections(void **state)
{
	static const char *const styles[] = {"gnu", "sysv", "both"};

	(void)state;
	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		struct seep_image *image;
		struct seep_range range;

		shell("gcc -O1 -fcf-protection=none -fPIC -shared program.c -o whole "
		      "-Wl,--hash-style=%s",
		      styles[i]);
		remove_section_headers("whole", "headless");
		assert_int_equal(open_image("headless", &image), 0);
		check_function(image, "exported", true);
		assert_int_equal(find(image, "hidden").count, 0);
		assert_int_equal(find(image, "malloc").count, 0);
		assert_int_equal(seep_image_code_ranges(image, &range, 1), 1);
		seep_image_close(image);
	}
}

static int stop(const struct seep_symbol *symbol, void *context)
{
	(void)symbol;
	return ++*(int *)context == 2 ? 42 : 0;
}

static void test_stop(void **state)
{
	struct seep_image *image;
	int count = 0;

	(void)state;
	shell("gcc program.c -o stop");
	assert_int_equal(open_image("stop", &image), 0);
	assert_int_equal(seep_image_each_function(image, stop, &count), 42);
	assert_int_equal(count, 2);
	seep_image_close(image);
}

static void test_outside(void **state)
{
	struct seep_image *image;
	const uint8_t *code;
	uint64_t value = 77;

	(void)state;
	shell("gcc -fPIE -pie program.c -o outside");
	assert_int_equal(open_image("outside", &image), 0);
	assert_int_equal(seep_image_offset_to_address(image, UINT64_MAX, &value), -ENOENT);
	assert_int_equal(seep_image_address_to_offset(image, UINT64_MAX, &value), -ENOENT);
	assert_int_equal(value, 77);
	assert_int_equal(seep_image_code(image, UINT64_MAX, 16, &code), 0);
	assert_int_equal(seep_image_code(image, 0, 16, &code), 0); /* headers: not code */
	seep_image_close(image);
}

static void test_not_elf(void **state)
{
	struct seep_image *image = NULL;
	uint8_t *bytes;
	size_t length;
	int fds[2];

	(void)state;
	write_text("text", "#!/bin/sh\necho this is no program of the kind we want, but long\n");
	assert_int_equal(open_image("text", &image), -ENOEXEC);
	write_text("empty", "");
	assert_int_equal(open_image("empty", &image), -ENOEXEC);
	assert_int_equal(open_image(".", &image), -ENOEXEC);
	shell("gcc -c program.c -o object.o");
	assert_int_equal(open_image("object.o", &image), -ENOEXEC);
	assert_int_equal(seep_image_open(-1, &image), -EBADF);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(seep_image_open(fds[0], &image), -ENOEXEC);
	close(fds[0]);
	close(fds[1]);

	shell("gcc program.c -o foreign");
	bytes = read_bytes("foreign", &length);
	((Elf64_Ehdr *)bytes)->e_machine = EM_AARCH64;
	write_bytes("foreign", bytes, length);
	assert_int_equal(open_image("foreign", &image), -ENOEXEC);
	bytes[EI_CLASS] = ELFCLASS32;
	write_bytes("foreign", bytes, length);
	assert_int_equal(open_image("foreign", &image), -ENOEXEC);
	free(bytes);
	assert_null(image);
}

/* More sections than can be: not a reason to allocate for them. */
static void test_section_bomb(void **state)
{
	struct seep_image *image;
	Elf64_Shdr *first;
	Elf64_Ehdr *header;
	uint8_t *bytes;
	size_t length;

	(void)state;
	shell("gcc program.c -o bomb");
	bytes = read_bytes("bomb", &length);
	header = (Elf64_Ehdr *)bytes;
	first = (Elf64_Shdr *)(bytes + header->e_shoff);
	header->e_shnum = 0;
	first->sh_size = 1u << 31;
	write_bytes("bomb", bytes, length);
	assert_int_equal(truncate("bomb", 1LL << 40), 0);
	assert_int_equal(open_image("bomb", &image), -ENOEXEC);
	free(bytes);
}

static int touch(const struct seep_symbol *symbol, void *context)
{
	const struct seep_image *image = context;
	const uint8_t *code;
	size_t length = seep_image_code(image, symbol->address, 64, &code);
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + code[i]);
	for (const char *c = symbol->name; *c; c++)
		sum = (uint8_t)(sum + (uint8_t)*c);
	return 0;
}

/* Reads everything there is to read. */
static void exercise(const char *path)
{
	struct seep_range ranges[8];
	struct seep_image *image;
	uint64_t value;
	size_t length;

	if (open_image(path, &image))
		return;
	seep_image_each_function(image, touch, image);
	seep_image_code_ranges(image, ranges, 8);
	seep_image_offset_to_address(image, 4096, &value);
	seep_image_address_to_offset(image, 4096, &value);
	seep_image_build_id(image, &length);
	assert_true(length <= SEEP_BUILD_ID_MAX);
	seep_image_close(image);
}

static uint8_t *small_library(size_t *ret_length)
{
	shell("gcc -O1 -fPIC -shared -nostdlib -s program.c -o small.so -Wl,-z,noseparate-code "
	      "-Wl,--hash-style=both");
	return read_bytes("small.so", ret_length);
}

static void test_truncated(void **state)
{
	size_t length;
	uint8_t *bytes = small_library(&length);

	(void)state;
	for (size_t cut = 0; cut < length; cut += effort(1, 7)) {
		write_bytes("cut", bytes, cut);
		exercise("cut");
	}
	remove_section_headers("small.so", "small2.so");
	free(bytes);
	bytes = read_bytes("small2.so", &length);
	for (size_t cut = 0; cut < length; cut += 3 * effort(1, 7)) {
		write_bytes("cut", bytes, cut);
		exercise("cut");
	}
	free(bytes);
}

static void test_flipped(void **state)
{
	size_t length;
	uint8_t *bytes = small_library(&length), *copy = malloc(length);
	uint32_t random = 1;

	(void)state;
	assert_non_null(copy);
	for (int round = 0; round < (int)effort(3000, 500); round++) {
		memcpy(copy, bytes, length);
		for (int flip = 0; flip <= round % 8; flip++) {
			size_t at;

			random = random * 1664525 + 1013904223;
			/* Half of them in the headers, where they hurt. */
			at = (random >> 4) % (random & 1 ? 1024 : length);
			random = random * 1664525 + 1013904223;
			copy[at] = (uint8_t)(random >> 24);
		}
		write_bytes("flipped", copy, length);
		exercise("flipped");
	}
	free(copy);
	free(bytes);
}

/* The owner may write to a library that we look at: no SIGBUS, at worst missing symbols. */
static void test_shrinks_while_open(void **state)
{
	struct seep_image *image;
	int count = 0;

	(void)state;
	shell("gcc program.c -o shrinking");
	assert_int_equal(open_image("shrinking", &image), 0);
	assert_int_equal(truncate("shrinking", 100), 0);
	assert_int_equal(seep_image_each_function(image, stop, &count), 0);
	assert_int_equal(count, 0);
	seep_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_lld),
		cmocka_unit_test(test_build_id),
		cmocka_unit_test(test_without_sections),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_not_elf),
		cmocka_unit_test(test_section_bomb),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_shrinks_while_open),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
