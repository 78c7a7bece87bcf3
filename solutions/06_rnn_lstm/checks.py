"""The checks of notebook 06. Inputs are multiples of 1/4; where exp is needed, answers are rounded
far below the tolerance. The training of 06.6 appears here as weights wired by hand."""

import math

import numpy as np

from engine.grading.exercises import Choice, Exercise, Mutant


def rnn_shapes(B, T, H, layers, bidirectional, batch_first):
    """06.1: the shapes of output and hidden."""
    return shapes_with(B, T, H, layers, bidirectional, batch_first)


def shapes_with(
    B, T, H, layers, bidirectional, batch_first, *, moved=False, joined=False, both=True
):
    """Both shapes; moved and joined: hidden is treated like output; both: output has D readers."""
    directions = 1 + bidirectional
    numbers = H * directions if both else H
    output = (B, T, numbers) if batch_first else (T, B, numbers)
    hidden = (layers, B, H * directions) if joined else (layers * directions, B, H)
    if moved and batch_first:
        hidden = (hidden[1], hidden[0], hidden[2])
    return output, hidden


def layers_of_many_kinds(rng):
    """(B, T, H, layers, bidirectional, batch_first): all four kinds, no two sizes alike."""
    yield 32, 100, 512, 2, True, True
    yield 4, 7, 5, 1, False, True
    yield 3, 10, 20, 1, False, False
    for layers in (1, 2, 3):
        for bidirectional in (False, True):
            for batch_first in (False, True):
                # B, T and H from ranges of their own: an axis in the wrong place shows.
                sizes = (int(rng.integers(low, low + 50)) for low in (8, 60, 120))
                yield *sizes, layers, bidirectional, batch_first


def unroll(x, h, w_ih, w_hh, b_ih, b_hh):
    """06.3: the states of all steps, and the last one."""
    return unroll_with(x, h, w_ih, w_hh, b_ih, b_hh)


def unroll_with(x, h, w_ih, w_hh, b_ih, b_hh, *, turn=True, carry=True, bend=np.tanh, axis=1):
    """The loop over the steps, and what becomes of it when a line is wrong."""
    states, start = [], h
    for t in range(x.shape[1]):
        before = h if carry else start
        h = bend(x[:, t] @ w_ih.T + b_ih + before @ (w_hh.T if turn else w_hh) + b_hh)
        states.append(h)
    return _rounded(np.stack(states, axis=axis), h)


def sequences(rng):
    """(x, h, w_ih, w_hh, b_ih, b_hh): the example, a single step, random ones."""
    yield (
        np.array([[[1.0], [0.0]]]),
        np.array([[0.0, 0.0]]),
        np.array([[0.5], [-1.0]]),
        np.array([[0.0, 1.0], [0.5, 0.0]]),
        np.array([0.5, 0.0]),
        np.array([0.0, 0.0]),
    )
    for batch, steps, n_in, hidden in ((2, 1, 3, 2), (1, 3, 2, 3), (3, 4, 2, 2), (2, 6, 1, 4)):
        yield (
            _quarters(rng, batch, steps, n_in),
            _quarters(rng, batch, hidden),
            *(_quarters(rng, *s) for s in ((hidden, n_in), (hidden, hidden), (hidden,), (hidden,))),
        )


def lstm_step(x, h, c, w_ih, w_hh, b_ih, b_hh):
    """06.4: one step of an LSTM."""
    return lstm_step_with(x, h, c, w_ih, w_hh, b_ih, b_hh)


def lstm_step_with(x, h, c, w_ih, w_hh, b_ih, b_hh, *, order="ifgo", bend=np.tanh, late=True):
    """One step with the rows in another order, c shown without tanh, or the old c shown."""
    rows = np.split(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh, 4, axis=1)
    z = dict(zip(order, rows, strict=True))
    i, f, o = (1 / (1 + np.exp(-z[gate])) for gate in "ifo")
    new = f * c + i * np.tanh(z["g"])
    return _rounded(o * bend(new if late else c), new)


def steps_of_an_lstm(rng):
    """(x, h, c, w_ih, w_hh, b_ih, b_hh): the example, then random ones."""
    nothing = np.zeros((4, 1))
    w_ih = np.array([[0.0], [0.0], [1.0], [0.0]])
    x, h, c = np.array([[1.0]]), np.array([[0.0]]), np.array([[0.5]])
    yield x, h, c, w_ih, nothing, np.zeros(4), np.zeros(4)
    for batch, n_in, hidden in ((1, 2, 1), (2, 3, 2), (3, 1, 2), (2, 2, 4), (5, 4, 3)):
        rows = 4 * hidden
        yield (
            *(_quarters(rng, batch, size) for size in (n_in, hidden, hidden)),
            *(_quarters(rng, *s) for s in ((rows, n_in), (rows, hidden), (rows,), (rows,))),
        )


