// SPDX-License-Identifier: GPL-2.0-only
#include "measure/interval.h"

double seep_student(double z, double freedom)
{
	double z3 = z * z * z;

	return z + (z3 + z) / (4 * freedom) +
	       (5 * z3 * z * z + 16 * z3 + 3 * z) / (96 * freedom * freedom);
}

struct seep_interval seep_interval_of_share_at(double value, double count, double z)
{
	double z2 = z * z / count;
	double middle = (value + z2 / 2) / (1 + z2);
	double width = sqrt(value * (1 - value) * z2 + z2 * z2 / 4) / (1 + z2);

	/* Exactly, where rounding would leave out what was found. */
	return (struct seep_interval){value, value > 0 ? middle - width : 0,
				      value < 1 ? middle + width : 1};
}

struct seep_interval seep_interval_of_share(double value, double count)
{
	return seep_interval_of_share_at(value, count, SEEP_Z_95);
}

struct seep_interval seep_interval_of_count_at(double count, double z)
{
	double half = z * z / 2;
	double width = z * sqrt(count + half / 2);

	return (struct seep_interval){count, fmax(0, count + half - width), count + half + width};
}

struct seep_interval seep_interval_of_count(double count)
{
	return seep_interval_of_count_at(count, SEEP_Z_95);
}
