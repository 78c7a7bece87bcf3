"""One real JupyterLab on loopback and one Chromium for all browser tests.

    def test_journey(lab):
        page = lab.open_cells("from engine.lab import PerceptronLine", "PerceptronLine()")
        page.run_all()
        widget = page.widget("Perceptron on AND")  # words of its picture's label
        widget.button("Step").click()
        widget.wait_for("updates: 1")

`lab.open_notebook("01_perceptron.ipynb")` opens a copy of a notebook of the course.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.jupyter import Lab, Page, Widget, running_server
from engine.course.browser import BrowserMissingError, find_browser

MEASURED: list[tuple[str, str, str]] = []  # widget, time to a new picture, pictures a second


def pytest_terminal_summary(terminalreporter) -> None:
    """What test_speed.py measured."""
    if MEASURED:
        terminalreporter.section("widgets: to a new picture (aim 50 ms), pictures a second in play")
        for name, delay, play in MEASURED:
            terminalreporter.write_line(f"{name:25} {delay:18} {play}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Playwright keeps an asyncio loop running in this thread, in which asyncio.run() is refused:
    # tests that use it go first.
    items.sort(key=lambda item: Path(__file__).parent in item.path.parents)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    try:
        path = find_browser()
    except BrowserMissingError as error:
        pytest.fail(str(error))  # it says how to get one; `make test` does so first
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("jupyterlab")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_server(folder))
        playwright = stack.enter_context(sync_playwright())
        arguments = ["--disable-background-networking"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium refuses to sandbox root
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        stack.callback(browser.close)
        yield Lab(folder, server, browser)


@pytest.fixture(scope="module")
def page(request, lab: Lab) -> Page:
    """The notebook of a journey: the cells that its file names CELLS, run from first to last."""
    page = lab.open_cells(*request.module.CELLS)
    page.run_all()
    return page


@pytest.fixture
def widget(request, page: Page) -> Widget:
    """The widget of a journey as it opens, cell 1 run anew; OPENS stands in its picture's label."""
    page.run_cell(1)
    return page.widget(request.module.OPENS)
