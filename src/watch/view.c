// SPDX-License-Identifier: GPL-2.0-only
#include "watch/view.h"

size_t seep_watch_view_num_growing(const struct seep_watch_view *view)
{
	size_t count = 0;

	for (size_t i = 0; i < view->num_growing; i++)
		count += view->growing[i]->num_growths > 0;
	return count;
}
