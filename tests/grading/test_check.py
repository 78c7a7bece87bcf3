"""check() and progress(): one answer in, a few plain lines out, never an error."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import engine
from engine.grading import check, progress
from engine.grading.answers import Namespace
from engine.grading.exercises import Choice, Exercise, Mutant, evaluate
from engine.grading.table import read_table, released_table
from engine.grading.verdict import judge

ROOT = Path(__file__).parents[2]


def double(x, n):
    return x * n


def product_and_next(x, n):
    return x * n, n + 1


def cases(rng):
    yield np.array([1.0, 2.0]), 3
    yield np.array([0.5]), -1
    yield np.zeros(2), 2


DOUBLE = Exercise(
    id="77.1",
    points=2,
    cases=cases,
    reference=double,
    mutants=(
        Mutant(lambda x, n: x + n, "added, not multiplied."),
        Mutant(lambda x, n: -x * n, "the sign is wrong."),
    ),
)
BOTH = Exercise(
    id="77.3",
    points=1,
    cases=cases,
    reference=product_and_next,
    outputs=("product", "next"),
    mutants=(
        Mutant(lambda x, n: (x + n, n + 1), "added, not multiplied."),
        Mutant(lambda x, n: (-x * n, n), "the sign is wrong, and 1 is missing."),
        Mutant(lambda x, n: (x * n, n - 1), "one down, not up."),
    ),
)
PICK = Choice("77.2", 1, {"pick_77": {"a": "Right: because.", "b": "no, because."}})


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Run check() beside a released table and return what it prints."""
    folder = tmp_path / "exercises" / "77_test"
    folder.mkdir(parents=True)
    (folder / "checks.json").write_text(released_table([DOUBLE, PICK]), encoding="utf-8")
    monkeypatch.chdir(folder)

    def run(exercise="77.1", **names):
        check(exercise, names)
        return capsys.readouterr().out

    return run


def test_a_right_answer(say):
    assert say(double=double) == "✓ right  77.1  `double` is right on 3 inputs. (2 of 2 points)\n"


def test_what_follows_a_check_draws_the_same_numbers(say):
    def noisy(x, n):
        engine.manual_seed(1)
        return x * n + 0 * engine.randn(3).sum().item()

    def after(*checks):
        engine.manual_seed(5)
        engine.randn(3)  # leaves half a pair of normal numbers
        for answer in checks:
            assert say(double=answer).startswith("✓ right")
        return engine.randn(5).tolist()

    assert after() == after(noisy) == after(noisy, noisy)


@pytest.mark.parametrize(
    "convert", [list, tuple, engine.tensor, lambda array: array.astype(np.float32)]
)
def test_lists_tensors_and_other_precisions_are_right_too(say, convert):
    assert say(double=lambda x, n: convert(x * n)).startswith("✓ right")


def test_a_wrong_answer_shows_input_yours_expected_and_deviation(say):
    assert say(double=lambda x, n: x * n + (n < 0)).splitlines() == [
        "✗ not yet  77.1  `double` is wrong on 1 of 3 inputs. (0 of 2 points)",
        "    first failing input: x = [0.5], n = -1",
        "    yours:               [0.5]",
        "    expected:            [-0.5]",
        "    largest deviation:   1",
    ]


def test_a_deviation_that_the_shown_numbers_do_not_have_says_where_it_is(say):
    answer = say(double=lambda x, n: x * n + 1 + (n < 0))
    assert "    yours:               [4, 7]\n" in answer
    assert "    expected:            [3, 6]\n" in answer
    assert "    largest deviation:   2, on another input\n" in answer


def test_a_known_mistake_gets_its_hint(say):
    assert "likely cause:        added, not multiplied." in say(double=lambda x, n: n + x)
    assert "likely cause:        the sign is wrong." in say(double=lambda x, n: n * -x)


@pytest.mark.parametrize(
    ("answer", "causes"),
    [
        (
            lambda x, n: (x + n, n - 1),
            ["product: added, not multiplied.", "next: one down, not up."],
        ),
        (lambda x, n: (x + n, n + 5), ["product: added, not multiplied."]),
        (lambda x, n: (x * n, n), ["next: the sign is wrong, and 1 is missing."]),
        (lambda x, n: (-x * n, n), ["the sign is wrong, and 1 is missing."]),
        (lambda x, n: (x * n, n + 5), []),
        (lambda x, n: (x + n,), ["product: added, not multiplied."]),
        (lambda x, n: (x + n, n - 1) if n > 0 else None, []),
    ],
)
def test_each_part_that_is_wrong_in_a_known_way_gets_its_hint(answer, causes):
    check = evaluate(BOTH, np.random.default_rng(0))
    lines = judge(check, Namespace({check.name: answer})).lines
    marker = "likely cause:        "
    assert [line.removeprefix(marker) for line in lines if line.startswith(marker)] == causes


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (lambda x, n: x.sort(), "yours:               None. Did you forget `return`?"),
        (lambda x, n: "six", "'six' (expected an array of shape (2,), got text)"),
        (lambda x, n: (x * n)[0], "3 (expected an array of shape (2,), got a number)"),
        (lambda x, n: (x * n).reshape(1, -1), "got shape (1, 2))"),
        (lambda x, n: x * n + np.nan, "(nan means not a number: "),
        (lambda x, n: (x * n).astype(object), "an array of dtype object, which a check cannot"),
        (lambda x, n: x @ n, "yours:               ValueError: matmul"),
        (lambda x, n: {1}, "a value of type set, which a check cannot read"),
    ],
)
def test_unusable_results_are_explained(say, answer, line):
    out = say(double=answer)
    assert line in out
    assert "expected:            [3, 6]" in out


