// SPDX-License-Identifier: GPL-2.0-only
// Zoom, search and details of a flame graph; embedded in the SVG, and in the HTML report, which draws one
// and then calls seepFlameGraph. Names come from traced programs: they only ever pass through textContent.
"use strict";

// host: width() in px; keys, where keys are listened to; signal, which ends that and the resizing.
function seepFlameGraph(svg, host) {
	const NS = "http://www.w3.org/2000/svg";
	const XHTML = "http://www.w3.org/1999/xhtml";
	const MIN_WIDTH = 640;
	const MIN_TEXT_WIDTH = 26;
	const TEXT_PAD = 3;

	const details = svg.querySelector("#details");
	const height = Number(svg.getAttribute("height"));
	const frames = Array.from(svg.querySelectorAll(".f"), readFrame);
	if (frames.length === 0)
		return;
	const root = frames.find((frame) => frame.depth === 0);
	const byElement = new Map(frames.map((frame) => [frame.element, frame]));
	const charWidth = measureChar();

	let width = Number(svg.getAttribute("width"));
	let zoomed = root;
	let current = root;
	let pattern = "";
	let drawn = "now";
	let extra = 0; // px above, see makeRoom

	// data-f holds start, value and depth, data-c start and value if it is drawn by change, data-s the
	// short name if there is one; the first line of the title is the name.
	function readFrame(element) {
		const [start, value, depth] = element.dataset.f.split(" ").map(Number);
		const [movedStart, moved] = (element.dataset.c || "0 0").split(" ").map(Number);
		const text = element.querySelector("title").textContent;
		const end = text.lastIndexOf("\n");
		return {
			element, start, value, depth,
			now: { start, value }, change: { start: movedStart, value: moved },
			name: text.slice(0, end),
			short: element.dataset.s || text.slice(0, end),
			facts: text.slice(end + 1),
			rect: element.querySelector("rect"),
			label: element.querySelector("text"),
			visible: true,
		};
	}

	function measureChar() {
		const sample = document.createElementNS(NS, "text");
		sample.textContent = "mmmmmmmmmm";
		svg.appendChild(sample);
		const measured = sample.getComputedTextLength() / 10;
		sample.remove();
		return measured || 7.3;
	}

	function covers(outer, inner) {
		return outer.start <= inner.start &&
		       outer.start + outer.value >= inner.start + inner.value;
	}

	// Outer namespaces go first, so that the name of the function stays.
	function fit(name, room) {
		const fits = (text) => Array.from(text).length <= room;
		if (fits(name))
			return name;
		let own = name;
		for (let at = name.indexOf("::"); at >= 0; at = name.indexOf("::", at + 2)) {
			if (fits("\u2026" + name.slice(at)))
				return "\u2026" + name.slice(at);
			own = name.slice(at + 2);
		}
		return fits(own) ? own : Array.from(own).slice(0, room - 1).join("") + "\u2026";
	}

	function setLabel(frame, x, w) {
		const room = Math.floor((w - 2 * TEXT_PAD) / charWidth);
		if (w < MIN_TEXT_WIDTH || room < 2) {
			if (frame.label)
				frame.label.textContent = "";
			return;
		}
		if (!frame.label) {
			frame.label = document.createElementNS(NS, "text");
			frame.label.setAttribute("y", Number(frame.rect.getAttribute("y")) + 11.5);
			frame.element.appendChild(frame.label);
		}
		frame.label.setAttribute("x", (x + TEXT_PAD).toFixed(1));
		frame.label.textContent = fit(frame.short, room);
	}

	function layout() {
		const scale = zoomed.value ? width / zoomed.value : 0;
		for (const frame of frames) {
			const above = frame.depth < zoomed.depth && covers(frame, zoomed);
			const inside = frame.depth >= zoomed.depth && covers(zoomed, frame);
			frame.visible = frame.value > 0 && (above || inside);
			frame.element.classList.toggle("up", above);
			frame.element.style.display = frame.visible ? "" : "none";
			if (!frame.visible)
				continue;
			const x = above ? 0 : (frame.start - zoomed.start) * scale;
			const w = above ? width : frame.value * scale;
			frame.rect.setAttribute("x", x.toFixed(2));
			frame.rect.setAttribute("width", w.toFixed(2));
			setLabel(frame, x, w);
		}
		reset.style.display = zoomed === root ? "none" : "";
	}

	// The y of the topmost frame that has a width.
	const top = (which) => Math.min(...frames.filter((frame) => frame[which].value > 0)
		.map((frame) => Number(frame.rect.getAttribute("y"))));

	// What is gone may stand higher than all that there is now: then the head moves up.
	function makeRoom(which) {
		extra = root.now.value ? Math.max(0, top("now") - top(which)) : 0;
		for (const element of svg.querySelectorAll(":scope > text:not(#details), :scope > foreignObject"))
			element.setAttribute("transform", "translate(0 " + -extra + ")");
		svg.querySelector(".paper").setAttribute("y", -extra);
		svg.setAttribute("height", height + extra);
		resize();
	}

	// The widths are what there is now, or how much has come and gone.
	function drawBy(which) {
		drawn = which;
		for (const frame of frames)
			Object.assign(frame, frame[which]);
		byChange.textContent = which === "now" ? "Draw by change" : "Draw by size now";
		zoomed = root;
		makeRoom(which);
		if (pattern)
			search(pattern);
	}

	function zoom(frame) {
		zoomed = frame;
		layout();
	}

	function show(frame) {
		details.textContent = frame ? frame.facts + " \u2014 " + frame.name : "";
	}

	function focus(frame) {
		if (!frame)
			return;
		current.element.setAttribute("tabindex", "-1");
		current = frame;
		current.element.setAttribute("tabindex", "0");
		current.element.focus();
		show(current);
	}

	// A pattern matches as a regular expression or, for names pasted in, as it stands; case
	// matters only if it has capitals.
	function matcher(text) {
		const ignoreCase = text === text.toLowerCase();
		const plain = (name) => (ignoreCase ? name.toLowerCase() : name).includes(text);
		try {
			const expression = new RegExp(text, ignoreCase ? "iu" : "u");
			return (name) => expression.test(name) || plain(name);
		} catch (error) {
			return plain;
		}
	}

	// Frames inside a match are not counted again: the matches as ranges, joined.
	function share(hits) {
		let sum = 0;
		let end = -1;
		for (const hit of hits.sort((a, b) => a.start - b.start || b.value - a.value)) {
			const hitEnd = hit.start + hit.value;
			if (hitEnd <= end)
				continue;
			sum += hitEnd - Math.max(hit.start, end);
			end = hitEnd;
		}
		return root.value ? 100 * sum / root.value : 0;
	}

	function search(text) {
		pattern = text;
		const matches = text ? matcher(text) : () => false;
		const hits = frames.filter((frame) => {
			const hit = matches(frame.name);
			frame.element.classList.toggle("hit", hit);
			return hit;
		});
		matched.textContent = text ? "matched " + share(hits).toFixed(2) + " %" : "";
	}

	function makeButton(id, y, text) {
		const button = document.createElementNS(NS, "text");
		button.id = id;
		button.setAttribute("class", "control");
		button.setAttribute("x", "10");
		button.setAttribute("y", y);
		button.setAttribute("role", "button");
		button.setAttribute("tabindex", "0");
		button.textContent = text;
		svg.appendChild(button);
		return button;
	}

	function makeControls() {
		const holder = document.createElementNS(NS, "foreignObject");
		holder.setAttribute("y", "6");
		holder.setAttribute("width", "230");
		holder.setAttribute("height", "28");
		const field = document.createElementNS(XHTML, "input");
		field.id = "search";
		field.setAttribute("type", "search");
		field.setAttribute("placeholder", "Search (regular expression)");
		field.setAttribute("aria-label", "Search functions, regular expression");
		field.setAttribute("spellcheck", "false");
		holder.appendChild(field);
		svg.appendChild(holder);

		const result = document.createElementNS(NS, "text");
		result.id = "matched";
		result.setAttribute("y", "48");
		result.setAttribute("text-anchor", "end");
		result.setAttribute("aria-live", "polite");
		svg.appendChild(result);
		return [holder, field, result];
	}

	function resize() {
		width = Math.max(host.width() || width, MIN_WIDTH);
		svg.setAttribute("width", width);
		svg.setAttribute("viewBox", "0 " + -extra + " " + width + " " + (height + extra));
		for (const element of svg.querySelectorAll(".middle"))
			element.setAttribute("x", width / 2);
		holder.setAttribute("x", width - 240);
		matched.setAttribute("x", width - 10);
		layout();
	}

	function children(frame) {
		return frames.filter((other) => other.visible && other.depth === frame.depth + 1 &&
					covers(frame, other));
	}

	function neighbour(frame, step) {
		const row = frames.filter((other) => other.visible && other.depth === frame.depth)
				  .sort((a, b) => a.start - b.start);
		return row[row.indexOf(frame) + step];
	}

	function move(key) {
		switch (key) {
		case "ArrowUp":
			return children(current).sort((a, b) => b.value - a.value)[0];
		case "ArrowDown":
			return frames.find((other) => other.depth === current.depth - 1 &&
					   covers(other, current));
		case "ArrowLeft":
			return neighbour(current, -1);
		default:
			return neighbour(current, 1);
		}
	}

	function onKey(event) {
		const typing = event.target === field;
		const find = event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey);
		if ((find || event.key === "/") && !typing) {
			field.focus();
			field.select();
		} else if (event.key === "Escape") {
			if (pattern) {
				field.value = "";
				search("");
			} else {
				zoom(root);
			}
			focus(current);
		} else if (typing || event.ctrlKey || event.metaKey || event.altKey) {
			return;
		} else if (event.key.startsWith("Arrow")) {
			focus(move(event.key));
		} else if (event.key === "Enter" || event.key === " ") {
			press(event.target, current);
		} else {
			return;
		}
		event.preventDefault();
	}

	function frameOf(event) {
		const element = event.target.closest(".f");
		return element && byElement.get(element);
	}

	function press(target, frame) {
		if (target === byChange)
			drawBy(drawn === "now" ? "change" : "now");
		else if (target === reset)
			zoom(root);
		else if (frame)
			zoom(frame);
	}

	const reset = makeButton("reset", 24, "Reset zoom");
	const byChange = makeButton("by-change", 48, "");
	const [holder, field, matched] = makeControls();
	svg.addEventListener("click", (event) => {
		const frame = frameOf(event);
		press(event.target, frame);
		if (frame)
			focus(frame);
	});
	svg.addEventListener("mouseover", (event) => show(frameOf(event)));
	svg.addEventListener("focusin", (event) => {
		const frame = frameOf(event);
		if (frame)
			show(current = frame);
	});
	field.addEventListener("input", () => search(field.value));
	host.keys.addEventListener("keydown", onKey, { signal: host.signal });
	window.addEventListener("resize", resize, { signal: host.signal });
	resize();
	if (root.change.value === 0)
		byChange.remove();
	else
		drawBy(root.value ? "now" : "change");
	root.element.setAttribute("tabindex", "0");
	return { focus: () => root.element.focus({ preventScroll: true }) };
}

(function () {
	const script = document.currentScript;
	const svg = (script && script.closest("svg")) || document.documentElement;
	if (svg.localName !== "svg")
		return;
	const graph = seepFlameGraph(svg, { width: () => window.innerWidth, keys: window });
	// Arrow keys work at once; but a page that embeds the graph keeps its focus.
	if (graph && window === window.top)
		graph.focus();
})();
