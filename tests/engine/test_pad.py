"""F.pad: a frame of one value around the last axes."""

import numpy as np
import pytest
from against_torch import check, check_error
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.nn import functional as F


def pad(t, x, *arguments, **named):
    return t.nn.functional.pad(x, *arguments, **named)


WIDTHS = st.lists(st.integers(-3, 3), max_size=8).map(tuple)
SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@given(shape=SHAPES, widths=WIDTHS, value=st.sampled_from([None, 0, 2.5, -1, float("inf")]))
def test_any_number_of_axes_is_padded_or_cropped(shape, widths, value):
    check(lambda t, x: pad(t, x, widths, "constant", value), shape, may_raise=True)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, bool])
@pytest.mark.parametrize("value", [None, 7, 1.5])
def test_other_number_types(dtype, value):
    check(lambda t, x: pad(t, x, (1, 2), value=value), np.arange(6).reshape(2, 3).astype(dtype))


def test_the_widths_may_be_a_list_and_the_input_a_view():
    check(lambda t, x: pad(t, x.transpose(0, 2), [1, -1, 0, 2]) * 2, (2, 3, 4))
    check(lambda t, x: pad(t, x[:, ::2], (1, 1, -1, 0), value=3.0).exp(), (3, 6))


def test_the_result_is_a_copy_even_where_nothing_is_added():
    x = engine.ones(3)
    assert F.pad(x, ()) is not x
    F.pad(x, (0, 0)).zero_()
    assert x.array.all()


def test_its_node_has_pytorchs_name():
    check(lambda t, x: pad(t, x, (1, 1)).grad_fn.name(), (3,))


def test_impossible_widths():
    check_error(lambda t, x: pad(t, x, (1,)), (2, 3), match=["2", "[1]"])
    check_error(lambda t, x: pad(t, x, (1,) * 6), (2, 3), match="2 dimensions")
    check_error(lambda t, x: pad(t, x, (1, 1)), (), match="0 dimensions")
    check_error(lambda t, x: pad(t, x, (-2, -2)), (2, 3), match=["[-2, -2]", "[2, 3]"])
    check_error(lambda t, x: pad(t, x, (-5, 4)), (2, 3), match=["[-5, 4]", "[2, 3]"])
    check_error(lambda t, x: pad(t, [1.0], (1, 1)), (), match="list")


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular", "constantly"])
def test_other_modes_are_named(mode):
    with pytest.raises(NotImplementedError, match=f"mode='{mode}'"):
        F.pad(engine.ones(1, 2, 3), (1, 1), mode=mode)


def textbook(x, left, right, top, bottom, value):
    rows, columns = x.shape
    wide = engine.cat([engine.full((rows, left), value), x, engine.full((rows, right), value)], 1)
    columns += left + right
    above, below = engine.full((top, columns), value), engine.full((bottom, columns), value)
    return engine.cat([above, wide, below], 0)


def test_it_is_one_record_and_agrees_with_joining_blocks():
    results = []
    for function in (lambda x, *w: F.pad(x, w[:4], value=w[4]), textbook):
        x = engine.arange(6.0).reshape(2, 3).requires_grad_()
        y = function(x, 1, 2, 0, 3, 0.5)
        (y * y * y).sum().backward()
        results.append((y.detach().numpy(), x.grad.numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)
