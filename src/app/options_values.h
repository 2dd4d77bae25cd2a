/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of options on their way into the configuration. Each function is for the option of its name
 * (option_row.set in options_private.h): 0; -EINVAL, -ERANGE: not such a value; -EEXIST: given twice;
 * -ENOMEM; -ECANCELED: it has said what is wrong.
 */
#ifndef SEEP_APP_OPTIONS_VALUES_H
#define SEEP_APP_OPTIONS_VALUES_H

#include "app/options_private.h"

int seep_set_pid(struct seep_config *config, const char *value);
int seep_set_cgroup(struct seep_config *config, const char *value);
int seep_set_comm(struct seep_config *config, const char *value);
int seep_set_all(struct seep_config *config, const char *value);
int seep_set_children(struct seep_config *config, const char *value);
int seep_set_probed_pid(struct seep_config *config, const char *value);
int seep_set_kinds(struct seep_config *config, const char *value);
int seep_set_min_size(struct seep_config *config, const char *value);
int seep_set_max_size(struct seep_config *config, const char *value);
int seep_set_min_age(struct seep_config *config, const char *value);
int seep_set_max_objects(struct seep_config *config, const char *value);
int seep_set_stack_depth(struct seep_config *config, const char *value);
int seep_set_unwind_mem(struct seep_config *config, const char *value);
int seep_set_verify_stacks(struct seep_config *config, const char *value);
int seep_add_alloc(struct seep_config *config, const char *value);
int seep_add_free(struct seep_config *config, const char *value);
int seep_set_attach(struct seep_config *config, const char *value);
int seep_set_from_start(struct seep_config *config, const char *value);
int seep_set_unplaced(struct seep_config *config, const char *value);
int seep_set_interval(struct seep_config *config, const char *value);
int seep_set_duration(struct seep_config *config, const char *value);
int seep_set_metric(struct seep_config *config, const char *value);
int seep_set_top(struct seep_config *config, const char *value);
int seep_set_quiet(struct seep_config *config, const char *value);
int seep_set_verbose(struct seep_config *config, const char *value);
int seep_set_capture(struct seep_config *config, const char *value);
int seep_set_keep(struct seep_config *config, const char *value);
int seep_set_max_file(struct seep_config *config, const char *value);
int seep_set_fail_on(struct seep_config *config, const char *value);
int seep_set_baseline(struct seep_config *config, const char *value);
int seep_set_suppressions(struct seep_config *config, const char *value);

/* Where an output goes. */
#define SEEP_OUTPUT_SETTER(enumerator, key)                                                        \
	int seep_set_##key(struct seep_config *config, const char *value);
SEEP_OUTPUTS(SEEP_OUTPUT_SETTER)
#undef SEEP_OUTPUT_SETTER

#endif
