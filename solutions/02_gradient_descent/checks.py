"""The checks of notebook 02. Most inputs are multiples of 1/4 and most means run over 2, 4 or 8
points, so that sums are exact in any order; other answers are rounded far below the tolerance."""

import numpy as np

from engine.datasets import load_diabetes
from engine.grading.exercises import Exercise, Mutant


def slopes(w, b, x, y):
    """02.1: partial derivatives of the mean square of w·x + b - y."""
    error = w * x + b - y
    return (2 * error * x).mean(), (2 * error).mean()


def slopes_inputs(rng):
    """(w, b, x, y)."""
    yield 0.5, 0.0, np.array([1.0, 2.0]), np.array([1.0, 3.0])
    yield 2.0, -1.0, np.array([1.0, -1.0, 0.5, 0.0]), np.array([0.0, -2.0, 3.0, 1.0])
    for case in range(10):
        size = (2, 4, 8)[case % 3]
        yield _quarter(rng), _quarter(rng), _quarters(rng, size), _quarters(rng, size)


def step(w, steepness, lr):
    """02.2: one step down the bowl ½ Σ λ w²."""
    return w - lr * steepness * w


def step_inputs(rng):
    """(w, steepness, lr)."""
    yield np.array([1.0, 1.0]), np.array([10.0, 1.0]), 0.19
    yield np.array([-1.0, 2.0]), np.array([4.0, 1.0]), 0.5
    for _ in range(10):
        size = int(rng.integers(1, 4))
        steepness = rng.integers(2, 41, size=size) / 4
        yield _quarters(rng, size), steepness, float(rng.choice([0.125, 0.25, 0.5]))


def fit(x, y, lr, steps):
    """02.3: gradient descent on the mean square of x w - y, from w = 0."""
    return fit_with(x, y, lr, steps)


def fit_with(x, y, lr, steps, *, frozen=False):
    """The loop; frozen: the gradient is that of the start in every step."""
    w = np.zeros(x.shape[1])
    error = x @ w - y
    # The mistakes that explode are meant to.
    with np.errstate(all="ignore"):
        for _ in range(steps):
            w = w - lr * 2 * (x.T @ error) / len(y)
            error = error if frozen else x @ w - y
    # The last bits of thousands of steps differ between processors.
    return np.round(w, 9)


def fit_inputs(rng):
    """(x, y, lr, steps): a few exact steps, then the patients until the walk has arrived."""
    yield np.eye(2), np.array([1.0, 2.0]), 0.5, 2
    yield np.array([[1.0], [2.0]]), np.array([2.0, 4.0]), 0.25, 1
    for case in range(6):
        size = (2, 4, 8)[case % 3]
        x = _quarters(rng, (size, int(rng.integers(1, 4))))
        yield x, _quarters(rng, size), float(rng.choice([0.125, 0.25])), 2 + case % 2
    data, target = load_diabetes()
    order = rng.permutation(len(target))
    x, y = ((v - v.mean(0)) / v.std(0) for v in (data[order], target[order]))
    yield np.round(x, 2), np.round(y, 2), 0.24, 4000


def largest_lr(a):
    """02.4: 2/λmax of a symmetric matrix."""
    return _rounded(2 / np.linalg.eigvalsh(a)[-1])


def largest_lr_inputs(rng):
    """(a,): symmetric, positive, λmax at most 2, so that the tolerance is 1% of the limit."""
    yield (np.array([[0.5, 0.25], [0.25, 0.5]]),)
    yield (np.diag([0.5, 0.0625]),)
    for case in range(8):
        size = 2 + case % 4
        factor = rng.integers(-2, 3, size=(size, size)).astype(np.float64)
        square = factor.T @ factor + np.eye(size)
        yield (square / 2.0 ** np.ceil(np.log2(np.trace(square) / 2)),)


def sgd_path(samples, lr, tau):
    """02.5: stochastic descent towards one sample after another, with 1/t decay."""
    return _path(samples, [lr / (1 + t / tau) for t in range(len(samples))])


def sgd_path_compounding(samples, lr, tau):
    """Each step divides the rate of the step before."""
    rates = [lr]
    for t in range(1, len(samples)):
        rates.append(rates[-1] / (1 + t / tau))
    return _path(samples, rates)


def sgd_path_inputs(rng):
    """(samples, lr, tau)."""
    yield np.array([4.0, 0.0, 2.0]), 1.0, 1
    yield np.array([1.0, 1.0, -1.0, 3.0, 0.5]), 0.5, 2
    for _ in range(6):
        samples = _quarters(rng, int(rng.integers(4, 9)))
        yield samples, float(rng.choice([0.25, 0.5, 1.0])), int(rng.integers(1, 6))


def _path(samples, rates):
    w, path = 0.0, []
    for x, rate in zip(samples, rates, strict=True):
        w = w - rate * (w - float(x))
        path.append(w)
    return np.array(path)


def tuned():
    """02.6: one good pair of many."""
    return 0.03, 0.7


def starts(rng):
    """The same ones for everybody: nobody's last step shall depend on the draw."""
    for w in ((1, 1), (1, 2), (2, 1), (1, 4), (4, 1)):
        yield (np.array(w, dtype=np.float64),)


def _quarter(rng):
    return float(_quarters(rng))


