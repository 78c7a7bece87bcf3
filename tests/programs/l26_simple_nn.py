"""L26: eleven features in, one number out; the activations are functions."""

import engine
from engine import nn

engine.set_default_dtype(engine.float64)


class SimpleNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(11, 64)  # 11: the number of features of a sample
        self.fc2 = nn.Linear(64, 32)
        self.output = nn.Linear(32, 1)

    def forward(self, x):
        x = engine.relu(self.fc1(x))
        x = engine.relu(self.fc2(x))
        return self.output(x)


engine.manual_seed(0)
model = SimpleNN()
output = model(engine.rand(5, 11))
print(model)
print(tuple(output.shape))  # -> (5, 1)
print(output)
print(f"{sum(p.numel() for p in model.parameters()):,}")  # -> 2,881
