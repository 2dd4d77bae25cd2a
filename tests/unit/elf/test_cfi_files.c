// SPDX-License-Identifier: GPL-2.0-only
/* Files as linkers make them, whole and damaged, and code that has no CFI. */
#include <errno.h>
#include <sys/mman.h>

#include "effort.h"
#include "elf/cfi_check.h"

#define FLIPS 20000

static const struct seep_rule signal_rule = {.kind = SEEP_RULE_SIGNAL};
static const struct seep_rule end_rule = {.kind = SEEP_RULE_END};

/* mov $15, %rax; syscall */
static const uint8_t signal_return[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};

/* Calls that realign, allocate and save, so that there is more to read than prologues. */
static const char source[] =
	"#include <string.h>\n"
	"int other(char *, int);\n"
	"int plain(int n) { char b[100]; return other(b, n) + other(b, 2); }\n"
	"int dynamic(int n) { char b[n]; return other(b, n) + 1; }\n"
	"int realigned(int n)\n"
	"{ char b[64] __attribute__((aligned(64))); return other(b, n) + n; }\n"
	"int other(char *b, int n) { memset(b, n, n); return b[0]; }\n";

static char directory[PATH_MAX];

static int set_up(void **state)
{
	(void)state;
	enter_directory(directory);
	write_text("source.c", source);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_directory(directory);
	return 0;
}

static int read_path(const char *path, struct seep_cfi *ret_cfi)
{
	return read_file(open(path, O_RDONLY | O_CLOEXEC), ret_cfi);
}

/* A file in memory, which can be shortened and damaged; its length. */
static int load(const char *path, struct bytes *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	assert_true(fd >= 0);
	length = read(fd, bytes->data, sizeof(bytes->data));
	close(fd);
	assert_in_range(length, 1000, sizeof(bytes->data) - 1);
	bytes->length = (size_t)length;
	return memfd_create("seep-test", MFD_CLOEXEC);
}

static void store(int fd, const void *data, size_t length)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, data, length, 0), length);
}

/* Reads what there is; it may fail, but not otherwise than the header says. */
static void read_damaged(int fd)
{
	struct seep_cfi cfi;
	int error = read_file(dup(fd), &cfi);

	if (error) {
		assert_true(error == -ENOEXEC || error == -ENOENT || error == -EINVAL ||
			    error == -E2BIG);
		return;
	}
	check_invariants(&cfi);
	seep_cfi_done(&cfi);
}

static void build_small(void)
{
	shell("gcc -O2 -shared -fPIC -nostdlib -ffreestanding -s -Wl,-z,noseparate-code "
	      "-Wl,--build-id=none source.c -o small.so");
}

static void test_truncated(void **state)
{
	struct bytes bytes;
	int fd;

	(void)state;
	build_small();
	fd = load("small.so", &bytes);
	for (size_t length = 0; length < bytes.length; length += effort(1, 4)) {
		store(fd, bytes.data, length);
		read_damaged(fd);
	}
	close(fd);
}

static void test_flipped(void **state)
{
	struct bytes bytes, damaged;
	unsigned short seed[3] = {1, 2, 3};
	int fd;

	(void)state;
	build_small();
	fd = load("small.so", &bytes);
	for (uint64_t i = effort(FLIPS, FLIPS / 8); i > 0; i--) {
		size_t flips = 1 + (size_t)(nrand48(seed) % 4);

		damaged = bytes;
		while (flips--)
			damaged.data[(size_t)nrand48(seed) % bytes.length] ^=
				(uint8_t)(1 << nrand48(seed) % 8);
		store(fd, damaged.data, damaged.length);
		read_damaged(fd);
	}
	close(fd);
}

static void assert_same(const struct seep_cfi *a, const struct seep_cfi *b)
{
	assert_int_equal(a->num_rows, b->num_rows);
	assert_memory_equal(a->rows, b->rows, a->num_rows * sizeof(*a->rows));
}

/* sstrip and some packers remove the section headers; the loader does not need them. */
static void test_without_sections(void **state)
{
	struct seep_cfi whole, bare;
	struct bytes bytes;
	Elf64_Ehdr header;
	int fd;

	(void)state;
	build_small();
	assert_int_equal(read_path("small.so", &whole), 0);
	assert_true(whole.num_fdes >= 4);
	fd = load("small.so", &bytes);
	memcpy(&header, bytes.data, sizeof(header));
	header.e_shoff = 0;
	header.e_shnum = header.e_shstrndx = 0;
	memcpy(bytes.data, &header, sizeof(header));
	store(fd, bytes.data, bytes.length);
	assert_int_equal(read_file(fd, &bare), 0);
	assert_same(&whole, &bare);
	seep_cfi_done(&whole);
	seep_cfi_done(&bare);
}

