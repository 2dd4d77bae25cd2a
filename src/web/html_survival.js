// SPDX-License-Identifier: GPL-2.0-only
// How long the objects of a site live: Kaplan and Meier's curve from the lifetimes of the released and the
// ages of the live, as src/measure/survival.c has it, and both as bars below.
"use strict";
(function () {
	const { el, svg } = Seep;
	const WIDTH = 620, HEIGHT = 250, CURVE = 150;
	const LEFT = 60, RIGHT = 14, TOP = 10, BARS = 200, BOTTOM = 226;
	const BUCKETS = 40;

	// The age at the upper end of a bucket, in seconds.
	const bucketEnd = (bucket) => 1e-6 * 2 ** bucket;

	const sum = (counts) => counts.reduce((a, b) => a + b, 0);

	// The share that is left at the end of each bucket. Objects whose age is in a bucket are counted as if
	// they had been watched through half of it.
	Seep.survivalCurve = function (lifetimes, ages) {
		let atRisk = sum(lifetimes) + sum(ages), share = 1;
		const curve = [];
		for (let i = 0; i < BUCKETS; i++) {
			const ended = lifetimes[i] || 0, alive = ages[i] || 0;
			const watched = Math.max(ended, atRisk - alive / 2);
			if (ended > 0)
				share *= 1 - ended / watched;
			atRisk -= ended + alive;
			curve.push(share);
		}
		return curve;
	};

	function shareAt(curve, seconds) {
		let share = 1;
		curve.forEach(function (value, i) {
			if (bucketEnd(i) <= seconds)
				share = value;
		});
		return share;
	}

	function median(curve) {
		const bucket = curve.findIndex((share) => share <= 0.5);
		return bucket < 0 ? null : bucketEnd(bucket);
	}

	// Half of the time observed: so old half of the objects could get.
	function horizon(buckets) {
		let bucket = buckets.last;
		while (bucket > buckets.first && bucketEnd(bucket) > Seep.data.elapsed_s / 2)
			bucket--;
		return bucketEnd(bucket);
	}

	// What the curve says, in sentences.
	function interpret(site, curve, seconds) {
		const half = median(curve);
		const left = shareAt(curve, seconds);
		const texts = [half === null ? "More than half of the objects are not released at all." :
			"Half of the objects are released within " + Seep.duration(half) + "."];
		if (left > 0.0005)
			texts.push(Seep.percent(left) + " get older than " + Seep.duration(seconds) +
				": where the curve runs level above zero, objects stay.");
		else
			texts.push("The curve falls to zero: all are released sooner or later.");
		if (site.verdict && site.verdict.leaked !== null)
			texts.push("Never released, by the verdict: " + Seep.percent(site.verdict.leaked) +
				(site.verdict.leaked_low === null || site.verdict.leaked_high === null ? "." :
					" (95 %: " + Seep.percent(site.verdict.leaked_low) + " to " +
					Seep.percent(site.verdict.leaked_high) + ")."));
		return texts.join(" ");
	}

	function used(lifetimes, ages) {
		const counts = Array.from({ length: BUCKETS }, (_, i) => (lifetimes[i] || 0) + (ages[i] || 0));
		const first = counts.findIndex((count) => count > 0);
		return { first: Math.max(0, first - 1), last: counts.findLastIndex((count) => count > 0) };
	}

	function drawScale(figure, x, buckets) {
		const every = Math.ceil((buckets.last - buckets.first + 1) / 7);
		for (let i = buckets.first; i <= buckets.last; i += every)
			figure.append(svg("text", { class: "tick middle", x: x(i + 1), y: HEIGHT - 8 },
				Seep.duration(bucketEnd(i)).replace(/\.\d+ /, " ")));
		for (const share of [0, 0.5, 1]) {
			const at = TOP + (1 - share) * (CURVE - TOP);
			figure.append(
				svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at }),
				svg("text", { class: "tick end", x: LEFT - 8, y: at + 4 }, 100 * share + " %"));
		}
	}

	function drawCurve(figure, curve, x, buckets) {
		const height = (share) => (TOP + (1 - share) * (CURVE - TOP)).toFixed(1);
		let path = "M" + x(buckets.first) + " " + height(1);
		for (let i = buckets.first; i <= buckets.last; i++)
			path += "L" + x(i + 1).toFixed(1) + " " + height(curve[i]);
		figure.append(svg("path", { class: "line survival", d: path }));
	}

	// The released upwards, the live downwards.
	function drawBars(figure, lifetimes, ages, x, buckets) {
		const width = x(1) - x(0);
		const most = Math.max(1, ...lifetimes, ...ages);
		const bar = (look, i, count, up) => {
			const height = count ? Math.max(1, (BARS - CURVE - 12) * Math.log1p(count) /
				Math.log1p(most)) : 0;
			const scaled = up ? height : height * (BOTTOM - BARS) / (BARS - CURVE - 12);
			return svg("rect", { class: look, x: x(i) + width * 0.1, width: width * 0.8,
				y: up ? BARS - scaled : BARS, height: scaled },
			svg("title", {}, Seep.count(count) + (up ? " released" : " alive") + " up to " +
				Seep.duration(bucketEnd(i))));
		};
		for (let i = buckets.first; i <= buckets.last; i++)
			figure.append(bar("released", i, lifetimes[i] || 0, true),
				bar("alive", i, ages[i] || 0, false));
		figure.append(svg("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: BARS, y2: BARS }));
	}

	// null if no object of the site has been released or asked for its age.
	Seep.survivalChart = function (site) {
		const ages = site.ages || [];
		if (sum(site.lifetimes) + sum(ages) === 0)
			return null;
		const known = site.ages || site.live_objects === 0;
		const buckets = used(site.lifetimes, ages);
		const x = (bucket) => LEFT + (bucket - buckets.first) /
			(buckets.last - buckets.first + 1) * (WIDTH - LEFT - RIGHT);
		const curve = Seep.survivalCurve(site.lifetimes, ages);
		const text = known ? interpret(site, curve, horizon(buckets)) :
			"The ages of the live objects are not known, so only the lifetimes of the released are " +
			"shown.";
		const figure = svg("svg", { class: "survival", viewBox: "0 0 " + WIDTH + " " + HEIGHT,
			role: "img", "aria-label": text });
		drawScale(figure, x, buckets);
		if (known)
			drawCurve(figure, curve, x, buckets);
		drawBars(figure, site.lifetimes, ages, x, buckets);
		return el("figure", { class: "chart" },
			el("figcaption", {}, el("b", {}, "How long objects live"),
				el("ul", { class: "legend" },
					el("li", { class: "survival" }, el("i"), "share still alive"),
					el("li", { class: "released" }, el("i"), "released, by lifetime"),
					el("li", { class: "alive" }, el("i"), "alive, by age"))),
			figure, el("p", {}, text + " The bars are logarithmic."));
	};
})();
