"""Recurrent layers, and their cells for loops of one's own over the steps."""

import warnings
from typing import Any

from engine.autograd import Tensor
from engine.creation import zeros
from engine.nn import init
from engine.nn.dropout import dropout as drop
from engine.nn.module import Module
from engine.ops.arguments import refuse_options
from engine.ops.checks import require_tensor
from engine.ops.recurrent import MODES, recurrent
from engine.ops.shape import cat, stack, transpose, unsqueeze

_NOWHERE = """dropout option adds dropout after all but last recurrent layer, so non-zero dropout \
expects num_layers greater than 1, but got """


class _Recurrent(Module):
    """What layers and cells share: weights for all gates, checks, the way through all layers.

    mode: see engine/ops/recurrent.py. _suffixes: what the names of the weights end in, for each
    layer, and in it for each direction. _shown: what is printed, unless it has this value.
    """

    mode = "RNN_TANH"
    _shown: dict[str, Any] = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
                              "bidirectional": False}  # fmt: skip
    _suffixes = [[""]]
    dropout = 0.0

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = len(MODES[self.mode][1]) * hidden_size
        shapes: dict[str, Any] = {"weight_ih": (rows, input_size), "weight_hh": (rows, hidden_size)}
        shapes |= {"bias_ih": rows, "bias_hh": rows} if bias else {}
        self._names = list(shapes)
        for directions in self._suffixes:
            for suffix in directions:
                self._new_parameters(device, dtype, **{n + suffix: s for n, s in shapes.items()})
            shapes["weight_ih"] = (rows, hidden_size * len(directions))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights and biases anew, uniform on ±1/√hidden_size."""
        bound = 1 / max(self.hidden_size, 1) ** 0.5
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _through(self, x: Tensor, states: list) -> tuple[Tensor, list]:
        """y of the last layer; of each layer and direction [h_T] or [h_T, c_T]."""
        last: list = []
        for directions in self._suffixes:
            x, outputs = drop(x, self.dropout, self.training and bool(last)), []
            for suffix in directions:
                weights = [getattr(self, name + suffix) for name in self._names]
                first = states[len(last)]
                y, *ends = recurrent(self.mode, x, first, weights, suffix.endswith("reverse"))
                outputs.append(y)
                last.append(ends)
            x = cat(outputs, -1) if len(outputs) > 1 else outputs[0]
        return x, last

    def _states(self, x: Tensor, hx: Any, axes: str, *runs: int) -> list:
        """The initial states, if they and x, (T, B, I) or (T, I), fit."""
        name, dtype, shape = type(self).__name__, next(self.parameters()).dtype, x.array.shape
        if len(shape) not in (2, 3):
            raise ValueError(f"{name}: Expected input to be {axes}, got {len(shape) - (not runs)}D")
        if x.dtype != dtype:
            error = ValueError if runs else RuntimeError
            raise error(f"{name} input dtype ({x.dtype}) does not match weight dtype ({dtype})")
        if shape[-1] != self.input_size or not shape[0]:
            raise RuntimeError(f"Expected T > 0, input_size {self.input_size}, got {list(shape)}")
        size, count = (*runs, *shape[1:-1], self.hidden_size), 1 + (self.mode == "LSTM")
        states = [hx] if count == 1 else hx
        if hx is None:
            states = [zeros(size, dtype=dtype)] * count
        if isinstance(states, Tensor) or len(states) != count:
            raise RuntimeError(f"{name} expects two hidden states, (h_0, c_0)")
        for h in states:
            require_tensor(name, "hx", h)
            if h.array.shape != size or h.dtype != dtype:
                error = RuntimeError if runs or h.array.ndim in (1, 2) else ValueError
                hidden = f"{list(h.array.shape)} of {h.dtype}"
                raise error(f"{name}: Expected hidden size {size} of {dtype}, got {hidden}")
        return states

    def extra_repr(self) -> str:
        given = {name: getattr(self, name, usual) for name, usual in self._shown.items()}
        options = [f", {name}={x}" for name, x in given.items() if x != self._shown[name]]
        return f"{self.input_size}, {self.hidden_size}" + "".join(options)


class _Layer(_Recurrent):
    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
                 batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
                 proj_size: int = 0, device: Any = None, dtype: Any = None) -> None:  # fmt: skip
        refuse_options({"proj_size": proj_size}, {"proj_size": 0})
        if isinstance(dropout, bool) or not 0 <= float(dropout) <= 1:
            raise ValueError(f"dropout should be a number in range [0, 1], but got {dropout}")
        if dropout > 0 and num_layers == 1:
            warnings.warn(_NOWHERE + f"{dropout=} and {num_layers=}", stacklevel=2)
        if not isinstance(bias, bool) or not isinstance(batch_first, bool):
            raise TypeError(f"expected True or False, but got {bias=} and {batch_first=}")
        if min(input_size, hidden_size, num_layers) <= 0:
            raise ValueError(f"must be above 0: {input_size=}, {hidden_size=}, {num_layers=}")
        ways = ("", "_reverse") if bidirectional else ("",)
        self._suffixes = [[f"_l{layer}{way}" for way in ways] for layer in range(num_layers)]
        self.num_layers, self.batch_first, self.dropout = num_layers, batch_first, float(dropout)
        self.bidirectional = bidirectional
        super().__init__(input_size, hidden_size, bias, device, dtype)

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Any]:
        require_tensor(type(self).__name__, "input", input)
        swap = self.batch_first and input.array.ndim == 3
        x = transpose(input, 0, 1) if swap else input
        runs = self.num_layers * len(self._suffixes[0])
        y, last = self._through(x, list(zip(*self._states(x, hx, "2D or 3D", runs), strict=True)))
        states = [stack(h) for h in zip(*last, strict=True)]
        return transpose(y, 0, 1) if swap else y, states[0] if len(states) == 1 else tuple(states)

    def flatten_parameters(self) -> None:
        """Does nothing: PyTorch's rearranges the weights for a GPU."""


