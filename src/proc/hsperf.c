// SPDX-License-Identifier: GPL-2.0-only
/*
 * A JVM has up to four collectors, numbered from 0; each has a name and a number of invocations.
 * What an invocation is differs: for those that work beside the program it is each of the pauses of
 * a cycle. The file is read anew each time: it is small, and the JVM writes into it all the time.
 */
#include "proc/hsperf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proc/own_file.h"

#define MAGIC	       "\xca\xfe\xc0\xc0"
#define LOW_BYTE_FIRST 1 /* of the byte behind it */
#define MAJOR_VERSION  2

#define PREFIX	       "sun.gc.collector."
#define MAX_COLLECTORS 4

/* Of /tmp so many entries are looked at; of other users any number may have files there. */
#define MAX_ENTRIES 4096

struct prologue {
	char magic[4];
	uint8_t byte_order;
	uint8_t major_version;
	uint8_t minor_version;
	uint8_t accessible;
	int32_t used;
	int32_t overflow;
	int64_t mod_time_stamp;
	int32_t entry_offset;
	int32_t num_entries;
};
_Static_assert(sizeof(struct prologue) == 32, "as the JVM writes it");

struct entry {
	int32_t length; /* of the entry with name and data */
	int32_t name_offset;
	int32_t vector_length; /* 0: a scalar */
	uint8_t type;	       /* as in the names of Java's classes: J is a long, B a byte */
	uint8_t flags;
	uint8_t units;
	uint8_t variability;
	int32_t data_offset;
};
_Static_assert(sizeof(struct entry) == 20, "as the JVM writes it");

struct collector {
	const char *name; /* NULL: not seen */
	uint64_t invocations;
};

/* How collectors are called, by a part of their name; the first that fits. */
static const struct {
	const char *part;
	unsigned int pauses; /* of one cycle, for each of which they count; 0: a young collection */
} collector_kinds[] = {
	{"young", 0},
	{"incremental", 0}, /* G1 */
	{"minor", 0},	    /* ZGC with generations */
	{"Scavenge", 0},    /* Parallel */
	{"Copy", 0},	    /* Serial */
	{"ParNew", 0},
	{"stop-the-world phases", 2}, /* G1: remark and cleanup */
	{"concurrent cycle", 3},      /* G1, ZGC: G1 has fewer */
	{"major", 3},		      /* ZGC with generations */
	{"Shenandoah", 4},
	{"", 1}, /* full collections of any */
};

static uint64_t cycles_of(const struct collector *collector)
{
	size_t i = 0;

	while (!strstr(collector->name, collector_kinds[i].part))
		i++;
	return collector_kinds[i].pauses ? collector->invocations / collector_kinds[i].pauses : 0;
}

/* The text at @offset of an entry, or NULL if it does not end within it. */
static const char *text_at(const char *entry, size_t length, int32_t offset)
{
	if (offset < (int32_t)sizeof(struct entry) || (size_t)offset >= length ||
	    !memchr(entry + offset, '\0', length - (size_t)offset))
		return NULL;
	return entry + offset;
}

/* One entry: is it about a collector? @length bytes from @bytes on are its own. */
static void read_entry(const char *bytes, size_t length, struct collector *collectors)
{
	struct entry entry;
	struct collector *collector;
	const char *name;

	memcpy(&entry, bytes, sizeof(entry));
	name = text_at(bytes, length, entry.name_offset);
	if (!name || strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return;
	/* A digit and a dot, then what it is: the text ends with a NUL, so nothing is passed. */
	name += strlen(PREFIX);
	if (name[0] < '0' || name[0] >= '0' + MAX_COLLECTORS || name[1] != '.')
		return;
	collector = &collectors[name[0] - '0'];
	name += 2;
	if (strcmp(name, "name") == 0 && entry.type == 'B')
		collector->name = text_at(bytes, length, entry.data_offset);
	else if (strcmp(name, "invocations") == 0 && entry.type == 'J' &&
		 entry.data_offset >= (int32_t)sizeof(entry) &&
		 (size_t)entry.data_offset + sizeof(uint64_t) <= length)
		memcpy(&collector->invocations, bytes + entry.data_offset, sizeof(uint64_t));
}

int seep_hsperf_parse(const void *bytes, size_t size, uint64_t *ret_collections)
{
	struct collector collectors[MAX_COLLECTORS] = {0};
	struct prologue prologue;
	uint64_t sum = 0;
	bool found = false;
	size_t offset;

	if (size < sizeof(prologue))
		return -EINVAL;
	memcpy(&prologue, bytes, sizeof(prologue));
	if (memcmp(prologue.magic, MAGIC, sizeof(prologue.magic)) != 0 ||
	    prologue.byte_order != LOW_BYTE_FIRST || prologue.major_version != MAJOR_VERSION ||
	    prologue.entry_offset < (int32_t)sizeof(prologue))
		return -EINVAL;
	offset = (size_t)prologue.entry_offset;
	for (int32_t i = 0; i < prologue.num_entries; i++) {
		const char *entry = (const char *)bytes + offset;
		int32_t length;

		if (offset > size || size - offset < sizeof(struct entry))
			break;
		memcpy(&length, entry, sizeof(length));
		if (length < (int32_t)sizeof(struct entry) || (size_t)length > size - offset)
			break;
		read_entry(entry, (size_t)length, collectors);
		offset += (size_t)length;
	}
	for (size_t i = 0; i < MAX_COLLECTORS; i++) {
		found = found || collectors[i].name;
		sum += collectors[i].name ? cycles_of(&collectors[i]) : 0;
	}
	if (!found)
		return -EINVAL;
	*ret_collections = sum;
	return 0;
}

/* The file has the PID that the JVM knows, in a directory with the name of its user. */
static int open_file(const struct seep_own_files *files)
{
	int directory = seep_own_file_open_directory(files, "tmp");
	const struct dirent *entry;
	int fd = -ENOENT;
	DIR *list;

	if (directory < 0)
		return directory;
	list = fdopendir(directory);
	if (!list) {
		close(directory);
		return -ENOENT;
	}
	for (int i = 0; i < MAX_ENTRIES && fd < 0 && (entry = readdir(list)); i++) {
		char path[NAME_MAX + 32];

		if (strncmp(entry->d_name, "hsperfdata_", 11) != 0)
			continue;
		snprintf(path, sizeof(path), "tmp/%s/%d", entry->d_name, files->ids.inner_pid);
		fd = seep_own_file_open(files, path);
	}
	closedir(list);
	return fd;
}

int seep_hsperf_read(pid_t pid, uint64_t *ret_collections)
{
	SEEP_AUTO_FREE void *bytes = NULL;
	SEEP_AUTO_CLOSE int fd = -1;
	struct seep_own_files files;
	struct stat status;
	ssize_t size;
	int error = seep_own_files_open(pid, &files);

	if (error)
		return error;
	fd = open_file(&files);
	seep_own_files_close(&files);
	if (fd < 0)
		return fd;
	if (fstat(fd, &status))
		return -errno;
	if (status.st_size <= 0 || status.st_size > SEEP_HSPERF_BYTES_MAX)
		return -EFBIG;
	bytes = malloc((size_t)status.st_size);
	if (!bytes)
		return -ENOMEM;
	size = read(fd, bytes, (size_t)status.st_size);
	return size < 0 ? -errno : seep_hsperf_parse(bytes, (size_t)size, ret_collections);
}
