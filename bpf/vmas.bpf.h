/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a user address to (file, offset in the file), through the kernel's own VMAs.
 *
 * bpf_find_vma (5.17) is the truth, but it only tries for the lock of the address space. In front of it
 * stands a cache. An entry is trusted for a short time, and only as long as the process has changed no
 * mapping since: by the kernel's own count of such changes where it has one (mm_lock_seq, since 6.4),
 * which no mmap, munmap or mremap escapes, and by what its loader announces. Then the VMA that the
 * entry was read from is looked at again, without the lock, where the kernel says whether a VMA is
 * still in use (since 6.4). Before 6.4, without a loader that announces changes (static programs, code
 * made at run time), a mapping that replaced another one may be named wrongly for that time.
 */
#ifndef SEEP_BPF_VMAS_H
#define SEEP_BPF_VMAS_H

#include <bpf/bpf_core_read.h>

#include "slots.bpf.h"

#define MAPPING_FRESH_NS (50 * 1000 * 1000)
#define MAPPING_RETRY_NS (5 * 1000 * 1000)
#define VM_EXEC_FLAG	 0x4 /* include/linux/mm.h */
#define PAGE_SHIFT_X86	 12
#define EBUSY_ERRNO	 16
#define NEIGHBOURS_MAX	 4 /* that moved text may have been cut into */

/* Results of mapping_recall and mapping_find. */
#define MAPPING_OLD	 1
#define MAPPING_UNKNOWN	 2
#define MAPPING_NAMELESS 3 /* anonymous code, perhaps moved text */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct seep_mapping_key);
	__type(value, struct seep_mapping_value);
} mappings SEC(".maps") __weak;

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

/* Components of a path, and crossings of mount points. */
#define MAX_PATH_STEPS 48

/* A mount is what its vfsmount is part of (real_mount in fs/mount.h). */
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
 * mount namespace. Its length in bytes, 0 if it is too long. By bpf_loop (5.17), so that the verifier
 * looks at one step and not at all.
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
 * Was it unmapped before user space could open it? Now it is mapped once more. And notes what it says
 * of code made at run time: before the first stack can come to such code through the file that makes
 * it, which has no table before it is known to be one.
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

		/* Whoever comes second uses the id of the first. */
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

/* Both shapes that it has had: a number since 6.4, a sequence count since 6.14. */
struct seqcount___mm {
	unsigned int sequence;
} __attribute__((preserve_access_index));

struct mm_struct___sequence {
	struct seqcount___mm mm_lock_seq;
} __attribute__((preserve_access_index));

struct mm_struct___number {
	int mm_lock_seq;
} __attribute__((preserve_access_index));

/*
 * Another number than before if a mapping of the process may have changed since. What an announced
 * change unmaps or maps lies between two of them: _dl_close calls _dl_debug_state before it unmaps and
 * again behind it, _dl_open before it maps and before the first instruction of what is new runs. Of a
 * change in progress, when the sequence is odd, the old state counts: the new one is not in use yet.
 */
static __always_inline __u64 mapping_generation(struct mm_struct *mm, __u32 process)
{
	__u32 slot = SEEP_PROCESS_SLOT(process), changes = 0;
	struct seep_process_value *value = bpf_map_lookup_elem(&processes, &slot);
	struct mm_struct___sequence *sequence = (void *)mm;
	struct mm_struct___number *number = (void *)mm;

	if (!mm)
		return 0;
	if (bpf_core_field_exists(sequence->mm_lock_seq.sequence))
		changes = BPF_CORE_READ(sequence, mm_lock_seq.sequence) & ~1U;
	else if (bpf_core_field_exists(number->mm_lock_seq))
		changes = BPF_CORE_READ(number, mm_lock_seq);
	return (value ? (__u64)value->library_changes << 32 : 0) | changes;
}

/* Has the loader announced a change between the two? */
static __always_inline bool library_changed(__u64 before, __u64 after)
{
	return (before ^ after) >> 32;
}

/*
 * Guards a cache entry against being read while it is replaced: elements of a BPF hash are reused at
 * once, so what a lookup returned may turn into another entry under our eyes.
 */
