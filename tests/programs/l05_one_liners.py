"""L5: one layer a line. What goes in, what comes out, how many numbers it learns."""

import engine
from engine import nn

engine.set_default_dtype(engine.float64)
engine.manual_seed(0)


def show(layer, x):
    parameters = sum(p.numel() for p in layer.parameters())
    y = layer(x)
    y = y[0] if isinstance(y, tuple) else y
    print(layer)
    print(f"    {tuple(x.shape)} to {tuple(y.shape)}, parameters: {parameters:,}")
    print(f"    length {y.norm():.5f}, largest {y.max():.6f}")


images = engine.randn(8, 3, 32, 32)
show(nn.Linear(10, 5), engine.randn(8, 10))
# -> Linear(in_features=10, out_features=5, bias=True)
# ->     (8, 10) to (8, 5), parameters: 55
show(nn.Conv2d(3, 16, 3, stride=1, padding=1), images)
# -> Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
# ->     (8, 3, 32, 32) to (8, 16, 32, 32), parameters: 448
show(nn.MaxPool2d(2, 2), images)
# -> MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
# ->     (8, 3, 32, 32) to (8, 3, 16, 16), parameters: 0
show(nn.BatchNorm2d(16), engine.randn(8, 16, 5, 5))
# ->     (8, 16, 5, 5) to (8, 16, 5, 5), parameters: 32
show(nn.Dropout(0.5), images)
# ->     (8, 3, 32, 32) to (8, 3, 32, 32), parameters: 0
show(nn.LSTM(10, 20, 2), engine.randn(7, 8, 10))
# -> LSTM(10, 20, num_layers=2)
# ->     (7, 8, 10) to (7, 8, 20), parameters: 5,920
show(nn.Embedding(1000, 64), engine.randint(0, 1000, (8, 12)))
# -> Embedding(1000, 64)
# ->     (8, 12) to (8, 12, 64), parameters: 64,000
show(nn.Embedding(100, 10), engine.randint(0, 100, (8, 12)))
# ->     (8, 12) to (8, 12, 10), parameters: 1,000
show(nn.Flatten(), images)  # it keeps the batch axis
# -> Flatten(start_dim=1, end_dim=-1)
# ->     (8, 3, 32, 32) to (8, 3072), parameters: 0
show(nn.ReLU(), images)
# -> ReLU()

# In place: the result takes the place of the input and needs no memory of its own.
x = engine.tensor([-1.0, 0.0, 2.0])
y = nn.ReLU(inplace=True)(x)
print("inplace:", x.tolist(), y is x)  # -> inplace: [0.0, 0.0, 2.0] True

# Half of the values become 0, the others are doubled: the expected sum stays.
ones = engine.ones(10000)
dropped = nn.Dropout(0.5)(ones)
print("dropout leaves", engine.unique(dropped).tolist())  # -> dropout leaves [0.0, 2.0]
print("in eval mode", engine.unique(nn.Dropout(0.5).eval()(ones)).tolist())
# -> in eval mode [1.0]

loss_fn = nn.CrossEntropyLoss(weight=None, reduction="mean")
logits, target = engine.randn(4, 3), engine.tensor([0, 2, 1, 1])
print(loss_fn, f"{loss_fn(logits, target):.6f}")
