/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tree behind a flame graph: sites merged by function from the outermost inwards, placed side
 * by side in the order of their names.
 */
#ifndef SEEP_FLAME_TREE_H
#define SEEP_FLAME_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "report/fold.h"
#include "report/intern.h"
#include "symbol/symbolizer.h"

struct seep_flame_node {
	uint32_t name; /* in names */
	uint32_t parent;
	uint32_t depth; /* 0: the root, which is everything */
	bool drawn;	/* for who draws */
	uint64_t value;
	uint64_t before; /* of differential flame graphs; else 0 */
	uint64_t start;	 /* sum of the values left of it */
};

struct seep_flame_tree {
	struct seep_strings names;
	struct seep_flame_node *nodes; /* a parent comes before its children */
	size_t num_nodes;
	size_t capacity;
	struct seep_numbers by_path; /* (parent, name) to node, less one for the root */
};

/* Where the values of a site are being added. */
struct seep_flame_path {
	struct seep_flame_tree *tree;
	uint32_t node;
	uint64_t value;
	uint64_t before;
};

/*
 * Step by step: begin, then a path for each site, begun at the root and gone along by a folding,
 * then place. Each 0, -ENOMEM or -E2BIG. The step is a seep_fold_fn of a seep_flame_path.
 */
int seep_flame_tree_begin(struct seep_flame_tree *tree);
struct seep_flame_path seep_flame_path_begin(struct seep_flame_tree *tree, uint64_t value,
					     uint64_t before);
int seep_flame_path_step(void *context, const char *name);
int seep_flame_tree_place(struct seep_flame_tree *tree);

/*
 * All of a snapshot. 0, -ENOMEM or -E2BIG; seep_flame_tree_done is needed in any case. A zeroed
 * tree is empty.
 */
int seep_flame_tree_build(struct seep_flame_tree *tree, const struct seep_snapshot *snapshot,
			  struct seep_symbolizer *symbolizer, enum seep_metric metric);
void seep_flame_tree_done(struct seep_flame_tree *tree);

#endif
