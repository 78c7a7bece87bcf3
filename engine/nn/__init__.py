"""Layers, activations and losses, under PyTorch's names."""

# fmt: off
# isort: skip_file
from engine.nn import functional, init, utils
from engine.nn.activation import (
    ELU, GELU, SELU, LeakyReLU, LogSigmoid, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus,
    Tanh,
)
from engine.nn.container import ModuleList, Sequential
from engine.nn.dropout import Dropout
from engine.nn.embedding import Embedding
from engine.nn.linear import Flatten, Identity, Linear
from engine.nn.loss import (
    BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss,
)
from engine.nn.module import Module
from engine.nn.parameter import Parameter
