/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the CFI reader share. One section goes through them so: cfi_reader.c takes CIEs
 * and FDEs apart, cfi_program.c runs their instructions, cfi_expression.c knows the expressions
 * that occur, cfi_rule.c says what the state means as a rule, cfi_rows.c gathers and orders the
 * rows, cfi_stubs.c recognises the entry, which has no CFI. extents.c wants only what code FDEs
 * cover.
 */
#ifndef SEEP_ELF_CFI_PRIVATE_H
#define SEEP_ELF_CFI_PRIVATE_H

#include "elf/cfi.h"
#include "elf/cursor.h"
#include "elf/image_private.h"

/* DWARF's numbers of x86-64 registers (System V ABI for x86-64, figure 3.36). */
enum {
	SEEP_CFI_RBX = 3,
	SEEP_CFI_RBP = 6,
	SEEP_CFI_RSP = 7,
	SEEP_CFI_RETURN_ADDRESS = 16,
};

/* .eh_frame or .debug_frame */
struct seep_cfi_section {
	const uint8_t *bytes;
	size_t length;
	uint64_t address; /* where it is loaded, for pointers that are relative to themselves */
	bool debug_frame;
};

/* Where the caller's value of a register is (DWARF 5, 6.4.1). */
enum seep_cfi_saved_kind {
	SEEP_CFI_UNSET, /* not mentioned: the ABI decides */
	SEEP_CFI_SAME,
	SEEP_CFI_UNDEFINED,
	SEEP_CFI_AT_CFA,      /* *(CFA + offset) */
	SEEP_CFI_AT_REGISTER, /* *(base + offset) */
	SEEP_CFI_OTHER,	      /* valid, but nothing that a rule can say */
};

struct seep_cfi_saved {
	uint8_t kind; /* enum seep_cfi_saved_kind */
	uint8_t base; /* register */
	int64_t offset;
};

/* An expression that has a rule; what it means is as in struct seep_rule. */
struct seep_cfi_expression {
	uint8_t kind; /* enum seep_rule_kind, BAD if it has none */
	int32_t add;
	int64_t offset;
};

enum seep_cfi_cfa_form {
	SEEP_CFI_CFA_NONE,
	SEEP_CFI_CFA_REGISTER,
	SEEP_CFI_CFA_EXPRESSION
};

struct seep_cfi_cfa {
	uint8_t form;  /* enum seep_cfi_cfa_form */
	uint64_t base; /* number of a register, not only of those that exist */
	int64_t offset;
	struct seep_cfi_expression expression;
};

/* The registers that rules follow. */
enum {
	SEEP_CFI_SLOT_RA,
	SEEP_CFI_SLOT_FP,
	SEEP_CFI_SLOT_BX,
	SEEP_CFI_SLOTS
};

struct seep_cfi_state {
	struct seep_cfi_cfa cfa;
	struct seep_cfi_saved saved[SEEP_CFI_SLOTS];
};

struct seep_cfi_cie {
	uint64_t offset; /* in the section */
	uint64_t code_alignment;
	int64_t data_alignment;
	uint8_t pointer_encoding;
	bool has_augmentation_data; /* 'z' */
	bool signal_frame;	    /* 'S' */
	struct seep_cfi_state initial;
};

/* One length-prefixed entry of the section. */
struct seep_cfi_entry {
	uint64_t offset;
	uint64_t next; /* offset of the entry behind it */
	bool is_cie;
	uint64_t cie;		 /* of an FDE: offset of its CIE */
	struct seep_cursor body; /* behind the CIE identifier or pointer */
};

struct seep_cfi_fde {
	uint64_t address;
	uint64_t length; /* bytes of code */
	struct seep_cursor program;
};

/*
 * The entry at @offset. 0; -ENOENT for a terminator, which is 4 bytes of zeros; -EINVAL when it is
 * not all there.
 */
int seep_cfi_entry_read(const struct seep_cfi_section *section, uint64_t offset,
			struct seep_cfi_entry *ret_entry);

