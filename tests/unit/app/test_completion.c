// SPDX-License-Identifier: GPL-2.0-only
/* Scripts for shells: every option that the help lists, and values that are known. */
#include "command_line.h"

#include "base/buffer.h"

/* What seep completion @shell writes, which the caller frees. */
static char *script_of(const char *shell)
{
	SEEP_AUTO_BUFFER struct seep_buffer out = SEEP_BUFFER_INIT;
	int saved = dup(STDOUT_FILENO), fd;
	FILE *file = tmpfile();
	struct command_line line;
	char text[64], bytes[4096];
	size_t length;

	assert_non_null(file);
	fd = fileno(file);
	assert_return_code(dup2(fd, STDOUT_FILENO), errno);
	snprintf(text, sizeof(text), "completion %s", shell);
	accept(&line, &seep_command_completion, text);
	assert_int_equal(seep_command_completion.run(&line.config), SEEP_EXIT_OK);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	done(&line);
	rewind(file);
	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		seep_buffer_append(&out, bytes, length);
	fclose(file);
	return seep_buffer_take(&out);
}

static void assert_has(const char *script, const char *text)
{
	if (!strstr(script, text))
		fail_msg("not in the script: %s", text);
}

/* The shell reads the script without complaint, if it is installed. */
static void assert_parses(const char *shell, const char *check, const char *script)
{
	char command[128];
	FILE *stream;

	snprintf(command, sizeof(command), "command -v %s >/dev/null || exec cat >/dev/null; %s",
		 shell, check);
	stream = popen(command, "w");
	assert_non_null(stream);
	fputs(script, stream);
	assert_int_equal(pclose(stream), 0);
}

static void test_all_options(void **state)
{
	static const char *const shells[][2] = {
		{"bash", "bash -n"},
		{"zsh", "zsh -n"},
		{"fish", "fish --no-execute"},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *script = script_of(shells[i][0]);

		for (size_t j = 0; j < seep_num_options; j++) {
			char name[64];

			snprintf(name, sizeof(name), "%s%s", i == 2 ? "-l " : "--",
				 seep_option_table[j].name);
			if (seep_option_table[j].group)
				assert_has(script, name);
		}
		assert_null(strstr(script, "unplaced"));
		assert_parses(shells[i][0], shells[i][1], script);
		free(script);
	}
}

static void test_values(void **state)
{
	char *bash = script_of("bash"), *zsh = script_of("zsh"), *fish = script_of("fish");

	(void)state;
	assert_has(bash, "-k|--kinds) words=\"memory mapping thread fd goroutine object\" ;;");
	assert_has(bash, "trace detect watch report diff doctor simulate completion");
	assert_has(zsh, "'(-k --kinds)'{-k,--kinds}'[");
	assert_has(zsh, ":value:(memory mapping thread fd goroutine object)'");
	assert_has(fish, "-l kinds -s k -x -a 'memory mapping thread fd goroutine object' -d '");
	free(bash);
	free(zsh);
	free(fish);
}

/* bash itself completes by the script. */
static void test_bash_completes(void **state)
{
	char *script = script_of("bash");
	FILE *stream = popen("bash -s > /dev/null", "w");

	(void)state;
	assert_non_null(stream);
	fprintf(stream,
		"%s\nCOMP_WORDS=(seep detect --fail-on l); COMP_CWORD=3; _seep\n"
		"[ \"${COMPREPLY[*]}\" = leak ] || exit 1\n"
		"COMP_WORDS=(seep rep); COMP_CWORD=1; _seep\n"
		"[ \"${COMPREPLY[*]}\" = report ] || exit 2\n"
		"COMP_WORDS=(seep diff --fr); COMP_CWORD=2; _seep\n"
		"[ \"${COMPREPLY[*]}\" = --from ] || exit 3\n",
		script);
	assert_int_equal(pclose(stream), 0);
	free(script);
}

static void test_wrong_shell(void **state)
{
	const struct seep_command *command = &seep_command_completion;

	(void)state;
	assert_refused(command, "completion", "which shell? one of bash, zsh, fish");
	assert_refused(command, "completion csh", "which shell? one of bash, zsh, fish");
	assert_refused(command, "completion bash zsh", "which shell? one of bash, zsh, fish");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_options),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bash_completes),
		cmocka_unit_test(test_wrong_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
