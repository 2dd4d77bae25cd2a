// SPDX-License-Identifier: GPL-2.0-only
// Puts the parts of the page together: courses, cards, light and dark, what is printed.
"use strict";
(function () {
	const { el } = Seep;
	const RESIDENT_MAX = 6; // processes with a line of their own

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

	function sizes() {
		const kinds = Seep.tracedKinds.filter((kind) => !Seep.isCounted(kind));
		return kinds.map(function (kind) {
			const course = Seep.totalCourse(kind);
			return course && { name: "live " + Seep.data.words.kinds[kind] +
				(kind === 0 ? "" : "s"), look: "kind" + kind,
				times: course.times, values: course.bytes };
		}).filter(Boolean);
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
		const lines = sizes();
		const all = [];
		if (resident.length > 0)
			lines.push({ name: "resident", look: "resident",
				...addUp(resident.map((one) => one.course)) });
		if (lines.length > 0)
			all.push(Seep.timeChart("Memory", lines, end, Seep.bytes, true));
		for (const kind of Seep.tracedKinds.filter(Seep.isCounted)) {
			const course = Seep.totalCourse(kind);
			if (course)
				all.push(Seep.timeChart("Live " + Seep.data.words.nouns[kind] + "s", [{
					name: "alive", look: "kind" + kind, times: course.times,
					values: course.objects }], end, Seep.count, false));
		}
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

	// --- cards

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
	drawCourses(document.getElementById("courses"));
	Seep.drawSites(document.getElementById("sites"));
	Seep.drawFlame(document.getElementById("flame"));
	window.addEventListener("beforeprint", openDetails);
	window.addEventListener("hashchange", Seep.openHash);
	Seep.openHash();
})();
