// SPDX-License-Identifier: GPL-2.0-only
#include "trace/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "elf/demangle.h"
#include "elf/image.h"
#include "symbol/search.h"

/* How much of a function is looked at for a probe place; the place is within the first few bytes. */
#define CODE_BYTES 4096

#define INSTRUCTION_BYTES 15 /* the longest one */

struct entry {
	struct seep_file file;
	struct entry *next;
};

struct probe_info {
	enum seep_role role;
	bool emulated;
};

struct seep_files {
	struct seep_files_config config;
	struct seep_inodes *inodes;
	struct entry *entries;
	uint32_t num_entries;
	uint32_t num_files; /* ids given, from SEEP_FILE_USER_BASE on */
	uint32_t num_probes;
	struct probe_info probes[SEEP_MAX_PROBES];
};

int seep_files_new(const struct seep_files_config *config, struct seep_files **ret_files)
{
	struct seep_files *files = calloc(1, sizeof(*files));

	if (!files || seep_inodes_new(&files->inodes)) {
		free(files);
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
	seep_inodes_free(files->inodes);
	free(files);
}

/* --- traced functions of one file -------------------------------------------------------------- */

static int place_probe(const struct seep_files *files, const struct seep_image *image,
		       const struct seep_found *found, struct seep_file_function *function)
{
	const struct seep_allocator *allocator = found->allocator;
	/* Of a function that is not seen as a whole only the entry is safe. */
	size_t wanted = files->config.unplaced ? INSTRUCTION_BYTES : CODE_BYTES;
	const uint8_t *code;
	size_t length = seep_image_code(image, found->address, wanted, &code);
	int error;

	error = seep_probe_site_find(
		code, found->size && found->size < length ? found->size : length, found->size,
		seep_role_returns(allocator->role) ? SEEP_SITE_RETURN : SEEP_SITE_ENTRY,
		seep_allocator_num_args(allocator), &function->site);
	if (error)
		return error;
	return seep_image_address_to_offset(image, found->address + function->site.offset,
					    &function->offset);
}

static int register_probe(struct seep_files *files, uint64_t frame,
			  const struct seep_allocator *allocator,
			  struct seep_file_function *function)
{
	struct seep_probe probe = {
		.frame = frame,
		.role = (uint8_t)allocator->role,
		.size_arg = allocator->size_arg,
		.count_arg = allocator->count_arg,
		.pointer_arg = allocator->pointer_arg,
		.out_arg = allocator->out_arg,
		.kind = (uint8_t)allocator->kind,
		.heap = allocator->family == SEEP_FAMILY_USER ? SEEP_HEAP_USER : SEEP_HEAP_USUAL,
		.libc = allocator->family == SEEP_FAMILY_C,
		.pushed = function->site.pushed,
	};
	int error;

	if (files->num_probes == SEEP_MAX_PROBES)
		return -ENOSPC;
	error = seep_kernel_set_probe(files->config.kernel, files->num_probes, &probe);
	if (error)
		return error;
	files->probes[files->num_probes].role = allocator->role;
	files->probes[files->num_probes].emulated = function->site.emulated;
	function->probe = files->num_probes++;
	return 0;
}

/* Operators of C++ as people write them. */
static int set_name(struct seep_file_function *function, const struct seep_allocator *allocator)
{
	function->allocator = allocator;
	function->role = allocator->role;
	function->name = seep_demangle(allocator->name);
	if (!function->name)
		function->name = strdup(allocator->name);
	return function->name ? 0 : -ENOMEM;
}

/* operator delete goes on as free: one probe there is enough, and each costs. */
static bool forwards(const struct seep_files *files, const struct seep_image *image,
		     const struct seep_search *search, const struct seep_found *found,
		     const struct seep_probe_site *site)
{
	return found->allocator->role == SEEP_ROLE_FREE &&
	       found->allocator->family != SEEP_FAMILY_USER && site->jumps &&
	       seep_search_releases_at(files->config.allocators, image, search,
				       found->address + site->target);
}

static int add_function(struct seep_files *files, const struct seep_image *image, uint32_t file_id,
			const struct seep_search *search, const struct seep_found *found,
			struct seep_file *file)
{
	struct seep_file_function *function = &file->functions[file->num_functions];
	uint64_t entry_offset;
	int error;

	error = seep_image_address_to_offset(image, found->address, &entry_offset);
	if (!error)
		error = place_probe(files, image, found, function);
	if (error == -ENOENT || error == -EINVAL) {
		seep_warn("no code for %s in \"%s\", where its symbols say: not traced",
			  found->allocator->name, file->path);
		return 0;
	}
	if (!error && forwards(files, image, search, found, &function->site))
		return 0;
	if (!error)
		error = set_name(function, found->allocator);
	if (error)
		return error;
	error = register_probe(files, SEEP_FRAME(file_id, entry_offset), found->allocator,
			       function);
	if (!error)
		error = seep_symbolizer_name_function(files->config.symbolizer,
						      SEEP_FRAME(file_id, entry_offset),
						      function->name);
	if (error) {
		free(function->name);
		return error;
	}
	file->num_functions++;
	seep_debug("%s: %s at 0x%llx+%u: %s (%s)", file->path, function->name,
		   (unsigned long long)entry_offset, function->site.offset, function->site.text,
		   function->site.emulated ? "emulated" : "single-stepped");
	return 0;
}

/* Is there an allocator besides that of the C library? Then operator new may be its own. */
static bool has_own_allocator(const struct seep_search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		enum seep_family family = search->list[i].allocator->family;

		if (family != SEEP_FAMILY_C && family != SEEP_FAMILY_CXX &&
		    family != SEEP_FAMILY_USER)
			return true;
	}
	return false;
}

