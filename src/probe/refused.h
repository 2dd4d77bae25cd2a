/* SPDX-License-Identifier: GPL-2.0-only */
/* Tells which functions of a file are not traced because nothing that is to be believed says where
 * they are. */
#ifndef SEEP_PROBE_REFUSED_H
#define SEEP_PROBE_REFUSED_H

#include "symbol/search.h"

/* Once for each file, which is at @path: a warning if anything is missing, else for -v only. */
void seep_refused_tell(const char *path, const struct seep_search *search);

#endif
