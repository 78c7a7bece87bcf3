"""L28: cross-entropy takes logits. For logits one apart it is ln(1 + 1/e)."""

import math

import engine
from engine import nn

criterion = nn.CrossEntropyLoss()
target = engine.tensor([0, 1])
output = engine.tensor([[2.0, 1.0], [0.5, 1.5]])
loss = criterion(output, target)
print(f"loss: {loss.item()}")  # -> loss: 0.31326165795326233
print(f"ln(1 + 1/e) = {math.log(1 + math.exp(-1)):.7f}")  # -> ln(1 + 1/e) = 0.3132617
print(f"in float64: {criterion(output.double(), target).item():.12f}")
# -> in float64: 0.313261687518

# Softmax first is a mistake: even a model that is sure and right keeps a loss.
sure = engine.tensor([[50.0, 0.0], [0.0, 50.0]])
print(f"sure and right: {criterion(sure, target).item():.4f}")  # -> sure and right: 0.0000
print(f"after a softmax: {criterion(engine.softmax(sure, dim=1), target).item():.4f}")
# -> after a softmax: 0.3133

# Rare classes can be given weight; the losses can be kept apart or summed.
for options in (
    {"weight": engine.tensor([1.0, 3.0])},
    {"reduction": "sum"},
    {"reduction": "none"},
):
    loss = nn.CrossEntropyLoss(**options)(engine.tensor([[2.0, 1.0], [0.5, 0.5]]), target)
    print(next(iter(options)), [round(x, 4) for x in loss.reshape(-1).tolist()])
# -> reduction [0.3133, 0.6931]
