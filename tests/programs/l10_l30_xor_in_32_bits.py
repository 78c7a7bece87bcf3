"""L10, L30 in float32: two hundred steps, before rounding has grown to the digits shown."""

import engine
from engine import nn, optim

X = engine.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = engine.tensor([[0.0], [1.0], [1.0], [0.0]])


def hidden_relu():
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
    return model, optim.Adam(model.parameters(), lr=0.1)


def shared_sigmoid():
    sigmoid = nn.Sigmoid()
    model = nn.Sequential(nn.Linear(2, 2), sigmoid, nn.Linear(2, 1), sigmoid)
    return model, optim.SGD(model.parameters(), lr=1)


for build in (hidden_relu, shared_sigmoid):
    for seed in (0, 1):
        engine.manual_seed(seed)
        model, optimizer = build()
        losses = []
        for _ in range(200):
            optimizer.zero_grad()
            loss = nn.BCELoss()(model(X), Y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        print(build.__name__, seed, loss.dtype == engine.float32)
        print("   ", *(f"{loss:.4f}" for loss in losses[::40]))
        print("   ", *(f"{answer:.4f}" for (answer,) in model(X).tolist()))
# -> hidden_relu 0 True
# -> shared_sigmoid 1 True
