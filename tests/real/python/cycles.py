# SPDX-License-Identifier: GPL-2.0-only
"""healthy: requests make objects that hold each other, which the collector of cycles finds."""

import json
import time


class Node:
    def __init__(self, parent: "Node | None") -> None:
        self.parent = parent
        self.children: list[Node] = []
        self.text = json.dumps({"rows": list(range(20))})


def handle() -> int:
    root = Node(None)
    for _ in range(10):
        root.children.append(Node(root))
    return len(root.children)


while True:
    for _ in range(20):
        handle()
    time.sleep(0.1)
