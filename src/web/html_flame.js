// SPDX-License-Identifier: GPL-2.0-only
// The flame graph of the sites that are chosen, drawn as flamegraph.c does, for seepFlameGraph.
"use strict";
(function () {
	const { el, svg } = Seep;
	const WIDTH = 1200, ROW = 16, HEADER = 60, FOOTER = 32;
	const NARROWEST = 1 / 12000; // of the width: 0.1 px
	const FRAMES_MAX = 8000; // browsers become slow with more
	const LEGEND_MAX = 8; // modules
	const METRICS = [
		["live-bytes", "live bytes", "live_bytes"],
		["live-objects", "live objects", "live_objects"],
		["alloc-bytes", "bytes allocated", "alloc_bytes"],
		["alloc-objects", "objects allocated", "allocs"],
	];

	// Ascending, as in src/flame/colors.h: the worst of several counts.
	const ALARMS = [["calm", "does not grow"], ["warming-up", "warming up"], ["growth", "grows"],
		["leak", "leaks"]];
	const alarmOf = (site) => site.verdict ?
		Math.max(0, ALARMS.findIndex(([key]) => key === site.verdict.class)) : 0;

	// One kind at a time, as bytes of one are not worth those of another; the one that grows.
	const state = {
		metric: Seep.data.words.metric, kind: Seep.data.words.kind, process: "",
		color: Seep.sites.some((site) => alarmOf(site) > 0) ? "verdict" : "module", before: false,
	};
	let holder, legend, beforeBox, drawing = null;

	function isPartial(site) {
		return Seep.frames(site).length === 0 ? "[no stack]" :
			Seep.stackEnd(site) !== 0 ? "[partial: " + Seep.data.words.ends[Seep.stackEnd(site)] + "]" :
				null;
	}

	// From the process to the allocator: names, and the modules of functions.
	function path(site) {
		const partial = isPartial(site);
		return [{ name: Seep.processName(site.process) }, partial ? { name: partial } : null,
			...Seep.functions(site).reverse()].filter(Boolean);
	}

	function makeNode(name, module, color, depth) {
		return { name, module, color, depth, alarm: 0, value: 0, start: 0, children: new Map() };
	}

	function add(root, site, value) {
		let node = root;
		for (const { name, module, color } of [null, ...path(site)].map((step) => step || {})) {
			if (name !== undefined) {
				let child = node.children.get(name);
				if (!child)
					node.children.set(name, child = makeNode(name, module, color, node.depth + 1));
				node = child;
			}
			node.value += value;
			node.alarm = Math.max(node.alarm, alarmOf(site));
		}
	}

	// All nodes, parents first, each behind its siblings by name.
	function place(root) {
		const all = [root];
		for (let i = 0; i < all.length; i++) {
			let start = all[i].start;
			const children = [...all[i].children.values()]
				.sort((a, b) => a.name < b.name ? -1 : 1);
			for (const child of children) {
				child.start = start;
				start += child.value;
				all.push(child);
			}
		}
		return all;
	}

	function choose(all, total) {
		const wide = all.filter((node) => node.value / total >= NARROWEST);
		if (wide.length <= FRAMES_MAX)
			return wide;
		return wide.sort((a, b) => b.value - a.value || a.depth - b.depth).slice(0, FRAMES_MAX);
	}

	const isPlain = (node) => node.depth < 2 || node.name.startsWith("[");

	function look(node) {
		if (isPlain(node))
			return node.depth < 2 ? "base" : "mark";
		return state.color === "verdict" ? ALARMS[node.alarm][0] : "m" + (node.color || 0);
	}

	// What the colours mean, of those that are there; of modules the widest ones.
	function drawLegend(nodes) {
		const found = new Map();
		for (const node of nodes.filter((one) => !isPlain(one)))
			if (state.color === "verdict")
				found.set(ALARMS[node.alarm][1], look(node));
			else if (node.module && found.size < LEGEND_MAX)
				found.set(node.module.replace(/^.*\//, ""), look(node));
		legend.replaceChildren(...[...found].map(([name, color]) => el("li", {},
			svg("svg", { class: "flame swatch", width: 12, height: 12, "aria-hidden": "true" },
				svg("g", { class: color }, svg("rect", { width: 12, height: 12 }))), " " + name)));
	}

	// What has no bytes is counted, whatever was chosen.
	const metricOf = () => Seep.isCounted(state.kind) ? state.metric.replace("bytes", "objects") :
		state.metric;

	const format = (value) => metricOf().endsWith("bytes") ? Seep.bytes(value) :
		Seep.objects(state.kind, value);

	function drawNode(node, total, height) {
		const y = height - FOOTER - (node.depth + 1) * ROW;
		return svg("g", { class: "f " + look(node),
			"data-f": node.start + " " + node.value + " " + node.depth,
			"data-s": Seep.shortName(node.name) },
		svg("title", {}, node.name + "\n" + format(node.value) + ", " +
			Seep.percent(node.value / total)),
		svg("rect", { x: node.start / total * WIDTH, y, width: node.value / total * WIDTH,
			height: ROW - 1 }));
	}

	function drawGraph(nodes, total) {
		const depth = nodes.reduce((most, node) => Math.max(most, node.depth), 0);
		const height = HEADER + (depth + 1) * ROW + FOOTER;
		return svg("svg", { class: "flame", width: WIDTH, height,
			viewBox: "0 0 " + WIDTH + " " + height, role: "group", "aria-label": "Flame graph" },
		svg("rect", { class: "paper", width: "100%", height: "100%" }),
		svg("g", {}, nodes.map((node) => drawNode(node, total, height))),
		svg("text", { id: "details", x: 10, y: height - 10, "aria-live": "polite" }));
	}

	function chosen() {
		const key = METRICS.find((metric) => metric[0] === metricOf())[2];
		const root = makeNode("all", "", 0, 0);
		const sites = Seep.sites.filter((site) => site[key] > 0 && site.kind === Number(state.kind) &&
			(state.process === "" || site.process === Number(state.process)));
		const old = sites.filter((site) => site.before);
		beforeBox.hidden = old.length === 0 || old.length === sites.length;
		for (const site of sites)
			if (state.before || beforeBox.hidden || !site.before)
				add(root, site, site[key]);
		return root;
	}

	function draw() {
		if (drawing)
			drawing.abort();
		drawing = new AbortController();
		const root = chosen();
		if (root.value === 0) {
			holder.replaceChildren(el("p", {}, "Nothing to show."));
			legend.replaceChildren();
			return;
		}
		const all = place(root);
		const nodes = choose(all, root.value);
		const graph = drawGraph(nodes, root.value);
		drawLegend(nodes);
		holder.replaceChildren(graph, nodes.length === all.length ? "" :
			el("p", { class: "faint" }, Seep.count(all.length - nodes.length) +
				" more frames are too narrow to be drawn."));
		seepFlameGraph(graph, { width: () => holder.clientWidth, keys: graph,
			signal: drawing.signal });
	}

	function choice(key, label, options, all) {
		if (options.length < 2)
			return null;
		const select = el("select", { id: "flame-" + key, change: () => {
			state[key] = typeof state[key] === "number" ? Number(select.value) : select.value;
			draw();
		} }, all ? el("option", { value: "" }, "all") : null,
		options.map(([value, text]) => el("option", { value }, text)));
		select.value = state[key];
		return el("label", {}, label + " ", select);
	}

	function makeTools() {
		const box = el("input", { type: "checkbox", id: "flame-before", change: () => {
			state.before = box.checked;
			draw();
		} });
		beforeBox = el("label", {}, box, " with what was there before the trace");
		return el("div", { class: "tools" },
			choice("kind", "Kind", Seep.tracedKinds.map((kind) => [kind, Seep.kindName(kind)]), false),
			choice("metric", "Width", METRICS, false),
			choice("color", "Colour", [["verdict", "verdict"], ["module", "module"]], false),
			choice("process", "Process", Seep.data.processes.map((process, i) =>
				[i, Seep.processName(i)]), true), beforeBox);
	}

	// Drawn when it comes into view: it is the dearest part of the page.
	Seep.drawFlame = function (section) {
		holder = el("div", { class: "graph" });
		legend = el("ul", { class: "legend" });
		section.append(el("p", { class: "faint hint" }, "Outermost function at the bottom. A click or Enter " +
			"zooms, arrow keys move, / searches, Escape goes back."), makeTools(), legend, holder);
		const observer = new IntersectionObserver(function (entries) {
			if (!entries.some((entry) => entry.isIntersecting))
				return;
			observer.disconnect();
			draw();
		}, { rootMargin: "300px" });
		observer.observe(holder);
		holder.style.minHeight = "1px";
	};
})();
