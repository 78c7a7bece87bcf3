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
SEQUENCES = [[4, 5, 7, 9, 0, 1], [8, 9, 2, 3, 8, 4]]


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


def test_sunspots_are_the_published_yearly_numbers():
    years, numbers = datasets.load_sunspots()
    assert years.dtype == np.int64 and years.tolist() == list(range(1700, 2009))
    assert numbers.dtype == np.float64 and numbers.shape == (309,)
    assert numbers[[0, 1, 2, -1]].tolist() == [5.0, 11.0, 16.0, 2.9]
    # The highest maximum on record, the lowest ones (the Maunder minimum ends), and all of them.
    assert (years[numbers.argmax()], numbers.max()) == (1957, 190.2)
    assert years[numbers == 0].tolist() == [1711, 1712, 1810]
    assert round(numbers.sum(), 1) == 15373.4


def test_sunspots_are_not_changed_by_a_caller():
    for part in datasets.load_sunspots():
        part[:] = -1
    assert datasets.load_sunspots()[1].max() == 190.2


@pytest.mark.parametrize("steps", [2, 7, 50])
def test_adding_marks_one_number_in_each_half_and_adds_them(steps):
    x, y = datasets.make_adding(300, steps, seed=3)
    numbers, marks = x[..., 0], x[..., 1]
    assert x.shape == (300, steps, 2) and y.shape == (300,)
    assert (marks[:, : steps // 2].sum(1) == 1).all() and (marks[:, steps // 2 :].sum(1) == 1).all()
    assert set(np.unique(marks)) <= {0.0, 1.0} and numbers.min() >= 0 and numbers.max() <= 1
    pairs = numbers[marks == 1].reshape(300, 2)
    np.testing.assert_allclose(y, pairs.sum(axis=1), atol=1e-12)
    assert (marks.sum(axis=0) > 0).all(), "every step is marked now and then"


def test_the_best_constant_answer_to_adding_is_off_by_a_sixth():
    _, y = datasets.make_adding(20_000, 10, seed=1)
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, rel=0.03)


def test_sentences_come_in_twins_of_the_same_words():
    words, y = datasets.make_negation(200, seed=5)
    vocabulary = datasets.NEGATION_WORDS
    assert words.shape == (200, 11) and y.tolist() == [0, 1] * 100
    assert len(set(vocabulary)) == len(vocabulary) == 24
    assert np.array_equal(np.sort(words[::2]), np.sort(words[1::2]))
    assert (words[::2] != words[1::2]).any(axis=1).all()
    assert set(words.ravel()) == set(range(len(vocabulary))), "every word is used"


def test_a_sentence_is_positive_if_not_stands_before_bad():
    words, y = datasets.make_negation(100, seed=2)
    for sentence, label in zip(words, y, strict=True):
        text = " ".join(datasets.NEGATION_WORDS[i] for i in sentence)
        assert ("not bad" in text, "not good" in text) == (label == 1, label == 0), text
        assert text.count("good") == text.count("bad") == 1


def test_sequences_are_the_same_on_every_machine():
    x, y = datasets.make_adding(2, 4, seed=1)
    assert x[0].tolist() == [[0.511822, 0], [0.950464, 1], [0.14416, 1], [0.948649, 0]]
    assert y.tolist() == [1.094624, 1.251029]
    first = [datasets.NEGATION_WORDS[i] for i in datasets.make_negation(2)[0][0]]
    assert " ".join(first) == "the cast was not good yet the ending felt quite bad"
    assert not np.array_equal(datasets.make_adding(2, 4, seed=2)[0], x)
    assert not np.array_equal(datasets.make_negation(20, 1)[0], datasets.make_negation(20, 2)[0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: datasets.make_adding(0), ValueError, "make_adding: n must be at least 1, got 0"),
        (lambda: datasets.make_adding(3, 1), ValueError, "steps must be at least 2, got 1"),
        (lambda: datasets.make_adding(3, 2.5), TypeError, "steps must be a whole number, got 2.5"),
        (lambda: datasets.make_negation(True), TypeError, "n must be a whole number, got True"),
        (lambda: datasets.make_negation(7), ValueError, "twins need an even n, got 7"),
        (lambda: datasets.make_negation(0), ValueError, "n must be at least 2, got 0"),
    ],
)
def test_impossible_sequences_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_reversal_reads_from_the_end_and_sorting_rises():
    x, reversed_x = datasets.make_reversal(n=20, length=7, symbols=5, seed=3)
    same, sorted_x = datasets.make_sorting(n=20, length=7, symbols=5, seed=3)
    assert x.shape == reversed_x.shape == sorted_x.shape == (20, 7)
    assert x.dtype == reversed_x.dtype == sorted_x.dtype == np.int64
    assert np.array_equal(x, same)
    assert set(x.ravel()) == {0, 1, 2, 3, 4}
    for given, backwards, risen in zip(
        x.tolist(), reversed_x.tolist(), sorted_x.tolist(), strict=True
    ):
        assert backwards == given[::-1]
        assert risen == sorted(given)


def test_sequences_depend_on_the_seed_alone_and_are_the_same_on_every_machine():
    assert datasets.make_reversal(2, 6, seed=1)[0].tolist() == SEQUENCES
    assert not np.array_equal(datasets.make_reversal(seed=1)[0], datasets.make_reversal()[0])


def test_a_sequence_task_can_be_changed_without_harm():
    x, y = datasets.make_reversal(n=3)
    before = y.copy()
    x[:] = 0
    assert np.array_equal(y, before)


@pytest.mark.parametrize("name", ["make_reversal", "make_sorting"])
@pytest.mark.parametrize("argument", ["n", "length", "symbols"])
def test_sizes_of_sequence_tasks_are_whole_and_above_0(name, argument):
    with pytest.raises(ValueError, match=f"{name}: {argument} must be at least 1, got 0"):
        getattr(datasets, name)(**{argument: 0})
    for wrong in (2.5, True):
        with pytest.raises(TypeError, match=f"{name}: {argument} must be a whole .*{wrong}"):
            getattr(datasets, name)(**{argument: wrong})
