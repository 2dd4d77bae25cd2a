# SPDX-License-Identifier: GPL-2.0-only
"""Drives the golden flame graph in a real browser: zoom, search, keyboard, hostile names."""

import json
import pathlib

import pytest
from chromium import browser, click, errors, fetched, open_file, press, set_scheme  # noqa: F401

pytestmark = pytest.mark.long

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"

FIND_FRAME = """
    return Array.from(document.querySelectorAll('.f')).find(
        (frame) => frame.querySelector('title').textContent.startsWith(arguments[0] + '\\n'));
"""
ALL = """
    return Array.from(document.querySelectorAll('.f > title'), (t) => t.textContent.split('\\n')[0]);
"""
VISIBLE = """
    return Array.from(document.querySelectorAll('.f'))
        .filter((frame) => frame.style.display !== 'none')
        .map((frame) => frame.querySelector('title').textContent.split('\\n')[0]);
"""


@pytest.fixture
def graph(browser):
    open_file(browser, GOLDEN / "report.svg")
    return browser


def frame(driver, name):
    found = driver.execute_script(FIND_FRAME, name)
    assert found is not None, name
    return found


def width(driver, name):
    return float(
        driver.execute_script(
            "return arguments[0].querySelector('rect').getAttribute('width')", frame(driver, name)
        )
    )


def text(driver, element_id):
    return driver.execute_script(
        "return document.getElementById(arguments[0]).textContent", element_id
    )


def test_fills_the_window(graph):
    assert width(graph, "all") == graph.execute_script("return window.innerWidth")


def test_click_zooms_and_reset_restores(graph):
    before = width(graph, "calloc")
    full = width(graph, "all")
    click(graph, frame(graph, "calloc"))
    assert width(graph, "calloc") == pytest.approx(full)
    visible = graph.execute_script(VISIBLE)
    assert "handle_request" in visible, "callers stay"
    assert "buffer_grow" not in visible, "siblings go"
    click(graph, graph.find_element("id", "reset"))
    assert width(graph, "calloc") == pytest.approx(before)
    assert "buffer_grow" in graph.execute_script(VISIBLE)


def test_narrow_frame_gets_its_label_by_zoom(graph):
    narrow = frame(graph, "libstripped.so.2+0x1f40")
    assert graph.execute_script("return arguments[0].querySelector('text')", narrow) is None
    click(graph, narrow)
    label = graph.execute_script("return arguments[0].querySelector('text').textContent", narrow)
    assert label == "libstripped.so.2+0x1f40"


def test_search_marks_and_sums(graph):
    from selenium.webdriver.common.keys import Keys

    report = json.loads((GOLDEN / "report.json").read_text())
    live = report["totals"]["memory"]["live_bytes"]
    share = 100 * sum(
        site["live_bytes"]
        for site in report["sites"]
        if any(entry["function"] == "buffer_grow" for entry in site["stack"])
    )
    field = graph.find_element("id", "search")
    field.send_keys("^buffer_|^xmal+oc$")
    hits = graph.execute_script("return document.querySelectorAll('.hit').length")
    assert hits == 2
    # xmalloc stands inside buffer_grow: it is not counted twice
    assert text(graph, "matched") == f"matched {share / live:.2f} %"
    field.send_keys(Keys.CONTROL + "a")
    field.send_keys("no such function")
    assert text(graph, "matched") == "matched 0.00 %"


def test_search_takes_names_as_they_are(graph):
    field = graph.find_element("id", "search")
    field.send_keys("session::state const&)")
    assert graph.execute_script("return document.querySelectorAll('.hit').length") == 1


def test_keyboard(graph):
    from selenium.webdriver.common.keys import Keys

    click(graph, frame(graph, "all"))
    press(graph, Keys.ARROW_UP, Keys.ARROW_UP)
    assert text(graph, "details").endswith("\u2014 _start")
    press(graph, Keys.ENTER)
    assert width(graph, "_start") == pytest.approx(width(graph, "all"))
    press(graph, Keys.ESCAPE)
    assert width(graph, "_start") < width(graph, "all")
    press(graph, "/")
    assert graph.switch_to.active_element.get_attribute("id") == "search"


