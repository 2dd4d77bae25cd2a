// SPDX-License-Identifier: GPL-2.0-only
#include "growth/rise.h"

#include "measure/filling.h"

bool seep_rise_goes_on(const struct seep_trend *trend, const struct seep_shape *shape,
		       double observed_s, bool in_bytes, double least)
{
	double rate = trend->slope.value;

	if (trend->num_samples < SEEP_RISE_MIN_SAMPLES || observed_s < SEEP_OBSERVED_LEAST_S ||
	    !seep_trend_rises(trend) || rate < seep_visible_rate_of(in_bytes, observed_s) ||
	    rate * observed_s < least)
		return false;
	return !shape->valid || (shape->late > 0 && !seep_shape_levelled(shape) &&
				 !seep_shape_flattens(shape, SEEP_SHAPE_CERTAIN));
}