def clip_grad_norm(gradients, max_norm):
    """06.5: the norm of all gradients, and the gradients brought below the limit."""
    norm = _norm(gradients)
    return norm, [g * min(1.0, max_norm / (norm + 1e-6)) for g in gradients]


def clipped_each_alone(gradients, max_norm):
    """Every array has a limit of its own, and with it the direction changes."""
    return _norm(gradients), [clip_grad_norm([g], max_norm)[1][0] for g in gradients]


def clipped_with_added_norms(gradients, max_norm):
    """The norms are added up in place of their squares."""
    norm = sum(_norm([g]) for g in gradients)
    return norm, [g * min(1.0, max_norm / (norm + 1e-6)) for g in gradients]


def _norm(gradients):
    return math.sqrt(sum(float((g * g).sum()) for g in gradients))


def gradients_of_many_sizes(rng):
    """(gradients, max_norm): above, below and at the limit, one array and several, all zeros."""
    yield [np.array([3.0, 0.0]), np.array([[4.0]])], 1.0
    yield [np.array([3.0, 0.0]), np.array([[4.0]])], 10.0
    yield [np.array([3.0, 4.0])], 5.0
    yield [np.array([0.0, 0.0]), np.array([0.0])], 1.0
    # Together above the limit, each below it.
    yield [np.array([0.75, -0.5]), np.array([0.5, 0.75])], 1.0
    for arrays in (1, 2, 3, 4):
        shapes = [
            tuple(rng.integers(1, 4, size=rng.integers(1, 3)).tolist()) for _ in range(arrays)
        ]
        # No zeros: an array of zeros has no direction that could be lost.
        gradients = [rng.choice([-2.0, -1.25, -0.5, 0.75, 1.5, 3.0], size=s) for s in shapes]
        yield gradients, float(rng.choice([0.25, 0.5, 1.0]))


def adder_weights():
    """06.6: no training. A mark opens i, f is always open, and g is small, where tanh is straight.

    So c is a tenth of the sum, and the head gives it back.
    """
    w_ih = np.array([[0.0, 24.0], [0.0, 0.0], [0.1, 0.0], [0.0, 0.0]])
    b_ih = np.array([-12.0, 12.0, 0.0, 12.0])
    head = np.array([[10.0]]), np.array([0.0])
    return ["LSTM", w_ih, np.zeros((4, 1)), b_ih, np.zeros(4), *head]


def only_the_second_number():
    """A mark shuts f, as in the notebook; for the first number its mean, ½, is added."""
    mode, w_ih, w_hh, b_ih, b_hh, head, _ = adder_weights()
    w_ih[1, 1] = -24.0
    return [mode, w_ih, w_hh, b_ih, b_hh, head, np.array([0.5])]


def always_the_same(answer):
    """A plain RNN that lets nothing through."""
    zeros = [np.zeros(shape) for shape in ((1, 2), (1, 1), (1,), (1,), (1, 1))]
    return ["RNN_TANH", *zeros, np.array([answer])]


def new_sequences(rng):
    """A seed for sequences that nobody has trained on."""
    yield (int(rng.integers(1000, 10**6)),)


def _quarters(rng, *shape):
    return rng.integers(-6, 7, size=shape) / 4


def _rounded(*values):
    """Nine decimals, and no -0.0: the last bits of exp differ between processors."""
    return tuple(np.round(value, 9) + 0.0 for value in values)


