// SPDX-License-Identifier: GPL-2.0-only
#include "proc/smaps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define FIRST_CAPACITY 128
#define KIB	       1024

/* "7f00a000-7f00c000 rw-p 00000000 00:00 0    [heap]". Is it the first line of a mapping? */
static bool parse_head(const char *line, struct seep_region *region)
{
	char permissions[5];
	int name_at = 0;
	size_t length;

	*region = (struct seep_region){0};
	/* The inode is the last number; the path, if there is one, follows after spaces. */
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %*u %n", &region->start,
		   &region->end, permissions, &name_at) < 3 ||
	    !name_at || region->end <= region->start)
		return false;
	region->writable = permissions[1] == 'w';
	region->shared = permissions[3] == 's';
	length = strlen(line + name_at);
	if (length >= SEEP_REGION_NAME)
		name_at += (int)(length - SEEP_REGION_NAME + 1);
	strncpy(region->name, line + name_at, SEEP_REGION_NAME - 1);
	return true;
}

static void parse_number(const char *line, struct seep_region *region)
{
	uint64_t kib;

	if (sscanf(line, "Rss: %" SCNu64 " kB", &kib) == 1)
		region->resident_bytes = kib * KIB;
	else if (sscanf(line, "Anonymous: %" SCNu64 " kB", &kib) == 1)
		region->anon_bytes = kib * KIB;
}

static int add(struct seep_smaps *smaps, size_t *capacity, const struct seep_region *region)
{
	if (smaps->count == SEEP_SMAPS_MAX)
		return -E2BIG;
	/* Who searches relies on the order. */
	if (smaps->count && smaps->regions[smaps->count - 1].end > region->start)
		return -EINVAL;
	if (smaps->count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : FIRST_CAPACITY;
		struct seep_region *grown = reallocarray(smaps->regions, more, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		smaps->regions = grown;
		*capacity = more;
	}
	smaps->regions[smaps->count++] = *region;
	return 0;
}

int seep_smaps_parse(FILE *stream, struct seep_smaps *ret_smaps)
{
	SEEP_AUTO_FREE char *line = NULL;
	struct seep_smaps smaps = {0};
	struct seep_region region;
	size_t capacity = 0, size = 0;
	ssize_t length;
	int error = 0;

	while (!error && (length = getline(&line, &size, stream)) > 0) {
		line[length - (line[length - 1] == '\n')] = '\0';
		/* Names of fields begin with a capital letter, which no address does. */
		if (*line >= 'A' && *line <= 'Z' && smaps.count)
			parse_number(line, &smaps.regions[smaps.count - 1]);
		else
			error = parse_head(line, &region) ? add(&smaps, &capacity, &region) :
							    -EINVAL;
	}
	if (!error && ferror(stream))
		error = errno == ESRCH ? -ESRCH : -EIO;
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
