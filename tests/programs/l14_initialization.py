"""L14: initialization by apply(), and the spread that the formulas promise."""

import math

import engine
from engine import nn


def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, mean=0, std=0.02)


def compared(name, weight, expected):
    std = weight.detach().std().item()
    print(f"{name}: std {std:.4f}, formula {expected:.4f}, ratio {std / expected:.2f}")


engine.manual_seed(0)
model = nn.Sequential(
    nn.Embedding(1000, 784), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 100, bias=False)
)
model.apply(init_weights)
compared("embedding", model[0].weight, 0.02)  # -> embedding: std 0.0200, formula 0.0200, ratio 1.00
compared("He, 784 inputs", model[1].weight, math.sqrt(2 / 784))
compared("He, 256 inputs", model[3].weight, math.sqrt(2 / 256))
print("largest bias:", model[1].bias.abs().max().item())  # -> largest bias: 0.0

layer = nn.Linear(784, 256)
nn.init.xavier_uniform_(layer.weight)
nn.init.zeros_(layer.bias)
limit = math.sqrt(6 / (784 + 256))
compared("Xavier", layer.weight, limit / math.sqrt(3))
print("within the limit:", layer.weight.abs().max().item() <= limit)  # -> within the limit: True
nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
compared("LeCun", layer.weight, math.sqrt(1 / 784))

# What it is for: the spread of ten layers' outputs, for weights too small, right and too large.
x = engine.randn(200, 256)
for name, scale in (("0.01", 0.01), ("He", math.sqrt(2 / 256)), ("0.5", 0.5)):
    y = x
    for _ in range(10):
        y = engine.relu(y @ (engine.randn(256, 256) * scale))
    size = "vanishes" if y.std() < 1e-3 else "explodes" if y.std() > 1e3 else "stays"
    print(f"weights of std {name}: the signal {size}")
# -> weights of std 0.01: the signal vanishes
# -> weights of std He: the signal stays
# -> weights of std 0.5: the signal explodes
