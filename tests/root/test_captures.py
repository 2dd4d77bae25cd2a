# SPDX-License-Identifier: GPL-2.0-only
"""Captures as users see them: with sqlite3, by what docs/capture.md says."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from harness import BUILD, ROOT, SEEP

DOCUMENT = (ROOT / "docs/capture.md").read_text()


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes at 1 s of 100 sites that all change."""
    path = tmp_path_factory.mktemp("capture") / "capture.seep"
    command = [BUILD / "bench/captures", path, "100", "100", "600", "1"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert found["snapshots"] == 330
    return path


def ask(capture: Path, sql: str) -> list[dict[str, object]]:
    result = subprocess.run(
        ["sqlite3", "-readonly", "-json", capture, sql], capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout or "[]")


def test_questions_of_the_document(capture: Path) -> None:
    questions = re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL)
    assert len(questions) == 5
    grown = ask(capture, questions[0])
    assert len(grown) == 3
    assert grown[0]["grown"] >= grown[1]["grown"] >= grown[2]["grown"] > 0
    stable_id = grown[0]["stable_id"]
    lines, course, sums, losses = (
        ask(capture, re.sub("'[0-9a-f]{16}'", f"'{stable_id}'", sql)) for sql in questions[1:]
    )
    assert [line["source"] for line in lines] == ["src/server/requests.cc", "src/util.h"] + 2 * [
        "src/server/requests.cc"
    ]
    assert len(course) == len(sums) == 330
    assert course[-1]["live_bytes"] - course[0]["live_bytes"] == grown[0]["grown"]
    assert losses == []


def test_table_of_spans_is_that_of_the_code() -> None:
    header = (ROOT / "src/store/thinning.h").read_text()
    steps = re.findall(r"X\((.*?), (.*?)\)", header.split("#define SEEP_THINNING(X)")[1])
    units = {"SEEP_NS_PER_S": 1, "SEEP_MINUTE_NS": 60, "SEEP_HOUR_NS": 3600}
    words = {"s": 1, "minutes": 60, "hours": 3600, "hour": 3600, "days": 86400}

    def of_code(text: str) -> int:
        count, _, unit = text.rpartition(" * ")
        return int(count or 1) * units[unit]

    def of_words(text: str) -> int:
        count, unit = text.split()
        return int(count) * words[unit]

    table = re.findall(r"^\| (\d+ \w+) \| (\d+ \w+) \|$", DOCUMENT, re.MULTILINE)
    assert [(of_words(a), of_words(b)) for a, b in table] == [
        (of_code(a), of_code(b)) for a, b in steps
    ]


def test_tables_of_the_document_are_those_of_the_file(capture: Path) -> None:
    found = {row["name"] for row in ask(capture, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    section = DOCUMENT.split("## What is in it")[1].split("Three things")[0]
    listed = {name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall("`(.*?)`", row)}
    assert listed == found


def test_courses_of_the_html_report(capture: Path) -> None:
    """The live memory of all processes together, and what each has resident, at every moment."""
    page = subprocess.run(
        [SEEP, "report", capture, "--format", "html"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    courses = json.loads(found[1])["courses"]
    ((live,),) = (list(courses["totals"].values()),)
    assert len(live) == 3 * 330  # time, bytes, objects of each
    (last,) = ask(
        capture,
        "SELECT live_bytes FROM totals WHERE process = 0 AND kind = 'memory' ORDER BY snapshot DESC LIMIT 1",
    )
    assert sum(live[1::3]) == last["live_bytes"]
    resident = ask(capture, "SELECT process, rss_bytes, max(snapshot) FROM process_samples GROUP BY process")
    assert [sum(course[1::3]) for course in courses["resident"]] == [row["rss_bytes"] for row in resident]
    assert len(resident) == 4
    assert all(len(course) > 3 * 99 for course in courses["resident"])
