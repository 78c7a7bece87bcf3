"""Encoder, decoder and Transformer beside PyTorch's."""

import warnings

import numpy as np
import pytest
import torch
from against_torch import check_error, check_module
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import nn

pytestmark = [
    pytest.mark.filterwarnings("ignore:enable_nested_tensor"),
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors"),
]
yes_no = st.booleans()
OPTIONS = {
    "after, time first": {},
    "before": {"norm_first": True, "batch_first": True},
    "batch first": {"batch_first": True, "activation": "gelu"},
    "no bias": {"bias": False, "layer_norm_eps": 0.1, "dropout": 0.0},
}
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


def encoder(options, layers=0):
    def make(nn):
        layer = nn.TransformerEncoderLayer(6, 2, 5, **options)
        return nn.TransformerEncoder(layer, layers, nn.LayerNorm(6)) if layers else layer

    return make


def decoder(options, layers=0):
    def make(nn):
        layer = nn.TransformerDecoderLayer(6, 2, 5, **options)
        return nn.TransformerDecoder(layer, layers, nn.LayerNorm(6)) if layers else layer

    return make


def by_name(*names, first=1, **options):
    """Call the module with its first inputs by place and with the rest under these names."""

    def call(module, *inputs):
        return module(*inputs[:first], **dict(zip(names, inputs[first:], strict=True)), **options)

    return call


def shape(options, length):
    return (2, length, 6) if options.get("batch_first") else (length, 2, 6)


# Layers and stacks


@settings(deadline=None, max_examples=30)
@given(norm_first=yes_no, batch_first=yes_no, bias=yes_no, p=st.sampled_from([0.0, 0.2]),
       activation=st.sampled_from(["relu", "gelu"]),
       sizes=st.tuples(st.integers(0, 3), st.integers(0, 3)), batched=yes_no,
       layers=st.integers(0, 2))  # fmt: skip
def test_encoders_with_all_options(
    norm_first, batch_first, bias, p, activation, sizes, batched, layers
):
    options = {"norm_first": norm_first, "batch_first": batch_first, "bias": bias}
    options |= {"dropout": p, "activation": activation}
    make = encoder(options, layers)
    check_module(make, (*(sizes if batched else sizes[:1]), 6), dtypes=(np.float64,))


@settings(deadline=None, max_examples=30)
@given(norm_first=yes_no, batch_first=yes_no, bias=yes_no, p=st.sampled_from([0.0, 0.2]),
       lengths=st.tuples(st.integers(0, 3), st.integers(0, 3)), batch=st.integers(0, 2),
       batched=yes_no, layers=st.integers(0, 2))  # fmt: skip
def test_decoders_with_all_options(
    norm_first, batch_first, bias, p, lengths, batch, batched, layers
):
    options = {"norm_first": norm_first, "batch_first": batch_first, "bias": bias, "dropout": p}
    shapes = [(batch, n, 6) if batch_first else (n, batch, 6) for n in lengths]
    shapes = shapes if batched else [(n, 6) for n in lengths]
    check_module(decoder(options, layers), *shapes, dtypes=(np.float64,))


@every_option
@pytest.mark.parametrize("layers", [0, 2])
def test_encoders_and_decoders_in_32_bits(options, layers):
    src, tgt = shape(options, 4), shape(options, 3)
    check_module(encoder(options, layers), src, dtypes=(np.float32,), tolerance=2e-5)
    check_module(decoder(options, layers), tgt, src, dtypes=(np.float32,), tolerance=2e-5)


PADDING = np.array([[False, False, False, True], [False, True, True, False]])
CAUSAL = np.triu(np.ones((4, 4), bool), 1)
NUMBERS = np.where(CAUSAL, -np.inf, 0.0)


@every_option
@pytest.mark.parametrize("layers", [0, 2])
@pytest.mark.parametrize(
    "masks", [(CAUSAL, PADDING), (NUMBERS + np.eye(4), (2, 4)), ((4, 4, 4), PADDING)]
)
def test_masks_of_the_encoder(options, layers, masks):
    name = "mask" if layers else "src_mask"
    for names, some in (
        ((name,), masks[:1]),
        (("src_key_padding_mask",), masks[1:]),
        ((name, "src_key_padding_mask"), masks),
    ):
        call, inputs = by_name(*names), (shape(options, 4), *some)
        check_module(encoder(options, layers), *inputs, call=call, dtypes=(np.float64,))