/*
 * An exception cannot pass a watched return, so an operator new that fails would end the program. Where
 * a probe cannot decide from call to call whether to watch (before 6.13), those that leave the work to
 * malloc are not probed: malloc is.
 */
static bool is_risk(const struct seep_files *files, const struct seep_search *search,
		    const struct seep_found *found)
{
	return found->allocator->role == SEEP_ROLE_NEW &&
	       files->config.variant != SEEP_ATTACH_SESSION && !has_own_allocator(search);
}

static int add_functions(struct seep_files *files, const struct seep_image *image,
			 const struct seep_search *search, struct seep_file *file)
{
	uint32_t file_id;
	int error;

	if (!search->count)
		return 0;
	file->functions = calloc(search->count, sizeof(*file->functions));
	if (!file->functions)
		return -ENOMEM;
	file_id = SEEP_FILE_USER_BASE + files->num_files++;
	error = seep_symbolizer_add_file(files->config.symbolizer, file_id, file->path, file->fd,
					 file->root);
	for (size_t i = 0; i < search->count && !error; i++) {
		if (!is_risk(files, search, &search->list[i]))
			error = add_function(files, image, file_id, search, &search->list[i], file);
	}
	return error;
}

static int find_functions(struct seep_files *files, struct seep_file *file)
{
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	SEEP_AUTO_CLOSE int root = -1;
	struct seep_search search;
	int error;

	if (!(seep_allocators_kinds(files->config.allocators) & SEEP_KINDS_OF_FUNCTIONS))
		return 0;
	error = seep_image_open(file->fd, &image);
	if (error)
		return error == -ENOEXEC ? 0 : error; /* data mapped executable: no functions */
	if (file->root)
		root = open(file->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = seep_search_run(files->config.allocators, image, file->path, root, &search);
	if (error)
		return error;
	file->has_rendezvous =
		search.rendezvous &&
		seep_image_address_to_offset(image, search.rendezvous, &file->rendezvous) == 0;
	error = add_functions(files, image, &search, file);
	seep_search_done(&search);
	return error;
}

bool seep_is_hotspot(const char *path)
{
	static const char name[] = "/libjvm.so";
	size_t length = strlen(path);

	return length >= sizeof(name) - 1 && strcmp(path + length - (sizeof(name) - 1), name) == 0;
}

/* --- the table --------------------------------------------------------------------------------- */

/* Where a file is met. */
struct meeting {
	pid_t pid;		 /* 0: nobody maps it yet */
	struct seep_inode shown; /* as /proc/PID/maps has it */
	const char *path;
	const char *root;
};

/* Takes over @fd, which may be a -errno; a file that could not be opened may be offered again. */
static int set_fd(struct seep_files *files, struct seep_file *file, int fd)
{
	file->fd = fd < 0 ? -1 : fd;
	file->failure = fd < 0 ? fd : find_functions(files, file);
	return file->failure == -ENOMEM ? -ENOMEM : 0;
}

static int add_file(struct seep_files *files, const struct meeting *meeting,
		    const struct seep_inode *inode, struct seep_file **ret_file)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->file.fd = -1;
	entry->file.inode = *inode;
	entry->file.path = strdup(meeting->path);
	entry->file.root = meeting->root ? strdup(meeting->root) : NULL;
	if (!entry->file.path || (meeting->root && !entry->file.root) ||
	    seep_inodes_set(files->inodes, inode, 0, &entry->file)) {
		entry_free(entry);
		return -ENOMEM;
	}
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
	SEEP_AUTO_CLOSE int own = fd;
	struct seep_file *file;
	int error = 0;

	if (fd >= 0 && seep_inode_of_fd(files->config.kernel, fd, &inode))
		inode = meeting->shown;
	file = seep_inodes_find(files->inodes, &inode);
	if (!file)
		error = add_file(files, meeting, &inode, &file);
	if (!error && file->fd < 0)
		error = set_fd(files, file, fd < 0 ? fd : SEEP_TAKE_FD(own));
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
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : meet(files, &meeting, copy, ret_file);
}

static bool is_inode(struct seep_files *files, int fd, const struct seep_inode *inode)
{
	struct seep_inode found;

	return fd >= 0 && seep_inode_of_fd(files->config.kernel, fd, &found) == 0 &&
	       seep_inode_equal(&found, inode);
}

/* Opens the file @inode where it was mapped. A descriptor or -errno. */
static int open_gone(struct seep_files *files, pid_t pid, const char *root,
		     const struct seep_mapping *mapping, const struct seep_inode *inode)
{
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

const struct seep_file *seep_files_find(const struct seep_files *files,
					const struct seep_inode *inode)
{
	return seep_inodes_find(files->inodes, inode);
}

void seep_files_forget(struct seep_files *files, pid_t pid)
{
	seep_inodes_forget(files->inodes, pid);
}

uint32_t seep_files_num_probes(const struct seep_files *files)
{
	return files->num_probes;
}

uint32_t seep_files_probe_cost(const struct seep_files *files, uint32_t index,
			       const struct seep_probe_cost *cost)
{
	const struct probe_info *probe = &files->probes[index];
	uint32_t step = 0;

	/* On a busy machine the measured costs may come out the other way round. */
	if (!probe->emulated && cost->stepped_ns > cost->entry_ns)
		step = cost->stepped_ns - cost->entry_ns;

	return (seep_role_returns(probe->role) ? cost->call_ns : cost->entry_ns) + step;
}
