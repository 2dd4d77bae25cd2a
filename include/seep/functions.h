/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The traced functions: one line each, used by the attach code, the reports and the tests.
 *
 * X(symbol, family, role, size argument, count argument, pointer argument, out argument). Arguments
 * count from 1, 0 means that there is none. Roles are described at enum seep_role. Of two names of
 * one function the first one here is shown.
 */
#ifndef SEEP_FUNCTIONS_H
#define SEEP_FUNCTIONS_H

/*
 * What a function does. The size is the size argument, times the count argument if there is one.
 * The block is the result, NULL on failure. With an out argument the block is stored through that,
 * and the result is 0 or an errno; if it is the pointer argument as well, the old block is read
 * from there.
 *
 * ALLOC     allocates a block
 * NEW       allocates a block as operator new does: before it fails it calls the new-handler of the
 *           program, which may do anything, and it may fail by an exception
 * STRING    allocates a block for a string, as strdup does: its size is that of the string
 * REALLOC   takes the block of the pointer argument, allocates its successor; keeps it on failure
 * REALLOCF  the same, but the old block is gone on failure, too
 * RENEW     as REALLOC, but it fails as NEW does
 * RESIZE    gives the block of the pointer argument another size where it is, if the result is as
 *           large as that (a pointer is); the count argument says how much more would be welcome
 * FREE      takes the block of the pointer argument
 *
 * Threads. The pointer argument is the thread; for CREATE it is the start function, and the out
 * argument points to the attributes. The result is 0 on success.
 *
 * CREATE    creates a thread
 * JOIN      waits for the end of the thread, however long it takes
 * TRYJOIN   the same, but may give up
 * DETACH    the thread need not be joined
 */
enum seep_role {
	SEEP_ROLE_ALLOC,
	SEEP_ROLE_NEW,
	SEEP_ROLE_STRING,
	SEEP_ROLE_REALLOC,
	SEEP_ROLE_REALLOCF,
	SEEP_ROLE_RENEW,
	SEEP_ROLE_RESIZE,
	SEEP_ROLE_FREE,
	SEEP_ROLE_CREATE,
	SEEP_ROLE_JOIN,
	SEEP_ROLE_TRYJOIN,
	SEEP_ROLE_DETACH,
};

/* Argument registers of a function call. */
#define SEEP_MAX_ARGUMENT 6

/* Where functions come from. X(enum suffix, what people call it) */
#define SEEP_FAMILIES(X)                                                                           \
	X(C, "C library (malloc)")                                                                 \
	X(CXX, "C++ (operator new)")                                                               \
	X(JEMALLOC, "jemalloc (mallocx, je_malloc, _rjem_malloc)")                                 \
	X(TCMALLOC, "tcmalloc (tc_malloc, TCMallocInternalMalloc)")                                \
	X(MIMALLOC, "mimalloc (mi_malloc)")                                                        \
	X(USER, "--alloc and --free")

enum seep_family {
#define SEEP_FAMILY_ENUM(name, text) SEEP_FAMILY_##name,
	SEEP_FAMILIES(SEEP_FAMILY_ENUM)
#undef SEEP_FAMILY_ENUM
	SEEP_FAMILY_COUNT
};

