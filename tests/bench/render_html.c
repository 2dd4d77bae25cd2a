// SPDX-License-Identifier: GPL-2.0-only
/*
 * Renders the HTML report of a service that never ran: so many sites, an hour at a point per
 * interval, judged as a trace would be. Says how long it took and how large it is. The names are
 * made up, some of them to do harm; linked with --wrap=seep_symbolizer_resolve, so that no file is
 * needed for them.
 *
 * Usage: render_html SITES POINTS FILE
 */
#include <err.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "verdict/judge.h"
#include "verdict/judgement.h"
#include "web/html.h"

#define HOUR_S	      3600.0
#define JUDGED_FEW    120 /* snapshots that the judge is fed: of few sites ... */
#define JUDGED_MANY   30  /* ... and of so many that judging takes longer than all the rest */
#define MANY_SITES    2000
#define NUM_PROCESSES 3
#define NUM_FUNCTIONS 1200
#define DEPTH	      14
#define START_UTC_NS  (1795168800ULL * SEEP_NS_PER_S)

enum habit {
	STEADY,
	LEAK,
	SLOW_LEAK,
	CACHE,
	BURST,
	GROWTH
};

struct source {
	enum habit habit;
	double rate; /* objects per second */
	double bytes;
	double share;	/* of the objects that are never released */
	double mean_s;	/* lifetime of the others */
	uint64_t noise; /* seed */
};

struct service {
	struct source *sources;
	struct seep_site *sites;
	struct seep_stack *stacks;
	uint64_t *frames;
	struct seep_process processes[NUM_PROCESSES];
	struct seep_process_stats process_stats[NUM_PROCESSES];
	struct seep_snapshot snapshot;
	size_t num_sites;
	size_t num_points;
	size_t num_judged;
	struct seep_html_point *points; /* of the series that is being asked for */
	struct seep_html_point *totals[SEEP_KIND_COUNT];
	struct seep_html_point *resident[NUM_PROCESSES];
};

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		err(1, "out of memory");
	return memory;
}

static uint64_t mix(uint64_t value)
{
	value ^= value >> 31;
	value *= 0x7fb5d329728ea185ULL;
	value ^= value >> 27;
	value *= 0x81dadef4bc2dd44dULL;
	return value ^ value >> 33;
}

static double fraction(uint64_t seed)
{
	return (double)(mix(seed) >> 11) / 9007199254740992.0;
}

/* Names. */

static const char *const verbs[] = {"parse",  "handle", "open", "decode", "route", "render",
				    "commit", "lookup", "send", "update", "index", "merge"};
static const char *const nouns[] = {"request", "session", "packet", "row",    "query",
				    "header",  "cookie",  "image",  "config", "event"};
static const char *const parts[] = {"http", "db",    "cache", "auth",	 "net",
				    "json", "queue", "tls",   "storage", "search"};

static const char *const hostile[] = {
	"</script><script>document.title='owned'</script>",
	"<img src=x onerror=\"document.title='owned'\">",
	"<!--<script>",
	"' onmouseover='document.title=1' x='",
	"operator<< <char, std::char_traits<char>>(std::ostream&, char const*) & \"more\"",
};

struct place {
	struct seep_location location;
	struct seep_line lines[2];
	char function[96];
	char source[64];
};

static struct place *places;

static void make_place(struct place *place, size_t index)
{
	const char *part = parts[index % 10];
	struct seep_line *line = &place->lines[0];

	snprintf(place->function, sizeof(place->function), "%s_%s_%s", part, verbs[index / 10 % 12],
		 nouns[index / 120 % 10]);
	snprintf(place->source, sizeof(place->source), "src/%s/%s_%s.c", part,
		 verbs[index / 10 % 12], part);
	if (index % 97 == 13)
		snprintf(place->function, sizeof(place->function), "%s", hostile[index / 97 % 5]);
	if (index % 7 == 3) /* inlined into the next */
		place->lines[place->location.num_lines++] = (struct seep_line){
			"std::make_unique<shop::item>", "include/memory", 962, true};
	line = &place->lines[place->location.num_lines++];
	*line = (struct seep_line){place->function, place->source, (unsigned int)(20 + index % 700),
				   false};
	place->location.module =
		index % 10 < 7 ? "/opt/shop/bin/shop-server" : "/opt/shop/lib/libshop.so.3";
	place->location.build_id = "00112233445566778899aabbccddeeff00112233";
	place->location.offset = 0x1000 + 64 * index;
	place->location.lines = place->lines;
}

