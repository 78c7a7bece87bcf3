"""scaled_dot_product_attention and MultiheadAttention beside PyTorch's."""

import numpy as np
import pytest
import torch
from against_torch import check, check_error, check_module
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import nn
from engine.nn import functional as F

both = pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])
yes_no = st.booleans()


def attention(**options):
    def call(t, q, k, v, mask=None):
        t.manual_seed(5)
        return t.nn.functional.scaled_dot_product_attention(q, k, v, mask, **options)

    return call


def lower(rows, columns):
    return np.tri(rows, columns, dtype=bool)


# scaled_dot_product_attention

SIZES = st.integers(0, 4)


@settings(deadline=None)
@given(batch=st.lists(st.integers(0, 3), max_size=2), sizes=st.tuples(SIZES, SIZES, SIZES, SIZES),
       causal=yes_no, scale=st.sampled_from([None, 0.3, 0.0, -1.0]),
       p=st.sampled_from([0.0, 0.4]))  # fmt: skip
def test_attention_of_any_sizes(batch, sizes, causal, scale, p):
    length, width, e, ev = sizes
    shapes = (*batch, length, e), (*batch, width, e), (*batch, width, ev)
    check(attention(is_causal=causal, scale=scale, dropout_p=p), *shapes)


@pytest.mark.parametrize(
    "mask",
    [(3, 5), (1, 5), (5,), (3, 1), (1, 1), (), (2, 1, 3, 5), (1, 4, 1, 5), lower(3, 5), lower(1, 5)]
    + [lower(3, 3)[:, [0, 1, 1, 2, 0]], np.ones((2, 1, 3, 5), bool), np.zeros((3, 5), bool)],
)
@pytest.mark.parametrize("p", [0.0, 0.5])
def test_masks_hide_keys_or_are_added_and_broadcast(mask, p):
    check(attention(dropout_p=p), (2, 4, 3, 6), (2, 4, 5, 6), (2, 4, 5, 2), mask)


@both
@pytest.mark.parametrize("hidden", [False, -np.inf])
def test_a_query_that_may_look_at_no_key_gets_zero_and_no_gradient(t, hidden):
    q, k, v = (t.ones(2, 3, requires_grad=True) for _ in range(3))
    mask = t.from_numpy(np.array([[hidden, hidden], [hidden or 0.0, 0.0]]))
    mask = (mask == 0) & t.tensor([[False], [True]]) if hidden is False else mask.float()
    y = t.nn.functional.scaled_dot_product_attention(q, k, v, mask)
    (y * y).sum().backward()
    assert y.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert q.grad.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_scores_of_any_size_are_no_danger():
    for factor in (30.0, 1000.0, 1e8):
        check(attention(scale=factor), (2, 3, 4), (2, 5, 4), (2, 5, 4), grad=False)
        offset = np.full((3, 5), factor)
        check(attention(), (2, 3, 4), (2, 5, 4), (2, 5, 4), offset, dtypes=(np.float64,),
              tolerance=1e-10 * factor)  # fmt: skip
        check(attention(), (2, 3, 4), (2, 5, 4), (2, 5, 4), -offset, dtypes=(np.float64,),
              tolerance=1e-10 * factor)  # fmt: skip


def test_nan_is_not_hidden():
    x = np.array([[1.0, np.nan], [0.0, 1.0]])
    check(attention(), x, x, x, grad=False)
    check(attention(), x, np.eye(2), np.eye(2), lower(2, 2), grad=False)


def test_batches_broadcast_and_need_not_lie_in_order():
    check(attention(), (2, 1, 3, 4), (1, 5, 6, 4), (6, 2))
    check(attention(is_causal=True), (3, 4), (2, 6, 4), (6, 2))


def test_inputs_need_not_lie_in_order():
    def call(t, q, k, v):
        return attention()(t, q.transpose(1, 2), k.transpose(0, 1), v[..., ::2])

    check(call, (2, 3, 4, 5), (4, 2, 6, 5), (2, 4, 6, 4))


def test_a_key_may_be_its_own_query():
    check(lambda t, x: attention(is_causal=True)(t, x, x, x), (2, 4, 3))