#define SEEP_MEMORY_FUNCTIONS(X)                                                                   \
	X(malloc, C, ALLOC, 1, 0, 0, 0)                                                            \
	X(calloc, C, ALLOC, 2, 1, 0, 0)                                                            \
	X(realloc, C, REALLOC, 2, 0, 1, 0)                                                         \
	X(reallocarray, C, REALLOC, 3, 2, 1, 0)                                                    \
	X(reallocarr, C, REALLOC, 3, 2, 1, 1)                                                      \
	X(reallocf, C, REALLOCF, 2, 0, 1, 0)                                                       \
	X(posix_memalign, C, ALLOC, 3, 0, 0, 1)                                                    \
	X(aligned_alloc, C, ALLOC, 2, 0, 0, 0)                                                     \
	X(memalign, C, ALLOC, 2, 0, 0, 0)                                                          \
	X(valloc, C, ALLOC, 1, 0, 0, 0)                                                            \
	X(pvalloc, C, ALLOC, 1, 0, 0, 0)                                                           \
	X(free, C, FREE, 0, 0, 1, 0)                                                               \
	X(cfree, C, FREE, 0, 0, 1, 0)                                                              \
	X(free_sized, C, FREE, 0, 0, 1, 0)                                                         \
	X(free_aligned_sized, C, FREE, 0, 0, 1, 0)                                                 \
	X(_Znwm, CXX, NEW, 1, 0, 0, 0)                                                             \
	X(_Znam, CXX, NEW, 1, 0, 0, 0)                                                             \
	X(_ZnwmRKSt9nothrow_t, CXX, NEW, 1, 0, 0, 0)                                               \
	X(_ZnamRKSt9nothrow_t, CXX, NEW, 1, 0, 0, 0)                                               \
	X(_ZnwmSt11align_val_t, CXX, NEW, 1, 0, 0, 0)                                              \
	X(_ZnamSt11align_val_t, CXX, NEW, 1, 0, 0, 0)                                              \
	X(_ZnwmSt11align_val_tRKSt9nothrow_t, CXX, NEW, 1, 0, 0, 0)                                \
	X(_ZnamSt11align_val_tRKSt9nothrow_t, CXX, NEW, 1, 0, 0, 0)                                \
	X(_ZdlPv, CXX, FREE, 0, 0, 1, 0)                                                           \
	X(_ZdaPv, CXX, FREE, 0, 0, 1, 0)                                                           \
	X(_ZdlPvm, CXX, FREE, 0, 0, 1, 0)                                                          \
	X(_ZdaPvm, CXX, FREE, 0, 0, 1, 0)                                                          \
	X(_ZdlPvRKSt9nothrow_t, CXX, FREE, 0, 0, 1, 0)                                             \
	X(_ZdaPvRKSt9nothrow_t, CXX, FREE, 0, 0, 1, 0)                                             \
	X(_ZdlPvSt11align_val_t, CXX, FREE, 0, 0, 1, 0)                                            \
	X(_ZdaPvSt11align_val_t, CXX, FREE, 0, 0, 1, 0)                                            \
	X(_ZdlPvmSt11align_val_t, CXX, FREE, 0, 0, 1, 0)                                           \
	X(_ZdaPvmSt11align_val_t, CXX, FREE, 0, 0, 1, 0)                                           \
	X(_ZdlPvSt11align_val_tRKSt9nothrow_t, CXX, FREE, 0, 0, 1, 0)                              \
	X(_ZdaPvSt11align_val_tRKSt9nothrow_t, CXX, FREE, 0, 0, 1, 0)                              \
	X(_Znwm12__hot_cold_t, CXX, NEW, 1, 0, 0, 0)                                               \
	X(_Znam12__hot_cold_t, CXX, NEW, 1, 0, 0, 0)                                               \
	X(_ZnwmRKSt9nothrow_t12__hot_cold_t, CXX, NEW, 1, 0, 0, 0)                                 \
	X(_ZnamRKSt9nothrow_t12__hot_cold_t, CXX, NEW, 1, 0, 0, 0)                                 \
	X(_ZnwmSt11align_val_t12__hot_cold_t, CXX, NEW, 1, 0, 0, 0)                                \
	X(_ZnamSt11align_val_t12__hot_cold_t, CXX, NEW, 1, 0, 0, 0)                                \
	X(_ZnwmSt11align_val_tRKSt9nothrow_t12__hot_cold_t, CXX, NEW, 1, 0, 0, 0)                  \
	X(_ZnamSt11align_val_tRKSt9nothrow_t12__hot_cold_t, CXX, NEW, 1, 0, 0, 0)                  \
	X(mallocx, JEMALLOC, ALLOC, 1, 0, 0, 0)                                                    \
	X(rallocx, JEMALLOC, REALLOC, 2, 0, 1, 0)                                                  \
	X(xallocx, JEMALLOC, RESIZE, 2, 3, 1, 0)                                                   \
	X(dallocx, JEMALLOC, FREE, 0, 0, 1, 0)                                                     \
	X(sdallocx, JEMALLOC, FREE, 0, 0, 1, 0)                                                    \
	X(je_malloc, JEMALLOC, ALLOC, 1, 0, 0, 0)                                                  \
	X(je_calloc, JEMALLOC, ALLOC, 2, 1, 0, 0)                                                  \
	X(je_realloc, JEMALLOC, REALLOC, 2, 0, 1, 0)                                               \
	X(je_posix_memalign, JEMALLOC, ALLOC, 3, 0, 0, 1)                                          \
	X(je_aligned_alloc, JEMALLOC, ALLOC, 2, 0, 0, 0)                                           \
	X(je_memalign, JEMALLOC, ALLOC, 2, 0, 0, 0)                                                \
	X(je_valloc, JEMALLOC, ALLOC, 1, 0, 0, 0)                                                  \
	X(je_pvalloc, JEMALLOC, ALLOC, 1, 0, 0, 0)                                                 \
	X(je_free, JEMALLOC, FREE, 0, 0, 1, 0)                                                     \
	X(je_free_sized, JEMALLOC, FREE, 0, 0, 1, 0)                                               \
	X(je_free_aligned_sized, JEMALLOC, FREE, 0, 0, 1, 0)                                       \
	X(je_mallocx, JEMALLOC, ALLOC, 1, 0, 0, 0)                                                 \
	X(je_rallocx, JEMALLOC, REALLOC, 2, 0, 1, 0)                                               \
	X(je_xallocx, JEMALLOC, RESIZE, 2, 3, 1, 0)                                                \
	X(je_dallocx, JEMALLOC, FREE, 0, 0, 1, 0)                                                  \
	X(je_sdallocx, JEMALLOC, FREE, 0, 0, 1, 0)                                                 \
	X(_rjem_malloc, JEMALLOC, ALLOC, 1, 0, 0, 0)                                               \
	X(_rjem_calloc, JEMALLOC, ALLOC, 2, 1, 0, 0)                                               \
	X(_rjem_realloc, JEMALLOC, REALLOC, 2, 0, 1, 0)                                            \
	X(_rjem_posix_memalign, JEMALLOC, ALLOC, 3, 0, 0, 1)                                       \
	X(_rjem_aligned_alloc, JEMALLOC, ALLOC, 2, 0, 0, 0)                                        \
	X(_rjem_memalign, JEMALLOC, ALLOC, 2, 0, 0, 0)                                             \
	X(_rjem_valloc, JEMALLOC, ALLOC, 1, 0, 0, 0)                                               \
	X(_rjem_pvalloc, JEMALLOC, ALLOC, 1, 0, 0, 0)                                              \
	X(_rjem_free, JEMALLOC, FREE, 0, 0, 1, 0)                                                  \
	X(_rjem_free_sized, JEMALLOC, FREE, 0, 0, 1, 0)                                            \
	X(_rjem_free_aligned_sized, JEMALLOC, FREE, 0, 0, 1, 0)                                    \
	X(_rjem_mallocx, JEMALLOC, ALLOC, 1, 0, 0, 0)                                              \
	X(_rjem_rallocx, JEMALLOC, REALLOC, 2, 0, 1, 0)                                            \
	X(_rjem_xallocx, JEMALLOC, RESIZE, 2, 3, 1, 0)                                             \
	X(_rjem_dallocx, JEMALLOC, FREE, 0, 0, 1, 0)                                               \
	X(_rjem_sdallocx, JEMALLOC, FREE, 0, 0, 1, 0)                                              \
	X(tc_malloc, TCMALLOC, ALLOC, 1, 0, 0, 0)                                                  \
	X(tc_malloc_skip_new_handler, TCMALLOC, ALLOC, 1, 0, 0, 0)                                 \
	X(tc_calloc, TCMALLOC, ALLOC, 2, 1, 0, 0)                                                  \
	X(tc_realloc, TCMALLOC, REALLOC, 2, 0, 1, 0)                                               \
	X(tc_posix_memalign, TCMALLOC, ALLOC, 3, 0, 0, 1)                                          \
	X(tc_memalign, TCMALLOC, ALLOC, 2, 0, 0, 0)                                                \
	X(tc_valloc, TCMALLOC, ALLOC, 1, 0, 0, 0)                                                  \
	X(tc_pvalloc, TCMALLOC, ALLOC, 1, 0, 0, 0)                                                 \
	X(tc_free, TCMALLOC, FREE, 0, 0, 1, 0)                                                     \
	X(tc_cfree, TCMALLOC, FREE, 0, 0, 1, 0)                                                    \
	X(tc_free_sized, TCMALLOC, FREE, 0, 0, 1, 0)                                               \
	X(tc_new, TCMALLOC, NEW, 1, 0, 0, 0)                                                       \
	X(tc_new_nothrow, TCMALLOC, NEW, 1, 0, 0, 0)                                               \
	X(tc_new_aligned, TCMALLOC, NEW, 1, 0, 0, 0)                                               \
	X(tc_new_aligned_nothrow, TCMALLOC, NEW, 1, 0, 0, 0)                                       \
	X(tc_newarray, TCMALLOC, NEW, 1, 0, 0, 0)                                                  \
	X(tc_newarray_nothrow, TCMALLOC, NEW, 1, 0, 0, 0)                                          \
	X(tc_newarray_aligned, TCMALLOC, NEW, 1, 0, 0, 0)                                          \
	X(tc_newarray_aligned_nothrow, TCMALLOC, NEW, 1, 0, 0, 0)                                  \
	X(tc_delete, TCMALLOC, FREE, 0, 0, 1, 0)                                                   \
	X(tc_delete_sized, TCMALLOC, FREE, 0, 0, 1, 0)                                             \
	X(tc_delete_nothrow, TCMALLOC, FREE, 0, 0, 1, 0)                                           \
	X(tc_delete_aligned, TCMALLOC, FREE, 0, 0, 1, 0)                                           \
	X(tc_delete_sized_aligned, TCMALLOC, FREE, 0, 0, 1, 0)                                     \
	X(tc_delete_aligned_nothrow, TCMALLOC, FREE, 0, 0, 1, 0)                                   \
	X(tc_deletearray, TCMALLOC, FREE, 0, 0, 1, 0)                                              \
	X(tc_deletearray_sized, TCMALLOC, FREE, 0, 0, 1, 0)                                        \
	X(tc_deletearray_nothrow, TCMALLOC, FREE, 0, 0, 1, 0)                                      \
	X(tc_deletearray_aligned, TCMALLOC, FREE, 0, 0, 1, 0)                                      \
	X(tc_deletearray_sized_aligned, TCMALLOC, FREE, 0, 0, 1, 0)                                \
	X(tc_deletearray_aligned_nothrow, TCMALLOC, FREE, 0, 0, 1, 0)                              \
	X(TCMallocInternalMalloc, TCMALLOC, ALLOC, 1, 0, 0, 0)                                     \
	X(TCMallocInternalAllocAtLeast, TCMALLOC, ALLOC, 1, 0, 0, 0)                               \
	X(TCMallocInternalAlignedAllocAtLeast, TCMALLOC, ALLOC, 2, 0, 0, 0)                        \
	X(TCMallocInternalCalloc, TCMALLOC, ALLOC, 2, 1, 0, 0)                                     \
	X(TCMallocInternalRealloc, TCMALLOC, REALLOC, 2, 0, 1, 0)                                  \
	X(TCMallocInternalReallocArray, TCMALLOC, REALLOC, 3, 2, 1, 0)                             \
	X(TCMallocInternalPosixMemalign, TCMALLOC, ALLOC, 3, 0, 0, 1)                              \
	X(TCMallocInternalAlignedAlloc, TCMALLOC, ALLOC, 2, 0, 0, 0)                               \
	X(TCMallocInternalMemalign, TCMALLOC, ALLOC, 2, 0, 0, 0)                                   \
	X(TCMallocInternalValloc, TCMALLOC, ALLOC, 1, 0, 0, 0)                                     \
	X(TCMallocInternalPvalloc, TCMALLOC, ALLOC, 1, 0, 0, 0)                                    \
	X(TCMallocInternalFree, TCMALLOC, FREE, 0, 0, 1, 0)                                        \
	X(TCMallocInternalCfree, TCMALLOC, FREE, 0, 0, 1, 0)                                       \
	X(TCMallocInternalFreeSized, TCMALLOC, FREE, 0, 0, 1, 0)                                   \
	X(TCMallocInternalFreeAlignedSized, TCMALLOC, FREE, 0, 0, 1, 0)                            \
	X(TCMallocInternalSdallocx, TCMALLOC, FREE, 0, 0, 1, 0)                                    \
	X(TCMallocInternalNew, TCMALLOC, NEW, 1, 0, 0, 0)                                          \
	X(TCMallocInternalNewNothrow, TCMALLOC, NEW, 1, 0, 0, 0)                                   \
	X(TCMallocInternalNewAligned, TCMALLOC, NEW, 1, 0, 0, 0)                                   \
	X(TCMallocInternalNewAlignedNothrow, TCMALLOC, NEW, 1, 0, 0, 0)                            \
	X(TCMallocInternalNewHotCold, TCMALLOC, NEW, 1, 0, 0, 0)                                   \
	X(TCMallocInternalNewHotColdNothrow, TCMALLOC, NEW, 1, 0, 0, 0)                            \
	X(TCMallocInternalNewAlignedHotCold, TCMALLOC, NEW, 1, 0, 0, 0)                            \
	X(TCMallocInternalNewAlignedHotColdNothrow, TCMALLOC, NEW, 1, 0, 0, 0)                     \
	X(TCMallocInternalNewArray, TCMALLOC, NEW, 1, 0, 0, 0)                                     \
	X(TCMallocInternalNewArrayNothrow, TCMALLOC, NEW, 1, 0, 0, 0)                              \
	X(TCMallocInternalNewArrayAligned, TCMALLOC, NEW, 1, 0, 0, 0)                              \
	X(TCMallocInternalNewArrayAlignedNothrow, TCMALLOC, NEW, 1, 0, 0, 0)                       \
	X(TCMallocInternalNewArrayHotCold, TCMALLOC, NEW, 1, 0, 0, 0)                              \
	X(TCMallocInternalNewArrayHotColdNothrow, TCMALLOC, NEW, 1, 0, 0, 0)                       \
	X(TCMallocInternalNewArrayAlignedHotCold, TCMALLOC, NEW, 1, 0, 0, 0)                       \
	X(TCMallocInternalNewArrayAlignedHotColdNothrow, TCMALLOC, NEW, 1, 0, 0, 0)                \
	X(TCMallocInternalSizeReturningNew, TCMALLOC, NEW, 1, 0, 0, 0)                             \
	X(TCMallocInternalSizeReturningNewAligned, TCMALLOC, NEW, 1, 0, 0, 0)                      \
	X(TCMallocInternalDelete, TCMALLOC, FREE, 0, 0, 1, 0)                                      \
	X(TCMallocInternalDeleteSized, TCMALLOC, FREE, 0, 0, 1, 0)                                 \
	X(TCMallocInternalDeleteNothrow, TCMALLOC, FREE, 0, 0, 1, 0)                               \
	X(TCMallocInternalDeleteAligned, TCMALLOC, FREE, 0, 0, 1, 0)                               \
	X(TCMallocInternalDeleteSizedAligned, TCMALLOC, FREE, 0, 0, 1, 0)                          \
	X(TCMallocInternalDeleteAlignedNothrow, TCMALLOC, FREE, 0, 0, 1, 0)                        \
	X(TCMallocInternalDeleteArray, TCMALLOC, FREE, 0, 0, 1, 0)                                 \
	X(TCMallocInternalDeleteArraySized, TCMALLOC, FREE, 0, 0, 1, 0)                            \
	X(TCMallocInternalDeleteArrayNothrow, TCMALLOC, FREE, 0, 0, 1, 0)                          \
	X(TCMallocInternalDeleteArrayAligned, TCMALLOC, FREE, 0, 0, 1, 0)                          \
	X(TCMallocInternalDeleteArraySizedAligned, TCMALLOC, FREE, 0, 0, 1, 0)                     \
	X(TCMallocInternalDeleteArrayAlignedNothrow, TCMALLOC, FREE, 0, 0, 1, 0)                   \
	X(__size_returning_new, TCMALLOC, NEW, 1, 0, 0, 0)                                         \
	X(__size_returning_new_hot_cold, TCMALLOC, NEW, 1, 0, 0, 0)                                \
	X(__size_returning_new_aligned, TCMALLOC, NEW, 1, 0, 0, 0)                                 \
	X(__size_returning_new_aligned_hot_cold, TCMALLOC, NEW, 1, 0, 0, 0)                        \
	X(tcmalloc_size_returning_operator_new, TCMALLOC, NEW, 1, 0, 0, 0)                         \
	X(tcmalloc_size_returning_operator_new_nothrow, TCMALLOC, NEW, 1, 0, 0, 0)                 \
	X(mi_malloc, MIMALLOC, ALLOC, 1, 0, 0, 0)                                                  \
	X(mi_heap_malloc, MIMALLOC, ALLOC, 2, 0, 0, 0)                                             \
	X(mi_zalloc, MIMALLOC, ALLOC, 1, 0, 0, 0)                                                  \
	X(mi_heap_zalloc, MIMALLOC, ALLOC, 2, 0, 0, 0)                                             \
	X(mi_calloc, MIMALLOC, ALLOC, 2, 1, 0, 0)                                                  \
	X(mi_heap_calloc, MIMALLOC, ALLOC, 3, 2, 0, 0)                                             \
	X(mi_mallocn, MIMALLOC, ALLOC, 2, 1, 0, 0)                                                 \
	X(mi_heap_mallocn, MIMALLOC, ALLOC, 3, 2, 0, 0)                                            \
	X(mi_malloc_small, MIMALLOC, ALLOC, 1, 0, 0, 0)                                            \
	X(mi_heap_malloc_small, MIMALLOC, ALLOC, 2, 0, 0, 0)                                       \
	X(mi_zalloc_small, MIMALLOC, ALLOC, 1, 0, 0, 0)                                            \
	X(mi_realloc, MIMALLOC, REALLOC, 2, 0, 1, 0)                                               \
	X(mi_heap_realloc, MIMALLOC, REALLOC, 3, 0, 2, 0)                                          \
	X(mi_reallocn, MIMALLOC, REALLOC, 3, 2, 1, 0)                                              \
	X(mi_heap_reallocn, MIMALLOC, REALLOC, 4, 3, 2, 0)                                         \
	X(mi_reallocf, MIMALLOC, REALLOCF, 2, 0, 1, 0)                                             \
	X(mi_heap_reallocf, MIMALLOC, REALLOCF, 3, 0, 2, 0)                                        \
	X(mi_rezalloc, MIMALLOC, REALLOC, 2, 0, 1, 0)                                              \
	X(mi_heap_rezalloc, MIMALLOC, REALLOC, 3, 0, 2, 0)                                         \
	X(mi_recalloc, MIMALLOC, REALLOC, 3, 2, 1, 0)                                              \
	X(mi_heap_recalloc, MIMALLOC, REALLOC, 4, 3, 2, 0)                                         \
	X(mi_malloc_aligned, MIMALLOC, ALLOC, 1, 0, 0, 0)                                          \
	X(mi_heap_malloc_aligned, MIMALLOC, ALLOC, 2, 0, 0, 0)                                     \
	X(mi_zalloc_aligned, MIMALLOC, ALLOC, 1, 0, 0, 0)                                          \
	X(mi_heap_zalloc_aligned, MIMALLOC, ALLOC, 2, 0, 0, 0)                                     \
	X(mi_calloc_aligned, MIMALLOC, ALLOC, 2, 1, 0, 0)                                          \
	X(mi_heap_calloc_aligned, MIMALLOC, ALLOC, 3, 2, 0, 0)                                     \
	X(mi_realloc_aligned, MIMALLOC, REALLOC, 2, 0, 1, 0)                                       \
	X(mi_heap_realloc_aligned, MIMALLOC, REALLOC, 3, 0, 2, 0)                                  \
	X(mi_rezalloc_aligned, MIMALLOC, REALLOC, 2, 0, 1, 0)                                      \
	X(mi_heap_rezalloc_aligned, MIMALLOC, REALLOC, 3, 0, 2, 0)                                 \
	X(mi_recalloc_aligned, MIMALLOC, REALLOC, 3, 2, 1, 0)                                      \
	X(mi_heap_recalloc_aligned, MIMALLOC, REALLOC, 4, 3, 2, 0)                                 \
	X(mi_malloc_aligned_at, MIMALLOC, ALLOC, 1, 0, 0, 0)                                       \
	X(mi_heap_malloc_aligned_at, MIMALLOC, ALLOC, 2, 0, 0, 0)                                  \
	X(mi_zalloc_aligned_at, MIMALLOC, ALLOC, 1, 0, 0, 0)                                       \
	X(mi_heap_zalloc_aligned_at, MIMALLOC, ALLOC, 2, 0, 0, 0)                                  \
	X(mi_calloc_aligned_at, MIMALLOC, ALLOC, 2, 1, 0, 0)                                       \
	X(mi_heap_calloc_aligned_at, MIMALLOC, ALLOC, 3, 2, 0, 0)                                  \
	X(mi_realloc_aligned_at, MIMALLOC, REALLOC, 2, 0, 1, 0)                                    \
	X(mi_heap_realloc_aligned_at, MIMALLOC, REALLOC, 3, 0, 2, 0)                               \
	X(mi_rezalloc_aligned_at, MIMALLOC, REALLOC, 2, 0, 1, 0)                                   \
	X(mi_heap_rezalloc_aligned_at, MIMALLOC, REALLOC, 3, 0, 2, 0)                              \
	X(mi_recalloc_aligned_at, MIMALLOC, REALLOC, 3, 2, 1, 0)                                   \
	X(mi_heap_recalloc_aligned_at, MIMALLOC, REALLOC, 4, 3, 2, 0)                              \
	X(mi_strdup, MIMALLOC, STRING, 0, 0, 0, 0)                                                 \
	X(mi_heap_strdup, MIMALLOC, STRING, 0, 0, 0, 0)                                            \
	X(mi_strndup, MIMALLOC, STRING, 0, 0, 0, 0)                                                \
	X(mi_heap_strndup, MIMALLOC, STRING, 0, 0, 0, 0)                                           \
	X(mi_expand, MIMALLOC, RESIZE, 2, 0, 1, 0)                                                 \
	X(mi__expand, MIMALLOC, RESIZE, 2, 0, 1, 0)                                                \
	X(mi_posix_memalign, MIMALLOC, ALLOC, 3, 0, 0, 1)                                          \
	X(mi_memalign, MIMALLOC, ALLOC, 2, 0, 0, 0)                                                \
	X(mi_aligned_alloc, MIMALLOC, ALLOC, 2, 0, 0, 0)                                           \
	X(mi_valloc, MIMALLOC, ALLOC, 1, 0, 0, 0)                                                  \
	X(mi_pvalloc, MIMALLOC, ALLOC, 1, 0, 0, 0)                                                 \
	X(mi_reallocarray, MIMALLOC, REALLOC, 3, 2, 1, 0)                                          \
	X(mi_reallocarr, MIMALLOC, REALLOC, 3, 2, 1, 1)                                            \
	X(mi_aligned_recalloc, MIMALLOC, REALLOC, 3, 2, 1, 0)                                      \
	X(mi_aligned_offset_recalloc, MIMALLOC, REALLOC, 3, 2, 1, 0)                               \
	X(mi_new, MIMALLOC, NEW, 1, 0, 0, 0)                                                       \
	X(mi_new_aligned, MIMALLOC, NEW, 1, 0, 0, 0)                                               \
	X(mi_new_nothrow, MIMALLOC, NEW, 1, 0, 0, 0)                                               \
	X(mi_new_aligned_nothrow, MIMALLOC, NEW, 1, 0, 0, 0)                                       \
	X(mi_new_n, MIMALLOC, NEW, 2, 1, 0, 0)                                                     \
	X(mi_heap_alloc_new, MIMALLOC, NEW, 2, 0, 0, 0)                                            \
	X(mi_heap_alloc_new_n, MIMALLOC, NEW, 3, 2, 0, 0)                                          \
	X(mi_new_realloc, MIMALLOC, RENEW, 2, 0, 1, 0)                                             \
	X(mi_new_reallocn, MIMALLOC, RENEW, 3, 2, 1, 0)                                            \
	X(mi_free, MIMALLOC, FREE, 0, 0, 1, 0)                                                     \
	X(mi_cfree, MIMALLOC, FREE, 0, 0, 1, 0)                                                    \
	X(mi_free_size, MIMALLOC, FREE, 0, 0, 1, 0)                                                \
	X(mi_free_aligned, MIMALLOC, FREE, 0, 0, 1, 0)                                             \
	X(mi_free_size_aligned, MIMALLOC, FREE, 0, 0, 1, 0)

/* Those of glibc and musl. Other libraries call these, or clone(2), which needs no probe. */
#define SEEP_THREAD_FUNCTIONS(X)                                                                   \
	X(pthread_create, C, CREATE, 0, 0, 3, 2)                                                   \
	X(thrd_create, C, CREATE, 0, 0, 2, 0)                                                      \
	X(pthread_join, C, JOIN, 0, 0, 1, 0)                                                       \
	X(thrd_join, C, JOIN, 0, 0, 1, 0)                                                          \
	X(pthread_tryjoin_np, C, TRYJOIN, 0, 0, 1, 0)                                              \
	X(pthread_timedjoin_np, C, TRYJOIN, 0, 0, 1, 0)                                            \
	X(pthread_clockjoin_np, C, TRYJOIN, 0, 0, 1, 0)                                            \
	X(pthread_detach, C, DETACH, 0, 0, 1, 0)                                                   \
	X(thrd_detach, C, DETACH, 0, 0, 1, 0)

#endif
