"""A printed tensor reads as PyTorch's does, character by character."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import engine
from engine import nn
from engine.printing import THRESHOLD, tensor_repr

DTYPES = [np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_]
NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 100.0, np.inf, -np.inf, np.nan]),
    st.sampled_from([1e-4, 9.99e-5, 1e8, 1.1e8, 1000.0, 1001.0, 99999.5, 0.99995]),
    st.floats(-1e4, 1e4),
    st.integers(-300, 300).map(float),
    st.floats(width=32, allow_subnormal=False),
)


def same_text(array, **facts):
    theirs = torch.from_numpy(np.array(array)).requires_grad_(facts.get("requires_grad", False))
    assert tensor_repr(np.asarray(array), **facts) == repr(theirs)


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(st.sampled_from([np.float32, np.float64]), st.integers(0, 12), elements=NUMBERS))
def test_a_vector_of_floats_chooses_width_and_notation_as_pytorch(array):
    same_text(array)


@pytest.mark.parametrize(
    "values",
    [
        *[[1.5, 1500.0], [1.5, 1500.1], [1e5, 1e8], [1e5, 1.0001e8], [5e8], [2e5 + 0.5, 1e8]],
        *[[1e-4, 0.05], [9.9e-5, 0.05], [9.9e-5], [3.0, 3001.0], [-1.0, 1001.0], [0.0, 2e8]],
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scientific_notation_begins_where_it_does_in_pytorch(values, dtype):
    same_text(np.array(values, dtype))


@settings(max_examples=60, deadline=None)
@given(st.data(), hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4))
def test_any_shape_and_dtype_is_laid_out_as_pytorch(data, shape):
    dtype = data.draw(st.sampled_from(DTYPES))
    elements = NUMBERS if np.dtype(dtype).kind == "f" else None
    same_text(data.draw(hnp.arrays(dtype, shape, elements=elements)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape",
    [
        *[(n,) for n in (30, 80, THRESHOLD, THRESHOLD + 1, 5000)],
        *[(2, 600), (600, 2), (7, 200), (6, 6, 40), (10, 10, 11), (3, 2, 400), (2, 1, 3, 300)],
        *[(25, 40), (40, 25), (1001, 1), (1, 1001)],
    ],
)
def test_long_lines_wrap_and_large_tensors_show_their_edges(dtype, shape):
    values = np.random.default_rng(0).normal(0, 100, shape)
    same_text(values.astype(dtype))


def test_hidden_numbers_do_not_change_the_notation():
    values = np.ones(2000, np.float32)
    values[1000] = 1e-9
    same_text(values)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (3, 0, 2)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_empty_tensor_shows_its_size_and_dtype(shape, dtype):
    same_text(np.empty(shape, dtype))


@pytest.mark.parametrize("count", range(1, 14))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_requires_grad_goes_to_a_new_line_where_80_columns_end(count, dtype):
    same_text(np.linspace(1, 2, count, dtype=dtype), requires_grad=True)


@pytest.mark.parametrize("count", range(1, 14))
def test_the_name_of_the_operation_is_shown(count):
    class AddBackward0:
        def name(self):
            return "AddBackward0"

    theirs = torch.linspace(1, 2, count).requires_grad_() + 0
    ours = tensor_repr(theirs.detach().numpy(), True, AddBackward0())
    assert ours == repr(theirs)


def test_the_default_dtype_is_not_mentioned():
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)
        engine.set_default_dtype(engine.float64)
        for dtype in DTYPES:
            same_text(np.ones(2, dtype))
            same_text(np.ones(0, dtype))
    finally:
        torch.set_default_dtype(before)
        engine.set_default_dtype(engine.float32)


@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_parameter_says_that_it_is_one(requires_grad):
    theirs = torch.nn.Parameter(torch.full((2, 3), 0.25), requires_grad)
    assert repr(nn.Parameter(engine.full((2, 3), 0.25), requires_grad)) == repr(theirs)


def test_what_an_operation_returns_is_printed_with_its_name():
    for program in (lambda t: t.ones(2, requires_grad=True) + 1, lambda t: t.tensor([1.5, 2])):
        assert repr(program(engine)) == repr(program(torch))


def test_a_single_number_is_formatted_as_a_python_number():
    for spec in (".3f", "", "6.1e"):
        assert format(engine.tensor(1.23456), spec) == format(torch.tensor(1.23456), spec)
