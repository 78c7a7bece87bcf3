"""How an exercise stands in its solutions/ notebook: statement, hints, answer, check, points."""

import json
import re
from pathlib import Path

import pytest

from engine.course.exercises import missing_parts
from engine.grading.exercises import Choice, load_exercises

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "solutions").glob("*/checks.py"))
each = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def cells(folder):
    text = (folder / f"{folder.name}.ipynb").read_text(encoding="utf-8")
    return [(cell["metadata"], "".join(cell["source"])) for cell in json.loads(text)["cells"]]


def explains(metadata):
    return "solution-only" in metadata.get("tags", ())


def problems(exercise, content):
    """What a reader of an exercise misses, in words. content: the notebook's cells."""
    sources = [source for _, source in content]
    if (call := f'check("{exercise.id}")') not in sources:
        return [f"no cell with nothing but {call}"]
    place = sources.index(call)
    after = content[place + 1][0] if content[place + 1 :] else {}
    (_, statement), (answer_marks, answer), (check_marks, _) = content[place - 2 : place + 1]
    right = {
        'the check cell is not marked "locked": true': check_marks.get("nbgrader", {}).get(
            "locked"
        ),
        'the cell above the check is not marked "solution": true': answer_marks.get(
            "nbgrader", {}
        ).get("solution"),
        "the answer has no ### END SOLUTION": "### END SOLUTION" in answer,
        f"the cell above the answer does not start with '## {exercise.id} · title'": (
            statement.startswith(f"## {exercise.id} · ")
        ),
        f"the line below the title is not '*Core · 10 minutes · {exercise.points} points*'": (
            re.search(
                rf"^\*.+ · \d.* minutes · {exercise.points} points?( · .*)?\*$", statement, re.M
            )
        ),
        "the statement has not three hints (<summary>Hint 1</summary>, 2, 3)": all(
            f"Hint {i}</summary>" in statement for i in (1, 2, 3)
        ),
        "the statement has no **Example.**": isinstance(exercise, Choice)
        or "**Example.**" in statement,
        "the cell below the check is no explanation tagged solution-only": explains(after),
    }
    return [words for words, well in right.items() if not well]


@each
def test_an_exercise_is_whole(folder):
    content, exercises = cells(folder), load_exercises(folder)
    found = list(missing_parts(exercises, (folder / f"{folder.name}.ipynb").read_bytes()))
    found += [
        f"{exercise.id}: {problem}"
        for exercise in exercises
        for problem in problems(exercise, content)
    ]
    assert not found, "\n".join([f"in solutions/{folder.name}:", *found])


@each
def test_every_check_of_the_notebook_is_one_of_checks_py(folder):
    known = {exercise.id for exercise in load_exercises(folder)}
    called = {
        match[1]
        for m, source in cells(folder)
        if not explains(m) and (match := re.match(r'check\("(.+?)"', source))
    }
    assert called <= known, f"no Exercise or Choice in checks.py: {sorted(called - known)}"


@each
def test_the_title_counts_the_points(folder):
    """Of checks and of readers together."""
    title, *statements = [source for _, source in cells(folder)]
    told = re.search(r"\*\*Points\*\* ([^·\n]*)", title)[1].strip()
    each = re.findall(r"^\*.+ · (\d+) points?\b.*\*$", "\n".join(statements), re.MULTILINE)
    assert int(told.split(",")[0]) == sum(map(int, each)), (
        f"the first cell says **Points** {told}, the exercises have {' + '.join(each)}"
    )


@each
def test_the_title_adds_up_the_minutes(folder):
    """From the least to the most: "5" and "10 to 15" are "15 to 20"."""
    title, *statements = [source for _, source in cells(folder)]
    told = re.search(r"\*\*Time\*\* (.+?) minutes", title)[1]
    each = re.findall(r"^\*.+ · (\d.*?) minutes\b.*\*$", "\n".join(statements), re.MULTILINE)
    ranges = [[int(bound) for bound in minutes.split(" to ")] for minutes in each]
    least, most = sum(bounds[0] for bounds in ranges), sum(bounds[-1] for bounds in ranges)
    right = f"{least} to {most}" if least < most else f"{most}"
    assert told == right, (
        f"the first cell says **Time** {told} minutes, the exercises add up to {right}"
    )
