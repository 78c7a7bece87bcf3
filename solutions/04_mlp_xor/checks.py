"""The checks of notebook 04. Inputs of a forward pass are multiples of 1/4, so that its sums are
exact in any order. Functions of the setup cell that run a student's class or look at random
weights appear here as what they give for a right answer."""

import math

import numpy as np

from engine.grading.exercises import Choice, Exercise, Mutant


def count_parameters(n_in, hidden, n_out):
    """04.1: weights and biases of an MLP."""
    sizes = [n_in, *hidden, n_out]
    return sum(a * b + b for a, b in zip(sizes, sizes[1:], strict=False))


def sizes_of_networks(rng):
    """(n_in, hidden, n_out): the notebook's three, one without a hidden layer, random ones."""
    yield 784, [256], 10
    yield 784, [256, 128], 10
    yield 11, [64, 32], 1
    yield 5, [], 3
    for depth in (1, 2, 3, 4, 5, 6):
        n_in, *hidden, n_out = (int(n) for n in rng.integers(2, 100, size=depth + 2))
        yield n_in + 100, hidden, n_out


def run_two_layers(x, w1, b1, w2, b2):
    """04.2: what the repaired model gives for x (B, n_in)."""
    return np.maximum(x @ w1.T + b1, 0) @ w2.T + b2


def two_layers_without_super(x, w1, b1, w2, b2):
    """nn.Module cannot hold a layer before its own __init__ has run."""
    raise AttributeError


def two_layers_that_do_not_chain(x, w1, b1, w2, b2):
    """fc2 reads n_in numbers in place of those that fc1 gives."""
    if w1.shape[0] != w1.shape[1]:
        raise RuntimeError
    return run_two_layers(x, w1, b1, w2, b2)


def two_layers_inputs(rng):
    """(x, w1, b1, w2, b2): the example, then random ones."""
    w1, b1 = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]]), np.array([0.0, -1.0, 0.0])
    x = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    yield x, w1, b1, np.array([[1.0, -2.0, 0.0]]), np.array([0.0])
    for _ in range(7):
        batch, n_in, n_out = (int(n) for n in rng.integers(1, 5, size=3))
        hidden = n_in + int(rng.integers(1, 4))
        # The first neuron is off for every row, so that a missing ReLU shows.
        x, w1 = _quarters(rng, batch, n_in), _quarters(rng, hidden, n_in)
        b1 = _quarters(rng, hidden)
        b1[0] = -np.abs(x @ w1[0]).max() - 1
        w2 = _quarters(rng, n_out, hidden)
        w2[:, 0] = 1.0
        yield x, w1, b1, w2, _quarters(rng, n_out)


def forward_pass(x, weights, biases):
    """04.3: the activations of every layer, x first."""
    return forward_with(x, weights, biases)


def forward_with(x, weights, biases, *, turn=True, hidden=True, last=False):
    """The forward pass, and what becomes of it when a line is wrong."""
    activations = [x]
    for number, (w, b) in enumerate(zip(weights, biases, strict=True), start=1):
        z = activations[-1] @ (w.T if turn else w) + b
        bent = last if number == len(weights) else hidden
        activations.append(np.maximum(z, 0) if bent else z)
    return activations


def forward_inputs(rng):
    """(x, weights, biases): the example, one layer, square layers, random ones."""
    yield (
        np.array([[1.0, 2.0]]),
        [np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[2.0, 1.0]])],
        [np.array([0.0, 0.0]), np.array([-7.0])],
    )
    # Negative entries, so that a ReLU shows, and not symmetric, so that a missing .T does.
    x, w, b = np.array([[1.0, 1.0]]), np.array([[-1.0, 0.5], [2.0, -3.0]]), np.array([-0.5, 0.25])
    yield x, [w], [b]
    yield x, [w, w], [b, b]
    for depth in (1, 2, 2, 3, 3, 4):
        sizes = [int(n) for n in rng.integers(2, 5, size=depth + 1)]
        pairs = list(zip(sizes, sizes[1:], strict=False))
        yield (
            _quarters(rng, int(rng.integers(1, 4)), sizes[0]),
            [_quarters(rng, n_out, n_in) for n_in, n_out in pairs],
            [_quarters(rng, n_out) for _, n_out in pairs],
        )


