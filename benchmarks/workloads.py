"""The training steps that are timed, each written once for the engine and PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from engine.datasets import load_digits


class Workload(NamedTuple):
    """A training step to be timed. build(t) prepares it on engine or torch and returns it."""

    name: str
    build: Callable[[object], Callable[[], object]]
    must: float
    goal: float


def xor(t) -> Callable[[], object]:
    """The XOR program: 2-4-1, ReLU and sigmoid, binary cross-entropy, Adam."""
    x = t.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = t.tensor([[0.0], [1.0], [1.0], [0.0]])
    nn = t.nn
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
    return training_step(model, nn.BCELoss(), t.optim.Adam(model.parameters(), lr=0.1), x, y)


def digits_mlp(t) -> Callable[[], object]:
    """Digits through 64-256-128-10 in batches of 64, cross-entropy, SGD with momentum."""
    images, labels = load_digits()
    x = t.from_numpy(images[:64] / 16).float()
    y = t.from_numpy(labels[:64])
    nn = t.nn
    model = nn.Sequential(
        *(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    )
    optimizer = t.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return training_step(model, nn.CrossEntropyLoss(), optimizer, x, y)


def digits_cnn(t) -> Callable[[], object]:
    """Digits through two convolutions with batch normalization, in batches of 64, Adam."""
    images, labels = load_digits()
    x = t.from_numpy(images[:64] / 16).float().reshape(64, 1, 8, 8)
    nn = t.nn
    model = nn.Sequential(
        *_conv_block(nn, 1, 16),
        nn.MaxPool2d(2),
        *_conv_block(nn, 16, 32),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)),
    )
    optimizer = t.optim.Adam(model.parameters())
    return training_step(model, nn.CrossEntropyLoss(), optimizer, x, t.from_numpy(labels[:64]))


def simple_cnn(t) -> Callable[[], object]:
    """The SimpleCNN of the notes: three convolutions on 16 colour images of 32 x 32, Adam."""
    x, y = t.randn(16, 3, 32, 32), t.randint(0, 10, (16,))
    nn, layers = t.nn, []
    for channels, filters in ((3, 32), (32, 64), (64, 128)):
        layers += [*_conv_block(nn, channels, filters), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
    return training_step(model, nn.CrossEntropyLoss(), t.optim.Adam(model.parameters()), x, y)


def transformer_encoder(t) -> Callable[[], object]:
    """Two encoder layers, the mean over time and a linear layer, cross-entropy, Adam.

    Without dropout: drawing its masks would measure the random stream.
    """
    nn = t.nn
    layer = nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)
    encoder, head = nn.TransformerEncoder(layer, 2), nn.Linear(64, 10)
    parameters = [*encoder.parameters(), *head.parameters()]
    x, y = t.randn(32, 32, 64), t.randint(0, 10, (32,))
    optimizer = t.optim.Adam(parameters, lr=1e-3)
    return training_step(lambda x: head(encoder(x).mean(1)), nn.CrossEntropyLoss(), optimizer, x, y)


WORKLOADS = [
    Workload("XOR 2-4-1, batch 4, BCE, Adam", xor, 3.5, 5.0),
    Workload("MLP 64-256-128-10, batch 64, SGD", digits_mlp, 1.3, 1.6),
    Workload("CNN on 8x8 digits, BN, batch 64", digits_cnn, 0.7, 1.0),
    Workload("SimpleCNN, BN, (16, 3, 32, 32)", simple_cnn, 0.6, 0.9),
    Workload("Transformer encoder, no dropout, Adam", transformer_encoder, 0.9, 1.1),
]


def _conv_block(nn, channels: int, filters: int) -> list:
    return [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU()]


def training_step(model, criterion, optimizer, x, y) -> Callable[[], object]:
    """One step of training, as every program of the course writes it."""

    def step():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step
