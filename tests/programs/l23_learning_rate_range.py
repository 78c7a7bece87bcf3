"""L23: a learning rate range test. It grows the rate each step and watches the loss."""

import engine
from engine import nn, optim
from engine.utils import LRFinder
from engine.utils.data import DataLoader, TensorDataset

engine.set_default_dtype(engine.float64)
engine.manual_seed(0)
inputs = engine.randn(300, 4)
loader = DataLoader(TensorDataset(inputs, inputs[:, :3].argmax(1)), batch_size=30, shuffle=True)
model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
before = model[0].weight.detach().clone()

lr_finder = LRFinder(model, optim.SGD(model.parameters(), lr=1e-4), nn.CrossEntropyLoss())
lr_finder.range_test(loader, end_lr=100, num_iter=100)
rates, losses = lr_finder.history["lr"], lr_finder.history["loss"]
for rate, loss in list(zip(rates, losses, strict=True))[::10]:
    print(f"{rate:.6f} {loss:.5f}")
lr_finder.plot()
# -> LR suggestion: steepest gradient

# The test has trained the model. reset() puts model and optimizer back.
print("trained:", bool((model[0].weight != before).any()))  # -> trained: True
lr_finder.reset()
print("put back:", bool((model[0].weight == before).all()))  # -> put back: True
