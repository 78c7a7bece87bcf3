"""L10: a hidden layer can solve XOR. Whether it does depends on where it starts."""

import engine
from engine import nn, optim

engine.set_default_dtype(engine.float64)
X = engine.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = engine.tensor([[0.0], [1.0], [1.0], [0.0]])

for seed in range(4):
    engine.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
    criterion = nn.BCELoss()
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    for epoch in range(1000):
        loss = criterion(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % 250 == 0:
            print(f"seed {seed}, epoch {epoch}: loss {loss.item():.5f}")
    print("   ", model(X).round().tolist())
# -> seed 0, epoch 750: loss 0.34660
# ->     [[0.0], [1.0], [0.0], [0.0]]
# -> seed 1, epoch 750: loss 0.47741
# ->     [[0.0], [1.0], [1.0], [1.0]]
# -> seed 2, epoch 750: loss 0.34660
# ->     [[0.0], [0.0], [1.0], [0.0]]
# -> seed 3, epoch 750: loss 0.00038
# ->     [[0.0], [1.0], [1.0], [0.0]]
