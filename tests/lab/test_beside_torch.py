"""Names, arguments and programs of the engine, as notebook 09 lays them beside PyTorch's."""

import re
import types

import pytest
import torch

import engine
from engine.lab import beside_torch, listings, signatures


def test_arguments_are_read_by_name_and_in_order():
    def function(x, weight, bias=None, *rest, size=2, **options):
        return x

    class Layer:
        def __init__(self, width, bias=True):
            self.width = width

    module = types.ModuleType("part")
    module.function, module.Layer, module._hidden, module.number = function, Layer, function, 3
    assert signatures(module) == {
        "Layer": ("width", "bias"),
        "function": ("weight", "bias", "size"),
    }
    module.__all__ = ["Layer"]
    assert list(signatures(module)) == ["Layer"]


def test_names_that_are_not_there_are_left_out():
    assert signatures(engine.nn, ["Linear", "Lin"]) == {
        "Linear": ("in_features", "out_features", "bias", "device", "dtype")
    }


def test_what_is_written_in_c_tells_nothing():
    assert signatures(torch, ["add"]) == {"add": ()}


def test_modules_of_the_engine_show_only_what_they_are_for():
    for module in (engine.nn, engine.optim, engine.nn.init):
        assert not {"Tensor", "Generator", "annotations"} & set(signatures(module))
    assert set(signatures(engine.optim)) == {"Optimizer", "SGD", "RMSprop", "Adam", "AdamW"}


def test_all_thirty_listings_are_found():
    found = {number for name in listings() for number in re.findall(r"l\d\d", name)}
    assert found == {f"l{number:02}" for number in range(1, 31)}
    assert "import engine" in listings()["l28_cross_entropy"]


def test_without_the_repository_it_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(beside_torch.engine, "__file__", str(tmp_path / "engine" / "__init__.py"))
    with pytest.raises(FileNotFoundError, match="comes with the course's repository"):
        listings()
