// SPDX-License-Identifier: GPL-2.0-only
#include "json/verdict.h"

#include "base/buffer.h"
#include "growth/cause.h"

/* The ends of the 95 % interval; one that is not known is null. */
struct interval_keys {
	const char *value;
	const char *low;
	const char *high;
};

static void add_interval(struct seep_json *json, struct json_object *object,
			 const struct interval_keys *keys, const struct seep_interval *interval)
{
	seep_json_add_signed(json, object, keys->value, interval->value);
	seep_json_add_signed(json, object, keys->low, interval->low);
	seep_json_add_signed(json, object, keys->high, interval->high);
}

/* Evidence and advice: whole sentences, for people. */
static void add_texts(struct seep_json *json, struct json_object *object, const char *key,
		      const char *const *texts, size_t count)
{
	struct json_object *array = seep_json_new_array(json);

	for (size_t i = 0; i < count; i++)
		seep_json_append_text(json, array, texts[i]);
	seep_json_add(json, object, key, array);
}

/* A correlated series is a site or a measure of the process (its name), never both. */
static void add_correlated(struct seep_json *json, struct json_object *verdict,
			   const struct seep_judgement *judgement)
{
	struct json_object *array = seep_json_new_array(json);

	for (size_t i = 0; i < judgement->num_correlated; i++) {
		const struct seep_correlated *correlated = &judgement->correlated[i];
		struct json_object *object = seep_json_new(json);

		if (correlated->site)
			seep_json_add_id(json, object, "site", correlated->site->id);
		else
			seep_json_add_text(json, object, "measure", correlated->measure);
		seep_json_add_real(json, object, "correlation", correlated->correlation);
		seep_json_append(json, array, object);
	}
	/* The name of the member is fixed by docs/report.schema.json. */
	seep_json_add(json, verdict, "companions", array);
}

/*
 * Every member is there in each verdict, null if it is not known; only "companions" may be missing.
 */
void seep_json_add_verdict(struct seep_json *json, struct json_object *site,
			   const struct seep_judgement *judgement, enum seep_kind kind)
{
	/*
	 * The rate is in bytes or in objects, as the kind is measured; its ends have the same keys.
	 */
	static const struct interval_keys bytes = {"rate_bytes_per_s", "rate_low", "rate_high"};
	static const struct interval_keys objects = {"rate_objects_per_s", "rate_low", "rate_high"};
	static const struct interval_keys survival = {"survival", "survival_low", "survival_high"};
	static const struct interval_keys eta = {"eta_s", "eta_low_s", "eta_high_s"};
	bool counted = seep_kind_is_counted(kind);
	struct json_object *object;

	if (!judgement) {
		seep_json_add_null(json, site, "verdict");
		return;
	}
	object = seep_json_new(json);
	seep_json_add_text(json, object, "class", judgement->class);
	seep_json_add_text(json, object, "pattern", judgement->pattern);
	seep_json_add_text(json, object, "severity", judgement->severity);
	seep_json_add_text(json, object, "sureness",
			   seep_sureness_key(seep_judgement_sureness(judgement)));
	seep_json_add_real(json, object, "confidence", judgement->confidence);
	add_interval(json, object, counted ? &objects : &bytes, &judgement->rate);
	add_interval(json, object, &survival, &judgement->leaked);
	add_interval(json, object, &eta, &judgement->eta_s);
	seep_json_add_text(json, object, "limit", judgement->limit);
	seep_json_add_real(json, object, "period_s", judgement->period_s);
	seep_json_add_real(json, object, "since_s", judgement->since_s);
	add_texts(json, object, "evidence", judgement->evidence, judgement->num_evidence);
	add_texts(json, object, "advice", judgement->advice, judgement->num_advice);
	if (judgement->num_correlated)
		add_correlated(json, object, judgement);
	seep_json_add(json, site, "verdict", object);
}

/* What the growth of a process is that its sites do not explain; null: not known. */
static void add_cause(struct seep_json *json, struct json_object *coverage,
		      const struct seep_cause *cause)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct json_object *object;

	if (!cause) {
		seep_json_add_null(json, coverage, "cause");
		return;
	}
	object = seep_json_new(json);
	seep_json_add_text(json, object, "kind", seep_cause_key(cause->kind));
	seep_cause_append_text(&text, cause);
	seep_json_add_text(json, object, "text", text.data);
	seep_buffer_reset(&text);
	seep_cause_append_advice(&text, cause);
	seep_json_add_text(json, object, "advice", text.data);
	seep_json_add_real(json, object, "bytes", cause->bytes);
	seep_json_add_real(json, object, "share", cause->share);
	seep_json_add_real(json, object, "rate_bytes_per_s", cause->rate.value);
	if (cause->address) {
		seep_json_add_uint(json, object, "mapping_bytes", cause->mapping_bytes);
		seep_json_add_uint(json, object, "resident_bytes", cause->touched_bytes);
	}
	seep_json_add(json, coverage, "cause", object);
}

/* How much of a process's growth its sites explain. */
void seep_json_add_coverage(struct seep_json *json, struct json_object *process,
			    const struct seep_process_judgement *judgement)
{
	static const struct interval_keys rate = {"rate_bytes_per_s", "rate_low", "rate_high"};
	static const struct interval_keys eta = {"eta_s", "eta_low_s", "eta_high_s"};
	struct json_object *object;

	if (!judgement) {
		seep_json_add_null(json, process, "coverage");
		return;
	}
	object = seep_json_new(json);
	seep_json_add_text(json, object, "health", judgement->health);
	seep_json_add_real(json, object, "share", judgement->coverage);
	add_interval(json, object, &rate, &judgement->rate);
	add_interval(json, object, &eta, &judgement->eta_s);
	seep_json_add_text(json, object, "limit", judgement->limit);
	add_texts(json, object, "evidence", judgement->evidence, judgement->num_evidence);
	add_cause(json, object, judgement->cause);
	seep_json_add_uint(json, object, "untraced_descendants", judgement->num_untraced);
	seep_json_add(json, process, "coverage", object);
}
