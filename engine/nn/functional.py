"""The functions behind the layers, for use in forward(): a module that gathers names."""

# ruff: noqa: F401, I001
# fmt: off
from engine.nn.dropout import dropout
from engine.ops.activation import (elu, gelu, leaky_relu, log_softmax, logsigmoid, relu, selu,
                                   sigmoid, silu, softmax, softplus, tanh)
from engine.ops.attention import scaled_dot_product_attention
from engine.ops.conv import conv1d, conv2d, conv3d
from engine.ops.indexing import embedding
from engine.ops.linalg import linear
from engine.ops.loss import (binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy,
                             l1_loss, mse_loss, nll_loss)
from engine.ops.norm import batch_norm, layer_norm
from engine.ops.pool import (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d,
                             avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d)
from engine.ops.shape import pad
from engine.ops.targets import one_hot
