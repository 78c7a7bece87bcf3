"""What an App and its state tell each other: the protocol of a state, and the events it gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

EVENTS = ("press", "drag", "drop", "click", "hover", "leave", "key")


class State(Protocol):
    """What an App needs of a state; what is missing takes its button away.

    Needed:  `summary() -> str`: the numbers in words, shown below the picture.
    Time:    `step(n)`: n steps of the model; `steps`: steps since the reset; `done`: nothing is
             left to do; `reset()`: back to the start of the same seed. Step, Play and Reset.
    Seed:    `seed`: an int that reset() reads. New seed.
    Ghost:   `trace()`: what the picture needs of a run; `ghost`: None, or the trace of an earlier
             run, which render() draws in grey and dashed. Compare.
    Loss:    `loss`: a float. Play stops at the first step at which it is not finite.
             `trouble() -> str`: why that may have happened, one sentence (optional).
    Events:  `press`, `drag`, `drop`, `click`, `hover`, `leave`, `key`: methods that take an Event.
             `key` makes the picture focusable: give App a `keys_help`.
    """

    def summary(self) -> str:
        """The numbers in words."""
        ...


@dataclass(frozen=True)
class Event:
    """A pointer or key event on the picture.

    x, y: data units of the plot in which the press began (of the picture, outside of every plot);
    px, py: pixels of the picture; plot: the name of that plot or ""; target: id and data-* of the
    element that was pressed (`data-grab="w"` is target["grab"]); key, shift: for key events.
    """

    kind: str
    x: float = 0.0
    y: float = 0.0
    px: float = 0.0
    py: float = 0.0
    plot: str = ""
    target: dict[str, str] = field(default_factory=dict)
    key: str = ""
    shift: bool = False

    @property
    def arrows(self) -> tuple[int, int]:
        """Where an arrow key points: (1, 0) for right, (0, 1) for up; (0, 0) for other keys."""
        right = (self.key == "ArrowRight") - (self.key == "ArrowLeft")
        return right, (self.key == "ArrowUp") - (self.key == "ArrowDown")
