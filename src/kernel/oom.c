// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/oom.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/oom.skel.h"
#include "kernel/load_log.h"

struct seep_oom {
	struct oom_bpf *skeleton;
	struct ring_buffer *ring;
	/* While it is drained. */
	void (*fn)(void *context, pid_t tid);
	void *context;
};

static int take_kill(void *context, void *data, size_t size)
{
	const struct seep_oom *oom = context;
	uint64_t tid;

	if (size != sizeof(tid))
		return 0;
	memcpy(&tid, data, sizeof(tid));
	oom->fn(oom->context, (pid_t)tid);
	return 0;
}

static int load(struct seep_oom *oom)
{
	int error;

	oom->skeleton = oom_bpf__open_and_load();
	if (!oom->skeleton)
		return -errno;
	error = oom_bpf__attach(oom->skeleton);
	if (error)
		return error;
	oom->ring =
		ring_buffer__new(bpf_map__fd(oom->skeleton->maps.oom_kills), take_kill, oom, NULL);
	return oom->ring ? 0 : -errno;
}

int seep_oom_open(struct seep_oom **ret_oom)
{
	struct seep_oom *oom = calloc(1, sizeof(*oom));
	libbpf_print_fn_t print;
	int error;

	if (!oom)
		return -ENOMEM;
	/* No tracepoint, or no rights, is no failure worth a message. */
	print = seep_load_log_silence();
	error = load(oom);
	libbpf_set_print(print);
	if (error) {
		seep_oom_close(oom);
		return error;
	}
	*ret_oom = oom;
	return 0;
}

void seep_oom_close(struct seep_oom *oom)
{
	if (!oom)
		return;
	ring_buffer__free(oom->ring);
	oom_bpf__destroy(oom->skeleton);
	free(oom);
}

int seep_oom_fd(const struct seep_oom *oom)
{
	return ring_buffer__epoll_fd(oom->ring);
}

void seep_oom_drain(struct seep_oom *oom, void (*fn)(void *context, pid_t tid), void *context)
{
	oom->fn = fn;
	oom->context = context;
	ring_buffer__consume(oom->ring);
}
