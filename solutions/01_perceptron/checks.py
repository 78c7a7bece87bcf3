"""The checks of notebook 01. Every input is a multiple of 1/4 or a whole number, so that sums are
exact in any order and a z of exactly 0 is 0 for everyone."""

import numpy as np

from engine.datasets import load_iris, logic_gate
from engine.grading.exercises import Choice, Exercise, Mutant


def forward(x, w, b):
    """01.1: step function of w·x + b."""
    return int(w @ x + b > 0)


def forward_inputs(rng):
    """(x, w, b): the cases that tell the mistakes apart, then random ones."""
    yield np.array([1.0, 2.0]), np.array([0.5, -0.25]), 0.25
    yield np.array([1.0, 2.0]), np.array([0.5, -0.25]), -1.0
    # z = 0 with and without a bias: the only inputs that tell > from >=.
    yield np.array([1.0, -1.0]), np.array([0.5, 0.5]), 0.0
    yield np.array([2.0]), np.array([0.5]), -1.0
    # The bias decides.
    yield np.array([1.0, 1.0]), np.array([0.25, 0.25]), -2.0
    yield np.array([1.0, 1.0]), np.array([-0.25, -0.25]), 2.0
    for _ in range(14):
        size = int(rng.integers(1, 6))
        yield _quarters(rng, size), _quarters(rng, size), float(_quarters(rng))


def or_weights():
    """01.2: one choice of many."""
    return np.array([1.0, 1.0]), -0.5


def update(x, y, w, b, lr):
    """01.3: one step of the perceptron rule."""
    error = y - forward(x, w, b)
    return w + lr * error * x, b + lr * error


def update_inputs(rng):
    """(x, y, w, b, lr)."""
    lrs = (0.25, 0.5, 1.0)
    x, w = np.array([1.0, 0.5]), np.array([0.5, -1.0])
    yield x, 1, w, -1.0, 0.5
    yield x, 0, w, 2.0, 0.5
    yield x, 1, w, 2.0, 0.25
    yield x, 0, w, 0.0, 1.0
    for case in range(16):
        size = int(rng.integers(1, 5))
        x, w, b = _quarters(rng, size), _quarters(rng, size), float(_quarters(rng))
        # Three of four points are on the wrong side, where the rule has work to do.
        y = forward(x, w, b) if case % 4 == 0 else 1 - forward(x, w, b)
        yield x, y, w, b, lrs[int(rng.integers(3))]


def train(x, y):
    """01.4: epochs of the perceptron rule until one makes no mistake."""
    return train_with(x, y)


def train_with(x, y, *, bias=True, passes=200):
    """The training loop, and what becomes of it when a line is wrong."""
    w, b = np.zeros(x.shape[1]), 0.0
    for epoch in range(1, passes + 1):
        mistakes = 0
        for xi, yi in zip(x, y, strict=True):
            error = yi - forward(xi, w, b)
            if error != 0:
                w, b, mistakes = w + error * xi, b + error * bias, mistakes + 1
        if mistakes == 0 or passes == 1:
            return w, b, epoch
    raise TimeoutError


def train_without_the_last_epoch(x, y):
    """The right weights, but the clean epoch is not counted."""
    w, b, epochs = train(x, y)
    return w, b, epochs - 1


def train_without_reset(x, y):
    """The mistakes of all epochs add up, so that only a first epoch without one ends the loop."""
    w, b, epochs = train(x, y)
    if epochs > 1:
        raise TimeoutError
    return w, b, epochs


def train_inputs(rng):
    """(x, y): gates, iris setosa against the rest, random points beside a line."""
    # OR first: it can be learned without a bias, so that this mistake ends in a wrong answer
    # and not, like a counter that is never reset, in an endless loop.
    yield logic_gate("or")
    yield logic_gate("and")
    yield logic_gate("nand")
    data, target = load_iris()
    order = rng.permutation(len(target))
    # Whole millimetres: see the first line of this file.
    yield np.round(10 * data)[order], (target == 0).astype(np.int64)[order]
    for _ in range(3):
        yield _separable(rng)


def _separable(rng):
    """Up to twelve points of a whole-number grid on both sides of a line, none close to it."""
    normal, offset = rng.integers(1, 4, size=2) * rng.choice([-1, 1], size=2), rng.integers(-3, 4)
    points = rng.integers(-5, 6, size=(40, 2))
    z = points @ normal + offset + 0.5
    clear = np.abs(z) >= 1.5
    x, z = points[clear][:12].astype(np.float64), z[clear][:12]
    return x, (z > 0).astype(np.int64)


def xor_perceptrons():
    """01.6: OR, AND, and "the first but not the second"."""
    either, both = ((1.0, 1.0), -0.5), ((1.0, 1.0), -1.5)
    return either, both, ((1.0, -1.0), -0.5)


def truth_table_rows(rng):
    """The four inputs of a gate."""
    for row in logic_gate("xor")[0]:
        yield (row,)


def _quarters(rng, size=None):
    return rng.integers(-8, 9, size=size) / 4