static struct seep_line allocator_lines[SEEP_KIND_COUNT] = {
	{"malloc", NULL, 0, false},
	{"mmap", NULL, 0, false},
	{"pthread_create", NULL, 0, false},
	{"openat", NULL, 0, false},
};
static struct seep_location allocators[SEEP_KIND_COUNT];

const struct seep_location *__wrap_seep_symbolizer_resolve(struct seep_symbolizer *symbolizer,
							   uint32_t process, uint64_t frame);
const struct seep_location *__wrap_seep_symbolizer_resolve(struct seep_symbolizer *symbolizer,
							   uint32_t process, uint64_t frame)
{
	uint64_t offset = SEEP_FRAME_OFFSET(frame);

	(void)symbolizer;
	(void)process;
	if (SEEP_FRAME_FILE(frame) == 1)
		return &allocators[offset];
	return &places[offset].location;
}

static void make_places(void)
{
	places = allocate(NUM_FUNCTIONS, sizeof(*places));
	for (size_t i = 0; i < NUM_FUNCTIONS; i++)
		make_place(&places[i], i);
	for (size_t kind = 0; kind < SEEP_KIND_COUNT; kind++)
		allocators[kind] = (struct seep_location){"/usr/lib/x86_64-linux-gnu/libc.so.6",
							  NULL, kind, 1, &allocator_lines[kind]};
}

/* What the sites do. */

static enum seep_kind kind_of(size_t index)
{
	return index % 23 == 7	? SEEP_KIND_MAPPING :
	       index % 31 == 11 ? SEEP_KIND_FD :
	       index % 41 == 17 ? SEEP_KIND_THREAD :
				  SEEP_KIND_MEMORY;
}

static enum habit habit_of(size_t index)
{
	if (index % 200 == 1)
		return LEAK;
	if (index % 331 == 11)
		return SLOW_LEAK;
	if (index % 9 == 4)
		return CACHE;
	if (index % 13 == 5)
		return BURST;
	return index % 401 == 3 ? GROWTH : STEADY;
}

static void make_source(struct source *source, size_t index)
{
	bool counted = kind_of(index) == SEEP_KIND_FD || kind_of(index) == SEEP_KIND_THREAD;

	*source = (struct source){
		.habit = habit_of(index),
		.rate = counted ? 0.05 + fraction(index) : 2 + 60 * fraction(index),
		.bytes = kind_of(index) == SEEP_KIND_FD ? 0 : 16 << (mix(index + 5) % 11),
		.mean_s = exp(-6 + 9 * fraction(index + 77)),
		.noise = mix(index),
	};
	if (kind_of(index) == SEEP_KIND_MAPPING)
		source->bytes = 65536;
	if (source->habit == LEAK)
		source->share = 1;
	if (source->habit == SLOW_LEAK)
		source->share = 0.02;
}

/* Live objects after @time_s. */
static double live_at(const struct source *source, double time_s)
{
	double made = source->rate * time_s;
	double passing = fmin(made, source->rate * source->mean_s * (1 - source->share)) *
			 (0.8 + 0.4 * fraction(source->noise + (uint64_t)time_s));

	switch (source->habit) {
	case CACHE:
		return floor(fmin(made, source->rate * 400 * (1 - exp(-time_s / 300))));
	case BURST:
		return floor(passing +
			     fmin(made, source->rate * 200) * exp(-pow((time_s - 1500) / 240, 2)));
	case GROWTH:
		return floor(passing + made * 0.3 * (0.5 + time_s / HOUR_S));
	default:
		return floor(passing + made * source->share);
	}
}

