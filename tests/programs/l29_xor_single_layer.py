"""L29: one layer on XOR. Every start ends at ln 2: the best single line says 1/2 to all."""

import math

import engine
from engine import nn, optim

engine.set_default_dtype(engine.float64)
device = engine.device("cpu")
X = engine.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).to(device)
Y = engine.tensor([[0.0], [1.0], [1.0], [0.0]]).to(device)


def train(seed, **options):
    """The loss of every hundredth step and the last, and the four answers."""
    engine.manual_seed(seed)
    linear = nn.Linear(2, 1, bias=True)
    sigmoid = nn.Sigmoid()
    model = nn.Sequential(linear, sigmoid).to(device)
    criterion = nn.BCELoss().to(device)
    optimizer = optim.SGD(model.parameters(), **options)
    losses = []
    for step in range(1001):
        optimizer.zero_grad()
        hypothesis = model(X)
        cost = criterion(hypothesis, Y)
        cost.backward()
        optimizer.step()
        if step % 100 == 0:
            losses.append(cost.item())
    return losses, model(X).flatten().tolist()


print(f"ln 2 = {math.log(2):.6f}")  # -> ln 2 = 0.693147
for step, loss in enumerate(train(seed=0, lr=1)[0]):
    print(100 * step, f"{loss:.6f}")
# -> 1000 0.693147

ends = []
for seed in range(1, 9):
    losses, answers = train(seed, lr=1)
    print(f"seed {seed}: {losses[0]:.6f} to {losses[-1]:.6f}", [round(a, 4) for a in answers])
    ends.append(losses[-1])
print("all end at ln 2:", all(abs(loss - math.log(2)) < 1e-9 for loss in ends))
# -> all end at ln 2: True

# Momentum gets there too, and no further.
losses, answers = train(seed=0, lr=0.5, momentum=0.9)
print("momentum:", *(f"{loss:.6f}" for loss in losses[:4]), "to", f"{losses[-1]:.6f}")
