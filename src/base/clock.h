/* SPDX-License-Identifier: GPL-2.0-only */
/* Time: CLOCK_MONOTONIC, which BPF's ktime uses too, for intervals; UTC for what people read. */
#ifndef SEEP_BASE_CLOCK_H
#define SEEP_BASE_CLOCK_H

#include <stdint.h>

uint64_t seep_clock_monotonic_ns(void);
uint64_t seep_clock_boot_ns(void); /* CLOCK_BOOTTIME: as in /proc/PID/stat, runs in suspend too */
uint64_t seep_clock_utc_ns(void);  /* since 1970 */
/* CPU time used so far by this process, user and system. */
uint64_t seep_clock_cpu_ns(void);

/* "2026-11-20T10:00:00.123Z" (RFC 3339), milliseconds cut. */
#define SEEP_CLOCK_TEXT_MAX 32
const char *seep_clock_format_utc(char buffer[SEEP_CLOCK_TEXT_MAX], uint64_t utc_ns);
/* "20261120T100000.123Z" (ISO 8601 basic), fit for file names. */
const char *seep_clock_format_file(char buffer[SEEP_CLOCK_TEXT_MAX], uint64_t utc_ns);

#endif
