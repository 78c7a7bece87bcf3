"""L25: a hook that stops at the first NaN, repaired for layers that return several tensors."""

import engine
from engine import nn

engine.set_default_dtype(engine.float64)


def nan_hook(module, args, output):
    if engine.isnan(output).any():
        raise RuntimeError(f"NaN in {type(module).__name__}")


def tensors_in(output):
    """An LSTM returns (output, (hidden, cell)): look inside tuples."""
    if isinstance(output, tuple):
        return [x for part in output for x in tensors_in(part)]
    return [output]


def repaired_hook(module, args, output):
    for x in tensors_in(output):
        nan_hook(module, args, x)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True)
        self.classifier = nn.Linear(8, 3)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.classifier(output)


def outcome(model, x):
    try:
        return tuple(model(x).shape)
    except (RuntimeError, TypeError) as error:
        return f"{type(error).__name__} {error if 'NaN' in str(error) else ''}".rstrip()


engine.manual_seed(0)
x = engine.rand(2, 5, 4)
broken = x.clone()
broken[0, 3, 1] = float("nan")
for hook in (nan_hook, repaired_hook):
    mlp = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    tagger = Tagger()
    for model in (mlp, tagger):
        for module in model.modules():
            module.register_forward_hook(hook)
    print(hook.__name__)
    print("    MLP:", outcome(mlp, x), "| with a NaN:", outcome(mlp, broken))
    print("    LSTM:", outcome(tagger, x), "| with a NaN:", outcome(tagger, broken))
# -> nan_hook
# ->     MLP: (2, 5, 3) | with a NaN: RuntimeError NaN in Linear
# ->     LSTM: TypeError | with a NaN: TypeError
# -> repaired_hook
# ->     MLP: (2, 5, 3) | with a NaN: RuntimeError NaN in Linear
# ->     LSTM: (2, 5, 3) | with a NaN: RuntimeError NaN in LSTM

# Where NaNs come from: p log p at p = 0. A little eps cures it.
p = engine.tensor([0.0, 0.5, 1.0])
print("p log p:", (p * p.log()).tolist())  # -> p log p: [nan, -0.34657359027997264, 0.0]
print("with eps:", bool(engine.isnan(p * (p + 1e-12).log()).any()))  # -> with eps: False
