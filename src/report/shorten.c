// SPDX-License-Identifier: GPL-2.0-only
/*
 * A name is read once from left to right. What stands in brackets is skipped as a group, so that
 * only its end has to be found, and the work is linear in the length of the name, which a traced
 * program chooses. The forms are those of libiberty (elf/demangle.h); of Go, as its linker writes
 * symbols.
 */
#include "report/shorten.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "report/shorten_groups.h"

#define DOTS	   "\xe2\x80\xa6" /* U+2026 */
#define PARAMETERS "(" DOTS ")"

#define ANONYMOUS "(anonymous namespace)"

/* Legacy Rust: "::h" and 16 hexadecimal digits. */
#define HASH_LENGTH 19

/* Where a name is being read; what was understood of it is at the end of out. */
struct reader {
	const char *start; /* of the name */
	const char *at;
	struct seep_buffer *out;
	size_t out_start; /* of the name in out */
	size_t own_start; /* behind the result type, if there is one: known at the parameters */
};

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Does what was appended of this name end in @end? */
static bool wrote(const struct reader *reader, const char *end)
{
	size_t length = strlen(end);

	return reader->out->length - reader->own_start >= length &&
	       memcmp(reader->out->data + reader->out->length - length, end, length) == 0;
}

/* At the beginning of a part of the path: nothing but brackets of a type can stand there. */
static bool at_part(const struct reader *reader)
{
	return reader->out->length == reader->own_start || wrote(reader, "::");
}

static void take(struct reader *reader, size_t length)
{
	seep_buffer_append(reader->out, reader->at, length);
	reader->at += length;
}

/* Puts brackets with dots, or empty ones, in place of the group. */
static bool fold_group(struct reader *reader)
{
	const char *end = seep_group_end(reader->at);

	if (!end)
		return false;
	seep_buffer_putc(reader->out, *reader->at);
	seep_buffer_puts(reader->out, end - reader->at > 2 ? DOTS : "");
	seep_buffer_putc(reader->out, end[-1]);
	reader->at = end;
	return true;
}

static bool copy_group(struct reader *reader)
{
	const char *end = seep_group_end(reader->at);

	if (end)
		take(reader, (size_t)(end - reader->at));
	return end;
}

/* "basic_string<char, ...>" of std is known as "string"; so are streams and views. */
static bool take_alias(struct reader *reader)
{
	static const struct {
		const char *argument;
		const char *prefix;
	} characters[] = {
		{"<char", ""},	      {"<wchar_t", "w"},    {"<char8_t", "u8"},
		{"<char16_t", "u16"}, {"<char32_t", "u32"},
	};
	const char *name = reader->at + strlen("basic_"), *arguments, *end;

	if (!begins(reader->at, "basic_") || !wrote(reader, "std::"))
		return false;
	arguments = name + strcspn(name, "<(:, ");
	end = *arguments == '<' ? seep_group_end(arguments) : NULL;
	for (size_t i = 0; end && i < sizeof(characters) / sizeof(characters[0]); i++) {
		char next = arguments[strlen(characters[i].argument)];

		if (!begins(arguments, characters[i].argument) || (next != ',' && next != '>'))
			continue;
		seep_buffer_puts(reader->out, characters[i].prefix);
		seep_buffer_append(reader->out, name, (size_t)(arguments - name));
		reader->at = end;
		return true;
	}
	return false;
}

/* Namespaces that only tell versions of a library apart. */
static bool skip_version(struct reader *reader)
{
	static const char *const versions[] = {"__cxx11::", "_V2::", "__1::", "__ndk1::"};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (begins(reader->at, versions[i]) && wrote(reader, "::")) {
			reader->at += strlen(versions[i]);
			return true;
		}
	}
	return false;
}

/*
 * "operator<<", "operator new[]", "operator unsigned long": blanks in it do not end a result type.
 */
static bool take_operator(struct reader *reader)
{
	size_t length = seep_operator_length(reader->start, reader->at);

	if (!length)
		return false;
	take(reader, length);
	/* To a type: up to its parameters. */
	while (*reader->at && *reader->at != '(') {
		if (*reader->at != '<')
			take(reader, 1);
		else if (!fold_group(reader))
			return false;
	}
	return true;
}