@every_option
@pytest.mark.parametrize("layers", [0, 2])
def test_masks_of_the_decoder(options, layers):
    tgt, memory = shape(options, 3), shape(options, 4)
    for masks in (
        {"tgt_mask": CAUSAL[:3, :3], "memory_mask": CAUSAL[1:]},
        {"tgt_key_padding_mask": PADDING[:, :3], "memory_key_padding_mask": PADDING},
        {"tgt_mask": (3, 3), "memory_mask": (3, 4), "memory_key_padding_mask": (2, 4)},
        {"tgt_mask": (4, 3, 3), "memory_mask": (4, 3, 4), "tgt_key_padding_mask": PADDING[:, :3]},
    ):
        call = by_name(*masks, first=2)
        make = decoder(options, layers)
        check_module(make, tgt, memory, *masks.values(), call=call, dtypes=(np.float64,))


@pytest.mark.parametrize("layers", [0, 2])
@pytest.mark.parametrize("hint", [True, False])
def test_hints_that_a_mask_is_causal(layers, hint):
    call = by_name("mask" if layers else "src_mask", is_causal=hint)
    for mask in (CAUSAL, NUMBERS, ~CAUSAL):  # the last one is not: the hint is taken unread
        check_module(encoder({}, layers), (4, 2, 6), mask, call=call, dtypes=(np.float64,))
        for name in ("tgt", "memory"):
            call_decoder = by_name(f"{name}_mask", first=2, **{f"{name}_is_causal": hint})
            inputs = ((4, 2, 6), (4, 2, 6), mask)
            check_module(decoder({}, layers), *inputs, call=call_decoder, dtypes=(np.float64,))


def test_a_mask_that_stacks_recognize_as_causal_says_the_same():
    for mask, grad in ((CAUSAL, True), (NUMBERS, False)):
        call, inputs = by_name("mask"), ((4, 2, 6), mask)
        check_module(encoder({}, 2), *inputs, call=call, grad=grad, dtypes=(np.float64,))
        call, inputs = by_name("tgt_mask", first=2), ((4, 2, 6), (4, 2, 6), mask)
        check_module(decoder({}, 2), *inputs, call=call, grad=grad, dtypes=(np.float64,))


@pytest.mark.parametrize("make", [lambda t: t.tanh, lambda t: t.nn.SiLU(), lambda t: t.nn.ReLU()])
def test_any_function_or_module_may_be_the_activation(make):
    def layer(nn):
        return nn.TransformerEncoderLayer(
            6, 2, 5, activation=make(engine if nn is engine.nn else torch)
        )

    check_module(layer, (3, 2, 6))


def test_the_layers_of_a_stack_are_copies():
    layer = nn.TransformerEncoderLayer(6, 2, 5)
    stack = nn.TransformerEncoder(layer, 2)
    first, second = stack.layers
    assert (first.linear1.weight == second.linear1.weight).all()
    assert first.linear1.weight is not second.linear1.weight is not layer.linear1.weight
    assert stack.norm is None and len(list(stack.parameters())) == 24


def test_the_fast_path_of_pytorch_gives_the_same_but_at_padded_places():
    for make in (
        encoder({"batch_first": True}, 2),
        encoder({"batch_first": True, "norm_first": True}),
    ):
        results = []
        for t in (engine, torch):
            t.manual_seed(0)
            model = make(t.nn).eval()
            x, padding = t.randn(2, 4, 6), t.from_numpy(PADDING[[0, 0]].copy())
            with t.no_grad():
                y = model(x, src_key_padding_mask=padding)
                results.append((np.asarray(model(x)), np.asarray(y)[:, :3]))
        for ours, theirs in zip(*results, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)


# Transformer


@every_option
def test_transformer(options):
    make = lambda nn: nn.Transformer(6, 2, 2, 1, 5, **options)  # noqa: E731
    names = ("src_mask", "tgt_mask", "memory_mask")
    names += ("src_key_padding_mask", "tgt_key_padding_mask", "memory_key_padding_mask")
    masks = (CAUSAL, CAUSAL[:3, :3], CAUSAL[1:], PADDING, PADDING[:, :3], PADDING)
    inputs = (shape(options, 4), shape(options, 3))
    check_module(make, *inputs, dtypes=(np.float64,))
    check_module(make, *inputs, *masks, call=by_name(*names, first=2), dtypes=(np.float64,))
    check_module(make, *inputs, *masks, call=lambda m, *x: m(*x), dtypes=(np.float64,))
    hints = {"src_is_causal": True, "tgt_is_causal": True, "memory_is_causal": True}
    call = by_name(*names[:3], first=2, **hints)
    check_module(make, *inputs, *masks[:3], call=call, dtypes=(np.float64,))


