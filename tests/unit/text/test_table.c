// SPDX-License-Identifier: GPL-2.0-only
/* Columns as wide as what stands in them; sentences beside a row, or below it if there is no room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "text/layout.h"
#include "text/table.h"

static void add_row(struct seep_text_table *table, const char *pid, const char *command,
		    const char *answer, const char *sentence)
{
	seep_text_table_add_cell(table, pid);
	seep_text_table_add_cell(table, command);
	seep_text_table_add_cell(table, answer);
	seep_text_table_end_row(table, sentence);
}

static void expect(size_t columns, const char *sentences, const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer out = SEEP_BUFFER_INIT;
	const struct seep_layout layout = {.out = &out, .columns = columns};
	struct seep_text_table table;

	seep_text_table_init(&table);
	seep_text_table_add_column(&table, "PID", false);
	seep_text_table_add_column(&table, "command", true);
	seep_text_table_add_column(&table, sentences ? "answer" : "live", sentences);
	table.sentences = sentences;
	add_row(&table, "7", "a", sentences ? "growth" : "3 B", sentences ? "grows" : "");
	add_row(&table, "4194304", "leaky_server", sentences ? "leak" : "64.0 MiB",
		"leaks 1 KiB/s in read_headers and is full in 2 d 02 h");
	seep_text_table_put(&table, &layout);
	seep_text_table_done(&table, &layout);
	assert_string_equal(out.data, expected);
}

static void test_sentences(void **state)
{
	(void)state;
	expect(100, "what",
	       "\n      PID  command       answer  what\n"
	       "        7  a             growth  grows\n"
	       "  4194304  leaky_server  leak    leaks 1 KiB/s in read_headers and is full in "
	       "2 d 02 h\n");
	expect(70, "what",
	       "\n      PID  command       answer  what\n"
	       "        7  a             growth  grows\n"
	       "  4194304  leaky_server  leak    leaks 1 KiB/s in read_headers and is\n"
	       "                                 full in 2 d 02 h\n");
	/* Too narrow: nothing but what is below has the sentences. */
	expect(60, "what",
	       "\n      PID  command       answer\n"
	       "           what\n"
	       "        7  a             growth\n"
	       "           grows\n"
	       "  4194304  leaky_server  leak\n"
	       "           leaks 1 KiB/s in read_headers and is full in\n"
	       "           2 d 02 h\n");
}

static void test_remarks(void **state)
{
	(void)state;
	expect(80, NULL,
	       "\n      PID  command           live\n"
	       "        7  a                  3 B\n"
	       "  4194304  leaky_server  64.0 MiB\n"
	       "           leaks 1 KiB/s in read_headers and is full in 2 d 02 h\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_remarks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