def test_a_mask_of_32_bits_serves_64():
    def call(t, q, k, v):
        return attention()(t, q, k, v, t.tensor([[0.5, -1.0, 0.0]]))

    check(call, (2, 3), (3, 3), (3, 3), dtypes=(np.float64,))


def test_attention_refuses_what_does_not_fit():
    x = (2, 3, 4)
    check_error(attention(), x, (2, 3, 5), x, match=["[2, 3, 4]", "[2, 3, 5]"])
    check_error(attention(), x, (2, 6, 4), x, match=["[2, 6, 4]"])
    check_error(attention(), x, (3, 3, 4), (3, 3, 4), match=["[3, 3, 4]"])
    check_error(attention(), (4,), (4,), (4,), match=["[4]"])
    check_error(attention(), x, x, x, (3, 5), match="[3, 5]")
    check_error(attention(), x, x, x, (7, 2, 3, 3), match="[7, 2, 3, 3]")
    check_error(attention(is_causal=True), x, x, x, (3, 3), match="is_causal=True")
    check_error(attention(dropout_p=1.5), x, x, x, match="1.5")
    check_error(attention(), x, x, x, np.ones((3, 3), np.int64), match="int64")
    check_error(attention(), *[np.ones((2, 3), np.int64)] * 3, match="int64")
    check_error(lambda t, q: attention()(t, q, q.double(), q), x, match=["float32", "float64"])
    check_error(lambda t, q, m: attention()(t, q, q, q, m.double()), x, (3, 3), match="float64")
    check_error(lambda t, q: attention()(t, q, q, [1.0]), x, match=["value", "list"])
    q = engine.ones(1, 4, 2, 3)
    with pytest.raises(NotImplementedError, match="enable_gqa"):
        F.scaled_dot_product_attention(q, q, q, enable_gqa=True)


# MultiheadAttention


def attend(inputs, *names, **options):
    """Call the module with 1 (self-attention), 2 or 3 tensors, and with masks under these names."""

    def call(module, *tensors):
        q, k, v = (*tensors[:inputs], *[tensors[inputs - 1]] * 2)[:3]
        masks = dict(zip(names, tensors[inputs:], strict=True))
        return module(q, k, v, **masks, **options)

    return call


@settings(deadline=None, max_examples=40)
@given(inputs=st.integers(1, 3), sizes=st.tuples(st.integers(0, 3), SIZES, SIZES), batched=yes_no,
       batch_first=yes_no, bias=yes_no, need_weights=yes_no, average=yes_no,
       p=st.sampled_from([0.0, 0.3]))  # fmt: skip
def test_multihead_attention(
    inputs, sizes, batched, batch_first, bias, need_weights, average, p
):  # fmt: skip
    batch, length, width = sizes
    if need_weights and average:  # PyTorch's mean over no numbers warns
        batch = max(batch, 1)
    shapes = [(batch, n, 6) if batch_first else (n, batch, 6) for n in (length, width, width)]
    if not batched:
        shapes = [(n, 6) for n in (length, width, width)]
    check_module(
        lambda nn: nn.MultiheadAttention(6, 3, p, bias, batch_first=batch_first),
        *shapes[:inputs],
        call=attend(inputs, need_weights=need_weights, average_attn_weights=average),
    )


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("widths", [(5, 3), (4, None), (None, 7), (6, 6)])
def test_keys_and_values_may_have_widths_of_their_own(widths, bias, need_weights):
    k, v = (6 if n is None else n for n in widths)
    check_module(
        lambda nn: nn.MultiheadAttention(6, 2, 0.2, bias, kdim=widths[0], vdim=widths[1]),
        *((3, 2, 6), (4, 2, k), (4, 2, v)),
        call=attend(3, need_weights=need_weights),
    )