/* The other way round: no PT_GNU_EH_FRAME, as in some static programs. */
static void test_without_header(void **state)
{
	struct seep_cfi with, without;

	(void)state;
	shell("gcc -O2 -static -nostdlib -ffreestanding -fno-builtin -c source.c -o source.o");
	shell("echo 'void *memset(void *b, int c, unsigned long n) { (void)c; (void)n; return b; }'"
	      "| gcc -O2 -ffreestanding -fno-builtin -x c -c - -o memset.o");
	shell("ld -e plain --eh-frame-hdr source.o memset.o -o with");
	shell("ld -e plain --no-eh-frame-hdr source.o memset.o -o without");
	assert_int_equal(read_path("with", &with), 0);
	assert_int_equal(read_path("without", &without), 0);
	assert_int_equal(with.num_fdes, 5);
	assert_int_equal(without.num_fdes, 5);
	seep_cfi_done(&with);
	seep_cfi_done(&without);
}

static void test_no_cfi(void **state)
{
	struct seep_cfi cfi;

	(void)state;
	shell("gcc -O2 -shared -fPIC -nostdlib -ffreestanding -fno-asynchronous-unwind-tables "
	      "source.c -o none.so");
	assert_int_equal(read_path("none.so", &cfi), -ENOENT);
}

/* The same functions from .debug_frame, where that is all there is. */
static void test_debug_frame(void **state)
{
	struct seep_cfi debug_frame, eh_frame;

	(void)state;
	shell("gcc -O2 -g -shared -fPIC -nostdlib -ffreestanding -fno-asynchronous-unwind-tables "
	      "-Wl,-z,noseparate-code -Wl,-Ttext=0x2000 source.c -o debug_frame.so");
	shell("gcc -O2 -g -shared -fPIC -nostdlib -ffreestanding -Wl,-z,noseparate-code "
	      "-Wl,-Ttext=0x2000 source.c -o eh_frame.so");
	assert_int_equal(read_path("debug_frame.so", &debug_frame), 0);
	assert_int_equal(read_path("eh_frame.so", &eh_frame), 0);
	assert_int_equal(debug_frame.num_fdes, 4);
	/* The one FDE more is of the PLT, which lies before. */
	for (size_t i = 0; i < debug_frame.num_rows; i++) {
		uint64_t offset = debug_frame.rows[i].offset;

		assert_memory_equal(seep_cfi_find(&debug_frame, offset),
				    seep_cfi_find(&eh_frame, offset), sizeof(struct seep_rule));
	}
	assert_true(eh_frame.num_fdes > debug_frame.num_fdes);
	seep_cfi_done(&debug_frame);
	seep_cfi_done(&eh_frame);
}

/* Trampolines with CFI that takes them for functions, in a gap, and cut off by the end of one. */
static void test_signal_return(void **state)
{
	uint8_t code[0x400] = {0};
	const struct image_options options = {.code = code, .code_length = sizeof(code)};
	struct bytes frame = {.length = 0};
	struct seep_cfi cfi;
	size_t cie;

	(void)state;
	memcpy(code + 0x10, signal_return, sizeof(signal_return));
	memcpy(code + 0x100, signal_return, sizeof(signal_return));
	memcpy(code + 0x205, signal_return, sizeof(signal_return));
	memcpy(code + 0x300, signal_return, sizeof(signal_return));
	memcpy(code + 0x3fb, signal_return, 5);
	cie = put_usual_cie(&frame);
	put_fde(&frame, cie, 0x100, sizeof(signal_return), PROGRAM(DW_CFA_nop));
	put_fde(&frame, cie, 0x109, 0x20, PROGRAM(DW_CFA_nop));
	put_fde(&frame, cie, 0x2f0, 0x60, PROGRAM(DW_CFA_nop));
	put_fde(&frame, cie, 0x400, 0x10, PROGRAM(DW_CFA_nop));
	assert_int_equal(read_file(make_file(frame.data, frame.length, &options), &cfi), 0);
	check_invariants(&cfi);
	check(&cfi, 0xf, &signal_rule); /* what is looked up: the return address less one */
	check(&cfi, 0x10, &signal_rule);
	check(&cfi, 0x18, &signal_rule);
	check(&cfi, 0x19, &gap);
	check(&cfi, 0xfe, &gap);
	check(&cfi, 0xff, &signal_rule);
	check(&cfi, 0x100, &signal_rule);
	check(&cfi, 0x109, &at_entry);
	check(&cfi, 0x203, &gap);
	check(&cfi, 0x204, &signal_rule);
	check(&cfi, 0x205, &signal_rule);
	check(&cfi, 0x20e, &gap);
	check(&cfi, 0x300, &at_entry); /* in a function that has CFI */
	check(&cfi, 0x3fb, &gap);
	seep_cfi_done(&cfi);
}

