"""L30: two sigmoid units solve XOR, given ten thousand steps and a good start."""

import engine
from engine import nn, optim

engine.set_default_dtype(engine.float64)
X = engine.FloatTensor([[0, 0], [0, 1], [1, 0], [1, 1]]).double()
Y = engine.FloatTensor([[0], [1], [1], [0]]).double()

engine.manual_seed(0)
sigmoid = nn.Sigmoid()  # it has no parameters: one object serves in both places
model = nn.Sequential(nn.Linear(2, 2), sigmoid, nn.Linear(2, 1), sigmoid)
criterion = nn.BCELoss()
optimizer = optim.SGD(model.parameters(), lr=1)
for step in range(10001):
    optimizer.zero_grad()
    hypothesis = model(X)
    cost = criterion(hypothesis, Y)
    cost.backward()
    optimizer.step()
    if step % 1000 == 0:
        print(step, f"{cost.item():.5f}")
print([round(answer) for answer in model(X).flatten().tolist()])
# -> 10000 0.00190
# -> [0, 1, 1, 0]
print(model)
