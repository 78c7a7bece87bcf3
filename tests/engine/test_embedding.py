"""Embedding: a table of vectors, read by index."""

import numpy as np
import pytest
import torch
from against_torch import check, check_error, check_module
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import nn
from engine.nn import functional as F

SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)


def indices(shape, count, dtype=np.int64):
    return np.random.default_rng(sum(shape)).integers(0, count, shape).astype(dtype)


def lookup(t, i, w, **options):
    return t.nn.functional.embedding(i, w, **options)


@given(shape=SHAPES, v=st.integers(1, 6), d=st.integers(0, 4), dtype=st.sampled_from("il"),
       padding=st.none() | st.integers(-7, 7))  # fmt: skip
def test_values_and_gradients_for_indices_of_any_shape(shape, v, d, dtype, padding):
    i = indices(shape, v, np.int32 if dtype == "i" else np.int64)
    check(lambda t, i, w: lookup(t, i, w, padding_idx=padding), i, (v, d), may_raise=True)


def test_many_uses_of_one_row_add_up():
    check(lookup, indices((300, 7), 5), (5, 3), tolerance=1e-4, dtypes=(np.float32,))
    check(lookup, indices((300, 7), 5), (5, 3), dtypes=(np.float64,))


def test_what_is_not_contiguous():
    call = lambda t, i, w: lookup(t, i.T, w.T) * 2  # noqa: E731
    check(call, indices((3, 4), 5), (2, 5))
    check(lambda t, i, w: lookup(t, i, w).transpose(0, 1).exp(), indices((3, 4), 5), (5, 2))


def test_a_table_of_integers_is_read_too():
    check(lookup, np.array([2, 0]), np.arange(6).reshape(3, 2))


@pytest.mark.parametrize("padding", [None, 0, 2, -1, -4])
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3)])
def test_the_layer(padding, shape):
    i = indices(shape, 4)
    check_module(lambda t: t.Embedding(4, 3, padding_idx=padding), i)
    check_module(lambda t: t.Embedding(4, 3, padding), i.astype(np.int32))


@pytest.mark.parametrize("size", [(3, 2), (5, 7), (100, 16)])
@pytest.mark.parametrize("padding", [None, 1, -1])
def test_the_same_seed_draws_pytorchs_table(size, padding):
    for dtype in ("float32", "float64"):
        tables = []
        for t in (torch, engine):
            t.manual_seed(5)
            layer = t.nn.Embedding(*size, padding_idx=padding, dtype=getattr(t, dtype))
            tables += [layer.weight.detach().numpy(), t.rand(2).numpy()]
        assert tables[2].dtype == tables[0].dtype
        np.testing.assert_allclose(tables[2], tables[0], rtol=1e-6, atol=1e-7)
        np.testing.assert_array_equal(tables[3], tables[1])
        assert padding is None or not tables[2][padding].any()


def test_the_padding_row_stays_zero_in_training():
    for t in (torch, engine):
        t.manual_seed(0)
        layer = t.nn.Embedding(5, 3, padding_idx=-5)
        optimizer = t.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
        for _ in range(3):
            optimizer.zero_grad()
            layer(t.tensor([[0, 1, 0], [4, 1, 0]])).exp().sum().backward()
            optimizer.step()
        assert not layer.weight.detach().numpy()[0].any()
        assert layer.padding_idx == 0 and layer.weight.detach().numpy()[1].any()


@pytest.mark.parametrize("freeze", [True, False])
def test_from_a_given_table(freeze):
    def call(t, w, i):
        layer = t.nn.Embedding.from_pretrained(w, freeze=freeze, padding_idx=-1)
        assert layer.weight.requires_grad is not freeze
        y = layer(i)
        if not freeze:
            (y * y).sum().backward()
        return y.detach(), layer.weight.grad, repr(layer), layer.padding_idx

    check(call, (4, 3), indices((2, 5), 4), grad=False)


