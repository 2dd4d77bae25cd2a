// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers and inotify watches behind an epoll. "leak": arm_timer() and watch_folder() forget to
 * close theirs. "healthy": each is closed after use.
 */
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int poller;

static void add(int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static int arm_timer(void)
{
	struct itimerspec soon = {.it_value.tv_sec = 1};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	timerfd_settime(fd, 0, &soon, NULL);
	add(fd);
	return fd;
}

static int watch_folder(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	inotify_add_watch(fd, "/", IN_CREATE);
	add(fd);
	return fd;
}

int main(int argc, char **argv)
{
	int leak = argc > 1 && !strcmp(argv[1], "leak");
	struct epoll_event event;

	poller = epoll_create1(EPOLL_CLOEXEC);
	for (int number = 0;; number++) {
		int timer = arm_timer();
		int watch = number % 4 ? -1 : watch_folder();

		epoll_wait(poller, &event, 1, 0);
		usleep(250000);
		if (!leak) {
			close(timer);
			close(watch);
		}
	}
}
