"""L24: look at the data, then at what an untrained model makes of it."""

import engine
from engine import nn
from engine.utils.data import DataLoader, TensorDataset

engine.manual_seed(0)
data, labels = engine.rand(50, 11), engine.randint(0, 3, (50,))
loader = DataLoader(TensorDataset(data, labels), batch_size=20, shuffle=True)
model = nn.Sequential(nn.Linear(11, 32), nn.ReLU(), nn.Linear(32, 3))

x, y = next(iter(loader))
print(f"X: shape {x.shape}, {x.dtype}")  # -> X: shape torch.Size([20, 11]), torch.float32
print(f"Y: shape {y.shape}, {y.dtype}")  # -> Y: shape torch.Size([20]), torch.int64
print(f"X range: [{x.min():.2f}, {x.max():.2f}]")
print(f"Y unique: {engine.unique(y)}")  # -> Y unique: tensor([0, 1, 2])
print(f"numbers missing: {engine.isnan(x).any()}")  # -> numbers missing: False

with engine.no_grad():
    output = model(x)
print(f"output: shape {tuple(output.shape)}")  # -> output: shape (20, 3)
print(f"output range: [{output.min():.2f}, {output.max():.2f}]")
