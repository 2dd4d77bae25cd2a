// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page: head with its policy and styles, sections in plain HTML (html_verdict.c,
 * html_entries.c, html_facts.c), places for what the script adds, the data (html_data.c), and
 * the scripts. Styles and scripts are assets of the build, and the policy allows them by their
 * hashes, so nothing that the data might smuggle in can run.
 */
#include "web/html.h"

#include <errno.h>
#include <stdlib.h>

#include "base/asset.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "report/report.h"
#include "web/html_data.h"
#include "web/html_entries.h"
#include "web/html_facts.h"
#include "web/html_hashes.h"
#include "web/html_page.h"
#include "web/html_verdict.h"

SEEP_ASSET(seep_html_css, "src/web/html.css");
SEEP_ASSET(seep_html_dark_css, "src/web/html_dark.css");
SEEP_ASSET(seep_html_parts_css, "src/web/html_parts.css");
SEEP_ASSET(seep_html_tools_js, "src/web/html_tools.js");
SEEP_ASSET(seep_html_model_js, "src/web/html_model.js");
SEEP_ASSET(seep_html_chart_js, "src/web/html_chart.js");
SEEP_ASSET(seep_html_survival_js, "src/web/html_survival.js");
SEEP_ASSET(seep_html_sites_js, "src/web/html_sites.js");
SEEP_ASSET(seep_html_panel_js, "src/web/html_panel.js");
SEEP_ASSET(seep_html_flame_js, "src/web/html_flame.js");
SEEP_ASSET(seep_html_page_js, "src/web/html_page.js");

/* Also in the SVG: flamegraph.c. */
extern const char seep_flamegraph_css[] __attribute__((visibility("hidden")));
extern const char seep_flamegraph_dark_css[] __attribute__((visibility("hidden")));
extern const char seep_flamegraph_js[] __attribute__((visibility("hidden")));

/* The media of the dark styles until the script, or the button, decides otherwise. */
#define DARK "screen and (prefers-color-scheme: dark)"

/* The drop in the browser's tab, in the file itself because nothing may be fetched. */
#define ICON                                                                                       \
	"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"      \
	"%3Cpath fill='%230f766e' d='M8 1C5 5.5 3 8 3 10.500a5 5 0 0 0 10 0C13 8 11 5.5 8 1z'"     \
	"/%3E%3C/svg%3E"

/*
 * Nothing is fetched, and no script or style counts but those whose hashes are named (CSP Level 3,
 * 6.7.2.3): not even one that came in through the name of a function.
 */
#define POLICY                                                                                     \
	"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "                 \
	"script-src " SEEP_HTML_SCRIPT_HASHES "; style-src " SEEP_HTML_STYLE_HASHES

/* One element for each asset: its hash in the policy is that of the whole text of an element. */
static void put_style(struct seep_html_page *page, const char *attributes, const char *style)
{
	seep_buffer_printf(page->out, "<style%s>", attributes);
	seep_html_put(page, style);
	seep_html_put(page, "</style>\n");
}

/* The script switches the dark styles by their attribute media. */
static void put_styles(struct seep_html_page *page)
{
	put_style(page, "", seep_html_css);
	put_style(page, "", seep_html_parts_css);
	put_style(page, "", seep_flamegraph_css);
	put_style(page, " class=\"dark\" media=\"" DARK "\"", seep_html_dark_css);
	put_style(page, " class=\"dark\" media=\"" DARK "\"", seep_flamegraph_dark_css);
}

/* The policy comes before the styles, as it holds only for what follows it. */
static void put_head(struct seep_html_page *page)
{
	seep_html_put(page,
		      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n"
		      "<meta name=\"generator\" content=\"seep " SEEP_VERSION "\">\n"
		      "<link rel=\"icon\" href=\"" ICON "\">\n<title>");
	seep_html_note_scope(page);
	seep_buffer_puts(&page->note, " on ");
	seep_text_append_clean(&page->note, page->snapshot->host_name, SIZE_MAX);
	seep_buffer_puts(&page->note, " - seep report");
	seep_html_put_note(page);
	seep_html_put(page, "</title>\n");
	put_styles(page);
	seep_html_put(page, "</head>\n");
}

