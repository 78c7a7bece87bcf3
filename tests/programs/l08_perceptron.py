"""L8: Rosenblatt's perceptron learns AND and OR. No straight line gives XOR."""

import engine

POINTS = engine.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}


class Perceptron:
    def __init__(self, n_inputs):
        self.weights = engine.randn(n_inputs) * 0.01
        self.bias = 0.0

    def forward(self, x):
        return int((self.weights @ x + self.bias).item() > 0)  # 0 itself is not above 0

    def train(self, points, labels, learning_rate=0.1, epochs=100):
        """Returns the number of mistakes of each epoch."""
        history = []
        for _ in range(epochs):
            mistakes = 0
            for x, label in zip(points, labels, strict=True):
                error = label - self.forward(x)
                self.weights += learning_rate * error * x
                self.bias += learning_rate * error
                mistakes += error != 0
            history.append(mistakes)
        return history


for gate, labels in GATES.items():
    engine.manual_seed(0)
    neuron = Perceptron(n_inputs=2)
    mistakes = neuron.train(POINTS, labels)
    answers = [neuron.forward(x) for x in POINTS]
    print(gate, answers, "right" if answers == labels else "wrong")
    print("    mistakes per epoch:", *mistakes[:8], "... last:", mistakes[-1])
    print(f"    w = {neuron.weights.tolist()}, b = {neuron.bias:.1f}")
# -> AND [0, 0, 0, 1] right
# -> OR [0, 1, 1, 1] right

never = all(
    min(Perceptron(2).train(POINTS, GATES["XOR"])) > 0  # other weights to start from
    for _ in range(10)
)
print("XOR: no epoch without a mistake, from ten starts:", never)
# -> XOR: no epoch without a mistake, from ten starts: True
