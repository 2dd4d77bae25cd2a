/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls that SIGKILL must not cut short. The kernel gives up placing or removing a uprobe
 * when the calling thread has a fatal signal pending, and leaves what is in the target's text where
 * it is, for ever ("uprobe: failed to unregister, leaking uprobe"). At exit, after the signal, it
 * does not: the signal is no longer pending for a thread that it ends. It stays pending for a
 * thread that was ending by itself, and if that one is the last of the process, it closes the
 * descriptors. So threads must not end while probes are in place (2 to 3 of 100 kills beside eight
 * threads that start and end all the time, Linux 6.18).
 */
#ifndef SEEP_BASE_SHIELD_H
#define SEEP_BASE_SHIELD_H

/*
 * Calls @work in a process of its own that shares our memory and descriptors, and waits for it: a
 * SIGKILL for us ends the waiting, not the work. The process has a process group of its own and no
 * signal reaches it but SIGKILL. It has the calling thread's stack of thread-local variables, errno
 * among them, so that @work may call what a thread may that nobody else waits for; it should
 * neither allocate nor take a lock, and has SEEP_SHIELD_STACK bytes of stack.
 *
 * What @work returned, or -EINTR if the process was killed. Without a process (-EAGAIN) this one
 * works.
 */
#define SEEP_SHIELD_STACK (16 << 10)
int seep_shielded(int (*work)(void *context), void *context);

#endif
