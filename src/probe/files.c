// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of files: a file is met by a mapping that was looked through (seep_files_get), by its
 * descriptor before anybody maps it (seep_files_get_fd), or by an event of BPF
 * (seep_files_get_gone, seep_files_find). At the first meeting it is opened and searched for traced
 * functions (file_functions.c). Files are never removed: a frame of a stack may name them until the
 * last report. Each open one holds a descriptor, which RLIMIT_NOFILE bounds; a file for which no
 * descriptor is left is offered again at the next meeting.
 */
#include "probe/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "probe/file_functions.h"
#include "probe/registry.h"

struct entry {
	struct seep_file file;
	struct entry *next;
};

/* Entries are reached through inodes; the list owns them. */
struct seep_files {
	struct seep_files_config config;
	struct seep_inodes *inodes;
	struct entry *entries;
	uint32_t num_entries;
	struct seep_registry *registry;
};

int seep_files_new(const struct seep_files_config *config, struct seep_files **ret_files)
{
	struct seep_files *files = calloc(1, sizeof(*files));

	if (!files)
		return -ENOMEM;
	if (seep_inodes_new(&files->inodes) ||
	    seep_registry_new(config->kernel, config->cost, &files->registry)) {
		seep_files_free(files);
		return -ENOMEM;
	}
	files->config = *config;
	*ret_files = files;
	return 0;
}

static void entry_free(struct entry *entry)
{
	seep_cleanup_fd(&entry->file.fd);
	for (size_t i = 0; i < entry->file.num_functions; i++)
		free(entry->file.functions[i].name);
	free(entry->file.functions);
	free(entry->file.exits);
	free(entry->file.path);
	free(entry->file.root);
	free(entry);
}

void seep_files_free(struct seep_files *files)
{
	struct entry *entry, *next;

	if (!files)
		return;
	LL_FOREACH_SAFE(files->entries, entry, next)
	{
		entry_free(entry);
	}
	seep_registry_free(files->registry);
	seep_inodes_free(files->inodes);
	free(files);
}

#define COMM_MAX 64 /* 16 in the kernel, with a line break behind it */

/* Where a file is met. */
struct meeting {
	pid_t pid;		 /* 0: nobody maps it yet */
	struct seep_inode shown; /* as /proc/PID/maps has it */
	const char *path;
	const char *root;
};

static int search(struct seep_files *files, struct seep_file *file)
{
	const struct seep_file_search how = {
		.registry = files->registry,
		.symbolizer = files->config.symbolizer,
		.allocators = files->config.allocators,
		.unplaced = files->config.unplaced,
	};

	return seep_file_find_functions(&how, file);
}

/* Takes over @fd, which may be a -errno; a file that could not be opened may be offered again. */
static int set_fd(struct seep_files *files, struct seep_file *file, int fd)
{
	file->fd = fd < 0 ? -1 : fd;
	file->failure = fd < 0 ? fd : search(files, file);
	return file->failure == -ENOMEM ? -ENOMEM : 0;
}

/* Without its line break. 0 or -errno. */
static int read_comm(pid_t pid, char comm[COMM_MAX])
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	char path[64];
	int error;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	error = seep_file_read_at(AT_FDCWD, path, COMM_MAX - 1, &text);
	if (error)
		return error;
	text.data[strcspn(text.data, "\n")] = '\0';
	snprintf(comm, COMM_MAX, "%s", text.data);
	return *comm ? 0 : -ENOENT;
}

/* Is @fd, which may be a -errno, open on this inode? */
static bool is_inode(struct seep_files *files, int fd, const struct seep_inode *inode)
{
	struct seep_inode found;

	return fd >= 0 && seep_inode_of_fd(files->config.kernel, fd, &found) == 0 &&
	       seep_inode_equal(&found, inode);
}

/* Is the mapping that of the program that the process runs? */
static bool is_program(const struct meeting *meeting)
{
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)meeting->pid);
	length = meeting->pid ? readlink(link, path, sizeof(path) - 1) : -1;
	if (length < 0)
		return false;
	path[length] = '\0';
	return strcmp(path, meeting->path) == 0;
}

/*
 * The name by which people know the program: the kernel shows redis-server as redis-check-rdb, to
 * which it is a link. A program is called by its command name if that is a name of the same file in
 * the same directory. NULL if it is not.
 */
static char *program_path(struct seep_files *files, const struct meeting *meeting,
			  const struct seep_inode *inode)
{
	SEEP_AUTO_CLOSE int fd = -1;
	const char *slash = strrchr(meeting->path, '/');
	char comm[COMM_MAX], path[PATH_MAX];

	if (!slash || !is_program(meeting) || read_comm(meeting->pid, comm) || strchr(comm, '/') ||
	    strcmp(comm, slash + 1) == 0 ||
	    snprintf(path, sizeof(path), "%.*s%s", (int)(slash + 1 - meeting->path), meeting->path,
		     comm) >= (int)sizeof(path))
		return NULL;
	fd = seep_maps_open_path(meeting->root ? meeting->root : "", path);
	return is_inode(files, fd, inode) ? strdup(path) : NULL;
}

