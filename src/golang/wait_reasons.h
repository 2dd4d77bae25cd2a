/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SEEP_GOLANG_WAIT_REASONS_H
#define SEEP_GOLANG_WAIT_REASONS_H

/*
 * Why a goroutine waits, in the words of Go 1.@minor, for programs that do not tell where their own
 * list is. NULL: not known.
 */
const char *seep_go_wait_reason(unsigned int minor, unsigned int reason);

#endif
