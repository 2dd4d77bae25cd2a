/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/words.h"

#include <inttypes.h>
#include <math.h>

#include "base/units.h"

/* A rate below one in a second is told by the hour, as in the evidence. */
#define HOUR_S 3600.0

#define NUMBER_MAX 1e18

/* Two significant digits of a small number, whatever the locale says. */
static void append_count(struct seep_buffer *buffer, double number)
{
	char text[SEEP_UNIT_MAX];
	uint64_t tenths = (uint64_t)llround(number * 10);

	if (number >= 10 || tenths % 10 == 0)
		seep_buffer_puts(buffer, seep_format_count(text, (uint64_t)llround(number)));
	else
		seep_buffer_printf(buffer, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

void seep_words_append_rate(struct seep_buffer *buffer, enum seep_kind kind, double per_s)
{
	double size = fabs(per_s);
	bool hourly = size < 1;
	char text[SEEP_UNIT_MAX];

	if (isnan(per_s) || size > NUMBER_MAX) {
		seep_buffer_puts(buffer, "an unknown rate");
		return;
	}
	size *= hourly ? HOUR_S : 1;
	if (per_s < 0)
		seep_buffer_putc(buffer, '-');
	if (seep_kind_is_counted(kind)) {
		append_count(buffer, size);
		seep_buffer_printf(buffer, " %ss", seep_kind_noun(kind));
	} else {
		seep_buffer_puts(buffer, seep_format_bytes(text, (uint64_t)llround(size)));
	}
	seep_buffer_puts(buffer, hourly ? "/h" : "/s");
}

void seep_words_append_seconds(struct seep_buffer *buffer, double seconds)
{
	char text[SEEP_UNIT_MAX];

	if (isinf(seconds))
		seep_buffer_puts(buffer, "ever");
	else if (seconds >= 0)
		seep_buffer_puts(buffer,
				 seep_format_duration(text, (uint64_t)(fmin(seconds, 1e9) * 1e9)));
}
