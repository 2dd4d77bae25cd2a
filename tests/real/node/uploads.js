// SPDX-License-Identifier: GPL-2.0-only
// leak: onUpload() keeps buffers of 64 KiB, five a second; others are garbage
const kept = [];

function onUpload() {
    kept.push(Buffer.alloc(65536, 1));
}

setInterval(() => {
    onUpload();
    for (let i = 0; i < 5; i++) Buffer.alloc(20000, 2);
}, 200);
