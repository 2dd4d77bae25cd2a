/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scope of a trace: which processes belong to it. BPF finds those that come (bpf/scope.bpf.h);
 * here is who is in it already, and what the kernel has to know.
 */
#ifndef SEEP_TARGET_SCOPE_H
#define SEEP_TARGET_SCOPE_H

#include <stdbool.h>
#include <sys/types.h>

#include "seep/abi.h"

struct seep_scope {
	enum seep_scope_type type;
	const char *key;	    /* for reports: "pid", "command", "cgroup", "comm", "all" */
	const char *value;	    /* for reports, as the user gave it */
	char comm[SEEP_COMM_BYTES]; /* of COMM, cut as the kernel cuts it */
	char *cgroup;		    /* of CGROUP: its path as in /proc/PID/cgroup */
	int cgroup_fd;		    /* -1: none */
	bool children;		    /* the children of traced processes are traced too */
};

/*
 * Finds the cgroup @path: absolute in its hierarchy, or below the mount point of cgroup v2, or
 * relative to it. 0, or -errno after saying what is wrong.
 */
int seep_scope_find_cgroup(struct seep_scope *scope, const char *path);
void seep_scope_done(struct seep_scope *scope);

/* Can processes come into the scope at any time? Then it does not end with its last process. */
bool seep_scope_is_open(const struct seep_scope *scope);

/* Does the running process belong to a scope that is open? */
bool seep_scope_contains(const struct seep_scope *scope, pid_t pid);

/* Calls @fn for every running process of an open scope until it returns non-zero; that or -errno.
 */
int seep_scope_each(const struct seep_scope *scope, int (*fn)(void *context, pid_t pid),
		    void *context);

/* Calls @fn for every child that @parent has now until it returns non-zero; that or -errno. */
int seep_scope_each_child(pid_t parent, int (*fn)(void *context, pid_t pid), void *context);

#endif
