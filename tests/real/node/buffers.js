// SPDX-License-Identifier: GPL-2.0-only
// healthy: buffers that nobody keeps, 500 KB/s; their memory waits for the next collection
setInterval(() => {
    for (let i = 0; i < 5; i++) Buffer.alloc(20000, 2);
}, 200);
