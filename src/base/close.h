/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Closing descriptors whose close waits: that of a BPF link for all programs that may be running,
 * some 100 ms. Those that wait at the same time wait for the same. SIGKILL does not keep them from
 * being closed (base/shield.h).
 */
#ifndef SEEP_BASE_CLOSE_H
#define SEEP_BASE_CLOSE_H

#include <stddef.h>

/* Closes @count descriptors (-1: none) at the same time, and returns when all are closed. */
void seep_close_all(const int *fds, size_t count);

/* Closes them in the background. Takes @fds, from malloc. */
void seep_close_later(int *fds, size_t count);

#endif
