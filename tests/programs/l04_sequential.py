"""L4: layers in a row. Their order is the order of the forward pass."""

import engine
from engine import nn

engine.set_default_dtype(engine.float64)
engine.manual_seed(0)
model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 5))
x = engine.randn(7, 10)
y = model(x)
print(model)
print(tuple(y.shape))  # -> (7, 5)
print(y[0])

by_hand = x
for layer in model:
    by_hand = layer(by_hand)
print("one layer after the other:", bool((by_hand == y).all()))
# -> one layer after the other: True
print(model[0])  # -> Linear(in_features=10, out_features=20, bias=True)
print(model[-1])  # -> Linear(in_features=20, out_features=5, bias=True)
