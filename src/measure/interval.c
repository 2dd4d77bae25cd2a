// SPDX-License-Identifier: GPL-2.0-only
#include "measure/interval.h"

struct seep_interval seep_interval_of_share(double value, double count)
{
	double z2 = SEEP_Z_95 * SEEP_Z_95 / count;
	double middle = (value + z2 / 2) / (1 + z2);
	double width = sqrt(value * (1 - value) * z2 + z2 * z2 / 4) / (1 + z2);

	/* Exactly, where rounding would leave out what was found. */
	return (struct seep_interval){value, value > 0 ? middle - width : 0,
				      value < 1 ? middle + width : 1};
}

struct seep_interval seep_interval_of_count(double count)
{
	double half = SEEP_Z_95 * SEEP_Z_95 / 2;
	double width = SEEP_Z_95 * sqrt(count + half / 2);

	return (struct seep_interval){count, fmax(0, count + half - width), count + half + width};
}
