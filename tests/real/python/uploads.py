# SPDX-License-Identifier: GPL-2.0-only
"""leak: record_upload() keeps a copy of each upload, 64 KiB five times a second."""

import time

HISTORY = []


def record_upload(data: bytearray) -> None:
    HISTORY.append(bytes(data))


while True:
    record_upload(bytearray(b"x") * 65536)
    time.sleep(0.2)
