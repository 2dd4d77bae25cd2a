// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process has thousands of sites, none of which may be accused by chance: not the interval of 95
 * % decides, but what surely stays (seep_cohort_fit).
 */
#include "verdict/windows.h"

#include <math.h>

#include "measure/filling.h"

/* So many of the blocks that were seen have to stay. */
#define LEAST_OBJECTS 5

/*
 * What leaks makes the process grow, but for the free memory that it had when the trace began: by
 * this share of it at least.
 */
#define GROWTH_SHARE 0.8

struct seep_interval seep_windows_rate(const struct seep_measurements *measured)
{
	const struct seep_sampled_share *seen = &measured->seen;
	double each = measured->in_bytes ? measured->bytes_each : 1;
	double made = measured->allocs_per_s * each, value = seen->staying.value * made;
	double below = seen->staying.value - seen->staying.low;
	double above = seen->staying.high - seen->staying.value;
	/* So many times more may have been made, or less: it is a quotient that is not known. */
	double times = 1 + SEEP_Z_95 * seen->made_error;

	/* Two things that are not known: which share stays, and how many are made. */
	return (struct seep_interval){
		.value = value,
		.low = value - hypot(below * made, value - value / times),
		.high = value + hypot(above * made, value * times - value),
	};
}

/* Nothing is known against it, or it does. */
static bool process_grows(const struct seep_measurements *measured)
{
	struct seep_interval rate = seep_windows_rate(measured);

	return !measured->past.growth_known || !measured->in_bytes ||
	       measured->past.growth >= GROWTH_SHARE * rate.low;
}

bool seep_windows_suspect_leak(const struct seep_measurements *measured)
{
	const struct seep_survival *survival = &measured->survival;

	return survival->valid && survival->recent + survival->old >= LEAST_OBJECTS &&
	       measured->seen.surely > 0 && seep_objects_come(survival) && process_grows(measured);
}

enum seep_class seep_windows_classify(const struct seep_measurements *measured,
				      const struct seep_interval *rate)
{
	if (!measured->kept_by_runtime && seep_windows_suspect_leak(measured))
		return rate->low > 0 && measured->observed_s >= SEEP_FILLING_LEAST_S &&
				       seep_filling_doubt(measured, rate->value) <=
					       SEEP_FILLING_DOUBT ?
			       SEEP_CLASS_LEAK :
			       SEEP_CLASS_WARMING_UP;
	return measured->observed_s >= SEEP_OBSERVED_LEAST_S ? SEEP_CLASS_STEADY :
							       SEEP_CLASS_UNKNOWN;
}
