"""What goes wrong in a first program: PyTorch's type of error, and words that help.

Each message names what was seen and what was expected.
"""

import warnings

import numpy as np
import pytest
import torch

import engine

FLOATS = (3, 4)
CASES = {
    "a batch of the wrong width": (
        lambda t: t.nn.Linear(11, 64)(t.rand(5, 10)),
        ["5x10", "11x64", "in_features"],
    ),
    "integers into a layer": (
        lambda t: t.nn.Linear(2, 1)(t.tensor([[1, 2]])),
        ["int64", "float32"],
    ),
    "64 bits into a layer of 32": (
        lambda t: t.nn.Linear(2, 1)(t.ones(1, 2, dtype=t.float64)),
        ["float64", "float32"],
    ),
    "the pair of an LSTM into a layer": (
        lambda t: t.nn.Sequential(t.nn.LSTM(3, 4), t.nn.Linear(4, 2))(t.ones(5, 2, 3)),
        ["Tensor", "tuple"],
    ),
    "a class that does not exist": (
        lambda t: t.nn.CrossEntropyLoss()(t.rand(2, 3), t.tensor([0, 3])),
        ["3"],
    ),
    "a negative class": (
        lambda t: t.nn.CrossEntropyLoss()(t.rand(2, 3), t.tensor([0, -1])),
        ["-1"],
    ),
    "classes as floating point numbers": (
        lambda t: t.nn.CrossEntropyLoss()(t.rand(2, 3), t.tensor([0.0, 1.0])),
        [],
    ),
    "one target too few": (
        lambda t: t.nn.CrossEntropyLoss()(t.rand(3, 2), t.tensor([0, 1])),
        ["3", "2"],
    ),
    "probabilities above 1": (
        lambda t: t.nn.BCELoss()(t.tensor([1.5]), t.tensor([1.0])),
        ["0 and 1", "1.5"],
    ),
    "a loss of NaN": (
        lambda t: t.nn.BCELoss()(t.tensor([float("nan")]), t.tensor([1.0])),
        ["0 and 1", "nan"],
    ),
    "a column against a row": (
        lambda t: t.nn.BCELoss()(t.rand(4, 1), t.ones(4)),
        ["[4]", "[4, 1]"],
    ),
    "backward of many numbers": (
        lambda t: (t.ones(3, requires_grad=True) * 2).backward(),
        ["(3,)", "sum()"],
    ),
    "backward of a constant": (lambda t: t.ones(()).backward(), ["grad"]),
    "a negative learning rate": (
        lambda t: t.optim.SGD([t.ones(1, requires_grad=True)], lr=-0.1),
        ["-0.1"],
    ),
    "a negative learning rate for Adam": (
        lambda t: t.optim.Adam([t.ones(1, requires_grad=True)], lr=-1e-3),
        ["-0.001"],
    ),
    "an optimizer without parameters": (lambda t: t.optim.SGD([], lr=0.1), ["empty"]),
    "a parameter in two groups": (
        lambda t: (lambda w: t.optim.SGD([{"params": [w]}, {"params": [w]}], lr=0.1))(
            t.ones(1, requires_grad=True)
        ),
        ["more than one"],
    ),
    "an optimizer of a computed tensor": (
        lambda t: t.optim.SGD([t.ones(1, requires_grad=True) * 2], lr=0.1),
        ["leaf"],
    ),
    "a model without super().__init__()": (
        lambda t: type("Broken", (t.nn.Module,), {"__init__": broken_init})(t),
        ["__init__"],
    ),
    "a model without forward": (
        lambda t: type("Silent", (t.nn.Module,), {})()(t.ones(1)),
        ["forward"],
    ),
    "a dropout probability of 2": (lambda t: t.nn.Dropout(2), ["2"]),
    "a change of a leaf in place": (
        lambda t: t.ones(2, requires_grad=True).add_(1),
        ["leaf"],
    ),
}


def broken_init(self, t):
    self.layer = t.nn.Linear(1, 1)


@pytest.mark.parametrize("name", CASES)
def test_pytorchs_error_with_a_message_that_helps(name):
    call, words = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as theirs:
            call(torch)
        with pytest.raises(type(theirs.value)) as ours:
            call(engine)
    assert type(ours.value) is type(theirs.value)
    for word in words:
        assert word in str(ours.value)


def test_a_second_backward_names_the_operation_and_the_way_out():
    for t in (engine, torch):
        x = t.ones(2, requires_grad=True)
        loss = (x * x).sum()
        loss.backward()
        with pytest.raises(RuntimeError, match="second time") as error:
            loss.backward()
        assert "retain_graph=True" in str(error.value)


def test_a_parameter_used_twice_gets_both_gradients():
    results = []
    for t in (engine, torch):
        t.manual_seed(0)
        layer = t.nn.Linear(3, 3)
        layer(layer(t.ones(2, 3))).sum().backward()
        results.append(np.asarray(layer.weight.grad))
    np.testing.assert_allclose(*results, rtol=1e-5)


def test_a_diverging_program_goes_on_with_nan_as_in_pytorch():
    for t in (engine, torch):
        w = t.tensor([1.0], requires_grad=True)
        optimizer = t.optim.SGD([w], lr=1e30)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings(
                "ignore", category=RuntimeWarning, module=r"engine\.(ops|nn|optim|autograd)"
            )
            for _ in range(5):
                optimizer.zero_grad()
                loss = (w**4).sum()
                loss.backward()
                optimizer.step()
        assert loss.isnan().item() or loss.isinf().item()
