"""Plain values: what an answer may be, when two agree, and how they are shown."""

import numpy as np
import pytest

import engine
from engine.grading.values import gap, plain, show

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        ((1, [2.5, "a"]), [1, [2.5, "a"]]),
        ({"w": (1, 2)}, {"w": [1, 2]}),
    ],
)
def test_answers_become_plain_values(value, expected):
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_engine_tensors_become_arrays():
    result = plain((engine.tensor([1.0, 2.0], requires_grad=True), engine.tensor(3)))
    assert [type(item) for item in result] == [np.ndarray, np.ndarray]
    assert result[0].tolist() == [1.0, 2.0]
    assert result[1].tolist() == 3


def test_an_array_is_copied():
    array = np.zeros(3)
    plain(array)[0] = 1
    assert array[0] == 0


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({1, 2}, "type set"),
        (lambda: 1, "type function"),
        (np.array([object()]), "dtype object"),
        (np.array(["a"]), "dtype <U1"),
        (1j, "type complex"),
        ({1: 2}, "type dict"),
        (range(3), "type range"),
    ],
)
def test_what_a_check_cannot_read_is_named(value, named):
    with pytest.raises(TypeError, match=named):
        plain([value])


@pytest.mark.parametrize(
    ("yours", "expected"),
    [
        (1.0, 1),
        (True, 1),
        (np.array(1.0), 1),
        ([1, 2], np.array([1.0, 2.0])),
        (np.array([1, 2]), [1, 2]),
        (np.array([1, 2], dtype=np.uint8), np.array([1.0, 2.0])),
        (1.0 + 1e-10, 1.0),
        (1e6 + 1e-4, 1e6),
        (INF, INF),
        (NAN, NAN),
        ("b", "b"),
        (None, None),
        ([np.ones((2, 2)), 1], [np.ones((2, 2)), 1]),
        ({"a": [1]}, {"a": [1.0]}),
    ],
)
def test_equal_values_have_no_gap(yours, expected):
    assert gap(yours, expected, tolerance=1e-9) is None


@pytest.mark.parametrize(
    ("yours", "expected", "text"),
    [
        (None, 1, "expected a number, got None"),
        ("1", 1, "expected a number, got text"),
        ({"a": 1}, 1, "expected a number, got a dict"),
        ([1], 1, "expected a number, got shape (1,)"),
        (1, np.ones(1), "expected an array of shape (1,), got a number"),
        (np.ones((1, 2)), np.ones(2), "expected an array of shape (2,), got shape (1, 2)"),
        ([[1], [1, 2]], np.ones((2, 2)), "expected an array of shape (2, 2), got a list that"),
        (10**400, 1, "expected a number, got a list that"),
        (NAN, 1, "nan means not a number"),
        ([1, 2], [1, 2, 3], "expected 3 values, got 2"),
        (5, [1, 2], "expected 2 values, got a number"),
        (None, [1, 2], "expected 2 values, got None"),
        (np.ones(2), [np.ones(2), 1], "expected 2 values, got one array"),
        (np.ones(2), [np.ones(2), np.ones(2)], "expected 2 values, got one array"),
        (np.array([True, False]), True, "expected True or False, got shape (2,)"),
        ("yes", False, "expected True or False, got text"),
        (True, [1, 2], "expected 2 values, got True or False"),
        ({"b": 1}, {"a": 1}, "expected a dict with the keys a"),
        (1, "a", ""),
        (1, None, ""),
    ],
)
def test_a_wrong_kind_is_explained(yours, expected, text):
    assert gap(yours, expected, tolerance=1e-9).text.startswith(text)


@pytest.mark.parametrize(
    ("yours", "expected", "deviation"),
    [
        (3, 1, 2.0),
        (np.array([1.0, 5.0]), np.array([2.0, 2.0]), 3.0),
        ([np.ones(2), 4], [np.zeros(2), 1], 3.0),
        (INF, 1.0, INF),
        (1.0, INF, INF),
        (1.0, NAN, INF),
        (-INF, INF, INF),
        (np.array([1.0, NAN]), np.array([1.5, NAN]), 0.5),
        (1.0 + 1e-8, 1.0, pytest.approx(1e-8)),
    ],
)
def test_the_largest_deviation_is_measured(yours, expected, deviation):
    found = gap(yours, expected, tolerance=1e-9)
    assert found.deviation == deviation
    assert found.text == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1 / 3, "0.333333"),
        (True, "True"),
        (None, "None"),
        ("a\nb", "'a\\nb'"),
        (np.array([[1.0, 0.5], [2.0, NAN]]), "[[1, 0.5], [2, nan]]"),
        (np.array(2.5), "2.5"),
        (
            np.arange(20.0).reshape(5, 4),
            "array of shape (5, 4), first entries [0, 1, 2, 3, 4, 5 ...",
        ),
        ([1.0, np.array([2.0])], "[1, [2]]"),
        ({"a": 1.0}, "{a: 1}"),
        (10**500, "a whole number of about 500 digits"),
    ],
)
def test_values_are_shown_on_one_line(value, text):
    assert show(value).startswith(text)
    assert "\n" not in show(value)


def test_long_values_are_shortened():
    assert max(len(show("a" * 10_000)), len(show(list(range(10_000))))) <= 200


def test_parts_of_a_result_carry_their_names():
    assert show([np.array([1.0]), 2], ["w", "b"]) == "w = [1], b = 2"
    assert show([1], ["w", "b"]) == "[1]"
