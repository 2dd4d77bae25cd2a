// SPDX-License-Identifier: GPL-2.0-only
// healthy: a cache of 1,000 answers, garbage of requests, and compression
const zlib = require("zlib");
const cache = new Map();
let number = 0;

function answer() {
    const rows = [];
    for (let i = 0; i < 2000; i++) rows.push({ i, text: "row " + i });
    cache.set(number++ % 1000, JSON.stringify(rows.slice(0, 20)));
    zlib.gzip(JSON.stringify(rows), () => {});
}

for (let i = 0; i < 1000; i++) answer();
setInterval(() => {
    for (let i = 0; i < 5; i++) answer();
}, 100);