def test_a_given_table_is_shared_and_not_drawn():
    following = engine.manual_seed(1) and engine.rand(1).item()
    table = engine.ones(3, 2)
    engine.manual_seed(1)
    layer = nn.Embedding(3, 2, 0, _weight=table)
    assert engine.rand(1).item() == following and layer.weight.array is table.array
    assert layer.weight.array.all(), "PyTorch does not empty the padding row of a given table"


@pytest.mark.parametrize("option", [{"max_norm": 1.0}, {"norm_type": 1.0}, {"sparse": True},
                                    {"scale_grad_by_freq": True}])  # fmt: skip
def test_what_is_not_offered_is_named(option):
    (name,) = option
    table, i = engine.ones(3, 2), engine.tensor([1])
    for call in (
        lambda o: nn.Embedding(3, 2, **o),
        lambda o: nn.Embedding.from_pretrained(table, **o),
        lambda o: F.embedding(i, table, **o),
    ):
        with pytest.raises(NotImplementedError, match=name):
            call(option)
    defaults = {"max_norm": None, "norm_type": float("2"), "sparse": False}
    assert nn.Embedding(3, 2, **defaults)(i).shape == (1, 2)
    with pytest.raises(TypeError, match="typo"):
        nn.Embedding(3, 2, typo=1)


def test_bad_indices_and_tables():
    check_error(lookup, np.array([1, 5]), (5, 3), match=["5", "size 5"])
    check_error(lookup, np.array([[-1]]), (5, 3), match=["-1", "size 5"])
    check_error(lookup, np.array([1.0]), (5, 3), match="float32", grad=False)
    check_error(lookup, np.array([True]), (5, 3), match="bool")
    check_error(lookup, np.array([1], np.uint8), (5, 3), match="uint8")
    check_error(lookup, np.array([0]), (5,), match="[5]")
    check_error(lookup, np.array([0]), (5, 3, 2), match="[5, 3, 2]")
    check_error(lambda t, w: lookup(t, [1], w), (5, 3), match="list")
    check_error(lambda t, i: lookup(t, i, [[1.0]]), np.array([0]), match="list")
    for padding in (5, -6):
        wanted = {"match": [str(padding), "5"]}
        check_error(lambda t, w, p=padding: lookup(t, t.tensor([0]), w, padding_idx=p), (5, 3),
                    **wanted)  # fmt: skip
        check_error(lambda t, p=padding: t.nn.Embedding(5, 3, padding_idx=p), **wanted)
    check_error(lambda t, w: t.nn.Embedding(3, 2, _weight=w), (2, 2), match=["(2, 2)", "(3, 2)"])
    check_error(lambda t, w: t.nn.Embedding.from_pretrained(w), (3,), match="(3,)")
    check_error(lambda t: t.nn.Embedding(-1, 2), match="-1")


def test_it_takes_device_and_dtype():
    assert nn.Embedding(2, 3, device="cpu", dtype=engine.float64).weight.dtype == engine.float64
    with pytest.raises(RuntimeError, match="cuda"):
        nn.Embedding(2, 3, device="cuda")


def test_the_table_may_change_before_backward_as_in_pytorch():
    def call(t, i, w):
        table = w * 1
        y = lookup(t, i, table)
        table += 1
        return y

    check(call, indices((4,), 3), (3, 2))


def textbook(i, w):
    """y = one_hot(i) W"""
    return F.one_hot(i, w.shape[0]).to(w.dtype) @ w


def test_it_is_one_record_and_agrees_with_its_textbook_twin():
    i = engine.from_numpy(indices((4, 5), 6))
    results = []
    for function in (F.embedding, textbook):
        engine.manual_seed(0)
        w = engine.randn(6, 3, dtype=engine.float64, requires_grad=True)
        y = function(i, w)
        if function is F.embedding:
            assert y.grad_fn.name() == "EmbeddingBackward0"
            assert y.grad_fn.parents == [w]
        (y * y).sum().backward()
        results.append((y.detach().numpy(), w.grad.numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
