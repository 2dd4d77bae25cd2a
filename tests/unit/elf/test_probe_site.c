// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a probe goes in a function: examples by their bytes, random bytes, and the allocators that
 * are installed.
 */
#include "elf/functions.h"
#include "elf/probe_site.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <capstone/capstone.h>
#include <cmocka.h>

#include "elf/image.h"
#include "model/allocators.h"

struct example {
	const char *what;
	const char *code; /* hex */
	size_t size;	  /* 0: that of code; SIZE_MAX: unknown */
	enum seep_site_use use;
	unsigned int num_args;
	uint32_t offset;
	uint32_t pushed;
	bool emulated;
	const char *text;
};

static const struct example examples[] = {
	{"malloc of glibc", "41 54 55 53 4889fb 4883ec10 c3", 0, SEEP_SITE_RETURN, 1, 0, 0, true,
	 "push r12"},
	{"free of glibc", "4885ff 0f8407000000 55 488d77f0 53 5b 5d c3", 0, SEEP_SITE_ENTRY, 1, 3,
	 0, true, "je 0x10"},
	{"posix_memalign of glibc", "803d0102140000 4154 4989d4 55 4889fd 7402 415c c3", 0,
	 SEEP_SITE_RETURN, 3, 7, 0, true, "push r12"},
	{"reallocarray of glibc: mul writes an argument", "4889f0 48f7e2 4889c6 7005 e900000000 c3",
	 0, SEEP_SITE_RETURN, 3, 0, 0, false, "mov rax, rsi"},
	{"the same, if only the first argument counts", "4889f0 48f7e2 4889c6 7005 e900000000 c3",
	 0, SEEP_SITE_ENTRY, 1, 9, 0, true, "jo 0x10"},
	{"malloc of jemalloc", "4881ff00100000 0f8704000000 31c0 c3 90 90 c3", 0, SEEP_SITE_RETURN,
	 1, 7, 0, true, "ja 0x11"},
	{"endbr64 first", "f30f1efa 4154 415c c3", 0, SEEP_SITE_RETURN, 6, 4, 0, true, "push r12"},
	{"tail call", "e900000000", 0, SEEP_SITE_RETURN, 1, 0, 0, true, "jmp 5"},
	{"short tail call behind endbr64", "f30f1efa eb00", 0, SEEP_SITE_ENTRY, 1, 4, 0, true,
	 "jmp 6"},
	{"call first", "e800000000 c3", 0, SEEP_SITE_RETURN, 1, 0, 0, true, "call 5"},
	{"nothing behind a call", "ff1500000000 50 58 c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "call qword ptr [rip]"},
	{"room for hot patching", "90 90 90 90 90 c3", 0, SEEP_SITE_RETURN, 1, 0, 0, true, "nop"},
	{"breakpoint in the file", "cc 50 58 c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false, "int3"},
	{"ret only", "c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false, "ret"},
	{"argument written before the push", "4889f7 55 5d c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "mov rdi, rsi"},
	{"32-bit half of an argument written", "31ff 55 5d c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "xor edi, edi"},
	{"lowest byte of an argument written", "40b701 55 5d c3", 0, SEEP_SITE_ENTRY, 1, 0, 0,
	 false, "mov dil, 1"},
	{"second byte of an argument written", "b601 55 5d c3", 0, SEEP_SITE_ENTRY, 3, 0, 0, false,
	 "mov dh, 1"},
	{"an argument written that is not needed", "31f6 55 5d c3", 0, SEEP_SITE_ENTRY, 1, 2, 0,
	 true, "push rbp"},
	{"sub rsp first", "4883ec18 4885ff 7404 4883c418 c3", 0, SEEP_SITE_ENTRY, 1, 7, 24, true,
	 "je 0xd"},
	{"sub rsp first, return probe", "4883ec18 4885ff 7404 4883c418 c3", 0, SEEP_SITE_RETURN, 1,
	 0, 0, false, "sub rsp, 0x18"},
	{"push of an immediate counts", "6a01 53 5b 58 c3", 0, SEEP_SITE_ENTRY, 1, 2, 8, true,
	 "push rbx"},
	{"push of memory counts", "ff37 4885ff 7400 58 c3", 0, SEEP_SITE_ENTRY, 1, 5, 8, true,
	 "je 7"},
	{"push of 16 bits is not followed", "6650 53 5b c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "push ax"},
	{"rsp moved in another way", "488d6424f0 53 5b c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "lea rsp, [rsp - 0x10]"},
	{"jump back to the entry", "4885ff 7501 c3 48ffcf ebf5", 0, SEEP_SITE_ENTRY, 1, 3, 0, true,
	 "jne 6"},
	{"jump back into the straight line", "4889f8 4885c0 7501 c3 48ffc8 ebf5", 0,
	 SEEP_SITE_ENTRY, 1, 0, 0, false, "mov rax, rdi"},
	{"jump back to the place", "4885ff 7501 c3 48ffcf ebf8", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "test rdi, rdi"},
	{"the first branch jumps back", "4889f8 48ffc8 75fb c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "mov rax, rdi"},
	{"jump back behind the place", "4885ff 7501 c3 48ffcf ebfb", 0, SEEP_SITE_ENTRY, 1, 3, 0,
	 true, "jne 6"},
	{"loop back", "4885ff 7400 e2fc c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false, "test rdi, rdi"},
	{"jrcxz back", "4885ff 7400 e3fc c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false, "test rdi, rdi"},
	{"jump table", "4885ff 7401 c3 ffe0", 0, SEEP_SITE_ENTRY, 1, 0, 0, false, "test rdi, rdi"},
	{"jump table in memory", "4885ff 7401 c3 ff24c500104000", 0, SEEP_SITE_ENTRY, 1, 0, 0,
	 false, "test rdi, rdi"},
	{"jump table, but the entry is emulated", "55 5d ffe0", 0, SEEP_SITE_ENTRY, 1, 0, 0, true,
	 "push rbp"},
	{"tail call through a variable", "4885ff 7401 c3 ff2500000000", 0, SEEP_SITE_ENTRY, 1, 3, 0,
	 true, "je 6"},
	{"part of the function not seen", "4885ff 7401 c3 c3", 100, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "test rdi, rdi"},
	{"size not known", "4885ff 7401 c3 c3", SIZE_MAX, SEEP_SITE_ENTRY, 1, 3, 0, true, "je 6"},
	{"size not known, last instruction cut", "4885ff 7401 c3 48", SIZE_MAX, SEEP_SITE_ENTRY, 1,
	 3, 0, true, "je 6"},
	{"data in the function", "4885ff 7401 c3 06 c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "test rdi, rdi"},
	{"size ends before a jump back of the next function", "4885ff 7401 c3 c3 ebfb", 7,
	 SEEP_SITE_ENTRY, 1, 3, 0, true, "je 6"},
	{"66 prefix on nop", "6690 50 58 c3", 0, SEEP_SITE_ENTRY, 1, 2, 0, true, "push rax"},
	{"bnd prefix on jmp", "f2e900000000", 0, SEEP_SITE_ENTRY, 1, 0, 0, false, "bnd jmp 6"},
	{"pause", "f390 50 58 c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false, "pause"},
	{"syscall clobbers rcx", "b80b000000 0f05 50 58 c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "mov eax, 0xb"},
	{"patchable entry", "0f1f440000 55 5d c3", 0, SEEP_SITE_RETURN, 6, 5, 0, true, "push rbp"},
	{"patchable entry behind endbr64", "f30f1efa 660f1f440000 4157 415f c3", 0,
	 SEEP_SITE_RETURN, 1, 10, 0, true, "push r15"},
	{"patched to jump away", "e900100000 5d c3", 0, SEEP_SITE_RETURN, 1, 0, 0, true,
	 "jmp 0x1005"},
	{"patched to jump over what was patched", "eb03 909090 55 5d c3", 0, SEEP_SITE_ENTRY, 1, 0,
	 0, true, "jmp 5"},
	{"call of __fentry__", "e800000000 55 5d c3", 0, SEEP_SITE_RETURN, 6, 0, 0, true, "call 5"},
	{"trap", "0f0b 55 5d c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false, "ud2"},
	{"fifth argument written", "4989f8 55 5d c3", 0, SEEP_SITE_ENTRY, 5, 0, 0, false,
	 "mov r8, rdi"},
	{"sixth argument written", "4531c9 55 5d c3", 0, SEEP_SITE_ENTRY, 6, 0, 0, false,
	 "xor r9d, r9d"},
	{"sixth argument written that is not needed", "4531c9 55 5d c3", 0, SEEP_SITE_ENTRY, 5, 3,
	 0, true, "push rbp"},
	{"argument from thread-local memory", "64488b3c2500000000 55 5d c3", 0, SEEP_SITE_RETURN, 1,
	 0, 0, false, "mov rdi, qword ptr fs:[0]"},
	{"tail call behind endbr64, back to the entry", "f30f1efa e9f7ffffff", 0, SEEP_SITE_ENTRY,
	 1, 4, 0, true, "jmp 0"},
	{"xchg writes both", "4887f7 50 58 c3", 0, SEEP_SITE_ENTRY, 1, 0, 0, false,
	 "xchg rdi, rsi"},
};

static size_t parse_hex(const char *hex, uint8_t *bytes)
{
	size_t length = 0;
	unsigned int byte;

	for (; *hex; hex += *hex == ' ' ? 1 : 2)
		if (*hex != ' ' && sscanf(hex, "%2x", &byte) == 1)
			bytes[length++] = (uint8_t)byte;
	return length;
}

static void test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *example = &examples[i];
		struct seep_probe_site site;
		uint8_t bytes[64];
		size_t length = parse_hex(example->code, bytes);
		size_t size = example->size == SIZE_MAX ? 0 : example->size;
		int error;

		if (!example->size)
			size = length;
		error = seep_probe_site_find(bytes, length, size, example->use, example->num_args,
					     &site);
		if (error || site.offset != example->offset || site.pushed != example->pushed ||
		    site.emulated != example->emulated || strcmp(site.text, example->text) != 0)
			fail_msg("%s: %d, +%u pushed %u %s \"%s\"", example->what, error,
				 site.offset, site.pushed, site.emulated ? "emulated" : "stepped",
				 site.text);
	}
}

static void test_not_code(void **state)
{
	struct seep_probe_site site = {.offset = 77};

	(void)state;
	assert_int_equal(seep_probe_site_find(NULL, 0, 0, SEEP_SITE_ENTRY, 1, &site), -EINVAL);
	assert_int_equal(seep_probe_site_find((const uint8_t[]){0x48}, 1, 0, SEEP_SITE_ENTRY, 1,
					      &site),
			 -EINVAL);
	assert_int_equal(seep_probe_site_find((const uint8_t[]){0x06, 0x90}, 2, 2, SEEP_SITE_ENTRY,
					      1, &site),
			 -EINVAL);
	assert_int_equal(site.offset, 77);
}

/* A place lies inside the code, and a return probe never behind a push. */
static void test_random(void **state)
{
	uint32_t random = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct seep_probe_site site;
		uint8_t code[48];
		size_t length;

		for (size_t i = 0; i < sizeof(code); i++) {
			random = random * 1664525 + 1013904223;
			code[i] = (uint8_t)(random >> 20);
		}
		length = 1 + (random >> 8) % sizeof(code);
		if (seep_probe_site_find(code, length, round & 1 ? length : 0,
					 round & 2 ? SEEP_SITE_ENTRY : SEEP_SITE_RETURN,
					 1 + random % 6, &site))
			continue;
		assert_true(site.offset < length);
		assert_true(site.text[0]);
		assert_true(site.emulated || !site.offset);
		if (!(round & 2))
			assert_int_equal(site.pushed, 0);
	}
}

/* Where a tail call goes. */
static void test_target(void **state)
{
	static const uint8_t forwards[] = {0xf3, 0x0f, 0x1e, 0xfa, 0xe9, 0x00, 0x10, 0x00, 0x00};
	static const uint8_t conditional[] = {0x48, 0x85, 0xff, 0x74, 0x01, 0xc3, 0xc3};
	struct seep_probe_site site;

	(void)state;
	assert_int_equal(seep_probe_site_find(forwards, 9, 9, SEEP_SITE_ENTRY, 1, &site), 0);
	assert_true(site.jumps);
	assert_int_equal(site.target, 0x1009);
	assert_int_equal(seep_probe_site_find(conditional, 7, 7, SEEP_SITE_ENTRY, 1, &site), 0);
	assert_int_equal(site.offset, 3);
	assert_false(site.jumps);
}

/*
 * That each call passes the place once, looked at from the other side: nothing before it leaves the
 * straight line, and no jump of the function, as far as it can be told, leads behind the entry and
 * up to it.
 */
static void check_passed_once(const char *name, const uint8_t *code, size_t length,
			      const struct seep_probe_site *site)
{
	uint64_t address = 0;
	cs_insn *insn;
	csh handle;

	assert_int_equal(cs_open(CS_ARCH_X86, CS_MODE_64, &handle), CS_ERR_OK);
	cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	insn = cs_malloc(handle);
	while (cs_disasm_iter(handle, &code, &length, &address, insn)) {
		const cs_x86_op *operand = &insn->detail->x86.operands[0];
		bool jumps = cs_insn_group(handle, insn, CS_GRP_JUMP) ||
			     cs_insn_group(handle, insn, CS_GRP_BRANCH_RELATIVE);

		if (insn->address < site->offset &&
		    (jumps || cs_insn_group(handle, insn, CS_GRP_CALL) ||
		     cs_insn_group(handle, insn, CS_GRP_RET)))
			fail_msg("%s+%u: left at +%u", name, site->offset, (unsigned)insn->address);
		if (jumps && operand->type == X86_OP_IMM && operand->imm > 0 &&
		    operand->imm <= site->offset)
			fail_msg("%s+%u: entered again from +%u", name, site->offset,
				 (unsigned)insn->address);
	}
	cs_free(insn, 1);
	cs_close(&handle);
}

struct survey {
	const struct seep_allocators *allocators;
	const struct seep_image *image;
	size_t found;
	size_t emulated;
};

static int visit(const struct seep_symbol *symbol, void *context)
{
	struct survey *survey = context;
	const struct seep_allocator *allocator =
		seep_allocators_find(survey->allocators, symbol->name, strcspn(symbol->name, "@"));
	struct seep_probe_site site;
	enum seep_site_use use;
	const uint8_t *code;
	size_t length;

	if (!allocator)
		return 0;
	use = seep_role_returns(allocator->role) ? SEEP_SITE_RETURN : SEEP_SITE_ENTRY;
	length = seep_image_code(survey->image, symbol->address, symbol->size, &code);
	assert_int_equal(length, symbol->size);
	assert_int_equal(seep_probe_site_find(code, length, symbol->size, use,
					      seep_allocator_num_args(allocator), &site),
			 0);
	assert_true(site.offset < length);
	assert_true(use == SEEP_SITE_ENTRY || !site.pushed);
	if (site.offset)
		check_passed_once(symbol->name, code, length, &site);
	survey->found++;
	survey->emulated += site.emulated;
	if (getenv("SEEP_TEST_SHOW"))
		printf("%-40s +%-3u pushed %-3u %-8s %s\n", symbol->name, site.offset, site.pushed,
		       site.emulated ? "emulated" : "STEPPED", site.text);
	return 0;
}

/* SEEP_TEST_SHOW=1 prints what is chosen in the allocators of this machine. */
static void test_installed_allocators(void **state)
{
	/* How many functions they have at least, and how many of them may cost a single step. */
	static const struct {
		const char *path;
		size_t functions;
		size_t stepped;
	} libraries[] = {
		{"/usr/lib/x86_64-linux-gnu/libc.so.6", 19, 4},
		{"/usr/lib64/libc.so.6", 19, 4},
		{"/usr/lib/x86_64-linux-gnu/libstdc++.so.6", 20, 4},
		{"/usr/lib/x86_64-linux-musl/libc.so", 17, 4},
		{"/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", 20, 2},
		{"/usr/lib/x86_64-linux-gnu/libtcmalloc.so.4", 40, 2},
		{"/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4", 40, 2},
		{"/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal_debug.so.4", 40, 2},
		{"/usr/lib/x86_64-linux-gnu/libmimalloc.so.2", 90, 40},
	};
	struct seep_allocators *allocators;
	size_t surveyed = 0;

	(void)state;
	assert_int_equal(seep_allocators_new(&allocators), 0);
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		int fd = open(libraries[i].path, O_RDONLY | O_CLOEXEC);
		struct survey survey = {.allocators = allocators};
		struct seep_image *image;

		if (fd < 0)
			continue;
		assert_int_equal(seep_image_open(fd, &image), 0);
		survey.image = image;
		assert_int_equal(seep_image_each_function(image, visit, &survey), 0);
		if (getenv("SEEP_TEST_SHOW"))
			printf("%s: %zu, %zu emulated\n\n", libraries[i].path, survey.found,
			       survey.emulated);
		if (survey.found < libraries[i].functions ||
		    survey.found - survey.emulated > libraries[i].stepped)
			fail_msg("%s: %zu functions, %zu emulated", libraries[i].path, survey.found,
				 survey.emulated);
		seep_image_close(image);
		close(fd);
		surveyed++;
	}
	seep_allocators_free(allocators);
	if (!surveyed)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_not_code),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_installed_allocators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
