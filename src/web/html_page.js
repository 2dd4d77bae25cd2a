// SPDX-License-Identifier: GPL-2.0-only
// Puts the parts of the page together: courses, cards, light and dark, what is printed.
"use strict";
(function () {
	const { el } = Seep;
	const RESIDENT_MAX = 6; // processes with a line of their own
	const MEMORY = Seep.data.words.kinds.indexOf("memory");

	// --- light and dark: the dark styles count or do not, by their media

	const dark = [...document.querySelectorAll("style.dark")];
	const system = window.matchMedia("(prefers-color-scheme: dark)");
	const button = document.getElementById("theme");
	let isDark = system.matches;

	function setDark(value) {
		isDark = value;
		for (const style of dark)
			style.media = isDark ? "screen" : "not all";
		document.documentElement.style.colorScheme = isDark ? "dark" : "light";
		button.textContent = isDark ? "Light" : "Dark";
	}

	button.addEventListener("click", () => setDark(!isDark));
	system.addEventListener("change", () => setDark(system.matches));

	// --- over time

	// What a kind has alive: in bytes or, of threads and descriptors, in objects.
	function kindLine(kind) {
		const course = Seep.totalCourse(kind);
		return course && { name: "live " + Seep.kindName(kind), look: "kind" + kind,
			times: course.times, values: Seep.isCounted(kind) ? course.objects : course.bytes };
	}

	function kindChart(kind, end) {
		const line = kindLine(kind), counted = Seep.isCounted(kind);
		return line && Seep.timeChart("Live " + Seep.kindName(kind), [line], end,
			counted ? Seep.count : Seep.bytes, !counted);
	}

	// What several processes have resident together, at each time that one of them changed.
	function addUp(courses) {
		const changes = courses.flatMap((course) => course.times.map((time, i) =>
			[time, course.bytes[i] - (i ? course.bytes[i - 1] : 0)]));
		changes.sort((a, b) => a[0] - b[0]);
		const times = [], values = [];
		let sum = 0;
		for (const [time, change] of changes) {
			sum += change;
			if (times[times.length - 1] === time)
				values[values.length - 1] = sum;
			else
				times.push(time), values.push(sum);
		}
		return { times, values };
	}

	function residents() {
		return Seep.data.processes.map((process, index) => ({ index, course: Seep.residentCourse(index) }))
			.filter((resident) => resident.course);
	}

	function charts() {
		const end = Seep.data.elapsed_s;
		const resident = residents();
		const lines = [Seep.tracedKinds.includes(MEMORY) ? kindLine(MEMORY) : null];
		if (resident.length > 0)
			lines.push({ name: "resident", look: "resident",
				...addUp(resident.map((one) => one.course)) });
		const known = lines.filter(Boolean);
		const all = known.length ? [Seep.timeChart("Memory", known, end, Seep.bytes, true)] : [];
		// Mappings are address space, and most of it need not be memory: they have a chart of their own.
		all.push(...Seep.tracedKinds.filter((kind) => kind !== MEMORY)
			.map((kind) => kindChart(kind, end)).filter(Boolean));
		if (resident.length > 1)
			all.push(residentChart(resident, end));
		return all;
	}

	function residentChart(resident, end) {
		const last = (one) => one.course.bytes[one.course.bytes.length - 1];
		const most = resident.sort((a, b) => last(b) - last(a)).slice(0, RESIDENT_MAX);
		const title = resident.length > most.length ? "Resident, the " + RESIDENT_MAX + " largest" :
			"Resident, by process";
		return Seep.timeChart(title, most.map((one, i) => ({ name: Seep.processName(one.index),
			look: "line" + i, times: one.course.times, values: one.course.bytes })), end,
		Seep.bytes, true);
	}

	function drawCourses(section) {
		const all = charts();
		if (all.length === 0) {
			section.remove();
			document.querySelector('nav a[href="#courses"]').remove();
			return;
		}
		section.append(el("div", { class: "charts" }, all));
	}

	// --- cards, and the sites that an entry has

	function decorate(card) {
		const site = Seep.sites[Number(card.dataset.site)];
		const course = Seep.siteCourse(site);
		const header = card.querySelector("header");
		if (course)
			header.append(Seep.sparkline(course.times, Seep.isCounted(site.kind) ? course.objects :
				course.bytes, 160, 40));
		header.append(el("button", { type: "button", class: "open", click: () =>
			Seep.openSite(site), "aria-label": "Open site " + Seep.name(site) }, "Open"));
	}

	function link(part) {
		const site = Seep.sites[Number(part.dataset.site)];
		part.append(el("button", { type: "button", class: "open", click: () =>
			Seep.openSite(site), "aria-label": "Open site " + Seep.name(site) }, "Open"));
	}

	// --- printed, everything is open

	function openDetails() {
		for (const details of document.querySelectorAll("main details"))
			details.open = true;
	}

	setDark(isDark);
	for (const element of document.querySelectorAll(".scripted"))
		element.classList.remove("scripted");
	for (const card of document.querySelectorAll(".card"))
		decorate(card);
	for (const part of document.querySelectorAll(".parts > li[data-site]"))
		link(part);
	drawCourses(document.getElementById("courses"));
	Seep.drawSites(document.getElementById("sites"));
	Seep.drawFlame(document.getElementById("flame"));
	window.addEventListener("beforeprint", openDetails);
	window.addEventListener("hashchange", Seep.openHash);
	Seep.openHash();
})();
