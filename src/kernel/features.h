/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this kernel can do for seep, found out by trying and never by its version: a small skeleton
 * of empty programs is attached to functions of seep itself. The same programs measure what a probe
 * costs here.
 */
#ifndef SEEP_KERNEL_FEATURES_H
#define SEEP_KERNEL_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

/* How uprobes are attached, best first. X(enum suffix, name) */
#define SEEP_ATTACH_VARIANTS(X)                                                                    \
	X(SESSION, "session")                                                                      \
	X(MULTI, "multi")                                                                          \
	X(PERF, "perf")

enum seep_attach_variant {
#define SEEP_VARIANT_ENUM(name, text) SEEP_ATTACH_##name,
	SEEP_ATTACH_VARIANTS(SEEP_VARIANT_ENUM)
#undef SEEP_VARIANT_ENUM
	SEEP_ATTACH_VARIANT_COUNT
};

/* Advice to a user without permission. */
#define SEEP_NEEDS_PERMISSION                                                                      \
	"run seep as root (sudo), or with the capabilities CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE "  \
	"and CAP_DAC_READ_SEARCH"

const char *seep_attach_variant_name(enum seep_attach_variant variant);
/* 0 or -ENOENT. */
int seep_attach_variant_parse(const char *name, enum seep_attach_variant *ret_variant);

/* Cost of one hit of an empty program, by how the kernel executes the probed instruction. */
struct seep_probe_cost {
	uint32_t entry_ns; /* emulated */
	uint32_t stepped_ns;
	uint32_t call_ns; /* entry and return, emulated */
};

struct seep_features {
	enum seep_attach_variant variant;
	struct seep_probe_cost cost;
	uint32_t hazards; /* what returns cannot be probed with: SEEP_REFUSAL_BIT of each */
};

/*
 * Finds the best variant, or checks that @forced (SEEP_ATTACH_VARIANT_COUNT: none) works, and
 * calibrates it. Takes about 20 ms. 0, or -errno after saying what is missing.
 */
int seep_features_probe(enum seep_attach_variant forced, struct seep_features *ret_features);

/* Says what this kernel is too old for. 0 if nothing, else -EOPNOTSUPP. */
int seep_features_explain_missing(void);

#endif
