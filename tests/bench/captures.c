// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a capture costs: "captures FILE SITES PERCENT SECONDS INTERVAL_S" writes a trace that never
 * happened, of whose sites PERCENT change between two snapshots, and reads it again. Prints one
 * line of JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../unit/store/world.h"

#include "base/clock.h"
#include "store/reader.h"
#include "store/writer.h"

static void require(const char *what, int error)
{
	if (!error)
		return;
	fprintf(stderr, "captures: cannot %s: %s\n", what, strerror(-error));
	exit(1);
}

static double ms_since(uint64_t start_ns)
{
	return (double)(seep_clock_monotonic_ns() - start_ns) / SEEP_NS_PER_MS;
}

/* Prints the CPU time and the time for each snapshot, and the longest time. */
static void write_all(const char *path, struct world *world, unsigned int percent, uint64_t count,
		      uint64_t interval_ns)
{
	const struct seep_writer_config config = {0};
	uint64_t cpu_ns = 0, start_ns, start_cpu_ns;
	double sum_ms = 0, longest_ms = 0;
	struct seep_writer *writer;

	require("open", seep_writer_open(path, &config, &writer));
	for (uint64_t i = 0; i < count; i++) {
		double ms;

		world_step(world, interval_ns, percent);
		start_ns = seep_clock_monotonic_ns();
		start_cpu_ns = seep_clock_cpu_ns();
		require("write", seep_writer_write(writer, &world->snapshot, world->symbolizer));
		require("tidy", seep_writer_tidy(writer));
		cpu_ns += seep_clock_cpu_ns() - start_cpu_ns;
		ms = ms_since(start_ns);
		sum_ms += ms;
		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	seep_writer_close(writer);
	printf("\"write_cpu_ms\": %.3f, \"write_ms\": %.3f, \"write_longest_ms\": %.1f, ",
	       (double)cpu_ns / (double)count / SEEP_NS_PER_MS, sum_ms / (double)count, longest_ms);
}

static void read_all(const char *path)
{
	uint64_t start_ns = seep_clock_monotonic_ns();
	struct seep_moment *moments;
	struct seep_reader *reader;
	struct seep_loaded *loaded;
	struct seep_point *points;
	size_t count, num_points;

	require("open", seep_reader_open(path, &reader));
	require("list", seep_reader_list(reader, &moments, &count));
	printf("\"open_ms\": %.1f, ", ms_since(start_ns));
	start_ns = seep_clock_monotonic_ns();
	require("load", seep_reader_load(reader, moments[count / 2].id, &loaded));
	printf("\"load_middle_ms\": %.1f, ", ms_since(start_ns));
	seep_loaded_free(loaded);
	start_ns = seep_clock_monotonic_ns();
	require("load", seep_reader_load(reader, moments[count - 1].id, &loaded));
	printf("\"load_last_ms\": %.1f, ", ms_since(start_ns));
	start_ns = seep_clock_monotonic_ns();
	require("read the course", seep_reader_site_series(reader, loaded, loaded->snapshot.sites,
							   &points, &num_points));
	printf("\"course_ms\": %.1f, \"snapshots\": %zu", ms_since(start_ns), count);
	free(points);
	seep_loaded_free(loaded);
	free(moments);
	seep_reader_close(reader);
}

int main(int argc, char **argv)
{
	struct stat status;
	struct world world;
	uint64_t numbers[4];

	if (argc != 6)
		return 2;
	for (int i = 0; i < 4; i++)
		numbers[i] = strtoull(argv[2 + i], NULL, 10);
	world_init(&world, 4, numbers[0], 1);
	printf("{");
	write_all(argv[1], &world, (unsigned int)numbers[1], numbers[2] / numbers[3],
		  numbers[3] * SEEP_NS_PER_S);
	read_all(argv[1]);
	if (stat(argv[1], &status))
		return 1;
	printf(", \"bytes\": %lld}\n", (long long)status.st_size);
	world_done(&world);
	return 0;
}
