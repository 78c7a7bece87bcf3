"""The engine shows the contract's names and no others, and those are PyTorch's."""

import importlib
import types

import pytest
import torch
import torch.nn.functional
import torch.utils.data
from contract import CONTRACT, OWN_TENSOR, TENSOR, UTILS

import engine

# Every module may work with these; they are public one floor up.
EVERYWHERE = {"Tensor", "Generator", "default_generator", "annotations"}


def shown(module):
    """The names a reader finds in a module: __all__, or what it holds beside other modules."""
    if hasattr(module, "__all__"):
        return set(module.__all__)
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    } - EVERYWHERE


@pytest.mark.parametrize("name", [*CONTRACT, "engine.utils"])
def test_a_module_shows_no_name_outside_the_contract(name):
    outside = shown(importlib.import_module(name)) - CONTRACT.get(name, UTILS)
    assert not outside, f"{name} also shows {sorted(outside)}"


def test_tensors_show_no_name_outside_the_contract():
    public = {name for name in dir(engine.Tensor) if not name.startswith("_")}
    public |= {name for name in dir(engine.ones(1)) if not name.startswith("_")}
    assert public <= TENSOR | OWN_TENSOR, sorted(public - TENSOR - OWN_TENSOR)


@pytest.mark.parametrize("name", CONTRACT)
def test_the_contract_has_pytorch_s_names(name):
    counterpart = importlib.import_module(name.replace("engine", "torch", 1))
    unknown = {item for item in CONTRACT[name] if not hasattr(counterpart, item)}
    assert not unknown, f"not in {counterpart.__name__}: {sorted(unknown)}"


def test_the_contract_s_methods_are_pytorch_s():
    unknown = {name for name in TENSOR if not hasattr(torch.Tensor, name)}
    assert not unknown, sorted(unknown)
