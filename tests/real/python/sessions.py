# SPDX-License-Identifier: GPL-2.0-only
"""leak: handle_login() keeps a dictionary of small objects for each login, 250 KB/s."""

import time

SESSIONS = {}


def handle_login(number: int) -> None:
    SESSIONS[number] = {
        "user": f"user-{number}",
        "cart": [float(number), float(number + 1)],
        "token": str(number) * 4,
    }


login = 0
while True:
    for _ in range(50):
        handle_login(login)
        login += 1
        [str(number) for number in range(20)]
    time.sleep(0.1)
