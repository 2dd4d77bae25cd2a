// SPDX-License-Identifier: GPL-2.0-only
/*
 * Encoding is by the writer, for sites whose details changed; decoding by the loader, from a file
 * that is not trusted: numbers are checked, names are cleaned, and at most SEEP_DETAILS_MAX entries
 * of each list are taken.
 */
#include "store/details.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>

#include "base/text.h"

/* Both are released with what they are added to, also when adding fails. */
static int add_member(struct json_object *object, const char *key, struct json_object *value)
{
	if (object && value && json_object_object_add(object, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

/* Takes @value over, also on failure; NULL is a failure to create it. */
static int append(struct json_object *array, struct json_object *value)
{
	if (value && json_object_array_add(array, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

/* A group as {"name", "objects", "bytes"}. 0 or -ENOMEM. */
static int append_group(struct json_object *array, const struct seep_group *group)
{
	struct json_object *object = json_object_new_object();
	int error = add_member(object, "name", json_object_new_string(group->name));

	if (!error)
		error = add_member(object, "objects", json_object_new_uint64(group->objects));
	if (!error)
		error = add_member(object, "bytes", json_object_new_uint64(group->bytes));
	if (!error)
		return append(array, object);
	json_object_put(object);
	return error;
}

/* Both arrays belong to the object already, which is released if this fails. */
static int fill(const struct seep_details *details, struct json_object *groups,
		struct json_object *examples)
{
	int error = 0;

	for (size_t i = 0; i < details->num_groups && !error; i++)
		error = append_group(groups, &details->groups[i]);
	for (size_t i = 0; i < details->num_examples && !error; i++)
		error = append(examples, json_object_new_string(details->examples[i]));
	return error;
}

int seep_details_encode(const struct seep_details *details, struct seep_buffer *json)
{
	struct json_object *object = json_object_new_object();
	struct json_object *groups = json_object_new_array();
	struct json_object *examples = json_object_new_array();
	int error = add_member(object, "groups", groups);
	/* Called also if the first one failed: whatever was created is either added or released. */
	int other = add_member(object, "examples", examples);
	const char *text = NULL;
	size_t length = 0;

	if (!error)
		error = other;
	if (!error)
		error = fill(details, groups, examples);
	if (!error)
		/* The text belongs to the object, so it is copied before that goes. */
		text = json_object_to_json_string_length(
			object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
	if (text)
		seep_buffer_append(json, text, length);
	json_object_put(object);
	if (error)
		return error;
	return text ? json->error : -ENOMEM;
}

/* The array @key of @object. 0 or -EBADMSG. */
static int find_array(struct json_object *object, const char *key, struct json_object **ret_array,
		      size_t *ret_length)
{
	struct json_object *array;
	size_t length;

	if (!json_object_object_get_ex(object, key, &array) ||
	    !json_object_is_type(array, json_type_array))
		return -EBADMSG;
	length = json_object_array_length(array);
	/* Before anything is allocated by this number, which comes from the file. */
	if (length > SEEP_DETAILS_MAX)
		return -EBADMSG;
	*ret_array = array;
	*ret_length = length;
	return 0;
}

/* An example is raw bytes; who shows it cleans it. */
static int copy_string(struct json_object *string, struct seep_arena *arena, const char **ret_copy)
{
	char *copy;

	if (!json_object_is_type(string, json_type_string))
		return -EBADMSG;
	copy = seep_arena_strdup(arena, json_object_get_string(string));
	if (!copy)
		return -ENOMEM;
	*ret_copy = copy;
	return 0;
}

/* The name of a group is clean by contract, but not because somebody wrote it to a file. */
static int copy_clean(struct json_object *string, struct seep_arena *arena, const char **ret_copy)
{
	SEEP_AUTO_BUFFER struct seep_buffer clean = SEEP_BUFFER_INIT;
	char *copy;

	if (!json_object_is_type(string, json_type_string))
		return -EBADMSG;
	seep_text_append_clean(&clean, json_object_get_string(string), SIZE_MAX);
	copy = clean.error ? NULL : seep_arena_strdup(arena, clean.data);
	if (!copy)
		return -ENOMEM;
	*ret_copy = copy;
	return 0;
}

static int read_number(struct json_object *object, const char *key, uint64_t *ret_number)
{
	struct json_object *number;

	if (!json_object_object_get_ex(object, key, &number) ||
	    !json_object_is_type(number, json_type_int))
		return -EBADMSG;
	*ret_number = json_object_get_uint64(number);
	return 0;
}

/* A group of the list; -EBADMSG if a member is missing or of another type. */
static int read_group(struct json_object *object, struct seep_arena *arena,
		      struct seep_group *ret_group)
{
	struct json_object *name;
	int error;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "name", &name))
		return -EBADMSG;
	error = copy_clean(name, arena, &ret_group->name);
	if (!error)
		error = read_number(object, "objects", &ret_group->objects);
	return error ? error : read_number(object, "bytes", &ret_group->bytes);
}

/* 0, -ENOMEM or -EBADMSG; the entries are in the arena. */
static int read_groups(struct json_object *object, struct seep_arena *arena,
		       struct seep_details *details)
{
	struct seep_group *groups;
	struct json_object *array;
	int error = find_array(object, "groups", &array, &details->num_groups);

	if (error)
		return error;
	groups = seep_arena_alloc(arena, details->num_groups * sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	details->groups = groups;
	for (size_t i = 0; i < details->num_groups && !error; i++)
		error = read_group(json_object_array_get_idx(array, i), arena, &groups[i]);
	return error;
}

/* As read_groups, for texts. */
static int read_examples(struct json_object *object, struct seep_arena *arena,
			 struct seep_details *details)
{
	const char **examples;
	struct json_object *array;
	int error = find_array(object, "examples", &array, &details->num_examples);

	if (error)
		return error;
	examples = seep_arena_alloc(arena, details->num_examples * sizeof(*examples));
	if (!examples)
		return -ENOMEM;
	details->examples = examples;
	for (size_t i = 0; i < details->num_examples && !error; i++)
		error = copy_string(json_object_array_get_idx(array, i), arena, &examples[i]);
	return error;
}

int seep_details_decode(const char *json, struct seep_arena *arena,
			const struct seep_details **ret_details)
{
	struct seep_details *details = seep_arena_alloc(arena, sizeof(*details));
	/* NULL for what is no JSON; it is of no type then. */
	struct json_object *object = json_tokener_parse(json);
	int error;

	if (!details)
		error = -ENOMEM;
	else if (!json_object_is_type(object, json_type_object))
		error = -EBADMSG;
	else
		error = read_groups(object, arena, details);
	if (!error)
		error = read_examples(object, arena, details);
	json_object_put(object);
	if (error)
		return error;
	*ret_details = details;
	return 0;
}
