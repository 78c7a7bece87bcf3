"""Controls of a widget, declared by the attribute of the state that they set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets


@dataclass(frozen=True)
class Control:
    """One labelled control.

    Args: name: the attribute of the state. label: the words in front, by which tests and screen
    readers find it. restart: whether a change starts the run again (with the same seed).
    """

    name: str
    label: str
    restart: bool = False

    def widget(self, value: Any) -> ipywidgets.DOMWidget:
        """The ipywidget, set to the state's value."""
        raise NotImplementedError(f"{type(self).__name__} has no widget")

    def _look(self, width: str) -> dict[str, Any]:
        layout = ipywidgets.Layout(width=width, max_width="100%")
        style = {"description_width": "initial"}
        return {"description": self.label, "style": style, "layout": layout}


@dataclass(frozen=True)
class Choice(Control):
    """A list to choose from: a sequence of values, or a mapping from the words shown to values."""

    options: Sequence[Any] | Mapping[str, Any] = ()

    def widget(self, value: Any) -> ipywidgets.Dropdown:
        """The list. Raises: ValueError if the state's value is not one of the options."""
        return ipywidgets.Dropdown(**self._chosen(value), **self._look("max-content"))

    def _chosen(self, value: Any) -> dict[str, Any]:
        pairs = [(f"{o:g}" if isinstance(o, float) else str(o), o) for o in self.options]
        if isinstance(self.options, Mapping):
            pairs = list(self.options.items())
        values = [option for _, option in pairs]
        if value not in values:
            raise ValueError(f"{self.label} must be one of {values}, got {value!r}")
        return {"options": pairs, "value": value}


@dataclass(frozen=True)
class Rates(Choice):
    """A slider over chosen values, for example learning rates a factor apart.

    A logarithmic slider would announce its exponent to a screen reader; this one says the value.
    """

    options: Sequence[float] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)

    def widget(self, value: Any) -> ipywidgets.SelectionSlider:
        """The slider. Raises: ValueError if the state's value is not one of the options."""
        return ipywidgets.SelectionSlider(**self._chosen(value), **self._look("360px"))


@dataclass(frozen=True)
class IntSlider(Control):
    """A slider over whole numbers from low to high."""

    low: int = 0
    high: int = 10

    def widget(self, value: Any) -> ipywidgets.IntSlider:
        """The slider. Raises: ValueError if the state's value lies outside."""
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.label} must lie in {self.low} to {self.high}, got {value!r}")
        return ipywidgets.IntSlider(value, self.low, self.high, **self._look("320px"))


@dataclass(frozen=True)
class Toggle(Control):
    """A box to tick."""

    def widget(self, value: Any) -> ipywidgets.Checkbox:
        """The box."""
        return ipywidgets.Checkbox(bool(value), indent=False, **self._look("max-content"))
