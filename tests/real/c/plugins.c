// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads copies of a plugin (its path is the second argument), two a second. "leak":
 * load_plugin() is not undone. "healthy": each is closed.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Another file each time: the same one would not be loaded again. */
static void copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	char buffer[4096];
	size_t got;

	if (!in || !out)
		exit(1);
	while ((got = fread(buffer, 1, sizeof(buffer), in)) > 0)
		fwrite(buffer, 1, got, out);
	fclose(in);
	fclose(out);
}

static void *load_plugin(const char *path, int number)
{
	void (*start)(void);
	char name[4096];
	void *plugin;

	snprintf(name, sizeof(name), "%s.%d.%d", path, (int)getpid(), number);
	copy(path, name);
	plugin = dlopen(name, RTLD_NOW);
	unlink(name);
	if (!plugin)
		exit(1);
	*(void **)&start = dlsym(plugin, "plugin_start");
	start();
	return plugin;
}

static void unload_plugin(void *plugin)
{
	void (*stop)(void);

	*(void **)&stop = dlsym(plugin, "plugin_stop");
	stop();
	dlclose(plugin);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	for (int number = 0;; usleep(500000)) {
		void *plugin = load_plugin(argv[2], number++);

		if (strcmp(argv[1], "leak"))
			unload_plugin(plugin);
	}
}
