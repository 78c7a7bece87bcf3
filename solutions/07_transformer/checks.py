"""The checks of notebook 07. Inputs are multiples of 1/64, answers rounded far below the tolerance.
Functions of the setup cells that run an answer appear here as what they give for a right one."""

import numpy as np

import engine
from engine import nn
from engine.grading.exercises import Exercise, Mutant


def mixed_by_hand(values):
    """07.1: the values by softmax of the scores 2 4 0, 2 2 0 and 0 2 0, each divided by √4."""
    return _mixed_with(values, lambda scores: scores / 2)


def _mixed_with(values, divide, axis=-1):
    scores = np.array([[2.0, 4.0, 0.0], [2.0, 2.0, 0.0], [0.0, 2.0, 0.0]])
    return _rounded(_softmax(divide(scores), axis) @ values)


def values_of_three_tokens(rng):
    """(values,): together they settle all nine weights, and none of them shows one weight."""
    for values in ((2.0, 1.0, 0.0), (0.0, 1.0, 2.0), (2.0, 0.0, 1.0)):
        yield (np.array(values),)


def verdict(name, x, order):
    """07.2: whether the function of that name is equivariant."""
    return name in ("attention", "feed-forward", "mean of all tokens")


def verdict_of_invariance(name, x, order):
    """f of the shuffled tokens compared with f of the tokens as they were."""
    return name in ("mean of all tokens", "sorted columns")


def verdict_without_shuffling_the_input(name, x, order):
    """f(x)[order] compared with f(x)."""
    return name == "mean of all tokens"


def verdict_with_the_order_twice(name, x, order):
    """f(x[order])[order] compared with f(x): right if order takes itself back."""
    twice = (order[order] == np.arange(len(order))).all()
    return verdict(name, x, order) if twice else name == "mean of all tokens"


def shuffles(rng):
    """(name, x, order): functions of the setup cell; the last two orders turn around."""
    yield "running total", np.array([[1.0], [2.0], [3.0]]), np.array([2, 0, 1])
    names = (
        "attention",
        "attention with positions",
        "attention with a causal mask",
        "feed-forward",
        "mean of all tokens",
        "sorted columns",
        "difference from the token before",
    )
    for name in names:
        x, order = _tokens(rng), np.arange(6)
        three = rng.permutation(6)[:3]
        order[three] = np.roll(three, 1)
        yield name, x, order
    for name in ("attention", "feed-forward"):
        yield name, _tokens(rng), np.arange(6)[::-1].copy()


def _tokens(rng):
    """Six tokens (6, d); no two are alike, nor are two sums, so that no function is blind here."""
    while True:
        width = int(rng.integers(2, 4))
        x = np.stack([rng.permutation(np.arange(5, 14))[:6] / 8 for _ in range(width)], axis=1)
        if len(set(x.sum(1))) == 6:
            return x


def scaled_dot_product_attention(q, k, v, mask=None):
    """07.3: softmax(q kᵀ / √d + mask) v, and the weights."""
    return attention_with(q, k, v, mask)


def attention_with(q, k, v, mask, *, root=True, axis=-1, late=False, shift=True):
    """Attention, and what becomes of it when a line is wrong."""
    with np.errstate(all="ignore"):
        scores = q @ np.swapaxes(k, -1, -2) / (np.sqrt(q.shape[-1]) if root else 1.0)
        if mask is not None and not late:
            scores = scores + mask
        weights = _softmax(scores, axis, shift)
        if mask is not None and late:
            weights = weights * (mask == 0)
        return [_rounded(weights @ v), _rounded(weights)]


def attention_inputs(rng):
    """(q, k, v, mask): the example, more axes in front, other lengths, masks, large scores."""
    q, k, v = 2 * np.eye(2, 4), np.eye(2, 4), np.array([[1.0], [3.0]])
    yield q, k, v, np.array([[0.0, -np.inf], [0.0, 0.0]])
    shapes = [((), 3, 3, 2, 2), ((2,), 2, 4, 8, 3), ((2, 2), 3, 3, 4, 4), ((3,), 4, 4, 2, 5)]
    for number, (front, t, s, d, width) in enumerate(shapes):
        q, k, v = (_eighths(rng, *front, *shape) for shape in ((t, d), (s, d), (s, width)))
        yield q, k, v, _causal(t) if number % 2 == 0 else None
    q, k, v = (_eighths(rng, 4, 3) for _ in range(3))
    q[:, 0] = k[:, 0] = 1.0  # so that scores are large and different
    k[:, 1] = [1.0, -1.0, 0.5, 0.25]
    yield 64 * q, 64 * k, v, _causal(4)


def _causal(length):
    return np.where(np.tri(length, dtype=bool), 0.0, -np.inf)


def positional_encoding(places, d):
    """07.4: the hands of the clock, sine and cosine side by side."""
    return encoding_with(places, d)


