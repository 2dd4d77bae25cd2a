# SPDX-License-Identifier: GPL-2.0-only
"""Runs inside gdb: writes down the stacks at the allocators' first instructions.

The environment's SEEP_GDB_PLAN names a JSON file:
    pid          attach to this process, or
    command      start this one
    breakpoints  [module, file offset] of the functions to stop at
    stops        end after so many stops, or
    enough       after so many in a row that brought nothing new, or
    seconds      after this time
    output       the file for the result: stops, and the different stacks

A stack is a list of [module, file offset], innermost first: of the first instruction of the
function, of the call (the byte before the return address), and behind a signal frame exactly where
it interrupted. It is what include/seep/ calls frames; entries that are not frames in memory
(inlined functions, tail calls that gdb reconstructs) are left out.

Most stops are where another one was. One with a return address and a stack pointer that are known
together is looked at in one of a hundred cases only.
"""

from __future__ import annotations

import json
import os
import random
import time

import gdb

Frame = tuple[str, int]


class Maps:
    """Where the files of a process are mapped right now."""

    def __init__(self, pid: int) -> None:
        self.rows: list[tuple[int, int, int, str]] = []
        with open(f"/proc/{pid}/maps") as file:
            for line in file:
                extent, access, offset, _, _, *path = line.rstrip("\n").split(None, 5)
                if "x" in access:
                    start, end = (int(part, 16) for part in extent.split("-"))
                    name = path[0].removesuffix(" (deleted)") if path else ""
                    self.rows.append((start, end, int(offset, 16), os.path.basename(name)))

    def frame(self, address: int) -> Frame:
        for start, end, offset, name in self.rows:
            if start <= address < end:
                return (name, address - start + offset) if name else ("", address)
        return ("?", address)

    def address(self, module: str, wanted: int) -> int | None:
        for start, end, offset, name in self.rows:
            if name == module and offset <= wanted < offset + end - start:
                return wanted - offset + start
        return None


def stack_of(maps: Maps) -> tuple[list[Frame], str]:
    """The stack of the selected thread, and why gdb saw no more of it."""
    frames: list[Frame] = []
    frame = gdb.newest_frame()
    exact = True
    reason = ""
    while frame is not None:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            frames.append(maps.frame(frame.pc() - (not exact)))
            exact = frame.type() == gdb.SIGTRAMP_FRAME
        if (older := frame.older()) is None:
            reason = gdb.frame_stop_reason_string(frame.unwind_stop_reason())
        frame = older
    return frames, reason


def likeness() -> tuple[int, int]:
    """The same for the same stack, and cheap: where the stack pointer and the caller are."""
    frame = gdb.newest_frame()
    caller = frame.older()
    return int(frame.read_register("rsp")), caller.pc() if caller else 0


class Stop(gdb.Breakpoint):
    """
    At one allocator's first instruction. Not by a debug register: virtual machines may have none that
    works. Where there is a uprobe, be it for another process that uses the same file, the kernel
    takes gdb's breakpoint instruction for it, so nothing else traces meanwhile.
    """

    def __init__(self, address: int, recorder: Recorder) -> None:
        super().__init__(f"*{address:#x}", type=gdb.BP_BREAKPOINT)
        self.silent = True
        self.recorder = recorder

    def stop(self) -> bool:
        return self.recorder.record()


class Recorder:
    def __init__(self, plan: dict) -> None:
        self.plan = plan
        self.stacks: dict[tuple[Frame, ...], str] = {}
        self.keys: set[tuple[int, int]] = set()
        self.entries = {tuple(entry) for entry in plan["breakpoints"]}
        self.left = set(self.entries)
        self.starts: dict[Frame, Frame | None] = {}
        self.stops = self.old = 0
        self.start = time.monotonic()

    def place(self) -> None:
        """Breakpoints in what is mapped by now."""
        if not (inferior := gdb.selected_inferior()).pid:
            return
        maps = Maps(inferior.pid)
        for entry in list(self.left):
            if (address := maps.address(*entry)) is not None:
                Stop(address, self)
                self.left.discard(entry)

    def record(self) -> bool:
        self.stops += 1
        self.old += 1
        end = (
            self.stops >= self.plan["stops"]
            or self.old >= self.plan["enough"]
            or time.monotonic() - self.start > self.plan["seconds"]
        )
        if (key := likeness()) in self.keys and random.random() > 0.01:
            return end
        self.keys.add(key)
        maps = Maps(gdb.selected_inferior().pid)
        frames, reason = stack_of(maps)
        # an allocator that calls another one is what the program called
        for i in range(len(frames) - 1, 0, -1):
            if frames[i] not in self.starts:
                self.starts[frames[i]] = self.start_of(frames[i], maps)
            if (start := self.starts[frames[i]]) in self.entries:
                frames = [start, *frames[i + 1 :]]
                break
        if tuple(frames) not in self.stacks:
            self.stacks[tuple(frames)] = reason
            self.old = 0
        return end

    def start_of(self, frame: Frame, maps: Maps) -> Frame | None:
        """Where the function begins, if it is in a module with allocators."""
        if not any(frame[0] == module for module, _ in self.entries):
            return None
        address = maps.address(*frame)
        text = gdb.execute(f"info symbol {address:#x}", to_string=True)
        name, plus, rest = text.partition(" + ")
        if not plus:
            return None
        return maps.frame(address - int(rest.split()[0]))


def main() -> None:
    random.seed(1)
    with open(os.environ["SEEP_GDB_PLAN"]) as file:
        plan = json.load(file)
    recorder = Recorder(plan)
    for command in (
        "set pagination off",
        "set confirm off",
        "set backtrace past-main on",
        "set backtrace limit unlimited",
        "set debuginfod enabled off",
        "set startup-with-shell off",
        "set print thread-events off",
        "set print inferior-events off",
        "handle all nostop noprint pass",
    ):
        gdb.execute(command, to_string=True)
    if "pid" in plan:
        gdb.execute(f"attach {plan['pid']}", to_string=True)
        recorder.place()
    else:
        gdb.execute(f"file {plan['command'][0]}")
        gdb.execute("set args " + " ".join(plan["command"][1:]))
        gdb.execute("starti", to_string=True)
        recorder.place()
        gdb.events.new_objfile.connect(lambda _: recorder.place())
    gdb.execute("continue", to_string=True)
    with open(plan["output"], "w") as file:
        json.dump(
            {
                "stops": recorder.stops,
                "stacks": [
                    {"frames": frames, "reason": reason}
                    for frames, reason in recorder.stacks.items()
                ],
            },
            file,
        )
    if "pid" in plan:
        gdb.execute("delete")
        gdb.execute("detach", to_string=True)
    elif gdb.selected_inferior().pid:
        gdb.execute("kill", to_string=True)


main()