static __always_inline __u64 mapping_sum(const struct seep_mapping_value *mapping, __u32 process)
{
	return mapping->start * 3 + mapping->end * 5 + mapping->delta * 7 +
	       ((__u64)mapping->file << 32 | mapping->executable) * 11 + mapping->generation * 13 +
	       mapping->vma * 17 + process;
}

/* Whether a VMA is part of an address space: a flag since 6.4, a reference since 6.15. */
struct vm_area_struct___flag {
	bool detached;
} __attribute__((preserve_access_index));

struct refcount_struct___vma {
	atomic_t refs;
} __attribute__((preserve_access_index));

struct vm_area_struct___reference {
	struct refcount_struct___vma vm_refcnt;
} __attribute__((preserve_access_index));

static __always_inline bool vma_is_attached(struct vm_area_struct *vma)
{
	struct vm_area_struct___reference *reference = (void *)vma;
	struct vm_area_struct___flag *flag = (void *)vma;

	if (bpf_core_field_exists(reference->vm_refcnt))
		return BPF_CORE_READ(reference, vm_refcnt.refs.counter) != 0;
	if (bpf_core_field_exists(flag->detached))
		return !BPF_CORE_READ(flag, detached);
	return false;
}

/*
 * Does the VMA that slot->mapping was read from still say the same? Takes no lock, which programs that
 * map and unmap all the time hardly ever leave free. The VMA may have been freed since, its memory may
 * be another one now: whatever VMA of @mm stands there, attached, with this range of this file, is the
 * mapping. Not of moved text, which depends on its neighbours. False where the kernel cannot tell.
 */
static __always_inline bool mapping_stands(struct slot *slot, struct mm_struct *mm)
{
	struct seep_mapping_value *mapping = &slot->mapping;
	struct vm_area_struct *vma = (void *)mapping->vma;
	__u64 start = BPF_CORE_READ(vma, vm_start);
	struct file *file = BPF_CORE_READ(vma, vm_file);
	struct file_value *known;
	struct seep_file_key key;

	if (start != mapping->start || BPF_CORE_READ(vma, vm_end) != mapping->end ||
	    !(BPF_CORE_READ(vma, vm_flags) & VM_EXEC_FLAG) != !mapping->executable)
		return false;
	if (file) {
		key = file_key(file);
		known = bpf_map_lookup_elem(&files, &key);
		if (!known || known->id != mapping->file || file_is_missing(slot, known->id) ||
		    start - (BPF_CORE_READ(vma, vm_pgoff) << PAGE_SHIFT_X86) != mapping->delta)
			return false;
	} else if (mapping->file != 0 && mapping->file != SEEP_FILE_VDSO) {
		return false;
	}
	return BPF_CORE_READ(vma, vm_mm) == mm && vma_is_attached(vma);
}

/* What slot->mapping is to know of a VMA. Runs under the mmap lock. */
static __always_inline void mapping_set(struct slot *slot, struct vm_area_struct *vma)
{
	struct file *file = vma->vm_file;
	struct seep_file_key key;

	slot->mapping.start = vma->vm_start;
	slot->mapping.end = vma->vm_end;
	slot->mapping.delta = vma->vm_start - (vma->vm_pgoff << PAGE_SHIFT_X86);
	slot->mapping.seen_ns = slot->now_ns;
	slot->mapping.executable = !!(vma->vm_flags & VM_EXEC_FLAG);
	slot->mapping.file = 0;
	if (file) {
		key = file_key(file);
		slot->mapping.file = file_id(slot, &key, file);
	} else if (vma->vm_start == (__u64)vma->vm_mm->context.vdso) {
		slot->mapping.file = SEEP_FILE_VDSO;
		slot->mapping.delta = vma->vm_start;
	}
	slot->mapping.vma = (__u64)vma;
	slot->mapping.generation = slot->generation;
	barrier(); /* the sum is of the number in the slot: the verifier lets nobody reckon with pointers */
	slot->mapping.sum = mapping_sum(&slot->mapping, slot->process);
}

