# SPDX-License-Identifier: GPL-2.0-only
"""The golden reports are what other programs expect of each format."""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
HOSTILE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e]")


def need(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize(
    "name", ["report.json", "report.two.json", "report.sampled.json", "report.empty.json"]
)
def test_json_fits_its_schema(name):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    text = (GOLDEN / name).read_text()
    assert text.count("\n") == 1 and text.endswith("\n")
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))


def test_schema_refuses():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for change in (
        lambda report: report["sites"][0].update(live_bytes=-1),
        lambda report: report["sites"][0].update(id="1"),
        lambda report: report["sites"][0]["stack"][0].pop("module"),
        lambda report: report["processes"][0].update(comm="a\x1bb"),
        lambda report: report.pop("losses"),
    ):
        report = json.loads((GOLDEN / "report.json").read_text())
        change(report)
        assert not validator.is_valid(report)


def test_schema_wants_the_errors_of_estimates():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for change in (
        lambda site: site.pop("live_bytes_error"),
        lambda site: site.pop("sampled"),
        lambda site: site.update(staying=1.5),
        lambda site: site.update(live_objects_error=-1),
    ):
        report = json.loads((GOLDEN / "report.sampled.json").read_text())
        change(next(site for site in report["sites"] if site["sampled"]))
        assert not validator.is_valid(report)


@pytest.mark.parametrize("name", ["diff.json", "diff.rebuilt.json", "diff.sampled.json"])
def test_diff_fits_its_schema(name):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "docs" / "diff.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    text = (GOLDEN / name).read_text()
    assert text.count("\n") == 1 and text.endswith("\n")
    diff = json.loads(text)
    validator.validate(diff)
    for kind, total in diff["totals"].items():
        for side in ("old", "new"):
            for key, sum_of_all in total[side].items():
                sites = [site for site in diff["sites"] if site["kind"] == kind]
                values = [site[side][key] for site in sites]
                assert sum_of_all == (any(values) if key == "sampled" else sum(values))
    diff["sites"][0]["live_bytes_change"] = 0.5
    assert not validator.is_valid(diff)


def test_diff_folded_is_what_the_json_has():
    totals = json.loads((GOLDEN / "diff.json").read_text())["totals"]["memory"]
    found = [0, 0]
    for line in (GOLDEN / "diff.folded").read_text().splitlines():
        stack, old, new = re.fullmatch(r"(.+) (\d+) (\d+)", line).groups()
        assert all(stack.split(";")) and not HOSTILE.search(line)
        found[0] += int(old)
        found[1] += int(new)
    assert found == [totals["old"]["live_bytes"], totals["new"]["live_bytes"]]


def test_json_totals_are_the_sums_of_the_sites():
    report = json.loads((GOLDEN / "report.two.json").read_text())
    for key, total in report["totals"]["memory"].items():
        assert total == sum(site[key] for site in report["sites"])
        assert total == sum(process[key] for process in report["processes"])


@pytest.mark.parametrize(
    "name, key",
    [
        ("report.folded", "live_bytes"),
        ("report.two.folded", "live_bytes"),
        ("report.allocs.folded", "allocs"),
    ],
)
def test_folded_lines(name, key):
    twin = "report.two.json" if ".two." in name else "report.json"
    total = json.loads((GOLDEN / twin).read_text())["totals"]["memory"][key]
    lines = (GOLDEN / name).read_text().splitlines()
    stacks = []
    for line in lines:
        assert not HOSTILE.search(line)
        stack, value = re.fullmatch(r"(.+) ([1-9][0-9]*)", line).groups()
        assert all(stack.split(";"))
        stacks.append(stack)
        total -= int(value)
    assert total == 0
    assert len(stacks) == len(set(stacks))


@pytest.mark.parametrize("name", ["report.txt", "report.two.txt", "report.verbose.txt", "diff.txt", "diff.rebuilt.txt"])
def test_text_is_narrow_and_clean(name):
    for line in (GOLDEN / name).read_text().splitlines():
        assert len(line) <= 100
        assert not HOSTILE.search(line)


@pytest.mark.parametrize("name", ["report.svg", "report.two.svg", "report.empty.svg", "diff.svg", "diff.rebuilt.svg"])
def test_flame_graph_is_xml(name):
    need("xmllint")
    subprocess.run(["xmllint", "--noout", "--nonet", GOLDEN / name], check=True)
    text = (GOLDEN / name).read_text()
    assert text.count("<script") == 1
    urls = set(re.findall(r"https?://[^\"'\s]+", text))
    assert urls == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}


def pprof(tmp_path, *arguments):
    need("go")
    result = subprocess.run(
        ["go", "tool", "pprof", *arguments, GOLDEN / "report.pb.gz"],
        env={**os.environ, "HOME": str(tmp_path), "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr == ""
    return result.stdout


@pytest.mark.parametrize(
    "index, key",
    [
        ("alloc_objects", "allocs"),
        ("alloc_space", "alloc_bytes"),
        ("inuse_objects", "live_objects"),
        ("inuse_space", "live_bytes"),
    ],
)
def test_pprof_has_the_same_sums(tmp_path, index, key):
    totals = json.loads((GOLDEN / "report.two.json").read_text())["totals"]["memory"]
    unit = "-unit=B" if key.endswith("bytes") else "-unit=count"
    output = pprof(tmp_path, "-top", "-nodefraction=0", unit, f"-sample_index={index}")
    flat = 0
    for line in output.partition("cum%\n")[2].splitlines():
        flat += int(re.match(r"\s*([0-9]+)", line).group(1))
    assert flat == totals[key]


def test_pprof_default_and_names(tmp_path):
    output = pprof(tmp_path, "-top", "-nodefraction=0")
    assert "Type: inuse_space" in output
    assert "File: server" in output
    assert "handle_request" in output
    assert "[partial: no_table]" in output
    assert "xmalloc (inline)" in output


def test_pprof_is_reproducible():
    header = (GOLDEN / "report.pb.gz").read_bytes()[:10]
    assert header[:4] == b"\x1f\x8b\x08\x00"
    assert header[4:8] == bytes(4), "a time stamp in the gzip header"
    assert gzip.decompress((GOLDEN / "report.pb.gz").read_bytes())
