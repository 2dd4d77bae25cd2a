// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects that count their references and refer to each other: when the last reference from outside
 * goes, each still has one, and is never released.
 */
#include <errno.h>
#include <stdlib.h>

#include "simulate/activity.h"

/* The object is at least as large as this, see SEEP_CYCLE_LEAST_BYTES; the rest is never used. */
struct node {
	unsigned int references;
	struct node *peer;
};

_Static_assert(sizeof(struct node) <= SEEP_CYCLE_LEAST_BYTES, "any node has room");

/* The site: a node with the one reference of who created it. */
SIMULATED struct node *new_node(struct seep_work *work)
{
	struct node *node = calloc(1, seep_work_size(work));

	if (node) {
		node->references = 1;
		seep_count_made(work, 0, seep_work_size(work));
	}
	return node;
}

/* Gives a reference up. In a cycle one always remains, and that is the moment of the leak. */
SIMULATED void drop_node(struct seep_work *work, struct node *node)
{
	if (--node->references) {
		seep_count_leaked(work, 0, seep_work_size(work));
		return;
	}
	free(node);
	seep_count_released(work, 0, seep_work_size(work));
}

/* A reference from one node to another, or to itself. */
static void refer(struct node *node, struct node *peer)
{
	node->peer = peer;
	peer->references++;
}

/* Both refer to each other, so giving both up releases neither. */
SIMULATED int link_parent_and_child(struct seep_work *work)
{
	struct node *parent = new_node(work);
	struct node *child = parent ? new_node(work) : NULL;

	/* The parent has one reference, so dropping it releases it: a failure leaks nothing. */
	if (!child) {
		if (parent)
			drop_node(work, parent);
		return -ENOMEM;
	}
	refer(parent, child);
	refer(child, parent);
	drop_node(work, child);
	drop_node(work, parent);
	return 0;
}

/* An odd number of objects ends with one that refers to itself. */
SIMULATED int link_to_itself(struct seep_work *work)
{
	struct node *node = new_node(work);

	if (!node)
		return -ENOMEM;
	refer(node, node);
	drop_node(work, node);
	return 0;
}

SIMULATED int build_document(struct seep_work *work, uint64_t num_nodes)
{
	return num_nodes == 1 ? link_to_itself(work) : link_parent_and_child(work);
}

/* Not by steps: objects come in pairs, so two are due at once. */
static int advance(struct seep_work *work)
{
	uint64_t last = seep_work_share(work, work->parameters[SEEP_SIMULATE_OBJECTS]);
	uint64_t due = seep_work_due(work);

	while (work->done < due) {
		/* Pairs, as long as two more are to come. */
		uint64_t num_nodes = last - work->done == 1 ? 1 : 2;
		int error;

		/* A pair waits until both of its objects are due. */
		if (work->done + num_nodes > due)
			break;
		error = build_document(work, num_nodes);
		if (error)
			return error;
		work->done += num_nodes;
	}
	return 0;
}

const struct seep_activity seep_activity_cycle = {
	.sites = {{"new_node", SEEP_KIND_MEMORY, {SEEP_TRUTH_LEAK}}},
	.num_sites = 1,
	.advance = advance,
};
