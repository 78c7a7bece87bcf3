"""Predictions: one right option, one answer, a reply for each, constant text."""

import pytest

from engine.lab import ask
from engine.lab.ask import _first_answers

OPTIONS = {"one": "No: XOR needs two lines.", "two": "Right: each cuts off a corner.", "<b>": "No."}


@pytest.fixture(autouse=True)
def no_score():
    _first_answers.clear()


def test_the_text_shows_question_and_options_and_never_changes():
    question = ask("How many lines?", OPTIONS)
    expected = "How many lines?\n  ( ) one\n  ( ) two\n  ( ) <b>"
    assert question._repr_mimebundle_()["text/plain"] == expected
    question.choose("one")
    assert question._repr_mimebundle_()["text/plain"] == expected


def test_nothing_is_told_before_the_answer():
    question = ask("How many lines?", OPTIONS)
    assert question.reply.value == ""
    assert all(button.icon == "circle-o" for button in question.buttons.values())


def test_a_wrong_answer_gets_its_reply_and_the_right_one():
    question = ask("How many lines?", OPTIONS)
    question.buttons["one"].click()
    assert "✗ <em>one</em>: No: XOR needs two lines." in question.reply.value
    assert "✓ <em>two</em>: Right: each cuts off a corner." in question.reply.value
    assert [button.icon for button in question.buttons.values()] == ["times", "check", "circle-o"]


def test_a_right_answer_gets_its_reply_alone():
    question = ask("How many lines?", OPTIONS)
    question.buttons["two"].click()
    assert "✓ <em>two</em>" in question.reply.value
    assert "✗" not in question.reply.value
    assert 'role="alert"' in question.reply.value


def test_the_first_answer_is_kept():
    question = ask("How many lines?", OPTIONS)
    question.choose("one")
    before = question.reply.value
    question.buttons["two"].click()
    assert question.answer == "one"
    assert question.reply.value == before


def test_the_score_counts_the_first_answer_to_each_question():
    ask("First?", OPTIONS).choose("two")
    ask("Second?", OPTIONS).choose("one")
    again = ask("Second?", OPTIONS)
    again.choose("two")
    assert "1 of 2 predicted right so far" in again.reply.value


def test_words_of_an_option_are_not_taken_for_markup():
    question = ask("Is 1 < 2?", OPTIONS)
    question.choose("<b>")
    assert "&lt;b&gt;" in question.reply.value
    assert "Is 1 &lt; 2?" in question.box.children[0].value


@pytest.mark.parametrize(
    ("question", "replies", "message"),
    [
        (" ", OPTIONS, "needs words"),
        ("Q?", {"a": "Right."}, r"at least 2 options, got \['a'\]"),
        ("Q?", {"a": "Right.", "b": " "}, r"none was given for \['b'\]"),
        ("Q?", {"a": "No.", "b": "Wrong."}, r"exactly one .* got 0: \[\]"),
        ("Q?", {"a": "Right.", "b": "Right too."}, r"got 2: \['a', 'b'\]"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named(question, replies, message):
    with pytest.raises(ValueError, match=message):
        ask(question, replies)


def test_an_unknown_option_is_named():
    with pytest.raises(ValueError, match="got 'three'"):
        ask("Q?", OPTIONS).choose("three")
