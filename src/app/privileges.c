// SPDX-License-Identifier: GPL-2.0-only
#include "app/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/terminal.h"
#include "text/layout.h"

struct need {
	unsigned int capability;
	const char *name;
	bool needed;	 /* there is no trace without */
	const char *use; /* what for, or what is missing without */
};

/*
 * CAP_BPF and CAP_PERFMON exist since Linux 5.8, CAP_CHECKPOINT_RESTORE since 5.9
 * (capabilities(7)).
 */
static const struct need needs[] = {
	{CAP_BPF, "CAP_BPF", true, "BPF programs and maps"},
	{CAP_PERFMON, "CAP_PERFMON", true, "uprobes"},
	{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", true, "what other users' processes map"},
	{CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", true, "files that other users may not read"},
	{CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE", false,
	 "files of containers, and files that were replaced or deleted, by what is mapped; without it "
	 "by their path"},
	{CAP_SYS_ADMIN, "CAP_SYS_ADMIN", false,
	 "the kernel's statistics of BPF programs, for the overhead in reports; perf events where "
	 "kernel.perf_event_paranoid forbids them"},
	{CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE", false, "output files in other users' directories"},
};

/* Left of what a capability is for. */
#define RIGHTS_COLUMNS 41

#define NUM_NEEDS (sizeof(needs) / sizeof(needs[0]))

/* Keeps what of the needs the process has; capabilities that it lacks are not asked for. */
void seep_privileges_drop(void)
{
	bool have[NUM_NEEDS];

	/* Without knowing what there is, nothing is given up. */
	if (capng_get_caps_process())
		return;
	for (size_t i = 0; i < NUM_NEEDS; i++)
		/* Read before anything is cleared: capng_clear empties the same state. */
		have[i] = capng_have_capability(CAPNG_PERMITTED, needs[i].capability);
	/* Both the sets of the process and the bounding set. */
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < NUM_NEEDS; i++) {
		if (have[i])
			capng_update(CAPNG_ADD, (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
				     needs[i].capability);
	}
	/* The bounding set is only ours to change with CAP_SETPCAP. */
	if (capng_apply(CAPNG_SELECT_BOTH) && capng_apply(CAPNG_SELECT_CAPS))
		seep_debug("cannot give up capabilities");
	/* No execve can bring capabilities back (prctl(2)). */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		seep_debug("cannot forbid new privileges: %s", strerror(errno));
}

void seep_privileges_print(FILE *stream)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	const struct seep_layout layout = {
		.out = &text,
		.columns = seep_terminal_columns(fileno(stream)),
	};

	if (capng_get_caps_process())
		return;
	for (size_t i = 0; i < NUM_NEEDS; i++) {
		/* Effective, not permitted: what counts is what the kernel checks now. */
		bool have = capng_have_capability(CAPNG_EFFECTIVE, needs[i].capability);

		seep_buffer_printf(&text, "%-8s %-23s %-7s ", i ? "" : "rights", needs[i].name,
				   have		   ? "yes" :
				   needs[i].needed ? "MISSING" :
						     "no");
		seep_layout_wrap(&layout, SEEP_STYLE_PLAIN, RIGHTS_COLUMNS, needs[i].use);
	}
	fputs(text.data, stream);
}
