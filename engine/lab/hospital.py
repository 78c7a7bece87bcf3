"""The hospital of notebook 08: ten programs that train badly, their gauges, and their cures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.lab import svg
from engine.lab.app import App
from engine.lab.colours import BLUE, GREY, INK, PAPER, SKY, VERMILLION
from engine.lab.controls import Choice, Toggle
from engine.lab.patients import DISEASES, SHOWN, Program, Training, digits
from engine.lab.svg import Plot

MOST_STEPS = 300
UNKNOWN = "choose one"
# The disease of patients 1 to 10.
WARD = [list(DISEASES)[k] for k in (3, 0, 8, 2, 7, 4, 9, 6, 5, 1)]
LOW, HIGH = 1e-4, 1e4  # gradients beyond stand at these

_LOSS = Plot((0, MOST_STEPS), (0, 4), (50, 40, 330, 220), "loss", "step")
_GRADIENT = Plot((0.5, 3.5), (LOW / 3, HIGH), (450, 40, 130, 220), "gradient", "layer", log_y=True)
_UNITS = Plot((0.5, 2.5), (0, 1.1), (640, 40, 120, 220), "hidden neurons", "layer", x_ticks=(1, 2))
_MARKS = (
    (80, svg.line(-16, 0, 8, 0, colour=BLUE, width=2), "training"),
    (190, svg.line(-16, 0, 8, 0, colour=VERMILLION, width=2, dash="7 4"), "validation"),
    (432, svg.symbol(0, 0, "circle", size=5), ".grad"),
    (494, svg.symbol(0, 0, "square", PAPER, 6), "of this batch"),
    (620, svg.rectangle(-5, -5, 10, 10, fill=INK), "dead"),
    (690, svg.rectangle(-5, -5, 10, 10, fill=VERMILLION), "saturated"),
)
# What stays the same from picture to picture.
_FRAME = "".join(
    [
        *(plot.axes() for plot in (_LOSS, _GRADIENT, _UNITS)),
        *(svg.legend(x, 318, (mark, words, 0)) for x, mark, words in _MARKS),
        _LOSS.horizontal(np.log(10), dash="2 3"),
        _LOSS.text(298, 2.35, "ln 10: guessing", anchor="end", size=11),
        svg.text(50, 352, "digits and labels of the program", weight="600"),
    ]
)


@dataclass
class HospitalState:
    """One patient: a sick program, its treated twin from the same seed, and your diagnosis.

    Args: patient: 1 to 10. diagnosis: a key of DISEASES, or UNKNOWN. treated: whether the twin is
    shown, with the diagnosis's cure applied; a cure of something else changes nothing. seed: of
    weights, order and masks.
    Attributes: sick: the training as it came in.
    """

    patient: int = 1
    diagnosis: str = UNKNOWN
    treated: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.patient not in range(1, len(WARD) + 1):
            raise ValueError(f"patient must be 1 to {len(WARD)}, got {self.patient!r}")
        self._admitted = self.patient
        self.reset()

    def reset(self) -> None:
        """Train from the start again; a new patient comes without a diagnosis."""
        if self.patient != self._admitted:
            self._admitted, self.diagnosis, self.treated = self.patient, UNKNOWN, False
        self.sick = Training(replace(Program(), **DISEASES[self.disease]["sick"]), self.seed)
        self._twins: dict[str, Training] = {}

    @property
    def disease(self) -> str:
        """What the patient really has."""
        return WARD[self.patient - 1]

    @property
    def training(self) -> Training:
        """The run in the picture: the treated twin, or the sick program."""
        if not self.treated or self.diagnosis == UNKNOWN:
            return self.sick
        if self.diagnosis not in self._twins:
            cured = replace(self.sick.program, **DISEASES[self.diagnosis]["cure"])
            self._twins[self.diagnosis] = Training(cured, self.seed)
        return self._twins[self.diagnosis]

    def step(self, n: int = 1) -> None:
        """n batches; the sick run keeps up with its twin, as far as it gets."""
        for _ in range(n):
            self.training.step()
            if self.sick.steps < self.steps and np.isfinite(self.sick.loss):
                self.sick.step()

    @property
    def steps(self) -> int:
        """Batches since the start."""
        return self.training.steps

    @property
    def loss(self) -> float:
        """Mean training loss of the last 10 batches."""
        return self.training.loss

    @property
    def done(self) -> bool:
        """Whether nothing more is to be seen."""
        return self.steps >= MOST_STEPS or not np.isfinite(self.loss)

    def trouble(self) -> str:
        """A hint where to look."""
        return "Which gauge shows the first number that is not finite?"

    def reply(self) -> str:
        """What the hospital says to the diagnosis, from the sick run's gauges."""
        if self.diagnosis == UNKNOWN:
            return "Play, read the gauges, then choose a diagnosis."
        if not self.sick.steps:
            return "Not so fast: let it train for some steps first."
        disease = DISEASES[self.diagnosis]
        seen = disease["seen"].format(t=self.sick)
        if self.diagnosis != self.disease:
            return f"Not {self.diagnosis}: {seen}."
        return f"Yes, {self.diagnosis}: {seen}. {disease['why']}"

    def summary(self) -> str:
        """The numbers in words."""
        who = "treated twin" if self.training is not self.sick else "as it came in"
        losses = "not trained yet"
        if self.steps:
            training, validation = self.training.losses[-1]
            losses = f"training loss {training:.3f}, validation loss {validation:.3f}"
        if self.training is not self.sick and self.sick.steps:
            losses += f" (sick: {self.sick.losses[-1][1]:.3f})"
        return f"Patient {self.patient}, {who}, step {self.steps}: {losses}.\n{self.reply()}"


