// SPDX-License-Identifier: GPL-2.0-only
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/units.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now); /* fails only for clocks that do not exist */
	return (uint64_t)now.tv_sec * SEEP_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t seep_clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Goes on while the machine is suspended, unlike CLOCK_MONOTONIC. */
uint64_t seep_clock_boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t seep_clock_utc_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t seep_clock_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* @format is strftime's, up to the seconds; milliseconds and "Z" follow. */
static const char *format_time(char buffer[SEEP_CLOCK_TEXT_MAX], const char *format,
			       uint64_t utc_ns)
{
	time_t seconds = (time_t)(utc_ns / SEEP_NS_PER_S);
	unsigned int ms = (unsigned int)(utc_ns % SEEP_NS_PER_S / SEEP_NS_PER_MS);
	struct tm utc;
	size_t length;

	gmtime_r(&seconds, &utc); /* 64 bits of nanoseconds end in the year 2554 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	length = strftime(buffer, SEEP_CLOCK_TEXT_MAX, format, &utc);
#pragma GCC diagnostic pop
	snprintf(buffer + length, SEEP_CLOCK_TEXT_MAX - length, ".%03uZ", ms);
	return buffer;
}

const char *seep_clock_format_utc(char buffer[SEEP_CLOCK_TEXT_MAX], uint64_t utc_ns)
{
	return format_time(buffer, "%Y-%m-%dT%H:%M:%S", utc_ns);
}

const char *seep_clock_format_file(char buffer[SEEP_CLOCK_TEXT_MAX], uint64_t utc_ns)
{
	return format_time(buffer, "%Y%m%dT%H%M%S", utc_ns);
}
