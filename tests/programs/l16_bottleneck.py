"""L16: a bottleneck makes a residual block cheap. It needs a projection to change its width."""

import engine
from engine import nn

engine.set_default_dtype(engine.float64)


class Bottleneck(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        middle = out_channels // 4
        self.conv1 = nn.Conv2d(in_channels, middle, 1)
        self.conv2 = nn.Conv2d(middle, middle, 3, padding=1)
        self.conv3 = nn.Conv2d(middle, out_channels, 1)
        self.shortcut = nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x):
        out = self.relu(self.conv1(x))
        out = self.relu(self.conv2(out))
        return self.relu(self.conv3(out) + self.shortcut(x))


class Projected(Bottleneck):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1)


def count_parameters(*layers):
    return sum(p.numel() for layer in layers for p in layer.parameters())


engine.manual_seed(0)
x = engine.randn(2, 64, 8, 8)
block = Bottleneck(64, 64)
y = block(x)
print(tuple(x.shape), "to", tuple(y.shape))  # -> (2, 64, 8, 8) to (2, 64, 8, 8)
print(y.detach()[0, 0, :2])
print(f"bottleneck: {count_parameters(block):,}")  # -> bottleneck: 4,448
plain = [nn.Conv2d(64, 64, 3, padding=1) for _ in range(2)]
print(f"two 3x3 convolutions: {count_parameters(*plain):,}")  # -> two 3x3 convolutions: 73,856

# 64 channels cannot be added to 128.
try:
    print(tuple(Bottleneck(64, 128)(x).shape))
except RuntimeError as error:
    print("64 to 128 raises", type(error).__name__)  # -> 64 to 128 raises RuntimeError

projected = Projected(64, 128)
y = projected(x)
print("with a projection:", tuple(y.shape))  # -> with a projection: (2, 128, 8, 8)
(y * y).mean().backward()
for name, parameter in projected.named_parameters():
    print(name, tuple(parameter.shape), f"gradient {parameter.grad.norm():.6f}")
