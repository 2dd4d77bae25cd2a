// SPDX-License-Identifier: GPL-2.0-only
/*
 * libdw as a second unwinder: the modules of a process are reported to it by their mapped files,
 * registers and memory come from the copy that BPF made, so the process itself is not touched and
 * may have gone on. A walk ends after SEEP_MAX_FRAMES frames. verify.c makes one of these per
 * process and drops it when the mappings change.
 */
#include "stack/libdw_walk.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "proc/vdso.h"

/* Addresses of which it is known whether they have CFI: the same ones come again and again. */
#define KNOWN_MAX 4096

struct known {
	uint64_t pc;
	bool has_cfi;
};

struct seep_libdw {
	pid_t pid;
	const struct seep_maps *maps;
	Dwfl *dwfl;
	const struct seep_stack_copy *copy; /* being walked */
	bool ran_out;			    /* the last step took more than was copied */
	struct known known[KNOWN_MAX];	    /* by the low bits of the address */
};

/* Modules are reported with their files. */
static int find_no_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
		       char **ret_path, Elf **ret_elf)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)ret_path;
	(void)ret_elf;
	return -1;
}

/* .eh_frame is in the file itself. So nothing is searched for, least of all in the network. */
/* NOLINTNEXTLINE(readability-function-size): the parameters are libdw's */
static int find_no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			     const char *path, const char *link, GElf_Word crc, char **ret_path)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)path;
	(void)link;
	(void)crc;
	(void)ret_path;
	return -1;
}

static const Dwfl_Callbacks dwfl_callbacks = {
	.find_elf = find_no_elf,
	.find_debuginfo = find_no_debuginfo,
};

/* The vDSO has no inode but is a complete ELF file, which seep reads from its own memory. */
static bool is_vdso(const struct seep_mapping *mapping)
{
	return strcmp(mapping->path, "[vdso]") == 0;
}

/* The mapping with which the file of @code begins: the one nearest below that maps its first byte.
 */
static const struct seep_mapping *first_mapping(const struct seep_maps *maps,
						const struct seep_mapping *code)
{
	const struct seep_mapping *mapping = code;

	while (mapping->offset || mapping->inode != code->inode ||
	       mapping->dev_major != code->dev_major || mapping->dev_minor != code->dev_minor) {
		if (mapping == maps->mappings)
			return NULL;
		mapping--;
	}
	return mapping;
}

/* One without a module ends the walks that come to it. */
static void report_module(const struct seep_libdw *libdw, const struct seep_mapping *code)
{
	const struct seep_mapping *first = is_vdso(code) ? code : first_mapping(libdw->maps, code);
	SEEP_AUTO_CLOSE int fd = -1;

	/* Nothing maps the beginning of the file, whose address dwfl_report_elf wants. */
	if (!first)
		return;
	fd = is_vdso(code) ? seep_vdso_open() : seep_maps_open(libdw->pid, first);
	/* dwfl_report_elf takes the descriptor over when it succeeds. */
	if (fd >= 0 &&
	    dwfl_report_elf(libdw->dwfl, code->path, code->path, fd, first->start, false))
		(void)SEEP_TAKE_FD(fd);
}

/* Only executable mappings: a walk looks for code, and its file has .eh_frame as well. */
static void report_modules(const struct seep_libdw *libdw)
{
	const struct seep_maps *maps = libdw->maps;

	dwfl_report_begin(libdw->dwfl);
	for (size_t i = 0; i < maps->num_mappings; i++) {
		const struct seep_mapping *mapping = &maps->mappings[i];

		if (mapping->executable && (mapping->inode || is_vdso(mapping)))
			report_module(libdw, mapping);
	}
	dwfl_report_end(libdw->dwfl, NULL, NULL);
}

/* libdw would walk all threads with this; here only the one of the event is walked. */
static pid_t next_thread(Dwfl *dwfl, void *context, void **ret_context)
{
	(void)dwfl;
	(void)context;
	(void)ret_context;
	return 0; /* threads are asked for one by one */
}

/* Any thread that is asked for is the one whose registers are in the event. */
static bool get_thread(Dwfl *dwfl, pid_t tid, void *context, void **ret_context)
{
	(void)dwfl;
	(void)tid;
	*ret_context = context;
	return true;
}

