// SPDX-License-Identifier: GPL-2.0-only
/* What seep watch --json writes: numbers that are known, null for what is not, and the results. */
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "watch/touched.h"
#include "watch/viewed.h"
#include "json/watch.h"

static struct json_object *render(const struct seep_watch_view *view)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct json_object *object;

	assert_int_equal(seep_json_watch(view, &text), 0);
	/* One line, with its end. */
	assert_ptr_equal(strchr(text.data, '\n'), text.data + text.length - 1);
	object = json_tokener_parse(text.data);
	assert_non_null(object);
	return object;
}

/* The member of that path, whose parts are keys, or numbers in arrays. */
static struct json_object *at(struct json_object *object, const char *pointer)
{
	struct json_object *found = NULL;

	if (json_pointer_get(object, pointer, &found))
		fail_msg("there is no %s", pointer);
	return found;
}

static void numbers_are_those_of_the_view(void **state)
{
	struct json_object *object;
	struct viewed viewed;

	(void)state;
	viewed_init(&viewed);
	object = render(&viewed.view);
	assert_string_equal(json_object_get_string(at(object, "/schema")), "seep.watch/1");
	assert_int_equal(json_object_get_int64(at(object, "/seq")), 9);
	assert_int_equal(json_object_get_int64(at(object, "/processes/watched")), 300);
	assert_int_equal(json_object_get_int64(at(object, "/processes/seen")), 312);
	assert_int_equal(json_object_get_int64(at(object, "/processes/growing")), 1);
	assert_int_equal(json_object_get_int64(at(object, "/processes/probed")), 2);
	assert_int_equal(json_object_get_int64(at(object, "/growing/0/anon_bytes")), 12 << 20);
	assert_int_equal(json_object_get_int64(at(object, "/growing/0/heap_bytes")), 10 << 20);
	assert_int_equal(json_object_get_int64(at(object, "/growing/0/descriptors")), 340);
	assert_null(at(object, "/growing/0/pss_bytes"));
	assert_string_equal(json_object_get_string(at(object, "/growing/0/state")), "convicted");
	assert_string_equal(json_object_get_string(at(object, "/growing/0/growth/0/what")),
			    "anon_bytes");
	assert_string_equal(json_object_get_string(at(object, "/growing/0/growth/0/limit")),
			    "machine-memory");
	assert_true(json_object_get_double(at(object, "/growing/0/growth/0/eta_s")) == 86400);
	assert_null(at(object, "/growing/0/growth/1/limit"));
	assert_null(at(object, "/growing/0/growth/1/eta_s"));
	assert_int_equal(json_object_array_length(at(object, "/growing/1/growth")), 0);
	/* What a process calls itself is cleaned. */
	assert_string_equal(json_object_get_string(at(object, "/growing/1/comm")),
			    "wor\xef\xbf\xbdker");
	assert_string_equal(json_object_get_string(at(object, "/cgroups/0/growth/what")),
			    "anon_bytes");
	assert_int_equal(json_object_get_int64(at(object, "/cgroups/0/max_bytes")), 1 << 30);
	json_object_put(object);
}

static void growth_stacks_have_their_functions(void **state)
{
	struct json_object *object;
	struct viewed viewed;
	struct touched touched;

	(void)state;
	viewed_init(&viewed);
	assert_int_equal(touched_init(&touched), 0);
	viewed.server.touches = &touched.touches;
	object = render(&viewed.view);
	/* Nobody has looked at the other one. */
	assert_null(at(object, "/growing/1/growth_stacks"));
	assert_int_equal(json_object_get_int64(at(object, "/growing/0/growth_stacks/samples")),
			 400);
	assert_int_equal(json_object_get_int64(at(object, "/growing/0/growth_stacks/period")), 10);
	assert_true(json_object_get_double(at(object, "/growing/0/growth_stacks/cost_ms")) == 1.5);
	assert_int_equal(json_object_get_int64(at(object, "/growing/0/growth_stacks/lost/skipped")),
			 6);
	assert_int_equal(
		json_object_get_int64(at(object, "/growing/0/growth_stacks/lost/returned")), 7);
	assert_int_equal(json_object_array_length(at(object, "/growing/0/growth_stacks/sites")), 3);
	assert_int_equal(
		json_object_get_int64(at(object, "/growing/0/growth_stacks/sites/1/samples")), 120);
	assert_true(json_object_get_double(at(object, "/growing/0/growth_stacks/sites/1/share")) ==
		    0.3);
	assert_string_equal(
		json_object_get_string(at(object, "/growing/0/growth_stacks/sites/1/stack_end")),
		"read_error");
	assert_string_equal(json_object_get_string(at(
				    object, "/growing/0/growth_stacks/sites/0/stack/1/function")),
			    "make_session");
	assert_int_equal(
		json_object_get_int64(at(object, "/growing/0/growth_stacks/sites/0/stack/1/line")),
		41);
	json_object_put(object);
	seep_symbolizer_free(touched.touches.symbolizer);
}

static void results_come_once(void **state)
{
	struct json_object *object;
	struct viewed viewed;

	(void)state;
	viewed_init(&viewed);
	object = render(&viewed.view);
	assert_int_equal(json_object_array_length(at(object, "/results")), 1);
	assert_string_equal(json_object_get_string(at(object, "/results/0/outcome")), "leak");
	assert_string_equal(json_object_get_string(at(object, "/results/0/leaks/0")), "memory");
	assert_string_equal(json_object_get_string(at(object, "/results/0/function")),
			    "read_headers");
	assert_string_equal(json_object_get_string(at(object, "/results/0/report/schema")),
			    "seep.report/1");
	json_object_put(object);

	viewed.results.list[0].json = NULL;
	object = render(&viewed.view);
	assert_null(at(object, "/results/0/report"));
	json_object_put(object);

	viewed.view.first_new = 4;
	object = render(&viewed.view);
	assert_int_equal(json_object_array_length(at(object, "/results")), 0);
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_the_view),
		cmocka_unit_test(growth_stacks_have_their_functions),
		cmocka_unit_test(results_come_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
