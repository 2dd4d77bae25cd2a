// SPDX-License-Identifier: GPL-2.0-only
// leak: openStream() makes streams of zlib and keeps them, unclosed, four a second
const zlib = require("zlib");
const streams = new Map();
let number = 0;

function openStream() {
    const stream = zlib.createDeflateRaw();
    stream.write("hello");
    streams.set(number++, stream);
}

setInterval(openStream, 250);