/*
 * The only memory that a walk sees: the copied part of the stack, from the stack pointer up. An
 * address below it wraps around and fails the same comparison.
 */
static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret_word, void *context)
{
	struct seep_libdw *libdw = context;
	const struct seep_stack_copy *copy = libdw->copy;
	uint64_t offset = address - copy->registers->sp;

	(void)dwfl;
	if (copy->stack_bytes < sizeof(*ret_word) ||
	    offset > copy->stack_bytes - sizeof(*ret_word)) {
		libdw->ran_out = true;
		return false;
	}
	memcpy(ret_word, copy->stack + offset, sizeof(*ret_word));
	return true;
}

/* By the numbers of the x86-64 psABI, figure 3.36; 16 is the return address. */
static bool set_registers(Dwfl_Thread *thread, void *context)
{
	const struct seep_libdw *libdw = context;
	const struct seep_registers *registers = libdw->copy->registers;
	const Dwarf_Word frame[] = {registers->bp, registers->sp};
	const Dwarf_Word rest[] = {registers->r12, registers->r13, registers->r14, registers->r15,
				   registers->ip};
	const Dwarf_Word bx = registers->bx;

	return dwfl_thread_state_registers(thread, 3, 1, &bx) &&
	       dwfl_thread_state_registers(thread, 6, 2, frame) &&
	       dwfl_thread_state_registers(thread, 12, 5, rest);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

int seep_libdw_new(pid_t pid, const struct seep_maps *maps, struct seep_libdw **ret_libdw)
{
	struct seep_libdw *libdw = calloc(1, sizeof(*libdw));

	if (!libdw)
		return -ENOMEM;
	libdw->pid = pid;
	libdw->maps = maps;
	libdw->dwfl = dwfl_begin(&dwfl_callbacks);
	if (!libdw->dwfl) {
		free(libdw);
		return -ENOMEM;
	}
	report_modules(libdw);
	/* Fails if there is no module to tell the machine by; then every walk is empty. */
	if (!dwfl_attach_state(libdw->dwfl, NULL, pid, &thread_callbacks, libdw))
		seep_debug("libdw cannot walk stacks of process %d: %s", pid, dwfl_errmsg(-1));
	*ret_libdw = libdw;
	return 0;
}

void seep_libdw_free(struct seep_libdw *libdw)
{
	if (!libdw)
		return;
	dwfl_end(libdw->dwfl);
	free(libdw);
}

/* The next executable mapping from *@index on, which is moved behind it; NULL at the end. */
static const struct seep_mapping *next_code(const struct seep_maps *maps, size_t *index)
{
	while (*index < maps->num_mappings) {
		const struct seep_mapping *mapping = &maps->mappings[(*index)++];

		if (mapping->executable)
			return mapping;
	}
	return NULL;
}

/* The heap may come and go. */
bool seep_libdw_is_current(const struct seep_libdw *libdw, const struct seep_maps *maps)
{
	size_t left_index = 0, right_index = 0;
	const struct seep_mapping *a, *b;

	do {
		a = next_code(libdw->maps, &left_index);
		b = next_code(maps, &right_index);
		if (a && b &&
		    (a->start != b->start || a->end != b->end || a->offset != b->offset ||
		     a->inode != b->inode || a->dev_major != b->dev_major ||
		     a->dev_minor != b->dev_minor))
			return false;
	} while (a && b);
	return !a && !b;
}

struct seep_place seep_place_of(const struct seep_maps *maps, uint64_t address)
{
	const struct seep_mapping *mapping = seep_maps_find(maps, address);
	/* Code of no file has only its address. */
	struct seep_place raw = {SEEP_PLACE_RAW, address};

	if (!mapping)
		return raw;
	/* Which file moved text is of, BPF knows and this does not. */
	if (!mapping->inode && mapping->executable && !is_vdso(mapping) &&
	    mapping > maps->mappings && mapping[-1].inode && mapping[-1].end == mapping->start)
		return (struct seep_place){SEEP_PLACE_UNKNOWN, address};
	if (is_vdso(mapping))
		return (struct seep_place){SEEP_PLACE_VDSO, address - mapping->start};
	if (!mapping->inode)
		return raw;
	return (struct seep_place){mapping->inode, address - mapping->start + mapping->offset};
}

/* What on_frame keeps between the frames of one walk. */
struct progress {
	struct seep_libdw *libdw;
	struct seep_libdw_walk *walk;
	size_t count;
	bool in_signal; /* the frame before was a signal trampoline, or what it interrupted */
};

/*
 * Where code is executed: not in a return trampoline of the kernel, which stands where the return
 * address of a probed function was.
 */
static bool is_code(const struct seep_maps *maps, uint64_t address)
{
	const struct seep_mapping *mapping = seep_maps_find(maps, address);

	return mapping && mapping->executable && strcmp(mapping->path, "[uprobes]") != 0;
}

/* Does any CFI cover @pc? First .eh_frame, then .debug_frame, as libdw itself tries them. */
static bool find_cfi(const struct seep_libdw *libdw, Dwarf_Addr pc)
{
	Dwfl_Module *module = dwfl_addrmodule(libdw->dwfl, pc);
	Dwarf_Frame *frame = NULL;
	Dwarf_Addr bias;
	Dwarf_CFI *cfi = module ? dwfl_module_eh_cfi(module, &bias) : NULL;
	bool found = cfi && dwarf_cfi_addrframe(cfi, pc - bias, &frame) == 0;

	free(frame);
	if (found || !module)
		return found;
	frame = NULL;
	cfi = dwfl_module_dwarf_cfi(module, &bias);
	found = cfi && dwarf_cfi_addrframe(cfi, pc - bias, &frame) == 0;
	free(frame);
	return found;
}

/* A direct-mapped cache: an address that falls on the same entry replaces the one before. */
static bool has_cfi(struct seep_libdw *libdw, Dwarf_Addr pc)
{
	struct known *known = &libdw->known[pc % KNOWN_MAX];

	if (known->pc != pc)
		*known = (struct known){pc, find_cfi(libdw, pc)};
	return known->has_cfi;
}

/*
 * libdw calls three kinds of frame an activation: the innermost one, a signal trampoline, and the
 * frame that was interrupted. Only the last is where its PC says; the first was called to be
 * returned to, and so was the trampoline: by the handler.
 */
static int on_frame(Dwfl_Frame *frame, void *context)
{
	struct progress *progress = context;
	Dwarf_Addr pc;
	bool activation, exact;

	/* The step to the caller comes next: in dwfl_frame_pc or behind us. */
	progress->libdw->ran_out = false;
	if (progress->count == SEEP_MAX_FRAMES || !dwfl_frame_pc(frame, &pc, &activation))
		return DWARF_CB_ABORT;
	/*
	 * An address that is not exact is a return address: the call is before it, and may be the
	 * last instruction of its function.
	 */
	exact = activation &&
		(progress->count > 0 ? progress->in_signal : progress->libdw->copy->exact);
	progress->in_signal = activation && progress->count > 0;
	if (!exact)
		pc--;
	if (!is_code(progress->libdw->maps, pc))
		return DWARF_CB_ABORT;
	progress->walk->addresses[progress->count] = pc;
	progress->walk->places[progress->count++] = seep_place_of(progress->libdw->maps, pc);
	/* Without CFI libdw goes on by the frame pointer, as if it were sure. */
	return has_cfi(progress->libdw, pc) ? DWARF_CB_OK : DWARF_CB_ABORT;
}

/* A walk that on_frame aborts has the frames so far, and is not whole. */
void seep_libdw_walk(struct seep_libdw *libdw, const struct seep_stack_copy *copy,
		     struct seep_libdw_walk *ret_walk)
{
	struct progress progress = {.libdw = libdw, .walk = ret_walk};
	int result;

	/* For the callbacks, during this call. */
	libdw->copy = copy;
	libdw->ran_out = false;
	result = dwfl_getthread_frames(libdw->dwfl, libdw->pid, on_frame, &progress);
	ret_walk->walk = (struct seep_unwound){
		.places = ret_walk->places,
		.count = progress.count,
		/* A return address that cannot be read is the same to libdw as one that is
		   undefined. */
		.whole = result == 0 && !libdw->ran_out,
	};
	ret_walk->ran_out = libdw->ran_out;
}