PADDING = np.array([[False, False, True, True], [False, True, False, False]])
MASKS = {  # of 2 samples, 2 heads, 3 queries and 4 keys
    "padding": [PADDING],
    "padding of numbers": [(2, 4)],
    "causal": [None, ~lower(3, 4)],
    "numbers": [None, (3, 4)],
    "one for each head": [None, np.arange(48).reshape(4, 3, 4) % 5 == 1],
    "numbers for each head": [None, (4, 3, 4)],
    "both": [PADDING, ~lower(3, 4)],
    "both of numbers": [(2, 4), (4, 3, 4)],
    "of two kinds": [PADDING, (3, 4)],
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_masks_of_keys_and_of_pairs(name, need_weights, batch_first):
    given = dict(zip(("key_padding_mask", "attn_mask"), MASKS[name], strict=False))
    names = [key for key, mask in given.items() if mask is not None]
    check_module(
        lambda nn: nn.MultiheadAttention(6, 2, 0.25, batch_first=batch_first),
        *(((2, 3, 6), (2, 4, 6)) if batch_first else ((3, 2, 6), (4, 2, 6))),
        *(given[key] for key in names),
        call=attend(2, *names, need_weights=need_weights),
    )


@pytest.mark.parametrize("padding", [PADDING[0], (4,)])
@pytest.mark.parametrize("mask", [lower(4, 4)[::-1, ::-1].T.copy(), (4, 4), (2, 4, 4)])
@pytest.mark.parametrize("need_weights", [True, False])
def test_masks_without_batch(padding, mask, need_weights):
    mask = ~mask if isinstance(mask, np.ndarray) else mask
    names = ("key_padding_mask", "attn_mask")
    call = attend(1, *names, need_weights=need_weights)
    check_module(
        lambda nn: nn.MultiheadAttention(6, 2, batch_first=True), (4, 6), padding, mask, call=call
    )


@pytest.mark.parametrize("need_weights", [True, False])
def test_a_query_without_keys_gets_zero_or_nan_as_in_pytorch(need_weights):
    hidden = np.array([[True, True], [False, True]])
    call = attend(1, "attn_mask", need_weights=need_weights)
    check_module(lambda nn: nn.MultiheadAttention(4, 2), (2, 3, 4), hidden, call=call)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("padding", [True, False])
def test_the_hint_is_taken_where_pytorch_takes_it(need_weights, padding):
    """The mask contradicts the hint: its zeros hide nothing, but are causal says otherwise."""
    names = ("attn_mask", "key_padding_mask") if padding else ("attn_mask",)
    masks = [np.zeros((3, 3), bool), PADDING[:, :3]][: len(names)]
    check_module(
        lambda nn: nn.MultiheadAttention(4, 2, batch_first=True),
        *((2, 3, 4), *masks),
        call=attend(1, *names, is_causal=True, need_weights=need_weights),
    )


@both
def test_attention_starts_from_pytorchs_numbers(t):
    def start(t, **options):
        t.manual_seed(3)
        return t.nn.MultiheadAttention(8, 2, **options).state_dict()

    for options in ({}, {"bias": False}, {"kdim": 3, "vdim": 5}):
        ours, theirs = start(engine, **options), start(torch, **options)
        assert list(ours) == list(theirs)
        for name in theirs:
            np.testing.assert_allclose(
                ours[name].numpy(), theirs[name].numpy(), rtol=2e-7, atol=1e-8
            )


def test_a_layer_of_512_has_1050624_parameters():
    layer = nn.MultiheadAttention(512, 8)
    assert sum(p.numel() for p in layer.parameters()) == 1050624
    assert nn.MultiheadAttention(4, 2, dtype=engine.float64).in_proj_weight.dtype == engine.float64


def test_the_fast_path_of_pytorch_gives_the_same():
    for batch_first in (True, False):
        results = []
        for t in (engine, torch):
            t.manual_seed(0)
            layer = t.nn.MultiheadAttention(8, 2, batch_first=batch_first).eval()
            x, mask = t.randn(3, 3, 8), t.tensor([[False, True, True], [False] * 3, [False] * 3])
            with t.no_grad():
                results.append([np.asarray(layer(x, x, x, attn_mask=mask)[i]) for i in (0, 1)])
        for ours, theirs in zip(*results, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_what_is_left_out_is_refused_by_name():
    for name in ("add_bias_kv", "add_zero_attn"):
        with pytest.raises(NotImplementedError, match=name):
            nn.MultiheadAttention(4, 2, **{name: True})


def test_impossible_sizes_are_refused():
    check_error(lambda t: t.nn.MultiheadAttention(6, 4), match=["6", "4"])
    check_error(lambda t: t.nn.MultiheadAttention(0, 4), match=["0", "4"])
    check_error(lambda t: t.nn.MultiheadAttention(4, -1), match="-1")
    check_error(lambda t, x: t.nn.MultiheadAttention(4, 2, 2.0)(x, x, x), (3, 2, 4), match="2.0")


X, LESS, MORE = (2, 3, 4), (2, 2, 4), (3, 3, 4)
MISFITS = {
    "one axis": [(4,)] * 3,
    "keys of two axes": [X, (3, 4), (3, 4)],
    "a query of two axes": [(3, 4), X, X],
    "another width": [(2, 3, 5)] * 3,
    "keys of another width": [X, (2, 3, 5), (2, 3, 5)],
    "fewer values": [X, X, LESS],
    "more samples": [X, MORE, MORE],
    "one sample": [X, (1, 3, 4), (1, 3, 4)],
    "padding of one axis": [X, X, X, (3,)],
    "padding of more samples": [X, X, X, (3, 3)],
    "padding of more keys": [X, X, X, (2, 4)],
    "padding of integers": [X, X, X, np.zeros((2, 3), np.int64)],
    "a mask of one axis": [X, X, X, None, (3,)],
    "a mask of four axes": [X, X, X, None, (2, 2, 3, 3)],
    "a mask of more keys": [X, X, X, None, (3, 4)],
    "a mask for all queries": [X, X, X, None, (1, 3)],
    "a mask for each sample": [X, X, X, None, (2, 3, 3)],
    "a mask of integers": [X, X, X, None, np.zeros((3, 3), np.int64)],
    "masks for more heads without batch": [(3, 4), (3, 4), (3, 4), None, (3, 3, 3)],
    "padding with batch, without": [(3, 4), (3, 4), (3, 4), (1, 3)],
    "a mask of four axes without batch": [(3, 4), (3, 4), (3, 4), None, (1, 2, 3, 3)],
}

WORDS = {
    "keys of another width": ["2x3x5", "4x"],
    "more samples": "[3, 3, 4]",
    "one sample": "[3, 1, 4]",
}


@pytest.mark.parametrize("name", MISFITS)
@pytest.mark.parametrize("need_weights", [True, False])
def test_misfits_raise_pytorchs_error_and_name_the_shape(name, need_weights):
    def call(t, q, k, v, padding=None, mask=None):
        layer = t.nn.MultiheadAttention(4, 2, batch_first=True)
        return layer(q, k, v, padding, need_weights, mask)

    last = MISFITS[name][-1]
    shape = str([*(last if isinstance(last, tuple) else last.shape)])
    check_error(call, *MISFITS[name], match=WORDS.get(name, shape))


def test_widths_of_keys_that_do_not_fit():
    call = lambda t, q, k, v: t.nn.MultiheadAttention(4, 2, kdim=3, vdim=5)(q, k, v)  # noqa: E731
    check_error(call, (6, 2, 4), (3, 2, 4), (3, 2, 5), match=["[3, 2, 4]", "3"])
    check_error(call, (6, 2, 4), (3, 2, 3), (4, 2, 5), match=["[4, 2, 5]"])


def test_a_hint_needs_a_mask_and_dtypes_have_to_agree():
    hint = lambda t, x: t.nn.MultiheadAttention(4, 2)(x, x, x, is_causal=True)  # noqa: E731
    check_error(hint, X, match="attn_mask")
    check_error(lambda t, x: t.nn.MultiheadAttention(4, 2)(*[x.double()] * 3), X, match="float64")
    for need_weights in (True, False):
        call = attend(1, "attn_mask", need_weights=need_weights)
        double = lambda t, x, m, call=call: call(t.nn.MultiheadAttention(4, 2), x, m.double())  # noqa: E731
        check_error(double, X, (2, 2), match="float64")
