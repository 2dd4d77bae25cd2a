/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * seep watch at work: the watcher, the escalator, outputs, timers and signals on one event loop.
 */
#ifndef SEEP_APP_WATCHING_H
#define SEEP_APP_WATCHING_H

#include "app/config.h"

struct seep_watching;

/* 0, or -errno after saying what is wrong. @config must outlive it. */
int seep_watching_new(const struct seep_config *config, struct seep_watching **ret_watching);
/*
 * Watches until the duration is over, named processes have ended, or a signal asks for the end. 0,
 * or -errno after saying what is wrong.
 */
int seep_watching_run(struct seep_watching *watching);
/* The exit status: by what was found, if the command was asked to fail for it. */
int seep_watching_exit_status(const struct seep_watching *watching);
void seep_watching_free(struct seep_watching *watching);

#endif
