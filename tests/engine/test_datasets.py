"""Data sets: equal to scikit-learn's, or determined by their arguments."""

import numpy as np
import pytest

from engine import datasets

LOADERS = ["load_digits", "load_iris", "load_diabetes"]
GENERATORS = ["make_moons", "make_spiral", "make_friedman", "make_xor"]
# Written down once; another processor, NumPy or operating system must give them too.
MOONS = [[-0.966956, -0.130316], [1.034558, 0.082162], [1.946305, 0.558112], [0.090536, 0.544637]]
SPIRAL = [[-1.0, 0.0], [0.058779, 0.080902], [1.0, 0.0], [-0.058779, -0.080902]]
FRIEDMAN = [23.191448, 14.296307, 24.834502]


@pytest.mark.parametrize("name", LOADERS)
def test_real_data_equal_scikit_learn_to_the_bit(name):
    sklearn = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    for ours, theirs in zip(
        getattr(datasets, name)(), getattr(sklearn, name)(return_X_y=True), strict=True
    ):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("name", LOADERS)
def test_a_change_by_the_caller_does_not_reach_the_next_one(name):
    data, target = getattr(datasets, name)()
    data[:] = -1
    target[:] = -1
    again, target_again = getattr(datasets, name)()
    assert again.max() > 0
    assert target_again.max() > 0


@pytest.mark.parametrize(
    ("name", "answers"),
    [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("nand", [1, 1, 1, 0]), ("xor", [0, 1, 1, 0])],
)
def test_logic_gates_list_their_truth_table(name, answers):
    x, y = datasets.logic_gate(name)
    assert x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert x.dtype == np.float64
    assert y.tolist() == answers
    assert y.dtype == np.int64


def test_an_unknown_gate_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match="'and', 'or', 'nand', 'xor'; got 'nor'"):
        datasets.logic_gate("nor")


def test_xor_without_arguments_is_its_truth_table():
    assert all(map(np.array_equal, datasets.make_xor(), datasets.logic_gate("xor")))


@pytest.mark.parametrize("name", GENERATORS)
def test_generated_data_depend_on_the_seed_alone(name):
    make = getattr(datasets, name)
    x, y = make(n=31, noise=0.3, seed=7)
    assert x.shape[0] == 31
    assert y.shape == (31,)
    assert all(map(np.array_equal, make(n=31, noise=0.3, seed=7), (x, y)))
    assert not np.array_equal(make(n=31, noise=0.3, seed=8)[0], x)


def test_generated_numbers_are_the_same_on_every_machine():
    assert datasets.make_moons(4, 0.1, 1)[0].tolist() == MOONS
    assert datasets.make_spiral(4, 0.0, 1)[0].tolist() == SPIRAL
    assert datasets.make_friedman(3, 1)[1].tolist() == FRIEDMAN


@pytest.mark.parametrize("name", ["make_moons", "make_spiral"])
def test_both_classes_are_balanced(name):
    _, y = getattr(datasets, name)(n=101)
    assert np.bincount(y).tolist() == [51, 50]


def test_moons_without_noise_lie_on_their_circles():
    x, y = datasets.make_moons(n=50, noise=0.0)
    centre = np.where(y[:, None] == 0, [0.0, 0.0], [1.0, 0.5])
    assert np.allclose(np.linalg.norm(x - centre, axis=1), 1.0, atol=1e-5)
    assert (x[y == 0, 1] >= 0).all()
    assert (x[y == 1, 1] <= 0.5).all()


def test_spiral_arms_are_each_other_turned_by_half_a_turn():
    x, y = datasets.make_spiral(n=40, noise=0.0)
    first, second = (sorted(map(tuple, x[y == arm] * sign)) for arm, sign in ((0, 1), (1, -1)))
    assert np.allclose(first, second, atol=2e-6)


def test_friedman_follows_its_formula_and_uses_five_of_eleven_columns():
    x, y = datasets.make_friedman(n=60, noise=0.0)
    expected = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    assert x.shape == (60, 11)
    assert np.allclose(y, expected + 10 * x[:, 3] + 5 * x[:, 4], atol=1e-6)
    noisy = datasets.make_friedman(n=2000)[1] - datasets.make_friedman(n=2000, noise=0.0)[1]
    assert 0.95 < noisy.std() < 1.05


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 0}, ValueError, "n must be at least 1, got 0"),
        ({"n": 2.5}, TypeError, "whole number of points, got 2.5"),
        ({"n": True}, TypeError, "whole number of points, got True"),
        ({"noise": -0.1}, ValueError, "0 or more; got -0.1"),
        ({"noise": float("nan")}, ValueError, "0 or more; got nan"),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, message):
    with pytest.raises(error, match=f"{name}: .*{message}"):
        getattr(datasets, name)(**arguments)


@pytest.mark.parametrize(("test", "held_out"), [(0.2, 3), (4, 4), (np.int64(1), 1), (0.9, 10)])
def test_split_keeps_rows_together_and_loses_none(test, held_out):
    n = 11
    x = np.arange(2 * n).reshape(n, 2)
    x_train, x_test, y_train, y_test = datasets.split(x, x[:, 0] * 10, test, seed=3)
    assert len(x_test) == len(y_test) == held_out
    assert sorted([*x_train[:, 0], *x_test[:, 0]]) == x[:, 0].tolist()
    assert (y_train == x_train[:, 0] * 10).all()
    assert (y_test == x_test[:, 0] * 10).all()


def test_split_depends_on_the_seed_alone():
    x = np.arange(50)
    first, again, other = (datasets.split(x, x, seed=seed)[1] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("x", "y", "test", "error"),
    [
        (np.zeros(3), np.zeros(4), 1, ValueError),
        (np.float64(3), np.zeros(4), 1, ValueError),
        (np.zeros(3), np.zeros(3), 3, ValueError),
        (np.zeros(3), np.zeros(3), 0, ValueError),
        (np.zeros(3), np.zeros(3), 0.9, ValueError),
        (np.zeros(3), np.zeros(3), 1.0, ValueError),
        (np.zeros(3), np.zeros(3), float("nan"), ValueError),
        (np.zeros(3), np.zeros(3), "half", TypeError),
        (np.zeros(3), np.zeros(3), True, TypeError),
    ],
)
def test_split_refuses_what_it_cannot_divide(x, y, test, error):
    with pytest.raises(error, match="split: "):
        datasets.split(x, y, test)