def test_changed_inputs_and_prints_are_noted_without_losing_points(say):
    def in_place(x, n):
        print("here")
        x *= n
        return x

    out = say(double=in_place)
    assert out.startswith("✓ right")
    assert "note: double changes its input `x` in place" in out
    assert "note: what double prints is left out here." in out
    assert "here\n" not in out.replace("left out here.\n", "")


def _without_return(x, n):
    """Twice x, as text."""
    "2, 4"


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ({}, "○ open  77.1  `double` is not defined yet: run the cell that defines it, then this"),
        ({"double": ...}, "○ open  77.1  No answer yet: write one, run its cell, then"),
        ({"double": lambda x, n: None}, "○ open  77.1  No answer yet: write one"),
        # A constant that nothing returns leaves no trace in the code.
        ({"double": _without_return}, "○ open  77.1  No answer yet: write one"),
        ({"double": 3}, "✗ not yet  77.1  `double` is no longer a function"),
        ({"double": lambda x: x}, "✗ not yet  77.1  `double(x)` cannot be called with 2 inputs."),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(say, names, sentence):
    out = say(**names)
    assert out.startswith(sentence)
    assert out.count("\n") == 1
    assert ("`return` is missing" in out) == ("No answer yet" in out)


def test_an_endless_loop_stops_the_check(say, monkeypatch):
    table = Path("checks.json")
    table.write_text(table.read_text(encoding="utf-8").replace('"seconds": 5.0', '"seconds": 0.3'))

    def endless(x, n):
        while True:
            pass

    out = say(double=endless)
    assert "`double` is wrong on 1 of 1 input; the other 2 were not tried." in out
    assert "no answer within 0.3 s. Is there a loop that never ends?" in out


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ({"pick_77": "a"}, '✓ pick_77 = "a": Right: because.'),
        ({"pick_77": " B"}, '✗ pick_77 = "b": no, because.'),
        ({"pick_77": "c"}, '✗ pick_77: write one of "a", "b" in quotes; it is \'c\'.'),
        ({"pick_77": 1}, '✗ pick_77: write one of "a", "b" in quotes; it is 1.'),
        ({"pick_77": {1}}, '✗ pick_77: write one of "a", "b" in quotes; it is something else.'),
        ({"pick_77": ...}, "○ open  77.2  No choice is made yet: write a letter"),
        ({}, "○ open  77.2  No choice is made yet: write a letter"),
    ],
)
def test_every_choice_is_answered(say, names, line):
    assert line in say("77.2", **names)


def test_progress_adds_the_points_up(say, capsys):
    progress("77", {"double": double, "pick_77": "b"})
    assert capsys.readouterr().out == "✓ 77.1  ✗ 77.2\n2 of 3 points so far.\n"


def test_without_names_the_callers_globals_are_checked(say, capsys):
    check("77.1")
    progress("77")
    assert capsys.readouterr().out.startswith("✓ right  77.1")


def test_the_table_is_found_from_the_course_folder_too(say, monkeypatch):
    monkeypatch.chdir("../..")
    assert say(double=double).startswith("✓ right")


def test_wrong_numbers_and_lost_tables_are_one_sentence(say):
    assert say("77.9") == "There is no exercise 77.9 here. There are 77.1, 77.2.\n"
    assert say(77.1, double=double).startswith("✓ right")
    assert say("78.1").startswith("The checks of notebook 78 are missing: checks.json belongs")
    for broken in ("", "[]", "{", '{"77.1": {}}', '{"77.1": {"questions": 1}}', '{"77.1": 5}'):
        Path("checks.json").write_text(broken)
        assert say(double=double).startswith("checks.json cannot be read ("), broken


