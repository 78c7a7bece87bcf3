"""L18, L21: a small CNN for 32 x 32 images, its size in memory and its work for one image."""

import engine
from engine import nn, optim
from engine.utils import summary

engine.set_default_dtype(engine.float64)


def conv_block(in_channels, out_channels):
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
    return [conv, nn.BatchNorm2d(out_channels), nn.ReLU()]


class SimpleCNN(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(
            *conv_block(3, 32),
            nn.MaxPool2d(2),
            *conv_block(32, 64),
            nn.MaxPool2d(2),
            *conv_block(64, 128),
            nn.AdaptiveAvgPool2d((1, 1)),
        )
        self.classifier = nn.Linear(128, num_classes)

    def forward(self, x):
        x = self.features(x)
        x = x.view(x.size(0), -1)
        return self.classifier(x)


def estimate_model_size(model, input_size):
    info = summary(model, input_size=input_size, verbose=0)
    print(f"parameters: {info.total_params:,}")
    print(f"in float32: {info.total_params * 4 / 1024**2:.2f} MB")
    print(f"multiplications and additions: {info.total_mult_adds:,}")


engine.manual_seed(0)
model = SimpleCNN()
images, labels = engine.randn(16, 3, 32, 32), engine.randint(0, 10, (16,))
output = model(images)
print(tuple(output.shape))  # -> (16, 10)
print(output[0])

# Three steps of training, then the same images with the statistics that were collected.
optimizer = optim.Adam(model.parameters(), lr=0.01)
for _ in range(3):
    loss = nn.CrossEntropyLoss()(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"loss {loss.item():.5f}")
model.eval()
print(f"in eval mode {nn.CrossEntropyLoss()(model(images), labels).item():.5f}")
print(f"running mean {model.features[1].running_mean.norm():.6f}")

estimate_model_size(model.float(), (1, 3, 32, 32))
# -> parameters: 94,986
# -> in float32: 0.36 MB
# -> multiplications and additions: 10,381,002
