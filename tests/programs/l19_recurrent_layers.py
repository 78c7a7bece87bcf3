"""L19: RNN, LSTM and GRU: the shapes of what they return, and what they cost."""

import engine
from engine import nn


def count_parameters(model):
    return sum(p.numel() for p in model.parameters())


engine.manual_seed(0)
options = {"input_size": 256, "hidden_size": 512, "num_layers": 2, "batch_first": True}
rnn = nn.RNN(**options, dropout=0.1, bidirectional=True).eval()
lstm = nn.LSTM(**options, bidirectional=True)
gru = nn.GRU(**options)
for layer in (rnn, lstm, gru):
    print(f"{type(layer).__name__}: {count_parameters(layer):,}")
# -> RNN: 2,363,392
# -> LSTM: 9,453,568
# -> GRU: 2,758,656

x = engine.randn(32, 100, 256)  # (batch, time, features)
with engine.no_grad():
    output, hidden = rnn(x)
    print("RNN:", tuple(output.shape), tuple(hidden.shape))
    # -> RNN: (32, 100, 1024) (4, 32, 512)
    short = x[:4, :10]
    for layer in (lstm, gru):
        output, hidden = layer(short)
        states = hidden if isinstance(hidden, tuple) else (hidden,)
        print(f"{type(layer).__name__}:", tuple(output.shape), [tuple(s.shape) for s in states])
# -> LSTM: (4, 10, 1024) [(4, 4, 512), (4, 4, 512)]
# -> GRU: (4, 10, 512) [(2, 4, 512)]

# Small ones in float64: values, the dropout between the layers, gradients.
engine.set_default_dtype(engine.float64)
options = {"input_size": 3, "hidden_size": 5, "num_layers": 2, "batch_first": True}
for kind in (nn.RNN, nn.LSTM, nn.GRU):
    layer = kind(**options, dropout=0.1, bidirectional=True)
    x = engine.randn(2, 7, 3)
    output, hidden = layer(x)
    hidden = hidden[0] if kind is nn.LSTM else hidden
    print(kind.__name__, output[0, 0])
    # Forwards the last step is the last output, backwards it is the first.
    ends = engine.cat([output[:, -1, :5], output[:, 0, 5:]], dim=1)
    print("ends:", bool((ends == engine.cat([hidden[-2], hidden[-1]], dim=1)).all()))
    # -> ends: True
    (output * output).sum().backward()
    for name, parameter in layer.named_parameters():
        print("   ", name, tuple(parameter.shape), f"{parameter.grad.norm():.6f}")
