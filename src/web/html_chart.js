// SPDX-License-Identifier: GPL-2.0-only
// Charts over time: steps, as a value holds until the next point. Drawn to the width there is; a cross
// hair follows the pointer and the arrow keys, and says the values.
"use strict";
(function () {
	const { el, svg } = Seep;
	const HEIGHT = 220;
	const LABEL = 72; // px of the longest time
	const LEFT = 74, RIGHT = 14, TOP = 10, BOTTOM = 26;
	const TIME_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
		14400, 21600, 43200, 86400, 172800, 604800, 2592000];

	// The first step that makes at most @count of them.
	function timeStep(span, count) {
		return TIME_STEPS.find((step) => span / step <= count) || span;
	}

	function valueStep(max, count, binary) {
		const base = binary ? 1024 ** Math.floor(Math.log2(Math.max(max, 1)) / 10) : 1;
		const raw = max / base / count;
		const power = 10 ** Math.floor(Math.log10(raw));
		const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) * power;
		return Math.max(step * base, binary || max < 1 ? 0 : 1) || 1;
	}

	function range(from, to, step) {
		const values = [];
		for (let i = Math.ceil(from / step); i * step <= to * 1.0001; i++)
			values.push(i * step);
		return values;
	}

	// The index of the last time that is not after @time; -1: all are.
	function indexAt(times, time) {
		let low = 0, high = times.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (times[middle] <= time)
				low = middle + 1;
			else
				high = middle;
		}
		return low - 1;
	}

	function stepPath(line, x, y, end) {
		let path = "";
		line.times.forEach(function (time, i) {
			const at = x(time).toFixed(1), height = y(line.values[i]).toFixed(1);
			path += i === 0 ? "M" + at + " " + height : "H" + at + "V" + height;
		});
		return path && path + "H" + x(Math.max(end, line.times[line.times.length - 1])).toFixed(1);
	}

	function summary(title, lines, format) {
		const parts = lines.map((line) => line.name + " from " + format(line.values[0]) + " to " +
			format(line.values[line.values.length - 1]));
		return title + ": " + parts.join("; ");
	}

	// What is small beside a name: no axes.
	Seep.sparkline = function (times, values, width, height) {
		const start = times[0], span = (times[times.length - 1] - start) || 1;
		const max = Math.max(...values) || 1;
		const line = { times, values };
		const path = stepPath(line, (time) => 1 + (time - start) / span * (width - 2),
			(value) => height - 1 - value / max * (height - 3), times[times.length - 1]);
		return svg("svg", { class: "spark", width, height, viewBox: "0 0 " + width + " " + height,
			"aria-hidden": "true" },
		svg("path", { class: "area", d: path + "V" + height + "H1Z" }),
		svg("path", { class: "line", d: path }));
	};

	// Without what is zero: "1 h 00 min" is "1 h".
	const trim = (text) => text.replace(/ 0+ (s|min|h)$/, "").replace(/\.0+ /, " ");

	function drawAxes(chart, box) {
		for (const value of range(0, chart.top, chart.step)) {
			const at = box.y(value).toFixed(1);
			box.svg.append(
				svg("line", { class: "grid", x1: LEFT, x2: box.width - RIGHT, y1: at, y2: at }),
				svg("text", { class: "tick end", x: LEFT - 8, y: Number(at) + 4 },
					trim(chart.format(value))));
		}
		const room = Math.max(2, Math.floor((box.width - LEFT - RIGHT) / 75));
		for (const time of range(chart.from, chart.to, timeStep(chart.to - chart.from, room)))
			box.svg.append(svg("text", { class: "tick middle",
				x: Math.min(box.x(time), box.width - LABEL / 2).toFixed(1), y: HEIGHT - 8 },
			trim(Seep.duration(time))));
	}

	function drawLines(chart, box) {
		for (const line of chart.lines) {
			const path = stepPath(line, box.x, box.y, chart.to);
			if (chart.lines.length === 1)
				box.svg.append(svg("path", { class: "area " + line.look, d: path + "V" +
					box.y(0) + "H" + box.x(line.times[0]).toFixed(1) + "Z" }));
			box.svg.append(svg("path", { class: "line " + line.look, d: path }));
		}
	}

	function makeBox(chart, width) {
		const box = { width };
		box.x = (time) => LEFT + (time - chart.from) / (chart.to - chart.from) *
			(width - LEFT - RIGHT);
		box.y = (value) => HEIGHT - BOTTOM - value / chart.top * (HEIGHT - TOP - BOTTOM);
		box.svg = svg("svg", { width, height: HEIGHT, viewBox: "0 0 " + width + " " + HEIGHT,
			"aria-hidden": "true" });
		return box;
	}

	function valuesAt(chart, time) {
		const parts = [];
		for (const line of chart.lines) {
			const index = indexAt(line.times, time);
			if (index >= 0)
				parts.push((chart.lines.length > 1 ? line.name + " " : "") +
					chart.format(line.values[index]));
		}
		return Seep.duration(time) + ": " + (parts.join(", ") || "nothing yet");
	}

	// @lines: name, look (a class of the style), times in seconds, values.
	function makeChart(lines, end, format, binary) {
		const max = Math.max(...lines.map((line) => line.values.reduce((a, b) => Math.max(a, b), 0)));
		const step = valueStep(max || 1, 4, binary);
		const from = Math.min(...lines.map((line) => line.times[0]));
		return {
			lines, format, step, from,
			to: Math.max(end, from + 0.001),
			top: Math.max(step, Math.ceil(max / step - 1e-9) * step),
		};
	}

	function listen(figure, chart, status) {
		let box = null, cross = null, time = chart.to;

		function draw(width) {
			box = makeBox(chart, width);
			drawAxes(chart, box);
			drawLines(chart, box);
			cross = svg("line", { class: "cross", y1: TOP, y2: HEIGHT - BOTTOM,
				visibility: "hidden" });
			box.svg.append(cross);
			figure.querySelector(".plot").replaceChildren(box.svg);
		}

		function point(at) {
			time = Math.min(chart.to, Math.max(chart.from, at));
			cross.setAttribute("x1", box.x(time));
			cross.setAttribute("x2", box.x(time));
			cross.setAttribute("visibility", "visible");
			status.textContent = valuesAt(chart, time);
		}

		function leave() {
			cross.setAttribute("visibility", "hidden");
			status.textContent = "";
		}

		const plot = figure.querySelector(".plot");
		plot.addEventListener("pointermove", function (event) {
			const x = event.clientX - plot.getBoundingClientRect().left;
			point(chart.from + (x - LEFT) / (box.width - LEFT - RIGHT) * (chart.to - chart.from));
		});
		plot.addEventListener("pointerleave", leave);
		plot.addEventListener("blur", leave);
		plot.addEventListener("keydown", function (event) {
			const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
			if (!step || !box)
				return;
			point(time + step * (chart.to - chart.from) / 60);
			event.preventDefault();
		});
		new ResizeObserver(function (entries) {
			const width = Math.floor(entries[0].contentRect.width);
			if (width > 0 && (!box || box.width !== width))
				draw(width);
		}).observe(plot);
	}

	// A figure with a title, a legend if there are several lines, and the plot.
	Seep.timeChart = function (title, lines, end, format, binary) {
		const chart = makeChart(lines, end, format, binary);
		const status = el("span", { class: "status", "aria-live": "polite" });
		const legend = lines.length > 1 ? el("ul", { class: "legend" }, lines.map((line) =>
			el("li", { class: line.look }, el("i", { "aria-hidden": "true" }), line.name))) : null;
		const figure = el("figure", { class: "chart" },
			el("figcaption", {}, el("b", {}, title), status, legend),
			el("div", { class: "plot", tabindex: 0, role: "img",
				"aria-label": summary(title, lines, format) + ". Arrow keys show values." }));
		listen(figure, chart, status);
		return figure;
	};
})();
