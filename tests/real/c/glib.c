// SPDX-License-Identifier: GPL-2.0-only
/*
 * GVariants, lists and a hash table of glib. "leak": on_signal() does not give up its reference
 * and keeps keys of a table without a function that frees them. "healthy": all of it is given
 * back.
 */
#include <glib.h>
#include <unistd.h>

static GHashTable *seen;
static GQueue *recent;

static void on_signal(int number, gboolean leak)
{
	char *key =
		g_strdup_printf("org.example.Object%d.with.a.long.path.%0500d", number % 100, 1);
	GVariant *value = g_variant_ref_sink(g_variant_new("(si)", key, number));

	g_hash_table_replace(seen, key, GINT_TO_POINTER(number));
	g_variant_get_size(value);
	if (!leak)
		g_variant_unref(value);
}

static void remember(int number)
{
	g_queue_push_head(recent, g_strdup_printf("signal %d", number));
	if (g_queue_get_length(recent) > 200)
		g_free(g_queue_pop_tail(recent));
}

int main(int argc, char **argv)
{
	gboolean leak = argc > 1 && g_str_equal(argv[1], "leak");

	seen = g_hash_table_new_full(g_str_hash, g_str_equal, leak ? NULL : g_free, NULL);
	recent = g_queue_new();
	for (int number = 0;; usleep(100000)) {
		for (int i = 0; i < 10; i++) {
			on_signal(number, leak);
			remember(number++);
		}
	}
}
