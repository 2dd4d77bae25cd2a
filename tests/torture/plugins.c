// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plug-ins that are loaded, allocate, are closed and loaded again, one at the address of the
 * other, while a second thread works. plugin_make is traced with --alloc too: its probes come and
 * go with the file. Blocks outlive the library that made them.
 *
 * Checked are all blocks, also of libraries that are gone. Bounded by 64 blocks.
 */
#include <dlfcn.h>
#include <libgen.h>
#include <pthread.h>

#include "torture.h"

#define KEPT 64

static struct torture_block kept[KEPT];
static volatile bool stopping;

static void *work(void *argument)
{
	struct torture_heap heap = {.seed = 99};

	while (!stopping) {
		torture_churn(&heap, 5);
		torture_rest(300);
	}
	torture_clear(&heap);
	return argument;
}

static void one_plugin(const char *directory, int number)
{
	char path[4096 + 32];
	void *library;
	void *(*make)(size_t);
	void (*take)(void *);

	snprintf(path, sizeof(path), "%s/libtorture_%d.so", directory, number);
	library = dlopen(path, RTLD_NOW);
	torture_check(library != NULL, "dlopen");
	make = (void *(*)(size_t))dlsym(library, "plugin_make");
	take = (void (*)(void *))dlsym(library, "plugin_take");
	torture_check(make && take, "dlsym");
	for (int i = 0; i < 8; i++) {
		struct torture_block *block = &kept[torture_random(&torture_heap.seed) % KEPT];
		size_t size = 1 + torture_random(&torture_heap.seed) % 900;

		if (block->bytes) {
			torture_verify(block);
			take(block->bytes);
		}
		torture_fill(block, make(size), size, (unsigned char)size);
	}
	torture_check(!dlclose(library), "dlclose");
}

int main(int argc, char **argv)
{
	char program[4096] = "";
	const char *directory;
	pthread_t worker;

	torture_prepare(argc, argv);
	torture_check(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0, "readlink");
	directory = dirname(program);
	torture_check(!pthread_create(&worker, NULL, work, NULL), "pthread_create");
	torture_ready();
	while (torture_go_on()) {
		one_plugin(directory, 1 + torture_rounds % 2);
		torture_rest((long)(torture_random(&torture_heap.seed) % 3000));
	}
	stopping = true;
	pthread_join(worker, NULL);
	return torture_end();
}
