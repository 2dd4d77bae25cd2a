/* SPDX-License-Identifier: GPL-2.0-only */
/* What the system says of a failure, and of limits that the user can change, which they are. */
#ifndef SEEP_BASE_ERRORS_H
#define SEEP_BASE_ERRORS_H

/* strerror; @error is positive. */
const char *seep_error_text(int error);

#endif
