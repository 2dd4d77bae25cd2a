/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be measured of a site: the material of a verdict, before anything is concluded. */
#ifndef SEEP_MEASURE_MEASUREMENTS_H
#define SEEP_MEASURE_MEASUREMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/series.h"
#include "measure/shape.h"
#include "measure/survival.h"
#include "measure/trend.h"
#include "model/snapshot.h"

/* The group of threads that have ended, among the details of a site. */
#define SEEP_GROUP_EXITED "exited but not joined"

/* The values of a site's series. */
enum seep_series_value {
	SEEP_SERIES_BYTES, /* live */
	SEEP_SERIES_OBJECTS,
	SEEP_SERIES_ALLOCS, /* so far */
};

/* One part of so many: long enough for some growth, short enough to see that it has ended. */
#define SEEP_LATE_PART 6

/* What is known of the process of a site besides; zeroed if nothing is. */
struct seep_past {
	double age_s;	     /* when the trace began; 0: it was started with it, or later */
	double memory_bytes; /* resident then, and of no file */
	bool growth_known;
	double growth;	    /* of that, in bytes per second, since the trace began */
	double late_growth; /* and in the last part of the time, see SEEP_LATE_PART */
};

/* Of a site whose process is traced in windows: see model/sampling.h. */
struct seep_sampled_share {
	bool known;		      /* false: every call was seen; the rest is 0 */
	double objects;		      /* that were seen being made */
	struct seep_interval staying; /* of them, the share that is never released ... */
	double surely;		      /* ... and the least of it, to be accused by */
	double made_error;	      /* of how many were made: standard error, as a share of it */
};

struct seep_measurements {
	enum seep_kind kind;
	bool in_bytes; /* growth is measured in bytes; of threads and descriptors in objects */
	size_t num_samples;
	double observed_s; /* since the snapshot before the one in which the site appeared */
	double live_objects;
	double live_bytes;
	double oldest_s; /* NAN if not known */
	double allocs;
	double frees;
	double enlargements;		 /* among both: of blocks that live on, by realloc */
	double allocs_per_s;		 /* in the last third of the time observed */
	double bytes_each;		 /* mean of the live, or of all if none lives */
	bool same_size;			 /* all objects made so far, as far as the sums tell */
	double size_early;		 /* mean live object in the first third and ... */
	double size_late;		 /* ... in the last: one that is enlarged grows */
	struct seep_trend trend;	 /* of live bytes or live objects, see in_bytes */
	struct seep_trend objects_trend; /* of live objects */
	struct seep_shape shape;	 /* as trend */
	struct seep_survival survival;
	double weight;			/* for so many objects stands one of the survival */
	bool ages_known;		/* false: survival is from guessed ages */
	struct seep_sampled_share seen; /* then there is no trend and no shape */
	/* Of threads: those of the live that have ended and wait to be joined. */
	bool exited_known;
	double exited;
	/* Set by who knows it: whose collector releases it; NONE: nobody's. */
	enum seep_runtime runtime;
	/* That objects stay is no evidence: a runtime keeps them, or no collection has seen them.
	 */
	bool kept_by_runtime;
	struct seep_past past;
	unsigned int num_collections; /* that enough of the objects have outlived; 2 is the most */
};

/* The sample of a site at this time. */
struct seep_sample seep_measurements_sample(const struct seep_site *site, double time_s);

/* Measures @site, of which @series is the series so far. */
void seep_measurements_take(const struct seep_site *site, const struct seep_series *series,
			    struct seep_measurements *ret_measured);

/* Has the mean object nearly doubled, as a buffer does that realloc enlarges? */
bool seep_measurements_enlarged(const struct seep_measurements *measured);

/* What comes at once, in the values of the series: an object, or what enlarges one that grows. */
double seep_measurements_unit(const struct seep_measurements *measured);

#endif
