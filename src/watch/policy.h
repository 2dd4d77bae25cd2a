/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is escalated, and who is let go: of what grows the worst first, a few at once, each for a
 * while, and after a trace without a result the longer not the oftener that has happened. Pure: it
 * knows states and times, not what a trace is.
 */
#ifndef SEEP_WATCH_POLICY_H
#define SEEP_WATCH_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* X(enum suffix, key in JSON and word for people, what it means) */
#define SEEP_WATCH_STATES(X)                                                                       \
	X(WATCHED, "watched", "nothing of it grows")                                               \
	X(SUSPECT, "suspect", "it grows, and is traced as soon as there is room")                  \
	X(TRACED, "traced", "it is traced, to find what makes it grow")                            \
	X(CONVICTED, "convicted", "a leak was found in it")                                        \
	X(CLEARED, "cleared",                                                                      \
	  "it was traced without finding a leak, and is left alone for a while")                   \
	X(REFUSED, "refused", "it could not be traced, and is left alone for a while")

enum seep_watch_state {
#define SEEP_WATCH_STATE_ENUM(name, key, text) SEEP_WATCH_STATE_##name,
	SEEP_WATCH_STATES(SEEP_WATCH_STATE_ENUM)
#undef SEEP_WATCH_STATE_ENUM
	SEEP_WATCH_STATE_COUNT
};

const char *seep_watch_state_key(enum seep_watch_state state);

struct seep_watch_rules {
	unsigned int most;  /* traced at once; 0: only watch */
	unsigned int looks; /* in a row in which it must have grown */
	double trace_s;	    /* how long one is traced at most */
	double pause_s;	    /* until the same process is traced again, the first time ... */
	double pause_max_s; /* ... twice as long each time, up to this */
};

/* Of one process. Starts zeroed. */
struct seep_watch_standing {
	enum seep_watch_state state;
	unsigned int looks; /* in a row in which it grows, and no known leak explains it */
	unsigned int tries; /* traces so far */
	double since_s;	    /* of the state */
	double pause_until_s;
	uint32_t kinds;	    /* TRACED: those that are traced */
	uint32_t convicted; /* kinds of the leaks that were found */
	bool refused;	    /* the last trace could not begin */
};

/*
 * Takes a look into account: objects of @kinds may be behind what grows, as far as no leak that was
 * found explains it; 0: nothing like that grows.
 */
void seep_watch_policy_look(const struct seep_watch_rules *rules,
			    struct seep_watch_standing *standing, uint32_t kinds, double now_s);

/* May it be traced now, while @traced others are? To be asked of the worst first. */
bool seep_watch_policy_may_begin(const struct seep_watch_rules *rules,
				 const struct seep_watch_standing *standing, unsigned int traced,
				 double now_s);
/* Its trace begins, of objects of @kinds. */
void seep_watch_policy_begin(struct seep_watch_standing *standing, uint32_t kinds, double now_s);
bool seep_watch_policy_is_over(const struct seep_watch_rules *rules,
			       const struct seep_watch_standing *standing, double now_s);
/* The trace could not begin. */
void seep_watch_policy_refuse(const struct seep_watch_rules *rules,
			      struct seep_watch_standing *standing, double now_s);
/* The trace has ended, with a leak of these kinds, or without any. */
void seep_watch_policy_end(const struct seep_watch_rules *rules,
			   struct seep_watch_standing *standing, uint32_t leaks, double now_s);

#endif