static void fill_histograms(struct seep_site *site, const struct source *source, double time_s)
{
	double stays = source->habit == STEADY ? source->mean_s * 2 : time_s;
	unsigned int middle = (unsigned int)fmax(2, log2(source->mean_s * 1e6) + 1);
	uint64_t left = site->counts.frees, alive = site->live_objects;

	memset(site->lifetimes, 0, sizeof(site->lifetimes));
	memset(site->ages, 0, sizeof(site->ages));
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t part = i < 3 ? left / 2 : left;

		site->lifetimes[middle + i - 2] = part;
		left -= part;
	}
	for (unsigned int i = SEEP_LIFETIME_BUCKETS; i-- > 1 && alive > 0;) {
		double from = ldexp(1e-6, (int)i - 1);
		uint64_t part = from < stays ? (uint64_t)ceil((double)alive / 2) : 0;

		site->ages[i] = part;
		alive -= part;
	}
	site->ages[0] = alive;
	site->ages_known = true;
}

static void fill_site(struct seep_site *site, const struct source *source, double time_s)
{
	uint64_t made = (uint64_t)(source->rate * time_s);
	uint64_t live = (uint64_t)live_at(source, time_s);
	uint64_t bytes = (uint64_t)source->bytes;

	live = live > made ? made : live;
	site->live_bytes_change = (int64_t)(live * bytes - site->live_bytes);
	site->live_objects_change = (int64_t)(live - site->live_objects);
	site->counts = (struct seep_counts){made, made - live, made * bytes, (made - live) * bytes};
	site->live_objects = live;
	site->live_bytes = live * bytes;
	site->oldest_ns =
		live ? (uint64_t)(fmin(time_s * 0.98,
				       source->habit == STEADY ? source->mean_s * 4 : time_s) *
				  1e9) :
		       SEEP_UNKNOWN;
	fill_histograms(site, source, time_s);
}

/* The service. */

static void make_stack(struct service *service, size_t index)
{
	uint64_t *frames = &service->frames[index * DEPTH];

	frames[0] = SEEP_FRAME(1, kind_of(index));
	for (size_t depth = 1; depth < DEPTH; depth++) {
		/* The further out, the fewer functions there are: main is one. */
		size_t choices = 1 + (NUM_FUNCTIONS - 1) * (DEPTH - 1 - depth) / (DEPTH - 1);

		frames[depth] = SEEP_FRAME(2, mix(index / depth + depth * 7919) % choices);
	}
	service->stacks[index] = (struct seep_stack){
		index, index % 57 == 20 ? SEEP_END_NO_CFI : SEEP_END_COMPLETE, DEPTH, frames};
}

static void make_processes(struct service *service)
{
	static const char *const names[NUM_PROCESSES] = {"shop-server", "shop-worker",
							 "</title><b>evil"};

	for (size_t i = 0; i < NUM_PROCESSES; i++) {
		service->processes[i] = (struct seep_process){
			.id = (uint32_t)(4096 + i),
			.pid = (pid_t)(2041 + 13 * i),
			.start_utc_ns = START_UTC_NS - 86400 * SEEP_NS_PER_S,
			.comm = names[i],
			.exe = "/opt/shop/bin/shop-server",
			.attached_late = true,
			.rss_bytes = (64 + 32 * i) << 20,
			.pre_attach_bytes = 48 << 20,
			.fd_limit = 1024,
			.fd_limit_eta_ns = SEEP_UNKNOWN,
		};
		memset(&service->process_stats[i], 0xff, sizeof(service->process_stats[i]));
		service->process_stats[i].rss_bytes = service->processes[i].rss_bytes;
		service->process_stats[i].usage[SEEP_LIMIT_CGROUP_MEMORY] =
			(struct seep_usage){1UL << 30, 4UL << 30};
		service->process_stats[i].usage[SEEP_LIMIT_NOFILE] = (struct seep_usage){200, 1024};
	}
}