def checks(training: Training) -> list[tuple[str, str]]:
    """The gauges that are numbers: what, and how much."""
    g, right = training.gauges, "after the first step"
    if training.steps:
        right = "training {:.0%}, validation {:.0%}".format(*training.rights[-1])
    return [
        ("right answers", f"{right}, in use {g.used:.0%}"),
        ("input", "mean {:.2g}, std {:.2g}, from {:.2g} to {:.3g}".format(*g.inputs)),
        ("output", "from {:.3g} to {:.3g}, first row sums to {:.2f}".format(*g.outputs)),
        ("validation, twice", f"outputs differ by {g.twice:.2g}"),
        ("split", f"{training.shared} of 150 validation rows are in training"),
        ("longest step", f"{training.farthest:.0%} of the norm of all weights"),
    ]


def _curves(state: HospitalState) -> str:
    """Losses of the shown run, and in grey those of the sick one while its twin is shown."""
    parts, runs = [], [(state.training.losses, BLUE, VERMILLION)]
    if state.training is not state.sick:
        runs.insert(0, (state.sick.losses, GREY, GREY))
    for losses, *colours in runs:
        for values, ink, dash in zip(zip(*losses, strict=True), colours, ("", "7 4"), strict=False):
            steps, shown = range(1, len(values) + 1), np.minimum(values, 4)
            parts.append(_LOSS.line(steps, shown, colour=ink, dash=dash))
    return "".join(parts)


def _bars(training: Training) -> str:
    """Gradients and neurons by layer."""
    g, parts = training.gauges, []
    for norms, shape, fill, size in (
        (g.fresh, "square", PAPER, 8),
        (g.gradient, "circle", BLUE, 5),
    ):
        for layer, norm in enumerate(norms, start=1):
            if training.steps and np.isfinite(norm):
                at = _GRADIENT.at(layer, np.clip(norm, LOW, HIGH))
                parts.append(svg.symbol(*at, shape, fill=fill, size=size))
    for k, (shares, fill) in enumerate(((g.dead, INK), (g.saturated, VERMILLION))):
        for layer, share in enumerate(shares):
            left, top = _UNITS.at(layer + 0.68 + 0.34 * k, float(share))
            parts.append(svg.rectangle(left, top, 17, 260 - top, fill=fill))
            parts.append(svg.text(left + 8, top - 4, f"{share:.0%}", anchor="middle", size=10))
    return "".join(parts)


def _digits(training: Training) -> str:
    """The first images with the labels that the program believes."""
    parts = []
    for k in range(SHOWN):
        left, top = 50 + 56 * (k % 4), 362 + 78 * (k // 4)
        parts.append(svg.image(left, top, 46, 46, 255 - digits()[0][k].reshape(8, 8) * 255 / 16))
        parts.append(svg.rectangle(left, top, 46, 46, stroke=GREY))
        label = f"“{training.labels[k]}”"
        parts.append(svg.text(left + 23, top + 62, label, anchor="middle", weight="600"))
    return "".join(parts)


def render(state: HospitalState) -> str:
    """Losses, gradients and neurons above; digits with their labels and the checks below."""
    parts = [_FRAME, _curves(state), _bars(state.training), _digits(state.training)]
    for k, (name, value) in enumerate(checks(state.training)):
        fill = SKY if k % 2 else PAPER
        parts.append(svg.rectangle(300, 346 + 26 * k, 470, 26, fill=fill, opacity=0.25))
        parts.append(svg.text(308, 364 + 26 * k, name, weight="600"))
        parts.append(svg.text(440, 364 + 26 * k, value))
    return svg.document(780, 520, f"Hospital. {state.summary()}", *parts)


class Hospital(App):
    """Which line of the program is wrong? Train it, read the gauges, diagnose, treat.

    Args: patient: 1 to 10. Raises: ValueError for another patient.
    """

    def __init__(self, patient: int = 1) -> None:
        controls = [
            Choice("patient", "patient", restart=True, options=tuple(range(1, len(WARD) + 1))),
            Choice("diagnosis", "diagnosis", options=(UNKNOWN, *DISEASES)),
            Toggle("treated", "Treat"),
        ]
        super().__init__(HospitalState(patient), render, controls, steps=2)
