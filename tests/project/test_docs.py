"""README and docs/: examples run, links lead somewhere, the syllabus knows every exercise."""

import doctest
import json
import re

import pytest
from sources import ROOT

import engine

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
WITH_EXAMPLES = [page for page in PAGES if ">>> " in page.read_text(encoding="utf-8")]


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def test_there_are_examples():
    assert {page.stem for page in WITH_EXAMPLES} == {"mathematics", "cheat_sheet"}


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_examples_print_what_stands_below_them(page):
    # A closing fence is no output.
    text = page.read_text(encoding="utf-8").replace("```", "\n")
    example = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    before = engine.get_default_dtype()
    engine.set_default_dtype(engine.float32)
    try:
        found = doctest.DocTestRunner().run(example)
    finally:
        engine.set_default_dtype(before)
    assert found.attempted > 5 and found.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    for link in links:
        if not link.startswith(("http://", "https://", "#", "mailto:")):
            assert (page.parent / link.split("#")[0]).exists(), f"{link} leads nowhere"


def test_the_syllabus_knows_every_notebook_and_exercise():
    text = (ROOT / "docs" / "syllabus.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        assert f"../notebooks/{path.name}" in text
    headings = [
        match[1]
        for path in sorted((ROOT / "exercises").glob("*/*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if (match := re.match(r"## (\d\d\.\d · .+)", "".join(cell["source"])))
    ]
    assert len(headings) > 50
    missing = [heading for heading in headings if heading.replace(" · ", " ", 1) not in text]
    assert not missing
