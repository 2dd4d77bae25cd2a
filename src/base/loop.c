// SPDX-License-Identifier: GPL-2.0-only
/*
 * One epoll descriptor for everything: timers are timerfds and signals a signalfd, so that all of
 * it is waited for in one place and handled on one thread. A source is on the heap and in the list
 * of the loop; epoll gives its pointer back with the event.
 *
 * A callback may add and remove sources, its own too, and may stop the loop. Nothing is bounded
 * here: who adds sources does that.
 */
#include "base/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"

enum source_type {
	SOURCE_FD,
	SOURCE_TIMER,
	SOURCE_SIGNALS,
};

/* In a list, so that the loop can free what nobody has removed. */
struct seep_loop_source {
	enum source_type type;
	int fd; /* ours, and closed by us, unless the type is SOURCE_FD */
	seep_loop_fn fn;
	void *context;
	struct seep_loop_source *next;
	struct seep_loop_source **link; /* the pointer that points here */
};

struct seep_loop {
	int epoll;
	bool stopped;
	struct seep_loop_source *sources;
};

int seep_loop_new(struct seep_loop **ret_loop)
{
	SEEP_AUTO_FREE struct seep_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	*ret_loop = SEEP_TAKE_PTR(loop);
	return 0;
}

void seep_loop_free(struct seep_loop *loop)
{
	if (!loop)
		return;
	while (loop->sources)
		seep_loop_remove(loop, loop->sources);
	close(loop->epoll);
	free(loop);
}

/* Takes @fd over for all but SOURCE_FD, and only on success. 0 or -errno. */
static int add_source(struct seep_loop *loop, enum source_type type, int fd, seep_loop_fn fn,
		      void *context, struct seep_loop_source **ret_source)
{
	struct seep_loop_source *source = malloc(sizeof(*source));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	if (!source)
		return -ENOMEM;
	*source = (struct seep_loop_source){
		.type = type,
		.fd = fd,
		.fn = fn,
		.context = context,
	};
	/* Last of what can fail: after it, epoll has the pointer. */
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		int error = -errno;

		free(source);
		return error;
	}

	source->next = loop->sources;
	source->link = &loop->sources;
	if (source->next)
		source->next->link = &source->next;
	loop->sources = source;
	if (ret_source)
		*ret_source = source;
	return 0;
}

int seep_loop_add_fd(struct seep_loop *loop, int fd, seep_loop_fn fn, void *context,
		     struct seep_loop_source **ret_source)
{
	return add_source(loop, SOURCE_FD, fd, fn, context, ret_source);
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / SEEP_NS_PER_S),
		.tv_nsec = (long)(ns % SEEP_NS_PER_S),
	};
}

int seep_loop_add_timer(struct seep_loop *loop, uint64_t first_ns, uint64_t interval_ns,
			seep_loop_fn fn, void *context, struct seep_loop_source **ret_source)
{
	SEEP_AUTO_CLOSE int fd = -1;
	struct itimerspec spec = {
		/* 0 would disarm the timer. */
		.it_value = to_timespec(first_ns ? first_ns : interval_ns),
		.it_interval = to_timespec(interval_ns),
	};
	int error;

	if (first_ns == 0 && interval_ns == 0) /* would disarm it (timerfd_settime(2)) */
		return -EINVAL;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0 || timerfd_settime(fd, 0, &spec, NULL) < 0)
		return -errno;
	error = add_source(loop, SOURCE_TIMER, fd, fn, context, ret_source);
	if (!error)
		SEEP_TAKE_FD(fd);
	return error;
}

int seep_loop_add_signals(struct seep_loop *loop, const sigset_t *set, seep_loop_fn fn,
			  void *context)
{
	SEEP_AUTO_CLOSE int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	int error;

	if (fd < 0)
		return -errno;
	error = add_source(loop, SOURCE_SIGNALS, fd, fn, context, NULL);
	if (error)
		return error;
	/* The source has it now. */
	SEEP_TAKE_FD(fd);
	/* Blocked only when the signalfd is there to take them. */
	sigprocmask(SIG_BLOCK, set, NULL); /* fails only for an unknown "how" */
	return 0;
}

int seep_loop_listen(struct seep_loop *loop, seep_loop_fn fn, void *context)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	return seep_loop_add_signals(loop, &set, fn, context);
}

void seep_loop_remove(struct seep_loop *loop, struct seep_loop_source *source)
{
	if (!source)
		return;
	/* Also for the first one, whose link is the head of the list. */
	*source->link = source->next;
	if (source->next)
		source->next->link = source->link;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	if (source->type != SOURCE_FD)
		close(source->fd);
	free(source);
}

/* Reads what the callback is told. 0; -EAGAIN when there is nothing after all; or -errno. */
static int read_value(const struct seep_loop_source *source, uint32_t events, uint64_t *ret_value)
{
	struct signalfd_siginfo signal;
	uint64_t expirations;

	switch (source->type) {
	case SOURCE_TIMER:
		if (read(source->fd, &expirations, sizeof(expirations)) < 0)
			return -errno;
		*ret_value = expirations;
		return 0;
	case SOURCE_SIGNALS:
		if (read(source->fd, &signal, sizeof(signal)) < 0)
			return -errno;
		*ret_value = signal.ssi_signo;
		return 0;
	/* The owner of the descriptor reads it. */
	case SOURCE_FD:
		break;
	}
	*ret_value = events;
	return 0;
}

int seep_loop_run(struct seep_loop *loop)
{
	int error = 0;

	while (!loop->stopped && !error) {
		struct seep_loop_source *source;
		struct epoll_event event;
		uint64_t value = 0;

		/*
		 * One event at a time: a callback may remove any source, and in a batch the event
		 * of a removed one could still be ahead. The kernel takes the ready ones in turn.
		 */
		if (epoll_wait(loop->epoll, &event, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		source = event.data.ptr;
		error = read_value(source, event.events, &value);
		/*
		 * Timer and signal descriptors are non-blocking: there may be nothing to read after
		 * all.
		 */
		if (error == -EAGAIN)
			error = 0;
		else if (!error)
			error = source->fn(source->context, value); /* source may be gone now */
	}
	/* The loop can be run again. */
	loop->stopped = false;
	return error;
}

/* Only notes it: seep_loop_run looks when the callback is over. */
void seep_loop_stop(struct seep_loop *loop)
{
	loop->stopped = true;
}
