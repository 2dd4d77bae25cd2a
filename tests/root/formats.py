# SPDX-License-Identifier: GPL-2.0-only
"""Readers of what seep writes, as strict as the tools that are to take it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

from harness import ENDS, ROOT, TIMEOUT

SAMPLE_TYPES = ("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")


def read_folded(path: Path) -> dict[tuple[str, ...], int]:
    """Folded stacks, by the rules of flamegraph.pl and speedscope; one line per site."""
    stacks: dict[tuple[str, ...], int] = defaultdict(int)
    for line in path.read_text().splitlines():
        match = re.fullmatch(r"(.+) (\d+)", line)
        assert match, f"not a folded stack: {line!r}"
        frames = match[1].split(";")
        assert all(frame.strip() == frame != "" for frame in frames), line
        stacks[tuple(frames)] += int(match[2])
    return dict(stacks)


def folded_total(path: Path) -> int:
    return sum(read_folded(path).values())


def go_pprof(path: Path, *options: str) -> str:
    """What go tool pprof prints; it may not warn."""
    environment = {**os.environ, "PPROF_TMPDIR": str(path.parent), "PPROF_BINARY_PATH": "/nonexistent"}
    environment.setdefault("HOME", str(path.parent))
    result = subprocess.run(
        ["go", "tool", "pprof", *options, str(path)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=TIMEOUT,
    )
    assert result.returncode == 0, result.stderr
    warnings = [
        line
        for line in result.stderr.splitlines()
        # of the program's own binary, which it looks for to name what has no name
        if line and not re.search(r"Main binary filename not available|Local symbolization", line)
    ]
    assert not warnings, result.stderr
    return result.stdout


def pprof_raw(path: Path) -> dict[str, int]:
    """The exact totals of a profile by sample type."""
    text = go_pprof(path, "-raw", "-symbolize=none")
    header = re.search(r"^Samples:\n(.*)$", text, re.MULTILINE)
    assert header
    types = [word.split("/")[0] for word in re.sub(r"\[dflt\]", "", header[1]).split()]
    assert tuple(types) == SAMPLE_TYPES
    assert "inuse_space/bytes[dflt]" in header[1]
    body = text.split(header[0], 1)[1].split("\nLocations\n", 1)[0]
    totals = dict.fromkeys(types, 0)
    for line in body.splitlines():
        match = re.match(r"\s*((?:\d+\s+){%d}\d+): " % (len(types) - 1), line)
        if match:
            for name, value in zip(types, match[1].split()):
                totals[name] += int(value)
    return totals


def pprof_top_total(path: Path, sample_type: str) -> int:
    """The total that "go tool pprof -top" prints, in bytes or objects."""
    text = go_pprof(path, "-top", "-nodecount=0", "-unit=B", f"-sample_index={sample_type}")
    match = re.search(r"of (\d+)B? total", text)
    assert match, text
    return int(match[1])


def check_flame_graph(path: Path, functions: list[str]) -> None:
    """One file that is whole: well-formed, with these functions, and nothing from elsewhere."""
    subprocess.run(["xmllint", "--noout", "--nonet", str(path)], check=True, timeout=TIMEOUT)
    text = path.read_text()
    for function in functions:
        assert function in text
    links = set(re.findall(r"""https?://[^"'\s<>)]+""", text))
    assert all(link.startswith("http://www.w3.org/") for link in links), links
    assert not re.search(r"@import|<image|<foreignObject|src\s*=", text)


def validate_schema(report: dict[str, Any]) -> None:
    """Checks a report against the schema in docs/."""
    import jsonschema

    schemas = list((ROOT / "docs").glob("**/*report*.schema.json"))
    assert schemas, "no schema in docs/"
    schema = json.loads(schemas[0].read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$defs"]["site"]["properties"]["stack_end"]["enum"] == [*ENDS, None]
    jsonschema.validate(report, schema)
