// SPDX-License-Identifier: GPL-2.0-only
#include "probe/files.h"

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
#include "kernel/programs.h"
#include "probe/refused.h"
#include "proc/trust.h"
#include "symbol/search.h"

/* How much of a function is looked at for a probe place; the place is within the first few bytes. */
#define CODE_BYTES 4096

#define INSTRUCTION_BYTES 15 /* the longest one */

struct entry {
	struct seep_file file;
	struct entry *next;
};

struct probe_info {
	bool returns; /* it has a return probe as well */
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
	seep_inodes_free(files->inodes);
	free(files);
}

/* --- traced functions of one file -------------------------------------------------------------- */

/* What the search for functions in a file works with. */
struct scan {
	struct seep_files *files;
	const struct seep_image *image;
	const struct seep_search *search;
	struct seep_returns *returns;
	uint32_t file_id;
	struct seep_file *file;
};

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
		function->way == SEEP_RETURN_PROBE ? SEEP_SITE_RETURN : SEEP_SITE_ENTRY,
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
	files->probes[files->num_probes].returns = function->way == SEEP_RETURN_PROBE;
	files->probes[files->num_probes].emulated = function->site.emulated;
	function->probe = files->num_probes++;
	return 0;
}

/* The return instructions of functions of a kind share an entry: they are told apart by the stack. */
static int register_exits(struct seep_files *files, enum seep_kind kind, uint32_t *ret_probe)
{
	struct seep_probe probe = {.kind = (uint8_t)kind};
	int error;

	if (files->num_probes == SEEP_MAX_PROBES)
		return -ENOSPC;
	error = seep_kernel_set_probe(files->config.kernel, files->num_probes, &probe);
	if (error)
		return error;
	files->probes[files->num_probes] = (struct probe_info){.emulated = false};
	*ret_probe = files->num_probes++;
	return 0;
}

static const struct seep_file_exit *find_exit(const struct seep_file *file, enum seep_kind kind,
					      uint64_t offset)
{
	for (size_t i = 0; i < file->num_exits; i++) {
		if (file->exits[i].kind == kind && (!offset || file->exits[i].offset == offset))
			return &file->exits[i];
	}
	return NULL;
}

