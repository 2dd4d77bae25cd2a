// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table: which function, in which file, means that memory is a runtime's. Most runtimes have a
 * function through which their heap grows, and its name says all. Some are delivered without names
 * of static functions; for these there are rules by what is left: the public function above, the
 * function of libc below, or the size of the block. Rules are tried in their order for the whole
 * stack, those of collected memory first: what they name may come from functions that grow heaps.
 */
#include "runtime/role.h"

#include <fnmatch.h>
#include <string.h>

#define MEMORY	SEEP_KIND_BIT(SEEP_KIND_MEMORY)
#define MAPPING SEEP_KIND_BIT(SEEP_KIND_MAPPING)

/* Patterns are those of fnmatch(3); NULL: any. */
struct rule {
	enum seep_site_role role;
	enum seep_runtime runtime;
	uint32_t kinds;
	const char *module;   /* the last part of the path */
	const char *function; /* "" for one without a name */
	const char *innermost;
	uint64_t bytes_each; /* 0: any size */
};

#define COLLECTED(name, kinds, module, function)                                                   \
	{SEEP_SITE_ROLE_COLLECTED, SEEP_RUNTIME_##name, kinds, module, function, NULL, 0}
#define ARENA(name, kinds, module, function)                                                       \
	{SEEP_SITE_ROLE_ARENA, SEEP_RUNTIME_##name, kinds, module, function, NULL, 0}

#define ARENA_OF_SIZE(name, module, bytes_each)                                                    \
	{SEEP_SITE_ROLE_ARENA, SEEP_RUNTIME_##name, MAPPING, module, "", "*mmap*", bytes_each}

#define GLIBC_HEAP(function, innermost, bytes_each)                                                \
	{SEEP_SITE_ROLE_ARENA,                                                                     \
	 SEEP_RUNTIME_GLIBC,                                                                       \
	 MAPPING,                                                                                  \
	 "libc[.-]*",                                                                              \
	 function,                                                                                 \
	 innermost,                                                                                \
	 bytes_each}

static const struct rule rules[] = {
	/* ArrayBuffers and Buffers; JavaScript's wrappers of native objects, zlib's streams too. */
	COLLECTED(V8, MEMORY | MAPPING, "*node*", "v8::internal::BackingStore::*"),
	COLLECTED(V8, MEMORY | MAPPING, "*node*", "*ArrayBufferAllocator::*llocate*"),
	COLLECTED(V8, MEMORY, "*node*", "*node::*CompressionStream<*"),
	COLLECTED(V8, MEMORY, "*node*", "*node::*::New(v8::FunctionCallbackInfo*"),
	COLLECTED(V8, MEMORY | MAPPING, "*v8*", "v8::internal::BackingStore::*"),
	COLLECTED(V8, MEMORY | MAPPING, "*deno*", "v8::internal::BackingStore::*"),
	COLLECTED(V8, MEMORY | MAPPING, "*electron*", "v8::internal::BackingStore::*"),
	/* Direct buffers. Native methods: see seep_runtime_role_of_native. */
	COLLECTED(HOTSPOT, MEMORY, "libjvm.so", "Unsafe_AllocateMemory*"),
	COLLECTED(HOTSPOT, MEMORY, "libjvm.so", "Unsafe_ReallocateMemory*"),

	/* pymalloc; Objects/obmalloc.c */
	ARENA(CPYTHON, MAPPING, NULL, "_PyObject_Arena*"),
	ARENA(CPYTHON, MAPPING, NULL, "_PyMem_ArenaAlloc"),
	ARENA(CPYTHON, MAPPING, "python*", "new_arena*"),
	ARENA(CPYTHON, MAPPING, "libpython*", "new_arena*"),
	/* Without names: an arena has 1 MiB from 3.10 on, before that 256 KiB. */
	ARENA_OF_SIZE(CPYTHON, "python*", 1 << 20),
	ARENA_OF_SIZE(CPYTHON, "libpython*", 1 << 20),
	ARENA_OF_SIZE(CPYTHON, "python*", 1 << 18),
	ARENA_OF_SIZE(CPYTHON, "libpython*", 1 << 18),

	/* runtime/malloc.go, runtime/mem_linux.go */
	ARENA(GO, MAPPING, NULL, "runtime.sysAlloc*"),
	ARENA(GO, MAPPING, NULL, "runtime.sysReserve*"),
	ARENA(GO, MAPPING, NULL, "runtime.sysMap*"),
	ARENA(GO, MAPPING, NULL, "runtime.(\\*mheap)*"),
	ARENA(GO, MAPPING, NULL, "runtime.persistentalloc*"),

	ARENA(V8, MAPPING, NULL, "v8::internal::MemoryAllocator::*"),
	/* What it keeps about each page. */
	ARENA(V8, MEMORY, "*node*", "v8::internal::MemoryAllocator::*"),
	ARENA(V8, MEMORY, "*v8*", "v8::internal::MemoryAllocator::*"),
	ARENA(V8, MEMORY, "*deno*", "v8::internal::MemoryAllocator::*"),
	ARENA(V8, MEMORY, "*electron*", "v8::internal::MemoryAllocator::*"),
	ARENA(V8, MAPPING, NULL, "v8::base::OS::Allocate(*"),
	ARENA(V8, MAPPING, NULL, "v8::base::PageAllocator::AllocatePages*"),
	ARENA(V8, MAPPING, NULL, "v8::internal::VirtualMemory::VirtualMemory*"),
	ARENA(V8, MAPPING, NULL, "cppgc::internal::PageBackend::*"),

	/* Java's heap, classes, compiled code */
	ARENA(HOTSPOT, MAPPING, "libjvm.so", "os::*commit_memory*"),
	ARENA(HOTSPOT, MAPPING, "libjvm.so", "os::*reserve_memory*"),
	ARENA(HOTSPOT, MAPPING, "libjvm.so", "G1PageBasedVirtualSpace::*"),
	ARENA(HOTSPOT, MAPPING, "libjvm.so", "*VirtualSpace::*"),
	ARENA(HOTSPOT, MAPPING, "libjvm.so", "*ReservedSpace::*"),
	ARENA(HOTSPOT, MAPPING, "libjvm.so", "ZPhysicalMemory*"),

	ARENA(DOTNET, MAPPING, "libcoreclr.so", "GCToOSInterface::Virtual*"),
	ARENA(DOTNET, MAPPING, "libclrgc.so", "GCToOSInterface::Virtual*"),
	/* libclr's own allocator of executable memory, and of the heap of the loader */
	ARENA(DOTNET, MAPPING, "libcoreclr.so", "*VIRTUALReserveMemory*"),

	/* Zend/zend_alloc.c; the names of static functions are missing in packages */
	ARENA(PHP, MAPPING, NULL, "zend_mm_*"),
	ARENA(PHP, MAPPING, NULL, "_emalloc*"),
	ARENA(PHP, MAPPING, NULL, "_ecalloc*"),
	ARENA(PHP, MAPPING, NULL, "_erealloc*"),
	ARENA(PHP, MAPPING, NULL, "_safe_*alloc*"),
	/* Where the compiler has made a jump of the call: a chunk has 2 MiB. */
	ARENA_OF_SIZE(PHP, "php*", 2 << 20),
	ARENA_OF_SIZE(PHP, "libphp*", 2 << 20),

	/* Its collector: pages of slots, by mmap or posix_memalign */
	ARENA(RUBY, MEMORY | MAPPING, "*ruby*", "heap_page_allocate*"),
	ARENA(RUBY, MEMORY | MAPPING, "*ruby*", "gc_aligned_malloc*"),
	ARENA(RUBY, MEMORY | MAPPING, "*ruby*", "rb_aligned_malloc*"),
	/* Without names: a page has 64 KiB from 3.1 on. */
	{SEEP_SITE_ROLE_ARENA, SEEP_RUNTIME_RUBY, MEMORY, "libruby*", "", "*memalign*", 1 << 16},

	/* glib/gslice.c, until 2.76: slabs by posix_memalign; larger blocks come from malloc */
	ARENA(GLIB, MEMORY, "libglib-2.0.so*", "allocator_add_slab*"),
	{SEEP_SITE_ROLE_ARENA, SEEP_RUNTIME_GLIB, MEMORY, "libglib-2.0.so*", "g_slice_*",
	 "*memalign*", 0},

	/* Where they replace malloc they are traced. Here they are linked in, under other names. */
	ARENA(JEMALLOC, MAPPING, NULL, "*pages_map"),
	ARENA(JEMALLOC, MAPPING, NULL, "*extent_alloc_mmap"),
	ARENA(MIMALLOC, MAPPING, NULL, "_mi_os_*alloc*"),
	ARENA(MIMALLOC, MAPPING, NULL, "_mi_prim_alloc*"),
	ARENA(MIMALLOC, MAPPING, NULL, "mi_os_*alloc*"),
	ARENA(MIMALLOC, MAPPING, NULL, "_mi_arena_*"),
	ARENA(TCMALLOC, MAPPING, NULL, "TCMalloc_SystemAlloc*"),
	ARENA(TCMALLOC, MAPPING, NULL, "tcmalloc::*SystemAlloc*"),

	/*
	 * malloc/morecore.c and arena.c. What is mapped while a probe sees the call of malloc is
	 * known as the allocator's without this. A block that has a mapping for itself is no heap.
	 */
	GLIBC_HEAP("*alloc", "*brk*", 0),
	GLIBC_HEAP("*alloc", "*mmap*", 64 << 20),
	GLIBC_HEAP("*memalign", "*brk*", 0),
	GLIBC_HEAP("*memalign", "*mmap*", 64 << 20),
};

#define NUM_RULES (sizeof(rules) / sizeof(rules[0]))

static bool matches(const char *pattern, const char *text)
{
	return !pattern || fnmatch(pattern, text, 0) == 0;
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

bool seep_runtime_role_may_depend_on(enum seep_kind kind, const char *module)
{
	const char *name = base_name(module);

	for (size_t i = 0; i < NUM_RULES && name; i++) {
		if (rules[i].kinds & SEEP_KIND_BIT(kind) && matches(rules[i].module, name))
			return true;
	}
	return false;
}

/* Is it the first function that is not in the file of the innermost one? */
static bool is_caller(const struct seep_runtime_name *names, size_t i)
{
	const char *callee = names[0].module;
	size_t first = 0;

	while (first <= i && callee && names[first].module && !strcmp(names[first].module, callee))
		first++;
	return first == i;
}

/*
 * A rule for a function without a name is for the one that calls the file of @innermost, which says
 * something about it; any function further out may be without a name.
 */
static bool is_function(const struct rule *rule, const struct seep_runtime_name *names, size_t i)
{
	if (!names[i].module || !matches(rule->module, base_name(names[i].module)))
		return false;
	if (*rule->function == '\0')
		return !names[i].function && is_caller(names, i);
	return names[i].function && matches(rule->function, names[i].function);
}

static bool applies(const struct rule *rule, enum seep_kind kind, uint64_t bytes_each,
		    const struct seep_runtime_name *names, size_t count)
{
	if (!(rule->kinds & SEEP_KIND_BIT(kind)) ||
	    (rule->bytes_each && rule->bytes_each != bytes_each))
		return false;
	if (rule->innermost &&
	    !(count && names[0].function && matches(rule->innermost, names[0].function)))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (is_function(rule, names, i))
			return true;
	}
	return false;
}

struct seep_runtime_role seep_runtime_role_find(enum seep_kind kind, uint64_t bytes_each,
						const struct seep_runtime_name *names, size_t count)
{
	for (size_t i = 0; i < NUM_RULES; i++) {
		if (applies(&rules[i], kind, bytes_each, names, count))
			return (struct seep_runtime_role){rules[i].role, rules[i].runtime};
	}
	return (struct seep_runtime_role){SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE};
}

struct seep_runtime_role seep_runtime_role_of_native(const char *function)
{
	/* Resolving Native Method Names, in the specification of the Java Native Interface. */
	if (function && strncmp(function, "Java_", 5) == 0)
		return (struct seep_runtime_role){SEEP_SITE_ROLE_COLLECTED, SEEP_RUNTIME_HOTSPOT};
	return (struct seep_runtime_role){SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE};
}
