// SPDX-License-Identifier: GPL-2.0-only
#include "base/errors.h"

#include <errno.h>
#include <string.h>

const char *seep_error_text(int error)
{
	switch (error) {
	case EMFILE: /* the soft limit has been raised to the hard one already */
		return "too many open files for one process; raise the hard limit of RLIMIT_NOFILE "
		       "(ulimit -n, LimitNOFILE= of a service)";
	case ENFILE:
		return "too many open files on this machine; raise fs.file-max (sysctl)";
	default:
		return strerror(error);
	}
}