def look_at(name, n_out, n_in):
    """04.4: what first weights of that name are like, in the long run."""
    variance = {"he": 2 / n_in, "xavier": 2 / (n_in + n_out), "lecun": 1 / n_in}[name]
    return looks(n_out, n_in, math.sqrt(variance), uniform=name == "xavier")


def looks(n_out, n_in, std, *, uniform=False):
    """How random weights of this spread look to the setup cell."""
    near = 1 / math.sqrt(3) if uniform else math.erf(1 / math.sqrt(2))
    return {
        "shape": [n_out, n_in],
        "mean · √n_in": 0.0,
        "std · √n_in": std * math.sqrt(n_in),
        "share within one std": near,
    }


def he_with_n_out(name, n_out, n_in):
    """He and LeCun with the number of outputs; Xavier has both numbers and stays."""
    seen = look_at(name, n_out, n_in)
    if name != "xavier":
        seen["std · √n_in"] *= math.sqrt(n_in / n_out)
    return seen


def variance_as_std(name, n_out, n_in):
    """Without the root. Xavier has none to forget but that of a."""
    variance = {"he": 2 / n_in, "lecun": 1 / n_in}
    return looks(n_out, n_in, variance[name]) if name in variance else look_at(name, n_out, n_in)


def xavier_as_normal(name, n_out, n_in):
    """Xavier's bound a taken for a standard deviation."""
    if name != "xavier":
        return look_at(name, n_out, n_in)
    return looks(n_out, n_in, math.sqrt(6 / (n_in + n_out)))


def layers_of_many_shapes(rng):
    """(name, n_out, n_in): five shapes with 40,000 weights or more, none near a square."""
    for number in range(5):
        small, large = int(rng.integers(200, 300)), int(rng.integers(500, 800))
        n_out, n_in = (small, large) if number % 2 else (large, small)
        for name in ("he", "xavier", "lecun"):
            yield name, n_out, n_in


def recipe():
    """04.6: one of many."""
    return {"activation": "gelu", "scale": 0.5, "lr": 0.1}


def sixty_networks(rng):
    """The same sixty for everyone: what reaches 57 in the notebook does so in grading."""
    yield (60,)


def _quarters(rng, *shape):
    return rng.integers(-8, 9, size=shape) / 4