/* "<alloc::vec::Vec<T> as core::clone::Clone>", "<T>" and "<impl T>" of Rust. */
static bool take_type(struct reader *reader)
{
	const char *end = seep_group_end(reader->at), *inside = reader->at + 1;
	bool first = reader->out->length == reader->own_start;
	size_t length;

	/* "<script>", "py::<module>:/srv/app.py": of other languages. */
	if (!end || !(begins(end, "::") || (!first && !*end)))
		return false;
	length = (size_t)(end - inside) - 1;
	if (seep_group_has_as(inside, length) || begins(inside, "impl ")) {
		seep_buffer_putc(reader->out, '<');
		seep_group_append_types(reader->out, inside, length);
		seep_buffer_putc(reader->out, '>');
	} else if (first && (isalpha((unsigned char)*inside) || *inside == '_') &&
		   !begins(inside, "dyn ")) {
		/* A method of a type that has a path: the brackets say nothing. */
		seep_group_append_path(reader->out, inside, length);
	} else if (first) {
		seep_buffer_append(reader->out, reader->at, (size_t)(end - reader->at));
	} else {
		seep_buffer_puts(reader->out, "<" DOTS ">");
	}
	reader->at = end;
	return true;
}

/* "{lambda(int)#1}" becomes "{lambda#1}"; closures stay. */
static bool take_braces(struct reader *reader)
{
	const char *end = seep_group_end(reader->at), *number = NULL;

	if (!end)
		return false;
	if (!begins(reader->at, "{lambda"))
		return copy_group(reader);
	for (const char *c = reader->at; c < end; c++)
		number = *c == '#' ? c : number;
	seep_buffer_puts(reader->out, "{lambda");
	if (number)
		seep_buffer_append(reader->out, number, (size_t)(end - number));
	else
		seep_buffer_putc(reader->out, '}');
	reader->at = end;
	return true;
}

/* "[abi:cxx11]" and " [clone .cold]" go, type parameters of Go are folded. */
static bool take_square(struct reader *reader)
{
	const char *end;

	if (begins(reader->at, "[go.shape."))
		return fold_group(reader);
	if (!begins(reader->at, "[abi:"))
		return copy_group(reader);
	end = seep_group_end(reader->at);
	if (end)
		reader->at = end;
	return end;
}

static bool skip_clone(struct reader *reader)
{
	const char *end;

	if (!begins(reader->at, " [clone"))
		return false;
	end = seep_group_end(reader->at + 1);
	if (end)
		reader->at = end;
	return end;
}

/* What may stand behind parameters. False if the name does not end or go on there. */
static bool skip_qualifiers(struct reader *reader)
{
	static const char *const qualifiers[] = {" const", " volatile", " noexcept", " &&", " &"};
	bool found = true;

	while (found) {
		const char *end = begins(reader->at, "[abi:") ? seep_group_end(reader->at) : NULL;

		found = end || skip_clone(reader);
		reader->at = end ? end : reader->at;
		for (size_t i = 0; !found && i < sizeof(qualifiers) / sizeof(qualifiers[0]); i++) {
			found = begins(reader->at, qualifiers[i]);
			reader->at += found ? strlen(qualifiers[i]) : 0;
		}
	}
	/* "@plt", "@@GLIBCXX_3.4" */
	return !*reader->at || *reader->at == '@' || begins(reader->at, "::");
}

/* The result type is known to be one only now: a name without parameters has none. */
static void drop_result(struct reader *reader)
{
	struct seep_buffer *out = reader->out;

	if (out->error || reader->own_start == reader->out_start)
		return;
	memmove(out->data + reader->out_start, out->data + reader->own_start,
		out->length - reader->own_start);
	seep_buffer_truncate(out, out->length - (reader->own_start - reader->out_start));
	reader->own_start = reader->out_start;
}

static bool take_parentheses(struct reader *reader)
{
	/* decltype(x) f<T>(); main.(*Server).handle; put!(char) */
	bool is_part =
		wrote(reader, "decltype") || wrote(reader, "decltype ") || wrote(reader, ".");

	if (is_part || begins(reader->at, ANONYMOUS))
		return copy_group(reader);
	if (wrote(reader, "!") && !wrote(reader, "operator!"))
		return fold_group(reader);
	if (at_part(reader))
		return false;
	drop_result(reader);
	return fold_group(reader) && skip_qualifiers(reader);
}

