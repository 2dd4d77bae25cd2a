// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors. They are created at the return of system calls (seep/descriptors.h) and released at
 * the entry of close, before another thread can get the number. What comes and goes in other ways
 * (io_uring) is found by the inventory (fds_count).
 *
 * fd_call_entry and fd_call_return run at every system call of the machine and first look at its
 * number. Each new descriptor costs a stack walk; the descriptors of received messages are visited
 * in at most MAX_RECEIVE_STEPS steps, and close_range visits all of live_fds. Descriptors belong to
 * the table of the process: a thread with a table of its own (unshare) is left alone.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "fds.bpf.h"
#include "seep/descriptors.h"

/* include/uapi/linux/: fcntl.h, bpf.h, seccomp.h, sched.h, close_range.h, socket.h */
#define F_DUPFD_CMD	    0
#define F_DUPFD_CLOEXEC_CMD 1030
#define SECCOMP_SET_FILTER  1
#define SECCOMP_LISTENER    (1 << 3)
#define CLONE_PIDFD_FLAG    0x1000
#define CLOSE_UNSHARE	    (1 << 1)
#define CLOSE_CLOEXEC_ONLY  (1 << 2)
#define SOL_SOCKET_LEVEL    1
#define SCM_RIGHTS_TYPE	    1
#define SCM_PIDFD_TYPE	    4

#define COMMAND_BIT(command) (1ULL << (command))
/* Commands of bpf whose result is a descriptor. */
#define BPF_FD_COMMANDS                                                                            \
	(COMMAND_BIT(BPF_MAP_CREATE) | COMMAND_BIT(BPF_PROG_LOAD) | COMMAND_BIT(BPF_OBJ_GET) |     \
	 COMMAND_BIT(BPF_PROG_GET_FD_BY_ID) | COMMAND_BIT(BPF_MAP_GET_FD_BY_ID) |                  \
	 COMMAND_BIT(BPF_RAW_TRACEPOINT_OPEN) | COMMAND_BIT(BPF_BTF_LOAD) |                        \
	 COMMAND_BIT(BPF_BTF_GET_FD_BY_ID) | COMMAND_BIT(BPF_LINK_CREATE) |                        \
	 COMMAND_BIT(BPF_LINK_GET_FD_BY_ID) | COMMAND_BIT(BPF_ENABLE_STATS) |                      \
	 COMMAND_BIT(BPF_ITER_CREATE))

/* For one system call. The inventory finds what comes in further messages. */
#define MAX_RECEIVE_STEPS 4096

static const __u8 roles[SEEP_MAX_CALLS] = {
#define DESCRIPTOR_ROLE(name, number, role) [number] = SEEP_DESCRIPTOR_##role,
	SEEP_DESCRIPTOR_CALLS(DESCRIPTOR_ROLE)
#undef DESCRIPTOR_ROLE
};

/* Does the running thread use the table of its process? */
static __always_inline bool has_table_of_process(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct files_struct *of_leader = task->group_leader->files;

	/* The first thread may have ended before the others. */
	return !of_leader || task->files == of_leader;
}

/* The file that is open as @fd in the running thread; 0: none. */
static __always_inline __u64 open_file(__u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(bpf_get_current_task_btf(), files, fdt);
	struct file *file = NULL;

	if (fd < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return (__u64)file;
}

/*
 * The returning system call has created @fd. A global function, so that it is verified once and not
 * once per role.
 */
__weak int fd_created(__u32 process, __u32 fd)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct seep_object_key key = fd_key(process, fd);
	struct seep_fd_object value = {.file = open_file(fd)};

	fd_was_seen(&key);
	/* Another thread has closed it since. */
	if (!value.file)
		return 0;
	clear_number(&key, value.file);
	return syscall_created(&live_fds, regs, &key, &value.object);
}

static __always_inline void fd_created_at(__u32 process, __u64 address)
{
	__u32 fd;

	if (bpf_probe_read_user(&fd, sizeof(fd), (void *)address) == 0)
		fd_created(process, fd);
}

