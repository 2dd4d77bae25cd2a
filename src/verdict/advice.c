// SPDX-License-Identifier: GPL-2.0-only
/*
 * One table of sentences, each for a class, some kinds, and a condition on the measurements. Its
 * order is that of the answer, so what is said most precisely stands first.
 */
#include "verdict/advice.h"

/* Most objects are released, and fewer than half are forgotten: one path out of several misses. */
static bool forgets_few(const struct seep_measurements *measured)
{
	return measured->survival.valid && measured->survival.kept.value < 0.5;
}

static bool forgets_all(const struct seep_measurements *measured)
{
	return !forgets_few(measured);
}

/* Not one was ever released. */
static bool releases_none(const struct seep_measurements *measured)
{
	return forgets_all(measured) && !(measured->frees > 0);
}

/* There is code that releases them, but it does not get to most of them. */
static bool releases_some(const struct seep_measurements *measured)
{
	return forgets_all(measured) && measured->frees > 0;
}

/* Threads that have ended, or most of them, wait for their join. */
static bool has_exited(const struct seep_measurements *measured)
{
	return measured->exited_known && measured->exited > measured->live_objects / 2;
}

static bool still_runs(const struct seep_measurements *measured)
{
	return measured->exited_known && !has_exited(measured);
}

static bool may_have_exited(const struct seep_measurements *measured)
{
	return !measured->exited_known;
}

/* Most objects that have lived for settle_s are released before limit_s: growth is in the load. */
static bool has_more_to_do(const struct seep_measurements *measured)
{
	return measured->survival.valid && measured->survival.tail.value < 0.5 &&
	       !seep_measurements_enlarged(measured);
}

static bool may_be_forgotten(const struct seep_measurements *measured)
{
	return !has_more_to_do(measured);
}

/* In the order in which they are given. */
static const struct {
	enum seep_class class;
	uint32_t kinds;
	bool (*fits)(const struct seep_measurements *measured);
	const char *text;
} advice[] = {
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_THREAD), has_exited,
	 "the threads have ended and are never joined: pthread_join them, or pthread_detach at this "
	 "call"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_THREAD), still_runs,
	 "the threads are still running: end them when their work is done, or take them from a pool "
	 "of a fixed size"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_THREAD), may_have_exited,
	 "threads that have ended need pthread_join, or pthread_detach at this call; threads that "
	 "still run need an end, or a pool of a fixed size"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_GOROUTINE), forgets_few,
	 "most go on from here: look for the path on which nobody sends, closes, unlocks or cancels "
	 "what this one waits for"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_GOROUTINE), forgets_all,
	 "nothing ends what they wait for: close the channel, cancel the context, or set a deadline "
	 "where they are started"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_OBJECT), forgets_few,
	 "the collector takes most of them: look for who keeps a reference to this one, as a list of "
	 "callbacks does that nobody removes, or a slice of a large buffer"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_OBJECT), forgets_all,
	 "something that is still used refers to all of them: a map, a slice or a channel from which "
	 "nothing is taken; delete what is done with, or give it a limit"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_FD), forgets_few,
	 "most are closed: look for the path on which this one is not, errors first"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_FD), releases_some,
	 "some are closed, most are not: look for the paths that leave out close, errors first"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_FD), releases_none,
	 "nothing closes what is opened here: close it where its use ends"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MAPPING), forgets_few,
	 "most are unmapped: look for the path on which this one is not, and for a munmap that is "
	 "shorter than the range"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MAPPING), releases_some,
	 "some are unmapped, most are not: look for the paths that leave out munmap, errors first"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MAPPING), releases_none,
	 "nothing unmaps what is mapped here: munmap all of it where its use ends"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MEMORY), forgets_few,
	 "most are released: look for the path on which this one is not, early returns and errors "
	 "first"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MEMORY), releases_some,
	 "some are released, most are not: look for what should take them out of their table or "
	 "list"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MEMORY), releases_none,
	 "nothing releases what is allocated here: look for who should own it"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MEMORY), forgets_all,
	 "if it is kept on purpose, in a table, a list or a cache: give that a limit"},
	{SEEP_CLASS_GROWTH, SEEP_KIND_BIT(SEEP_KIND_MEMORY), seep_measurements_enlarged,
	 "one buffer is enlarged again and again: bound it, or empty it where it has been used"},
	{SEEP_CLASS_GROWTH, SEEP_ALL_KINDS, has_more_to_do,
	 "objects are released as before, but more are made: look at the load"},
	{SEEP_CLASS_GROWTH, SEEP_ALL_KINDS, may_be_forgotten,
	 "watch it for longer: whether what grows is forgotten is not certain"},
};

size_t seep_advice_for_site(const struct seep_verdict *verdict, const char **ret_advice, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]) && count < max; i++)
		if (advice[i].class == verdict->class &&
		    advice[i].kinds & SEEP_KIND_BIT(verdict->measured.kind) &&
		    advice[i].fits(&verdict->measured))
			ret_advice[count++] = advice[i].text;
	return count;
}