/* Adds a file that is not open yet, under its inode for good. */
static int add_file(struct seep_files *files, const struct meeting *meeting,
		    const struct seep_inode *inode, struct seep_file **ret_file)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->file.fd = -1;
	entry->file.inode = *inode;
	entry->file.path = program_path(files, meeting, inode);
	if (!entry->file.path)
		entry->file.path = strdup(meeting->path);
	entry->file.root = meeting->root ? strdup(meeting->root) : NULL;
	if (!entry->file.path || (meeting->root && !entry->file.root) ||
	    seep_inodes_set(files->inodes, inode, 0, &entry->file)) {
		entry_free(entry);
		return -ENOMEM;
	}
	/* Last, when nothing can fail any more: indexes have no gaps. */
	entry->file.index = files->num_entries++;
	LL_PREPEND(files->entries, entry);
	*ret_file = &entry->file;
	return 0;
}

/* Finds or makes the file whose descriptor, or -errno, is @fd, which it takes over. */
static int meet(struct seep_files *files, const struct meeting *meeting, int fd,
		const struct seep_file **ret_file)
{
	struct seep_inode inode = meeting->shown;
	/* Closed on return unless a new file, or one that could not be opened before, takes it. */
	SEEP_AUTO_CLOSE int own = fd;
	struct seep_file *file;
	int error = 0;

	/*
	 * The real inode, behind an overlay, is known only of an open file; else the shown one has
	 * to do.
	 */
	if (fd >= 0 && seep_inode_of_fd(files->config.kernel, fd, &inode))
		inode = meeting->shown;
	file = seep_inodes_find(files->inodes, &inode);
	if (!file)
		error = add_file(files, meeting, &inode, &file);
	if (!error && file->fd < 0)
		error = set_fd(files, file, fd < 0 ? fd : SEEP_TAKE_FD(own));
	/* The overlay's inode leads to the file as well, as long as this process lives. */
	if (!error && meeting->pid && !seep_inode_equal(&inode, &meeting->shown))
		error = seep_inodes_set(files->inodes, &meeting->shown, meeting->pid, file);
	if (error)
		return error;
	*ret_file = file;
	return 0;
}

int seep_files_get(struct seep_files *files, pid_t pid, const char *root,
		   const struct seep_mapping *mapping, const struct seep_file **ret_file)
{
	struct meeting meeting = {
		.pid = pid,
		.shown = {mapping->dev_major, mapping->dev_minor, mapping->inode},
		.path = mapping->path,
		.root = root,
	};
	const struct seep_file *file = seep_inodes_find(files->inodes, &meeting.shown);

	if (!file || file->fd < 0)
		return meet(files, &meeting, seep_maps_open(pid, mapping), ret_file);
	*ret_file = file;
	return 0;
}

int seep_files_get_fd(struct seep_files *files, int fd, const char *path,
		      const struct seep_file **ret_file)
{
	struct meeting meeting = {.path = path};
	/* The table keeps a descriptor of its own; the caller closes the one that was given. */
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : meet(files, &meeting, copy, ret_file);
}

/* Opens the file @inode where it was mapped. A descriptor or -errno. */
static int open_gone(struct seep_files *files, pid_t pid, const char *root,
		     const struct seep_mapping *mapping, const struct seep_inode *inode)
{
	/*
	 * First through the mapping, which cannot be mistaken; then by its path, where another file
	 * may be by now, so the inode is compared both times.
	 */
	SEEP_AUTO_CLOSE int mapped = seep_maps_open(pid, mapping), named = -1;

	if (is_inode(files, mapped, inode))
		return SEEP_TAKE_FD(mapped);
	named = seep_maps_open_path(root ? root : "", mapping->path);
	if (is_inode(files, named, inode))
		return SEEP_TAKE_FD(named);
	return mapped < 0 ? mapped : -ESTALE;
}

int seep_files_get_gone(struct seep_files *files, pid_t pid, const char *root,
			const struct seep_mapping *mapping, const struct seep_file **ret_file)
{
	struct meeting meeting = {
		.shown = {mapping->dev_major, mapping->dev_minor, mapping->inode},
		.path = mapping->path,
		.root = root,
	};
	const struct seep_file *file = seep_inodes_find(files->inodes, &meeting.shown);

	if (!file || file->fd < 0)
		return meet(files, &meeting, open_gone(files, pid, root, mapping, &meeting.shown),
			    ret_file);
	*ret_file = file;
	return 0;
}

int seep_files_frame_id(struct seep_files *files, const struct seep_file *file, uint32_t *ret_id)
{
	/* The file is the first member of its entry. */
	struct entry *entry = (struct entry *)file;
	int error;

	if (!file->id) {
		*ret_id = seep_registry_file_id(files->registry);
		error = seep_symbolizer_add_file(files->config.symbolizer, *ret_id, file->path,
						 file->fd, file->root);
		if (error)
			return error;
		entry->file.id = *ret_id;
	}
	*ret_id = file->id;
	return 0;
}

const struct seep_file *seep_files_find(const struct seep_files *files,
					const struct seep_inode *inode)
{
	return seep_inodes_find(files->inodes, inode);
}

void seep_files_forget(struct seep_files *files, pid_t pid)
{
	seep_inodes_forget(files->inodes, pid);
}

const struct seep_registry *seep_files_registry(const struct seep_files *files)
{
	return files->registry;
}
