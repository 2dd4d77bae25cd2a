/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the CFI reader hand to each other. A section goes through them so: cfi_place.c
 * finds and reads it, cfi_reader.c takes its CIEs and FDEs apart, cfi_program.c runs their
 * instructions, cfi_expression.c knows the expressions that occur, cfi_rule.c says what the state
 * means as a rule, cfi_rows.c gathers and orders the rows, cfi_stubs.c adds the program's entry.
 * cfi.c leads through all of them. extents.c wants only what code FDEs cover.
 */
#ifndef SEEP_ELF_CFI_PRIVATE_H
#define SEEP_ELF_CFI_PRIVATE_H

#include "elf/cfi.h"
#include "elf/cursor.h"

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

struct seep_cfi_extents;

/*
 * The same walk over the sections as seep_cfi_read, which gathers what code the FDEs cover instead
 * of rows. The caller frees the list in any case. Errors are those of seep_cfi_read.
 */
int seep_cfi_read_extents(const struct seep_image *image, struct seep_cfi_extents *extents);

#endif
