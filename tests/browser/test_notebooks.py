"""Every notebook of the course opens in JupyterLab, runs all cells and asks no one outside."""

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
