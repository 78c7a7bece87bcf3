"""How a notebook of the course is built: its form, its cells, its skeleton, its links."""

import ast
import re
from urllib.parse import unquote

import notebook_files
import pytest
from import_renaming import numeric_bindings
from notebook_files import INSIDE, NOTEBOOKS, code_cells, has_tag, imports, prose, read
from widget_models import opened, widget_named

from engine.course.normal_form import problems

MOST_LINES, MOST_COLUMNS, MOST_BYTES = 15, 90, 1_000_000
KNOWN_TAGS = {INSIDE, "raises-exception"}
# Beside the numeric core: pictures, data and checks of the course, NumPy, and light parts of the
# standard library. Plotting and plumbing belong into engine.lab.
ALLOWED = {
    *("engine.lab", "engine.datasets", "engine.grading", "numpy"),
    *("collections", "copy", "dataclasses", "functools", "io", "itertools", "math", "time"),
}

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_it_is_stored_in_the_normal_form(path):
    found = problems(path.read_text(encoding="utf-8"))
    assert not found, f"`course notebooks --refresh {path.stem[:2]}` mends {found}"


def test_the_file_is_small(path):
    assert path.stat().st_size < MOST_BYTES


def test_code_cells_are_short(path):
    long = [
        f"cell {number}: {len(lines)} lines, {max(map(len, lines))} columns"
        for number, cell in code_cells(read(path))
        if (lines := cell["source"].splitlines())
        and (len(lines) > MOST_LINES or max(map(len, lines)) > MOST_COLUMNS)
    ]
    assert not long, f"at most {MOST_LINES} lines of {MOST_COLUMNS} columns: {long}"


def test_no_code_cell_is_empty(path):
    empty = [number for number, cell in code_cells(read(path)) if not cell["source"].strip()]
    assert not empty, f"empty code cells: {empty}"


def test_code_cells_are_plain_python(path):
    for number, cell in code_cells(read(path)):
        try:
            ast.parse(cell["source"])
        except SyntaxError as error:
            pytest.fail(f"cell {number}: {error}")


def test_no_cell_ends_in_a_semicolon(path):
    """It hides the result in JupyterLab, but not in nbval: assign the result to _ instead."""
    ending = [
        number for number, cell in code_cells(read(path)) if cell["source"].rstrip()[-1:] == ";"
    ]
    assert not ending, f"cells {ending}"


def test_only_known_tags_are_used(path):
    for number, cell in enumerate(read(path)["cells"]):
        tags = set(cell["metadata"].get("tags", ()))
        assert tags <= KNOWN_TAGS, f"cell {number}: {tags - KNOWN_TAGS}"


def test_imports_have_the_agreed_forms(path):
    strangers = [
        f"cell {number}: {ast.unparse(node)}"
        for number, cell in code_cells(read(path))
        for node in imports(cell["source"])
        if not is_allowed(node, inside=has_tag(cell, INSIDE))
    ]
    assert not strangers, strangers


def is_allowed(node, inside):
    named = [alias.name for alias in node.names]
    if len(numeric_bindings(node)) == len(named):
        return True
    if isinstance(node, ast.Import):
        return all(name in ALLOWED for name in named)
    if node.level or node.module is None:
        return False
    own_parts = inside and node.module.split(".")[0] == "engine"
    return own_parts or node.module in ALLOWED


def test_every_name_that_is_used_is_defined_before(path):
    """Cells run from top to bottom: an import or definition further down helps nobody."""
    import builtins

    known = {*dir(builtins), "__name__"}
    for number, cell in code_cells(read(path)):
        tree = ast.parse(cell["source"])
        bound = {
            *(
                n.id
                for n in ast.walk(tree)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            ),
            *(n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)),
            *(
                n.name
                for n in ast.walk(tree)
                if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler) and n.name
            ),
            *(
                (alias.asname or alias.name).split(".")[0]
                for node in imports(cell["source"])
                for alias in node.names
            ),
        }
        used = {
            n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        }
        assert used <= known | bound, f"cell {number}: {sorted(used - known - bound)}"
        known |= bound


def test_it_opens_with_its_one_title(path):
    cells = read(path)["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert cells[0]["source"].startswith("# "), "the first cell is the title"
    titles = re.findall(r"^# ", prose(read(path)), re.MULTILINE)
    assert len(titles) == 1, f"{len(titles)} titles"


def test_its_headings_descend_one_step_at_a_time(path):
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose(read(path)), re.MULTILINE)]
    jumps = [
        (before, after)
        for before, after in zip(levels, levels[1:], strict=False)
        if after > before + 1
    ]
    assert not jumps, f"heading levels jump: {jumps}"


