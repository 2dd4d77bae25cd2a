// SPDX-License-Identifier: GPL-2.0-only
/* leak: arm_deadline() makes timers of the C library that are never deleted, 100 a second */
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void expired(union sigval value)
{
	(void)value;
}

static void arm_deadline(void)
{
	struct itimerspec later = {.it_value.tv_sec = 3600};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = expired};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		_exit(1);
	timer_settime(timer, 0, &later, NULL);
}

int main(void)
{
	for (;; usleep(100000))
		for (int i = 0; i < 10; i++)
			arm_deadline();
}
