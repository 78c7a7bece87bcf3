"""Cross-checks print one line for each pair and say False for every kind of difference."""

import math

import numpy as np
import pytest
import torch

import engine
from engine.lab import cross_check
from engine.lab import cross_check as decorator
from engine.lab.cross_check import agree


def test_each_pair_is_one_line(capsys):
    @cross_check(tolerance=1e-9)
    def results(torch):
        return {"sum": (engine.tensor(3.0), torch.tensor(3.0)), "mean": (1.0, 1.1)}

    assert capsys.readouterr().out == (
        "sum: engine and PyTorch agree to 1e-09: True\n"
        "mean: engine and PyTorch agree to 1e-09: False\n"
    )


def test_the_default_tolerance_is_printed(capsys):
    @decorator()
    def results(torch):
        return {"one": (1.0, 1.0 + 1e-13)}

    assert capsys.readouterr().out == "one: engine and PyTorch agree to 1e-12: True\n"


def test_without_pytorch_one_sentence_is_printed(capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)

    @decorator()
    def results(torch):
        raise AssertionError("nothing to compare with")

    assert capsys.readouterr().out == (
        "PyTorch is not installed here, so this cross-check is left out.\n"
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (engine.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0])),
        (engine.tensor([1.0], requires_grad=True), torch.tensor([1.0], requires_grad=True)),
        (torch.tensor([1, 2]), torch.tensor([1.0, 2.0])),
        (np.array([[1.0]]), torch.tensor([[1.0]])),
        (2.5, torch.tensor(2.5)),
        ([engine.tensor([1.0]), engine.tensor([1.0, 2.0])], [[1.0], torch.tensor([1.0, 2.0])]),
        (float("nan"), torch.tensor(float("nan"))),
        (float("inf"), float("inf")),
        ("adam", "adam"),
        (engine.tensor([]), torch.tensor([])),
        (1e6 * (1 + 1e-13), 1e6),
    ],
)
def test_equal_values_agree(ours, theirs):
    assert agree(ours, theirs, 1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (engine.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1])),
        (engine.tensor([1.0]), torch.tensor(1.0)),
        (engine.tensor([[1.0, 2.0]]), torch.tensor([1.0, 2.0])),
        ([1.0, 2.0], [1.0]),
        ([[1.0], [1.0, 2.0]], [[1.0], [1.0]]),
        (float("nan"), 0.0),
        (0.0, float("nan")),
        (1.0, float("inf")),
        (float("inf"), -math.inf),
        (None, 1.0),
        ("adam", 1.0),
        (object(), torch.tensor(1.0)),
        ({"a": 1}, [1.0, 2.0]),
        (1e-11, 0.0),
    ],
)
def test_a_difference_of_any_kind_is_false_and_never_raises(ours, theirs):
    assert not agree(ours, theirs, 1e-12)


@pytest.mark.parametrize("tolerance", [0.0, -1e-12, math.nan])
def test_a_tolerance_must_be_positive(tolerance):
    with pytest.raises(ValueError, match="above 0, got"):
        decorator(tolerance)


def test_parentheses_are_asked_for():
    with pytest.raises(TypeError, match="with parentheses"):
        decorator(lambda torch: {})


@pytest.mark.parametrize("returned", [None, [(1, 1)], {"a": 1.0}, {"a": (1, 2, 3)}])
def test_something_else_than_pairs_is_named(returned):
    with pytest.raises(TypeError, match=r"\(ours, theirs\)"):
        decorator()(lambda torch: returned)
