"""Renaming imports: what a notebook takes from the numeric core comes from torch instead."""

from torch_twin import on_torch, shown_texts


def notebook(*cells):
    return {
        "cells": [
            {"cell_type": "code", "source": source, "metadata": {"tags": tags}, "outputs": []}
            for source, *tags in cells
        ]
    }


def sources(*cells):
    return [cell["source"] for cell in on_torch(notebook(*cells))["cells"]]


def run(*cells):
    names = {}
    for source in sources(*cells):
        exec(source, names)
    return names


def test_the_agreed_import_forms_are_renamed():
    names = run(
        ("import engine",),
        ("from engine import nn, optim",),
        ("from engine.nn import functional as F",),
        ("from engine.utils.data import (\n    DataLoader,\n    TensorDataset,\n)",),
    )
    assert names["engine"].__name__ == "torch"
    assert names["nn"].__name__ == "torch.nn"
    assert names["optim"].__name__ == "torch.optim"
    assert names["F"].__name__ == "torch.nn.functional"
    assert names["DataLoader"].__module__.startswith("torch.")
    assert names["TensorDataset"].__module__.startswith("torch.")


def test_an_import_inside_code_keeps_its_neighbours():
    assert sources(("x = 1\nimport math, engine\ny = 2",)) == [
        "x = 1\nimport torch as engine\nimport math\ny = 2"
    ]


def test_tools_come_from_the_packages_that_pytorchs_users_take():
    assert sources(("from engine.utils import LRFinder, gradcheck, summary",)) == [
        "from torch_lr_finder import LRFinder as LRFinder\n"
        "from torchinfo import summary as summary\n"
        "from engine.utils import gradcheck"
    ]


def test_pictures_data_and_checks_keep_the_engine():
    for line in (
        "from engine.lab import ask",
        "from engine.datasets import load_digits",
        "from engine.grading import check",
        "import engine.lab",
    ):
        assert sources((line,)) == [line]


def test_a_tagged_cell_sees_the_engine_and_the_next_cell_torch_again():
    cells = (
        ("import engine",),
        ("inside = engine.__name__", "engine-inside"),
        ("outside = engine.__name__",),
    )
    names = run(*cells)
    assert (names["inside"], names["outside"]) == ("engine", "torch")


def test_an_import_made_in_a_tagged_cell_is_torch_s_in_the_next():
    names = run(
        ("from engine import nn\ninside = nn.__name__", "engine-inside"),
        ("outside = nn.__name__",),
    )
    assert (names["inside"], names["outside"]) == ("engine.nn", "torch.nn")


def test_the_notebook_itself_is_left_alone():
    original = notebook(("import engine",))
    on_torch(original)
    assert original["cells"][0]["source"] == "import engine"


def test_only_texts_are_compared():
    cell = {
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": "a\n"},
            {
                "output_type": "display_data",
                "data": {"image/png": "xx", "text/plain": "a figure"},
            },
            {"output_type": "error", "ename": "ValueError", "evalue": "ours", "traceback": []},
        ]
    }
    assert shown_texts(cell) == ["stdout: a\n", "text/plain: a figure", "raised ValueError"]


def test_a_progress_bar_is_no_text():
    bar = {
        "output_type": "display_data",
        "data": {"text/plain": "  0%|          | 0/100 [00:00<?]"},
    }
    warning = {"output_type": "stream", "name": "stderr", "text": "a.py:5: TqdmExperimentalWarning"}
    share = {"output_type": "execute_result", "data": {"text/plain": "100% | right"}}
    other = {"output_type": "stream", "name": "stderr", "text": "UserWarning: look at this"}
    texts = shown_texts({"outputs": [bar, warning, share, other]})
    assert texts == ["text/plain: 100% | right", "stderr: UserWarning: look at this"]