def encoding_with(places, d, *, power=1.0, halves=False, swapped=False, columns=False):
    """The table, and what becomes of it when a line is wrong."""
    hand = np.arange(d // 2)
    speed = 10000.0 ** (-2 * power * hand / d)
    angle = places[:, None] * speed
    parts = [np.sin(angle), np.cos(angle)]
    if columns:
        angle = places[:, None] * 10000.0 ** (-2.0 * np.arange(d) / d)
        parts = [np.sin(angle[:, 0::2]), np.cos(angle[:, 1::2])]
    if swapped:
        parts.reverse()
    if halves:
        return _rounded(np.concatenate(parts, axis=1))
    return _rounded(np.stack(parts, axis=2).reshape(len(places), d))


def places_and_widths(rng):
    """(places, d): the table of the notebook, then places anywhere."""
    yield np.arange(3), 4  # twelve numbers are shown whole
    for d in (2, 4, 6, 8, 16):
        yield rng.permutation(100)[: int(rng.integers(2, 5))], d


def attend_in_heads(x, heads, w_in, b_in, w_out, b_out):
    """07.5: the slices of x, and the output of nn.MultiheadAttention with these weights."""
    layer = nn.MultiheadAttention(x.shape[-1], heads, batch_first=True, dtype=engine.float64)
    names = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    weights = zip(names, (w_in, b_in, w_out, b_out), strict=True)
    layer.load_state_dict({name: engine.tensor(w) for name, w in weights})
    tokens = engine.tensor(x)
    return [_split(x, heads), _rounded(layer(tokens, tokens, tokens)[0].detach().numpy())]


def heads_with(split, merge):
    """The same with other ways to split and to merge."""

    def attend(x, heads, w_in, b_in, w_out, b_out):
        q, k, v = (split(part, heads) for part in np.split(x @ w_in.T + b_in, 3, axis=-1))
        mixed, _ = attention_with(q, k, v, None)
        return [split(x, heads), _rounded(merge(mixed) @ w_out.T + b_out)]

    return attend


def _split(x, heads):
    return _apart(x, heads).swapaxes(1, 2)


def _apart(x, heads):
    return x.reshape(*x.shape[:2], heads, -1)


def _together(x):
    return x.reshape(*x.shape[:2], -1)


def _cut_across(x, heads):
    batch, length, d = x.shape
    return x.reshape(batch, heads, length, d // heads)


def _merge_across(x):
    batch, heads, length, width = x.shape
    return x.reshape(batch, length, heads * width)


def _every_other(x, heads):
    return x.reshape(*x.shape[:2], -1, heads).transpose(0, 3, 1, 2)


def heads_inputs(rng):
    """(x, heads, w_in, b_in, w_out, b_out): the example first, then other sizes."""
    example = np.arange(8.0).reshape(1, 2, 4)
    yield example, 2, *(_eighths(rng, *shape) / 8 for shape in ((12, 4), (12,), (4, 4), (4,)))
    for batch, length, heads, width in ((2, 3, 4, 2), (1, 4, 2, 3), (2, 2, 3, 2), (3, 4, 2, 2)):
        d = heads * width
        shapes = (batch, length, d), (3 * d, d), (3 * d,), (d, d), (d,)
        x, *weights = (_eighths(rng, *shape) for shape in shapes)
        yield x, heads, *weights


def examine_sorter(alphabet, seed):
    """07.6: what the setup cells say about a sorter that is small enough and has learned."""
    return {
        "parameters": "9,000 or fewer",
        "logits": [2, 12, 10],
        "knows places": True,
        "sees all tokens": True,
        "right": "985 or more",
    }


def alphabets(rng):
    """(alphabet, seed): an order of the ten digits that no one can know before."""
    yield rng.permutation(10), int(rng.integers(1000))


def _softmax(scores, axis=-1, shift=True):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True) * shift)
    return e / e.sum(axis=axis, keepdims=True)


def _eighths(rng, *shape):
    return rng.integers(-8, 9, size=shape) / 8


def _rounded(value):
    """Nine decimals, and no -0.0: the last bits of exp differ between processors."""
    return np.round(value, 9) + 0.0


