/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From frames (file id, file offset) to functions, source lines and inlined calls.
 *
 * Files are made known once, with an open descriptor, while the process lives; everything else is
 * lazy: a file is only parsed when the first of its frames is asked for, and each frame is resolved
 * once. Files with the same build ID share one parse. Separate debug files are found as elfutils
 * does (.build-id below /usr/lib/debug, .gnu_debuglink, .gnu_debugdata), also below the root
 * directory of the process. Nothing is fetched over a network. A file with more than 1 GiB of debug
 * information gets function names only.
 *
 * The files are not trusted. They are read, never mapped: a file that shrinks while it is open
 * gives missing names, not SIGBUS.
 *
 * Code of no file has a name if its process writes one down (jit_source.h).
 *
 * One thread. Results belong to the symbolizer and stay valid until it is freed.
 */
#ifndef SEEP_SYMBOL_SYMBOLIZER_H
#define SEEP_SYMBOL_SYMBOLIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/jit_source.h"

/* The module of code that a program generated at run time and gave a name. */
#define SEEP_JIT_MODULE "[jit]"

struct seep_symbolizer;

/* One function at a frame. Names are demangled and raw: who shows them cleans them. */
struct seep_line {
	const char *function; /* NULL if unknown; "free@plt" for a PLT stub */
	const char *source;   /* path as in the debug information, NULL if unknown */
	unsigned int line;    /* 0 if unknown: of the call, for every frame but the innermost */
	bool inlined;	      /* inlined into the next one of the list */
};

/* Where a frame is. At least one line; the last one is the function that has code of its own. */
struct seep_location {
	/*
	 * Path as mapped; for an address that belongs to no file SEEP_JIT_MODULE, or NULL without a
	 * name
	 */
	const char *module;
	const char *build_id; /* hex, NULL if there is none */
	uint64_t offset;      /* in the file, bytes; or the raw address */
	size_t num_lines;
	const struct seep_line *lines; /* innermost first */
};

/* The function itself, in which the others are inlined. */
static inline const struct seep_line *seep_location_function(const struct seep_location *location)
{
	return &location->lines[location->num_lines - 1];
}

/* 0 or -ENOMEM. */
int seep_symbolizer_new(struct seep_symbolizer **ret_symbolizer);
void seep_symbolizer_free(struct seep_symbolizer *symbolizer);

/*
 * Makes a mapped file known under @id (SEEP_FRAME_FILE of its frames). @path is what is shown;
 * @fd an open descriptor of the file, duplicated here, or -1 if it could not be opened: then its
 * frames resolve to module and offset only. @root is the process's root directory if it differs
 * from ours ("/proc/123/root"), else NULL. A second call for the same id is ignored unless the
 * first came without a descriptor. 0 or -errno.
 */
int seep_symbolizer_add_file(struct seep_symbolizer *symbolizer, uint32_t id, const char *path,
			     int fd, const char *root);

/*
 * The function that begins at @frame is to be called @name, whatever other names it has: it was
 * found by this one. 0 or -ENOMEM.
 */
int seep_symbolizer_name_function(struct seep_symbolizer *symbolizer, uint64_t frame,
				  const char *name);

/*
 * Says where a frame is: one of a capture, whose files need not be here. The first is for a frame
 * that means the same in all processes, the second for code of no file that the process with this
 * id has named. The location, and what it points to, is not copied and must stay until the
 * symbolizer is freed. 0 or -ENOMEM.
 */
int seep_symbolizer_know(struct seep_symbolizer *symbolizer, uint64_t frame,
			 const struct seep_location *location);
int seep_symbolizer_know_jit(struct seep_symbolizer *symbolizer, uint32_t process, uint64_t frame,
			     const struct seep_location *location);

/*
 * The first known file with the content of the file @id, by build ID: two copies of a library, or
 * one that was installed again. @id itself without one, or if user space gave the id.
 */
uint32_t seep_symbolizer_same_file(struct seep_symbolizer *symbolizer, uint32_t id);

/*
 * Gives the process with this id (seep/abi.h) the file that names its code of no file; replaces the
 * one it had. Takes @source, also on failure. 0 or -ENOMEM.
 */
int seep_symbolizer_set_jit(struct seep_symbolizer *symbolizer, uint32_t process,
			    struct seep_jit_source *source);
/* Lets go of it: frames that were resolved keep their names, others get none. */
void seep_symbolizer_drop_jit(struct seep_symbolizer *symbolizer, uint32_t process);
/* True if the process has no such file, or it was deleted: then there may be another one. */
bool seep_symbolizer_lacks_jit(const struct seep_symbolizer *symbolizer, uint32_t process);
/* True if the file of the process names more than is kept. */
bool seep_symbolizer_jit_is_full(const struct seep_symbolizer *symbolizer, uint32_t process);

/* From here on, each of these files is read on once, when a frame without a name asks for it. */
void seep_symbolizer_begin_report(struct seep_symbolizer *symbolizer);

/*
 * Resolves one frame. Its offset must lie inside the call instruction already, as SEEP_FRAME does.
 * @process is the id of the one that has it; only frames of no file need it. Never fails: what is
 * not known is NULL in the result; when memory is out, a static location without names is returned.
 */
const struct seep_location *seep_symbolizer_resolve(struct seep_symbolizer *symbolizer,
						    uint32_t process, uint64_t frame);

/*
 * The path of the file of a frame as mapped, without a look into the file; NULL if there is none.
 */
const char *seep_symbolizer_path(struct seep_symbolizer *symbolizer, uint64_t frame);

/*
 * Has the file of a frame that was resolved a function with this name, as in its symbol table?
 */
bool seep_symbolizer_has(struct seep_symbolizer *symbolizer, uint64_t frame, const char *name);

/*
 * A stable hash of the frames: equal for the same offsets in files with the same build ID (or,
 * without one, the same path), whatever ids the files have in this run. Raw addresses count as one
 * frame "anonymous". Used for the id of a site.
 */
uint64_t seep_symbolizer_stack_id(struct seep_symbolizer *symbolizer, const uint64_t *frames,
				  size_t num_frames);

#endif
