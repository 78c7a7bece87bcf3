"""Predictions: a question with a few answers, each of which gets its own reply."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets

# The first answer to each question of this kernel. Nothing is written or sent anywhere.
_first_answers: dict[str, bool] = {}
_lock = threading.Lock()

# Buttons of ipywidgets cut long words off; an answer is a sentence.
_STYLE = """<style>.lab-answer { white-space: normal; height: auto; line-height: 1.4;
text-align: left; padding: 6px 12px; max-width: 46em; }</style>"""


class Question:
    """What `ask` returns and the notebook shows. The first press of an option is the answer.

    Options are buttons and not radio buttons, because JupyterLab takes the arrow keys, with which
    one moves among radio buttons, for "next cell". They stay enabled after the answer, so that the
    keyboard focus is not lost; further presses change nothing.
    """

    def __init__(self, question: str, replies: Mapping[str, str]) -> None:
        self.question, self.replies = question, dict(replies)
        self.answer: str | None = None
        self.buttons: dict[str, ipywidgets.Button] = {}
        for option in self.replies:
            layout = ipywidgets.Layout(width="auto", height="auto", align_self="flex-start")
            button = ipywidgets.Button(description=option, icon="circle-o", layout=layout)
            button.add_class("lab-answer")
            button.on_click(lambda _, option=option: self.choose(option))
            self.buttons[option] = button
        wide = ipywidgets.Layout(width="auto", max_width="46em")
        head = ipywidgets.HTML(f"{_STYLE}<strong>{escape(question)}</strong>", layout=wide)
        self.reply = ipywidgets.HTML(layout=wide)
        self.box = ipywidgets.VBox([head, *self.buttons.values(), self.reply])

    def choose(self, option: str) -> None:
        """Lock this answer; show its reply, and the right one if it was another.

        Raises: ValueError for an unknown option.
        """
        if option not in self.replies:
            raise ValueError(f"the options are {list(self.replies)}, got {option!r}")
        with _lock:
            if self.answer is not None:
                return
            self.answer = option
            right = next(other for other, reply in self.replies.items() if _is_right(reply))
            _first_answers.setdefault(self.question, option == right)
            correct, asked = sum(_first_answers.values()), len(_first_answers)
        lines = []
        for one in dict.fromkeys([option, right]):
            mark, self.buttons[one].icon = ("✓", "check") if one == right else ("✗", "times")
            lines.append(f"{mark} <em>{escape(one)}</em>: {escape(self.replies[one])}")
        self.buttons[option].button_style = "info"
        score = f"{correct} of {asked} predicted right so far. Only you see this."
        lines.append(f'<small style="color: var(--jp-content-font-color2)">{score}</small>')
        self.reply.value = f'<div role="alert" style="line-height: 1.5">{"<br>".join(lines)}</div>'

    def __repr__(self) -> str:
        return "\n".join([self.question, *(f"  ( ) {option}" for option in self.replies)])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {**self.box._repr_mimebundle_(), "text/plain": repr(self)}


def ask(question: str, replies: Mapping[str, str]) -> Question:
    """Ask for a prediction before a cell is run.

    Args: question: one sentence. replies: {option: reply}; the right option is the one whose reply
        starts with "Right". Options keep their order.
    Raises: ValueError for an empty question, fewer than two options, an empty reply, or unless
        exactly one reply starts with "Right".
    """
    if not question.strip():
        raise ValueError("a question needs words, got an empty one")
    if len(replies) < 2:
        raise ValueError(f"a question needs at least 2 options, got {list(replies)}")
    empty = [option for option, reply in replies.items() if not reply.strip()]
    if empty:
        raise ValueError(f"every option needs a reply, none was given for {empty}")
    right = [option for option, reply in replies.items() if _is_right(reply)]
    if len(right) != 1:
        raise ValueError(f"exactly one reply must start with 'Right', got {len(right)}: {right}")
    return Question(question, replies)


def _is_right(reply: str) -> bool:
    return reply.startswith("Right")
