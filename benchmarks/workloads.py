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


def lstm(t) -> Callable[[], object]:
    """LSTM 32 to 64, T = 50, batch 32, and a linear layer on the last output, Adam."""
    return _sequence_step(t, t.nn.LSTM(32, 64), 50, 64)


def gru(t) -> Callable[[], object]:
    """GRU 32 to 64, two layers, both directions, T = 30, batch 32, else as lstm."""
    return _sequence_step(t, t.nn.GRU(32, 64, num_layers=2, bidirectional=True), 30, 128)


def lstm_op_by_op(t) -> Callable[[], object]:
    """The program of lstm, each step made of primitive operations: what fusing them saves."""
    nn = t.nn

    class LSTM(nn.LSTM):
        def forward(self, x):
            h = c = t.zeros(x.shape[1], self.hidden_size)
            outputs = []
            for x_t in x.unbind(0):
                a = x_t @ self.weight_ih_l0.T + self.bias_ih_l0
                a = a + h @ self.weight_hh_l0.T + self.bias_hh_l0
                i, f, g, o = a.chunk(4, 1)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
                outputs.append(h)
            return t.stack(outputs), (h, c)

    return _sequence_step(t, LSTM(32, 64), 50, 64)


WORKLOADS = [
    Workload("XOR 2-4-1, batch 4, BCE, Adam", xor, 3.5, 5.0),
    Workload("MLP 64-256-128-10, batch 64, SGD", digits_mlp, 1.3, 1.6),
    Workload("CNN on 8x8 digits, BN, batch 64", digits_cnn, 0.7, 1.0),
    Workload("SimpleCNN, BN, (16, 3, 32, 32)", simple_cnn, 0.6, 0.9),
    Workload("LSTM 32-64, T 50, batch 32, Adam", lstm, 0.7, 0.9),
    Workload("  the same LSTM, op by op", lstm_op_by_op, 0.0, 0.0),
    Workload("GRU 2x2x 32-64, T 30, batch 32, Adam", gru, 0.7, 0.9),
    Workload("Transformer encoder, no dropout, Adam", transformer_encoder, 0.9, 1.1),
]


def _sequence_step(t, recurrent, steps, width) -> Callable[[], object]:
    nn = t.nn

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent, self.output = recurrent, nn.Linear(width, 1)

        def forward(self, x):
            return self.output(self.recurrent(x)[0][-1])

    model = Reader()
    x, y = t.randn(steps, 32, 32), t.randn(32, 1)
    return training_step(model, nn.MSELoss(), t.optim.Adam(model.parameters(), lr=1e-3), x, y)


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
