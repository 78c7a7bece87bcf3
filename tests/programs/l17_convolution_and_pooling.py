"""L17: what convolution and pooling do to the size of an image."""

import engine
from engine import nn

engine.set_default_dtype(engine.float64)
engine.manual_seed(0)
images = engine.randn(2, 3, 32, 32)

# out = floor((in + 2 padding - dilation (kernel - 1) - 1) / stride) + 1
conv = nn.Conv2d(in_channels=3, out_channels=64, kernel_size=3, stride=1, padding=1)
features = conv(images)
print("conv, same size:", tuple(features.shape))  # -> conv, same size: (2, 64, 32, 32)
print(features.detach()[0, 0, :2, :3])

maxpool = nn.MaxPool2d(kernel_size=2, stride=2)
avgpool = nn.AvgPool2d(kernel_size=2, stride=2)
adaptive_pool = nn.AdaptiveAvgPool2d((1, 1))
print("max:", tuple(maxpool(features).shape))  # -> max: (2, 64, 16, 16)
print("avg:", tuple(avgpool(features).shape))  # -> avg: (2, 64, 16, 16)
print("global average:", tuple(adaptive_pool(features).shape))
# -> global average: (2, 64, 1, 1)
means = features.mean((2, 3))
print("it is the mean:", (adaptive_pool(features).flatten(1) - means).abs().max().item() < 1e-12)
# -> it is the mean: True
for pool in (maxpool, avgpool, adaptive_pool):
    print(pool, f"{pool(features).std():.6f}")

for options in (
    {"kernel_size": 3},
    {"kernel_size": 3, "stride": 2},  # (32 - 3) / 2 is no whole number: it is rounded down
    {"kernel_size": (5, 3), "stride": 2, "padding": (2, 0)},
    {"kernel_size": 3, "dilation": 2},
    {"kernel_size": 3, "groups": 3, "bias": False},
):
    layer = nn.Conv2d(3, 6, **options)
    parameters = sum(p.numel() for p in layer.parameters())
    y = layer(images)
    print(options, tuple(y.shape[2:]), parameters, "parameters")
    print(f"    length {y.norm():.5f}, first {y[0, 0, 0, 0]:.6f}")
# -> {'kernel_size': 3} (30, 30) 168 parameters
# -> {'kernel_size': 3, 'stride': 2} (15, 15) 168 parameters
# -> {'kernel_size': (5, 3), 'stride': 2, 'padding': (2, 0)} (16, 15) 276 parameters
# -> {'kernel_size': 3, 'dilation': 2} (28, 28) 168 parameters
# -> {'kernel_size': 3, 'groups': 3, 'bias': False} (30, 30) 54 parameters

# Signals have one axis to slide along, videos three.
signal = nn.Conv1d(4, 8, kernel_size=5, stride=2)(engine.randn(2, 4, 50))
video = nn.Conv3d(3, 8, kernel_size=3, padding=1)(engine.randn(2, 3, 4, 10, 10))
print("signal", tuple(signal.shape))  # -> signal (2, 8, 23)
print("video", tuple(video.shape))  # -> video (2, 8, 4, 10, 10)
print(f"spread {signal.std():.6f}, {video.std():.6f}")
