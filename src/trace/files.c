// SPDX-License-Identifier: GPL-2.0-only
#include "trace/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <uthash.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "elf/image.h"

/* How much of a function is looked at for a probe place; the place is within the first few bytes. */
#define CODE_BYTES 4096

struct inode_key {
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t inode;
};

struct entry {
	struct inode_key key;
	struct seep_file file;
	UT_hash_handle hh;
};

struct probe_info {
	enum seep_role role;
	bool emulated;
};

struct seep_files {
	struct seep_kernel *kernel;
	struct seep_symbolizer *symbolizer;
	struct entry *by_inode;
	uint32_t num_entries;
	uint32_t num_files; /* ids given, from SEEP_FILE_USER_BASE on */
	uint32_t num_probes;
	struct probe_info probes[SEEP_MAX_PROBES];
};

struct traced_function {
	const char *name;
	enum seep_role role;
	uint8_t size_arg;
	uint8_t count_arg;
	uint8_t pointer_arg;
};

static const struct traced_function traced_functions[] = {
#define SEEP_TRACED(name, role, size, count, pointer)                                              \
	{#name, SEEP_ROLE_##role, size, count, pointer},
	SEEP_MEMORY_FUNCTIONS(SEEP_TRACED)
#undef SEEP_TRACED
};

#define NUM_TRACED (sizeof(traced_functions) / sizeof(traced_functions[0]))

int seep_files_new(struct seep_kernel *kernel, struct seep_symbolizer *symbolizer,
		   struct seep_files **ret_files)
{
	struct seep_files *files = calloc(1, sizeof(*files));

	if (!files)
		return -ENOMEM;
	files->kernel = kernel;
	files->symbolizer = symbolizer;
	*ret_files = files;
	return 0;
}

static void entry_free(struct entry *entry)
{
	seep_cleanup_fd(&entry->file.fd);
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
	HASH_ITER(hh, files->by_inode, entry, next) {
		HASH_DEL(files->by_inode, entry);
		entry_free(entry);
	}
	free(files);
}

/* --- traced functions of one file -------------------------------------------------------------- */

struct hit {
	bool found;
	uint64_t address;
	uint64_t size;
};

struct search {
	struct hit hits[NUM_TRACED];   /* global names */
	struct hit locals[NUM_TRACED]; /* names that only the file itself can use */
	size_t num_found;	       /* of hits */
};

static int match_symbol(const struct seep_symbol *symbol, void *context)
{
	struct search *search = context;

	for (size_t i = 0; i < NUM_TRACED; i++) {
		struct hit *hit = symbol->global ? &search->hits[i] : &search->locals[i];

		if (hit->found || strcmp(symbol->name, traced_functions[i].name) != 0)
			continue;
		*hit = (struct hit){true, symbol->address, symbol->size};
		search->num_found += symbol->global;
	}
	return 0;
}

/*
 * A static function that happens to be called free is not the allocator's. But beside global names
 * of the family it is: the linker makes some of them local in a static PIE.
 */
static void accept_locals(struct search *search)
{
	if (!search->num_found)
		return;
	for (size_t i = 0; i < NUM_TRACED; i++) {
		if (search->hits[i].found || !search->locals[i].found)
			continue;
		search->hits[i] = search->locals[i];
		search->num_found++;
	}
}

/* Two names of one function (aligned_alloc and memalign in glibc) are one probe. */
static bool is_alias(const struct search *search, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (search->hits[i].found && search->hits[i].address == search->hits[index].address)
			return true;
	}
	return false;
}

static unsigned int num_args(const struct traced_function *traced)
{
	unsigned int most = traced->size_arg;

	if (traced->count_arg > most)
		most = traced->count_arg;
	return traced->pointer_arg > most ? traced->pointer_arg : most;
}

static int place_probe(const struct seep_image *image, const struct traced_function *traced,
		       uint64_t address, uint64_t size, struct seep_file_function *function)
{
	const uint8_t *code;
	size_t length = seep_image_code(image, address, CODE_BYTES, &code);
	int error;

	error = seep_probe_site_find(code, size && size < length ? size : length, size,
				     traced->role == SEEP_ROLE_FREE ? SEEP_SITE_ENTRY :
								      SEEP_SITE_RETURN,
				     num_args(traced), &function->site);
	if (error)
		return error;
	return seep_image_address_to_offset(image, address + function->site.offset,
					    &function->offset);
}

static int register_probe(struct seep_files *files, uint32_t file_id,
			  const struct traced_function *traced, uint64_t entry_offset,
			  struct seep_file_function *function)
{
	struct seep_probe probe = {
		.frame = SEEP_FRAME(file_id, entry_offset),
		.role = (uint8_t)traced->role,
		.pushed = (uint8_t)function->site.pushed,
		.size_arg = traced->size_arg,
		.count_arg = traced->count_arg,
		.pointer_arg = traced->pointer_arg,
		.kind = SEEP_KIND_MEMORY,
	};
	int error;

	if (files->num_probes == SEEP_MAX_PROBES)
		return -ENOSPC;
	error = seep_kernel_set_probe(files->kernel, files->num_probes, &probe);
	if (error)
		return error;
	files->probes[files->num_probes].role = traced->role;
	files->probes[files->num_probes].emulated = function->site.emulated;
	function->name = traced->name;
	function->role = traced->role;
	function->probe = files->num_probes++;
	return 0;
}

