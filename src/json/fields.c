// SPDX-License-Identifier: GPL-2.0-only
/*
 * One json-c object is built and written at a time: a site, a process, a head. So memory is that of
 * one object, however many sites there are. Failures (memory, the limit of the buffer) are kept in
 * the error of the buffer; the functions accept NULL, so callers need not ask in between.
 */
#include "json/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "base/units.h"
#include "model/snapshot.h"

/* Decimals of numbers, and of those below 1: a share of one in a thousand has digits too. */
#define DECIMALS       3
#define ONE	       1000
#define SMALL_DECIMALS 6
#define SMALL_ONE      1000000

#define THOUSANDTHS_MAX 9e15 /* below 2^53: exact in a double */
/* 16 hexadecimal digits and NUL. */
#define SITE_ID_MAX 17

/* An object without a value means that json-c had no memory: it reports nothing else. */
static void fail(struct seep_json *json)
{
	if (!json->out->error)
		json->out->error = -ENOMEM;
}

void seep_json_init(struct seep_json *json, struct seep_buffer *out)
{
	json->out = out;
	seep_buffer_init(&json->clean);
}

void seep_json_done(struct seep_json *json)
{
	seep_buffer_done(&json->clean);
}

struct json_object *seep_json_new(struct seep_json *json)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		fail(json);
	return object;
}

struct json_object *seep_json_new_array(struct seep_json *json)
{
	struct json_object *array = json_object_new_array();

	if (!array)
		fail(json);
	return array;
}

/* json_object_put accepts NULL, so a value that could not be allocated needs no case of its own. */
void seep_json_append(struct seep_json *json, struct json_object *array, struct json_object *value)
{
	if (array && value && json_object_array_add(array, value) == 0)
		return;
	json_object_put(value);
	fail(json);
}

/* NULL when memory is out. */
static struct json_object *new_text(struct seep_json *json, const char *text)
{
	/* Cleaned to valid UTF-8 first, because JSON text must be UTF-8 (RFC 8259, 8.1). */
	seep_buffer_reset(&json->clean);
	seep_text_append_clean(&json->clean, text, SIZE_MAX);
	return json->clean.error ? NULL : json_object_new_string(json->clean.data);
}

void seep_json_append_text(struct seep_json *json, struct json_object *array, const char *text)
{
	seep_json_append(json, array, new_text(json, text));
}

/*
 * The flags spare json-c a look-up and a copy of the key: keys are literals and new in their
 * object. A NULL value is the null of JSON, which json-c represents so.
 */
static void add_member(struct seep_json *json, struct json_object *object, const char *key,
		       struct json_object *value)
{
	const unsigned int flags = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;

	/* On success the object owns the value; otherwise it is released here. */
	if (object && json_object_object_add_ex(object, key, value, flags) == 0)
		return;
	json_object_put(value);
	fail(json);
}

/* NULL stands for a failed allocation here, and must not become a null of JSON. */
void seep_json_add(struct seep_json *json, struct json_object *object, const char *key,
		   struct json_object *value)
{
	if (value)
		add_member(json, object, key, value);
	else
		fail(json);
}

/* Without the check of seep_json_add: NULL is meant here. */
void seep_json_add_null(struct seep_json *json, struct json_object *object, const char *key)
{
	add_member(json, object, key, NULL);
}

void seep_json_add_bool(struct seep_json *json, struct json_object *object, const char *key,
			bool value)
{
	seep_json_add(json, object, key, json_object_new_boolean(value));
}

void seep_json_add_int(struct seep_json *json, struct json_object *object, const char *key,
		       int64_t value)
{
	seep_json_add(json, object, key, json_object_new_int64(value));
}

/* SEEP_UNKNOWN is the largest number, which no amount has. */
void seep_json_add_uint(struct seep_json *json, struct json_object *object, const char *key,
			uint64_t value)
{
	if (value == SEEP_UNKNOWN)
		seep_json_add_null(json, object, key);
	else
		seep_json_add(json, object, key, json_object_new_uint64(value));
}

