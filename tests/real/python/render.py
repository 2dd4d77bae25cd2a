# SPDX-License-Identifier: GPL-2.0-only
"""healthy: a cache of SIZE pages of about 3 KB, RATE new ones a second. SIZE 0: growth."""

import functools
import sys
import time

SIZE = int(sys.argv[1]) or None
RATE = int(sys.argv[2])


@functools.lru_cache(maxsize=SIZE)
def render(key: int) -> str:
    return f"x{key:06d}" * 400


page = 0
while True:
    for _ in range(RATE // 10):
        render(page)
        page += 1
    time.sleep(0.1)
