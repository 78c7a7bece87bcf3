"""What a tensor tells of itself and becomes: sizes, types, Python and NumPy, beside PyTorch's."""

import copy

import numpy as np
import pytest
import torch
from against_torch import check, check_error

import engine

BOTH = pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])


def test_sizes():
    check(
        lambda t, x: (x.shape, x.size(), x.size(1), x.size(-1), x.ndim, x.dim(), x.numel()), (2, 3)
    )
    check(lambda t, x: (x.shape[1:], len(x), x.shape == (2, 3), x.shape.numel()), (2, 3))
    check(lambda t, x: str(x.shape) + repr(x.size()), (2, 0))
    check_error(lambda t, x: x.size(2), (2, 3), match="2")
    check_error(lambda t, x: len(x), ())
    check_error(lambda t, x: iter(x), ())


@BOTH
def test_types_and_devices(t):
    x = t.tensor([1.9, 0.0, -1.9])
    assert str(x.dtype) == "torch.float32" and x.dtype.is_floating_point
    assert x.dtype.itemsize == 4
    assert str(x.double().dtype) == "torch.float64"
    assert x.long().tolist() == [1, 0, -1] and str(x.long().dtype) == "torch.int64"
    assert x.int().tolist() == [1, 0, -1] and str(x.int().dtype) == "torch.int32"
    assert x.bool().tolist() == [True, False, True]
    assert x.float() is x and x.to("cpu") is x and x.to(t.device("cpu"), t.float32) is x
    assert x.to(x.double()).dtype == t.float64
    assert x.to(t.float32, copy=True) is not x
    assert str(x.device) == "cpu" and x.device == t.device("cpu")
    assert repr(t.device("cpu")) == "device(type='cpu')"
    assert x.cpu() is x


def test_another_device_says_what_to_do():
    with pytest.raises(RuntimeError, match="cuda.*import torch"):
        engine.ones(2).to("cuda")
    with pytest.raises(RuntimeError, match="cuda"):
        engine.device("cuda:1")
    with pytest.raises(RuntimeError, match="mps"):
        engine.zeros(2, device="mps")


@BOTH
def test_to_python_and_back(t):
    x = t.tensor([[1.5]])
    assert x.item() == 1.5 and float(x) == 1.5 and int(x) == 1 and bool(x)
    assert f"{t.tensor(3.14159):.2f}" == "3.14"
    assert 1.5 in x and 2 not in x
    assert [10, 20, 30][t.tensor(1)] == 20
    assert x.tolist() == [[1.5]]
    assert (x == None) is False  # noqa: E711
    assert {x: 1}[x] == 1


@BOTH
def test_numpy_shares_memory(t):
    array = np.zeros(3, np.float32)
    x = t.from_numpy(array)
    x[0] = 1
    assert array[0] == 1 and x.numpy()[0] == 1
    assert np.asarray(x).tolist() == [1, 0, 0]
    assert np.asarray(x, dtype=np.float64).dtype == np.float64


@BOTH
def test_data_shares_memory_and_can_be_replaced(t):
    w = t.ones(2, requires_grad=True)
    w.data *= 3
    assert w.tolist() == [3, 3] and w.requires_grad
    w.data = t.zeros(2)
    assert w.tolist() == [0, 0]


@BOTH
def test_copies_are_independent(t):
    x = t.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    twin = copy.deepcopy(x)
    twin.data[0] = 5
    twin.grad[0] = 7
    assert x.tolist() == [1, 1] and x.grad.tolist() == [2, 2]
    assert twin.requires_grad and twin.is_leaf


def test_conversion_carries_the_gradient():
    check(lambda t, x: x.double() * x.float(), (2, 3))
    check(lambda t, x: (x.long(), x.bool()), (2, 3))


def test_errors_of_conversion():
    check_error(lambda t, x: x.item(), (2,), match="2 elements")
    check_error(lambda t, x: [1, 2][x], (1,))
    check_error(lambda t, x: setattr(x, "data", 3), (2,))
    check_error(lambda t, x: t.from_numpy([1, 2]), (2,), match="list")
    with pytest.raises(TypeError, match="complex"):
        engine.from_numpy(np.ones(2, complex))
    with pytest.raises(ValueError, match="negative"):
        engine.from_numpy(np.arange(3)[::-1])


def test_the_default_type_is_for_new_floating_point_tensors():
    for t in (engine, torch):
        try:
            t.set_default_dtype(t.float64)
            assert t.get_default_dtype() is t.float64
            for x in (t.tensor([1.0]), t.zeros(1), t.rand(1), t.arange(1.5), t.tensor([1]) / 2):
                assert x.dtype is t.float64
            assert t.nn.Linear(2, 1).weight.dtype is t.float64
            assert repr(t.tensor([1.0])) == "tensor([1.])"
        finally:
            t.set_default_dtype(t.float32)
        with pytest.raises(TypeError, match="floating"):
            t.set_default_dtype(t.int64)