/* Made from integers: %f would write the decimal point of the locale. */
static void add_decimal(struct seep_json *json, struct json_object *object, const char *key,
			const char *sign, uint64_t count, unsigned int decimals)
{
	uint64_t one = decimals == SMALL_DECIMALS ? SMALL_ONE : ONE;
	/* For consumers within json-c; the text is what is written. */
	double value = (double)count / (double)one;
	char digits[SEEP_UNIT_MAX];
	int length = snprintf(digits, sizeof(digits), "%s%" PRIu64 ".%0*" PRIu64, sign, count / one,
			      (int)decimals, count % one);

	/* One digit stays behind the point, so that the number is recognised as a real one. */
	while (digits[length - 1] == '0' && digits[length - 2] != '.')
		digits[--length] = '\0';
	/* json-c writes the given text in place of its own rendering of the number. */
	seep_json_add(json, object, key, json_object_new_double_s(*sign ? -value : value, digits));
}

/* Whole milliseconds, cut: what is finer than that is not needed in a report. */
void seep_json_add_seconds(struct seep_json *json, struct json_object *object, const char *key,
			   uint64_t ns)
{
	if (ns == SEEP_UNKNOWN)
		seep_json_add_null(json, object, key);
	else
		add_decimal(json, object, key, "", ns / SEEP_NS_PER_MS, DECIMALS);
}

/* @value is not negative and below THOUSANDTHS_MAX / ONE, which the callers check. */
static void add_magnitude(struct seep_json *json, struct json_object *object, const char *key,
			  const char *sign, double magnitude)
{
	if (magnitude < 1)
		add_decimal(json, object, key, sign, (uint64_t)llround(magnitude * SMALL_ONE),
			    SMALL_DECIMALS);
	else
		add_decimal(json, object, key, sign, (uint64_t)llround(magnitude * ONE), DECIMALS);
}

/* A number that a double does not hold exactly in thousandths is null, as is what is not finite. */
void seep_json_add_real(struct seep_json *json, struct json_object *object, const char *key,
			double value)
{
	if (isfinite(value) && value >= 0 && value * ONE < THOUSANDTHS_MAX)
		add_magnitude(json, object, key, "", value);
	else
		seep_json_add_null(json, object, key);
}

/* Zero and positive numbers take the same way as in seep_json_add_real, NAN included. */
void seep_json_add_signed(struct seep_json *json, struct json_object *object, const char *key,
			  double value)
{
	if (value < 0 && value * -ONE < THOUSANDTHS_MAX)
		add_magnitude(json, object, key, "-", -value);
	else
		seep_json_add_real(json, object, key, value);
}

void seep_json_add_text(struct seep_json *json, struct json_object *object, const char *key,
			const char *text)
{
	if (text)
		seep_json_add(json, object, key, new_text(json, text));
	else
		seep_json_add_null(json, object, key);
}

/* Appends what @object looks like, less @skip bytes at its beginning and @cut at its end. */
static void write_part(struct seep_json *json, struct json_object *object, size_t skip, size_t cut)
{
	const char *text = NULL;
	size_t length = 0;

	if (object)
		text = json_object_to_json_string_length(
			object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
	if (text)
		seep_buffer_append(json->out, text + skip, length - skip - cut);
	else
		fail(json);
	/* The text belongs to the object, so it is copied before the object is released. */
	json_object_put(object);
}

/* As text: 64 bits do not fit the numbers of JavaScript. */
void seep_json_add_id(struct seep_json *json, struct json_object *object, const char *key,
		      uint64_t id)
{
	char text[SITE_ID_MAX];

	snprintf(text, sizeof(text), "%016" PRIx64, id);
	seep_json_add_text(json, object, key, text);
}

void seep_json_append_id(struct seep_json *json, struct json_object *array, uint64_t id)
{
	char text[SITE_ID_MAX];

	snprintf(text, sizeof(text), "%016" PRIx64, id);
	seep_json_append_text(json, array, text);
}

void seep_json_write(struct seep_json *json, struct json_object *object)
{
	write_part(json, object, 0, 0);
}

/* The closing brace is the last byte. */
void seep_json_write_open(struct seep_json *json, struct json_object *object)
{
	write_part(json, object, 0, 1);
}

/* The opening brace is the first byte; the caller has written the comma. */
void seep_json_write_close(struct seep_json *json, struct json_object *object)
{
	write_part(json, object, 1, 0);
}