def _quarters(rng, size=None):
    return rng.integers(-8, 9, size=size) / 4


def _rounded(value):
    """Nine decimals: the last bits of an eigenvalue differ between processors."""
    return round(float(value), 9)


EXERCISES = [
    Exercise(
        id="02.1",
        points=1,
        cases=slopes_inputs,
        reference=slopes,
        outputs=("slope in w", "slope in b"),
        mutants=(
            Mutant(
                lambda w, b, x, y: tuple(s / 2 for s in slopes(w, b, x, y)),
                "half of what it should be. What is the slope of a square?",
            ),
            Mutant(
                lambda w, b, x, y: tuple(s * len(x) for s in slopes(w, b, x, y)),
                "these are sums over the points. The loss is a mean, and so are its slopes.",
            ),
            Mutant(
                lambda w, b, x, y: (slopes(w, b, x, y)[1],) * 2,
                "the slope in w lacks a factor: a nudge of w moves each prediction by x times it.",
            ),
            Mutant(
                lambda w, b, x, y: tuple(-s for s in slopes(w, b, x, y)),
                "the sign is turned round. The error is the prediction minus y.",
            ),
        ),
    ),
    Exercise(
        id="02.2",
        points=1,
        cases=step_inputs,
        reference=step,
        mutants=(
            Mutant(
                lambda w, steepness, lr: step(w, steepness, -lr),
                "this walks uphill: the step goes against the slope, not with it.",
            ),
            Mutant(
                lambda w, steepness, lr: step(w, steepness, 1.0),
                "the learning rate lr is missing from the step.",
            ),
            Mutant(
                lambda w, steepness, lr: w - lr * steepness,
                "steepness alone is not the slope: the slope also depends on where w is.",
            ),
            Mutant(
                lambda w, steepness, lr: w - lr * 0.5 * steepness * w**2,
                "this subtracts the loss itself. The rule takes its slope.",
            ),
        ),
    ),
    Exercise(
        id="02.3",
        builds=(
            "backward",
            "lstsq",
            "solve",
            "SGD",
            "Adam",
        ),
        points=3,
        cases=fit_inputs,
        reference=fit,
        tolerance=1e-6,
        mutants=(
            Mutant(
                lambda x, y, lr, steps: fit_with(x, y, -lr, steps),
                "w walks uphill. Check both signs: of the error and of the step.",
            ),
            Mutant(
                lambda x, y, lr, steps: fit_with(x, y, lr * len(y), steps),
                "the gradient is a sum over the rows. The loss is a mean: divide by N.",
            ),
            Mutant(
                lambda x, y, lr, steps: fit_with(x, y, lr / 2, steps),
                "every step is half as long as it should be: a 2 is missing from the gradient.",
            ),
            Mutant(
                lambda x, y, lr, steps: fit_with(x, y, lr, steps, frozen=True),
                "every step uses the gradient of the start. It has to be computed anew at each w.",
            ),
        ),
    ),
    Exercise(
        id="02.4",
        points=2,
        cases=largest_lr_inputs,
        reference=largest_lr,
        tolerance=0.01,
        mutants=(
            Mutant(
                lambda a: _rounded(2 / np.linalg.eigvalsh(a)[0]),
                "this is the limit of the flattest direction. The steepest one gives way first.",
            ),
            Mutant(
                lambda a: _rounded(1 / np.linalg.eigvalsh(a)[-1]),
                "half of the limit: this step ends at the minimum of the steep direction.",
            ),
            Mutant(
                lambda a: 2 / float(np.diag(a).max()),
                "the diagonal tells how steep it is along the axes. The valley may lie aslant.",
            ),
        ),
    ),
    Exercise(
        id="02.5",
        points=2,
        cases=sgd_path_inputs,
        reference=sgd_path,
        mutants=(
            Mutant(
                lambda samples, lr, tau: _path(samples, [lr] * len(samples)),
                "the rate never shrinks: lr stays what it was in the first step.",
            ),
            Mutant(
                lambda samples, lr, tau: sgd_path(np.append(0.0, samples), lr, tau)[1:],
                "t begins at 1. In the first step t is 0, so that its rate is lr itself.",
            ),
            Mutant(
                sgd_path_compounding,
                "the rate shrinks too fast: is a rate that was divided already divided again?",
            ),
            Mutant(
                lambda samples, lr, tau: _path(
                    samples, [lr / (1 + t // tau) for t in range(len(samples))]
                ),
                "the rate goes down in stairs: // drops what is behind the decimal point.",
            ),
        ),
    ),
    Exercise(
        id="02.6",
        points=3,
        cases=starts,
        reference=tuned,
        measure="steps_with_momentum",
        mutants=(
            Mutant(
                lambda: (0.0198, 0.0),
                "momentum 0 is plain descent, here at its best. Keep a part of the last step.",
            ),
            Mutant(
                lambda: (0.019, 0.9),
                "0.9 keeps too much here: w runs past the minimum and has to come back.",
            ),
            Mutant(
                lambda: (0.2, 0.5),
                "w flies off: lr is too large for this momentum. Is the order (lr, momentum)?",
            ),
            Mutant(
                lambda: (0.0001, 0.5),
                "it hardly moves. How many steps does the flat direction need at this lr?",
            ),
        ),
    ),
]
