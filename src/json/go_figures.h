/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SEEP_JSON_GO_FIGURES_H
#define SEEP_JSON_GO_FIGURES_H

#include "model/go_figures.h"
#include "json/fields.h"

/* The member "go" of a process: what its runtime says; nothing if @figures is NULL. */
void seep_json_add_go_figures(struct seep_json *json, struct json_object *process,
			      const struct seep_go_figures *figures);

#endif
