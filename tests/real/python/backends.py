# SPDX-License-Identifier: GPL-2.0-only
"""leak: poll_backend() keeps its sockets, two a second, and so does the server."""

import socket
import threading
import time

server = socket.create_server(("127.0.0.1", 0))
accepted = []
polled = []


def accept() -> None:
    while True:
        accepted.append(server.accept()[0])


def poll_backend() -> None:
    client = socket.create_connection(server.getsockname())
    client.sendall(b"PING")
    polled.append(client)


threading.Thread(target=accept, daemon=True).start()
while True:
    poll_backend()
    time.sleep(0.5)
