"""L6: a forward() that returns its layer instead of calling it."""

import engine
from engine import nn


class LinearRegression(nn.Module):
    def __init__(self, input_dim, output_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, output_dim)

    def forward(self, x):
        return self.linear  # the bug: x is not used


class Corrected(LinearRegression):
    def forward(self, x):
        return self.linear(x)


x = engine.tensor([[1.0, 2.0, 3.0, 4.0]])
engine.manual_seed(0)
print(LinearRegression(4, 6)(x))
# -> Linear(in_features=4, out_features=6, bias=True)

engine.manual_seed(0)
y = Corrected(4, 6)(x)
print(tuple(y.shape), y.grad_fn.name())  # -> (1, 6) AddmmBackward0
print(y)