/* What is above everything: which trace, and where to go. */
static void put_bar(struct seep_html_page *page)
{
	seep_html_put(page, "<a class=\"skip\" href=\"#main\">To the report</a>\n"
			    "<div class=\"bar\"><b>seep</b> <span class=\"scope\">");
	seep_html_note_scope(page);
	seep_html_put_note(page);
	seep_html_put(page, "</span>\n<nav aria-label=\"Sections\">");
	/* A link must have a section to lead to: put_entries writes none without entries. */
	if (page->answer.leaks.num > 0)
		seep_html_put(page, "<a href=\"#leaks\">Leaks</a> ");
	if (page->answer.growing.num > 0)
		seep_html_put(page, "<a href=\"#growing\">Growth</a> ");
	seep_html_put(
		page,
		"<a class=\"scripted\" href=\"#courses\">Over time</a> "
		"<a class=\"scripted\" href=\"#sites\">Sites</a> "
		"<a class=\"scripted\" href=\"#flame\">Flame graph</a> "
		"<a href=\"#losses\">Losses</a> <a href=\"#trace\">Trace</a></nav>\n"
		"<button id=\"theme\" class=\"scripted\" type=\"button\">Dark</button></div>\n");
}

/* Filled by the script; hidden without it. */
static void put_scripted(struct seep_html_page *page, const char *id, const char *title)
{
	seep_buffer_printf(page->out,
			   "<section id=\"%s\" class=\"scripted\" aria-label=\"%s\"><h2>%s</h2>"
			   "</section>\n",
			   id, title, title);
}

/* What is plain HTML and what the script fills, in the order in which a reader needs it. */
static void put_main(struct seep_html_page *page)
{
	seep_html_put(page, "<main id=\"main\">\n");
	seep_html_put_verdict(page);
	seep_html_put(page, "<noscript><p class=\"warning\">Charts, the table of all sites and the "
			    "flame graph need JavaScript.</p></noscript>\n");
	seep_html_put_entries(page);
	put_scripted(page, "courses", "Over time");
	put_scripted(page, "sites", "All sites");
	put_scripted(page, "flame", "Flame graph");
	seep_html_put_totals(page);
	seep_html_put_processes(page);
	seep_html_put_losses(page);
	seep_html_put_overhead(page);
	seep_html_put_trace(page);
	seep_html_put(page, "</main>\n");
}

/* One element for each, as with the styles. Functions of earlier scripts are used by later ones. */
static void put_scripts(struct seep_html_page *page)
{
	const char *const scripts[] = {
		seep_flamegraph_js, seep_html_tools_js,	   seep_html_model_js,
		seep_html_chart_js, seep_html_survival_js, seep_html_sites_js,
		seep_html_panel_js, seep_html_flame_js,	   seep_html_page_js,
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		seep_html_put(page, "<script>");
		seep_html_put(page, scripts[i]);
		seep_html_put(page, "</script>\n");
	}
}

/* The data stands before the scripts, which read it when the parser reaches them. */
static int put_page(struct seep_html_page *page)
{
	int error;

	put_head(page);
	seep_html_put(page, "<body>\n");
	put_bar(page);
	put_main(page);
	seep_html_put(page, "<script type=\"application/json\" id=\"data\">");
	error = seep_html_put_data(page);
	seep_html_put(page, "</script>\n");
	put_scripts(page);
	seep_html_put(page, "</body>\n</html>\n");
	return error ? error : page->out->error;
}

/* Of the sites that leak or grow, in the order of the entries. */
static int find_callers(struct seep_html_page *page)
{
	const struct seep_findings *findings = page->answer.answer->findings;
	size_t num = findings->num + page->answer.num_pending;
	SEEP_AUTO_FREE const struct seep_site **sites = calloc(num + 1, sizeof(*sites));

	if (!sites)
		return -ENOMEM;
	for (size_t i = 0; i < num; i++)
		sites[i] = i < findings->num ? findings->sites[i] :
					       page->answer.pending[i - findings->num];
	return seep_caller_groups_find(sites, num, page->symbolizer, &page->callers);
}

int seep_html_render(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		     const struct seep_html_history *history,
		     const struct seep_html_options *options, struct seep_buffer *buffer)
{
	static const struct seep_html_history none;
	struct seep_html_page page = {
		.snapshot = snapshot,
		.symbolizer = symbolizer,
		.history = history ? history : &none,
		.options = options,
		.out = buffer,
		.note = SEEP_BUFFER_INIT,
	};
	int error;

	/*
	 * Both are needed by the head of the page already, so they are found before anything is
	 * written.
	 */
	error = seep_html_answer_make(snapshot, symbolizer, options->answer, &page.answer);
	if (!error)
		error = find_callers(&page);
	if (!error)
		error = put_page(&page);
	seep_caller_groups_done(&page.callers);
	seep_html_answer_done(&page.answer);
	seep_buffer_done(&page.note);
	return error;
}

static int render_html(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		       const struct seep_report_options *options, struct seep_buffer *buffer)
{
	const struct seep_html_options html = {.metric = options->metric,
					       .answer = options->answer};

	return seep_html_render(snapshot, symbolizer, options->history, &html, buffer);
}

const struct seep_report_format seep_report_html = {
	.name = "html",
	.render = render_html,
};
