// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells translators by their mappings and by their program. A program is looked at once and
 * remembered by device, inode and time of change (MAX_KNOWN of them); looking means reading its
 * symbols and the entries of binfmt_misc. Mappings are looked at each time, because they change:
 * called before every rescan of a target.
 */
#include "target/translators.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <gelf.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "elf/functions.h"
#include "elf/image.h"
#include "proc/process.h"

/* Programs that were looked at; the oldest one makes room. A wrong guess costs only the look. */
#define MAX_KNOWN 256

#define BINFMT_DIRECTORY "/proc/sys/fs/binfmt_misc"

/*
 * Names of programs, as their paths end: for those that are stripped. Of QEMU only the emulators of
 * programs; those of machines have code of no file in their guests' memory.
 */
static const char *const program_names[] = {
	"*/valgrind",	    "*/valgrind.bin", "*/valgrind/*-linux",
	"*/qemu-x86_64*",   "*/drrun",	      "*/pin",
	"*/pinbin",	    "*/sde64",	      "*/box64",
	"*/FEXInterpreter", "*/FEXLoader",    "*/blink",
};

/* Libraries that are in a process only to translate it. */
static const char *const library_names[] = {
	"*/libdynamorio.so*",
	"*/libpinvm*",
	"*/pinbin",
	"*/vgpreload_core-*",
};

/* Functions that only such programs have: of QEMU's emulators of programs, DynamoRIO, valgrind. */
static const char *const program_symbols[] = {
	"target_mmap",
	"dynamorio_app_init",
	"vgPlain_translate",
};

/* What one look at a program has found. The time of change (ctime) tells a rewritten file apart. */
struct known {
	dev_t device;
	ino_t inode;
	struct timespec changed;
	bool translates;
	/*
	 * No dynamic loader: unless it is one itself, it maps other programs only to translate
	 * them.
	 */
	bool is_static;
};

struct seep_translators {
	/* Looks so far; modulo MAX_KNOWN it is the entry that is overwritten next. */
	size_t next;
	struct known programs[MAX_KNOWN];
};

int seep_translators_new(struct seep_translators **ret_translators)
{
	struct seep_translators *translators = calloc(1, sizeof(*translators));

	if (!translators)
		return -ENOMEM;
	*ret_translators = translators;
	return 0;
}

void seep_translators_free(struct seep_translators *translators)
{
	free(translators);
}

/* Without FNM_PATHNAME: the "*" of a pattern stands for slashes, too. */
static bool matches(const char *path, const char *const *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fnmatch(patterns[i], path, 0) == 0)
			return true;
	}
	return false;
}
#define MATCHES(path, patterns) matches(path, patterns, sizeof(patterns) / sizeof((patterns)[0]))

/* For seep_image_each_function, which ends with the first result other than 0. */
static int is_symbol_of_translator(const struct seep_symbol *symbol, void *context)
{
	(void)context;
	for (size_t i = 0; i < sizeof(program_symbols) / sizeof(program_symbols[0]); i++) {
		if (strcmp(symbol->name, program_symbols[i]) == 0)
			return 1;
	}
	return 0;
}

/* Is the file behind @fd the interpreter of a format in binfmt_misc? Each entry is a small text
 * file. */
static bool interprets(int fd, const char *entry)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	static const char word[] = "interpreter ";
	struct stat ours, theirs;
	char path[PATH_MAX], *at;

	snprintf(path, sizeof(path), BINFMT_DIRECTORY "/%s", entry);
	if (seep_file_read_at(AT_FDCWD, path, 1 << 16, &text))
		return false;
	/* Those with a mask stand for ELF files of other machines; others are for scripts and the
	 * like. */
	at = strstr(text.data, word);
	if (!at || !strstr(text.data, "magic 7f454c46"))
		return false;
	at += sizeof(word) - 1;
	at[strcspn(at, "\n")] = '\0';
	return fstat(fd, &ours) == 0 && stat(at, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/* Is the program an interpreter in binfmt_misc? Without that file system nothing is registered. */
static bool is_registered(int fd)
{
	DIR *directory = opendir(BINFMT_DIRECTORY);
	const struct dirent *entry;
	bool found = false;

	if (!directory)
		return false;
	while (!found && (entry = readdir(directory)))
		found = entry->d_name[0] != '.' && interprets(fd, entry->d_name);
	closedir(directory);
	return found;
}

/* An entry that was never used has inode 0, which no file has. */
static struct known *find_known(struct seep_translators *translators, const struct stat *status)
{
	for (size_t i = 0; i < MAX_KNOWN; i++) {
		struct known *program = &translators->programs[i];

		if (program->inode == status->st_ino && program->device == status->st_dev &&
		    program->changed.tv_sec == status->st_ctim.tv_sec &&
		    program->changed.tv_nsec == status->st_ctim.tv_nsec)
			return program;
	}
	return NULL;
}

/* What is known of the program behind @fd; NULL if it cannot be looked at. */
static const struct known *look_at(struct seep_translators *translators, const char *path, int fd)
{
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	struct stat status;
	struct known *program;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return NULL;
	program = find_known(translators, &status);
	if (program)
		return program;
	/* The oldest entry is overwritten; the result is valid until the next look. */
	program = &translators->programs[translators->next++ % MAX_KNOWN];
	*program = (struct known){
		.device = status.st_dev,
		.inode = status.st_ino,
		.changed = status.st_ctim,
		.translates = MATCHES(path, program_names) || is_registered(fd),
	};
	/* Not ELF, or not readable: its name and its registration are all that is known of it. */
	if (seep_image_open(fd, &image))
		return program;
	/* No PT_INTERP. Symbols are read last, because that is the most expensive look. */
	program->is_static = !seep_image_interpreter(image);
	if (!program->translates)
		program->translates =
			seep_image_each_function(image, is_symbol_of_translator, NULL) > 0;
	return program;
}

bool seep_translators_have_program(struct seep_translators *translators, const char *path, int fd)
{
	const struct known *program = look_at(translators, path, fd);

	return program && program->translates;
}

/* An executable, position-independent or not. A C library has an interpreter, too, but is none. */
static bool is_program(int fd)
{
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	Elf_Scn *section = NULL;
	GElf_Ehdr header;
	Elf *elf;

	if (seep_image_open(fd, &image))
		return false;
	elf = seep_image_elf(image);
	if (!gelf_getehdr(elf, &header))
		return false;
	if (header.e_type == ET_EXEC)
		return true;
	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;
		GElf_Shdr section_header;
		GElf_Dyn entry;

		if (!gelf_getshdr(section, &section_header) ||
		    section_header.sh_type != SHT_DYNAMIC || !(data = elf_getdata(section, NULL)))
			continue;
		for (int i = 0; gelf_getdyn(data, i, &entry); i++) {
			/*
			 * The linker sets DF_1_PIE in position-independent executables only; e_type
			 * is ET_DYN in libraries as well.
			 */
			if (entry.d_tag == DT_FLAGS_1 && entry.d_un.d_val & DF_1_PIE)
				return true;
		}
	}
	return false;
}

