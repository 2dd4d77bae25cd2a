// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table in programs that were linked in several ways, with and without symbols and section
 * headers: it must name the functions of the program wherever they are. Then what leads to it is
 * damaged.
 */
#include "golang/module.h"

#include <errno.h>
#include <gelf.h>
#include <inttypes.h>

#include "effort.h"
#include "go_program.h"
#include "golang/moduledata.h"

static char directory[PATH_MAX];

static int set_up(void **state)
{
	(void)state;
	enter_directory(directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_directory(directory);
	return 0;
}

/* Where the symbol table of @path has @name. */
static uint64_t address_of(const char *path, const char *name)
{
	char command[256], line[1024], type, found[512];
	uint64_t address = 0;
	FILE *output;

	snprintf(command, sizeof(command), "go tool nm %s", path);
	output = popen(command, "r");
	assert_non_null(output);
	while (fgets(line, sizeof(line), output))
		if (sscanf(line, "%" SCNx64 " %c %511s", &address, &type, found) == 3 &&
		    strcmp(found, name) == 0)
			break;
		else
			address = 0;
	/* It may still have something to say. */
	while (fgets(line, sizeof(line), output))
		;
	assert_int_equal(pclose(output), 0);
	assert_true(address != 0);
	return address;
}

/* Section headers are no part of a program that runs. */
static void remove_sections(const char *path, const char *output)
{
	Elf64_Ehdr header;
	size_t length;
	uint8_t *bytes = read_bytes(path, &length);

	assert_true(length > sizeof(header));
	memcpy(&header, bytes, sizeof(header));
	header.e_shoff = 0;
	header.e_shnum = 0;
	header.e_shstrndx = 0;
	memcpy(bytes, &header, sizeof(header));
	write_bytes(output, bytes, length);
	free(bytes);
}

/* A copy without what relocations will write, as lld links; Go and ld write it into the file too.
 */
static void zero_relocated(const char *path, const char *output)
{
	struct seep_image *image = open_go_image(path);
	Elf *elf = seep_image_elf(image);
	Elf_Scn *section = NULL;
	size_t length, zeroed = 0;
	uint8_t *bytes = read_bytes(path, &length);

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;
		uint64_t offset;
		GElf_Rela rela;

		assert_non_null(gelf_getshdr(section, &header));
		data = header.sh_type == SHT_RELA ? elf_getdata(section, NULL) : NULL;
		for (int i = 0; data && gelf_getrela(data, i, &rela); i++) {
			if (GELF_R_TYPE(rela.r_info) != R_X86_64_RELATIVE ||
			    seep_image_address_to_offset(image, rela.r_offset, &offset))
				continue;
			assert_true(offset + 8 <= length);
			memset(bytes + offset, 0, 8);
			zeroed++;
		}
	}
	assert_true(zeroed > 1000);
	seep_image_close(image);
	write_bytes(output, bytes, length);
	free(bytes);
}

/* The functions at an address of main.main: outer and what is inlined in it, then main.main. */
static void check_inlined(const struct seep_go_module *module)
{
	static const char *const names[] = {"main.middle", "main.outer", "main.main"};
	struct seep_go_function function;
	struct seep_go_call calls[8];
	size_t found = 0;

	assert_int_equal(seep_pclntab_find_name(&module->table, "main.main", &function), 0);
	for (uint64_t pc = function.entry; pc < function.end && !found; pc++) {
		size_t count = seep_pclntab_calls(&module->table, &function, pc, module->funcdata,
						  module->funcdata_length, calls, 8);

		if (count != 4 || strcmp(calls[0].function, "main.innermost") != 0)
			continue;
		for (size_t i = 0; i < 3; i++)
			assert_string_equal(calls[i + 1].function, names[i]);
		assert_non_null(strstr(calls[0].file, "program.go"));
		found++;
	}
	assert_int_equal(found, 1);
}

/* @path is that of the program, or of a copy with less in it; @named has the symbols. */
static void check_module(const char *path, const char *named)
{
	struct seep_image *image = open_go_image(path);
	struct seep_go_function function;
	struct seep_go_module module;
	uint64_t first;

	assert_int_equal(seep_go_module_find(image, &module), 0);
	assert_int_equal(module.table.text, address_of(named, "runtime.text"));
	assert_true(module.moduledata != 0);
	assert_int_equal(seep_pclntab_find_name(&module.table, "main.show", &function), 0);
	assert_int_equal(function.entry, address_of(named, "main.show"));
	/* At the address of the table is the table. */
	assert_int_equal(seep_go_read(image, module.table_address, &first, sizeof(first)), 0);
	assert_memory_equal(&first, module.table.bytes, sizeof(first));
	check_inlined(&module);
	seep_image_close(image);
}

