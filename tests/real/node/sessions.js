// SPDX-License-Identifier: GPL-2.0-only
// leak: handleRequest() keeps objects in an array of the module, 500 KB/s
const sessions = [];
let number = 0;

function handleRequest() {
    for (let i = 0; i < 100; i++)
        sessions.push({ number: number++, name: "user" + i, data: new Array(50).fill(i) });
}

function churn() {
    const rows = [];
    for (let i = 0; i < 5000; i++) rows.push({ i, text: "row " + i });
    return rows.length;
}

setInterval(() => {
    handleRequest();
    churn();
}, 100);
