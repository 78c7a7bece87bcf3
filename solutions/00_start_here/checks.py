"""The checks of notebook 00. Whole numbers, so that sums are exact."""

import numpy as np

from engine.grading.exercises import Exercise, Mutant


def as_picture(x, rows, columns):
    """00.1: the numbers of x (rows · columns,) as (rows, columns), row after row."""
    return x.reshape(rows, columns)


def picture_inputs(rng):
    """(x, rows, columns): the example, two squares, and shapes that tell rows from columns."""
    yield np.arange(1.0, 7.0), 2, 3
    yield np.arange(16.0), 4, 4
    yield np.arange(64.0), 8, 8
    for _ in range(5):
        rows, columns = (int(n) for n in rng.choice(np.arange(1, 6), size=2, replace=False))
        yield _whole(rng, rows * columns), rows, columns


def row_sums(m):
    """00.2: the sum of each row of m (R, C)."""
    return m.sum(axis=1)


def matrices(rng):
    """(m,): the example, a square, random ones of all kinds of shapes."""
    yield (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),)
    yield (np.array([[1.0, 3.0], [1.0, 1.0]]),)
    for _ in range(6):
        rows, columns = (int(n) for n in rng.choice(np.arange(2, 6), size=2, replace=False))
        yield (_whole(rng, rows, columns),)


def row_shares(m):
    """00.3: each number of m (R, C) as a share of its row."""
    return m / m.sum(axis=1, keepdims=True)


def shares_without_keepdim(m):
    """Sizes that do not fit, from the right, end in the engine's error."""
    if m.shape[0] != m.shape[1]:
        raise RuntimeError
    return m / m.sum(axis=1)


def _whole(rng, *shape):
    return rng.integers(1, 10, size=shape).astype(np.float64)


EXERCISES = [
    Exercise(
        id="00.1",
        points=1,
        cases=picture_inputs,
        reference=as_picture,
        mutants=(
            Mutant(
                lambda x, rows, columns: x.reshape(columns, rows),
                "rows and columns have changed places: the number of rows comes first.",
            ),
            Mutant(
                lambda x, rows, columns: x.reshape(columns, rows).T,
                "the shape is right, the order is not: the first numbers belong in the top row.",
            ),
            Mutant(
                lambda x, rows, columns: x,
                "this is x as it came, still one long row.",
            ),
        ),
    ),
    Exercise(
        id="00.2",
        points=1,
        cases=matrices,
        reference=row_sums,
        mutants=(
            Mutant(
                lambda m: m.sum(axis=0),
                "these are the sums of the columns. The axis that you name is used up.",
            ),
            Mutant(
                lambda m: m.sum(),
                "this is the sum of all numbers. Which axis should be used up?",
            ),
            Mutant(
                lambda m: m.sum(axis=1, keepdims=True),
                "the sums are right, but the axis that was used up is still there, with size 1.",
            ),
        ),
    ),
    Exercise(
        id="00.3",
        points=1,
        cases=matrices,
        reference=row_shares,
        mutants=(
            Mutant(
                shares_without_keepdim,
                "the sums have the shape (R,). Compared from the right, R meets C and not R. Which "
                "shape would fit (R, C)?",
            ),
            Mutant(
                lambda m: m / m.sum(axis=0),
                "now each column adds up to 1. It should be each row.",
            ),
            Mutant(
                lambda m: m / m.sum(),
                "now the whole matrix adds up to 1. It should be each row.",
            ),
            Mutant(
                lambda m: m - m.mean(axis=1, keepdims=True),
                "this takes the mean away, as in the notebook. A share is a division.",
            ),
        ),
    ),
]
