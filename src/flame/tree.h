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

#include "flame/colors.h"
#include "model/snapshot.h"
#include "report/fold.h"
#include "report/intern.h"
#include "symbol/symbolizer.h"

struct seep_flame_node {
	uint32_t name; /* in names */
	uint32_t parent;
	uint32_t depth;	      /* 0: the root, which is everything */
	bool drawn;	      /* for who draws */
	unsigned char module; /* its colour, of the first site that has the frame */
	unsigned char alarm;  /* enum seep_flame_alarm: the worst of the sites above */
	uint64_t value;
	uint64_t before; /* of differential flame graphs; else the value */
	uint64_t start;	 /* sum of the values left of it */
	/* Of differential flame graphs drawn by change: how much has come and gone; else 0. */
	uint64_t moved;
	uint64_t moved_start;
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
	uint64_t moved;
	enum seep_flame_alarm alarm;
};

/*
 * Step by step: begin, then a path for each site, begun at the root and gone along by a folding,
 * then place. Each 0, -ENOMEM or -E2BIG. The step is a seep_fold_fn of a seep_flame_path.
 */
int seep_flame_tree_begin(struct seep_flame_tree *tree);
struct seep_flame_path seep_flame_path_begin(struct seep_flame_tree *tree, uint64_t value,
					     uint64_t before, enum seep_flame_alarm alarm);
int seep_flame_path_step(void *context, const char *name, const char *module);
int seep_flame_tree_place(struct seep_flame_tree *tree);

/*
 * All of a snapshot but what was there before the trace, which would leave no room for the rest;
 * its value is *ret_left_out. If there is nothing else, it is drawn. 0, -ENOMEM or -E2BIG;
 * seep_flame_tree_done is needed in any case. A zeroed tree is empty.
 */
int seep_flame_tree_build(struct seep_flame_tree *tree, const struct seep_snapshot *snapshot,
			  struct seep_symbolizer *symbolizer, enum seep_metric metric,
			  uint64_t *ret_left_out);
void seep_flame_tree_done(struct seep_flame_tree *tree);

#endif