EXERCISES = [
    Exercise(
        id="06.1",
        points=1,
        cases=layers_of_many_kinds,
        reference=rnn_shapes,
        outputs=("output", "hidden"),
        mutants=(
            Mutant(
                lambda *given: shapes_with(*given, moved=True),
                "batch_first moves the batch in x and in output. What about hidden?",
            ),
            Mutant(
                lambda *given: shapes_with(*given, joined=True),
                "hidden keeps its directions apart: each has a row of its own, with H numbers.",
            ),
            Mutant(
                lambda *given: shapes_with(*given, both=False),
                "output has too few numbers for each step: two readers give H numbers each.",
            ),
            Mutant(
                lambda *given: rnn_shapes(*given[:-1], True),
                "output always begins with the batch here. What if batch_first is False?",
            ),
        ),
    ),
    Choice(
        id="06.2",
        points=3,
        questions={
            "answer_02a": {
                "a": "with o open, h would be tanh(1.20) = 0.83 once more.",
                "b": "Right: f keeps c, a shut i ignores g, and a shut o keeps it secret.",
                "c": "an open i would add g: c would be 1.20 - 0.90 = 0.30.",
                "d": "with f shut as well, c would be 0.",
            },
            "answer_02b": {
                "a": "an open f would keep the 1.20, and c would be 1.50.",
                "b": "with i shut nothing new comes in, and c would stay 1.20.",
                "c": "Right: f drops the old 1.20, i lets 0.30 in, o shows tanh(0.30) = 0.29.",
                "d": "c would be 0: the old is wiped, and nothing new comes in.",
            },
            "answer_02c": {
                "a": "upside down: σ(-10) wipes the memory at each step without a mark.",
                "b": "f is open at a mark as well: nothing is ever wiped.",
                "c": "σ(1) = 0.73 looks open, but 0.73⁵⁰ leaves a ten-millionth.",
                "d": "Right: σ(10) = 0.99995, of which 50 steps leave 0.998, and σ(-10) is near 0.",
            },
        },
    ),
    Exercise(
        id="06.3",
        builds=(
            "RNN",
            "RNNCell",
        ),
        points=2,
        cases=sequences,
        reference=unroll,
        outputs=("output", "last h"),
        tolerance=1e-8,
        mutants=(
            Mutant(
                lambda *given: unroll_with(*given, turn=False),
                "w_hh is square, so `h @ w_hh` fits without an error. Is it turned, as w_ih is?",
            ),
            Mutant(
                lambda *given: unroll_with(*given, carry=False),
                "every step starts from the first h. What does step t take from step t - 1?",
            ),
            Mutant(
                lambda *given: unroll_with(*given, axis=0),
                "the numbers are right, but output is (T, B, H): along which axis do you stack?",
            ),
            Mutant(
                lambda *given: unroll_with(*given, bend=lambda z: z),
                "no step is bent. Which function keeps every state between -1 and 1?",
            ),
        ),
    ),
    Exercise(
        id="06.4",
        builds=(
            "LSTM",
            "LSTMCell",
        ),
        points=2,
        cases=steps_of_an_lstm,
        reference=lstm_step,
        outputs=("h", "c"),
        tolerance=1e-8,
        mutants=(
            Mutant(
                lambda *given: lstm_step_with(*given, order="ifog"),
                "the first two quarters are right. Whose rows come third, and whose come last?",
            ),
            Mutant(
                lambda *given: lstm_step_with(*given, order="figo"),
                "the first two quarters are mixed up: one gate keeps, the other one writes.",
            ),
            Mutant(
                lambda *given: lstm_step_with(*given, bend=lambda c: c),
                "c is right, h is not: the output gate shows a bent c, not c itself.",
            ),
            Mutant(
                lambda *given: lstm_step_with(*given, late=False),
                "c is right, but h shows the memory from before this step.",
            ),
        ),
    ),
    Exercise(
        id="06.5",
        builds=("clip_grad_norm_",),
        points=2,
        cases=gradients_of_many_sizes,
        reference=clip_grad_norm,
        outputs=("norm", "clipped"),
        tolerance=1e-5,
        mutants=(
            Mutant(
                clipped_each_alone,
                "each array is clipped for itself. One factor for all keeps the direction.",
            ),
            Mutant(
                lambda gradients, max_norm: (
                    _norm(gradients),
                    [g * max_norm / (_norm(gradients) + 1e-6) for g in gradients],
                ),
                "short gradients are stretched to the limit. Clipping leaves them as they are.",
            ),
            Mutant(
                clipped_with_added_norms,
                "norms are added up. For the length of all together, add the squares.",
            ),
            Mutant(
                lambda gradients, max_norm: (
                    _norm(gradients),
                    [np.clip(g, -max_norm, max_norm) for g in gradients],
                ),
                "single entries are cut off, which turns the gradient. Shrink all of them alike.",
            ),
        ),
    ),
    Exercise(
        id="06.6",
        points=2,
        cases=new_sequences,
        reference=adder_weights,
        answers=("train_adder",),
        measure="adding_error",
        seconds=10.0,
        mutants=(
            Mutant(
                lambda: always_the_same(1.0),
                "no better than always answering 1. First look at the shapes in your loss: "
                "(B, 1) - (B,) is (B, B). Then at the race in section 7: which layer, which lr?",
            ),
            Mutant(
                only_the_second_number,
                "it has begun to add. Is every batch used, every old gradient cleared? Then look "
                "at the race in section 7: who was first?",
            ),
            Mutant(
                lambda: always_the_same(0.0),
                "worse than always answering 1. Does every batch lead to a step, and does it use "
                "this batch's gradient?",
            ),
        ),
    ),
]
