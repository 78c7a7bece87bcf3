"""The laboratory of the course: widgets, still figures, predictions and cross-checks.

Widgets and figures are loaded when they are first used, so that one does not pay for all.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

# At once: loaded later, the module `ask` would take the place of the function `ask`.
from engine.lab.ask import ask
from engine.lab.cross_check import cross_check
from engine.lab.progress import progress

_HOMES = {
    "Figure": "figure",
    "App": "app",
    "PerceptronLine": "perceptron_line",
    "LearningRateExplorer": "learning_rate",
    "StartPicker": "start_picker",
    "GraphStepper": "graph_stepper",
    "DecisionBoundary": "decision_boundary",
    "InitializationExplorer": "initialization",
    "RateFinder": "rate_finder",
    "Hospital": "hospital",
    "GradientOverTime": "gradient_over_time",
    "GateInspector": "gate_inspector",
    "ModelBuilder": "model_builder",
    "signatures": "beside_torch",
    "listings": "beside_torch",
    "FilterEditor": "filter_editor",
    "SizeCalculator": "size_calculator",
    "DigitPad": "digit_pad",
    "AttentionExplorer": "attention_explorer",
}
# Figures by notebook, found by their names alone: a broken file breaks no other one.
for _file in sorted(Path(__file__).parent.glob("figures/nb*.py")):
    for _name in re.findall(r"^def (\w+_figure)\(", _file.read_text("utf-8"), re.MULTILINE):
        _HOMES[_name] = f"figures.{_file.stem}"

__all__ = ["ask", "cross_check", "progress"]
__all__ += sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"engine.lab.{_HOMES[name]}"), name)
    raise AttributeError(f"engine.lab has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