def test_details_have_bytes_and_percent(graph):
    graph.execute_script(
        "arguments[0].dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))",
        frame(graph, "calloc"),
    )
    assert text(graph, "details") == "400 KiB, 5.81 % \u2014 calloc"


@pytest.mark.parametrize("scheme, background", [("light", 255), ("dark", 22)])
def test_colour_scheme(graph, scheme, background):
    set_scheme(graph, scheme)
    color = graph.execute_script(
        "return getComputedStyle(document.querySelector('.paper')).fill"
    )
    assert color.startswith(f"rgb({background},")
    set_scheme(graph, None)


def fill(driver, name):
    return driver.execute_script(
        "return getComputedStyle(arguments[0].querySelector('rect')).fill", frame(driver, name)
    )


def test_differential(browser):
    """Red grew, blue shrank, in both schemes; what is found is marked all the same."""
    open_file(browser, GOLDEN / "diff.svg")
    for scheme in ("light", "dark"):
        set_scheme(browser, scheme)
        grown, shrunk = (
            [int(part) for part in fill(browser, name)[4:-1].split(",")]
            for name in ("buffer_grow", "calloc")
        )
        assert grown[0] > grown[2] and shrunk[2] > shrunk[0], scheme
    set_scheme(browser, None)
    browser.execute_script(
        "arguments[0].dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))",
        frame(browser, "calloc"),
    )
    assert text(browser, "details") == "400 KiB now, 1.17 MiB before, -800 KiB \u2014 calloc"
    before = fill(browser, "calloc")
    browser.find_element("id", "search").send_keys("^calloc$")
    assert fill(browser, "calloc") != before
    assert not errors(browser)


def test_differential_by_change(browser):
    """As wide as what has come and gone: what is gone is drawn, too, and all of it fits the picture."""
    open_file(browser, GOLDEN / "diff.svg")
    full = width(browser, "all")
    grown = width(browser, "buffer_grow")
    hidden = set(browser.execute_script(ALL)) - set(browser.execute_script(VISIBLE))
    assert hidden, "what is gone has no width"
    click(browser, browser.find_element("id", "by-change"))
    assert hidden <= set(browser.execute_script(VISIBLE))
    assert width(browser, "all") == pytest.approx(full)
    moved, total = (
        int(frame(browser, name).get_attribute("data-c").split()[1]) for name in ("buffer_grow", "all")
    )
    assert width(browser, "buffer_grow") == pytest.approx(full * moved / total, rel=1e-3)
    assert browser.execute_script(
        "const box = document.documentElement.getBoundingClientRect();"
        "return Array.from(document.querySelectorAll('.f'))"
        "    .every((f) => f.getBoundingClientRect().top >= box.top)"
    )
    click(browser, browser.find_element("id", "by-change"))
    assert width(browser, "buffer_grow") == pytest.approx(grown)
    assert not hidden & set(browser.execute_script(VISIBLE))
    assert not errors(browser)


def test_hostile_names_stay_text_and_nothing_is_fetched(graph):
    name = graph.execute_script(
        "return Array.from(document.querySelectorAll('.f > title'), (t) => t.textContent)"
        ".find((t) => t.startsWith('<script>'))"
    )
    assert name.startswith('<script>alert("1")</script>;]]>--> & \'quote\'')
    assert graph.execute_script("return document.querySelectorAll('script').length") == 1
    assert errors(graph) == []
    assert fetched(graph) == []


def test_empty_graph(browser):
    open_file(browser, GOLDEN / "report.empty.svg")
    assert "nothing to show" in browser.execute_script(
        "return document.documentElement.textContent"
    )
    assert errors(browser) == []
