# SPDX-License-Identifier: GPL-2.0-only
"""healthy: forked workers look at what the parent has made, and by that get copies of its pages."""

import os
import time

TABLE = [f"entry {number}" for number in range(400_000)]

for _ in range(2):
    if not os.fork():
        while True:
            for begin in range(0, len(TABLE), 2000):
                kept = TABLE[begin : begin + 2000]
                sum(len(entry) for entry in kept)
                time.sleep(0.05)
while True:
    time.sleep(1)
