"""The course as web pages: nothing from outside, nothing broken, nothing without words."""

import json
import re
import sys
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from built_site import built_site
from contract import CONTRACT
from sources import ROOT

from engine.course.site import relinked

sys.path.insert(0, str(ROOT / "docs/site/extensions"))
from plain_docstrings import literal, restructured  # noqa: E402
from still_notebooks import is_widget, still  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LOADING = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("use", "href")}
LOADING |= {("object", "data"), ("embed", "src"), ("video", "src"), ("audio", "src")}
FETCHED = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect", "manifest"}


class Page(HTMLParser):
    """What a page loads, links to and can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.ids, self.images, self.inline = [], [], set(), [], []
        self.tag = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.loads += [value for name, value in attrs if (tag, name) in LOADING]
        self.loads += [part.split()[0] for part in (given.get("srcset") or "").split(",") if part]
        if tag == "link" and FETCHED & set(given.get("rel", "").split()):
            self.loads.append(given["href"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "img":
            self.images.append(given)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        self.inline.append(given.get("style") or "")
        self.tag = tag

    def handle_data(self, data):
        if self.tag in ("style", "script"):
            self.inline.append(data)


@cache
def pages():
    site = built_site()
    found = [path for path in sorted(site.rglob("*.html")) if site / "_static" not in path.parents]
    return {path.relative_to(site).as_posix(): Page(path.read_text("utf-8")) for path in found}


def is_outside(address):
    return bool(urlsplit(address.strip()).netloc)


def outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [output for cell in cells for output in cell.get("outputs", ())]


# Without building


def cell(source, *outputs):
    return {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}}


def shown(**data):
    data = {name.replace("_", "/"): value for name, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def test_a_widget_becomes_a_picture_with_its_label_and_its_numbers():
    book = {"cells": [cell("StartPicker()", shown(text_plain="StartPicker()"))]}
    (after,) = still(book)["cells"]
    picture, words = (output["data"] for output in after["outputs"])
    assert picture["image/svg+xml"].startswith("<svg ")
    assert after["metadata"]["mystnb"]["image"]["alt"].startswith("A loss with two valleys. start")
    assert "start w = 1.60" in words["text/html"] and "live" in words["text/html"]


def test_a_widget_of_a_model_is_shown_with_the_model_of_the_cells_before():
    made = cell("from engine.lab.digit_pad import small_cnn\nmodel = small_cnn()")
    used = "from engine.lab import DigitPad\nDigitPad(model)"
    book = {"cells": [made, cell(used, shown(text_plain="DigitPad()"))]}
    assert "image/svg+xml" in still(book)["cells"][1]["outputs"][0]["data"]


def test_a_figure_keeps_its_words_and_a_second_picture_in_a_cell_is_refused():
    figure = shown(image_png="...")
    figure["metadata"] = {"image/png": {"alt": "A line."}}
    (after,) = still({"cells": [cell("f()", figure)]})["cells"]
    assert after["metadata"]["mystnb"] == {"image": {"alt": "A line."}}
    with pytest.raises(ValueError, match="two pictures"):
        still({"cells": [cell("f()", figure, figure)]})


def test_a_docstring_keeps_its_lines_and_its_signs():
    long = "word " * 18
    lines = ["y = w·x_ + b", "z = |y| *", "", f"{long}", "end `a*b` here.", "Raises: no_"]
    assert restructured(lines) == [
        r"| y = w·x\_ + b",
        r"| z = \|y\| \*",
        "",
        f"| {long}end ``a*b`` here.".replace("  ", " "),
        r"| **Raises:** no\_",
        "",
    ]
    assert literal("(`x`)s") == r"(``x``)s"
    assert restructured(["    import engine"]) == ["::", "", "    import engine", ""]
    assert restructured([]) == restructured([""]) == []


def test_links_lead_to_pages_of_the_site():
    text = "[a](../README.md) [b](../engine/autograd.py) [c](01.ipynb) [d](https://x.org/a.py)"
    expected = "[a](../index.md) [b](#engine.autograd) [c](01.ipynb) [d](https://x.org/a.py)"
    assert relinked(text, "notebooks", {"notebooks/01.ipynb"}) == expected
    assert relinked("[e](exercises)", ".", set()) == "[e](exercises/index.md)"


def test_the_workflow_publishes_what_make_site_builds():
    workflow = yaml.safe_load((ROOT / ".github/workflows/site.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["build"]["steps"]
    assert "make site" in [step.get("run") for step in steps]
    assert steps[-1]["with"]["path"] == "build/site"
    assert workflow["jobs"]["publish"]["needs"] == "build"
    assert "engine.course site" in (ROOT / "Makefile").read_text()


# The built site


@pytest.mark.slow
def test_there_is_a_page_for_everything_that_students_read_and_no_solution():
    found = set(pages())
    assert {f"notebooks/{path.stem}.html" for path in NOTEBOOKS} <= found
    exercises = sorted((ROOT / "exercises").glob("*/*.ipynb"))
    assert {f"exercises/{path.stem}/{path.stem}.html" for path in exercises} <= found
    assert {"index.html", "search.html", "docs/instructors.html", "reference/nn.html"} <= found
    site = built_site()
    assert not [path for path in site.rglob("*") if path.name in ("solutions", "checks.py")]
    assert not [name for name in found if "BEGIN SOLUTION" in (site / name).read_text("utf-8")
                and not name.startswith("_modules/")]  # fmt: skip


@pytest.mark.slow
def test_no_page_style_or_script_loads_anything_from_another_host():
    site, found = built_site(), []
    for name, page in pages().items():
        found += [(name, address) for address in page.loads if is_outside(address)]
    texts = {path: path.read_text("utf-8") for path in site.rglob("*.css")}
    texts |= {site / name: " ".join(page.inline) for name, page in pages().items()}
    for path, text in texts.items():
        addresses = re.findall(r"url\(\s*['\"]?([^'\")]+)", text)
        addresses += re.findall(r"@import\s+['\"]([^'\"]+)", text)
        found += [(path.name, address) for address in addresses if is_outside(address)]
    loaders = r"(?:\bimport|\.src\s*=|importScripts\(|fetch\(|\.open\([^,)]*,)\s*\(?['\"`]"
    texts |= {path: path.read_text("utf-8") for path in site.rglob("*.js")}
    for path, text in texts.items():
        addresses = re.findall(rf"{loaders}((?:https?:)?//[^'\"`]+)", text)
        found += [(path.name, address) for address in addresses]
    assert not found


@pytest.mark.slow
def test_what_pages_load_and_link_to_is_there():
    site, dead = built_site(), []
    for name, page in pages().items():
        for address in {*page.loads, *page.links}:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = ((site / name).parent / unquote(parts.path)).resolve() if parts.path else None
            path = target.relative_to(site.resolve()).as_posix() if target else name
            if not (site / path).is_file():
                dead.append(f"{name}: {address}")
            elif parts.fragment and path in pages():
                known = unquote(parts.fragment) in pages()[path].ids
                dead += [] if known else [f"{name}: {address}"]
    assert not dead


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_picture_and_every_widget_is_there_with_its_words(path):
    images = pages()[f"notebooks/{path.stem}.html"].images
    images = [image for image in images if "_images/" in image["src"]]  # not those of buttons
    assert all(len(image.get("alt") or "") >= 20 for image in images)
    stored = [output for output in outputs(path) if "data" in output]
    words = [o["metadata"]["image/png"]["alt"] for o in stored if "image/png" in o["data"]]
    widgets = [o for o in stored if is_widget("".join(o["data"]["text/plain"]))]
    kinds = Counter(image["src"].rpartition(".")[2] for image in images)
    assert (kinds["png"], kinds["svg"]) == (len(words), len(widgets))
    assert {" ".join(text.split()) for text in words} <= {
        " ".join(image["alt"].split()) for image in images
    }


@pytest.mark.slow
def test_mathematics_comes_with_the_site():
    site = built_site()
    text = (site / "notebooks/01_perceptron.html").read_text("utf-8")
    assert 'src="../_static/tex-svg.js' in text and r"\sum_{i=1}^{n}" in text
    assert (site / "_static/tex-svg.js").stat().st_size > 10**6


@pytest.mark.slow
def test_the_reference_has_every_public_name_with_a_link_to_its_source():
    ids = {name for page, found in pages().items() if page.startswith("reference/")
           for name in found.ids}  # fmt: skip
    missing = []
    for module, names in CONTRACT.items():
        for name in names:
            thing = getattr(import_module(module), name, None)
            if callable(thing) and getattr(thing, "__doc__", None) and hasattr(thing, "__name__"):
                missing += [] if f"{module}.{name}" in ids else [f"{module}.{name}"]
    assert not missing
    assert "_modules/engine/nn/conv.html#Conv2d" in " ".join(pages()["reference/nn.html"].links)


@pytest.mark.slow
def test_the_search_knows_the_words_of_notebooks_and_of_the_engine():
    index = (built_site() / "searchindex.js").read_text("utf-8")
    assert "perceptron" in index and "scaled_dot_product_attent" in index
