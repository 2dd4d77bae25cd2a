// SPDX-License-Identifier: GPL-2.0-only
/* What every row of the table of options must fulfil. */
#include "command_line.h"

#include "seep/abi.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"

static void each(void (*check)(const struct seep_option *option))
{
	for (size_t i = 0; i < seep_num_options; i++)
		check(&seep_option_table[i]);
}

static void check_words(const struct seep_option *option)
{
	/* So that the key in a YAML file, with _ in place of -, is as unique as the name. */
	assert_true(strlen(option->name) >= 2);
	assert_int_equal(strspn(option->name, LETTERS "-"), strlen(option->name));
	assert_true(option->name[0] != '-' && option->name[strlen(option->name) - 1] != '-');
	assert_true(!option->letter || strchr(LETTERS, option->letter));
	if (!option->help || !*option->help)
		fail_msg("--%s has no help", option->name);
	assert_true(option->commands != 0 && option->commands < 1u << SEEP_COMMAND_COUNT);
}

static void every_row_has_a_name_and_help(void **state)
{
	(void)state;
	each(check_words);
}

static bool takes_no_value(const struct seep_option *option)
{
	return option->type == SEEP_OPTION_FLAG || option->type == SEEP_OPTION_HELP ||
	       (option->type == SEEP_OPTION_SCOPE && option->tag == SEEP_SCOPE_ALL);
}

static void check_unit(const struct seep_option *option)
{
	bool chooses = option->type == SEEP_OPTION_CHOICE || option->type == SEEP_OPTION_CHOICES;
	bool numeric = option->type == SEEP_OPTION_NUMBER || option->type == SEEP_OPTION_RATE ||
		       option->type == SEEP_OPTION_SHARE;

	if (takes_no_value(option) != !option->unit)
		fail_msg("--%s: the unit does not fit the type", option->name);
	assert_true(chooses == !!option->choice_at);
	assert_true(numeric == (option->max_number > 0));
	assert_true(option->field < sizeof(struct seep_config));
	assert_true(option->given < sizeof(struct seep_config));
}

static void every_row_has_what_its_type_needs(void **state)
{
	(void)state;
	each(check_unit);
}

static void check_limits(const struct seep_option *option)
{
	if (option->max)
		assert_true(option->min <= option->max);
	assert_true(option->min_number <= option->max_number);
}

static void no_smallest_value_is_above_the_largest(void **state)
{
	(void)state;
	each(check_limits);
}

static void check_default(const struct seep_option *option)
{
	struct seep_config config;

	if (!option->initial)
		return;
	assert_int_equal(seep_config_init(&config), 0);
	if (seep_option_set(option, option->initial, &config))
		fail_msg("--%s: the default \"%s\" is not such a value", option->name,
			 option->initial);
	seep_config_done(&config);
	assert_null(option->otherwise);
}

static void every_default_is_a_value_within_the_limits(void **state)
{
	(void)state;
	each(check_default);
}

/* What a default is that is not said in words. */
static void check_unset(const struct seep_option *option)
{
	if (option->initial)
		assert_int_equal(option->unset, 0);
	if (option->real)
		assert_int_equal(option->unset, 0);
}

static void no_row_has_two_defaults(void **state)
{
	(void)state;
	each(check_unset);
}

static void names_and_letters_are_unique_in_a_command(void **state)
{
	(void)state;
	for (size_t i = 0; i < seep_num_options; i++) {
		const struct seep_option *a = &seep_option_table[i];

		for (size_t j = 0; j < i; j++) {
			const struct seep_option *b = &seep_option_table[j];

			if (!(a->commands & b->commands))
				continue;
			if (strcmp(a->name, b->name) == 0)
				fail_msg("--%s is there twice", a->name);
			if (a->letter && a->letter == b->letter)
				fail_msg("-%c is --%s and --%s", a->letter, a->name, b->name);
		}
	}
}

/* One name means one thing: in a file it is one key. */
static void rows_of_a_name_have_a_letter_in_common(void **state)
{
	(void)state;
	for (size_t i = 0; i < seep_num_options; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(seep_option_table[i].name, seep_option_table[j].name) == 0)
				assert_int_equal(seep_option_table[i].letter,
						 seep_option_table[j].letter);
		}
	}
}

static void every_command_has_a_help_option_that_comes_last(void **state)
{
	(void)state;
	for (int i = 0; i < SEEP_COMMAND_COUNT; i++) {
		const struct seep_option *last = NULL;

		for (size_t j = 0; j < seep_num_options; j++) {
			if (seep_option_is_of(&seep_option_table[j], commands[i]))
				last = &seep_option_table[j];
		}
		assert_non_null(last);
		assert_int_equal(last->type, SEEP_OPTION_HELP);
	}
}

/* A heading that comes twice would tear the rows of a command apart. */
static void groups_of_a_command_hold_together(void **state)
{
	(void)state;
	for (int i = 0; i < SEEP_COMMAND_COUNT; i++) {
		const char *ended[SEEP_MAX_OPTIONS], *group = NULL;
		size_t num_ended = 0;

		for (size_t j = 0; j < seep_num_options; j++) {
			const struct seep_option *option = &seep_option_table[j];

			if (!seep_option_is_of(option, commands[i]) || !option->group)
				continue;
			if (group && strcmp(group, option->group) == 0)
				continue;
			for (size_t k = 0; k < num_ended; k++)
				assert_string_not_equal(ended[k], option->group);
			group = option->group;
			ended[num_ended++] = group;
		}
		assert_true(num_ended > 0);
	}
}

/* The kernel's half takes these as 32 bits. */
static void limits_of_the_kernel_fit_32_bits(void **state)
{
	static const char *const names[] = {"max-objects", "stack-depth", "verify-stacks"};

	(void)state;
	for (size_t i = 0; i < seep_num_options; i++) {
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			const struct seep_option *option = &seep_option_table[i];

			if (strcmp(option->name, names[j]) == 0)
				assert_true(option->max && option->max <= UINT32_MAX);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_a_name_and_help),
		cmocka_unit_test(every_row_has_what_its_type_needs),
		cmocka_unit_test(no_smallest_value_is_above_the_largest),
		cmocka_unit_test(every_default_is_a_value_within_the_limits),
		cmocka_unit_test(no_row_has_two_defaults),
		cmocka_unit_test(names_and_letters_are_unique_in_a_command),
		cmocka_unit_test(rows_of_a_name_have_a_letter_in_common),
		cmocka_unit_test(every_command_has_a_help_option_that_comes_last),
		cmocka_unit_test(groups_of_a_command_hold_together),
		cmocka_unit_test(limits_of_the_kernel_fit_32_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
