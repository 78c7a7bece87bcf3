"""The engine shows the contract's names, all of them and no others, and those are PyTorch's."""

import importlib
import inspect
import re
import types

import pytest
import torch
import torch.nn.functional
import torch.utils.data
from contract import CONTRACT, OWN_TENSOR, TENSOR, UTILS
from sources import ROOT

import engine

# Every module may work with these; they are public one floor up.
EVERYWHERE = {"Tensor", "Generator", "default_generator", "annotations"}
SHOWN = {**CONTRACT, "engine.utils": UTILS}
TESTS = " ".join(
    path.read_text(encoding="utf-8")
    for path in (ROOT / "tests/engine").glob("test_*.py")
    if path.stem != "test_gradients"  # differences know nothing of PyTorch
)


def shown(module):
    """The names a reader finds in a module: __all__, or what it holds beside other modules."""
    if hasattr(module, "__all__"):
        return set(module.__all__)
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    } - EVERYWHERE


@pytest.mark.parametrize("name", SHOWN)
def test_a_module_shows_no_name_outside_the_contract(name):
    outside = shown(importlib.import_module(name)) - SHOWN[name]
    assert not outside, (
        f"{name} also shows {sorted(outside)}: add them to tests/project/contract.py if the course "
        "is to have them, else begin their names with _"
    )


@pytest.mark.parametrize("name", SHOWN)
def test_a_module_has_every_name_of_the_contract(name):
    module = importlib.import_module(name)
    missing = {item for item in SHOWN[name] if not hasattr(module, item)}
    assert not missing, (
        f"{name} has no {sorted(missing)}: import them in that module, or take them out of "
        "tests/project/contract.py"
    )


def test_tensors_have_the_names_of_the_contract_and_no_others():
    public = {name for name in [*dir(engine.Tensor), *dir(engine.ones(1))] if name[0] != "_"}
    allowed = TENSOR | OWN_TENSOR
    assert public == allowed, (
        "TENSOR of tests/project/contract.py and the tables of engine/tensor.py differ: not in the "
        f"contract {sorted(public - allowed)}, not in the engine {sorted(allowed - public)}"
    )


@pytest.mark.parametrize("name", CONTRACT)
def test_the_contract_has_pytorch_s_names(name):
    counterpart = importlib.import_module(name.replace("engine", "torch", 1))
    unknown = {item for item in CONTRACT[name] if not hasattr(counterpart, item)}
    assert not unknown, f"not in {counterpart.__name__}: {sorted(unknown)}"


def test_the_contract_s_methods_are_pytorch_s():
    unknown = {name for name in TENSOR if not hasattr(torch.Tensor, name)}
    assert not unknown, f"not in torch.Tensor: {sorted(unknown)}"


# PyTorch's "fro" is our 2, its default generator our None, and `x.split` is what users write; a
# dtype is made by no user, and Optimizer has one argument more for its subclasses.
SAID_OTHERWISE = {"norm", "random_split", "split", "dtype", "Optimizer"}


def arguments(thing):
    """Name -> default of the arguments that have names, or None if Python cannot read them all."""
    try:
        found = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    kinds = [p.kind for p in found]
    named = [p for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    defaults = {p.name: getattr(p.default, "__name__", p.default) for p in named}
    return None if inspect.Parameter.VAR_POSITIONAL in kinds else defaults


@pytest.mark.parametrize("name", CONTRACT)
def test_arguments_have_pytorch_s_names_order_and_defaults(name):
    counterpart = importlib.import_module(name.replace("engine", "torch", 1))
    different = []
    for item in sorted(CONTRACT[name] - SAID_OTHERWISE):
        ours = arguments(getattr(importlib.import_module(name), item))
        theirs = arguments(getattr(counterpart, item))
        if ours is not None and theirs is not None:
            shared = [(key, default) for key, default in theirs.items() if key in ours]
            if list(ours.items()) != shared:
                different.append(f"{item}: {ours}, but PyTorch has {theirs}")
    assert not different, f"{name}: name, order or default of an argument differs: {different}"


@pytest.mark.parametrize("name", [name for name in SHOWN if name != "engine"])
def test_every_name_is_tested(name):
    def tested(item):
        family = re.sub("[123]d$", "", item)  # tests write f"MaxPool{dims}d"
        dims = r"([123]|\{\w+\})d" if family != item else ""
        return re.search(rf"\b{family}{dims}\b", TESTS)

    missing = [item for item in sorted(SHOWN[name]) if not tested(item)]
    assert not missing, (
        f"no test in tests/engine names {missing} of {name}: compare them with PyTorch there "
        "(check_module and check in against_torch.py)"
    )
