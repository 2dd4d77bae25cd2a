// SPDX-License-Identifier: GPL-2.0-only
/*
 * A path is looked at name by name, from the root down: each name is tried as a container of every
 * engine that is known, and a later one counts more. Which name an engine gives is taken from the
 * engines themselves; the tests have the paths. Pure: text in, text out, nothing is allocated.
 */
#include "proc/container.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

/* 256 bits in hexadecimal digits. */
#define ENGINE_ID_LENGTH 64
#define UID_LENGTH	 36
#define STATIC_LENGTH	 32

/* A part of a path, which is not its own string. */
struct span {
	const char *start;
	size_t length;
};

static bool equals(struct span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.start, text, span.length) == 0;
}

/* Cuts @prefix off if it is there; false, and the span stays as it is, if not. */
static bool cut_prefix(struct span *span, const char *prefix)
{
	size_t length = strlen(prefix);

	if (span->length < length || memcmp(span->start, prefix, length) != 0)
		return false;
	span->start += length;
	span->length -= length;
	return true;
}

/* As cut_prefix, at the end. */
static bool cut_suffix(struct span *span, const char *suffix)
{
	size_t length = strlen(suffix);

	if (span->length < length ||
	    memcmp(span->start + span->length - length, suffix, length) != 0)
		return false;
	span->length -= length;
	return true;
}

/* Moves behind the last @separator, if there is one. */
static void cut_to_last(struct span *span, char separator)
{
	const char *last = memrchr(span->start, separator, span->length);

	if (last) {
		span->length -= (size_t)(last + 1 - span->start);
		span->start = last + 1;
	}
}

/* Engines write digits in lower case only. */
static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_all_hex(struct span span)
{
	for (size_t i = 0; i < span.length; i++) {
		if (!is_hex(span.start[i]))
			return false;
	}
	return true;
}

/* False, and nothing is set, for a name that is empty or does not fit. */
static bool set_name(struct span name, char *ret_text, size_t size)
{
	if (!name.length || name.length >= size)
		return false;
	memcpy(ret_text, name.start, name.length);
	ret_text[name.length] = '\0';
	return true;
}

/* Of a digit for which is_hex is true. */
static int hex_value(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Undoes systemd's escapes in the names of its units: \x2d is a dash (systemd.unit(5)). */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		if (from[0] == '\\' && from[1] == 'x' && is_hex(from[2]) && is_hex(from[3]) &&
		    (from[2] != '0' || from[3] != '0')) {
			*to++ = (char)(hex_value(from[2]) << 4 | hex_value(from[3]));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/*
 * "docker-ID.scope" by systemd, "libpod-ID" of Podman without it, or ID alone. containerd that is
 * told a slice without systemd makes "SLICE:cri-containerd:ID" of it. Helpers beside a container,
 * as "crio-conmon-ID.scope", are not in it.
 */
static bool find_engine_id(struct span component, struct seep_container *container)
{
	static const char *const engines[] = {"docker-", "cri-containerd-", "crio-", "libpod-",
					      "nerdctl-"};
	bool known;

	/* Of "SLICE:cri-containerd:ID" only the ID is left. */
	cut_to_last(&component, ':');
	/* In a scope of systemd the ID needs the prefix of an engine; helpers have others. */
	known = !cut_suffix(&component, ".scope");
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		if (cut_prefix(&component, engines[i])) {
			known = true;
			break;
		}
	}
	return known && component.length == ENGINE_ID_LENGTH && is_all_hex(component) &&
	       set_name(component, container->id, sizeof(container->id));
}

/*
 * systemd-nspawn@NAME.service, or machine-NAME.scope from a command line; the container itself is
 * in "payload" below, and what serves it beside. The scope may also be a virtual machine's.
 */
static bool find_machine(struct span component, struct span next, struct seep_container *container)
{
	bool found = equals(next, "payload") &&
		     ((cut_prefix(&component, "systemd-nspawn@") &&
		       cut_suffix(&component, ".service")) ||
		      (cut_prefix(&component, "machine-") && cut_suffix(&component, ".scope")));

	if (!found || !set_name(component, container->id, sizeof(container->id)))
		return false;
	unescape(container->id);
	return true;
}

