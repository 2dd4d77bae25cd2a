/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Members of JSON objects: json-c with exact numbers, clean text and null for what is unknown. Keys
 * must be literals, and new in their object: they are neither copied nor looked up.
 */
#ifndef SEEP_JSON_FIELDS_H
#define SEEP_JSON_FIELDS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Where objects go; the first failure is kept in the error of @out. */
struct seep_json {
	struct seep_buffer *out;
	struct seep_buffer clean; /* scratch */
};

void seep_json_init(struct seep_json *json, struct seep_buffer *out);
void seep_json_done(struct seep_json *json);

/* A new object; NULL when memory is out, which the functions below accept. */
struct json_object *seep_json_new(struct seep_json *json);

/* A new array; NULL when memory is out, which seep_json_append accepts. */
struct json_object *seep_json_new_array(struct seep_json *json);
/* @value becomes the last of @array, or is released. */
void seep_json_append(struct seep_json *json, struct json_object *array, struct json_object *value);
/* Raw text of a target. */
void seep_json_append_text(struct seep_json *json, struct json_object *array, const char *text);

/* @value becomes part of @object, or is released. */
void seep_json_add(struct seep_json *json, struct json_object *object, const char *key,
		   struct json_object *value);
void seep_json_add_null(struct seep_json *json, struct json_object *object, const char *key);
void seep_json_add_bool(struct seep_json *json, struct json_object *object, const char *key,
			bool value);
void seep_json_add_int(struct seep_json *json, struct json_object *object, const char *key,
		       int64_t value);
/* SEEP_UNKNOWN is null. */
void seep_json_add_uint(struct seep_json *json, struct json_object *object, const char *key,
			uint64_t value);
/* Seconds with three decimals at most, cut; SEEP_UNKNOWN is null. */
void seep_json_add_seconds(struct seep_json *json, struct json_object *object, const char *key,
			   uint64_t ns);
/* Three decimals at most, six below 1, rounded; not finite or negative is null. */
void seep_json_add_real(struct seep_json *json, struct json_object *object, const char *key,
			double value);
/* The same, but negative numbers are numbers. */
void seep_json_add_signed(struct seep_json *json, struct json_object *object, const char *key,
			  double value);
/* Raw text of a target; NULL is null. */
void seep_json_add_text(struct seep_json *json, struct json_object *object, const char *key,
			const char *text);

/* The id of a site: 16 hexadecimal digits. */
void seep_json_add_id(struct seep_json *json, struct json_object *object, const char *key,
		      uint64_t id);
void seep_json_append_id(struct seep_json *json, struct json_object *array, uint64_t id);

/* Writes @object and releases it. */
void seep_json_write(struct seep_json *json, struct json_object *object);
/* The same without the closing brace, for more members to follow. */
void seep_json_write_open(struct seep_json *json, struct json_object *object);
/* The same without the opening brace: further members of an object that is open. */
void seep_json_write_close(struct seep_json *json, struct json_object *object);

#endif
