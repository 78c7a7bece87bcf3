"""The PyTorch that fits in your head: neural networks in NumPy, with PyTorch's names and numbers.

    import engine
    from engine import nn, optim, utils

Change `engine` to `torch` in these two lines, and the same program prints the same numbers.
"""

# fmt: off
# isort: skip_file
import warnings

from engine import nn, optim, utils
from engine.autograd import Tensor, no_grad
from engine.creation import (
    FloatTensor, LongTensor, arange, from_numpy, full, full_like, linspace, ones, ones_like, rand,
    rand_like, randint, randint_like, randn, randn_like, randperm, tensor, zeros, zeros_like,
)
from engine.dtypes import (
    Size, device, dtype, float32, float64, get_default_dtype, int32, int64, set_default_dtype,
    uint8, bool_ as bool, float32 as float, float64 as double, int32 as int, int64 as long,
)
from engine.ops.elementwise import where
from engine.ops.linalg import einsum
from engine.ops.shape import cat, stack
from engine.random import Generator, default_generator, manual_seed
from engine.tensor import FUNCTIONS as _FUNCTIONS, as_function as _as_function
from engine.utils.serialization import load, save

# The engine's own overflows and 0 / 0 are silent, as in PyTorch; your NumPy warns as before.
warnings.filterwarnings("ignore", "", RuntimeWarning, r"engine\.(ops|nn|optim|autograd)")

globals().update({name: _as_function(name) for name in _FUNCTIONS})
