/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapped files: an id for each, and the event by which user space learns of it. mapping_set
 * (mapping_cache.bpf.h) asks for the id of each file that a walk meets. The first time, and again
 * if user space was too late to open the file, file_announce sends its path.
 *
 * At most SEEP_MAX_FILES files get an id; frames in others stay raw addresses. A path is followed
 * for at most MAX_PATH_STEPS components and mount points and written up to SEEP_PATH_BYTES.
 */
#ifndef SEEP_BPF_FILES_H
#define SEEP_BPF_FILES_H

#include <bpf/bpf_core_read.h>

#include "slots.bpf.h"

struct file_value {
	__u32 id;
	__u32 sent; /* user space was told */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SEEP_MAX_FILES);
	__type(key, struct seep_file_key);
	__type(value, struct file_value);
} files SEC(".maps") __weak;

__u32 last_file SEC(".bss") __weak;

/* Components of a path, and mount points on it. */
#define MAX_PATH_STEPS 48

/* The mount that a vfsmount is embedded in (real_mount in fs/mount.h). */
static __always_inline struct mount *mount_of(struct vfsmount *vfsmount)
{
	return (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
}

struct path_walk {
	struct mount *mount;
	struct dentry *dentry;
	char *path;
	__u32 used;
	__u32 whole;
};

/* One step of file_path towards the root: 0 to go on. */
static long path_step(__u32 step, void *context)
{
	struct path_walk *walk = context;
	struct mount *mount = walk->mount;
	struct dentry *dentry = walk->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	__u32 used = walk->used;
	long length;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		walk->mount = BPF_CORE_READ(mount, mnt_parent);
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		if (walk->mount != mount)
			return 0;
		walk->whole = 1;
		return 1;
	}
	if (used >= SEEP_PATH_BYTES)
		return 1;
	length = bpf_probe_read_kernel_str(walk->path + used, SEEP_NAME_BYTES,
					   BPF_CORE_READ(dentry, d_name.name));
	if (length <= 0 || length > SEEP_NAME_BYTES)
		return 1;
	walk->used = used + length;
	walk->dentry = parent;
	if (parent != dentry)
		return 0;
	walk->whole = 1;
	return 1;
}

/*
 * Writes the path of @file as seep_file_event has it, from its last component up to the root of the
 * mount namespace. Its length in bytes, 0 if it is too long. By bpf_loop (5.17), so that the
 * verifier looks at one step only.
 */
static __always_inline __u32 file_path(struct file *file, char *path)
{
	struct path_walk walk = {
		.mount = mount_of(BPF_CORE_READ(file, f_path.mnt)),
		.dentry = BPF_CORE_READ(file, f_path.dentry),
		.path = path,
	};

	bpf_loop(MAX_PATH_STEPS, path_step, &walk, 0);
	return walk.whole ? walk.used : 0;
}

static __always_inline void file_announce(struct slot *slot, const struct seep_file_key *key,
					  struct file *backing, struct file_value *file)
{
	struct seep_file_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_loss(SEEP_LOSS_RING_FULL, 1);
		return;
	}
	event->type = SEEP_EVENT_FILE;
	event->file = file->id;
	event->process = slot->process;
	event->device = key->device;
	event->inode = key->inode;
	event->start = slot->mapping.start;
	event->end = slot->mapping.end;
	event->offset = slot->mapping.start - slot->mapping.delta;
	event->path_bytes = file_path(backing, event->path);
	bpf_ringbuf_submit(event, 0);
	file->sent = 1;
}

/*
 * Was the file unmapped before user space could open it? Then the caller announces it again. Also
 * notes whether the file brings a JIT compiler: the first stack with JIT code may come before one
 * through the file itself.
 */
static __always_inline bool file_is_missing(const struct slot *slot, __u32 file)
{
	const struct seep_unwind_file *table = bpf_map_lookup_elem(&tables, &file);
	__u32 process_slot = SEEP_PROCESS_SLOT(slot->process);
	struct seep_jit_value jit = {.process = slot->process};

	if (table && table->jit) {
		jit.jit = table->jit;
		bpf_map_update_elem(&jits, &process_slot, &jit, BPF_ANY);
	}
	return table && table->state == SEEP_UNWIND_NO_FILE;
}

/* The id of a file, 0 if there is no room for another one. Tells user space about new ones. */
static __always_inline __u32 file_id(struct slot *slot, const struct seep_file_key *key,
				     struct file *backing)
{
	struct file_value *file = bpf_map_lookup_elem(&files, key);

	if (!file) {
		struct file_value fresh = {.id = __sync_fetch_and_add(&last_file, 1) + 1 +
						 SEEP_FILE_VDSO};

		/*
		 * Of two threads that meet the file at once, the second uses the id of the first.
		 */
		bpf_map_update_elem(&files, key, &fresh, BPF_NOEXIST);
		file = bpf_map_lookup_elem(&files, key);
		if (!file) {
			count_loss(SEEP_LOSS_FILES_FULL, 1);
			return 0;
		}
	}
	if (file_is_missing(slot, file->id) || !file->sent)
		file_announce(slot, key, backing, file);
	return file->id;
}

#endif
