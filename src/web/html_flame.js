// SPDX-License-Identifier: GPL-2.0-only
// The flame graph of the sites that are chosen, drawn as flamegraph.c does, for seepFlameGraph.
"use strict";
(function () {
	const { el, svg } = Seep;
	const WIDTH = 1200, ROW = 16, HEADER = 60, FOOTER = 32;
	const NARROWEST = 1 / 12000; // of the width: 0.1 px
	const FRAMES_MAX = 8000; // browsers become slow with more
	const COLORS = 20; // classes c0 to c19 of flamegraph.css
	const METRICS = [
		["live-bytes", "live bytes", "live_bytes"],
		["live-objects", "live objects", "live_objects"],
		["alloc-bytes", "bytes allocated", "alloc_bytes"],
		["alloc-objects", "objects allocated", "allocs"],
	];

	// Mappings from before the trace would leave no room for memory.
	const state = { metric: Seep.data.words.metric, kind: String(Seep.tracedKinds[0]), process: "" };
	let holder, drawing = null;

	function isPartial(site) {
		return Seep.frames(site).length === 0 ? "[no stack]" :
			Seep.stackEnd(site) !== 0 ? "[partial: " + Seep.data.words.ends[Seep.stackEnd(site)] + "]" :
				null;
	}

	// From the process to the allocator.
	function names(site) {
		const path = [Seep.processName(site.process)];
		if (Seep.tracedKinds.length > 1)
			path.push("[" + Seep.data.words.kinds[site.kind] + "]");
		const partial = isPartial(site);
		if (partial)
			path.push(partial);
		return path.concat(Seep.functions(site).map((line) => line.name).reverse());
	}

	function makeNode(name, depth) {
		return { name, depth, value: 0, start: 0, children: new Map() };
	}

	function add(root, site, value) {
		let node = root;
		node.value += value;
		for (const name of names(site)) {
			let child = node.children.get(name);
			if (!child)
				node.children.set(name, child = makeNode(name, node.depth + 1));
			child.value += value;
			node = child;
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

	function look(node) {
		if (node.depth < 2)
			return "base";
		if (node.name.startsWith("["))
			return "mark";
		let hash = 7;
		for (let i = 0; i < node.name.length; i++)
			hash = (hash * 31 + node.name.charCodeAt(i)) >>> 0;
		return "c" + hash % COLORS;
	}

	function format(value) {
		return state.metric.endsWith("bytes") ? Seep.bytes(value) :
			Seep.count(value) + " object" + (value === 1 ? "" : "s");
	}

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
		const key = METRICS.find((metric) => metric[0] === state.metric)[2];
		const root = makeNode("all", 0);
		for (const site of Seep.sites)
			if (site[key] > 0 && (state.kind === "" || site.kind === Number(state.kind)) &&
			    (state.process === "" || site.process === Number(state.process)))
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
			return;
		}
		const all = place(root);
		const nodes = choose(all, root.value);
		const graph = drawGraph(nodes, root.value);
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
			state[key] = select.value;
			draw();
		} }, all ? el("option", { value: "" }, "all") : null,
		options.map(([value, text]) => el("option", { value }, text)));
		select.value = state[key];
		return el("label", {}, label + " ", select);
	}

	// Drawn when it comes into view: it is the dearest part of the page.
	Seep.drawFlame = function (section) {
		holder = el("div", { class: "graph" });
		section.append(el("p", { class: "faint hint" }, "Outermost function at the bottom. A click or Enter " +
			"zooms, arrow keys move, / searches, Escape goes back."),
		el("div", { class: "tools" }, choice("metric", "Width", METRICS, false),
			choice("kind", "Kind", Seep.tracedKinds.map((kind) =>
				[kind, Seep.data.words.kinds[kind]]), true),
			choice("process", "Process", Seep.data.processes.map((process, i) =>
				[i, Seep.processName(i)]), true)), holder);
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
