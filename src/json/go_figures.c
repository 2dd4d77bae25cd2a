// SPDX-License-Identifier: GPL-2.0-only
#include "json/go_figures.h"

#include "model/snapshot.h"

/* With Go's own names; what could not be read is left out. */
static struct json_object *new_memstats(struct seep_json *json,
					const struct seep_go_figures *figures)
{
	struct json_object *memstats = seep_json_new(json);

	for (enum seep_memstat i = 0; i < SEEP_MEMSTAT_COUNT; i++) {
		if (figures->memstats[i] != SEEP_UNKNOWN)
			seep_json_add_uint(json, memstats, seep_memstat_key(i),
					   figures->memstats[i]);
	}
	seep_json_add_real(json, memstats, SEEP_MEMSTAT_CPU_KEY, figures->gc_cpu_fraction);
	return memstats;
}

void seep_json_add_go_figures(struct seep_json *json, struct json_object *process,
			      const struct seep_go_figures *figures)
{
	struct json_object *go;

	if (!figures)
		return;
	go = seep_json_new(json);
	seep_json_add_text(json, go, "version", figures->version);
	seep_json_add_uint(json, go, "gomaxprocs", figures->gomaxprocs);
	seep_json_add_int(json, go, "gogc", figures->gogc);
	seep_json_add_uint(json, go, "gomemlimit_bytes", figures->gomemlimit_bytes);
	seep_json_add_real(json, go, "collections_per_min", figures->collections_per_min);
	seep_json_add(json, go, "memstats", new_memstats(json, figures));
	seep_json_add(json, process, "go", go);
}