/*
 * struct user_msghdr in include/linux/socket.h: where it tells address and size of its control
 * data, and its own size.
 */
#define MESSAGE_CONTROL 32
#define MESSAGE_BYTES	56

/* All BPF functions in a chain of calls share 512 bytes of stack: so only these two are read. */
struct message_control {
	__u64 address;
	__u64 bytes;
};

/* struct cmsghdr */
struct control {
	__u64 bytes; /* this head included */
	__u32 level;
	__u32 type;
};

/* A walk over the control data of messages, one descriptor for each step. */
struct received {
	__u64 descriptor;      /* address of the next one of the present control */
	__u64 control;	       /* address of the next control of the present message */
	__u64 end;	       /* of its controls */
	__u64 message;	       /* address of the next message */
	__u32 num_descriptors; /* how many are left */
	__u32 num_messages;
	__u32 process;
	__u32 pad;
};

static __always_inline long next_message(struct received *received)
{
	struct message_control control;

	if (!received->num_messages ||
	    bpf_probe_read_user(&control, sizeof(control),
				(void *)(received->message + MESSAGE_CONTROL)))
		return 1;
	received->num_messages--;
	/* Each element of the array of recvmmsg is a head and the length of the message. */
	received->message += MESSAGE_BYTES + sizeof(__u64);
	received->control = control.address;
	received->end = control.address + control.bytes;
	return 0;
}

static __always_inline long next_control(struct received *received)
{
	struct control control;

	if (received->control + sizeof(control) > received->end)
		return next_message(received);
	if (bpf_probe_read_user(&control, sizeof(control), (void *)received->control) ||
	    control.bytes < sizeof(control))
		return 1;
	if (control.level == SOL_SOCKET_LEVEL &&
	    (control.type == SCM_RIGHTS_TYPE || control.type == SCM_PIDFD_TYPE)) {
		received->descriptor = received->control + sizeof(control);
		received->num_descriptors = (control.bytes - sizeof(control)) / sizeof(__u32);
	}
	received->control += (control.bytes + 7) & ~7ULL;
	return 0;
}

/*
 * Takes one descriptor, or goes on to the next control or message. No further level of calls: see
 * message_control.
 */
static long receive_step(__u32 step, void *context)
{
	struct received *received = context;

	if (!received->num_descriptors)
		return next_control(received);
	fd_created_at(received->process, received->descriptor);
	received->descriptor += sizeof(__u32);
	received->num_descriptors--;
	return 0;
}

/*
 * Before 6.7 the verifier takes what a callback of bpf_loop finds in its first round for what it
 * finds in all of them, and drops the code for the others (commit ab5cfac139ab). So it must not
 * know the values that the walk begins with.
 */
__u32 unknown_zero = 0;

/* @count messages were received. Their heads are an array at @address. */
static __always_inline void messages_received(__u32 process, __u64 address, __u64 count)
{
	struct received received = {
		.process = process,
		.message = address,
		.num_messages = count,
		.control = unknown_zero,
		.end = unknown_zero,
		.num_descriptors = unknown_zero,
	};

	bpf_loop(MAX_RECEIVE_STEPS, receive_step, &received, 0);
}

static __always_inline void clone_returned(__u32 process, __u64 flags, __u64 address)
{
	if (flags & CLONE_PIDFD_FLAG)
		fd_created_at(process, address);
}

static __always_inline void clone_3_returned(__u32 process, __u64 address)
{
	struct {
		__u64 flags;
		__u64 pidfd;
	} arguments; /* the beginning of struct clone_args in include/uapi/linux/sched.h */

	if (bpf_probe_read_user(&arguments, sizeof(arguments), (void *)address) == 0)
		clone_returned(process, arguments.flags, arguments.pidfd);
}

