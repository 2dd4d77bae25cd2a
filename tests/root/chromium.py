# SPDX-License-Identifier: GPL-2.0-only
"""A real browser for what opens in one: Chromium, without a window, driven by selenium."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
CHROMEDRIVER = shutil.which("chromedriver")
if not CHROMIUM or not CHROMEDRIVER:
    pytest.skip("chromium with chromium-driver is not installed", allow_module_level=True)
webdriver = pytest.importorskip("selenium.webdriver")

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    yield driver
    driver.quit()


def forget(driver: Any) -> None:
    """What came before is not counted any more."""
    driver.get_log("browser")
    driver.get_log("performance")


def open_file(driver: Any, path: Path) -> None:
    forget(driver)
    driver.get(path.as_uri())


def errors(driver: Any) -> list[dict[str, Any]]:
    """What the browser complains about, since the last time."""
    return [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def fetched(driver: Any) -> list[str]:
    """Everything asked for that is not a file or in the page, since the last time."""
    urls = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            urls.append(message["params"]["request"]["url"])
    return [url for url in urls if not url.startswith(("file:", "data:"))]


def set_scheme(driver: Any, scheme: str | None) -> None:
    """What the system prefers: "light", "dark"; None: as it was."""
    features = [{"name": "prefers-color-scheme", "value": scheme}] if scheme else []
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def click(driver: Any, element: Any) -> None:
    driver.execute_script(
        "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", element
    )


def press(driver: Any, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).send_keys(*keys).perform()