def test_transformer_without_batch():
    check_module(lambda nn: nn.Transformer(6, 2, 1, 2, 5, batch_first=True), (4, 6), (3, 6))


def test_encoder_and_decoder_of_ones_own():
    def make(nn):
        layer = nn.TransformerDecoderLayer(6, 2, 5)
        return nn.Transformer(
            6,
            2,
            1,
            1,
            5,
            custom_encoder=encoder({}, 1)(nn),
            custom_decoder=nn.TransformerDecoder(layer, 1),
        )

    check_module(make, (4, 2, 6), (3, 2, 6))


@pytest.mark.parametrize("make", [
    lambda nn: nn.TransformerEncoderLayer(8, 2, 6), encoder({}, 2), decoder({}), decoder({}, 2),
    lambda nn: nn.Transformer(6, 3, 2, 2, 8), lambda nn: nn.Transformer(6, 3, 1, 1, 8, bias=False),
])  # fmt: skip
def test_weights_start_as_pytorchs(make):
    states = []
    for t in (engine, torch):
        t.manual_seed(4)
        states.append({name: np.asarray(x) for name, x in make(t.nn).state_dict().items()})
        states[-1]["following"] = np.asarray(t.rand(2))
    ours, theirs = states
    assert list(ours) == list(theirs)
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=2e-7, atol=1e-8, err_msg=name)


@pytest.mark.parametrize(("make", "count"), [
    (lambda nn: nn.Transformer(), 44140544),
    (lambda nn: nn.TransformerEncoderLayer(512, 8), 3152384),
])  # fmt: skip
def test_sizes_of_the_models_of_the_paper(make, count):
    assert sum(p.numel() for p in make(nn).parameters()) == count


def test_the_same_seed_trains_to_pytorchs_numbers():
    def train(t):
        t.manual_seed(1)
        model = t.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        optimizer = t.optim.Adam(model.parameters(), lr=0.01)
        src, tgt, goal = t.randn(4, 5, 8), t.randn(4, 3, 8), t.randn(4, 3, 8)
        losses = []
        for _ in range(10):
            optimizer.zero_grad()
            mask = t.nn.Transformer.generate_square_subsequent_mask(3)
            loss = t.nn.functional.mse_loss(model(src, tgt, tgt_mask=mask), goal)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    np.testing.assert_allclose(train(engine), train(torch), rtol=1e-4)


def test_the_causal_mask():
    for arguments in ((3,), (0,), (4, "cpu", "float64")):
        masks = []
        for t in (engine, torch):
            size, *rest = arguments
            rest = [rest[0], getattr(t, rest[1])] if rest else []
            masks.append(np.asarray(t.nn.Transformer.generate_square_subsequent_mask(size, *rest)))
        np.testing.assert_array_equal(*masks)
        assert masks[0].dtype == masks[1].dtype


def test_arguments_that_do_not_fit():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = lambda **o: lambda t: t.nn.TransformerEncoderLayer(6, 2, **o)  # noqa: E731
        check_error(layer(activation="tanh"), match=["relu", "gelu", "tanh"])
        check_error(layer(dropout=2.0), match="2.0")
        check_error(lambda t: t.nn.TransformerDecoderLayer(6, 4), match=["6", "4"])
        check_error(lambda t: t.nn.TransformerEncoderLayer(6), match="nhead")
        model = lambda t, s, y: t.nn.Transformer(6, 2, 1, 1, 5)(s, y)  # noqa: E731
        check_error(model, (3, 2, 6), (3, 4, 6), match=["[3, 2, 6]", "[3, 4, 6]"])
        check_error(model, (3, 2, 6), (3, 2, 5), match=["6", "[3, 2, 5]"])
        first = lambda t, s, y: t.nn.Transformer(6, 2, 1, 1, 5, batch_first=True)(s, y)  # noqa: E731
        check_error(first, (2, 3, 6), (4, 3, 6), match=["[2, 3, 6]", "[4, 3, 6]"])
        hint = lambda t, s: t.nn.Transformer(6, 2, 1, 1, 5)(s, s, src_is_causal=True)  # noqa: E731
        check_error(hint, (3, 2, 6), match="attn_mask")
        mask = lambda t, n: t.nn.Transformer.generate_square_subsequent_mask(n)  # noqa: E731
        check_error(mask, -1, match="-1")
