// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading and parsing come first, opening what is mapped second. The text is taken as it is: it
 * belongs to the maps and its paths are used in place, so parsing allocates one array.
 *
 * What is mapped is opened through map_files where possible, because a path may lead elsewhere by
 * now or in another mount namespace. It is looked at before it is opened for reading: opening a
 * device or a FIFO can have effects or block. Bounded by SEEP_MAPS_MAX and MAPS_MAX_BYTES.
 */
#include "proc/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/lookup.h"
#include "proc/process.h"

/* 250 bytes for each mapping of SEEP_MAPS_MAX */
#define MAPS_MAX_BYTES (250UL * SEEP_MAPS_MAX)

/* Hexadecimal, as the kernel writes it: in lower case. INT_MAX for any other character. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return INT_MAX;
}

/* Reads a number of at most @max that @end follows, and moves *at behind both. */
static int take_number(char **at, unsigned int base, char end, uint64_t max, uint64_t *ret_value)
{
	const char *start = *at;
	uint64_t value = 0;
	char *text = *at;

	for (; (unsigned int)digit_value(*text) < base; text++) {
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*text), &value))
			return -EINVAL;
	}
	/* Each number has at least one digit, and exactly one character behind it. */
	if (text == start || *text != end || value > max)
		return -EINVAL;
	*at = text + 1;
	*ret_value = value;
	return 0;
}

/* Reads "rwxp ". */
static int take_permissions(char **at, struct seep_mapping *mapping)
{
	const char *text = *at;

	if (strnlen(text, 5) < 5 || text[4] != ' ')
		return -EINVAL;
	mapping->readable = text[0] == 'r';
	mapping->writable = text[1] == 'w';
	mapping->executable = text[2] == 'x';
	mapping->shared = text[3] == 's';
	*at += 5;
	return 0;
}

/*
 * The kernel writes a line break in a path as \012 and leaves all else as it is, the backslash too
 * (seq_path with "\n" in fs/proc/task_mmu.c). So no other escape may be undone here.
 */
static void unescape_path(char *path)
{
	/* In place: a path only gets shorter. Most have no line break and are not touched. */
	char *from = strstr(path, "\\012");
	char *to = from;

	while (from && *from) {
		if (strncmp(from, "\\012", 4) == 0) {
			*to++ = '\n';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	if (to)
		*to = '\0';
}

/* One line of proc(5): "address perms offset dev inode pathname", the last padded and optional. */
static int parse_line(char *line, struct seep_mapping *ret_mapping)
{
	struct seep_mapping mapping = {0};
	uint64_t dev_major;
	uint64_t dev_minor;

	if (take_number(&line, 16, '-', UINT64_MAX, &mapping.start) ||
	    take_number(&line, 16, ' ', UINT64_MAX, &mapping.end) ||
	    take_permissions(&line, &mapping) ||
	    take_number(&line, 16, ' ', UINT64_MAX, &mapping.offset) ||
	    take_number(&line, 16, ':', UINT32_MAX, &dev_major) ||
	    take_number(&line, 16, ' ', UINT32_MAX, &dev_minor) ||
	    take_number(&line, 10, ' ', UINT64_MAX, &mapping.inode))
		return -EINVAL;
	/* No mapping is empty. */
	if (mapping.start >= mapping.end)
		return -EINVAL;

	line += strspn(line, " ");
	mapping.deleted = seep_proc_cut_deleted(line);
	unescape_path(line);
	mapping.path = line;
	mapping.dev_major = (uint32_t)dev_major;
	mapping.dev_minor = (uint32_t)dev_minor;
	*ret_mapping = mapping;
	return 0;
}

/* A last line without a line break counts, too. */
static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text = strchrnul(text, '\n'), text += *text == '\n')
		lines++;
	return lines;
}

int seep_maps_parse(char *text, struct seep_maps *ret_maps)
{
	SEEP_AUTO_FREE struct seep_mapping *mappings = NULL;
	/* Counted first, so that one allocation is enough. */
	size_t num_mappings = count_lines(text);
	uint64_t end = 0;
	char *line = text;

	if (num_mappings > SEEP_MAPS_MAX)
		return -E2BIG;
	mappings = calloc(num_mappings ? num_mappings : 1, sizeof(*mappings));
	if (!mappings)
		return -ENOMEM;

	for (size_t i = 0; i < num_mappings; i++) {
		int error;

		/* strsep ends the line in the text itself, where the path of the mapping stays. */
		error = parse_line(strsep(&line, "\n"), &mappings[i]);
		if (error)
			return error;
		/* Addresses never go backwards (Documentation/filesystems/proc.rst). */
		if (mappings[i].start < end)
			return -EINVAL;
		end = mappings[i].end;
	}

	*ret_maps = (struct seep_maps){
		.num_mappings = num_mappings,
		.mappings = SEEP_TAKE_PTR(mappings),
		.text = text,
	};
	return 0;
}

