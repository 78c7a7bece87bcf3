"""Layers, activations and losses, under PyTorch's names."""

# fmt: off
# isort: skip_file
from engine.nn import functional, init, utils
from engine.nn.activation import (ELU, GELU, SELU, LeakyReLU, LogSigmoid, LogSoftmax, ReLU, Sigmoid,
                                  SiLU, Softmax, Softplus, Tanh)
from engine.nn.attention import MultiheadAttention
from engine.nn.container import ModuleList, Sequential
from engine.nn.conv import Conv1d, Conv2d, Conv3d
from engine.nn.dropout import Dropout
from engine.nn.embedding import Embedding
from engine.nn.linear import Flatten, Identity, Linear
from engine.nn.loss import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from engine.nn.module import Module
from engine.nn.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, LayerNorm
from engine.nn.parameter import Parameter
from engine.nn.pooling import (AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AvgPool1d,
                               AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d)
from engine.nn.rnn import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from engine.nn.transformer import (Transformer, TransformerDecoder, TransformerDecoderLayer,
                                   TransformerEncoder, TransformerEncoderLayer)
