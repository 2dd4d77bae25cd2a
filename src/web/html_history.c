// SPDX-License-Identifier: GPL-2.0-only
#include "web/html_history.h"

#include <inttypes.h>

#include "base/units.h"

/* @before is the last point written; all 0 at first, so the first point is its own difference. */
struct series_writer {
	struct seep_buffer *out;
	struct seep_html_point before;
	bool begun;
};

/*
 * May be negative: the difference of unsigned numbers, taken for a signed one. Small numbers make
 * the file much smaller than times and amounts would.
 */
static void write_difference(struct series_writer *writer, uint64_t now, uint64_t before)
{
	if (writer->begun)
		seep_buffer_putc(writer->out, ',');
	writer->begun = true;
	seep_buffer_printf(writer->out, "%" PRId64, (int64_t)(now - before));
}

/* Times are rounded to milliseconds before they are subtracted, so that errors do not add up. */
static void write_point(struct series_writer *writer, const struct seep_html_point *point)
{
	write_difference(writer, point->elapsed_ns / SEEP_NS_PER_MS,
			 writer->before.elapsed_ns / SEEP_NS_PER_MS);
	write_difference(writer, point->live_bytes, writer->before.live_bytes);
	write_difference(writer, point->live_objects, writer->before.live_objects);
	writer->before = *point;
}

static uint64_t height_of(const struct seep_html_point *point, bool by_objects)
{
	return by_objects ? point->live_objects : point->live_bytes;
}

/*
 * Of the points from @first to before @end: the lowest, the highest and the last, in their order.
 */
static void write_part(struct series_writer *writer, const struct seep_html_point *points,
		       size_t first, size_t end, bool by_objects)
{
	size_t lowest = first, highest = first;

	for (size_t i = first; i < end; i++) {
		if (height_of(&points[i], by_objects) < height_of(&points[lowest], by_objects))
			lowest = i;
		if (height_of(&points[i], by_objects) > height_of(&points[highest], by_objects))
			highest = i;
	}
	for (size_t i = first; i < end; i++) {
		/*
		 * Three points at most, in the order of time; fewer if one of them is two of these.
		 */
		if (i == lowest || i == highest || i + 1 == end)
			write_point(writer, &points[i]);
	}
}

void seep_html_series_write(struct seep_buffer *out, const struct seep_html_series *series,
			    bool by_objects, size_t max)
{
	const struct seep_html_point *points = series->points;
	size_t count = series->num_points;
	struct series_writer writer = {.out = out};
	uint64_t part_ns;

	seep_buffer_putc(out, '[');
	if (count <= max) {
		for (size_t i = 0; i < count; i++)
			write_point(&writer, &points[i]);
	} else {
		/*
		 * max/3 parts with three points at most; rounded up, so that the last point is in
		 * the last part.
		 */
		part_ns = (points[count - 1].elapsed_ns - points[0].elapsed_ns) / (max / 3) + 1;
		for (size_t first = 0, end; first < count; first = end) {
			uint64_t part = (points[first].elapsed_ns - points[0].elapsed_ns) / part_ns;

			/*
			 * Parts are equal in time, not in points: the distance of points may change
			 * within a trace.
			 */
			end = first + 1;
			while (end < count &&
			       (points[end].elapsed_ns - points[0].elapsed_ns) / part_ns == part)
				end++;
			write_part(&writer, points, first, end, by_objects);
		}
	}
	seep_buffer_putc(out, ']');
}