static long mapping_from_vma(struct task_struct *task, struct vm_area_struct *vma, void *context)
{
	__u32 index = *(__u32 *)context;
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);

	if (slot)
		mapping_set(slot, vma);
	return 0;
}

static __always_inline bool mapping_covers(const struct seep_mapping_value *mapping, __u64 address)
{
	return address - mapping->start < mapping->end - mapping->start;
}

static __always_inline struct seep_mapping_key mapping_key(__u32 process, __u64 address)
{
	return (struct seep_mapping_key){
		.process = process,
		.page_low = address >> SEEP_MAPPING_PAGE_SHIFT,
		.page_high = address >> SEEP_MAPPING_PAGE_SHIFT >> 32,
	};
}

/* Copies the cache entry of @address to slot->mapping. 0, or -1 if there is no sound one. */
static __always_inline int mapping_cached(struct slot *slot, const struct seep_mapping_key *key,
					  __u64 address)
{
	struct seep_mapping_value *cached = bpf_map_lookup_elem(&mappings, key);

	if (!cached)
		return -1;
	slot->mapping = *cached;
	if (slot->mapping.sum != mapping_sum(&slot->mapping, slot->process) ||
	    !mapping_covers(&slot->mapping, address))
		return -1;
	return 0;
}

/*
 * Puts slot->mapping into the cache. An entry that says the same is only made fresh again, where it
 * stands: replacing it would recycle the element that others may be reading.
 */
static __always_inline void mapping_store(struct slot *slot, const struct seep_mapping_key *key)
{
	struct seep_mapping_value *cached = bpf_map_lookup_elem(&mappings, key);

	if (cached && cached->sum == slot->mapping.sum)
		cached->seen_ns = slot->mapping.seen_ns;
	else
		bpf_map_update_elem(&mappings, key, &slot->mapping, BPF_ANY);
}

/* slot->mapping, which is in the cache, is true now: for how long from now on, @trusted_ns says. */
static __always_inline void mapping_renew(struct slot *slot, const struct seep_mapping_key *key,
					  __u64 trusted_ns)
{
	slot->mapping.seen_ns = slot->now_ns - MAPPING_FRESH_NS + trusted_ns;
	slot->mapping.generation = slot->generation;
	slot->mapping.sum = mapping_sum(&slot->mapping, slot->process);
	mapping_store(slot, key);
}

/* Is the mapping, if it is moved text of the file, inside of the load segment? Then it becomes one. */
static __always_inline bool mapping_name(struct slot *slot, const struct seep_unwind_file *table,
					 __s64 ahead_pages)
{
	struct seep_mapping_value *mapping = &slot->mapping;
	__u64 delta = slot->neighbour.delta;
	__u64 first, count;

	if (!slot->neighbour.executable)
		delta += ahead_pages * (1 << PAGE_SHIFT_X86);
	first = (mapping->start - delta) >> PAGE_SHIFT_X86;
	count = (mapping->end - mapping->start) >> PAGE_SHIFT_X86;
	if (mapping->start < delta || first < table->code_first || count > table->code_count ||
	    first - table->code_first > table->code_count - count)
		return false;
	mapping->delta = delta;
	mapping->file = slot->neighbour.file;
	return true;
}

/*
 * Programs move their code to anonymous memory, for huge pages: mremap over where it was. Anonymous
 * code in slot->mapping that lies where the load segment of its neighbour has its code becomes code of
 * that file again. 0, or -EBUSY. A global function, as mapping_find.
 */