static int add_function(struct seep_files *files, const struct seep_image *image, uint32_t file_id,
			const struct traced_function *traced, uint64_t address, uint64_t size,
			struct seep_file *file)
{
	struct seep_file_function *function = &file->functions[file->num_functions];
	uint64_t entry_offset;
	int error;

	error = seep_image_address_to_offset(image, address, &entry_offset);
	if (!error)
		error = place_probe(image, traced, address, size, function);
	if (!error)
		error = register_probe(files, file_id, traced, entry_offset, function);
	if (!error)
		error = seep_symbolizer_name_function(
			files->symbolizer, SEEP_FRAME(file_id, entry_offset), traced->name);
	if (error)
		return error;
	file->num_functions++;
	seep_debug("%s: %s at 0x%llx+%u: %s (%s)", file->path, traced->name,
		   (unsigned long long)entry_offset, function->site.offset, function->site.text,
		   function->site.emulated ? "emulated" : "single-stepped");
	return 0;
}

static int find_functions(struct seep_files *files, struct seep_file *file)
{
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	struct search search = {0};
	uint32_t file_id;
	int error;

	error = seep_image_open(file->fd, &image);
	if (error)
		return error == -ENOEXEC ? 0 : error; /* data mapped executable: no functions */
	seep_image_each_function(image, match_symbol, &search);
	accept_locals(&search);
	if (!search.num_found)
		return 0;
	file->functions = calloc(search.num_found, sizeof(*file->functions));
	if (!file->functions)
		return -ENOMEM;
	file_id = SEEP_FILE_USER_BASE + files->num_files++;
	error = seep_symbolizer_add_file(files->symbolizer, file_id, file->path, file->fd,
					 file->root);
	for (size_t i = 0; i < NUM_TRACED && !error; i++) {
		if (search.hits[i].found && !is_alias(&search, i))
			error = add_function(files, image, file_id, &traced_functions[i],
					     search.hits[i].address, search.hits[i].size, file);
	}
	return error;
}

bool seep_is_hotspot(const char *path)
{
	static const char name[] = "/libjvm.so";
	size_t length = strlen(path);

	return length >= sizeof(name) - 1 && strcmp(path + length - (sizeof(name) - 1), name) == 0;
}

/* --- the table --------------------------------------------------------------------------------- */

static struct entry *find_entry(const struct seep_files *files, const struct inode_key *key)
{
	struct entry *entry;

	HASH_FIND(hh, files->by_inode, key, sizeof(*key), entry);
	return entry;
}

/* Takes over @fd, which may be a -errno; a file that could not be opened may be offered again. */
static int entry_set_fd(struct seep_files *files, struct entry *entry, int fd)
{
	entry->file.fd = fd < 0 ? -1 : fd;
	entry->file.failure = fd < 0 ? fd : find_functions(files, &entry->file);
	return entry->file.failure == -ENOMEM ? -ENOMEM : 0;
}

static int add_entry(struct seep_files *files, const struct inode_key *key, const char *path,
		     const char *root, struct entry **ret_entry)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->key = *key;
	entry->file.fd = -1;
	entry->file.path = strdup(path);
	entry->file.root = root ? strdup(root) : NULL;
	if (!entry->file.path || (root && !entry->file.root)) {
		entry_free(entry);
		return -ENOMEM;
	}
	entry->file.index = files->num_entries++;
	HASH_ADD(hh, files->by_inode, key, sizeof(entry->key), entry);
	*ret_entry = entry;
	return 0;
}

int seep_files_get(struct seep_files *files, pid_t pid, const char *root,
		   const struct seep_mapping *mapping, const struct seep_file **ret_file)
{
	struct inode_key key = {mapping->dev_major, mapping->dev_minor, mapping->inode};
	struct entry *entry = find_entry(files, &key);
	int error = entry ? 0 : add_entry(files, &key, mapping->path, root, &entry);

	if (!error && entry->file.fd < 0)
		error = entry_set_fd(files, entry, seep_maps_open(pid, mapping));
	if (error)
		return error;
	*ret_file = &entry->file;
	return 0;
}

int seep_files_get_fd(struct seep_files *files, int fd, const char *path,
		      const struct seep_file **ret_file)
{
	struct inode_key key;
	struct entry *entry;
	struct stat status;
	int error = 0;

	if (fstat(fd, &status) < 0)
		return -errno;
	key.dev_major = major(status.st_dev);
	key.dev_minor = minor(status.st_dev);
	key.inode = status.st_ino;
	entry = find_entry(files, &key);
	if (!entry)
		error = add_entry(files, &key, path, NULL, &entry);
	if (!error && entry->file.fd < 0)
		error = entry_set_fd(files, entry, fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (error)
		return error;
	*ret_file = &entry->file;
	return 0;
}

const struct seep_file *seep_files_find(const struct seep_files *files, uint32_t dev_major,
					uint32_t dev_minor, uint64_t inode)
{
	struct inode_key key = {dev_major, dev_minor, inode};
	const struct entry *entry = find_entry(files, &key);

	return entry ? &entry->file : NULL;
}

uint32_t seep_files_num_probes(const struct seep_files *files)
{
	return files->num_probes;
}

uint32_t seep_files_probe_cost(const struct seep_files *files, uint32_t index,
			       const struct seep_probe_cost *cost)
{
	const struct probe_info *probe = &files->probes[index];
	uint32_t step = probe->emulated ? 0 : cost->stepped_ns - cost->entry_ns;

	return (probe->role == SEEP_ROLE_FREE ? cost->entry_ns : cost->call_ns) + step;
}
