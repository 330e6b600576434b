"""The browser of all tests that look at pages, and the order of the tests."""

import pytest
from machine import FLAGS, atomic, chromium, left_out

pytest_plugins = ["memory"]


def pytest_configure(config):
    config.addinivalue_line("markers", "depends(*globs): the files that a test depends on")
    config.addinivalue_line("markers", "long: takes long and starts first, so that no core waits")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="module")
def browser():
    if not (path := chromium()):
        left_out("no Chromium (Debian: apt-get install chromium)")
    if not atomic():
        left_out("no libatomic (Debian: apt-get install libatomic1)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