def test_it_has_the_skeleton_of_the_course(path):
    text = prose(read(path)).lower()
    parts = {
        'goals: "You will be able to"': "you will be able to" in text,
        "a heading with Summary": re.search(r"^#+ .*summary", text, re.MULTILINE),
        "the minutes it takes": re.search(r"\bminutes?\b|\bmin\b", text),
    }
    if not path.stem.startswith("00"):
        code = "\n".join(cell["source"] for _, cell in code_cells(read(path)))
        parts |= {
            "a box with a myth": re.search(r"^\W*#*\W*.*\bmyth", text, re.MULTILINE),
            "a heading with PyTorch": re.search(r"^#+ .*pytorch", text, re.MULTILINE),
            "a heading with Exercises": re.search(r"^#+ .*exercises?", text, re.MULTILINE),
            "predictions: **Predict": "**predict" in text,
            "things to try: **Try": "**try" in text,
            "a question with feedback: ask(...)": "ask(" in code,
            "the comparison with PyTorch: @cross_check": "@cross_check" in code,
        }
    missing = [part for part, found in parts.items() if not found]
    assert not missing, "\n".join(["it still needs", *missing])


def test_its_comparisons_with_pytorch_agree(path):
    printed = "".join(
        output.get("text", "")
        for _, cell in code_cells(read(path))
        for output in cell["outputs"]
        if "@cross_check" in cell["source"]
    )
    compared = re.findall(r"agree to \S+: (\w+)", printed)
    assert compared or "@cross_check" not in "".join(
        cell["source"] for _, cell in code_cells(read(path))
    ), "a comparison printed no verdict"
    assert set(compared) <= {"True"}, printed


def test_images_in_the_text_have_alt_text(path):
    text = prose(read(path))
    markdown = re.findall(r"!\[(.*?)\]\(", text)
    assert all(alt.strip() for alt in markdown), "an image in Markdown has an empty alt text"
    for tag in re.findall(r"<img\b[^>]*>", text):
        assert re.search(r"\balt=\"[^\"]+\"", tag), tag


def test_drawn_figures_have_alt_text(path):
    silent = [
        number
        for number, cell in code_cells(read(path))
        for output in cell["outputs"]
        if any(kind.startswith("image/") for kind in output.get("data", {}))
        and not has_alt_text(output)
    ]
    assert not silent, f"cells whose figure says nothing to those who cannot see it: {silent}"


def has_alt_text(output):
    data = output["data"]
    if svg := data.get("image/svg+xml"):
        return bool(re.search(r"<svg[^>]*\brole=\"img\"", svg)) and bool(
            re.search(r"aria-label=\"[^\"]+\"|<title[^>]*>[^<]+", svg)
        )
    if re.search(r"<img\b[^>]*\balt=\"[^\"]+\"", data.get("text/html", "")):
        return True
    if any(kind.get("alt") for kind in output["metadata"].values() if isinstance(kind, dict)):
        return True
    plain = data.get("text/plain", "").strip()
    return bool(plain) and not re.match(r"<.*(Figure|Axes|Image).*>$", plain)


def test_pictures_state_a_number_in_words(path):
    """What a picture shows can be heard: its words hold at least one number that is seen."""
    wordless = [
        f"cell {number}: {words!r}"
        for number, cell in code_cells(read(path))
        for words in picture_words(cell)
        if not re.search(r"\d", words)
    ]
    assert not wordless, f"say in the alt text or the label which numbers are seen: {wordless}"


def picture_words(cell):
    """The alt texts of a cell's figures, and the labels of its widgets as they open."""
    for output in cell["outputs"]:
        data = output.get("data", {})
        plain = data.get("text/plain", "")
        if any(kind.startswith("image/") for kind in data):
            yield output["metadata"].get("image/png", {}).get("alt", plain)
        elif widget := widget_named(plain):
            yield re.search(r'aria-label="([^"]*)"', opened(widget).picture.svg)[1]


def test_links_to_files_lead_somewhere(path):
    text = prose(read(path))
    links = re.findall(r"\]\(([^)\s]+)", text) + re.findall(r"(?:href|src)=\"([^\"]+)\"", text)
    local = [link.split("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    dead = [link for link in local if link and not (path.parent / unquote(link)).exists()]
    assert not dead, f"links that lead nowhere: {dead}"


def test_nothing_is_fetched_while_it_is_read(path):
    text = prose(read(path))
    fetched = re.findall(r"!\[[^\]]*\]\((https?:[^)]*)\)|src=\"(https?:[^\"]*)\"", text)
    assert not fetched, "pictures come with the course, not from the network"


def test_this_folder_holds_no_other_notebook(path):
    others = set(path.parent.glob("*.ipynb")) - set(notebook_files.NOTEBOOKS)
    assert not others, f"notebooks that no test runs (name them NN_topic.ipynb): {others}"
