// SPDX-License-Identifier: GPL-2.0-only
/*
 * The abstract machine of DWARF 5, 6.4.2: called by cfi_reader.c for each CIE, whose instructions
 * make the initial state, and by cfi.c for each FDE, whose instructions change that state as its
 * code goes on. Whenever the location advances, the state up to there becomes a row (emit).
 *
 * Of the registers only those are followed that rules can say (SEEP_CFI_SLOTS); instructions about
 * others are skipped by their operands. An instruction that is not known ends the FDE: where the
 * next one begins cannot be told. Bounded by the bytes of the program and STATES_MAX.
 */
#include "elf/cfi_program.h"

#include <dwarf.h>
#include <errno.h>

#include "elf/cfi_expression.h"
#include "elf/cfi_reader.h"
#include "elf/cfi_rule.h"

/* remember_state nests once in what compilers write. */
#define STATES_MAX 16

/* DWARF 5, 7.24: two bits of opcode and six of operand */
#define PRIMARY_OPCODE	0xc0
#define PRIMARY_OPERAND 0x3f

struct machine {
	const struct seep_cfi_section *section;
	const struct seep_cfi_cie *cie;
	const struct seep_cfi_fde *fde; /* NULL while a CIE is run */
	struct seep_cursor code;
	struct seep_cfi_state state;
	uint64_t location; /* bytes from the start of the FDE's code */
	uint64_t offset;   /* of the FDE's code in the file */
	struct seep_cfi_rows *rows;
	size_t depth;
	struct seep_cfi_state remembered[STATES_MAX];
};

/* The state holds from the location on. */
static int emit(struct machine *machine)
{
	struct seep_rule rule;

	/* A program may advance past the code of its FDE; no row begins there. */
	if (machine->location >= machine->fde->length)
		return 0;
	seep_cfi_rule(&machine->state, machine->cie->signal_frame, &rule);
	return seep_cfi_rows_add(machine->rows, machine->offset + machine->location, &rule);
}

/*
 * Instructions after an advance describe the code from there on, so the row before is complete now.
 * 0, -E2BIG or -ENOMEM.
 */
static int advance_to(struct machine *machine, uint64_t location)
{
	int error;

	if (location == machine->location)
		return 0;
	error = emit(machine);
	machine->location = location;
	return error;
}

static int advance(struct machine *machine, uint64_t delta)
{
	uint64_t location;

	/* A CIE describes no code that it could advance in. */
	if (!machine->fde || __builtin_mul_overflow(delta, machine->cie->code_alignment, &delta) ||
	    __builtin_add_overflow(machine->location, delta, &location))
		return -EINVAL;
	return advance_to(machine, location);
}

/* DW_CFA_set_loc, which names the address itself. It may only go forward, and within the FDE. */
static int set_location(struct machine *machine)
{
	uint64_t address;

	if (!machine->fde ||
	    seep_cfi_pointer_read(&machine->code, machine->section, machine->cie->pointer_encoding,
				  UINT64_MAX, &address))
		return -EINVAL;
	/* Rows have to come in ascending order. */
	if (address < machine->fde->address || address - machine->fde->address < machine->location)
		return -EINVAL;
	return advance_to(machine, address - machine->fde->address);
}

/* NULL for a register that rules do not follow. */
static struct seep_cfi_saved *saved_of(struct seep_cfi_state *state, uint64_t number)
{
	switch (number) {
	case SEEP_CFI_RETURN_ADDRESS:
		return &state->saved[SEEP_CFI_SLOT_RA];
	case SEEP_CFI_RBP:
		return &state->saved[SEEP_CFI_SLOT_FP];
	case SEEP_CFI_RBX:
		return &state->saved[SEEP_CFI_SLOT_BX];
	default:
		return NULL;
	}
}

/* A register that rules do not follow is no error. */
static int save(struct machine *machine, uint64_t number, struct seep_cfi_saved location)
{
	struct seep_cfi_saved *saved = saved_of(&machine->state, number);

	if (saved)
		*saved = location;
	return 0;
}

static int save_kind(struct machine *machine, uint64_t number, enum seep_cfi_saved_kind kind)
{
	return save(machine, number, (struct seep_cfi_saved){.kind = kind});
}

/* @factored is in units of the CIE's data alignment. */
static int save_at(struct machine *machine, uint64_t number, int64_t factored)
{
	struct seep_cfi_saved location = {.kind = SEEP_CFI_AT_CFA};

	if (__builtin_mul_overflow(factored, machine->cie->data_alignment, &location.offset))
		return -EINVAL;
	return save(machine, number, location);
}