static bool is_same_file(const struct seep_mapping *first, const struct seep_mapping *second)
{
	return first->inode == second->inode && first->dev_major == second->dev_major &&
	       first->dev_minor == second->dev_minor;
}

/* A library whose data can be written, from its first mapping on: is its code there, and not
 * executed? */
static bool is_read_as_code(const struct seep_maps *maps, size_t first)
{
	const struct seep_mapping *start = &maps->mappings[first];
	bool executable = false, writable = false;

	/*
	 * A file's first mapping begins at its offset 0. Paths without "/" are the kernel's own
	 * names.
	 */
	if (!start->inode || start->offset || start->path[0] != '/')
		return false;
	/*
	 * In a library that is smaller than a page the data, too, begins in the first page of the
	 * file (libxshmfence.so.1, which every program with a window loads). A loader maps all of a
	 * library without a gap.
	 */
	if (first && is_same_file(start - 1, start) && start[-1].end == start->start)
		return false;
	for (size_t i = first; i < maps->num_mappings; i++) {
		const struct seep_mapping *mapping = &maps->mappings[i];

		/*
		 * Offset 0 again: the same file is mapped a second time, which is looked at by
		 * itself.
		 */
		if (!is_same_file(mapping, start) || (i > first && !mapping->offset))
			break;
		executable |= mapping->executable;
		/*
		 * Shared writable data is that of a file that is worked on, not that of a loaded
		 * library.
		 */
		writable |= mapping->writable && !mapping->shared;
	}
	return writable && !executable;
}

/* Does the process map the file executable elsewhere? Then it is code, no data file. */
static bool is_executed_elsewhere(const struct seep_maps *maps, const struct seep_mapping *mapping)
{
	for (size_t i = 0; i < maps->num_mappings; i++) {
		if (maps->mappings[i].executable && is_same_file(&maps->mappings[i], mapping))
			return true;
	}
	return false;
}

/* A data file can be laid out like a library; one that is executed as well is code for certain. */
static bool maps_code_to_read(const struct seep_maps *maps)
{
	for (size_t i = 0; i < maps->num_mappings; i++) {
		if (is_read_as_code(maps, i) && is_executed_elsewhere(maps, &maps->mappings[i]))
			return true;
	}
	return false;
}

/* Of a static program: another one that is mapped executable. */
static bool maps_other_program(pid_t pid, const struct seep_maps *maps, const char *exe)
{
	for (size_t i = 0; i < maps->num_mappings; i++) {
		const struct seep_mapping *mapping = &maps->mappings[i];
		SEEP_AUTO_CLOSE int fd = -1;

		if (!mapping->executable || !mapping->inode || strcmp(mapping->path, exe) == 0)
			continue;
		fd = seep_maps_open(pid, mapping);
		if (fd >= 0 && is_program(fd))
			return true;
	}
	return false;
}

/* It is the loader that was called as a program ("ld.so ./program"), which is how it starts one. */
static bool is_loader(const char *exe)
{
	return fnmatch("*/ld-linux*", exe, 0) == 0 || fnmatch("*/ld-musl*", exe, 0) == 0 ||
	       fnmatch("*/ld-[0-9]*", exe, 0) == 0;
}

/*
 * From the cheapest evidence to the dearest: names and kinds of mappings, then the program itself.
 */
bool seep_translators_have(struct seep_translators *translators, pid_t pid,
			   const struct seep_maps *maps)
{
	char link[32], exe[PATH_MAX + 1];
	SEEP_AUTO_CLOSE int fd = -1;
	const struct known *program;
	ssize_t length;

	for (size_t i = 0; i < maps->num_mappings; i++) {
		if (maps->mappings[i].executable && MATCHES(maps->mappings[i].path, library_names))
			return true;
	}
	if (maps_code_to_read(maps))
		return true;
	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	length = readlink(link, exe, PATH_MAX);
	fd = length < 0 ? -1 : open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return false;
	exe[length] = '\0';
	seep_proc_cut_deleted(exe);
	program = look_at(translators, exe, fd);
	if (!program)
		return false;
	return program->translates ||
	       (program->is_static && !is_loader(exe) && maps_other_program(pid, maps, exe));
}