EXERCISES = [
    Exercise(
        id="04.1",
        points=1,
        cases=sizes_of_networks,
        reference=count_parameters,
        mutants=(
            Mutant(
                lambda n_in, hidden, n_out: (
                    count_parameters(n_in, hidden, n_out) - sum(hidden) - n_out
                ),
                "the biases are missing: each neuron has one.",
            ),
            Mutant(
                lambda n_in, hidden, n_out: count_parameters(n_in, hidden, n_out) + n_in - n_out,
                "a bias for each number that a layer reads. It belongs to what a layer gives.",
            ),
            Mutant(
                lambda n_in, hidden, n_out: (
                    count_parameters(n_in, hidden[:-1], hidden[-1]) if hidden else 0
                ),
                "the last layer is missing, the one that leads to the outputs.",
            ),
        ),
    ),
    Exercise(
        id="04.2",
        points=1,
        cases=two_layers_inputs,
        reference=run_two_layers,
        answers=("TwoLayers",),
        mutants=(
            Mutant(
                two_layers_without_super,
                "nn.Module is not ready to hold a layer. Which line has to come before fc1?",
            ),
            Mutant(
                two_layers_that_do_not_chain,
                "fc1 and fc2 do not chain, or have other names: fc2 reads what fc1 gives.",
            ),
            Mutant(
                lambda x, w1, b1, w2, b2: (
                    f"no tensor: Linear(in_features={w2.shape[1]}, out_features={w2.shape[0]}, "
                    "bias=True)"
                ),
                "forward returns a layer and never calls it.",
            ),
            Mutant(
                lambda x, w1, b1, w2, b2: (x @ w1.T + b1) @ w2.T + b2,
                "the activation between fc1 and fc2 is missing.",
            ),
        ),
    ),
    Exercise(
        id="04.3",
        builds=(
            "linear",
            "Linear",
            "Sequential",
        ),
        points=2,
        cases=forward_inputs,
        reference=forward_pass,
        mutants=(
            Mutant(
                lambda x, weights, biases: forward_with(x, weights, biases, turn=False),
                "w is (n_out, n_in), as in nn.Linear: it has to be turned before `@`.",
            ),
            Mutant(
                lambda x, weights, biases: forward_with(x, weights, biases, last=True),
                "the last layer is bent as well. It gives its z as it is.",
            ),
            Mutant(
                lambda x, weights, biases: forward_with(x, weights, biases, hidden=False),
                "no ReLU anywhere: all layers together are one line.",
            ),
            Mutant(
                lambda x, weights, biases: forward_pass(x, weights, biases)[1:],
                "the list begins one too late: its first entry is the input itself.",
            ),
        ),
    ),
    Exercise(
        id="04.4",
        builds=(
            "kaiming_normal_",
            "xavier_normal_",
            "kaiming_uniform_",
            "xavier_uniform_",
        ),
        points=3,
        cases=layers_of_many_shapes,
        reference=look_at,
        answers=("first_weights",),
        tolerance=0.03,
        mutants=(
            Mutant(
                he_with_n_out,
                "the spread follows n_out. A neuron adds up n_in products: that number counts.",
            ),
            Mutant(
                variance_as_std,
                "the variance is used as a standard deviation. Is a root missing?",
            ),
            Mutant(
                xavier_as_normal,
                "Xavier: a is the bound of a uniform distribution, not a standard deviation.",
            ),
            Mutant(
                lambda name, n_out, n_in: look_at("he", n_out, n_in),
                "all three names give He's weights. Does the function look at `name`?",
            ),
        ),
    ),
    Choice(
        id="04.5",
        points=3,
        questions={
            "answer_05a": {
                "a": "four times ½ costs ln 2 = 0.693. Here the network knows more than that.",
                "b": "Right: (0, 0) is sure, two of the other three are 1. ¾ · H(⅓) = 0.477.",
                "c": "two sure points and two at ½ cost ½ · ln 2 = 0.347.",
                "d": "three shared points say how often 1 occurs among them. That is not ⅓ here.",
            },
            "answer_05b": {
                "a": "these two have the same right answer: sharing one output would cost nothing.",
                "b": "both are 0: sharing one output would cost nothing.",
                "c": "Right: they share ½, and one of them should be 1, the other one 0.",
                "d": "then all four would share ½, and the loss would be ln 2 = 0.693.",
            },
            "answer_05c": {
                "a": "a loss may be larger than 1: it is -ln p, and p may be small.",
                "b": "Right: -ln ⅓ = ln 3 = 1.099, the loss of equal chances for three classes.",
                "c": "a class that is sure and right costs 0; the mean would lie below ln 3.",
                "d": "0.693 is ln 2, the value for two classes. Here are three.",
            },
        },
    ),
    Exercise(
        id="04.6",
        points=2,
        cases=sixty_networks,
        reference=recipe,
        measure="xor_solved",
        mutants=(
            Mutant(
                lambda: {"activation": "relu", "scale": 1.0, "lr": 0.1},
                "this is the recipe of the example. A ReLU that is off has slope 0, and here "
                "are only two of them.",
            ),
            Mutant(
                lambda: {"activation": "tanh", "scale": 1.0, "lr": 0.1},
                "tanh, scale 1, lr 0.1: half of the networks get there. Another activation helps "
                "more than another lr.",
            ),
            Mutant(
                lambda: {"activation": "gelu", "scale": 1.0, "lr": 0.1},
                "very close. The activation is good; now try the other two numbers.",
            ),
            Mutant(
                lambda: {"activation": "gelu", "scale": 0.0, "lr": 0.1},
                "nothing has been learned. With scale 0 all weights start at 0: both neurons "
                "stay twins.",
            ),
        ),
    ),
]
