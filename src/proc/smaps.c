// SPDX-License-Identifier: GPL-2.0-only
#include "proc/smaps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "proc/lines.h"
#include "proc/maps.h"

#define FIRST_CAPACITY 128
#define KIB	       1024

/* "Rss:      32 kB" */
static bool parse_field(const char *line, const char *name, uint64_t *bytes)
{
	uint64_t kib;

	if (seep_proc_take_text(&line, name))
		return false;
	line += strspn(line, " ");
	if (seep_proc_take_number(&line, &kib) || seep_proc_take_text(&line, " kB"))
		return false;
	*bytes = kib * KIB;
	return true;
}

static int add(struct seep_smaps *smaps, size_t *capacity)
{
	if (smaps->count == SEEP_SMAPS_MAX)
		return -E2BIG;
	if (smaps->count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : FIRST_CAPACITY;
		struct seep_region *grown = reallocarray(smaps->regions, more, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		smaps->regions = grown;
		*capacity = more;
	}
	smaps->regions[smaps->count++] = (struct seep_region){0};
	return 0;
}

/* Names of fields begin with a capital letter, which no address does. */
static bool is_field(const char *line)
{
	return *line >= 'A' && *line <= 'Z';
}

/* The fields go to the regions; the lines before them, those of maps, to @heads. */
static int read_lines(FILE *stream, struct seep_smaps *smaps, struct seep_buffer *heads)
{
	SEEP_AUTO_FREE char *line = NULL;
	size_t capacity = 0, size = 0;
	int error;

	while (getline(&line, &size, stream) > 0) {
		if (is_field(line) && smaps->count) {
			struct seep_region *last = &smaps->regions[smaps->count - 1];

			if (!parse_field(line, "Rss:", &last->resident_bytes))
				parse_field(line, "Anonymous:", &last->anon_bytes);
			continue;
		}
		error = add(smaps, &capacity);
		if (error)
			return error;
		seep_buffer_puts(heads, line);
	}
	if (ferror(stream))
		return errno == ESRCH ? -ESRCH : -EIO;
	return heads->error;
}

static void fill_head(struct seep_region *region, const struct seep_mapping *mapping)
{
	size_t length = strlen(mapping->path);
	size_t skip = length < SEEP_REGION_NAME ? 0 : length - SEEP_REGION_NAME + 1;

	region->start = mapping->start;
	region->end = mapping->end;
	region->writable = mapping->writable;
	region->shared = mapping->shared;
	strncpy(region->name, mapping->path + skip, SEEP_REGION_NAME - 1);
}

/* Takes the text. */
static int fill_heads(struct seep_smaps *smaps, struct seep_buffer *heads)
{
	struct seep_maps maps;
	char *text;
	int error;

	if (!smaps->count)
		return 0;
	text = seep_buffer_take(heads);
	error = text ? seep_maps_parse(text, &maps) : -ENOMEM;
	if (error) {
		free(text);
		return error;
	}
	if (maps.num_mappings != smaps->count)
		error = -EINVAL;
	for (size_t i = 0; !error && i < smaps->count; i++)
		fill_head(&smaps->regions[i], &maps.mappings[i]);
	seep_maps_done(&maps);
	return error;
}

int seep_smaps_parse(FILE *stream, struct seep_smaps *ret_smaps)
{
	SEEP_AUTO_BUFFER struct seep_buffer heads = SEEP_BUFFER_INIT;
	struct seep_smaps smaps = {0};
	int error = read_lines(stream, &smaps, &heads);

	if (!error)
		error = fill_heads(&smaps, &heads);
	if (error) {
		seep_smaps_done(&smaps);
		return error;
	}
	*ret_smaps = smaps;
	return 0;
}

int seep_smaps_read(pid_t pid, struct seep_smaps *ret_smaps)
{
	char path[40];
	FILE *stream;
	int error;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	stream = fopen(path, "re");
	/* Without the file the process has ended. */
	if (!stream)
		return errno == ENOENT ? -ESRCH : -errno;
	error = seep_smaps_parse(stream, ret_smaps);
	fclose(stream);
	return error;
}

void seep_smaps_done(struct seep_smaps *smaps)
{
	free(smaps->regions);
	*smaps = (struct seep_smaps){0};
}
