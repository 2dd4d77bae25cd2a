/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Talk to the person at the terminal: standard error, one line per message, prefixed with "seep: ".
 * Only the floors trace and app (and main) talk; the floors below return -errno. While a status
 * line is shown (see status.h in app) the log clears it first through the hook.
 */
#ifndef SEEP_BASE_LOG_H
#define SEEP_BASE_LOG_H

enum seep_log_level {
	SEEP_LOG_ERROR, /* something that was asked for does not happen */
	SEEP_LOG_WARN,	/* it happens, but less well; -q still shows it */
	SEEP_LOG_INFO,	/* progress; hidden by -q */
	SEEP_LOG_DEBUG, /* shown by -v */
};

/* Shows messages up to @level; the start value is SEEP_LOG_INFO. */
void seep_log_set_level(enum seep_log_level level);
enum seep_log_level seep_log_get_level(void);

/* Calls @before_line (may be NULL) before each message: to clear a status line. */
void seep_log_set_hook(void (*before_line)(void));

/*
 * Writes one line; @format has no line break at its end. What a traced process put into the text
 * (names, paths) is cleaned here (see text.h). Keeps errno.
 */
void seep_log(enum seep_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define seep_error(...) seep_log(SEEP_LOG_ERROR, __VA_ARGS__)
#define seep_warn(...)	seep_log(SEEP_LOG_WARN, __VA_ARGS__)
#define seep_info(...)	seep_log(SEEP_LOG_INFO, __VA_ARGS__)
#define seep_debug(...) seep_log(SEEP_LOG_DEBUG, __VA_ARGS__)

#endif
