/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The enums of a snapshot from the words that captures have for them, because their numbers are
 * another version's tomorrow. The words are the keys of JSON (seep_kind_key and so on).
 */
#ifndef SEEP_MODEL_KEYS_H
#define SEEP_MODEL_KEYS_H

#include <stdint.h>

#include "base/buffer.h"
#include "model/snapshot.h"

/* 0, or -EBADMSG for NULL and for what this version does not know. */
int seep_kind_of_key(const char *key, enum seep_kind *ret_kind);
int seep_end_of_key(const char *key, enum seep_end *ret_end);
int seep_loss_of_key(const char *key, enum seep_loss *ret_loss);
int seep_tracing_mode_of_key(const char *key, enum seep_tracing_mode *ret_mode);

/* The traced kinds as "memory,thread", and back: "" is none. */
void seep_kinds_append(struct seep_buffer *buffer, const struct seep_totals *totals);
int seep_kinds_parse(const char *text, struct seep_totals *totals);

#endif
