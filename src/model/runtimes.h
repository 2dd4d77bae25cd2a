/* SPDX-License-Identifier: GPL-2.0-only */
/* Runtimes and pool allocators that keep a heap of their own, and what a site is to them. */
#ifndef SEEP_MODEL_RUNTIMES_H
#define SEEP_MODEL_RUNTIMES_H

/* X(enum suffix, key in JSON and captures, what people call its heap) */
#define SEEP_RUNTIMES(X)                                                                           \
	X(NONE, "none", "")                                                                        \
	X(CPYTHON, "cpython", "CPython")                                                           \
	X(GO, "go", "Go")                                                                          \
	X(V8, "v8", "V8")                                                                          \
	X(HOTSPOT, "hotspot", "the JVM")                                                           \
	X(DOTNET, "dotnet", ".NET")                                                                \
	X(PHP, "php", "PHP")                                                                       \
	X(RUBY, "ruby", "Ruby")                                                                    \
	X(GLIB, "glib", "GLib's slices")                                                           \
	X(JEMALLOC, "jemalloc", "jemalloc")                                                        \
	X(MIMALLOC, "mimalloc", "mimalloc")                                                        \
	X(TCMALLOC, "tcmalloc", "TCMalloc")                                                        \
	X(GLIBC, "glibc", "malloc")

enum seep_runtime {
#define SEEP_RUNTIME_ENUM(name, key, text) SEEP_RUNTIME_##name,
	SEEP_RUNTIMES(SEEP_RUNTIME_ENUM)
#undef SEEP_RUNTIME_ENUM
	SEEP_RUNTIME_COUNT
};

/* X(enum suffix, key in JSON and captures) */
#define SEEP_SITE_ROLES(X)                                                                         \
	X(NONE, "none")                                                                            \
	/* a part of the heap of a runtime, in which that places its own objects */                \
	X(ARENA, "arena")                                                                          \
	/* memory that is released when a collection finds its owner dead */                       \
	X(COLLECTED, "collected")

enum seep_site_role {
#define SEEP_SITE_ROLE_ENUM(name, key) SEEP_SITE_ROLE_##name,
	SEEP_SITE_ROLES(SEEP_SITE_ROLE_ENUM)
#undef SEEP_SITE_ROLE_ENUM
	SEEP_SITE_ROLE_COUNT
};

const char *seep_runtime_key(enum seep_runtime runtime);
const char *seep_runtime_text(enum seep_runtime runtime);
const char *seep_site_role_key(enum seep_site_role role);

#endif
