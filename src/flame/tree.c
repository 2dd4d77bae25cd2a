// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths are added one by one (begin, then a step for each name), and nodes are found by parent and
 * name in a hash table. seep_flame_tree_place then puts them in an order that is the same in every
 * run. Nodes are in one array and refer to each other by number, so the tree may move as it grows.
 */
#include "flame/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/numbers.h"
#include "report/fold.h"

#define ROOT_NAME "all"

/* Sorting by key puts siblings side by side in the order of their names. */
struct flame_order {
	uint64_t key; /* parent, rank of the name */
	uint32_t node;
};

/* A name and its number, to sort the numbers by text. */
struct name_order {
	const char *text;
	uint32_t name;
};

/* May move the nodes: pointers into them do not survive it. */
static int append_node(struct seep_flame_tree *tree, struct seep_flame_node node)
{
	int error = seep_array_reserve(&tree->nodes, &tree->capacity, tree->num_nodes,
				       sizeof(*tree->nodes));

	if (!error)
		tree->nodes[tree->num_nodes++] = node;
	return error;
}

/* What a path has is added to every node on it. */
static void add_values(struct seep_flame_node *node, const struct seep_flame_path *path)
{
	node->value += path->value;
	node->before += path->before;
	node->moved += path->moved;
	if (path->alarm > node->alarm)
		node->alarm = (unsigned char)path->alarm;
}

/*
 * The numbers of by_path are given in the order of first sight, as nodes are appended; the root has
 * no path, so the node of a path has the next higher number. A failure between the two steps leaves
 * them out of step, which ends the rendering.
 */
int seep_flame_path_step(void *context, const char *name, const char *module)
{
	struct seep_flame_path *path = context;
	struct seep_flame_tree *tree = path->tree;
	struct seep_flame_node node = {.parent = path->node};
	uint32_t number;
	bool is_new;
	int error;

	error = seep_strings_get(&tree->names, name, &node.name);
	if (!error)
		error = seep_numbers_get(&tree->by_path, (uint64_t)path->node << 32 | node.name,
					 &number, &is_new);
	/* The child of a node is one deeper; its values are added below. */
	if (!error && is_new) {
		node.module = (unsigned char)seep_flame_module_color(module);
		node.depth = tree->nodes[path->node].depth + 1;
		error = append_node(tree, node);
	}
	if (error)
		return error;
	/*
	 * Every site of a path adds to all nodes on it, so a parent has at least the sum of its
	 * children.
	 */
	path->node = number + 1;
	add_values(&tree->nodes[path->node], path);
	return 0;
}

/* The path starts at node 0, the root, which gets the value of every path. */
struct seep_flame_path seep_flame_path_begin(struct seep_flame_tree *tree, uint64_t value,
					     uint64_t before, enum seep_flame_alarm alarm)
{
	struct seep_flame_path path = {
		.tree = tree,
		.value = value,
		.before = before,
		.moved = seep_distance(before, value),
		.alarm = alarm,
	};

	add_values(&tree->nodes[0], &path);
	return path;
}

int seep_flame_tree_begin(struct seep_flame_tree *tree)
{
	struct seep_flame_node root = {0};
	int error = seep_strings_get(&tree->names, ROOT_NAME, &root.name);

	return error ? error : append_node(tree, root);
}

/* Bytes, not the locale's collation: the picture must be the same on every machine. */
static int compare_names(const void *left, const void *right)
{
	return strcmp(((const struct name_order *)left)->text,
		      ((const struct name_order *)right)->text);
}

static int compare_order(const void *left, const void *right)
{
	uint64_t a = ((const struct flame_order *)left)->key;
	uint64_t b = ((const struct flame_order *)right)->key;

	return a < b ? -1 : a > b;
}

/* The rank of every name in the order of their bytes. 0 or -ENOMEM; the caller frees *ret_ranks. */
static int rank_names(const struct seep_strings *names, uint32_t **ret_ranks)
{
	SEEP_AUTO_FREE struct name_order *order = calloc(names->count, sizeof(*order));
	uint32_t *ranks = calloc(names->count, sizeof(*ranks));

	if (!order || !ranks) {
		free(ranks);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < names->count; i++)
		/* The texts do not move here, because no name is added any more. */
		order[i] = (struct name_order){seep_strings_text(names, i), i};
	qsort(order, names->count, sizeof(*order), compare_names);
	for (uint32_t i = 0; i < names->count; i++)
		ranks[order[i].name] = i;
	*ret_ranks = ranks;
	return 0;
}

/* Every node starts where its parent does, behind the siblings before it. */
int seep_flame_tree_place(struct seep_flame_tree *tree)
{
	SEEP_AUTO_FREE struct flame_order *order = calloc(tree->num_nodes, sizeof(*order));
	SEEP_AUTO_FREE uint32_t *ranks = NULL;
	size_t children = tree->num_nodes - 1; /* all but the root */
	uint32_t parent = 0;
	uint64_t next = 0, next_moved = 0;
	int error;

	error = order ? rank_names(&tree->names, &ranks) : -ENOMEM;
	if (error)
		return error;
	/* The rank in the key saves a string comparison for every pair that is sorted. */
	for (uint32_t i = 0; i < children; i++) {
		const struct seep_flame_node *node = &tree->nodes[i + 1];

		order[i].key = (uint64_t)node->parent << 32 | ranks[node->name];
		order[i].node = i + 1;
	}
	/*
	 * A parent has a lower number than its children, so its own start is known before theirs is
	 * needed.
	 */
	qsort(order, children, sizeof(*order), compare_order);
	for (size_t i = 0; i < children; i++) {
		struct seep_flame_node *node = &tree->nodes[order[i].node];

		if (node->parent != parent) {
			parent = node->parent;
			next = tree->nodes[parent].start;
			next_moved = tree->nodes[parent].moved_start;
		}
		node->start = next;
		node->moved_start = next_moved;
		next += node->value;
		next_moved += node->moved;
	}
	return 0;
}

static bool is_before(const struct seep_site *site)
{
	return seep_origin_of(site->stack) == SEEP_ORIGIN_BEFORE;
}

/* Of what was there before the trace, and of all the rest. */
static void add_up(const struct seep_snapshot *snapshot, enum seep_metric metric,
		   uint64_t *ret_before, uint64_t *ret_rest)
{
	*ret_before = *ret_rest = 0;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		*(is_before(site) ? ret_before : ret_rest) += seep_site_metric(site, metric);
	}
}

/* Sites without a value are left out: they would be frames without a width. */
int seep_flame_tree_build(struct seep_flame_tree *tree, const struct seep_snapshot *snapshot,
			  struct seep_symbolizer *symbolizer, enum seep_metric metric,
			  uint64_t *ret_left_out)
{
	uint64_t before, rest;
	int error = seep_flame_tree_begin(tree);

	add_up(snapshot, metric, &before, &rest);
	*ret_left_out = rest ? before : 0;
	for (size_t i = 0; !error && i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		uint64_t value = seep_site_metric(site, metric);
		struct seep_flame_path path;

		if (value == 0 || (*ret_left_out && is_before(site)))
			continue;
		path = seep_flame_path_begin(tree, value, value, seep_flame_alarm_of(site));
		error = seep_report_fold(snapshot, symbolizer, site, seep_flame_path_step, &path);
	}
	return error ? error : seep_flame_tree_place(tree);
}

/* Leaves an empty tree, which may be freed again. */
void seep_flame_tree_done(struct seep_flame_tree *tree)
{
	seep_strings_done(&tree->names);
	seep_numbers_done(&tree->by_path);
	free(tree->nodes);
	memset(tree, 0, sizeof(*tree));
}
