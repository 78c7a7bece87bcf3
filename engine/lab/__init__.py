"""The laboratory of the course: widgets, still figures, predictions and cross-checks.

Widgets and figures are loaded when they are first used, so that one does not pay for all.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# These two at once: loaded later, the module `ask` would take the place of the function `ask`.
from engine.lab.ask import ask
from engine.lab.cross_check import cross_check

_HOMES = {
    "Figure": "figure",
    "App": "app",
    "PerceptronLine": "perceptron_line",
    "LearningRateExplorer": "learning_rate",
    "StartPicker": "start_picker",
    "GraphStepper": "graph_stepper",
    "DecisionBoundary": "decision_boundary",
    "InitializationExplorer": "initialization",
}
# Figures by notebook: `from engine.lab import neuron_figure` finds them through these files.
_FIGURES = ("nb00", "nb01", "nb02", "nb03", "nb04")

__all__ = ["ask", "cross_check"]
__all__ += sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"engine.lab.{_HOMES[name]}"), name)
    if name.endswith("_figure"):
        for home in _FIGURES:
            module = import_module(f"engine.lab.figures.{home}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"engine.lab has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
