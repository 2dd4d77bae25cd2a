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

/* Most objects that have lived for settle_s are released before limit_s: growth is in the load. */
static bool has_more_to_do(const struct seep_measurements *measured)
{
	return measured->survival.valid && measured->survival.tail.value < 0.5 &&
	       !seep_measurements_enlarged(measured);
}

/* The condition of sentences that need none. */
static bool always(const struct seep_measurements *measured)
{
	(void)measured;
	return true;
}

/* In the order in which they are given. */
static const struct {
	enum seep_class class;
	uint32_t kinds;
	bool (*fits)(const struct seep_measurements *measured);
	const char *text;
} advice[] = {
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_THREAD), always,
	 "threads that have ended are never joined: pthread_join them, or pthread_detach at this "
	 "call"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_THREAD), always,
	 "if they have not ended: let them, or make them by a pool of a fixed size"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_FD), forgets_few,
	 "most are closed: look for the path on which this one is not, errors first"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_FD), forgets_all,
	 "nothing closes what is opened here: close it where its use ends"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_FD), always,
	 "open with O_CLOEXEC, or children keep it open besides"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MAPPING), always,
	 "munmap what is mapped here, with its full length: the rest of a range stays"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MEMORY), forgets_few,
	 "most are released: look for the path on which this one is not, early returns and errors "
	 "first"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MEMORY), forgets_all,
	 "nothing releases what is made here: look for who should own it"},
	{SEEP_CLASS_LEAK, SEEP_KIND_BIT(SEEP_KIND_MEMORY), forgets_all,
	 "if it is kept on purpose, in a table or a list: bound that"},
	{SEEP_CLASS_GROWTH, SEEP_KIND_BIT(SEEP_KIND_MEMORY), seep_measurements_enlarged,
	 "one buffer is enlarged again and again: bound it, or empty it where it has been used"},
	{SEEP_CLASS_GROWTH, SEEP_ALL_KINDS, has_more_to_do,
	 "objects are released as before, but more are made: look at the load"},
	{SEEP_CLASS_GROWTH, SEEP_ALL_KINDS, always,
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