/* The text of /proc/@pid/maps, whose process may have lost its leader. */
static int read_maps(pid_t pid, struct seep_buffer *buffer)
{
	char path[32];
	pid_t thread;
	int error;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	error = seep_file_read_at(AT_FDCWD, path, MAPS_MAX_BYTES, buffer);
	/*
	 * The file of a leader that has ended is empty, while other threads still have the memory.
	 */
	if (error || buffer->length)
		return error;
	thread = seep_proc_living_thread(pid);
	if (thread < 0 || thread == pid)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", thread);
	return seep_file_read_at(AT_FDCWD, path, MAPS_MAX_BYTES, buffer);
}

int seep_maps_read(pid_t pid, struct seep_maps *ret_maps)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE char *text = NULL;
	int error;

	error = read_maps(pid, &buffer);
	/* No such process, or one without memory: a zombie or a kernel thread. */
	if (error == -ENOENT || (!error && buffer.length == 0))
		return -ESRCH;
	if (error)
		return error;

	text = seep_buffer_take(&buffer);
	if (!text)
		return -ENOMEM;
	/* On success the maps have the text, on failure it is freed here. */
	error = seep_maps_parse(text, ret_maps);
	if (!error)
		SEEP_TAKE_PTR(text);
	return error;
}

void seep_maps_done(struct seep_maps *maps)
{
	free(maps->mappings);
	free(maps->text);
	*maps = (struct seep_maps){0};
}

/* For bsearch: mappings are ascending and do not overlap. */
static int compare_address(const void *key, const void *element)
{
	const struct seep_mapping *mapping = element;
	uint64_t address = *(const uint64_t *)key;

	return address < mapping->start ? -1 : address >= mapping->end;
}

bool seep_maps_is_shared_memory(const char *path)
{
	static const char *const prefixes[] = {"/dev/shm/", "/memfd:", "/SYSV", "/dev/zero",
					       "[anon_shmem:"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(path, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

const struct seep_mapping *seep_maps_find(const struct seep_maps *maps, uint64_t address)
{
	if (maps->num_mappings == 0)
		return NULL;
	return bsearch(&address, maps->mappings, maps->num_mappings, sizeof(*maps->mappings),
		       compare_address);
}

/* Opens the regular file of an O_PATH descriptor, which it takes over; a device is not opened. */
static int open_regular(int fd)
{
	SEEP_AUTO_CLOSE int file = fd;
	struct stat status;

	/* With O_PATH nothing is really opened, so a look at a device or a FIFO has no effect. */
	if (file < 0 || fstat(file, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENODEV;
	/* The same file, through its descriptor. */
	return seep_lookup_reopen(file, O_RDONLY | O_NOCTTY | O_NONBLOCK);
}

/*
 * map_files is checked by name: the link reads as the path in maps did, while the inode need not be
 * that of maps (overlayfs, btrfs). A library of another name may sit at the same addresses by now.
 */
static int open_map_file(pid_t pid, const struct seep_mapping *mapping)
{
	char target[PATH_MAX + 1];
	char link[80];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/map_files/%llx-%llx", pid,
		 (unsigned long long)mapping->start, (unsigned long long)mapping->end);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	seep_proc_cut_deleted(target);
	/* Other mappings may be at these addresses by now. */
	if (strcmp(target, mapping->path) != 0)
		return -ESTALE;
	return open_regular(open(link, O_PATH | O_CLOEXEC));
}

int seep_maps_open_path(const char *root, const char *path)
{
	/* Below the root of the process, as the process itself would find the file. */
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		/*
		 * Absolute links lead within the root, and links of /proc lead nowhere (openat2(2),
		 * Linux 5.6).
		 */
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	SEEP_AUTO_CLOSE int directory = -1;

	if (!root[0])
		return open_regular(open(path, O_PATH | O_CLOEXEC));
	directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	return open_regular((int)syscall(SYS_openat2, directory, path, &how, sizeof(how)));
}

/* -ESTALE if the path leads to another file than the mapped one. */
static int open_by_path(const char *root, const struct seep_mapping *mapping)
{
	SEEP_AUTO_CLOSE int fd = seep_maps_open_path(root, mapping->path);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	/* A path is only a name: another file may have it by now. */
	if (status.st_ino != mapping->inode || major(status.st_dev) != mapping->dev_major ||
	    minor(status.st_dev) != mapping->dev_minor)
		return -ESTALE;
	return SEEP_TAKE_FD(fd);
}

int seep_maps_open(pid_t pid, const struct seep_mapping *mapping)
{
	char root[32];
	pid_t thread;
	int fd;

	/* Anonymous memory, the heap, stacks, the vDSO. */
	if (mapping->inode == 0 || mapping->path[0] != '/')
		return -EINVAL;

	fd = open_map_file(pid, mapping);
	if (fd >= 0 || fd == -ENODEV)
		return fd;
	/* map_files of a leader that has ended is empty. */
	thread = seep_proc_living_thread(pid);
	if (thread < 0)
		return -ESRCH;
	if (thread != pid)
		fd = open_map_file(thread, mapping);
	if (fd >= 0 || fd == -ENODEV)
		return fd;

	/*
	 * Paths in maps begin at our root if they lie below it (a chroot), else at the root of the
	 * mount that they are in (a container).
	 */
	fd = open_by_path("", mapping);
	if (fd < 0) {
		snprintf(root, sizeof(root), "/proc/%d/root", thread);
		fd = open_by_path(root, mapping);
	}
	return fd;
}