static void make_snapshot(struct service *service)
{
	service->snapshot = (struct seep_snapshot){
		.utc_ns = START_UTC_NS,
		.final = true,
		.host_name = "web-07",
		.kernel = "6.12.41",
		.arch = "x86_64",
		.scope_type = "cgroup",
		.scope_value = "/system.slice/shop.service",
		.max_size_bytes = UINT64_MAX,
		.num_processes = NUM_PROCESSES,
		.processes = service->processes,
		.num_sites = service->num_sites,
		.sites = service->sites,
		.overhead = {.events = 184467440,
			     .events_per_s = 51240,
			     .bpf_ns_per_event = 780,
			     .probe_ns_per_event = 310,
			     .target_cpu_pct = 5.6,
			     .calls_cpu_pct = 0.3,
			     .seep_cpu_pct = 0.4,
			     .seep_rss_bytes = 18 << 20,
			     .map_bytes = 96 << 20},
	};
	service->snapshot.losses[SEEP_LOSS_UNMATCHED_FREES] = 48211;
	service->snapshot.losses[SEEP_LOSS_RING_FULL] = 12;
	service->snapshot.ends[SEEP_END_COMPLETE] = 99000;
	service->snapshot.ends[SEEP_END_NO_CFI] = 1000;
	for (size_t kind = 0; kind < SEEP_KIND_COUNT; kind++)
		service->snapshot.totals[kind].traced = true;
}

static const struct seep_group fd_groups[] = {{"socket", 31, 0}, {"file", 9, 0}, {"pipe", 2, 0}};
static const char *const fd_examples[] = {"socket 10.0.0.7:443 -> 10.0.0.9:51234",
					  "/var/lib/shop/<b>index</b>.db"};
static const struct seep_details fd_details = {3, fd_groups, 2, fd_examples};

static void make_service(struct service *service)
{
	service->sources = allocate(service->num_sites, sizeof(*service->sources));
	service->sites = allocate(service->num_sites, sizeof(*service->sites));
	service->stacks = allocate(service->num_sites, sizeof(*service->stacks));
	service->frames = allocate(service->num_sites * DEPTH, sizeof(*service->frames));
	service->points = allocate(service->num_points, sizeof(*service->points));
	make_processes(service);
	make_snapshot(service);
	for (size_t i = 0; i < service->num_sites; i++) {
		make_source(&service->sources[i], i);
		make_stack(service, i);
		service->sites[i] = (struct seep_site){
			.id = mix(i + 1),
			.process = &service->processes[i % 5 < 3 ? 0 : i % 5 - 2],
			.kind = kind_of(i),
			.stack = &service->stacks[i],
			.details = kind_of(i) == SEEP_KIND_FD ? &fd_details : NULL,
		};
	}
}

static void advance(struct service *service, uint64_t seq, double time_s)
{
	struct seep_snapshot *snapshot = &service->snapshot;

	for (size_t i = 0; i < service->num_sites; i++)
		fill_site(&service->sites[i], &service->sources[i], time_s);
	snapshot->interval_ns = (uint64_t)(time_s * 1e9) - snapshot->elapsed_ns;
	snapshot->elapsed_ns = (uint64_t)(time_s * 1e9);
	snapshot->utc_ns = START_UTC_NS + snapshot->elapsed_ns;
	snapshot->seq = seq;
	seep_snapshot_sum(service->processes, NUM_PROCESSES, service->sites, service->num_sites,
			  snapshot->totals);
	for (size_t i = 0; i < NUM_PROCESSES; i++) {
		uint64_t live = service->processes[i].totals[SEEP_KIND_MEMORY].live_bytes;

		service->processes[i].rss_bytes = ((64 + 32 * i) << 20) + live;
		service->process_stats[i].rss_bytes = service->processes[i].rss_bytes;
	}
}

/* The totals as they would be are not computed anew at each point: the judged moments will do. */
static void remember(struct service *service, size_t moment)
{
	for (size_t kind = 0; kind < SEEP_KIND_COUNT; kind++)
		service->totals[kind][moment] =
			(struct seep_html_point){service->snapshot.elapsed_ns,
						 service->snapshot.totals[kind].live_objects,
						 service->snapshot.totals[kind].live_bytes};
	for (size_t i = 0; i < NUM_PROCESSES; i++)
		service->resident[i][moment] = (struct seep_html_point){
			service->snapshot.elapsed_ns, 0, service->processes[i].rss_bytes};
}

