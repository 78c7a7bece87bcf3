"""The one form in which notebooks are stored, so that a stored notebook changes only if its
content does, and says nothing about the machine that ran it."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from typing import Any

Notebook = dict[str, Any]

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")

# What must not stand in an output, and what to call it.
UNSTABLE = (
    (re.compile(r"(?<![\w.])/(?:home|Users|root|tmp|work|usr|opt|var|mnt)/\S+"), "a path"),
    (re.compile(r"\b[A-Z]:\\\S+"), "a path"),
    (re.compile(r"\bsite-packages\b"), "a path"),
    (re.compile(r"\b0x[0-9a-fA-F]{6,}\b"), "a memory address"),
    (re.compile(r"\b\d[\d.,]*\s?(?:ns|µs|μs|us|ms|seconds|it/s)\b"), "a timing"),
)


def as_text(notebook: Notebook) -> str:
    """The file of a notebook: sorted keys, one space of indent, a newline at the end."""
    return json.dumps(_split_lines(notebook), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def from_text(text: str) -> Notebook:
    """Read a notebook of format 4, its multi-line strings joined.

    Raises: ValueError for text that is no notebook or has another format.
    """
    notebook = json.loads(text)
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        raise ValueError("This is not a notebook of format 4.")
    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        cell["source"] = _joined(cell["source"])
        for output in cell.get("outputs", ()):
            if "text" in output:
                output["text"] = _joined(output["text"])
            for kind, value in output.get("data", {}).items():
                if _is_text(kind):
                    output["data"][kind] = _joined(value)
    return notebook


def normalized(notebook: Notebook) -> Notebook:
    """A copy in the normal form; doing it twice changes nothing more.

    Outputs keep what a reader sees. Widget views go, since their model ids are drawn at random
    and nothing can show them without a kernel; the constant text beside them stays. Tracebacks
    become their last line. Neighbouring pieces of one stream become one.
    """
    cells = [_normal_cell(cell) for cell in notebook["cells"]]
    _give_ids(cells)
    counts = (
        cell
        for cell in cells
        if cell["cell_type"] == "code" and cell["execution_count"] is not None
    )
    for count, cell in enumerate(counts, start=1):
        cell["execution_count"] = count
        for output in cell["outputs"]:
            if output["output_type"] == "execute_result":
                output["execution_count"] = count
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def problems(text: str) -> list[str]:
    """What keeps this notebook file from being in the normal form; empty where nothing does."""
    notebook = from_text(text)
    found = _cell_problems(notebook["cells"])
    if not found and text.replace("\r\n", "\n") != as_text(normalized(notebook)):
        found.append("the file is not in the normal form: course notebooks --refresh writes it")
    return found


def _cell_problems(cells: list[dict[str, Any]]) -> list[str]:
    found = []
    ids = [cell.get("id") for cell in cells]
    if None in ids or len(set(ids)) < len(ids):
        found.append("cell ids are missing or not unique")
    ran = [cell for cell in cells if cell["cell_type"] == "code" and cell["source"].strip()]
    counts = [cell.get("execution_count") for cell in ran]
    if counts != list(range(1, len(ran) + 1)):
        found.append(f"execution counts are not 1, 2, 3, ...: {counts}")
    for number, cell in enumerate(cells):
        for output in cell.get("outputs", ()):
            if WIDGET_VIEW in output.get("data", {}):
                found.append(f"cell {number}: a stored widget view")
            for shown in _shown(output):
                for pattern, what in UNSTABLE:
                    if match := pattern.search(shown):
                        found.append(f"cell {number}: the output shows {what}: {match.group()!r}")
    return found


def _shown(output: dict[str, Any]) -> list[str]:
    """The texts of an output that change with the machine if anything does."""
    texts = [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", ())]
    # An SVG is full of numbers and addresses of its own namespaces; its labels are its authors'.
    return texts + [
        v for k, v in output.get("data", {}).items() if k in ("text/plain", "text/html")
    ]


def _normal_cell(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata", {})
    kept = {"tags": sorted(set(metadata["tags"]))} if metadata.get("tags") else {}
    if "nbgrader" in metadata:  # which cells of a solution are answers, and what they are worth
        kept["nbgrader"] = metadata["nbgrader"]
    normal = {
        "cell_type": cell["cell_type"],
        "metadata": kept,
        "source": cell["source"],
    }
    if "id" in cell:
        normal["id"] = cell["id"]
    if cell.get("attachments"):
        normal["attachments"] = cell["attachments"]
    if cell["cell_type"] == "code":
        empty = not cell["source"].strip()
        normal["execution_count"] = None if empty else cell.get("execution_count")
        normal["outputs"] = _normal_outputs(cell.get("outputs", []))
    return normal


def _normal_outputs(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    normal: list[dict[str, Any]] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            before = normal[-1] if normal else {}
            if before.get("output_type") == "stream" and before["name"] == output["name"]:
                before["text"] += output["text"]
                continue
            normal.append({"output_type": kind, "name": output["name"], "text": output["text"]})
        elif kind == "error":
            last_line = f"{output['ename']}: {output['evalue']}"
            normal.append(
                {
                    "output_type": kind,
                    "ename": output["ename"],
                    "evalue": output["evalue"],
                    "traceback": [last_line],
                }
            )
        else:
            data = {key: value for key, value in output["data"].items() if key != WIDGET_VIEW}
            shown = {"output_type": kind, "data": data, "metadata": output.get("metadata", {})}
            if kind == "execute_result":
                shown["execution_count"] = output.get("execution_count")
            normal.append(shown)
    return normal


def _give_ids(cells: list[dict[str, Any]]) -> None:
    """Keep valid ids; a cell without one gets one from its content, the same on every machine."""
    taken: set[str] = set()
    for cell in cells:
        wanted = cell.get("id", "")
        salt = 0
        while not CELL_ID.fullmatch(wanted) or wanted in taken:
            wanted = hashlib.sha256(f"{salt}{cell['source']}".encode()).hexdigest()[:8]
            salt += 1
        cell["id"] = wanted
        taken.add(wanted)


def _is_text(mime_type: str) -> bool:
    return mime_type.startswith("text/") or mime_type in ("image/svg+xml", "image/png")


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def _split_lines(notebook: Notebook) -> Notebook:
    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
        for output in cell.get("outputs", ()):
            if "text" in output:
                output["text"] = output["text"].splitlines(keepends=True)
            for kind, value in output.get("data", {}).items():
                if _is_text(kind) and kind != "image/png":
                    output["data"][kind] = value.splitlines(keepends=True)
    return notebook
