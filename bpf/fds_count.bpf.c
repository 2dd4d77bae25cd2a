// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inventory of descriptors, for src/kernel/fds.c: fds_count, an iterator over the table of a
 * process, makes those known that are not, and describes all of them for the report; then fds_sweep
 * releases the known ones that no pass has found. A system call may be halfway: an unknown
 * descriptor counts only after SEEP_FD_LOOKS passes, and a known one that is younger than the first
 * pass is not swept.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "fds.bpf.h"
#include "seep/passes.h"

/* include/uapi/linux/stat.h, include/linux/socket.h */
#define FILE_TYPE_MASK	 0170000
#define FILE_TYPE_SOCKET 0140000
#define AF_UNIX_FAMILY	 1
#define AF_INET_FAMILY	 2
#define AF_INET6_FAMILY	 10

/* The argument and result of fds_count; user space sets it before it reads the iterator. */
struct seep_fds_pass fds_pass = {};

/* Has it been found with this file in enough passes, this one included? */
static __always_inline bool is_certain(const struct seep_object_key *key, __u64 file)
{
	struct fd_candidate now = {.file = file, .number = fds_pass.number};
	struct fd_candidate *candidate = bpf_map_lookup_elem(&fd_candidates, key);

	if (candidate && candidate->file == file && candidate->number + 1 == now.number)
		now.times = candidate->times;
	now.times++;
	if (now.times >= SEEP_FD_LOOKS) {
		bpf_map_delete_elem(&fd_candidates, key);
		return true;
	}
	bpf_map_update_elem(&fd_candidates, key, &now, BPF_ANY);
	fds_pass.num_uncertain++;
	return false;
}

/* @key is open as @value says, but is unknown, or known as another file. */
static __always_inline void meet_unknown(const struct seep_object_key *key,
					 struct seep_fd_object *value)
{
	if (fds_pass.first) {
		origin_created(&live_fds, key, &value->object, 0, SEEP_ORIGIN_BEFORE);
		return;
	}
	if (!is_certain(key, value->file))
		return;
	clear_number(key, value->file);
	if (origin_created(&live_fds, key, &value->object, 0, SEEP_ORIGIN_UNSEEN) == 0)
		count_loss(SEEP_LOSS_UNSEEN_OPENS, 1);
}

/* Reads by probe: the socket may be gone meanwhile. Ports and addresses as ss(8) shows them. */
static __always_inline void read_internet(struct seep_fd_record *record, struct sock *sk)
{
	record->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	record->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (record->family == AF_INET_FAMILY) {
		bpf_core_read(record->local, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_core_read(record->remote, 4, &sk->__sk_common.skc_daddr);
		return;
	}
	bpf_core_read(record->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	bpf_core_read(record->remote, 16, &sk->__sk_common.skc_v6_daddr);
}

/* The name of a Unix socket, or of its peer: a connected client has none. */
static __always_inline void read_unix(struct seep_fd_record *record, struct sock *sk)
{
	struct unix_sock *socket = (void *)sk;
	struct unix_address *address = BPF_CORE_READ(socket, addr);

	if (!address) {
		socket = (void *)BPF_CORE_READ(socket, peer);
		address = socket ? BPF_CORE_READ(socket, addr) : NULL;
	}
	if (address)
		bpf_probe_read_kernel_str(record->name, sizeof(record->name),
					  address->name[0].sun_path);
}

/* private_data of a socket's file is the socket (sock_alloc_file in net/socket.c). */
static __always_inline void read_socket(struct seep_fd_record *record, struct file *file)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);

	record->socket_type = BPF_CORE_READ(socket, type);
	if (!sk)
		return;
	record->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	record->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (record->family == AF_INET_FAMILY || record->family == AF_INET6_FAMILY)
		read_internet(record, sk);
	else if (record->family == AF_UNIX_FAMILY)
		read_unix(record, sk);
}

/* Writes what the descriptor is, for user space to read from the iterator. */
static __always_inline void describe(struct bpf_iter__task_file *ctx, struct file *file,
				     const struct seep_fd_object *object)
{
	struct seep_fd_record record = {
		.stack = object->object.stack,
		.created_ns = object->object.created_ns,
		.fd = ctx->fd,
		.mode = BPF_CORE_READ(file, f_inode, i_mode),
		.filesystem = BPF_CORE_READ(file, f_inode, i_sb, s_magic),
	};

	if ((record.mode & FILE_TYPE_MASK) == FILE_TYPE_SOCKET)
		read_socket(&record, file);
	else
		bpf_probe_read_kernel_str(record.name, sizeof(record.name),
					  BPF_CORE_READ(file, f_path.dentry, d_name.name));
	/* If the record does not fit, the kernel calls the program again with an empty buffer. */
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
}

SEC("iter/task_file")
int fds_count(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;
	struct seep_fd_object value = {}, *object;
	struct seep_object_key key;

	if (!ctx->task || !file)
		return 0;
	key = fd_key(fds_pass.process, ctx->fd);
	object = bpf_map_lookup_elem(&live_fds, &key);
	if (!object || object->file != (__u64)file) {
		value.file = (__u64)file;
		value.seen = fds_pass.number;
		meet_unknown(&key, &value);
		object = bpf_map_lookup_elem(&live_fds, &key);
		if (!object || object->file != (__u64)file)
			return 0;
	}
	/* What fds_sweep goes by. */
	object->seen = fds_pass.number;
	if (fds_pass.describe)
		describe(ctx, file, object);
	return 0;
}

struct bpf_map;

/* Releases a descriptor of the process that is older than the pass and was not found by it. */
static long sweep_fd(struct bpf_map *map, const struct seep_object_key *key,
		     struct seep_fd_object *object, const struct seep_fds_pass *pass)
{
	struct seep_object_key copy = *key;

	if (key->process != pass->process || object->seen >= pass->number ||
	    object->object.created_ns > pass->start_ns)
		return 0;
	fd_released(&copy);
	count_loss(SEEP_LOSS_UNSEEN_CLOSES, 1);
	return 0;
}

SEC("syscall")
int fds_sweep(struct seep_fds_pass *pass)
{
	struct seep_fds_pass copy = *pass;

	bpf_for_each_map_elem(&live_fds, sweep_fd, &copy, 0);
	return 0;
}
