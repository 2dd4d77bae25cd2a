/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which container a process is in, by the path of its cgroup: that is where engines write it down.
 * Only what is certain counts: a cgroup of any other name is none. Of containers within containers
 * it is the innermost.
 */
#ifndef SEEP_PROC_CONTAINER_H
#define SEEP_PROC_CONTAINER_H

#include <stdbool.h>

#define SEEP_CONTAINER_ID_BYTES 256 /* one component of a path (NAME_MAX), and its NUL */
#define SEEP_POD_UID_BYTES	37

struct seep_container {
	/* 64 hexadecimal digits of Docker and its like, else a name, of any bytes. */
	char id[SEEP_CONTAINER_ID_BYTES];
	char pod[SEEP_POD_UID_BYTES]; /* UID of the Kubernetes pod, "" for none */
};

/*
 * From the path of one cgroup, as named by Docker, containerd (CRI and nerdctl), CRI-O and Podman,
 * by systemd or without; systemd-nspawn; LXC. False, and *ret_container left alone, if it names
 * none.
 */
bool seep_container_parse_path(const char *path, struct seep_container *ret_container);

/*
 * From the text of /proc/PID/cgroup (cgroups(7)), by the hierarchies in their order there, that of
 * version 2 first: where both are mounted, an engine may use the others only.
 */
bool seep_container_parse_cgroups(const char *text, struct seep_container *ret_container);

#endif
