/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parts of the JSON report, schema seep.report/1 (docs/report.schema.json), that the HTML report
 * has in it too. Failures are kept in the buffer of the struct seep_json.
 */
#ifndef SEEP_JSON_PARTS_H
#define SEEP_JSON_PARTS_H

#include "model/snapshot.h"
#include "json/fields.h"

/* The beginning of the report, up to its totals; more members may follow. */
void seep_json_write_head(struct seep_json *json, const struct seep_snapshot *snapshot);
/* A further member: "processes", in their order. */
void seep_json_write_processes(struct seep_json *json, const struct seep_snapshot *snapshot);
/* The last members, from "unwind" to "overhead", and the end of the report. */
void seep_json_write_tail(struct seep_json *json, const struct seep_snapshot *snapshot);

/* "host": where seep ran, @kernel is its release. */
void seep_json_add_host(struct seep_json *json, struct json_object *object, const char *name,
			const char *kernel, const char *arch);
/* "scope", as the user gave it: "pid" and "1234", "cgroup" and a path. */
void seep_json_add_scope(struct seep_json *json, struct json_object *object, const char *type,
			 const char *value);
/* "host", "scope" and "filters". */
void seep_json_add_settings(struct seep_json *json, struct json_object *object,
			    const struct seep_snapshot *snapshot);
/* "losses" */
void seep_json_add_losses(struct seep_json *json, struct json_object *object,
			  const struct seep_snapshot *snapshot);
void seep_json_add_counts(struct seep_json *json, struct json_object *object,
			  const struct seep_counts *counts);
/* Lifetimes or ages, without the empty buckets at the end. NULL when memory is out. */
struct json_object *seep_json_new_histogram(struct seep_json *json,
					    const uint64_t counts[SEEP_LIFETIME_BUCKETS]);
/*
 * Adds "sampled" to a site, and if its numbers are estimates their errors and what they stand on.
 */
void seep_json_add_sampling(struct seep_json *json, struct json_object *site,
			    const struct seep_sampling *sampling);
/* Adds "details" to a site, null without any. */
void seep_json_add_details(struct seep_json *json, struct json_object *site,
			   const struct seep_details *details);

#endif