static int add_exits(const struct scan *scan, const struct seep_exits *exits,
		     const struct seep_file_function *function)
{
	enum seep_kind kind = function->allocator->kind;
	struct seep_file *file = scan->file;
	const struct seep_file_exit *sibling = find_exit(file, kind, 0);
	struct seep_file_exit new = {.kind = kind, .function = function->name}, *grown;
	int error = 0;

	if (!exits->count)
		return 0;
	if (sibling)
		new.probe = sibling->probe;
	else
		error = register_exits(scan->files, kind, &new.probe);
	grown = reallocarray(file->exits, file->num_exits + exits->count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	file->exits = grown;
	for (size_t i = 0; i < exits->count && !error; i++) {
		error = seep_image_address_to_offset(scan->image, exits->addresses[i], &new.offset);
		if (!error && !find_exit(file, kind, new.offset))
			file->exits[file->num_exits++] = new;
	}
	return error;
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
static bool forwards(const struct scan *scan, const struct seep_found *found,
		     const struct seep_probe_site *site)
{
	return found->allocator->role == SEEP_ROLE_FREE &&
	       found->allocator->family != SEEP_FAMILY_USER && site->jumps &&
	       seep_search_releases_at(scan->files->config.allocators, scan->image, scan->search,
				       found->address + site->target);
}

static void warn_unseen(const struct scan *scan, const struct seep_found *found,
			const struct seep_return *how)
{
	seep_warn("%s in \"%s\" is not traced: where it returns cannot be seen without a risk for "
		  "the program, because %s%s%s",
		  found->allocator->name, scan->file->path, how->exits.reason,
		  how->leads_to ? ": " : "", how->leads_to ? how->leads_to : "");
}

/* 0, 1: it is not to be probed, or -errno. */
static int choose_way(const struct scan *scan, const struct seep_found *found,
		      struct seep_return *ret_how)
{
	int error = seep_returns_of(scan->returns, found, ret_how);

	if (error)
		return error;
	if (ret_how->way == SEEP_RETURN_UNSEEN) {
		warn_unseen(scan, found, ret_how);
		scan->file->num_unseen++;
		return 1;
	}
	return ret_how->way == SEEP_RETURN_PASSED;
}

static int add_probes(const struct scan *scan, const struct seep_found *found,
		      const struct seep_return *how, uint64_t frame,
		      struct seep_file_function *function)
{
	size_t num_exits = scan->file->num_exits;
	int error = set_name(function, found->allocator);

	if (!error)
		error = register_probe(scan->files, frame, found->allocator, function);
	if (!error && how->way == SEEP_RETURN_EXITS)
		error = add_exits(scan, &how->exits, function);
	if (!error)
		error = seep_symbolizer_name_function(scan->files->config.symbolizer, frame,
						      function->name);
	if (error) {
		scan->file->num_exits = num_exits;
		free(function->name);
	}
	return error;
}

static int add_function(const struct scan *scan, const struct seep_found *found)
{
	struct seep_file *file = scan->file;
	struct seep_file_function *function = &file->functions[file->num_functions];
	struct seep_return how;
	uint64_t entry_offset;
	int error;

	error = seep_image_address_to_offset(scan->image, found->address, &entry_offset);
	if (!error)
		error = choose_way(scan, found, &how);
	if (error > 0)
		return 0;
	if (!error) {
		function->way = how.way;
		function->num_exits = how.exits.count;
		error = place_probe(scan->files, scan->image, found, function);
	}
	if (error == -ENOENT || error == -EINVAL) {
		seep_warn("no code for %s in \"%s\", where its symbols say: not traced",
			  found->allocator->name, file->path);
		return 0;
	}
	if (!error && forwards(scan, found, &function->site))
		return 0;
	if (!error)
		error = add_probes(scan, found, &how, SEEP_FRAME(scan->file_id, entry_offset),
				   function);
	if (error)
		return error;
	file->num_functions++;
	seep_debug("%s: %s at 0x%llx+%u: %s (%s), %zu exits", file->path, function->name,
		   (unsigned long long)entry_offset, function->site.offset, function->site.text,
		   function->site.emulated ? "emulated" : "single-stepped", function->num_exits);
	return 0;
}

static int add_functions(struct scan *scan)
{
	struct seep_files *files = scan->files;
	struct seep_file *file = scan->file;
	int error;

	if (!scan->search->count)
		return 0;
	file->functions = calloc(scan->search->count, sizeof(*file->functions));
	if (!file->functions)
		return -ENOMEM;
	error = seep_returns_new(files->config.allocators, scan->image, scan->search,
				 &scan->returns);
	if (error)
		return error;
	scan->file_id = SEEP_FILE_USER_BASE + files->num_files++;
	error = seep_symbolizer_add_file(files->config.symbolizer, scan->file_id, file->path,
					 file->fd, file->root);
	for (size_t i = 0; i < scan->search->count && !error; i++)
		error = add_function(scan, &scan->search->list[i]);
	seep_returns_free(scan->returns);
	return error;
}

static int find_functions(struct seep_files *files, struct seep_file *file)
{
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	SEEP_CLEANUP(seep_root_done) struct seep_root root = SEEP_ROOT_OURS;
	struct seep_search search;
	int error;

	if (!(seep_allocators_kinds(files->config.allocators) & SEEP_KINDS_OF_FUNCTIONS))
		return 0;
	error = seep_image_open(file->fd, &image);
	if (error)
		return error == -ENOEXEC ? 0 : error; /* data mapped executable: no functions */
	/* If the process is gone, our own debug files may still do. */
	(void)seep_root_open(file->root, &root);
	error = seep_search_run(files->config.allocators, image, file->path, &root, &search);
	if (error)
		return error;
	seep_refused_tell(file->path, &search);
	file->has_rendezvous =
		search.rendezvous &&
		seep_image_address_to_offset(image, search.rendezvous, &file->rendezvous) == 0;
	error = add_functions(
		&(struct scan){.files = files, .image = image, .search = &search, .file = file});
	seep_search_done(&search);
	return error;
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

	return (probe->returns ? cost->call_ns : cost->entry_ns) + step;
}
