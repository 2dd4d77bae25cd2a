/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of functions that each Go program carries, also a stripped one: for each address the
 * function, the source line, the calls that were inlined there, and how far the return address is
 * from the stack pointer. Format: runtime/symtab.go and cmd/link/internal/ld/pcln.go of Go 1.18 to
 * 1.27, on machines of 64 bits whose numbers begin with the low byte.
 *
 * The bytes are untrusted. Every walk over them is bounded, and what leads outside is -EINVAL.
 */
#ifndef SEEP_GOLANG_PCLNTAB_H
#define SEEP_GOLANG_PCLNTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The table of functions of a Go module, in memory. It does not own the bytes. */
struct seep_pclntab {
	const uint8_t *bytes;
	size_t length;
	uint64_t text; /* address of runtime.text */
	/* Of its header: how many functions, and where in the table the parts begin. */
	uint64_t num_functions;
	uint64_t names;
	uint64_t unit_files;
	uint64_t files;
	uint64_t pc_values;
	uint64_t functions;
	size_t strings_end; /* behind the last NUL of the table */
	uint8_t quantum;    /* bytes; what all instructions are a multiple of */
	uint8_t version;
};

struct seep_go_function {
	uint64_t entry;	  /* an address as the text of the table is one */
	uint64_t end;	  /* behind its last byte, padding included */
	const char *name; /* belongs to the table; never NULL */
	uint64_t offset;  /* of its _func in the table */
};

/* One call at a pc. */
struct seep_go_call {
	const char *function;
	const char *file;  /* NULL if unknown */
	unsigned int line; /* 0 if unknown */
};

#define SEEP_PCLNTAB_HEADER_BYTES 72

/* Are the SEEP_PCLNTAB_HEADER_BYTES at @bytes the header of a table of at most @length bytes? */
bool seep_pclntab_is_header(const uint8_t *bytes, uint64_t length);

/*
 * Reads the header of a table. @text is the address of runtime.text, in the address space that all
 * addresses here belong to; 0 takes what the header says, which is nothing since Go 1.26. 0;
 * -ENOTSUP if the magic is that of no known version; -EINVAL if it is damaged.
 */
int seep_pclntab_init(const uint8_t *bytes, size_t length, uint64_t text,
		      struct seep_pclntab *ret_table);

/* The function at @pc. 0; -ENOENT; -EINVAL if the table is damaged there. */
int seep_pclntab_find(const struct seep_pclntab *table, uint64_t pc,
		      struct seep_go_function *ret_function);

/* The first function with this name; goes over all of them. 0; -ENOENT. */
int seep_pclntab_find_name(const struct seep_pclntab *table, const char *name,
			   struct seep_go_function *ret_function);

/* Function number @index, in the order of addresses. 0; -ENOENT; -EINVAL if it is damaged. */
int seep_pclntab_at(const struct seep_pclntab *table, uint64_t index,
		    struct seep_go_function *ret_function);

/*
 * How many bytes above the stack pointer the return address is when the function is at @pc. Not to
 * be relied on in a function that changes its stack (seep_pclntab_is_outermost tells the usual
 * ones). 0; -ENOENT if the table does not say; -EINVAL if it is damaged.
 */
int seep_pclntab_frame_bytes(const struct seep_pclntab *table,
			     const struct seep_go_function *function, uint64_t pc,
			     uint64_t *ret_bytes);

/*
 * The calls at @pc, the innermost first; the last one is the function itself. Each has the line it
 * is at: that of @pc, or that of the call of the one before. @pc lies within an instruction, so for
 * a caller it is its return address less 1.
 *
 * @funcdata: the bytes that gofunc of the moduledata points to, @funcdata_length of them; NULL:
 * unknown. Then only the function itself is stored, and without a line if the one at @pc belongs to
 * an inlined function. Returns the number of calls stored, at least 1 and at most @max_calls, which
 * is not 0; if there are more, those next to the function itself are left out.
 */
size_t seep_pclntab_calls(const struct seep_pclntab *table, const struct seep_go_function *function,
			  uint64_t pc, const uint8_t *funcdata, size_t funcdata_length,
			  struct seep_go_call *calls, size_t max_calls);

/*
 * Does the stack end behind this function? So it is for those at which goroutines and threads begin
 * (runtime.goexit, runtime.mstart), and for those that leave one stack for another one.
 */
bool seep_pclntab_is_outermost(const struct seep_pclntab *table,
			       const struct seep_go_function *function);

#endif