/* Is the result of this call a new descriptor? */
static __always_inline bool result_is_new(__u8 role, struct pt_regs *regs, __u32 process, __u32 fd)
{
	struct seep_object_key key = fd_key(process, fd);
	__u64 first = regs->di, second = regs->si;

	switch (role) {
	case SEEP_DESCRIPTOR_RESULT:
		return true;
	case SEEP_DESCRIPTOR_DUPLICATE:
		return second == F_DUPFD_CMD || second == F_DUPFD_CLOEXEC_CMD;
	case SEEP_DESCRIPTOR_UPDATE:
		return (__s32)first == -1;
	case SEEP_DESCRIPTOR_COMMAND:
		return first < 64 && COMMAND_BIT(first) & BPF_FD_COMMANDS;
	case SEEP_DESCRIPTOR_LISTENER:
		return first == SECCOMP_SET_FILTER && second & SECCOMP_LISTENER;
	case SEEP_DESCRIPTOR_MAYBE:
		return !bpf_map_lookup_elem(&live_fds, &key) && open_file(fd);
	case SEEP_DESCRIPTOR_REPLACE:
		/* dup2 of a descriptor onto itself changes nothing. */
		if ((__u32)first == (__u32)second)
			return false;
		fd_released(&key);
		return true;
	default:
		return false;
	}
}

static __always_inline void call_returned(__u8 role, struct pt_regs *regs, __u32 process,
					  __u64 result)
{
	switch (role) {
	case SEEP_DESCRIPTOR_PAIR_1:
		fd_created_at(process, regs->di);
		fd_created_at(process, regs->di + 4);
		break;
	case SEEP_DESCRIPTOR_PAIR_4:
		fd_created_at(process, regs->r10);
		fd_created_at(process, regs->r10 + 4);
		break;
	case SEEP_DESCRIPTOR_CLONE:
		clone_returned(process, regs->di, regs->dx);
		break;
	case SEEP_DESCRIPTOR_CLONE_3:
		clone_3_returned(process, regs->di);
		break;
	case SEEP_DESCRIPTOR_MESSAGE:
		messages_received(process, regs->si, 1);
		break;
	case SEEP_DESCRIPTOR_MESSAGES:
		messages_received(process, regs->si, result);
		break;
	default:
		if (result_is_new(role, regs, process, result))
			fd_created(process, result);
	}
}

SEC("tp_btf/sys_exit")
int BPF_PROG(fd_call_return, struct pt_regs *regs, long result)
{
	__u64 number = regs->orig_ax;
	__u32 process;
	__u8 role;

	if (number >= SEEP_MAX_CALLS || result < 0)
		return 0;
	role = roles[number];
	if (role == SEEP_DESCRIPTOR_NONE || syscall_process(&process) || !has_table_of_process())
		return 0;
	call_returned(role, regs, process, result);
	return 0;
}

struct bpf_map;

struct number_range {
	__u64 first;
	__u64 last;
	__u32 process;
	__u32 pad;
};

static long close_in_range(struct bpf_map *map, const struct seep_object_key *key,
			   struct seep_fd_object *object, struct number_range *range)
{
	struct seep_object_key copy = *key;

	if (key->process == range->process && key->id >= range->first && key->id <= range->last)
		fd_released(&copy);
	return 0;
}

static __always_inline void close_range_entered(__u32 process, struct pt_regs *regs)
{
	struct number_range range = {
		.first = (__u32)regs->di,
		.last = (__u32)regs->si,
		.process = process,
	};
	__u64 flags = regs->dx;

	if (flags & CLOSE_CLOEXEC_ONLY)
		return;
	/* The thread gets a table of its own first: nothing happens to that of the process. */
	if (flags & CLOSE_UNSHARE && bpf_get_current_task_btf()->files->count.counter > 1)
		return;
	bpf_for_each_map_elem(&live_fds, close_in_range, &range, 0);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(fd_call_entry, struct pt_regs *regs, long number)
{
	struct seep_object_key key;
	__u32 process;

	if ((number != SEEP_CALL_CLOSE && number != SEEP_CALL_CLOSE_RANGE) ||
	    syscall_process(&process) || !has_table_of_process())
		return 0;
	if (number == SEEP_CALL_CLOSE_RANGE) {
		close_range_entered(process, regs);
		return 0;
	}
	key = fd_key(process, regs->di);
	fd_was_seen(&key);
	fd_released(&key);
	return 0;
}
