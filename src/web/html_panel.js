// SPDX-License-Identifier: GPL-2.0-only
// The panel of one site: its verdict with evidence and advice, its stack, its course, how long its objects
// live, what they are. A modal dialog, so that the keyboard stays in it until Escape.
"use strict";
(function () {
	const { el } = Seep;
	const dialog = el("dialog", { class: "panel", "aria-labelledby": "panel-title" });
	document.body.append(dialog);
	let current = null;

	function fact(term, ...text) {
		return el("div", {}, el("dt", {}, term), el("dd", {}, ...text));
	}

	function interval(site, value, low, high) {
		return Seep.rate(site.kind, value) + (low === null || high === null ? "" :
			" (95 %: " + Seep.rate(site.kind, low) + " to " + Seep.rate(site.kind, high) + ")");
	}

	function verdictFacts(site) {
		const verdict = site.verdict;
		if (!verdict)
			return [];
		return [
			Seep.grows(site) ? fact("Grows by", interval(site, verdict.rate, verdict.rate_low,
				verdict.rate_high)) : null,
			// Of memory the process has the only deadline, which is that of the answer.
			Seep.isCounted(site.kind) && verdict.limit && verdict.eta_s !== null ?
				fact("Uses up " + verdict.limit + " in", Seep.duration(verdict.eta_s)) : null,
			verdict.sureness ? fact("How sure", verdict.sureness) : null,
			verdict.since_s === null ? null :
				fact("So since", Seep.duration(verdict.since_s) + " into the trace"),
		];
	}

	// Of a process that is traced in windows: how far to trust what is marked "~". Only memory is.
	function samplingFacts(site) {
		const sampling = site.sampling;
		if (!sampling)
			return [];
		return [
			fact("Seen being made", Seep.objects(site.kind, sampling.seen_objects)),
			sampling.live_bytes === null ? null : fact("Standard error of alive",
				Seep.bytes(sampling.live_bytes)),
			sampling.staying === null ? null : fact("Never released", Seep.percent(sampling.staying) +
				" (95 %: " + Seep.percent(sampling.staying_low) + " to " +
				Seep.percent(sampling.staying_high) + ")"),
		];
	}

	function facts(site) {
		const share = site.allocs ? " (" + Seep.percent(site.frees / site.allocs) + ")" : "";
		return el("dl", { class: "facts" }, verdictFacts(site),
			fact("Alive", Seep.amount(site, site.live_bytes, site.live_objects)),
			fact("Made", Seep.amount(site, site.alloc_bytes, site.allocs)),
			fact("Released", Seep.amount(site, site.free_bytes, site.frees) + share),
			samplingFacts(site),
			site.oldest_ns === null ? null : fact("Oldest", Seep.duration(site.oldest_ns / 1e9)),
			fact("Process", Seep.processName(site.process)),
			fact("Kind", Seep.kindName(site.kind)),
			fact("Site", el("code", {}, site.id)));
	}

	function sentences(look, numbers) {
		return numbers.length === 0 ? null : el("ul", { class: look },
			Seep.sentences(numbers).map((text) => el("li", {}, text)));
	}

	function judgement(site) {
		if (!site.verdict)
			return null;
		return el("section", {},
			el("p", {}, Seep.data.words.classes[site.verdict.class] || ""),
			sentences("evidence", site.verdict.evidence), sentences("advice", site.verdict.advice));
	}

	function course(site) {
		const points = Seep.siteCourse(site);
		if (!points)
			return null;
		const counted = Seep.isCounted(site.kind);
		return Seep.timeChart(counted ? "Alive" : "Live bytes", [{
			name: "alive", look: "kind" + site.kind, times: points.times,
			values: counted ? points.objects : points.bytes,
		}], Seep.data.elapsed_s, counted ? Seep.count : Seep.bytes, !counted);
	}

	function stackLine(line, named) {
		const place = line.build ? line.module + " +0x" + line.offset.toString(16) + ", build ID " +
			line.build : line.module;
		return el("li", { class: named ? "named" : null, title: place },
			el("code", {}, line.name), line.inlined ? el("i", {}, " inlined") : null, " ",
			el("span", {}, Seep.place(line)));
	}

	// A frame that follows itself, in deep recursion, is shown once and counted.
	function stackLines(site) {
		const items = [];
		let before = null, repeats = 0, index = 0;
		const more = () => {
			if (repeats > 0)
				items.push(el("li", { class: "more" }, repeats + " more time" +
					(repeats === 1 ? "" : "s")));
			repeats = 0;
		};
		for (const frame of Seep.frames(site)) {
			if (frame === before) {
				repeats++;
			} else {
				more();
				frame.forEach((line, i) =>
					items.push(stackLine(line, index + i === Seep.namedIndex(site))));
			}
			index += frame.length;
			before = frame;
		}
		more();
		return items;
	}

	function stackText(site) {
		return Seep.functions(site).map((line) => line.name + "  " + Seep.place(line)).join("\n");
	}

	function copyButton(site) {
		const button = el("button", { type: "button", click: () => {
			navigator.clipboard.writeText(stackText(site)).then(
				() => button.textContent = "Copied", () => button.textContent = "Not allowed");
		} }, "Copy");
		return navigator.clipboard ? button : null;
	}

	function stack(site) {
		const end = Seep.stackEnd(site), frames = Seep.frames(site).length;
		const partial = frames === 0 ? "The stack is unknown: it never arrived." :
			end !== 0 ? "The stack is partial: " + Seep.data.words.ends[end] + "." : null;
		return el("section", {},
			el("h3", {}, "Stack ", frames ? copyButton(site) : null),
			el("ol", { class: "stack" }, stackLines(site)),
			partial ? el("p", { class: "warning" }, partial) : null);
	}

	function details(site) {
		if (!site.details)
			return null;
		const { groups, examples } = site.details;
		return el("section", {}, el("h3", {}, "What they are"),
			groups.length ? el("ul", { class: "groups" }, groups.map((group) =>
				el("li", {}, el("b", {}, Seep.count(group.objects)), " " + group.name +
					(group.bytes ? ", " + Seep.bytes(group.bytes) : "")))) : null,
			examples.length ? el("ul", { class: "examples" }, examples.map((text) =>
				el("li", {}, el("code", {}, text)))) : null);
	}

	function neighbour(site, step) {
		const sites = Seep.shownSites();
		const at = sites.indexOf(site);
		return at < 0 ? undefined : sites[at + step];
	}

	function stepButton(site, step, label) {
		const other = neighbour(site, step);
		return el("button", { type: "button", disabled: !other,
			click: () => Seep.openSite(other) }, label);
	}

	function head(site) {
		return el("header", {},
			el("div", { class: "tools" }, Seep.badge(site.verdict), el("span", { class: "fill" }),
				stepButton(site, -1, "Previous"), stepButton(site, 1, "Next"),
				el("button", { type: "button", class: "close", autofocus: true, click: () => dialog.close() },
					"Close")),
			el("h2", { id: "panel-title", title: Seep.wholeName(site) },
				el("code", {}, Seep.name(site))),
			el("p", { class: "place" }, Seep.place(Seep.named(site))));
	}

	// Sites of one stack in several processes have the same id.
	const hashOf = (site) => "#site-" + site.id + "-" + Seep.data.processes[site.process].pid;

	Seep.openSite = function (site) {
		current = site;
		dialog.replaceChildren(head(site), facts(site), ...[judgement(site), course(site),
			Seep.survivalChart(site), details(site), stack(site)].filter(Boolean));
		if (!dialog.open)
			dialog.showModal();
		dialog.scrollTop = 0;
		history.replaceState(null, "", hashOf(site));
	};

	// A link to a site opens it.
	Seep.openHash = function () {
		const site = location.hash.startsWith("#site-") &&
			Seep.sites.find((other) => hashOf(other) === location.hash);
		if (site && site !== current)
			Seep.openSite(site);
	};

	dialog.addEventListener("close", function () {
		current = null;
		history.replaceState(null, "", location.pathname + location.search);
	});
	// Beside the panel is outside of it.
	dialog.addEventListener("click", function (event) {
		if (event.target === dialog)
			dialog.close();
	});
})();
