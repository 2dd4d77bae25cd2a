// SPDX-License-Identifier: GPL-2.0-only
// Elements and numbers: what all parts of the HTML report use. Text of traced programs only ever becomes
// text: elements get it by textContent.
"use strict";
const Seep = {};
(function () {
	const SVG = "http://www.w3.org/2000/svg";

	function fill(element, attributes, children) {
		for (const [name, value] of Object.entries(attributes || {})) {
			if (typeof value === "function")
				element.addEventListener(name, value);
			else if (value === true)
				element.setAttribute(name, "");
			else if (value !== false && value !== null && value !== undefined)
				element.setAttribute(name, value);
		}
		element.append(...children.flat().filter((child) => child !== null && child !== undefined));
		return element;
	}

	// A function as an attribute is a listener.
	Seep.el = (name, attributes, ...children) =>
		fill(document.createElement(name), attributes, children);
	Seep.svg = (name, attributes, ...children) =>
		fill(document.createElementNS(SVG, name), attributes, children);

	// Three significant digits, as in the rest of the report.
	function digits(value) {
		if (value >= 99.95)
			return value.toFixed(0);
		return value.toFixed(value >= 9.995 ? 1 : 2);
	}

	Seep.bytes = function (value) {
		const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
		const size = Math.abs(value);
		let power = 0;
		while (power < units.length - 1 && size >= 1023.5 * 1024 ** power)
			power++;
		const number = power === 0 ? String(Math.round(size)) : digits(size / 1024 ** power);
		return (value < 0 ? "\u2212" : "") + number + " " + units[power];
	};

	Seep.count = function (value) {
		const size = Math.abs(value);
		const text = size < 10 && size % 1 ? size.toFixed(1) :
			Math.round(size).toString().replace(/\B(?=(\d{3})+$)/g, ",");
		return (value < 0 ? "\u2212" : "") + text;
	};

	Seep.percent = function (share) {
		if (share > 0 && share < 0.001)
			return "< 0.1 %";
		if (share < 1 && share > 0.999)
			return "> 99.9 %";
		return (100 * share).toFixed(share === 0 || share === 1 ? 0 : 1) + " %";
	};

	Seep.duration = function (seconds) {
		const two = (number) => String(Math.floor(number)).padStart(2, "0");
		if (seconds === 0)
			return "0 s";
		if (seconds < 1e-3)
			return digits(seconds * 1e6) + " \u00b5s";
		if (seconds < 1)
			return digits(seconds * 1e3) + " ms";
		if (seconds < 59.95)
			return digits(seconds) + " s";
		const whole = Math.round(seconds);
		if (whole < 3600)
			return Math.floor(whole / 60) + " min " + two(whole % 60) + " s";
		if (whole < 86400)
			return Math.floor(whole / 3600) + " h " + two(whole / 60 % 60) + " min";
		return Math.floor(whole / 86400) + " d " + two(whole / 3600 % 24) + " h";
	};

	// Threads and descriptors are counted, memory and mappings measured.
	Seep.isCounted = (kind) => Seep.data.words.kinds[kind] === "thread" ||
		Seep.data.words.kinds[kind] === "fd";

	// Before a number of a site that is an estimate, as in the text report.
	Seep.mark = (site) => site.sampling ? "~" : "";

	Seep.objects = function (kind, count) {
		return Seep.count(count) + " " + Seep.data.words.nouns[kind] + (count === 1 ? "" : "s");
	};

	// Of a site.
	Seep.amount = function (site, bytes, objects) {
		const mark = Seep.mark(site);
		return (Seep.isCounted(site.kind) ? "" : mark + Seep.bytes(bytes) + " in ") + mark +
			Seep.objects(site.kind, objects);
	};

	// By the hour if it is slow, as in the evidence.
	Seep.rate = function (kind, perSecond) {
		if (perSecond === null)
			return "unknown";
		const hourly = Math.abs(perSecond) < 1;
		const value = perSecond * (hourly ? 3600 : 1);
		const text = Seep.isCounted(kind) ? Seep.objects(kind, Math.round(value * 10) / 10) :
			Seep.bytes(value);
		return text + (hourly ? "/h" : "/s");
	};

	// A word of the verdict as the name of a class of the style: nothing else gets into it.
	Seep.look = (word) => /^[a-z-]+$/.test(word) ? word : "unknown";

	// The label of a verdict. Only of a leak it matters how severe it is.
	Seep.badge = function (verdict) {
		if (!verdict)
			return Seep.el("span", { class: "badge none" }, "not judged");
		const leak = verdict.class === "leak";
		return Seep.el("span", {
			class: "badge " + Seep.look(leak ? verdict.severity : verdict.class),
			title: Seep.data.words.classes[verdict.class],
		}, leak && verdict.severity !== "none" ? verdict.severity + " leak" : verdict.class);
	};
})();
