# SPDX-License-Identifier: GPL-2.0-only
"""leak: library_add() of a C library keeps a copy of each record; release() is never called."""

import ctypes
import sys
import time

library = ctypes.CDLL(sys.argv[1])
library.library_add.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def store(number: int) -> None:
    record = (b"record %d " % number) * 100
    library.library_add(record, len(record))


record_number = 0
while True:
    for _ in range(10):
        store(record_number)
        record_number += 1
    time.sleep(0.1)