def test_a_table_says_the_same_as_the_exercise_it_came_from(say):
    table = read_table(Path("checks.json"))
    assert table["77.2"] == PICK
    assert repr(table["77.1"]) == repr(evaluate(DOUBLE, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("mutants", "message"),
    [
        ((Mutant(double, "not a mistake"),), "a mutant passes every input: not a mistake"),
        (
            (Mutant(lambda x, n: x, "one"), Mutant(lambda x, n: x, "two")),
            "no input tells apart: one / two",
        ),
    ],
)
def test_mutants_that_teach_nothing_are_refused(mutants, message):
    with pytest.raises(ValueError, match=message):
        released_table([Exercise("77.1", 1, cases, double, mutants)])


def test_a_reference_that_fails_is_refused():
    def failing(x, n):
        raise ValueError

    with pytest.raises(ValueError, match="77.1: the reference fails"):
        released_table([Exercise("77.1", 1, cases, failing, ())])


@pytest.mark.parametrize("messages", [{"a": "no", "b": "no"}, {"a": "Right: 1", "b": "Right: 2"}])
def test_a_choice_needs_one_right_letter(messages):
    with pytest.raises(ValueError, match="exactly one message must start with 'Right'"):
        Choice("77.2", 1, {"pick": messages})


def weigh(answer, exercise, capsys):
    names = ("or_weights", "xor_perceptrons", "tuned")
    check(exercise, dict.fromkeys(names, lambda: answer))
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (([1, 1], -0.5), "✓ right"),
        ((engine.tensor([1.0, 1.0]), engine.tensor(-0.5)), "✓ right"),
        (([3, 2], -0.25), "✓ right"),
        (([1, 1], [-0.5]), "w holds 2 numbers and b is one; here w has shape (2,) and b shape (1"),
        (([1, 1, 1], -0.5), "here w has shape (3,) and b shape ()"),
        (([1, 1], "x"), "please return a pair (w, b) of numbers"),
        (([1, np.nan], 0), "please return a pair (w, b) of finite numbers"),
        ([1, 1, -0.5], "yours:               please return a pair (w, b); here it is [1, 1, -0.5]"),
        (7, "yours:               please return a pair (w, b); here it is 7"),
        (None, "yours:               None. Did you forget `return`?"),
    ],
)
def test_weights_are_measured_by_the_neuron_they_make(answer, message, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert message in weigh(answer, "01.2", capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((([1, 1], -0.5), ([-1, -1], 1.5), ([1, 1], -1.5)), "✓ right"),
        ((([1, 1], -0.5), ([1, 1], -1.5)), "please return three pairs"),
        ((([1, 1], -0.5), ([1, 1], -1.5), 3), "please return three pairs"),
    ],
)
def test_networks_are_measured_by_what_they_answer(answer, message, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert message in weigh(answer, "01.6", capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((0.0331, 0.669), "✓ right"),
        (engine.tensor([0.03, 0.7]), "✓ right"),
        ((0.0198, 0.0), "yours:               '230 steps'"),
        ((0.0, 0.5), "'more than 1000 steps'"),
        ((1e300, 0.5), "'w flies off'"),
        ((0.03, np.nan), "please return a pair (lr, momentum) of finite numbers"),
        (("slow", 0.7), "please return a pair (lr, momentum) of numbers"),
        ((0.03, [0.7, 0.7]), "please return a pair (lr, momentum) of numbers"),
        (0.03, "yours:               please return a pair (lr, momentum); here it is 0.03"),
    ],
)
def test_a_learning_rate_and_momentum_are_measured_by_the_steps_they_need(
    answer, message, capsys, monkeypatch
):
    monkeypatch.chdir(ROOT)
    assert message in weigh(answer, "02.6", capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"activation": "gelu", "scale": 1, "lr": 0.3}, "✓ right"),
        ({"activation": "relu", "scale": 1.0, "lr": 0.1}, "this is the recipe of the example"),
        ({"activation": "relu", "scale": 10, "lr": 10}, "yours:               0\n"),
        (["relu", 1.0, 0.1], "please return a dict such as"),
        ({"activation": "gelu", "scale": 1.0}, "please return a dict such as"),
        ({"activation": "selu", "scale": 1.0, "lr": 0.1}, "activations are relu, tanh, sigmoid, g"),
        ({"activation": np.ones(2), "scale": 1.0, "lr": 0.1}, "the activations are relu"),
        ({"activation": "gelu", "scale": np.nan, "lr": 0.1}, "with a scale and an lr between 0"),
        ({"activation": "gelu", "scale": 1.0, "lr": "0.1"}, "with a scale and an lr between 0"),
    ],
)
def test_a_recipe_is_measured_by_training(answer, message, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    check("04.6", {"recipe": lambda: answer})
    assert message in capsys.readouterr().out


def test_the_students_side_loads_numpy_only():
    code = (
        "import sys, engine.grading as g; g.check('01.1', {});"
        "print(sorted({'nbgrader', 'nbformat', 'IPython', 'typer', 'torch'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.splitlines() == [
        "○ open  01.1  `forward` is not defined yet: run the cell that defines it, then this one.",
        "[]",
    ]
