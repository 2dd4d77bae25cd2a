/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of everything that a trace could not see.
 *
 * One line per loss: X(enum suffix, key in JSON and metrics, sentence for people). The BPF side
 * bumps them, the reports print them; enum, key and sentence exist only here. A counter that is not
 * zero is always printed.
 */
#ifndef SEEP_COUNTERS_H
#define SEEP_COUNTERS_H

#define SEEP_LOSSES(X)                                                                             \
	X(UNTRACKED_OBJECTS, untracked_objects, "objects not tracked: the live map was full")      \
	X(UNTRACKED_BYTES, untracked_bytes, "bytes of objects not tracked")                        \
	X(UNTRACKED_SITES, untracked_sites, "objects not tracked: the site map was full")          \
	X(UNMATCHED_FREES, unmatched_frees, "releases of blocks that the trace did not know")      \
	X(IMPLICIT_FREES, implicit_frees, "blocks whose release was not seen (address came back)") \
	X(RING_FULL, ring_full, "stacks or files sent again later: the ring buffer was full")      \
	X(STACKS_UNSENT, stacks_unsent, "sites whose stack never reached user space")              \
	X(NO_SLOT, no_slot, "objects not tracked: no unwind slot was free")                        \
	X(NO_THREAD_STATE, no_thread_state, "calls not tracked: no thread state could be made")    \
	X(UNRETURNED_CALLS, unreturned_calls,                                                      \
	  "allocations left out: inside calls of your functions that did not return")              \
	X(OUT_POINTER, out_pointer, "blocks not tracked: the result pointer could not be read")    \
	X(HASH_COLLISIONS, hash_collisions, "objects counted at the site of another stack")        \
	X(VMA_BUSY, vma_busy, "mappings trusted for longer: the address space was locked")         \
	X(FILES_FULL, files_full, "frames left as raw addresses: the file map was full")           \
	X(FILES_UNNAMED, files_unnamed, "mapped files that could not be opened for their symbols") \
	X(UNTRACED_PROCESSES, untraced_processes, "processes not traced: the table was full")      \
	X(DROPPED_PROCESSES, dropped_processes,                                                    \
	  "ended processes left out of the report: too many")                                      \
	X(MISSED_ATTACH, missed_attach, "files with allocator functions that could not be probed") \
	X(REFUSED_PROCESSES, refused_processes, "processes not probed: probes could harm them")    \
	X(MISSED_PROCESSES, missed_processes, "processes that ended before they could be probed")  \
	X(LEADER_EXITS, leader_exits,                                                              \
	  "processes seen with a gap: the thread that their probes were bound to ended")           \
	X(LOST_PROBES, lost_probes,                                                                \
	  "probes that a process had dropped with its code; placed again")                         \
	X(MISSED_EXEC, missed_exec, "programs started by exec and noticed late")                   \
	X(UNSEEN_OPENS, unseen_opens, "descriptors whose making was not seen")                     \
	X(UNSEEN_CLOSES, unseen_closes, "descriptors whose closing was not seen")                  \
	X(UNSEEN_MAPPINGS, unseen_mappings, "ranges of memory whose mapping was not seen")         \
	X(UNSEEN_UNMAPPINGS, unseen_unmappings, "ranges of memory whose unmapping was not seen")   \
	X(UNSEEN_THREADS, unseen_threads, "threads whose making was not seen")                     \
	X(UNSEEN_EXITS, unseen_exits, "threads whose end was not seen")                            \
	X(UNREAD_GOROUTINES, unread_goroutines, "goroutines that could not be read")               \
	X(STACK_DISAGREEMENTS, stack_disagreements, "stacks that libdw unwinds differently")       \
	X(LOST_SAMPLES, lost_samples,                                                              \
	  "observations of windows not counted: the table of samples was full")                    \
	X(UNJUDGED_SITES, unjudged_sites, "sites without a verdict: too many are watched")

enum seep_loss {
#define SEEP_LOSS_ENUM(name, key, text) SEEP_LOSS_##name,
	SEEP_LOSSES(SEEP_LOSS_ENUM)
#undef SEEP_LOSS_ENUM
	SEEP_LOSS_COUNT
};

#endif
