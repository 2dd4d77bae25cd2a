// SPDX-License-Identifier: GPL-2.0-only
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "config.bpf.h"
#include "seep/abi.h"

const volatile __u32 cfg_kinds = 0;
const volatile __u64 cfg_min_bytes = 0;
const volatile __u64 cfg_max_bytes = ~0ULL;
const volatile __u64 cfg_sample_bytes = 0;
const volatile bool cfg_user_heap = false;
const volatile __u32 cfg_max_frames = SEEP_MAX_FRAMES;
const volatile __u32 cfg_verify_every = 0;
const volatile __u32 cfg_scope = SEEP_SCOPE_NAMED;
const volatile __u32 cfg_children = 0;
const volatile __u32 cfg_hazards = 0;
const volatile bool cfg_windows = false;
const volatile __u32 cfg_buckets = 0;
const volatile __u32 cfg_self = 0;
const volatile char cfg_comm[SEEP_COMM_BYTES] = "";

char LICENSE[] SEC("license") = "GPL";
