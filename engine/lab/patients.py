"""Ten sick training programs: one line of each is wrong, and each shows it on some gauge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import engine
from engine import optim
from engine.datasets import load_digits, split
from engine.lab.decision_boundary import ACTIVATIONS, initial_weights
from engine.nn import functional as F

HIDDEN = 32
SIZES = (68, HIDDEN, HIDDEN, 10)
# By name: "sick" and "cure", fields of `Program`; "seen", what its gauge says of a training t;
# "why", what the disease does and what cures it.
DISEASES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("diseases.json").read_text("utf-8")
)
BATCH, EPOCH = 30, 10  # rows in a batch, batches in an epoch
SHOWN = 8  # digits for the eye


@dataclass(frozen=True)
class Program:
    """A training program; each field is a line in which it can go wrong, with a healthy default.

    Args: lr: of SGD. clears: calls zero_grad. softmax: before the cross-entropy. shuffled: the
        labels were shuffled and the images were not. dropout: its p. evaluates: calls eval() to
        validate. eps: inside the log of an input. raw: pixels from 0 to 255 instead of -1 to 1.
        leaks: trains on the validation rows too. activation: of the hidden layers. gain: factor
        of their first weights. bias: added to their first biases.
    """

    lr: float = 0.2
    clears: bool = True
    softmax: bool = False
    shuffled: bool = False
    dropout: float = 0.0
    evaluates: bool = True
    eps: float = 0.01
    raw: bool = False
    leaks: bool = False
    activation: str = "ReLU"
    gain: float = 1.0
    bias: float = 0.0


@cache
def digits() -> tuple[np.ndarray, ...]:
    """Pixels, then labels, of 300 training, 150 validation and 397 digits in use.

    Shapes: pixels (N, 64) from 0 to 16; labels (N,).
    """
    x, use_x, y, use_y = split(*load_digits(), test=397, seed=2)
    return x[:300], x[300:450], use_x, y[:300], y[300:450], use_y


def features(pixels: Any, program: Program) -> engine.Tensor:
    """What the program makes of pixels: all of them, and log(ink + eps) of the 4 inner columns.

    Shapes: pixels (N, 64) from 0 to 16; result (N, 68).
    """
    ink = pixels.reshape(-1, 8, 8).sum(axis=1)[:, 2:6] / 64
    with np.errstate(divide="ignore"):
        logs = np.log(ink + program.eps)
    scaled = pixels * 16 if program.raw else pixels / 8 - 1
    return engine.tensor(np.concatenate([scaled, logs], axis=1))


class Gauges(NamedTuple):
    """What can be read off a program at one step.

    gradient, fresh: norm by layer of .grad, and of what this batch added to it, (3,). dead: share
    of hidden neurons that are 0 for every validation row, by layer, (2,). saturated: share of
    hidden outputs with a slope below 0.05, (2,). inputs: the batch's mean, standard deviation,
    least and greatest. outputs: least, greatest, sum of the first row. twice: by how much two
    validation passes differ. used: share of right answers on digits that no program has seen.
    """

    gradient: np.ndarray
    fresh: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray
    inputs: tuple[float, ...]
    outputs: tuple[float, ...]
    twice: float
    used: float


class Training:
    """A program at work on digits: layers 68-32-32-10, SGD, batches of 30.

    Attributes: losses: training (mean of the last 10 batches) and validation, a pair for each
    step; rights: the same for the share of right answers. farthest: length of the longest step
    over the norm of all weights. piled: the greatest |.grad| over |what the batch added to it|.
    shared: validation rows that are also in training. matching: how many of the first 8 labels are
    those of their images. first: the gauges before the first step.
    """

    def __init__(self, program: Program, seed: int = 0) -> None:
        self.program = program
        self._random = engine.Generator().manual_seed(seed)
        x, val_x, use_x, y, val_y, use_y = digits()
        if program.leaks:
            x, y = np.concatenate([x, val_x]), np.concatenate([y, val_y])
        order = engine.randperm(len(y), generator=self._random).numpy()
        self.labels = y[order] if program.shuffled else y
        self.matching = int((y == self.labels)[:SHOWN].sum())
        self.shared = int((x[:, None] == val_x).all(axis=2).any(axis=0).sum())
        parts = ((x, self.labels), (val_x, val_y), (use_x, use_y))
        self._training, self._validation, self._use = (
            (features(pixels, program), engine.tensor(labels)) for pixels, labels in parts
        )
        self.parameters: list[Any] = []
        for n, m in zip(SIZES, SIZES[1:], strict=False):
            weight, bias = initial_weights(n, m, "PyTorch", self._random)
            gain, shift = (program.gain, program.bias) if m == HIDDEN else (1.0, 0.0)
            self.parameters += [weight * gain, bias + shift]
        self._optimizer = optim.SGD([p.requires_grad_() for p in self.parameters], lr=program.lr)
        self._batch, self._norms = self._training[0][:BATCH], np.zeros((2, 3))
        self.farthest = self.piled = 0.0
        self._batches: list[tuple[float, float]] = []
        self.losses: list[tuple[float, float]] = []
        self.rights: list[tuple[float, float]] = []
        self._read: Gauges | None = None
        self.first = self.gauges

    @property
    def steps(self) -> int:
        """Batches so far."""
        return len(self.losses)

    @property
    def loss(self) -> float:
        """Mean loss of the last 10 batches, ln 10 before the first."""
        return self.losses[-1][0] if self.losses else float(np.log(10))

    def forward(self, x: Any, dropout: engine.Generator | None) -> list[engine.Tensor]:
        """Outputs of the three layers; `dropout` draws the masks, None means eval().

        Shapes: x (N, 68); result (N, 32), (N, 32), (N, 10).
        """
        outputs, p = [], self.program.dropout
        for layer in range(3):
            x = F.linear(x, *self.parameters[2 * layer : 2 * layer + 2])
            if layer < 2:
                x = ACTIVATIONS[self.program.activation](x)
                if dropout and p:
                    kept = engine.rand(*x.shape, generator=dropout, dtype=engine.float64) >= p
                    x = x * kept / (1 - p)
            outputs.append(x)
        if self.program.softmax:
            outputs[-1] = engine.softmax(outputs[-1], dim=1)
        return outputs

    def step(self) -> None:
        """One batch: forward, loss, backward, update; then a validation."""
        batch = self.steps % EPOCH
        if batch == 0:
            self._order = engine.randperm(len(self.labels), generator=self._random)
        rows = self._order[BATCH * batch : BATCH * (batch + 1)]
        self._batch, labels = (part[rows] for part in self._training)
        if self.program.clears:
            self._optimizer.zero_grad()
        before = [0.0 if p.grad is None else p.grad.numpy().copy() for p in self.parameters]
        logits = self.forward(self._batch, self._random)[-1]
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        now = [p.grad.numpy() for p in self.parameters]
        added = [after - earlier for after, earlier in zip(now, before, strict=True)]
        self._norms = np.array([_norms(now), _norms(added)])
        total, fresh = np.linalg.norm(self._norms, axis=1)
        weights = np.linalg.norm(_norms([p.detach().numpy() for p in self.parameters]))
        self.farthest = max(self.farthest, float(self.program.lr * total / weights))
        self.piled = max(self.piled, float(total / max(fresh, 1e-300)))
        self._optimizer.step()
        self._read = None
        self._batches.append((loss.item(), _right(logits, labels)))
        loss_now, right_now = np.mean(self._batches[-EPOCH:], axis=0).tolist()
        logits, labels = self._validated(self.steps), self._validation[1]
        self.losses.append((loss_now, F.cross_entropy(logits, labels).item()))
        self.rights.append((right_now, _right(logits, labels)))

    @engine.no_grad()
    def _validated(self, seed: int) -> engine.Tensor:
        """Logits of the validation; the seed is for masks, where eval() is not called."""
        random = None if self.program.evaluates else engine.Generator().manual_seed(seed)
        return self.forward(self._validation[0], random)[-1]

    @property
    @engine.no_grad()
    def gauges(self) -> Gauges:
        """All gauges after the last step."""
        if self._read:
            return self._read
        one, two = (self._validated(seed).numpy() for seed in (self.steps, self.steps + 1))
        hidden = [a.numpy() for a in self.forward(self._validation[0], None)[:2]]
        sigmoid, x = self.program.activation == "Sigmoid", self._batch.numpy()
        with np.errstate(invalid="ignore"):  # of an input of -inf
            std = x.std()
        self._read = Gauges(
            *self._norms,
            dead=np.array([(a == 0).all(axis=0).mean() for a in hidden]),
            saturated=np.array([sigmoid * (a * (1 - a) < 0.05).mean() for a in hidden]),
            inputs=(x.mean(), std, x.min(), x.max()),
            outputs=(one.min(), one.max(), one[0].sum()),
            twice=float(np.abs(one - two).max()),
            used=_right(self.forward(self._use[0], None)[-1], self._use[1]),
        )
        return self._read


def _right(logits: engine.Tensor, labels: engine.Tensor) -> float:
    return (logits.argmax(1) == labels).double().mean().item()


def _norms(arrays: list[Any]) -> np.ndarray:
    """The norm of each layer's weight and bias together."""
    squares = [float(np.sum(array * array)) for array in arrays]
    return np.sqrt([squares[k] + squares[k + 1] for k in (0, 2, 4)])
