/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tracing command at work: tracer, outputs, timers and signals on one event loop. Built by the
 * steps new, attach, run, free.
 */
#ifndef SEEP_APP_ENGINE_H
#define SEEP_APP_ENGINE_H

#include "app/config.h"

struct seep_engine;

/* 0, or -errno after saying what is wrong. @config must outlive the engine. */
int seep_engine_new(const struct seep_config *config, struct seep_engine **ret_engine);
/* Attaches to the scope, or starts the command. 0, or -errno after saying what is wrong. */
int seep_engine_attach(struct seep_engine *engine);
/*
 * Traces until the duration is over, the targets have ended, or a signal asks for the end; writes
 * the reports. 0, or -errno after saying what is wrong.
 */
int seep_engine_run(struct seep_engine *engine);
/* The exit status that the trace deserves: the launched command's, or 1 if an output failed. */
int seep_engine_exit_status(struct seep_engine *engine);
void seep_engine_free(struct seep_engine *engine);

#endif