__weak long mapping_of_moved_text(__u32 index, __u32 behind)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct seep_unwind_file *table;
	__u64 address;
	__u32 file = 0;
	long error = 0;

	if (!slot)
		return 0;
	if (slot->mapping.file)
		return 0;
	slot->anonymous = slot->mapping;
	slot->neighbour = slot->mapping;
	for (int i = 0; i < NEIGHBOURS_MAX && !file && !error; i++) {
		address = behind ? slot->neighbour.end : slot->neighbour.start - 1;
		slot->mapping.start = slot->mapping.end = 0;
		error = bpf_find_vma(bpf_get_current_task_btf(), address, mapping_from_vma, &index,
				     0);
		slot->neighbour = slot->mapping;
		file = error ? 0 : slot->neighbour.file;
	}
	slot->mapping = slot->anonymous;
	table = file > SEEP_FILE_VDSO ? bpf_map_lookup_elem(&tables, &file) : NULL;
	/* Of a file that was never mapped as code where that is looked for: ask again soon. */
	if (table && table->state == SEEP_UNWIND_UNKNOWN && !table->code_count)
		error = -EBUSY_ERRNO;
	else if (table && table->code_count)
		mapping_name(slot, table, behind ? table->ahead_of_behind : table->ahead_of_before);
	slot->mapping.sum = mapping_sum(&slot->mapping, slot->process);
	return error == -EBUSY_ERRNO ? error : 0;
}

/* Puts slot->mapping, in which the address @code is, into the cache. 0. */
__weak long mapping_keep(__u32 index, __u64 code)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct seep_mapping_key key;

	if (!slot)
		return 0;
	key = mapping_key(slot->process, code);
	mapping_store(slot, &key);
	return 0;
}

/*
 * Fills slot->mapping for the user address @address from the cache. 0; MAPPING_OLD if what it says may
 * have changed; MAPPING_UNKNOWN. A global function, as the next one.
 */
__weak long mapping_recall(__u32 index, __u64 address)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	struct seep_mapping_key key;
	__u64 before;

	if (!slot)
		return MAPPING_UNKNOWN;
	key = mapping_key(slot->process, address);
	/* Before the VMA is looked at: what changes meanwhile makes the entry an old one. */
	slot->generation = mapping_generation(mm, slot->process);
	if (mapping_cached(slot, &key, address))
		return MAPPING_UNKNOWN;
	before = slot->mapping.generation;
	if (before == slot->generation && slot->now_ns - slot->mapping.seen_ns < MAPPING_FRESH_NS)
		return 0;
	if (mapping_stands(slot, mm)) {
		mapping_renew(slot, &key, MAPPING_FRESH_NS);
		return 0;
	}
	/* Not even if nothing better can be had: another library may be there. */
	return library_changed(before, slot->generation) ? MAPPING_UNKNOWN : MAPPING_OLD;
}

/*
 * The same from the kernel's VMAs; slot->mapping is what mapping_recall has left there, and @recalled
 * its result. 0; MAPPING_NAMELESS; -EBUSY while another thread changes the address space and nothing
 * is known from before; else another -errno: no mapping covers it. A global function: the rare path,
 * verified once, with a stack frame of its own.
 */
__weak long mapping_find(__u32 index, __u64 address, __u32 recalled)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct seep_mapping_key key;
	long error;

	if (!slot)
		return -EBUSY_ERRNO;
	key = mapping_key(slot->process, address);
	/* Tries for the lock only; the callback overwrites slot->mapping. */
	error = bpf_find_vma(bpf_get_current_task_btf(), address, mapping_from_vma, &index, 0);
	if (error == -EBUSY_ERRNO && recalled == MAPPING_OLD) {
		/* Better the last known than none; and not every frame has to try. */
		count_loss(SEEP_LOSS_VMA_BUSY, 1);
		mapping_renew(slot, &key, MAPPING_RETRY_NS);
		return 0;
	}
	if (!error && slot->mapping.executable && !slot->mapping.file)
		return MAPPING_NAMELESS;
	if (!error)
		mapping_store(slot, &key);
	return error;
}

/*
 * From the cache or the VMAs, with moved text taken for that of its file. All are called from here,
 * side by side: the stack frames of all functions in a chain of calls share 512 bytes.
 */
static __always_inline long mapping_locate(__u32 index, __u64 address)
{
	long error = mapping_recall(index, address);

	if (error)
		error = mapping_find(index, address, error);
	if (error != MAPPING_NAMELESS)
		return error;
	error = mapping_of_moved_text(index, 0);
	if (!error)
		error = mapping_of_moved_text(index, 1);
	return error ? error : mapping_keep(index, address);
}

#endif