static void judge_service(struct service *service, struct seep_judgements *judgements)
{
	struct seep_judge *judge;

	if (seep_judge_new(&judge))
		errx(1, "out of memory");
	for (size_t i = 0; i < SEEP_KIND_COUNT; i++)
		service->totals[i] = allocate(service->num_judged, sizeof(struct seep_html_point));
	for (size_t i = 0; i < NUM_PROCESSES; i++)
		service->resident[i] =
			allocate(service->num_judged, sizeof(struct seep_html_point));
	for (size_t i = 0; i < service->num_judged; i++) {
		advance(service, i + 1, HOUR_S * (double)(i + 1) / (double)service->num_judged);
		remember(service, i);
		if (seep_judge_feed(judge, &service->snapshot, service->process_stats))
			errx(1, "out of memory");
	}
	if (seep_judgements_fill(judgements, judge, NULL, service->sites, service->num_sites,
				 service->processes, NUM_PROCESSES))
		errx(1, "out of memory");
	seep_judge_free(judge);
}

/* Rendering. */

static int give_series(void *context, const struct seep_site *site,
		       struct seep_html_series *ret_series)
{
	struct service *service = context;
	size_t stack = (size_t)(site->stack - service->stacks);

	for (size_t i = 0; i < service->num_points; i++) {
		double time_s = HOUR_S * (double)(i + 1) / (double)service->num_points;
		uint64_t live = (uint64_t)live_at(&service->sources[stack], time_s);

		service->points[i] =
			(struct seep_html_point){(uint64_t)(time_s * 1e9), live,
						 live * (uint64_t)service->sources[stack].bytes};
	}
	*ret_series = (struct seep_html_series){service->points, service->num_points};
	return 0;
}

/* What making up the history takes, which is not rendering. */
static uint64_t time_history(struct service *service)
{
	uint64_t start = seep_clock_cpu_ns();
	struct seep_html_series series;

	for (size_t i = 0; service->num_points && i < service->num_sites; i++)
		give_series(service, &service->sites[i], &series);
	return seep_clock_cpu_ns() - start;
}

static void render(struct service *service, const char *path)
{
	struct seep_html_series resident[NUM_PROCESSES];
	struct seep_html_history history = {.resident = resident, .context = service};
	const struct seep_html_options options = {.metric = SEEP_METRIC_LIVE_BYTES};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	uint64_t before = time_history(service);
	uint64_t start;
	int error;

	for (size_t i = 0; i < SEEP_KIND_COUNT; i++)
		history.totals[i] =
			(struct seep_html_series){service->totals[i], service->num_judged};
	for (size_t i = 0; i < NUM_PROCESSES; i++)
		resident[i] = (struct seep_html_series){service->resident[i], service->num_judged};
	history.site = service->num_points ? give_series : NULL;
	start = seep_clock_cpu_ns();
	error = seep_html_render(&service->snapshot, NULL, service->num_points ? &history : NULL,
				 &options, &buffer);
	if (error)
		errx(1, "cannot render: %s", strerror(-error));
	printf("{\"sites\":%zu,\"points\":%zu,\"render_ms\":%.1f,\"bytes\":%zu}\n",
	       service->num_sites, service->num_points,
	       (double)(seep_clock_cpu_ns() - start - before) / 1e6, buffer.length);
	error = seep_file_write(path, buffer.data, buffer.length);
	if (error)
		errx(1, "cannot write \"%s\": %s", path, strerror(-error));
}

int main(int argc, char **argv)
{
	struct seep_judgements *judgements;
	struct service service = {0};

	if (argc != 4)
		errx(2, "usage: render_html SITES POINTS FILE");
	service.num_sites = strtoul(argv[1], NULL, 10);
	service.num_points = strtoul(argv[2], NULL, 10);
	service.num_judged = service.num_sites > MANY_SITES ? JUDGED_MANY : JUDGED_FEW;
	if (seep_judgements_new(&judgements))
		errx(1, "out of memory");
	make_places();
	make_service(&service);
	judge_service(&service, judgements);
	/* The stacks are not moved with their sites: a site is found by its stack. */
	seep_sites_sort(service.sites, service.num_sites);
	render(&service, argv[3]);
	return 0; /* and with it goes all memory */
}
