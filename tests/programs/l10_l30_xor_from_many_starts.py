"""L10, L30: XOR from many starts. What the notes promise comes true for 36 of 60, and 12 of 16.

All networks are trained side by side, in the leading axis of each tensor. Both optimizers treat
every number on its own, so each network goes the way it would go alone.
"""

import math

import engine
from engine import nn, optim

X = engine.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=engine.float64)
Y = engine.tensor([[0.0], [1.0], [1.0], [0.0]], dtype=engine.float64)


def start(seed, units):
    """The weights and biases of two linear layers; the weights transposed, for x @ W + b."""
    engine.manual_seed(seed)
    hidden, output = nn.Linear(2, units), nn.Linear(units, 1)
    return hidden.weight.T, hidden.bias[None], output.weight.T, output.bias[None]


def side_by_side(seeds, units):
    """The same for all seeds, stacked. Drawn in float32 as the listings do, trained in float64."""
    with engine.no_grad():
        parts = zip(*(start(seed, units) for seed in range(seeds)), strict=True)
        stacked = [engine.stack(part).double() for part in parts]
    return [parameter.requires_grad_() for parameter in stacked]


def train(parameters, activation, optimizer, steps):
    """The loss of each network in the last step, and how many of its four answers were right."""
    W1, b1, W2, b2 = parameters
    targets = Y.expand(len(W1), 4, 1)
    for _ in range(steps):
        hidden = activation(X @ W1 + b1)  # (network, row of the table, hidden unit)
        output = engine.sigmoid(hidden @ W2 + b2)
        losses = nn.BCELoss(reduction="none")(output, targets).mean((1, 2))
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()
    return losses.detach(), (output.round() == targets).sum((1, 2))


def count(condition):
    return int(condition.sum())


relu = side_by_side(seeds=60, units=4)
losses, right = train(relu, engine.relu, optim.Adam(relu, lr=0.1), steps=1000)
print(count(right == 4), "of 60 solve it")  # -> 36 of 60 solve it
print("losses below 0.001:", count(losses < 0.001))  # -> losses below 0.001: 36

# The others are stuck where several rows of the table share one answer. The loss tells which.
entropy = -math.log(1 / 3) / 3 - math.log(2 / 3) * 2 / 3  # H(1/3)
for rows, loss in (("four", math.log(2)), ("three", 3 / 4 * entropy), ("two", math.log(2) / 2)):
    print(count((losses - loss).abs() < 0.0005), f"stay at {loss:.3f}: {rows} rows share an answer")
# -> 8 stay at 0.693: four rows share an answer
# -> 11 stay at 0.477: three rows share an answer
# -> 5 stay at 0.347: two rows share an answer

sigmoid = side_by_side(seeds=16, units=2)
losses, right = train(sigmoid, engine.sigmoid, optim.SGD(sigmoid, lr=1), steps=10001)
print(*(f"{loss:.4f}" for loss in losses.tolist()))
print(count(losses < 0.01), "of 16 solve it")  # -> 12 of 16 solve it
print(count((losses - math.log(2) / 2).abs() < 0.005), f"stay at {math.log(2) / 2:.3f}")
# -> 4 stay at 0.347
