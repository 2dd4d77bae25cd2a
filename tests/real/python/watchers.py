# SPDX-License-Identifier: GPL-2.0-only
"""leak: spawn_watcher() starts threads that wait for ever, two a second."""

import threading
import time


def spawn_watcher() -> None:
    threading.Thread(target=threading.Event().wait, daemon=True).start()


while True:
    spawn_watcher()
    time.sleep(0.5)
