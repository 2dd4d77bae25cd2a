/* SPDX-License-Identifier: GPL-2.0-only */
/* What is watched, as JSON: docs/watch.schema.json. */
#ifndef SEEP_JSON_WATCH_H
#define SEEP_JSON_WATCH_H

#include "base/buffer.h"
#include "watch/view.h"

/* Appends one line with its line break; results that are new are in it. 0 or -errno. */
int seep_json_watch(const struct seep_watch_view *view, struct seep_buffer *buffer);

#endif