static int save_at_unsigned(struct machine *machine, uint64_t number, uint64_t factored)
{
	return factored > INT64_MAX ? -EINVAL : save_at(machine, number, (int64_t)factored);
}

/* Back to what the CIE says of the register (DW_CFA_restore), which a CIE itself cannot use. */
static int restore(struct machine *machine, uint64_t number)
{
	struct seep_cfi_saved *saved = saved_of(&machine->state, number);
	const struct seep_cfi_state *initial = &machine->cie->initial;

	if (!machine->fde)
		return -EINVAL;
	if (saved)
		*saved = initial->saved[saved - machine->state.saved];
	return 0;
}

static int read_expression(struct machine *machine, struct seep_cursor *ret_expression)
{
	uint64_t length = seep_cursor_uleb(&machine->code);
	const uint8_t *bytes = seep_cursor_take(&machine->code, length);

	if (!bytes || machine->code.failed)
		return -EINVAL;
	*ret_expression = (struct seep_cursor){bytes, bytes + length, false};
	return 0;
}

/* DWARF 5, 6.4.2.3, and GNU_negative_offset_extended: where a register is saved */
static int save_register(struct machine *machine, uint8_t opcode)
{
	uint64_t number = seep_cursor_uleb(&machine->code), operand;
	struct seep_cfi_saved location;
	struct seep_cursor expression;

	switch (opcode) {
	case DW_CFA_offset_extended:
		return save_at_unsigned(machine, number, seep_cursor_uleb(&machine->code));
	case DW_CFA_offset_extended_sf:
		return save_at(machine, number, seep_cursor_sleb(&machine->code));
	case DW_CFA_GNU_negative_offset_extended:
		operand = seep_cursor_uleb(&machine->code);
		return operand > INT64_MAX ? -EINVAL : save_at(machine, number, -(int64_t)operand);
	case DW_CFA_restore_extended:
		return restore(machine, number);
	case DW_CFA_undefined:
		return save_kind(machine, number, SEEP_CFI_UNDEFINED);
	case DW_CFA_same_value:
		return save_kind(machine, number, SEEP_CFI_SAME);
	/* The value is in another register, which a rule cannot say, or in its own. */
	case DW_CFA_register:
		operand = seep_cursor_uleb(&machine->code);
		return save_kind(machine, number,
				 operand == number ? SEEP_CFI_SAME : SEEP_CFI_OTHER);
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf: /* only skipped, and both forms of LEB128 end alike */
		seep_cursor_uleb(&machine->code);
		return save_kind(machine, number, SEEP_CFI_OTHER);
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		if (read_expression(machine, &expression))
			return -EINVAL;
		/* The expression is the value itself, not the place where it is saved. */
		if (opcode == DW_CFA_val_expression)
			return save_kind(machine, number, SEEP_CFI_OTHER);
		seep_cfi_saved_expression(expression, &location);
		return save(machine, number, location);
	default:
		return -EINVAL;
	}
}

/* Only DW_CFA_def_cfa_sf and DW_CFA_def_cfa_offset_sf are factored (DWARF 5, 6.4.2.2). */
static int cfa_offset(struct machine *machine, bool factored)
{
	struct seep_cfi_cfa *cfa = &machine->state.cfa;

	if (factored) {
		if (__builtin_mul_overflow(seep_cursor_sleb(&machine->code),
					   machine->cie->data_alignment, &cfa->offset))
			return -EINVAL;
	} else {
		uint64_t offset = seep_cursor_uleb(&machine->code);

		if (offset > INT64_MAX)
			return -EINVAL;
		cfa->offset = (int64_t)offset;
	}
	return 0;
}

/*
 * DWARF 5, 6.4.2.2. Against which libgcrypt goes back from an expression by naming a register
 * alone: as in libgcc, the last offset comes back with it.
 */
static int define_cfa(struct machine *machine, uint8_t opcode)
{
	struct seep_cfi_cfa *cfa = &machine->state.cfa;
	struct seep_cursor expression;

	if (opcode == DW_CFA_def_cfa_expression) {
		if (read_expression(machine, &expression))
			return -EINVAL;
		cfa->form = SEEP_CFI_CFA_EXPRESSION;
		seep_cfi_cfa_expression(expression, &cfa->expression);
		return 0;
	}
	if (opcode == DW_CFA_def_cfa_offset || opcode == DW_CFA_def_cfa_offset_sf)
		return cfa_offset(machine, opcode == DW_CFA_def_cfa_offset_sf);
	cfa->form = SEEP_CFI_CFA_REGISTER;
	cfa->base = seep_cursor_uleb(&machine->code);
	if (opcode == DW_CFA_def_cfa_register)
		return 0;
	return cfa_offset(machine, opcode == DW_CFA_def_cfa_sf);
}

