"""The functions behind the layers, for use in forward()."""

# A module that gathers names.
# ruff: noqa: F401
# fmt: off
# isort: skip_file
from engine.nn.dropout import dropout
from engine.ops.activation import (
    elu, gelu, leaky_relu, log_softmax, logsigmoid, relu, selu, sigmoid, silu, softmax, softplus,
    tanh,
)
from engine.ops.indexing import embedding
from engine.ops.linalg import linear
from engine.ops.loss import (
    binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, l1_loss, mse_loss,
    nll_loss,
)
from engine.ops.shape import pad
from engine.ops.targets import one_hot
