# SPDX-License-Identifier: GPL-2.0-only
"""Where src/golang/layout.h has the fields of the runtime, against debug information of Go's compilers."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from golang import VERSIONS, built
from harness import ROOT

COLUMNS = ("1.19", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27")
ROW = re.compile(r'X\(\w+, "(?P<structure>[\w.]+)", "(?P<field>\w+)",(?P<offsets>[\s\d,\\]+)\)')

# In gdb: prints the offset of each field, null if there is none.
ASK = """python
import gdb, json
def offset(structure, name):
    fields = gdb.lookup_type(structure).strip_typedefs().fields()
    return next((field.bitpos // 8 for field in fields if field.name == name), None)
print(json.dumps([offset(*pair) for pair in %s]))
"""


def rows() -> dict[tuple[str, str], list[int]]:
    text = (ROOT / "src/golang/layout.h").read_text()
    return {
        (row["structure"], row["field"]): [int(number) for number in re.findall(r"\d+", row["offsets"])]
        for row in ROW.finditer(text)
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_offsets(tmp_path: Path, version: str) -> None:
    program = built("parked", version)
    known = rows()
    assert len(known) > 20 and {len(offsets) for offsets in known.values()} == {len(COLUMNS)}
    script = tmp_path / "ask.gdb"
    script.write_text(ASK % json.dumps(list(known)))
    answer = subprocess.run(
        ["gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", script, program],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = json.loads(answer.strip().splitlines()[-1])
    expected = [offsets[COLUMNS.index(version)] for offsets in known.values()]
    assert dict(zip(known, found)) == dict(zip(known, expected))
