// SPDX-License-Identifier: GPL-2.0-only
#include "watch/policy.h"

#include <math.h>

static const char *const keys[] = {
#define STATE_KEY(name, key, text) [SEEP_WATCH_STATE_##name] = (key),
	SEEP_WATCH_STATES(STATE_KEY)
#undef STATE_KEY
};

const char *seep_watch_state_key(enum seep_watch_state state)
{
	return keys[state];
}

static void enter(struct seep_watch_standing *standing, enum seep_watch_state state, double now_s)
{
	if (standing->state == state)
		return;
	standing->state = state;
	standing->since_s = now_s;
}

/* What is known of one that is not traced now, and will not be for a while. */
static enum seep_watch_state state_of_pause(const struct seep_watch_standing *standing)
{
	if (standing->convicted)
		return SEEP_WATCH_STATE_CONVICTED;
	return standing->refused ? SEEP_WATCH_STATE_REFUSED : SEEP_WATCH_STATE_CLEARED;
}

void seep_watch_policy_look(const struct seep_watch_rules *rules,
			    struct seep_watch_standing *standing, uint32_t kinds, double now_s)
{
	standing->looks = kinds ? standing->looks + 1 : 0;
	if (standing->state == SEEP_WATCH_STATE_TRACED)
		return;
	if (standing->looks >= rules->looks && now_s >= standing->pause_until_s)
		enter(standing, SEEP_WATCH_STATE_SUSPECT, now_s);
	else if (standing->convicted || now_s < standing->pause_until_s)
		enter(standing, state_of_pause(standing), now_s);
	else
		enter(standing, SEEP_WATCH_STATE_WATCHED, now_s);
}

bool seep_watch_policy_may_begin(const struct seep_watch_rules *rules,
				 const struct seep_watch_standing *standing, unsigned int traced,
				 double now_s)
{
	/* It may have paused since it became suspect, if tracing it has failed. */
	return traced < rules->most && standing->state == SEEP_WATCH_STATE_SUSPECT &&
	       now_s >= standing->pause_until_s;
}

void seep_watch_policy_begin(struct seep_watch_standing *standing, uint32_t kinds, double now_s)
{
	enter(standing, SEEP_WATCH_STATE_TRACED, now_s);
	standing->kinds = kinds;
	standing->tries++;
}

bool seep_watch_policy_is_over(const struct seep_watch_rules *rules,
			       const struct seep_watch_standing *standing, double now_s)
{
	return standing->state == SEEP_WATCH_STATE_TRACED &&
	       now_s - standing->since_s >= rules->trace_s;
}

static void pause_for_a_while(const struct seep_watch_rules *rules,
			      struct seep_watch_standing *standing, double now_s)
{
	double pause_s = rules->pause_s * pow(2, standing->tries > 0 ? standing->tries - 1 : 0);

	standing->kinds = 0;
	standing->pause_until_s = now_s + fmin(pause_s, rules->pause_max_s);
	enter(standing, state_of_pause(standing), now_s);
}

void seep_watch_policy_refuse(const struct seep_watch_rules *rules,
			      struct seep_watch_standing *standing, double now_s)
{
	standing->refused = true;
	pause_for_a_while(rules, standing, now_s);
}

/* With a leak there is a pause, too: what else grows has its turn after the others'. */
void seep_watch_policy_end(const struct seep_watch_rules *rules,
			   struct seep_watch_standing *standing, uint32_t leaks, double now_s)
{
	standing->refused = false;
	standing->convicted |= leaks;
	pause_for_a_while(rules, standing, now_s);
}
