// SPDX-License-Identifier: GPL-2.0-only
// The data of the report as objects: sites with their processes and verdicts, stacks, courses. What is
// large is decoded when it is asked for.
"use strict";
(function () {
	const data = JSON.parse(document.getElementById("data").textContent);
	Seep.data = data;

	function record(columns, row) {
		const object = {};
		for (let i = 0; i < columns.length; i++)
			object[columns[i]] = row[i];
		return object;
	}

	function readVerdict(row) {
		if (!row)
			return null;
		const verdict = record(data.verdict_columns, row);
		for (const key of ["class", "pattern", "sureness", "severity", "limit"])
			verdict[key] = data.strings[verdict[key]];
		return verdict;
	}

	Seep.sites = data.sites.map(function (row, index) {
		const site = record(data.site_columns, row);
		site.index = index;
		site.verdict = readVerdict(site.verdict);
		// Of what is estimated: standard errors and what it stands on; else null.
		site.sampling = site.sampling ? record(data.sampling_columns, site.sampling) : null;
		site.details = site.details ? site.details.details : null;
		// What of it is alive, in what its kind is measured by.
		site.live = Seep.isCounted(site.kind) ? site.live_objects : site.live_bytes;
		return site;
	});

	// The rate of what has settled would say nothing.
	Seep.grows = (site) => Boolean(site.verdict) && site.verdict.rate !== null &&
		["leak", "growth", "warming-up"].includes(site.verdict.class);

	Seep.sentences = (numbers) => numbers.map((number) => data.strings[number]);

	Seep.processName = function (index) {
		const process = data.processes[index];
		return (process.comm || "unknown") + " (PID " + process.pid + ")";
	};

	const shortNames = new Map(data.short.map(([name, short]) =>
		[data.strings[name], data.strings[short]]));
	// Without parameters and arguments of templates.
	Seep.shortName = (name) => shortNames.get(name) || name;

	// The functions of a frame, inlined ones first.
	function readFrame(number) {
		const [module, offset, ...lines] = data.frames[number];
		const [path, build, color] = data.modules[module];
		const functions = [];
		for (let i = 0; i < lines.length; i += 3)
			functions.push({
				name: data.strings[lines[i]],
				source: data.strings[lines[i + 1]],
				line: lines[i + 2],
				module: data.strings[path],
				build: data.strings[build],
				color,
				offset,
				inlined: i + 3 < lines.length,
			});
		return functions;
	}

	const frames = new Map();
	function frame(number) {
		let functions = frames.get(number);
		if (!functions)
			frames.set(number, functions = readFrame(number));
		return functions;
	}

	// The frames of a stack as lists of functions, innermost first.
	Seep.frames = (site) => data.stacks[site.stack].slice(2).map(frame);
	Seep.functions = (site) => Seep.frames(site).flat();
	Seep.stackEnd = (site) => data.stacks[site.stack][0];
	Seep.namedIndex = (site) => data.stacks[site.stack][1];

	const named = new Map();
	// The function that the site is known by, or null without a stack.
	Seep.named = function (site) {
		if (!named.has(site.stack))
			named.set(site.stack, Seep.functions(site)[Seep.namedIndex(site)] || null);
		return named.get(site.stack);
	};
	Seep.wholeName = (site) => Seep.named(site) ? Seep.named(site).name : "unknown stack";
	Seep.name = (site) => Seep.shortName(Seep.wholeName(site));

	Seep.place = function (line) {
		if (!line)
			return "";
		if (line.source)
			return line.source + (line.line ? ":" + line.line : "");
		return line.module ? line.module.replace(/^.*\//, "") : "code of no file";
	};

	// The functions that lead to it, the nearest first.
	Seep.path = function (site, count) {
		const all = Seep.functions(site).slice(Seep.namedIndex(site))
			.map((line) => Seep.shortName(line.name));
		return all.slice(0, count).join(" \u2190 ") + (all.length > count ? " \u2190 \u2026" : "");
	};

	// Which stacks have a function or source with this text in it.
	Seep.stacksWith = function (text) {
		const wanted = text.toLowerCase();
		const strings = data.strings.map((string) => string.toLowerCase().includes(wanted));
		const hits = data.frames.map(function (row) {
			if (strings[data.modules[row[0]][0]])
				return true;
			for (let i = 2; i < row.length; i += 3)
				if (strings[row[i]] || strings[row[i + 1]])
					return true;
			return false;
		});
		return data.stacks.map(function (row) {
			for (let i = 2; i < row.length; i++)
				if (hits[row[i]])
					return true;
			return false;
		});
	};

	// Differences to values; seconds, bytes, objects.
	function readCourse(flat) {
		const course = { times: [], bytes: [], objects: [] };
		let time = 0, bytes = 0, objects = 0;
		for (let i = 0; i < flat.length; i += 3) {
			course.times.push((time += flat[i]) / 1000);
			course.bytes.push(bytes += flat[i + 1]);
			course.objects.push(objects += flat[i + 2]);
		}
		return course;
	}

	Seep.siteCourse = function (site) {
		const flat = data.courses.sites[site.index];
		return flat && flat.length ? readCourse(flat) : null;
	};
	Seep.totalCourse = function (kind) {
		const flat = data.courses.totals[data.words.kinds[kind]];
		return flat ? readCourse(flat) : null;
	};
	Seep.residentCourse = function (process) {
		const flat = data.courses.resident[process];
		return flat && flat.length ? readCourse(flat) : null;
	};
	// "memory", "descriptors": as in the rest of the report.
	Seep.kindName = (kind) => data.words.titles[kind];
	Seep.tracedKinds = data.words.kinds.map((key, kind) => kind)
		.filter((kind) => data.words.kinds[kind] in data.totals);
})();
