"""Every notebook of the course opens in JupyterLab, runs all cells and asks no one outside.

And its links into the engine's source open the file at the line that they name.
"""

import re

import pytest

from browser.jupyter import ROOT
from engine.course.paths import course_notebooks


@pytest.mark.parametrize("path", course_notebooks(ROOT), ids=lambda path: path.stem)
def test_a_notebook_runs_all_its_cells(lab, path):
    page = lab.open_notebook(path.name)
    page.run_all()
    page.wait_idle()
    assert page.errors() == []
    assert page.outside == []


def test_a_link_opens_the_source_at_its_line(lab):
    page = lab.open_notebook("03_backprop.ipynb").page
    link = page.locator("a[href*='#line=']").first
    name, file, _ = link.text_content().split(", ")
    link.click()
    line = page.wait_for_function(
        """(file) => {
            const shown = jupyterapp.shell.currentWidget;
            if (!shown?.context?.path.endsWith(file) || !shown.content.editor) return null;
            const {line} = shown.content.editor.getCursorPosition();
            return line > 0 && shown.content.editor.getLine(line);
        }""",
        arg=file,
    ).json_value()
    assert re.match(rf"\s*(def|class) {name.split('.')[-1]}\b", line), line