class _Cell(_Recurrent):
    def forward(self, input: Tensor, hx: Any = None) -> Any:
        require_tensor(type(self).__name__, "input", input)
        x = unsqueeze(input, 0)
        states = self._through(x, [self._states(x, hx, "1D or 2D")])[1][0]
        return states[0] if len(states) == 1 else tuple(states)


class RNN(_Layer):
    """Elman's network (1990): each state is a bent sum of the input and of the state before.

    hₜ = tanh(W_ih xₜ + b_ih + W_hh hₜ₋₁ + b_hh)

    Every further layer reads the states of the one before; with two directions, the second reads
    from the end. At the start weights and biases are uniform on ±1/√H, drawn as PyTorch draws them.

    Args: input_size, hidden_size: I, H. num_layers: L. nonlinearity: "tanh" or "relu". Then as for
    LSTM and GRU: bias: False leaves b_ih and b_hh out. batch_first: x and y are (B, T, …); states
    stay as they are. dropout: how likely an output of any layer but the last becomes 0 while
    training. bidirectional: D = 2 directions, not 1. device, dtype.
    Call: y, h_n = rnn(x, h_0); h_0 = 0 if it is left out.
    Shapes: x (T, B, I), y (T, B, D·H), h_0 and h_n (L·D, B, H), all with or without B;
    weight_ih_l0 (H, I), of further layers (H, D·H), weight_hh_l0 (H, H), biases (H,).
    Raises: ValueError or TypeError for an impossible argument, ValueError for an input of another
    dtype or number of axes, RuntimeError for other sizes.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1,
                 nonlinearity: str = "tanh", *options: Any, **named: Any) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select 'tanh' or 'relu'.")
        self.nonlinearity, self.mode = nonlinearity, f"RNN_{nonlinearity.upper()}"
        super().__init__(input_size, hidden_size, num_layers, *options, **named)


class LSTM(_Layer):
    """Long short-term memory: gates choose what a second state c forgets, takes in and shows.

    i, f, o = σ(…), g = tanh(…) of W_ih xₜ + b_ih + W_hh hₜ₋₁ + b_hh, each with rows of its own
    cₜ = f cₜ₋₁ + i g,  hₜ = o tanh cₜ

    Source: Hochreiter and Schmidhuber, 1997; Gers et al., 2000.
    Arguments, shapes and errors as RNN, without nonlinearity; weights (4H, …) hold i, f, g, o one
    below the other. Call: y, (h_n, c_n) = lstm(x, (h_0, c_0)).
    Raises: NotImplementedError for proj_size other than 0.
    """

    mode = "LSTM"


class GRU(_Layer):
    """Gated recurrent unit: one state, which gate z keeps and gate r lets into its successor.

    r, z = σ(…) of W_ih xₜ + b_ih + W_hh hₜ₋₁ + b_hh, each with rows of its own
    n = tanh(W_ih xₜ + b_ih + r (W_hh hₜ₋₁ + b_hh)),  hₜ = (1 - z) n + z hₜ₋₁

    Source: Cho et al., 2014. Arguments, call, shapes and errors as RNN, without nonlinearity;
    weights (3H, …) hold r, z, n one below the other.
    """

    mode = "GRU"


class RNNCell(_Cell):
    """One step of RNN: h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    Args: nonlinearity: "tanh" or "relu"; the others as RNN's.
    Shapes: x (B, I), h and h' (B, H), with or without B; weight_ih (H, I), weight_hh (H, H).
    Raises: RuntimeError for another nonlinearity, size or dtype, ValueError for other axes.
    """

    _shown = _Cell._shown | {"nonlinearity": "tanh"}

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True,
                 nonlinearity: str = "tanh", device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {nonlinearity}. Select 'tanh' or 'relu'.")
        self.nonlinearity, self.mode = nonlinearity, f"RNN_{nonlinearity.upper()}"
        super().__init__(input_size, hidden_size, bias, device, dtype)


class LSTMCell(_Cell):
    """One step of LSTM: h', c' = cell(x, (h, c)). Shapes and errors as RNNCell."""

    mode = "LSTM"


class GRUCell(_Cell):
    """One step of GRU: h' = cell(x, h). Shapes and errors as RNNCell."""

    mode = "GRU"
