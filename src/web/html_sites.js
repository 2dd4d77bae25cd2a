// SPDX-License-Identifier: GPL-2.0-only
// The table of all sites: the worst first, filtered, a page at a time, so that ten thousand are no burden.
// Steady sites with nothing live are folded behind one row, as there are many of them and they say little.
"use strict";
(function () {
	const { el } = Seep;
	const PAGE = 50;
	const PATH_FUNCTIONS = 5;
	const NO_RATE = -Number.MAX_VALUE;
	const SEVERITIES = ["none", "low", "medium", "high", "critical"];
	// Ascending: the last is the worst. What was not judged is "".
	const CLASSES = ["steady", "cache", "burst", "", "unknown", "warming-up", "growth", "leak"];

	const classOf = (site) => site.verdict ? site.verdict.class : "";
	// Only among leaks it matters how severe they are.
	const rankOf = (site) => CLASSES.indexOf(classOf(site)) * SEVERITIES.length +
		(classOf(site) === "leak" ? SEVERITIES.indexOf(site.verdict.severity) : 0);
	const ranks = Seep.sites.map(rankOf); // asked for in every comparison
	const rank = (site) => ranks[site.index];
	const isIdle = (site) => classOf(site) === "steady" && site.live_bytes === 0 && site.live_objects === 0;
	// Bytes before objects, which cannot be compared with them.
	const byRate = (a, b) => Seep.isCounted(a.kind) - Seep.isCounted(b.kind) || rate(b) - rate(a) ||
		b.live - a.live;
	const rate = (site) => Seep.grows(site) ? site.verdict.rate : NO_RATE;
	const released = (site) => site.allocs ? site.frees / site.allocs : 0;

	// value: what is sorted by, larger first; text: what is shown.
	const COLUMNS = [
		{ key: "verdict", title: "Verdict", value: rank },
		{ key: "name", title: "Function", value: Seep.name, ascending: true },
		{ key: "kind", title: "Kind", value: (site) => -site.kind,
			text: (site) => Seep.kindName(site.kind) },
		{ key: "process", title: "Process", value: (site) => Seep.processName(site.process),
			ascending: true, text: (site) => Seep.processName(site.process) },
		{ key: "bytes", title: "Live bytes", value: (site) => site.live_bytes, number: true,
			text: (site) => Seep.isCounted(site.kind) && !site.live_bytes ? "" :
				Seep.mark(site) + Seep.bytes(site.live_bytes) },
		{ key: "objects", title: "Live objects", value: (site) => site.live_objects, number: true,
			text: (site) => Seep.mark(site) + Seep.count(site.live_objects) },
		{ key: "rate", title: "Grows by", value: rate, number: true,
			text: (site) => rate(site) === NO_RATE ? "" :
				Seep.mark(site) + Seep.rate(site.kind, rate(site)) },
		{ key: "made", title: "Made", value: (site) => site.allocs, number: true,
			text: (site) => Seep.mark(site) + Seep.count(site.allocs) },
		{ key: "released", title: "Released", value: released, number: true,
			text: (site) => Seep.percent(released(site)) },
	].filter((column) => column.key !== "process" || Seep.data.processes.length > 1);

	const state = {
		text: "", kind: "", class: "", process: "", page: 0,
		sort: COLUMNS[0], reversed: false, unfolded: false,
		shown: Seep.sites, folded: 0,
	};

	function compare(a, b) {
		const left = state.sort.value(a), right = state.sort.value(b);
		const order = left < right ? 1 : left > right ? -1 : 0;
		const flip = Boolean(state.sort.ascending) !== state.reversed;
		return (flip ? -order : order) || byRate(a, b) || a.index - b.index;
	}

	function select() {
		const stacks = state.text ? Seep.stacksWith(state.text) : null;
		state.shown = Seep.sites.filter((site) =>
			(!stacks || stacks[site.stack]) &&
			(state.kind === "" || site.kind === Number(state.kind)) &&
			(state.process === "" || site.process === Number(state.process)) &&
			(state.class === "" || classOf(site) === state.class));
		const idle = state.shown.filter(isIdle).length;
		// Who looks for one of them, or has nothing else, sees them.
		const fold = !state.unfolded && !state.text && idle > 1 && idle < state.shown.length;
		state.folded = fold ? idle : 0;
		if (fold)
			state.shown = state.shown.filter((site) => !isIdle(site));
		state.shown.sort(compare);
	}

	function cell(column, site) {
		if (column.key === "verdict")
			return el("td", {}, Seep.badge(site.verdict));
		if (column.key === "name")
			return el("th", { scope: "row" },
				el("button", { type: "button", class: "open", title: Seep.wholeName(site) },
					Seep.name(site)),
				el("span", { class: "path" }, Seep.path(site, PATH_FUNCTIONS)
					.replace(Seep.name(site), "")));
		return column.number ? el("td", { class: "n" }, column.text(site)) :
			el("td", { class: "word", title: column.text(site) }, column.text(site));
	}

	function row(site) {
		return el("tr", { "data-site": site.index }, COLUMNS.map((column) => cell(column, site)));
	}

	function foldedRow() {
		return el("tr", { class: "folded" }, el("td", { colspan: COLUMNS.length },
			el("button", { type: "button", class: "unfold", click: () => {
				state.unfolded = true;
				update();
			} }, Seep.count(state.folded) + " steady sites with nothing live")));
	}

	let head, body, status, previous, next;

	function drawHead() {
		for (const th of head.children) {
			const sorted = th.dataset.key === state.sort.key;
			const up = Boolean(state.sort.ascending) !== state.reversed;
			th.setAttribute("aria-sort", !sorted ? "none" : up ? "ascending" : "descending");
		}
	}

	function draw() {
		const first = state.page * PAGE;
		const sites = state.shown.slice(first, first + PAGE);
		const isLast = first + PAGE >= state.shown.length;
		body.replaceChildren(...sites.map(row));
		if (state.folded && isLast)
			body.append(foldedRow());
		status.textContent = state.shown.length === 0 ? "No site matches." :
			Seep.count(first + 1) + " to " + Seep.count(first + sites.length) + " of " +
			Seep.count(state.shown.length) +
			(state.shown.length + state.folded < Seep.sites.length ? " that match" : "");
		previous.disabled = state.page === 0;
		next.disabled = isLast;
		drawHead();
	}

	function update() {
		state.page = 0;
		select();
		draw();
	}

	function turn(by) {
		state.page += by;
		draw();
	}

	function sortBy(column) {
		state.reversed = state.sort === column && !state.reversed;
		state.sort = column;
		update();
	}

	function choice(key, label, options) {
		if (options.length < 2)
			return null;
		return el("label", {}, label + " ", el("select", { id: "filter-" + key, change: (event) => {
			state[key] = event.target.value;
			update();
		} }, el("option", { value: "" }, "all"),
		options.map(([value, text]) => el("option", { value }, text))));
	}

	// The classes that there are, the worst first.
	function classes() {
		const found = new Set(Seep.sites.map(classOf));
		return CLASSES.filter((word) => word && found.has(word)).reverse().map((word) => [word, word]);
	}

	function makeTools() {
		return el("div", { class: "tools" },
			el("label", { class: "find" }, "Find ", el("input", { id: "find", type: "search",
				placeholder: "function, file or module", spellcheck: "false",
				input: (event) => {
					state.text = event.target.value;
					update();
				} })),
			choice("kind", "Kind", Seep.tracedKinds.map((kind) =>
				[kind, Seep.kindName(kind)])),
			choice("class", "Verdict", classes()),
			choice("process", "Process", Seep.data.processes.map((process, i) =>
				[i, Seep.processName(i)])));
	}

	function makeHead() {
		return el("tr", {}, COLUMNS.map((column) =>
			el("th", { scope: "col", "data-key": column.key, class: column.number ? "n" : null },
				el("button", { type: "button", click: () => sortBy(column) }, column.title))));
	}

	// The order in which the panel goes from one to the next.
	Seep.shownSites = () => state.shown;

	Seep.drawSites = function (section) {
		head = makeHead();
		body = el("tbody", { click: (event) => {
			const line = event.target.closest("tr");
			if (line && line.dataset.site && !window.getSelection().toString())
				Seep.openSite(Seep.sites[Number(line.dataset.site)]);
		} });
		status = el("span", { class: "status", "aria-live": "polite" });
		previous = el("button", { type: "button", click: () => turn(-1) }, "Previous");
		next = el("button", { type: "button", click: () => turn(1) }, "Next");
		section.append(makeTools(),
			el("div", { class: "wide" }, el("table", { class: "sites" },
				el("thead", {}, head), body)),
			el("div", { class: "pager" }, status, previous, next));
		update();
	};
})();