static void test_kinds_of_programs(void **state)
{
	static const struct {
		const char *name, *options;
	} programs[] = {
		{"plain", "-buildmode=exe"},
		{"pie", "-buildmode=pie"},
		{"external", "-buildmode=exe -ldflags=-linkmode=external"},
		{"external_pie", "-buildmode=pie -ldflags=-linkmode=external"},
	};
	char stripped[64], bare[64];

	(void)state;
	if (!have("go"))
		skip();
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		snprintf(stripped, sizeof(stripped), "%s_stripped", programs[i].name);
		snprintf(bare, sizeof(bare), "%s_bare", programs[i].name);
		build_go(programs[i].name, programs[i].options);
		shell("strip -o %s %s", stripped, programs[i].name);
		remove_sections(stripped, bare);
		check_module(programs[i].name, programs[i].name);
		check_module(stripped, programs[i].name);
		check_module(bare, programs[i].name);
		if (!strstr(programs[i].name, "pie"))
			continue;
		zero_relocated(stripped, "zeroed");
		check_module("zeroed", programs[i].name);
		remove_sections("zeroed", "zeroed_bare");
		check_module("zeroed_bare", programs[i].name);
	}
	/* As Go's own linker leaves symbols out: addresses of functions stay the same. */
	build_go("without", "-ldflags='-s -w'");
	check_module("without", "plain");
}

static void test_other_programs(void **state)
{
	struct seep_go_module module = {.table_address = 7};
	struct seep_image *image;

	(void)state;
	write_text("c.c", "int main(void) { return 0; }\n");
	shell("cc -o c c.c");
	image = open_go_image("c");
	assert_int_equal(seep_go_module_find(image, &module), -ENOENT);
	assert_int_equal(module.table_address, 7);
	seep_image_close(image);
	remove_sections("c", "c_bare");
	image = open_go_image("c_bare");
	assert_int_equal(seep_go_module_find(image, &module), -ENOENT);
	seep_image_close(image);
}

/* Finds the table of the program in @bytes, and walks over its functions. */
static void use_program(const uint8_t *bytes, size_t length)
{
	struct seep_go_function function;
	struct seep_go_module module;
	struct seep_image *image;
	int fd, error;

	write_bytes("damaged", bytes, length);
	fd = open("damaged", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	error = seep_image_open(fd, &image);
	close(fd);
	if (error)
		return;
	error = seep_go_module_find(image, &module);
	assert_true(!error || error == -ENOENT || error == -EINVAL || error == -ENOTSUP);
	if (!error)
		seep_pclntab_find_name(&module.table, "no such name", &function);
	seep_image_close(image);
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* The fields that lead to the table, in the headers and in the moduledata, take other values. */
static void test_damaged(void **state)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	uint64_t tries = effort(3000, 150), moduledata;
	struct seep_go_module module;
	struct seep_image *image;
	uint32_t random = 11;
	size_t length;
	uint8_t *bytes;

	(void)state;
	if (!have("go"))
		skip();
	build_go("pie", "-buildmode=pie");
	shell("strip -o pie_stripped pie");
	remove_sections("pie_stripped", "pie_bare");
	image = open_go_image("pie_bare");
	assert_int_equal(seep_go_module_find(image, &module), 0);
	assert_int_equal(seep_image_address_to_offset(image, module.moduledata, &moduledata), 0);
	seep_image_close(image);
	bytes = read_bytes("pie_bare", &length);
	for (uint64_t i = 0; i < tries; i++) {
		size_t at = i % 2 ? next_random(&random) % 1024 :
				    moduledata + next_random(&random) % 352;
		uint8_t before = bytes[at];

		bytes[at] = values[next_random(&random) % sizeof(values)];
		use_program(bytes, i % 16 ? length : next_random(&random) % length);
		bytes[at] = before;
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_of_programs),
		cmocka_unit_test(test_other_programs),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
