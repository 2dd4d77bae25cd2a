/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The system calls that make descriptors. X(name, number, how it tells which one), the numbers from
 * arch/x86/entry/syscalls/syscall_64.tbl.
 *
 * RESULT	the result is the new descriptor
 * REPLACE	the same; whatever had this number before is closed
 * DUPLICATE	fcntl: the result, with the commands that duplicate
 * UPDATE	the result, if the first argument is -1; else that one is changed
 * MAYBE	the result may be one: it is if a descriptor of this number is open and was unknown
 * COMMAND	bpf: the result, with some commands
 * LISTENER	seccomp: the result, with one flag
 * PAIR_1	two, in the array that the first argument points to
 * PAIR_4	two, in the array that the fourth argument points to
 * CLONE	one, where the third argument points to, with CLONE_PIDFD
 * CLONE_3	one, where the structure says that the first argument points to, with CLONE_PIDFD
 * MESSAGE	those that came in the control data of the message in the second argument
 * MESSAGES	of several messages
 */
#ifndef SEEP_DESCRIPTORS_H
#define SEEP_DESCRIPTORS_H

#define SEEP_DESCRIPTOR_CALLS(X)                                                                   \
	X(open, 2, RESULT)                                                                         \
	X(ioctl, 16, MAYBE)                                                                        \
	X(pipe, 22, PAIR_1)                                                                        \
	X(dup, 32, RESULT)                                                                         \
	X(dup2, 33, REPLACE)                                                                       \
	X(socket, 41, RESULT)                                                                      \
	X(accept, 43, RESULT)                                                                      \
	X(recvmsg, 47, MESSAGE)                                                                    \
	X(socketpair, 53, PAIR_4)                                                                  \
	X(clone, 56, CLONE)                                                                        \
	X(fcntl, 72, DUPLICATE)                                                                    \
	X(creat, 85, RESULT)                                                                       \
	X(epoll_create, 213, RESULT)                                                               \
	X(mq_open, 240, RESULT)                                                                    \
	X(inotify_init, 253, RESULT)                                                               \
	X(openat, 257, RESULT)                                                                     \
	X(signalfd, 282, UPDATE)                                                                   \
	X(timerfd_create, 283, RESULT)                                                             \
	X(eventfd, 284, RESULT)                                                                    \
	X(accept4, 288, RESULT)                                                                    \
	X(signalfd4, 289, UPDATE)                                                                  \
	X(eventfd2, 290, RESULT)                                                                   \
	X(epoll_create1, 291, RESULT)                                                              \
	X(dup3, 292, REPLACE)                                                                      \
	X(pipe2, 293, PAIR_1)                                                                      \
	X(inotify_init1, 294, RESULT)                                                              \
	X(perf_event_open, 298, RESULT)                                                            \
	X(recvmmsg, 299, MESSAGES)                                                                 \
	X(fanotify_init, 300, RESULT)                                                              \
	X(open_by_handle_at, 304, RESULT)                                                          \
	X(seccomp, 317, LISTENER)                                                                  \
	X(memfd_create, 319, RESULT)                                                               \
	X(bpf, 321, COMMAND)                                                                       \
	X(userfaultfd, 323, RESULT)                                                                \
	X(io_uring_setup, 425, RESULT)                                                             \
	X(open_tree, 428, RESULT)                                                                  \
	X(fsopen, 430, RESULT)                                                                     \
	X(fsmount, 432, RESULT)                                                                    \
	X(fspick, 433, RESULT)                                                                     \
	X(pidfd_open, 434, RESULT)                                                                 \
	X(clone3, 435, CLONE_3)                                                                    \
	X(openat2, 437, RESULT)                                                                    \
	X(pidfd_getfd, 438, RESULT)                                                                \
	X(landlock_create_ruleset, 444, RESULT)                                                    \
	X(memfd_secret, 447, RESULT)                                                               \
	X(open_tree_attr, 467, RESULT)

enum seep_descriptor_role {
	SEEP_DESCRIPTOR_NONE,
	SEEP_DESCRIPTOR_RESULT,
	SEEP_DESCRIPTOR_REPLACE,
	SEEP_DESCRIPTOR_DUPLICATE,
	SEEP_DESCRIPTOR_UPDATE,
	SEEP_DESCRIPTOR_MAYBE,
	SEEP_DESCRIPTOR_COMMAND,
	SEEP_DESCRIPTOR_LISTENER,
	SEEP_DESCRIPTOR_PAIR_1,
	SEEP_DESCRIPTOR_PAIR_4,
	SEEP_DESCRIPTOR_CLONE,
	SEEP_DESCRIPTOR_CLONE_3,
	SEEP_DESCRIPTOR_MESSAGE,
	SEEP_DESCRIPTOR_MESSAGES,
};

/* Those that close: a number, or all from the first to the second argument. */
#define SEEP_CALL_CLOSE	      3
#define SEEP_CALL_CLOSE_RANGE 436

/* The numbers above are below. */
#define SEEP_MAX_CALLS 512

#endif
