"""L9, L15: a network of any depth, and how many numbers it learns."""

import engine
from engine import nn


class MLP(nn.Module):
    def __init__(self, input_dim, hidden_dims, output_dim):
        super().__init__()
        sizes = [input_dim, *hidden_dims]
        layers = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        self.network = nn.Sequential(*layers, nn.Linear(sizes[-1], output_dim))

    def forward(self, x):
        return self.network(x)


def count_parameters(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


engine.set_default_dtype(engine.float64)
engine.manual_seed(0)
model = MLP(input_dim=784, hidden_dims=[256, 128], output_dim=10)
output = model(engine.randn(32, 784))
print(model)
print(tuple(output.shape))  # -> (32, 10)
print(output[0])
print(f"Parameters: {count_parameters(model):,}")  # -> Parameters: 235,146

# in * out weights and out biases: 784 * 256 + 256, and 256 * 10 + 10
model = MLP(784, [256], 10)
for layer in (model.network[0], model.network[2]):
    print(f"{layer.in_features} to {layer.out_features}: {count_parameters(layer):,}")
# -> 784 to 256: 200,960
# -> 256 to 10: 2,570
print(f"Parameters: {count_parameters(model):,}")  # -> Parameters: 203,530

model.network[0].requires_grad_(False)
print(f"with a frozen first layer: {count_parameters(model):,}")
# -> with a frozen first layer: 2,570
