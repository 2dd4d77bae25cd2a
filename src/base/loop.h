/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event loop: one thread, epoll underneath. Sources are file descriptors, timers and signals;
 * each calls back with its own context. A callback returns 0, or a -errno that ends the loop.
 * All of this runs on the thread that calls seep_loop_run.
 */
#ifndef SEEP_BASE_LOOP_H
#define SEEP_BASE_LOOP_H

#include <signal.h>
#include <stdint.h>

struct seep_loop;
struct seep_loop_source;

/* @value: number of expirations for a timer, signal number for a signal, epoll events for an fd. */
typedef int (*seep_loop_fn)(void *context, uint64_t value);

/* 0, -ENOMEM, or the -errno of epoll_create1. */
int seep_loop_new(struct seep_loop **ret_loop);
/* Frees every source still there; file descriptors added stay open, they are their owner's. */
void seep_loop_free(struct seep_loop *loop);

/*
 * Calls @fn when @fd is readable, and as long as it is: also after an error or a hang-up, until the
 * source is removed. The source is owned by the loop; @ret_source may be NULL. Remove it before
 * closing @fd. 0, -ENOMEM, -EPERM for a regular file, -EEXIST for one already there.
 */
int seep_loop_add_fd(struct seep_loop *loop, int fd, seep_loop_fn fn, void *context,
		     struct seep_loop_source **ret_source);
/*
 * Calls @fn every @interval_ns, the first time after @first_ns (0: after the interval). An
 * @interval_ns of 0 makes it a one-shot, which stays until it is removed. 0; -EINVAL if both are 0;
 * -ENOMEM or the -errno of timerfd_create.
 */
int seep_loop_add_timer(struct seep_loop *loop, uint64_t first_ns, uint64_t interval_ns,
			seep_loop_fn fn, void *context, struct seep_loop_source **ret_source);
/*
 * Blocks the signals of @set for this process and has @fn called for each instead. They stay
 * blocked when the loop is freed, and in children that do not unblock them. 0 or -errno.
 */
int seep_loop_add_signals(struct seep_loop *loop, const sigset_t *set, seep_loop_fn fn,
			  void *context);
/*
 * The signals that a user sends to a program that runs until it is told to end: SIGINT, SIGTERM,
 * SIGHUP, and SIGUSR1 for a report now. They become events of the loop, so that a handler never
 * interrupts a report. SIGPIPE is ignored: a closed pipe is an error of write(). 0 or -errno.
 */
int seep_loop_listen(struct seep_loop *loop, seep_loop_fn fn, void *context);
/* Removes a source; allowed inside any callback, its own too. NULL does nothing. */
void seep_loop_remove(struct seep_loop *loop, struct seep_loop_source *source);

/* Runs until seep_loop_stop or a callback's failure: 0 or that -errno. It can be run again. */
int seep_loop_run(struct seep_loop *loop);
/* Ends seep_loop_run after the present callback; before it, the next one returns at once. */
void seep_loop_stop(struct seep_loop *loop);

#define SEEP_AUTO_LOOP __attribute__((cleanup(seep_loop_cleanup)))
static inline void seep_loop_cleanup(struct seep_loop **loop)
{
	seep_loop_free(*loop);
}

#endif
