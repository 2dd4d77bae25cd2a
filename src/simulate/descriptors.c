// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors: files and sockets that are closed, or forgotten; connections that are kept. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulate/activity.h"

#define IN_USE 8 /* descriptors at a time */

enum files_site {
	SITE_SOCKET,
	SITE_FILE,
};

/* A descriptor in use, and which function opened it. */
struct used_file {
	int fd;
	enum files_site site;
};

/* A ring: each descriptor stays open until IN_USE others have been opened after it. */
struct files {
	uint64_t num_used; /* in all; the last IN_USE of them are open */
	struct used_file used[IN_USE];
};

/* Neither is a site: they are called by functions that have a name in the stack. */
static int open_something(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* A site: descriptors are counted, so their bytes are 0. */
SIMULATED int open_socket(struct seep_work *work)
{
	int fd = make_socket();

	if (fd >= 0)
		seep_count_made(work, SITE_SOCKET, 0);
	return fd;
}

SIMULATED int open_document(struct seep_work *work)
{
	int fd = open_something("/dev/null");

	if (fd >= 0)
		seep_count_made(work, SITE_FILE, 0);
	return fd;
}

/* By the function that opened it, so that each site has its own releases. */
SIMULATED void close_used(struct seep_work *work, const struct used_file *used)
{
	close(used->fd);
	seep_count_released(work, used->site, 0);
}

/*
 * A step of the subject: opens one descriptor, a socket and a file in turn, and closes the oldest,
 * unless the new one gets lost. A lost one does not enter the ring.
 */
SIMULATED int handle_client(struct seep_work *work)
{
	struct files *files = work->state;
	enum files_site site = work->done % 2 ? SITE_FILE : SITE_SOCKET;
	struct used_file *used = &files->used[files->num_used % IN_USE];
	int fd = site == SITE_FILE ? open_document(work) : open_socket(work);

	if (fd < 0)
		return fd;
	if (seep_work_loses(work)) {
		seep_count_leaked(work, site, 0);
		return 0;
	}
	if (files->num_used >= IN_USE)
		close_used(work, used);
	*used = (struct used_file){fd, site};
	files->num_used++;
	return 0;
}

const struct seep_activity seep_activity_files = {
	.sites = {[SITE_SOCKET] = {"open_socket", SEEP_KIND_FD, {SEEP_TRUTH_LEAK}},
		  [SITE_FILE] = {"open_document", SEEP_KIND_FD, {SEEP_TRUTH_LEAK}}},
	.num_sites = 2,
	.state_bytes = sizeof(struct files),
	.step = handle_client,
};

enum backends_site {
	SITE_CONNECTION,
	SITE_STATUS,
};

struct backends {
	/* They are opened once, up to OBJECTS, and stay: as a pool of connections does. */
	uint64_t num_connections;
};

/* A site whose descriptors are never closed, but bounded: not a leak. */
SIMULATED int connect_backend(struct seep_work *work, struct backends *backends)
{
	int fd = make_socket();

	if (fd < 0)
		return fd;
	seep_count_made(work, SITE_CONNECTION, 0);
	backends->num_connections++;
	return 0;
}

/* A site whose descriptors are closed at once. */
SIMULATED int read_status(struct seep_work *work)
{
	int fd = open_something("/proc/self/stat");

	if (fd < 0)
		return fd;
	seep_count_made(work, SITE_STATUS, 0);
	close(fd);
	seep_count_released(work, SITE_STATUS, 0);
	return 0;
}

/*
 * A step in the background: one more connection until there are enough, and a file that is read and
 * closed.
 */
SIMULATED int poll_backends(struct seep_work *work)
{
	struct backends *backends = work->state;
	uint64_t wanted = seep_work_share(work, work->parameters[SEEP_SIMULATE_OBJECTS]);
	int error = 0;

	if (backends->num_connections < wanted)
		error = connect_backend(work, backends);
	return error ? error : read_status(work);
}

const struct seep_activity seep_activity_backends = {
	.sites = {[SITE_CONNECTION] = {"connect_backend",
				       SEEP_KIND_FD,
				       {SEEP_TRUTH_CACHE,
					SEEP_TRUTH_BIT(STEADY) | SEEP_TRUTH_BIT(WARMING_UP)}},
		  [SITE_STATUS] = {"read_status", SEEP_KIND_FD, {SEEP_TRUTH_STEADY}}},
	.num_sites = 2,
	.state_bytes = sizeof(struct backends),
	.background = {[SEEP_SIMULATE_RATE] = 10, [SEEP_SIMULATE_OBJECTS] = 16},
	.step = poll_backends,
};