/* 0, or -EINVAL: broken, or of a kind that this machine does not have. */
int seep_cfi_cie_read(const struct seep_cfi_section *section, const struct seep_cfi_entry *entry,
		      struct seep_cfi_cie *ret_cie);

/* 0; -EINVAL; -ENOENT for a function that the linker has thrown away. */
int seep_cfi_fde_read(const struct seep_cfi_section *section, const struct seep_cfi_entry *entry,
		      const struct seep_cfi_cie *cie, struct seep_cfi_fde *ret_fde);

/*
 * A pointer in one of the encodings of LSB 5.0, 10.5.1. @data_base is what DW_EH_PE_datarel adds
 * to; UINT64_MAX when that is not known. 0 or -EINVAL.
 */
int seep_cfi_pointer_read(struct seep_cursor *cursor, const struct seep_cfi_section *section,
			  uint8_t encoding, uint64_t data_base, uint64_t *ret_value);

/* The rows while they are gathered: one block for each FDE. */
struct seep_cfi_block {
	uint64_t start; /* file offsets */
	uint64_t end;
	uint32_t first; /* row */
	uint32_t count;
};

struct seep_cfi_rows {
	struct seep_cfi_row *rows;
	size_t num_rows;
	size_t max_rows; /* allocated */
	struct seep_cfi_block *blocks;
	size_t num_blocks;
	size_t max_blocks;
	bool unsorted;
};

/*
 * A block from file offset @start up to @end, then its rows in ascending order, then either commit
 * or abort. begin and add return 0, -E2BIG or -ENOMEM.
 */
int seep_cfi_rows_begin(struct seep_cfi_rows *rows, uint64_t start, uint64_t end);
int seep_cfi_rows_add(struct seep_cfi_rows *rows, uint64_t offset, const struct seep_rule *rule);
void seep_cfi_rows_commit(struct seep_cfi_rows *rows);
void seep_cfi_rows_abort(struct seep_cfi_rows *rows);
void seep_cfi_rows_done(struct seep_cfi_rows *rows);

/* The pieces of code that the FDEs describe, while they are gathered: see elf/extents.h. */
struct seep_cfi_extents {
	struct seep_range *list;
	size_t count;
	size_t capacity;
};

/* 0, -E2BIG or -ENOMEM. */
int seep_cfi_extents_add(struct seep_cfi_extents *extents, const struct seep_cfi_fde *fde);
/* Reads them instead of rows; the caller frees the list in any case. As seep_cfi_read. */
int seep_cfi_read_extents(const struct seep_image *image, struct seep_cfi_extents *extents);

/*
 * Orders the blocks and sets rows and num_rows of @cfi. Where blocks overlap, the one that begins
 * first has the code. 0, -E2BIG or -ENOMEM.
 */
int seep_cfi_rows_finish(struct seep_cfi_rows *rows, struct seep_cfi *cfi);

/*
 * Runs the instructions of a CIE, which make the state that its FDEs begin with. 0 or -EINVAL.
 */
int seep_cfi_run_cie(const struct seep_cfi_section *section, struct seep_cursor program,
		     struct seep_cfi_cie *cie);

/*
 * Runs the instructions of @fde and adds a row for each change of rule to @rows, in which a block
 * has begun. @offset is where the FDE's first byte is in the file. 0, -EINVAL, -E2BIG or -ENOMEM.
 */
int seep_cfi_run_fde(const struct seep_cfi_section *section, const struct seep_cfi_cie *cie,
		     const struct seep_cfi_fde *fde, uint64_t offset, struct seep_cfi_rows *rows);

/* What an expression says; one that has no rule becomes BAD or OTHER. */
void seep_cfi_cfa_expression(struct seep_cursor code, struct seep_cfi_expression *ret_expression);
void seep_cfi_saved_expression(struct seep_cursor code, struct seep_cfi_saved *ret_saved);

void seep_cfi_rule(const struct seep_cfi_state *state, bool signal_frame,
		   struct seep_rule *ret_rule);

/* Puts a row for the program's entry into the gap of @cfi where it is. 0 or -ENOMEM. */
int seep_cfi_add_stubs(const struct seep_image *image, struct seep_cfi *cfi);

#endif
