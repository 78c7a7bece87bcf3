"""README and docs/: examples run, links lead somewhere, the syllabus knows every exercise."""

import doctest
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from itertools import pairwise

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


@pytest.mark.parametrize("name", ["docs/instructors.md", "CONTRIBUTING.md"])
def test_a_page_says_what_course_stands_for_before_it_says_course(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    told = re.search(r"`course` .*is .*`\.venv/bin/python -m engine\.course`", text)
    assert told and told.start() < re.search(r"`course \w|^course ", text, re.MULTILINE).start()


def test_the_configuration_with_the_late_penalty_of_the_page_passes_lint():
    page = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    (penalty,) = re.findall(r"```python\n(from nbgrader.*?)```", page, re.DOTALL)
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "check", "--stdin-filename", "nbgrader_config.py", "-"]
    text = f"{settings}\n\n{penalty}"
    found = subprocess.run(ruff, input=text, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    for link in links:
        if not link.startswith(("http://", "https://", "mailto:")):
            file, _, anchor = link.partition("#")
            target = page.parent / file if file else page
            assert target.exists(), f"{link} leads nowhere"
            if anchor and target.suffix == ".md":
                headings = headings_of(target)
                assert anchor in headings, f"{link}: no such heading, there are {headings}"


def headings_of(page):
    """The headings of a page in the form in which links name them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    plain = (re.sub(r"[^\w\- ]", "", title) for title in re.findall(r"(?m)^#+ (.+)$", text))
    return [title.strip().lower().replace(" ", "-") for title in plain]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_pictures_have_alt_text(page):
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    bare = [file for words, file in pictures if len(words) < 20]
    assert not bare, f"say in words what is seen, ![words](file): {bare}"


@cache
def cells_of(number):
    """The texts of a notebook's cells; formulas and code have words of their own. None of a
    notebook that was taken out."""
    paths = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    cells = [cell for path in paths for cell in json.loads(path.read_text("utf-8"))["cells"]]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return [re.sub(r"\$[^$]*\$|`[^`]*`|\]\([^)]*\)", "", text) for text in texts]


ROW = re.compile(r"\| ([^|]+) \| [^|]+\.\)? \| \[(\d\d)\]\(\.\./notebooks/\2_\w+\.ipynb\) \|")


def rows():
    """The lines of the glossary's table, below the two of its head."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def glossary():
    return [match.groups() for match in map(ROW.fullmatch, rows()) if match]


# Headings, lists, tables, myths, "see notebook 08" and what comes next may name what is to come.
OUTLOOK = r"\*\*Next(?s:.*)|^(?:#|\||>|\* |- |\d\. ).*|[^.]*\bnotebooks? \d[^.]*\."
# Words of ordinary English too, which notebooks use before they give them their own meaning.
EVERYDAY = {"batch", "cell", "gate", "kernel", "keys", "layer", "model", "query", "values"}


@pytest.mark.parametrize(("entry", "number"), glossary(), ids=lambda value: value)
def test_a_word_is_introduced_in_the_notebook_that_the_glossary_names(entry, number):
    for word in entry.split(", "):
        pattern = rf"(?<![\w-]){re.escape(word)}(?:s|es)?(?![\w-])"
        bold = rf"\*\*[^*]*{pattern}[^*]*\*\*"
        texts = cells_of(number)
        introduced = [text for text in texts if re.search(bold, text, re.IGNORECASE)]
        assert introduced, f"docs/glossary.md: notebook {number} does not have {word} in bold"
        if word in EVERYDAY:
            continue
        for earlier in range(int(number)):
            for text in cells_of(f"{earlier:02d}")[1:]:
                told = re.sub(OUTLOOK, "", text, flags=re.MULTILINE)
                early = re.search(pattern, told, re.IGNORECASE)
                assert not early, f"{word} stands in notebook {earlier:02d} already: {told}"


def test_a_row_of_the_glossary_has_a_word_a_sentence_and_its_notebook():
    wrong = [row for row in rows() if not ROW.fullmatch(row)]
    form = "| word | One sentence. | [NN](../notebooks/NN_topic.ipynb) |"
    assert not wrong, "\n".join([f"docs/glossary.md: these rows are not {form}", *wrong])


def test_the_glossary_is_in_order():
    words = [entry.lower() for entry, _ in glossary()]
    found = [f"{one!r} above {two!r}" for one, two in pairwise(words) if one >= two]
    assert len(words) > 100
    assert not found, f"docs/glossary.md: not in the order of the alphabet, or twice: {found}"


def test_the_syllabus_states_the_notebooks_times():
    text = (ROOT / "docs" / "syllabus.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        minutes = re.search(r"Time: (\d+) minutes", path.read_text(encoding="utf-8"))[1]
        assert f"{path.name}) ({minutes} min)" in text


def test_the_table_in_the_readme_has_every_notebook():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [path.name for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    missing = [name for name in names if f"(notebooks/{name})" not in text]
    assert names and not missing, f"README.md, For students: no row for {missing}"


def test_the_syllabus_knows_every_notebook_and_exercise():
    text = (ROOT / "docs" / "syllabus.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        assert f"../notebooks/{path.name}" in text, f"docs/syllabus.md has no row for {path.name}"
    headings = [
        match[1]
        for path in sorted((ROOT / "solutions").glob("*/*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if (match := re.match(r"## (\d\d\.\d · .+)", "".join(cell["source"])))
    ]
    assert len(headings) > 50
    missing = [heading for heading in headings if heading.replace(" · ", " ", 1) not in text]
    assert not missing, f"add to the row of their notebook in docs/syllabus.md: {missing}"
    left = set(re.findall(r"[|·] (\d\d\.\d) ", text)) - {heading[:4] for heading in headings}
    assert not left, f"docs/syllabus.md names exercises that solutions/ has not: {sorted(left)}"


@pytest.mark.skipif(
    not ((ROOT / ".git").exists() and shutil.which("git")), reason="a copy without git"
)
@pytest.mark.parametrize("name", ["submissions.zip", "appeal/", "appeal-grades", "course-2.zip"])
def test_git_leaves_out_what_the_instructors_commands_read_and_write(name):
    assert name in (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    file = name if name.endswith(".zip") else f"{name.rstrip('/')}/alice.ipynb"
    command = ["git", "check-ignore", "--quiet", file]
    assert not subprocess.run(command, cwd=ROOT).returncode, f".gitignore does not name {name}"
