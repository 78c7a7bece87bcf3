"""L11, L12: the forward pass by hand, and a whole batch in one product."""

import engine

engine.set_default_dtype(engine.float64)


def forward_pass(x, weights, biases, activation):
    """The activations of all layers, the input first. The last layer has no activation."""
    activations = [x]
    for number, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
        z = activations[-1] @ weight + bias
        activations.append(z if number == len(weights) else activation(z))
    return activations


engine.manual_seed(0)
X = engine.randn(32, 784)
weights = [engine.randn(784, 256) * 0.01, engine.randn(256, 10) * 0.01]
biases = [engine.zeros(256), engine.zeros(10)]
activations = forward_pass(X, weights, biases, engine.relu)
print([tuple(a.shape) for a in activations])
# -> [(32, 784), (32, 256), (32, 10)]
print(activations[-1][0])
print(f"{(activations[1] == 0).double().mean():.4f} of the hidden values are 0")

# One sample after the other, then all at once. The loop multiplies W by a column, the batch is
# multiplied by W from the right: the same W must be transposed.
W, b = engine.randn(256, 784), engine.randn(256)
one_by_one = engine.stack([W @ x + b for x in X])
at_once = X @ W.T + b
print(tuple(one_by_one.shape), tuple(at_once.shape))  # -> (32, 256) (32, 256)
print("same numbers:", (one_by_one - at_once).abs().max().item() < 1e-10)
# -> same numbers: True
try:
    print(X @ W + b)
except RuntimeError as error:
    print("X @ W raises", type(error).__name__)  # -> X @ W raises RuntimeError
