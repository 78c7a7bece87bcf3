"""L1: two convolutions keep an image's size, the pooling behind them halves it."""

import engine
from engine import nn

engine.set_default_dtype(engine.float64)


class ConvBlock(nn.Module):
    def __init__(self, hidden_units):  # an argument: as a global name it is easily forgotten
        super().__init__()
        self.layer1 = nn.Sequential(
            nn.Conv2d(hidden_units, hidden_units, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden_units, hidden_units, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
        )

    def forward(self, x):
        return self.layer1(x)


engine.manual_seed(0)
block = ConvBlock(hidden_units=10)
images = engine.rand(4, 10, 28, 28)
x = images
for layer in block.layer1:
    x = layer(x)
    print(type(layer).__name__, tuple(x.shape))
# -> Conv2d (4, 10, 28, 28)
# -> ReLU (4, 10, 28, 28)
# -> Conv2d (4, 10, 28, 28)
# -> ReLU (4, 10, 28, 28)
# -> MaxPool2d (4, 10, 14, 14)

y = block(images)
(y * y).mean().backward()
print(block)
print(y.detach()[0, :3, :2, :2])
for name, parameter in block.named_parameters():
    print(name, tuple(parameter.shape), f"{parameter.grad.norm():.6f}")
