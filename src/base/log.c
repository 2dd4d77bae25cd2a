// SPDX-License-Identifier: GPL-2.0-only
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"

static enum seep_log_level log_level = SEEP_LOG_INFO;
static void (*log_before_line)(void);

void seep_log_set_level(enum seep_log_level level)
{
	log_level = level;
}

enum seep_log_level seep_log_get_level(void)
{
	return log_level;
}

void seep_log_set_hook(void (*before_line)(void))
{
	log_before_line = before_line;
}

void seep_log(enum seep_log_level level, const char *format, ...)
{
	SEEP_AUTO_BUFFER struct seep_buffer message = SEEP_BUFFER_INIT;
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;
	/* A caller may still need it. */
	int saved_errno = errno;
	va_list arguments;

	/* Levels that are less important have higher numbers. */
	if (level > log_level)
		return;

	va_start(arguments, format);
	seep_buffer_vprintf(&message, format, arguments);
	va_end(arguments);

	seep_buffer_puts(&line, "seep: ");
	/* Names of processes and files may have escape sequences in them. */
	seep_text_append_clean(&line, message.data, message.length);
	seep_buffer_putc(&line, '\n');

	if (log_before_line)
		log_before_line();
	/* One write, so that lines of several processes do not mix. */
	if (message.error || line.error)
		seep_file_write_fd(STDERR_FILENO, "seep: out of memory\n", 20);
	else
		seep_file_write_fd(STDERR_FILENO, line.data, line.length);
	errno = saved_errno;
}
