"""How long a notebook takes: what it states is what its parts add up to, 35 to 50 minutes.

The pace is a first reader's: prose with formulas at 150 words a minute, five seconds for a line of
code, half a minute for a figure or a prediction, three minutes to play with a widget.
"""

import re

import pytest
from notebook_files import NOTEBOOKS, code_cells, prose, read
from widget_models import widget_named

WORDS_A_MINUTE = 150
MINUTES = {"line of code": 5 / 60, "figure": 0.5, "prediction": 0.5, "widget": 3}


def parts(path):
    """How many words and other things there are to read."""
    notebook = read(path)
    text = re.sub(r"\$[^$]*\$", " formula ", prose(notebook))
    count = dict.fromkeys(MINUTES, 0)
    for _, cell in code_cells(notebook):
        count["line of code"] += sum(bool(line.strip()) for line in cell["source"].splitlines())
        count["prediction"] += len(re.findall(r"\bask\(", cell["source"]))
        data = [output.get("data", {}) for output in cell["outputs"]]
        count["figure"] += sum("image/png" in shown for shown in data)
        count["widget"] += sum(
            widget_named(shown.get("text/plain", "")) is not None for shown in data
        )
    return len(re.findall(r"\w[\w'’.-]*", text)), count


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_time_that_it_states_is_the_time_that_it_takes(path):
    words, count = parts(path)
    takes = words / WORDS_A_MINUTE + sum(MINUTES[part] * n for part, n in count.items())
    stated = int(re.search(r"Time: (\d+) minutes", prose(read(path)))[1])
    print(f"{path.stem}: {takes:.0f} minutes, states {stated}: {words} words, {count}")
    assert abs(takes - stated) <= 3 and stated % 5 == 0, (
        f"it takes {takes:.1f} minutes: state the nearest five after 'Time:' in its goals, not "
        f"{stated}, and in docs/syllabus.md; or make it shorter"
    )
    if not path.stem.startswith("00"):
        assert 35 <= stated <= 50 and 33 <= takes <= 52, (
            f"it states {stated} and takes {takes:.1f}: a notebook has 35 to 50 minutes"
        )