/* The next piece of the name; false if it is none of those that are known. */
static bool take_piece(struct reader *reader)
{
	switch (*reader->at) {
	case '<':
		return at_part(reader) ? take_type(reader) : fold_group(reader);
	case '(':
		return take_parentheses(reader);
	case '{':
		return take_braces(reader);
	case '[':
		return take_square(reader);
	case ' ':
		if (skip_clone(reader))
			return true;
		take(reader, 1);
		/* "decltype (x)" is one word. */
		if (*reader->at != '(' || begins(reader->at, ANONYMOUS))
			reader->own_start = reader->out->length;
		return true;
	default:
		if (seep_operator_length(reader->start, reader->at))
			return take_operator(reader);
		if (!take_alias(reader) && !skip_version(reader))
			take(reader, 1);
		return true;
	}
}

/* Rust's demangler cuts the hash off; a name from elsewhere may have it. */
static size_t hash_length(const char *name)
{
	size_t length = strlen(name);
	const char *hash = name + length - HASH_LENGTH;

	if (length <= HASH_LENGTH || !begins(hash, "::h") ||
	    strspn(hash + 3, "0123456789abcdef") != HASH_LENGTH - 3)
		return 0;
	return HASH_LENGTH;
}

/* Objective-C, constructors of a file, and what runtimes write into maps for perf. */
static bool is_foreign(const char *name)
{
	static const char *const beginnings[] = {
		"-[",
		"+[",
		"global constructors ",
		"global destructors ",
		"JS:",
		"LazyCompile:",
		"Function:",
		"Script:",
		"Eval:",
		"RegExp:",
		"py::",
	};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (begins(name, beginnings[i]))
			return true;
	}
	return false;
}

void seep_shorten_append(struct seep_buffer *buffer, const char *name)
{
	size_t start = buffer->length, length = strlen(name) - hash_length(name);
	struct reader reader = {
		.start = name,
		.at = name,
		.out = buffer,
		.out_start = start,
		.own_start = start,
	};
	bool understood = !is_foreign(name);

	while (understood && *reader.at && *reader.at != '@' && reader.at < name + length)
		understood = take_piece(&reader);
	/* Behind an '@' stands what kind of symbol it is: "free@plt". */
	if (understood && *reader.at == '@')
		seep_buffer_append(buffer, reader.at, (size_t)(name + length - reader.at));
	if (!understood) {
		seep_buffer_truncate(buffer, start);
		seep_buffer_append(buffer, name, length);
	}
}

/* What stands behind the next "::" that is in no brackets, or NULL. */
static const char *next_part(const char *name, const char *at)
{
	while (*at) {
		size_t operator_length = seep_operator_length(name, at);
		const char *end = strchr("<({[", *at) ? seep_group_end(at) : NULL;

		if (begins(at, "::"))
			return at + 2;
		at = end ? end : at + (operator_length ? operator_length : 1);
	}
	return NULL;
}

void seep_shorten_append_fitting(struct seep_buffer *buffer, const char *name, size_t columns)
{
	SEEP_AUTO_BUFFER struct seep_buffer own = SEEP_BUFFER_INIT;
	const char *part = name, *next;
	size_t parameters = strlen(PARAMETERS);

	if (seep_text_columns(name) <= columns) {
		seep_buffer_puts(buffer, name);
		return;
	}
	while ((next = next_part(name, part))) {
		part = next;
		if (seep_text_columns(part) + strlen("::") + 1 <= columns) {
			seep_buffer_puts(buffer, DOTS "::");
			seep_buffer_puts(buffer, part);
			return;
		}
	}
	seep_buffer_puts(&own, part);
	if (own.length > parameters && strcmp(own.data + own.length - parameters, PARAMETERS) == 0)
		seep_buffer_truncate(&own, own.length - parameters);
	seep_text_append_elided(buffer, own.data, columns);
	if (own.error && !buffer->error)
		buffer->error = own.error;
}
