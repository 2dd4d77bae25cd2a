// SPDX-License-Identifier: GPL-2.0-only
/*
 * Libraries that come and go: the loader calls an empty function before and after it changes its
 * list, so that debuggers can put a breakpoint there (_dl_debug_state, r_brk in <link.h>).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"

SEC("uprobe")
int library_change(struct pt_regs *ctx)
{
	__u32 slot = slot_of_cookie(bpf_get_attach_cookie(ctx));
	struct seep_process_value *process = bpf_map_lookup_elem(&processes, &slot);
	struct seep_library_event event = {.type = SEEP_EVENT_LIBRARY};

	if (!process)
		return 0;
	/* Before the event: cached mappings must be distrusted before the caller goes on. */
	__sync_fetch_and_add(&process->library_changes, 1);
	event.process = process->id;
	if (bpf_ringbuf_output(&events, &event, sizeof(event), 0))
		count_loss(SEEP_LOSS_RING_FULL, 1);
	return 0;
}