/* The CFA is remembered with the registers, as libgcc does and compilers rely on. */
static int remember_state(struct machine *machine)
{
	if (machine->depth == STATES_MAX)
		return -EINVAL;
	machine->remembered[machine->depth++] = machine->state;
	return 0;
}

static int restore_state(struct machine *machine)
{
	if (!machine->depth)
		return -EINVAL;
	machine->state = machine->remembered[--machine->depth];
	return 0;
}

/*
 * Opcodes whose operands are not in the opcode itself (DWARF 5, 7.24), with those that GCC and
 * other machines have added.
 */
static int run_extended(struct machine *machine, uint8_t opcode)
{
	switch (opcode) {
	case DW_CFA_nop:
	case DW_CFA_AARCH64_negate_ra_state: /* also GNU_window_save; nothing to do on x86-64 */
		return 0;
	case DW_CFA_set_loc:
		return set_location(machine);
	case DW_CFA_advance_loc1:
		return advance(machine, seep_cursor_unsigned(&machine->code, 1));
	case DW_CFA_advance_loc2:
		return advance(machine, seep_cursor_unsigned(&machine->code, 2));
	case DW_CFA_advance_loc4:
		return advance(machine, seep_cursor_unsigned(&machine->code, 4));
	case DW_CFA_MIPS_advance_loc8:
		return advance(machine, seep_cursor_unsigned(&machine->code, 8));
	case DW_CFA_remember_state:
		return remember_state(machine);
	case DW_CFA_restore_state:
		return restore_state(machine);
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_def_cfa_expression:
		return define_cfa(machine, opcode);
	case DW_CFA_GNU_args_size: /* for landing pads */
		seep_cursor_uleb(&machine->code);
		return 0;
	default:
		return save_register(machine, opcode);
	}
}

static int run(struct machine *machine)
{
	struct seep_cursor *code = &machine->code;
	int error = 0;

	while (!error && code->at < code->end) {
		uint8_t opcode = *code->at++;
		/* Three opcodes have their first operand in the same byte. */
		uint8_t operand = opcode & PRIMARY_OPERAND;

		switch (opcode & PRIMARY_OPCODE) {
		case DW_CFA_advance_loc:
			error = advance(machine, operand);
			break;
		case DW_CFA_offset:
			error = save_at_unsigned(machine, operand, seep_cursor_uleb(code));
			break;
		case DW_CFA_restore:
			error = restore(machine, operand);
			break;
		default:
			error = run_extended(machine, opcode);
			break;
		}
		/*
		 * The cursor reads 0 where the program is cut; what was made of it is taken back
		 * (abort).
		 */
		if (code->failed)
			return -EINVAL;
	}
	return error;
}

/* Not by an initializer, which would clear what remembered states may never use. */
static void machine_init(struct machine *machine, const struct seep_cfi_section *section,
			 const struct seep_cfi_cie *cie, struct seep_cursor program)
{
	machine->section = section;
	machine->cie = cie;
	machine->fde = NULL;
	machine->code = program;
	machine->state = cie->initial;
	machine->location = 0;
	machine->offset = 0;
	machine->rows = NULL;
	machine->depth = 0;
}

int seep_cfi_run_cie(const struct seep_cfi_section *section, struct seep_cursor program,
		     struct seep_cfi_cie *cie)
{
	struct machine machine;

	machine_init(&machine, section, cie, program);
	/* The state that its instructions leave is the one in which each FDE begins. */
	if (run(&machine))
		return -EINVAL;
	cie->initial = machine.state;
	return 0;
}

int seep_cfi_run_fde(const struct seep_cfi_section *section, const struct seep_cfi_cie *cie,
		     const struct seep_cfi_fde *fde, uint64_t offset, struct seep_cfi_rows *rows)
{
	struct machine machine;
	int error;

	machine_init(&machine, section, cie, fde->program);
	machine.fde = fde;
	machine.offset = offset;
	machine.rows = rows;
	error = run(&machine);
	/* The last state holds up to the end of the code. */
	return error ? error : emit(&machine);
}
