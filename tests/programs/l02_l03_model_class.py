"""L2, L3: a model as a class, and the modes it can be in."""

import engine
from engine import nn

engine.set_default_dtype(engine.float64)


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 20)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(20, 1)

    def forward(self, x):
        hidden = self.relu(self.fc1(x))
        return self.fc2(hidden)


engine.manual_seed(0)
device = engine.device("cpu")
model = MyModel().to(device)
x = engine.randn(6, 10).to(device)
y = model(x)
print(model)
print(tuple(x.shape), "to", tuple(y.shape))  # -> (6, 10) to (6, 1)
print(y)
print([name for name, _ in model.named_parameters()])
# -> ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias']

# A model starts in training mode. Both calls reach every part of it and return the model.
print("new:", model.training, model.relu.training)  # -> new: True True
print("eval:", model.eval().training, model.relu.training)  # -> eval: False False
print("train:", model.train().training, model.relu.training)  # -> train: True True

# eval() changes how layers behave. It does not switch gradients off: that is no_grad.
print("gradient in eval mode:", model.eval()(x).requires_grad)  # -> gradient in eval mode: True
with engine.no_grad():
    print("under no_grad:", model(x).requires_grad)  # -> under no_grad: False
