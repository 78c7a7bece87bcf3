"""Links into the engine's source: each names what stands at its line, and follows it."""

import json
import re

import pytest
from sources import ROOT
from typer.testing import CliRunner

from engine.course.cli import app
from engine.course.links import LINK, at_their_lines, definition_line, pages
from engine.course.paths import course_notebooks
from engine.course.site import mark_listings, relinked

SOURCE = """import math


@decorated
def loss(): ...


class Tensor:
    def backward(self): ...

    def __call__(self): ...
"""
RIGHT = "See [Tensor.backward, engine/a.py, line 9](../engine/a.py#line=8)."


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with one source file and one page, the current folder."""
    for folder in ("engine", "notebooks", "docs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "engine/a.py").write_text(SOURCE)
    (tmp_path / "docs/page.md").write_text(RIGHT.replace("9", "3").replace("=8", "=2"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_line_is_where_def_or_class_stands(course):
    path = course / "engine/a.py"
    assert [definition_line(path, n) for n in ("loss", "Tensor", "Tensor.backward")] == [5, 8, 9]
    for name in ("math", "backward", "Tensor.forward", "loss.more"):
        with pytest.raises(LookupError, match=f"leads to {name}, but a.py defines no such thing"):
            definition_line(path, name)
    with pytest.raises(LookupError, match=r"b\.py, which is not there"):
        definition_line(course / "engine/b.py", "loss")


def test_the_command_looks_and_then_mends(course):
    page = course / "docs/page.md"
    looked = CliRunner().invoke(app, ["links", "--check"])
    assert looked.exit_code == 1 and "docs/page.md: out of date" in looked.output
    mended = CliRunner().invoke(app, ["links"])
    assert mended.exit_code == 0 and page.read_text() == RIGHT
    assert CliRunner().invoke(app, ["links", "--check"]).output == ""


def test_a_link_to_nothing_is_named_and_the_page_left_alone(course):
    text = RIGHT.replace("backward", "forward")
    (course / "docs/page.md").write_text(text)
    result = CliRunner().invoke(app, ["links"])
    assert result.exit_code == 1 and "docs/page.md: a link leads to Tensor.forward" in result.output
    assert (course / "docs/page.md").read_text() == text


@pytest.mark.parametrize("path", list(pages(ROOT)), ids=lambda path: path.name)
def test_links_name_the_line_where_it_stands(path):
    text = path.read_text(encoding="utf-8")
    assert at_their_lines(text, ROOT) == text, "run: course links, then course exercises --refresh"
    named = len(re.findall(r"\.py#|, line \d+\]", text))
    assert named == 2 * len(LINK.findall(text)), (
        "a link into the source reads [name, engine/file.py, line 84](../engine/file.py#line=83)"
    )


@pytest.mark.parametrize("path", course_notebooks(ROOT)[1:], ids=lambda path: path.stem)
def test_a_notebook_shows_how_the_engine_does_it(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert "Read how the engine does this: [" in prose and LINK.search(prose)


def test_names_with_two_underscores_stand_in_backticks(course):
    bare = "[Tensor.__call__, engine/a.py, line 11](../engine/a.py#line=10)"  # bold: "call"
    ticked = bare.replace("Tensor.__call__", "`Tensor.__call__`")
    assert at_their_lines(bare, course) == at_their_lines(ticked, course) == ticked
    assert ">`Tensor.__call__`, engine/a.py</a>" in relinked(ticked, "notebooks", set())
    plain = RIGHT.replace("Tensor.backward", "`Tensor.backward`")
    assert at_their_lines(plain, course) == RIGHT


def test_on_the_site_they_lead_to_the_listing():
    page = "<a href='../_modules/engine/a.html#Tensor.backward'>Tensor.backward, engine/a.py</a>"
    assert relinked(RIGHT, "notebooks", set()) == f"See {page}."


def test_a_listing_is_marked_where_a_page_leads(tmp_path):
    listing = tmp_path / "_modules/engine/a.html"
    listing.parent.mkdir(parents=True)
    code = '<span class="nf">backward</span> <span class="nc">Tensor</span> {}'
    code += '<span class="nf">backward</span>'
    listing.write_text(code.format(""))
    page = tmp_path / "page.html"
    page.write_text(relinked(RIGHT, ".", set()).replace("../", ""))
    mark_listings(tmp_path)
    assert listing.read_text() == code.format('<span id="Tensor.backward"></span>')
    mark_listings(tmp_path)
    assert listing.read_text() == code.format('<span id="Tensor.backward"></span>')
    page.write_text("_modules/engine/a.html#Tensor.forward")
    with pytest.raises(LookupError, match="Tensor.forward, which the listing has not"):
        mark_listings(tmp_path)
