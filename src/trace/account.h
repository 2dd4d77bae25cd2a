/* SPDX-License-Identifier: GPL-2.0-only */
/* What the governor knows of the costs of a target: see struct seep_governed. */
#ifndef SEEP_TRACE_ACCOUNT_H
#define SEEP_TRACE_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "trace/sampled.h"

struct seep_tracer;
struct watch;

/*
 * How many processes other than @without (NULL: no other one) have links of their own to allocators
 * now. Who is between two windows has none, and with --from-start all have the same.
 */
size_t seep_account_num_links(const struct seep_tracer *tracer, const struct watch *without);

/* The target costs nothing yet. */
void seep_account_init(struct watch *watch, uint64_t now_ns);

/* Brings the account up to date. */
void seep_account_look(struct watch *watch, uint64_t now_ns);

/* Tells BPF what the process may cost until we look again. */
void seep_account_allow(const struct watch *watch);

/* A state begins: from here on what the process takes is counted for it. */
void seep_account_begin(struct watch *watch);

/* What the process has run of its own code since then, ns. */
double seep_account_user_ns(const struct watch *watch);

/* The window that is open, or has ended at @ended_ns. */
struct seep_window seep_account_window(const struct watch *watch, uint64_t ended_ns);

/* For a report: how the process is traced, and what that costs it. */
void seep_account_describe(const struct watch *watch, struct seep_process *process);

#endif