EXERCISES = [
    Exercise(
        id="01.1",
        points=1,
        cases=forward_inputs,
        reference=forward,
        mutants=(
            Mutant(
                lambda x, w, b: int(w @ x + b >= 0),
                "at z = 0 the perceptron stays silent: it fires for z > 0, not for z >= 0.",
            ),
            Mutant(
                lambda x, w, b: int(w @ x > 0),
                "the bias b is missing from the sum.",
            ),
            Mutant(
                lambda x, w, b: w @ x + b,
                "this is z itself. The step function still has to turn it into 0 or 1.",
            ),
            Mutant(
                lambda x, w, b: 2 * forward(x, w, b) - 1,
                "the answers are -1 and 1; here the silent neuron says 0.",
            ),
        ),
    ),
    Exercise(
        id="01.2",
        points=1,
        cases=truth_table_rows,
        reference=or_weights,
        measure="perceptron",
        mutants=(
            Mutant(
                lambda: ((1.0, 1.0), -1.5),
                "this neuron fires for (1, 1) only: that is AND. Make it easier to fire.",
            ),
            Mutant(
                lambda: ((1.0, 1.0), 0.5),
                "this neuron always fires. With x = (0, 0) only b is left: choose its sign.",
            ),
            Mutant(
                lambda: ((1.0, 0.0), -0.5),
                "the second input changes nothing. What does w2 have to be?",
            ),
            Mutant(
                lambda: ((0.0, 1.0), -0.5),
                "the first input changes nothing. What does w1 have to be?",
            ),
        ),
    ),
    Exercise(
        id="01.3",
        points=2,
        cases=update_inputs,
        reference=update,
        outputs=("w", "b"),
        mutants=(
            Mutant(
                lambda x, y, w, b, lr: update(x, y, w, b, -lr),
                "the step goes the wrong way. The error is y minus the output, and it is added.",
            ),
            Mutant(
                lambda x, y, w, b, lr: (update(x, y, w, b, lr)[0], b),
                "b stays as it was. It moves as well: its input is always 1.",
            ),
            Mutant(
                lambda x, y, w, b, lr: update(x, y, w, b, 1.0),
                "the learning rate lr is missing from the step.",
            ),
            Mutant(
                lambda x, y, w, b, lr: (
                    w + lr * (y - (w @ x + b)) * x,
                    b + lr * (y - (w @ x + b)),
                ),
                "the error is y - z. It should be y minus the output 0 or 1, after the step.",
            ),
        ),
    ),
    Exercise(
        id="01.4",
        points=3,
        cases=train_inputs,
        reference=train,
        outputs=("w", "b", "epochs"),
        seconds=3.0,
        mutants=(
            Mutant(
                train_without_the_last_epoch,
                "one epoch short. The last epoch, the one without a mistake, counts as well.",
            ),
            Mutant(
                lambda x, y: train_with(x, y, passes=1),
                "only one pass over the points. Repeat until a pass makes no mistake.",
            ),
            Mutant(
                lambda x, y: train_with(x, y, bias=False),
                "b never moves. Without it the line must pass through (0, 0).",
            ),
            Mutant(
                train_without_reset,
                "is the number of mistakes set back to 0 at the start of every epoch?",
            ),
        ),
    ),
    Choice(
        id="01.5",
        points=3,
        questions={
            "answer_05a": {
                "a": "the neuron is silent for every z up to 0, not at 0 alone.",
                "b": "Right: with x = (0, 0) only b is left, and a silent neuron has z ≤ 0.",
                "c": "with b > 0 the neuron fires at (0, 0), but XOR wants 0 there.",
                "d": "w1 and w2 are multiplied by 0 in this row: they cannot matter.",
            },
            "answer_05b": {
                "a": "no row says A. A has to be shown before anything can rest on it.",
                "b": "Right: B adds two rows, C compares, A follows from both, D is impossible.",
                "c": "D only contradicts something once A has been shown.",
                "d": "C compares two numbers. It takes B to know that the smaller one is above 0.",
            },
            "answer_05c": {
                "a": "lr scales w and b together. No w and b at all fulfil the four rows.",
                "b": "the proof holds for every w and b, however long it took to find them.",
                "c": "Right: then one plane in three dimensions parts the four points.",
                "d": "moving the threshold is what b already does.",
            },
        },
    ),
    Exercise(
        id="01.6",
        points=2,
        cases=truth_table_rows,
        reference=xor_perceptrons,
        measure="three_perceptrons",
        mutants=(
            Mutant(
                lambda: (((1, 1), -0.5), ((1, 1), -1.5), ((1, 1), -0.5)),
                "this is OR. At (1, 1) one of the first two has to hold the third one back.",
            ),
            Mutant(
                lambda: (((1, 1), -0.5), ((1, 1), -1.5), ((1, 1), -1.5)),
                "this is AND. The third one should fire for 'one of them', not for 'both'.",
            ),
            Mutant(
                lambda: (((1, 1), -0.5), ((-1, -1), 1.5), ((1, 1), -0.5)),
                "the third one always fires. Print the outputs of the first two for each row.",
            ),
            Mutant(
                lambda: (((1, 1), -0.5), ((1, 1), -1.5), ((-1, 1), 0.5)),
                "upside down: it fires where the inputs are equal. Turn the third one's signs.",
            ),
        ),
    ),
]