/* lxc.payload.NAME since LXC 4, before that NAME below "lxc" or "lxc.payload". */
static bool find_lxc(struct span before, struct span component, struct seep_container *container)
{
	if (!cut_prefix(&component, "lxc.payload.") && !equals(before, "lxc") &&
	    !equals(before, "lxc.payload"))
		return false;
	return set_name(component, container->id, sizeof(container->id));
}

/* A UID of 8-4-4-4-12 digits, between which systemd has underscores. */
static bool set_uid(struct span uid, char ret_pod[SEEP_POD_UID_BYTES])
{
	char text[SEEP_POD_UID_BYTES];

	/* A copy, because the path is not ours to change. */
	if (uid.length != UID_LENGTH || !set_name(uid, text, sizeof(text)))
		return false;
	for (size_t i = 0; i < UID_LENGTH; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-' && text[i] != '_')
				return false;
			text[i] = '-';
		} else if (!is_hex(text[i])) {
			return false;
		}
	}
	memcpy(ret_pod, text, sizeof(text));
	return true;
}

/*
 * "podUID", by systemd "kubepods-burstable-podUID.slice", perhaps below a slice with more before
 * it. Pods that a node has from a file have 32 digits for a UID.
 */
static bool find_pod(struct span component, struct seep_container *container)
{
	/* "SLICE:cri-containerd:ID" has the pod in its first part. */
	const char *colon = memchr(component.start, ':', component.length);

	if (colon)
		component.length = (size_t)(colon - component.start);
	if (cut_suffix(&component, ".slice")) {
		if (!memmem(component.start, component.length, "kubepods-", strlen("kubepods-")))
			return false;
		cut_to_last(&component, '-');
	}
	if (!cut_prefix(&component, "pod"))
		return false;
	if (component.length == STATIC_LENGTH && is_all_hex(component))
		return set_name(component, container->pod, sizeof(container->pod));
	return set_uid(component, container->pod);
}

/* The next name of the path, with slashes before it skipped; empty at the end. */
static struct span component_at(const char *path)
{
	path += strspn(path, "/");
	return (struct span){path, strcspn(path, "/")};
}

bool seep_container_parse_path(const char *path, struct seep_container *ret_container)
{
	struct seep_container found = {0}, container;
	/* A name is looked at together with the one before it and the one behind it. */
	struct span before = {"", 0}, component = component_at(path);
	char pod[SEEP_POD_UID_BYTES] = "";

	while (component.length) {
		struct span next = component_at(component.start + component.length);

		container = (struct seep_container){0};
		if (find_engine_id(component, &container) ||
		    find_machine(component, next, &container) ||
		    find_lxc(before, component, &container)) {
			/* containerd's name for both, else the pod is one of the names above. */
			find_pod(component, &container);
			if (!container.pod[0])
				memcpy(container.pod, pod, sizeof(pod));
			found = container;
			/*
			 * A container within this one is not in the pod of the outer one unless its
			 * own path says so.
			 */
			pod[0] = '\0';
		} else if (find_pod(component, &container)) {
			memcpy(pod, container.pod, sizeof(pod));
		}
		before = component;
		component = next;
	}
	/* A pod without a container in it is none. */
	if (!found.id[0])
		return false;
	*ret_container = found;
	return true;
}

/* In the line "hierarchy:controllers:path" that begins at @line. */
static bool parse_line(const char *line, struct seep_container *ret_container)
{
	struct span rest = {line, strcspn(line, "\n")};
	char path[PATH_MAX]; /* the kernel keeps to it (proc_cgroup_show) */

	/* Skips the hierarchy and the controllers. A path may have colons. */
	for (int i = 0; i < 2; i++) {
		const char *colon = memchr(rest.start, ':', rest.length);

		if (!colon)
			return false;
		rest.length -= (size_t)(colon + 1 - rest.start);
		rest.start = colon + 1;
	}
	cut_suffix(&rest, " (deleted)");
	return set_name(rest, path, sizeof(path)) && seep_container_parse_path(path, ret_container);
}

/* The lines of version 2, "0::path", or the others. */
static bool parse_lines(const char *text, bool unified, struct seep_container *ret_container)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if ((strncmp(text, "0::", 3) == 0) == unified && parse_line(text, ret_container))
			return true;
	}
	return false;
}

bool seep_container_parse_cgroups(const char *text, struct seep_container *ret_container)
{
	/*
	 * Version 2 first; the hierarchies of version 1 may have the container where it has none.
	 */
	return parse_lines(text, true, ret_container) || parse_lines(text, false, ret_container);
}