/* As glibc describes __restore_rt; without rsp where the kernel has it; as an ordinary function. */
static void test_signal_frame(void **state)
{
	static const struct {
		uint8_t rsp; /* the lower byte of its offset */
		const char *augmentation;
		bool signal;
	} frames[] = {{0xa0, "zRS", true}, {0xa1, "zRS", false}, {0xa0, "zR", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		const struct cie_options options = {
			.augmentation = frames[i].augmentation,
			.encoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4,
			.program = "",
		};
		struct bytes frame = {.length = 0};
		struct seep_cfi cfi;

		put_fde(&frame, put_cie(&frame, &options), 0x100, 0x10,
			PROGRAM(DW_CFA_def_cfa_expression, 4, DW_OP_breg7, frames[i].rsp, 0x01,
				DW_OP_deref, DW_CFA_expression, 6, 3, DW_OP_breg7, 0xf8, 0x00,
				DW_CFA_expression, 16, 3, DW_OP_breg7, 0xa8, 0x01));
		assert_int_equal(read_frame(&frame, &cfi), 0);
		check(&cfi, 0x100,
		      frames[i].signal ? &signal_rule : &(struct seep_rule){.kind = SEEP_RULE_BAD});
		seep_cfi_done(&cfi);
	}
}

static void test_entry(void **state)
{
	static const struct {
		uint32_t entry;
		uint32_t end; /* of the stub */
	} entries[] = {{0x20, 0x60}, {0xf0, 0x100}, {0x200, 0x240}};

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct image_options options = {.entry = CODE_ADDRESS + entries[i].entry};
		struct bytes frame = {.length = 0};
		struct seep_cfi cfi;

		put_fde(&frame, put_usual_cie(&frame), 0x100, 0x100, PROGRAM(DW_CFA_nop));
		assert_int_equal(read_file(make_file(frame.data, frame.length, &options), &cfi), 0);
		check_invariants(&cfi);
		check(&cfi, entries[i].entry, &end_rule);
		check(&cfi, entries[i].end - 1, &end_rule);
		check(&cfi, entries[i].end, entries[i].end == 0x100 ? &at_entry : &gap);
		check(&cfi, 0x100, &at_entry);
		seep_cfi_done(&cfi);
		/* With CFI, that is what holds. */
		options.entry = CODE_ADDRESS + 0x110;
		assert_int_equal(read_file(make_file(frame.data, frame.length, &options), &cfi), 0);
		check(&cfi, 0x110, &at_entry);
		seep_cfi_done(&cfi);
	}
}

static void test_musl(void **state)
{
	size_t ends = 0, signals = 0;
	struct seep_cfi cfi;

	(void)state;
	if (!have("musl-gcc"))
		skip();
	write_text("musl.c", "#include <signal.h>\n"
			     "void set(struct sigaction *s) { sigaction(SIGINT, s, 0); }\n"
			     "int main(void) { set(0); return 0; }\n");
	shell("musl-gcc -static -O1 musl.c -o musl");
	assert_int_equal(read_path("musl", &cfi), 0);
	check_invariants(&cfi);
	for (size_t i = 0; i < cfi.num_rows; i++) {
		ends += cfi.rows[i].rule.kind == SEEP_RULE_END;
		signals += cfi.rows[i].rule.kind == SEEP_RULE_SIGNAL;
	}
	assert_int_equal(ends, 1);
	assert_int_equal(signals, 1);
	seep_cfi_done(&cfi);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_without_sections),
		cmocka_unit_test(test_without_header),
		cmocka_unit_test(test_no_cfi),
		cmocka_unit_test(test_debug_frame),
		cmocka_unit_test(test_signal_return),
		cmocka_unit_test(test_signal_frame),
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_musl),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
