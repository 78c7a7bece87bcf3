"""The one form in which notebooks are stored."""

import copy
import json

import pytest

from engine.course.normal_form import WIDGET_VIEW, as_text, from_text, normalized, problems


def code(source="1 + 1", outputs=(), count=1, **extra):
    cell = {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}}
    return {**cell, "execution_count": count, "id": "a", **extra}


def notebook(*cells, **metadata):
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data):
    return {"output_type": "display_data", "metadata": {}, "data": data}


def only_cell(*arguments, **keywords):
    return normalized(notebook(code(*arguments, **keywords)))["cells"][0]


def problems_of(*cells):
    return problems(as_text(normalized(notebook(*cells))))


def test_normalizing_twice_changes_nothing_more():
    messy = notebook(
        {"cell_type": "markdown", "source": "# Title", "metadata": {"editable": True}},
        code(outputs=[stream("a\n"), stream("b\n")], count=7),
        widgets={"state": {}},
    )
    once = normalized(messy)
    assert normalized(once) == once
    assert from_text(as_text(once)) == once


def test_the_original_is_left_alone():
    messy = notebook(code(outputs=[stream("a"), stream("b")], count=7))
    before = copy.deepcopy(messy)
    as_text(normalized(messy))
    assert messy == before


def test_execution_counts_run_from_one():
    cells = normalized(notebook(code(count=4), code(count=9, id="b")))["cells"]
    assert [cell["execution_count"] for cell in cells] == [1, 2]


def test_a_result_carries_the_count_of_its_cell():
    result = {"output_type": "execute_result", "execution_count": 9, "metadata": {}, "data": {}}
    assert only_cell(outputs=[result], count=9)["outputs"][0]["execution_count"] == 1


def test_a_cell_that_did_not_run_has_no_count():
    assert only_cell(count=None)["execution_count"] is None
    assert any("execution counts" in problem for problem in problems_of(code(count=None)))


def test_pieces_of_one_stream_become_one():
    outputs = only_cell(outputs=[stream("a"), stream("b"), stream("c", "stderr")])["outputs"]
    assert [(output["name"], output["text"]) for output in outputs] == [
        ("stdout", "ab"),
        ("stderr", "c"),
    ]


def test_a_widget_keeps_its_constant_text_only():
    output = shown(**{WIDGET_VIEW: {"model_id": "f3"}, "text/plain": "PerceptronLine()"})
    assert only_cell(outputs=[output])["outputs"][0]["data"] == {"text/plain": "PerceptronLine()"}


def test_metadata_keep_tags_and_the_kernel_s_name_only():
    ran = normalized(
        notebook(
            code(metadata={"tags": ["b", "a", "a"], "execution": {"started": "now"}}),
            language_info={"name": "python", "version": "3.13.1"},
            widgets={"state": {}},
        )
    )
    assert ran["cells"][0]["metadata"] == {"tags": ["a", "b"]}
    assert ran["metadata"]["kernelspec"]["name"] == "python3"
    assert ran["metadata"]["language_info"] == {"name": "python"}
    assert "widgets" not in ran["metadata"]


def test_an_error_loses_its_traceback_with_the_paths_in_it():
    folder = "/".join(("", "home", "ada", "engine.py"))
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "no",
        "traceback": [f"File {folder}", "ValueError: no"],
    }
    assert only_cell(outputs=[error])["outputs"][0]["traceback"] == ["ValueError: no"]


def test_ids_stay_and_missing_ones_are_the_same_on_every_machine():
    assert only_cell()["id"] == "a"
    without = code()
    del without["id"]
    first, second = normalized(notebook(without, copy.deepcopy(without)))["cells"]
    assert first["id"] != second["id"]
    assert normalized(notebook(without))["cells"][0]["id"] == first["id"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("/".join(("see ", "home", "ada", "x.py")), "a path"),
        ("C:\\Users\\ada", "a path"),
        ("lib/site-packages/numpy", "a path"),
        ("<object at 0x7f78cf6b3010>", "a memory address"),
        ("took 3.1 ms", "a timing"),
        ("1,000 it/s", "a timing"),
    ],
)
def test_what_changes_with_the_machine_is_found(text, what):
    for output in (stream(text), shown(**{"text/plain": text})):
        assert any(what in problem for problem in problems_of(code(outputs=[output])))


@pytest.mark.parametrize(
    "text", ["loss 0.693147", "lr 0.19: |w| = 2.7e-05", "3/4 right", "tensor([1., 2.])", "10 steps"]
)
def test_ordinary_outputs_are_no_problem(text):
    assert problems_of(code(outputs=[stream(text)])) == []


def test_stored_widget_views_are_found():
    stored = notebook(code(outputs=[shown(**{WIDGET_VIEW: {"model_id": "f3"}})]))
    assert any("widget view" in problem for problem in problems(as_text(stored)))


def test_ids_that_are_missing_or_double_are_found():
    assert any("ids" in problem for problem in problems(as_text(notebook(code(), code(count=2)))))


def test_another_layout_of_the_same_notebook_is_found():
    text = as_text(normalized(notebook(code())))
    assert problems(text) == []
    assert problems(json.dumps(json.loads(text))) != []


def test_other_files_are_refused():
    with pytest.raises(ValueError, match="format 4"):
        from_text('{"nbformat": 3, "worksheets": []}')
    with pytest.raises(ValueError):
        from_text("not a notebook")
