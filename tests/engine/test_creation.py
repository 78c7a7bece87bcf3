"""New tensors, beside PyTorch's."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import engine

CALLS = {
    "tensor": lambda t: t.tensor([[1, 2], [3, 4]]),
    "tensor of floats": lambda t: t.tensor([1.5, 2]),
    "tensor of booleans": lambda t: t.tensor([True, False]),
    "mixed tensor": lambda t: t.tensor([True, 2, 3.5]),
    "tensor of one number": lambda t: t.tensor(3),
    "empty tensor": lambda t: t.tensor([]),
    "tensor of an array": lambda t: t.tensor(np.ones((2, 1))),
    "tensor of NumPy numbers": lambda t: t.tensor([np.float64(1), np.float64(2)]),
    "tensor of tensors": lambda t: t.tensor([t.tensor(1.0), t.tensor(2.0)]),
    "tensor of tensors with one element": lambda t: t.tensor([t.ones(1), t.zeros(1)]),
    "tensor of a type": lambda t: t.tensor([1, 2], dtype=t.float64),
    "tensor with gradient": lambda t: t.tensor([1.0], requires_grad=True),
    "FloatTensor": lambda t: t.FloatTensor([[0, 1], [1, 0]]),
    "LongTensor": lambda t: t.LongTensor([1, 2]),
    "zeros": lambda t: t.zeros(2, 3),
    "zeros of a tuple": lambda t: t.zeros((2, 3), dtype=t.int64),
    "ones": lambda t: t.ones(2),
    "full": lambda t: t.full((2, 2), 7),
    "full of a float": lambda t: t.full((2,), 7.5, dtype=t.float64),
    "arange": lambda t: t.arange(5),
    "arange from to": lambda t: t.arange(2, 8, 3),
    "arange of NumPy integers": lambda t: t.arange(np.int64(2), np.int64(9)),
    "arange of a tensor": lambda t: t.arange(t.tensor(4)),
    "arange down": lambda t: t.arange(3, 0, -1),
    "arange of floats": lambda t: t.arange(0, 1, 0.1),
    "linspace": lambda t: t.linspace(-1, 1, 7),
    "linspace of one": lambda t: t.linspace(2, 5, 1),
    "zeros_like": lambda t: t.zeros_like(t.ones(2, dtype=t.int64)),
    "ones_like": lambda t: t.ones_like(t.zeros(2), dtype=t.float64),
    "full_like": lambda t: t.full_like(t.zeros(2), 3),
    "rand": lambda t: t.rand(3, 4),
    "rand in float64": lambda t: t.rand(3, dtype=t.float64),
    "randn": lambda t: t.randn(3),
    "randint": lambda t: t.randint(10, (5,)),
    "randint from": lambda t: t.randint(-3, 3, (5,), dtype=t.int32),
    "randperm": lambda t: t.randperm(10),
    "rand_like": lambda t: t.rand_like(t.zeros(3, dtype=t.float64)),
    "randn_like": lambda t: t.randn_like(t.zeros(2, 2)),
    "randint_like": lambda t: t.randint_like(t.zeros(4), 2, 9),
    "a generator of its own": lambda t: t.rand(3, generator=t.Generator().manual_seed(5)),
}


@pytest.mark.parametrize("name", CALLS)
def test_values_types_and_print(name):
    results = []
    for t in (engine, torch):
        t.manual_seed(7)
        results.append(CALLS[name](t))
    ours, theirs = results
    assert repr(ours.dtype) == repr(theirs.dtype)
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert ours.tolist() == theirs.tolist()
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.tensor([1 / 3], dtype=t.float64),
        lambda t: t.tensor(1 / 3, dtype=t.float64),
        lambda t: t.full((2,), 1 / 3, dtype=t.float64),
        lambda t: t.full_like(t.zeros(2, dtype=t.float64), 1 / 3),
    ],
)
def test_a_number_asked_for_in_64_bits_never_passes_through_the_default_dtype(make):
    assert engine.get_default_dtype() is engine.float32
    ours = make(engine)
    assert ours.dtype is engine.float64
    assert ours.tolist() == make(torch).tolist()
    assert (ours.numpy() == 1 / 3).all()


@settings(max_examples=50, deadline=None)
@given(
    st.floats(-100, 100, width=32),
    st.floats(-100, 100, width=32),
    st.integers(0, 50),
    st.booleans(),
)
def test_linspace_rounds_as_pytorch_does(start, end, steps, double):
    ours = engine.linspace(start, end, steps, dtype=engine.float64 if double else engine.float32)
    theirs = torch.linspace(start, end, steps, dtype=torch.float64 if double else torch.float32)
    assert ours.tolist() == theirs.tolist()


def test_tensor_copies_and_from_numpy_does_not():
    array = np.zeros(2)
    copied, shared = engine.tensor(array), engine.from_numpy(array)
    array[0] = 1
    assert copied.tolist() == [0, 0] and shared.tolist() == [1, 0]


BAD = [
    (lambda t: t.tensor([[1, 2], [3]]), ValueError, "length"),
    (lambda t: t.tensor("abc"), TypeError, "abc"),
    (lambda t: t.tensor(["a"]), (TypeError, ValueError), "a"),
    (lambda t: t.tensor([1], requires_grad=True), RuntimeError, "floating"),
    (lambda t: t.tensor([1.0], dtype=np.float32), TypeError, "dtype"),
    (lambda t: t.tensor([t.ones(2), t.ones(2)]), ValueError, "size 1"),
    (lambda t: t.zeros(-1), RuntimeError, "-1"),
    (lambda t: t.zeros(2.5), TypeError, "float"),
    (lambda t: t.rand(2, -3), RuntimeError, "-3"),
    (lambda t: t.arange(0, 5, -1), RuntimeError, "step"),
    (lambda t: t.arange(0, 5, 0), RuntimeError, "zero"),
    (lambda t: t.linspace(0, 1, -1), RuntimeError, "non-negative"),
    (lambda t: t.randint(3, 3, (2,)), RuntimeError, "from"),
    (lambda t: t.randperm(-1), RuntimeError, "-1"),
]


@pytest.mark.parametrize("call,error,word", BAD)
def test_bad_requests(call, error, word):
    with pytest.raises(error):
        call(torch)
    with pytest.raises(error, match=word):
        call(engine)