EXERCISES = [
    Exercise(
        id="07.1",
        points=1,
        cases=values_of_three_tokens,
        reference=mixed_by_hand,
        answers=("weights_by_hand",),
        tolerance=0.02,
        mutants=(
            Mutant(
                lambda values: _mixed_with(values, lambda scores: scores),
                "the scores are not scaled: d is 4 here. Which number divides them?",
            ),
            Mutant(
                lambda values: _mixed_with(values, lambda scores: scores / 4),
                "divided by d. The formula has a root there.",
            ),
            Mutant(
                lambda values: _mixed_with(values, lambda scores: scores / 2, axis=0),
                "here each column adds up to 1. A row belongs to one query, and it has shares "
                "to give away.",
            ),
            Mutant(
                lambda values: (
                    np.array([[1 / 3, 2 / 3, 0.0], [0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]) @ values
                ),
                "these are shares of the scores themselves. Softmax takes shares of e^score, "
                "and e⁰ is not 0.",
            ),
        ),
    ),
    Exercise(
        id="07.2",
        points=1,
        cases=shuffles,
        reference=verdict,
        answers=("is_equivariant",),
        mutants=(
            Mutant(
                verdict_of_invariance,
                "this asks whether shuffling changes nothing at all. Equivariant: the outputs "
                "move along.",
            ),
            Mutant(
                verdict_without_shuffling_the_input,
                "the outputs are shuffled, but f has never seen the shuffled tokens.",
            ),
            Mutant(
                verdict_with_the_order_twice,
                "one side is shuffled twice and the other never. That works for an order that "
                "takes itself back, and for no other.",
            ),
        ),
    ),
    Exercise(
        id="07.3",
        builds=("scaled_dot_product_attention",),
        points=3,
        cases=attention_inputs,
        reference=scaled_dot_product_attention,
        outputs=("mixed values", "weights"),
        tolerance=1e-8,
        mutants=(
            Mutant(
                lambda q, k, v, mask=None: attention_with(q, k, v, mask, root=False),
                "the root is missing: scores grow with the length of q.",
            ),
            Mutant(
                lambda q, k, v, mask=None: attention_with(q, k, v, mask, axis=-2),
                "softmax runs over the queries. Each query has its own shares: over which axis "
                "must they add up to 1?",
            ),
            Mutant(
                lambda q, k, v, mask=None: attention_with(q, k, v, mask, late=True),
                "masked weights are 0, but the others of their row no longer add up to 1. The "
                "mask belongs to the scores.",
            ),
            Mutant(
                lambda q, k, v, mask=None: attention_with(q, k, v, mask, shift=False),
                "exp of a large score overflows. A row keeps its softmax if all its scores are "
                "moved by the same number (exercise 03.6).",
            ),
        ),
    ),
    Exercise(
        id="07.4",
        points=2,
        cases=places_and_widths,
        reference=positional_encoding,
        tolerance=1e-8,
        mutants=(
            Mutant(
                lambda places, d: encoding_with(places, d, halves=True),
                "the numbers are right, their columns are not: the two numbers of a hand stand "
                "side by side.",
            ),
            Mutant(
                lambda places, d: encoding_with(places, d, swapped=True),
                "sine and cosine have changed places. What stands at place 0, column 0?",
            ),
            Mutant(
                lambda places, d: encoding_with(places, d, power=0.5),
                "the hands are too fast: the exponent is 2i/d, and i counts the hands.",
            ),
            Mutant(
                lambda places, d: encoding_with(places, d, columns=True),
                "each column has a speed of its own. Columns 2i and 2i + 1 are one hand.",
            ),
        ),
    ),
    Exercise(
        id="07.5",
        points=3,
        cases=heads_inputs,
        reference=attend_in_heads,
        answers=("split_heads", "merge_heads"),
        outputs=("slices of x", "output"),
        tolerance=1e-8,
        mutants=(
            Mutant(
                heads_with(_cut_across, _merge_across),
                "the shape of the slices is right, the numbers are not: reshape alone cannot "
                "exchange two axes.",
            ),
            Mutant(
                heads_with(_apart, _together),
                "the heads are still behind the places: attention then goes from head to head.",
            ),
            Mutant(
                heads_with(_split, _merge_across),
                "the slices are right. Merging takes the same two steps back, the last one first.",
            ),
            Mutant(
                heads_with(_every_other, lambda x: _together(x.transpose(0, 2, 3, 1))),
                "each head gets every so-many-th number. Its slice is a run of neighbours.",
            ),
        ),
    ),
    Exercise(
        id="07.6",
        points=2,
        cases=alphabets,
        reference=examine_sorter,
        answers=("Sorter",),
        seconds=10.0,
        mutants=(
            Mutant(
                lambda alphabet, seed: {"parameters": 17738},
                "this is the sorter of the notebook. Which of its sizes could be smaller?",
            ),
            Mutant(
                lambda alphabet, seed: (
                    examine_sorter(alphabet, seed) | {"knows places": False, "right": "not counted"}
                ),
                "nothing tells the places apart: shuffled tokens get shuffled answers.",
            ),
            Mutant(
                lambda alphabet, seed: (
                    examine_sorter(alphabet, seed)
                    | {"sees all tokens": False, "right": "not counted"}
                ),
                "some places never hear of some tokens. What carries between places: is it there, "
                "is it masked, and does it run over places or over the batch?",
            ),
            Mutant(
                lambda alphabet, seed: {"parameters": "9,000 or fewer", "logits": [2, 12]},
                "the answer has one number for each place. It takes ten logits, one for each "
                "digit.",
            ),
        ),
    ),
]
