"""Submissions for tests: the solved notebook of assignment 01 with other answers in some cells."""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "solutions" / "01_perceptron"
SOLUTION = (FOLDER / "01_perceptron.ipynb").read_bytes()


def submission(**answers: str) -> bytes:
    """The solution with other sources in some answer cells: answer_01_3="..."."""
    notebook = json.loads(SOLUTION)
    wanted = {name.replace("_", "-"): source for name, source in answers.items()}
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in wanted:
            cell["source"] = wanted.pop(grade_id)
    assert not wanted, f"no such cells: {list(wanted)}"
    return json.dumps(notebook).encode()
