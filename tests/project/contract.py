"""The names of the contract: the PyTorch that fits in your head. The engine shows these, no others.

Each list has PyTorch's names, in PyTorch's places; test_contract.py holds them against the engine
and against torch itself.
"""


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


POINTWISE = names("""
    add sub mul div floor_divide remainder neg pow
    abs exp log sqrt sin cos sign round clamp maximum minimum
    eq ne lt le gt ge isnan isinf isfinite relu sigmoid tanh softmax
""")
REDUCTIONS = names("""
    sum mean max min amax amin argmax argmin var std norm cumsum any all unique
""")
SHAPES = names("""
    gather index_select masked_fill where reshape flatten transpose permute t squeeze unsqueeze
    split chunk unbind flip roll broadcast_to tril triu
""")
PRODUCTS = names("matmul bmm mm")

# Of torch itself.
ENGINE = (
    POINTWISE
    | REDUCTIONS
    | SHAPES
    | PRODUCTS
    | names("""
    Tensor Size Generator default_generator device dtype tensor FloatTensor LongTensor from_numpy
    zeros ones full arange linspace rand randn randint randperm
    zeros_like ones_like full_like rand_like randn_like randint_like
    cat stack outer einsum clone
    no_grad manual_seed set_default_dtype get_default_dtype save load
    float32 float64 float double uint8 int32 int64 int long bool
    nn optim utils
    """)
)

TENSOR = (
    POINTWISE
    | REDUCTIONS
    | SHAPES
    | PRODUCTS
    | names("""
    view expand repeat T outer
    size shape ndim dim dtype device numel item tolist numpy data detach clone backward grad
    grad_fn is_leaf requires_grad requires_grad_ retain_grad
    to cpu float double long int bool contiguous add_ sub_ mul_ div_ zero_ fill_ copy_
    """)
)

LAYERS = names("""
    Module Parameter Sequential ModuleList Identity Linear
    Conv1d Conv2d Conv3d MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d BatchNorm1d BatchNorm2d BatchNorm3d
    LayerNorm Dropout Flatten Embedding RNN LSTM GRU RNNCell LSTMCell GRUCell
    MultiheadAttention TransformerEncoderLayer TransformerEncoder TransformerDecoderLayer
    TransformerDecoder Transformer
    ReLU LeakyReLU ELU SELU GELU SiLU Sigmoid LogSigmoid Tanh Softplus Softmax LogSoftmax
    MSELoss L1Loss BCELoss BCEWithLogitsLoss NLLLoss CrossEntropyLoss
""")

FUNCTIONAL = names("""
    linear conv1d conv2d conv3d max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d batch_norm layer_norm dropout
    embedding scaled_dot_product_attention
    relu leaky_relu elu selu gelu silu sigmoid logsigmoid tanh softplus softmax log_softmax
    mse_loss l1_loss binary_cross_entropy binary_cross_entropy_with_logits nll_loss cross_entropy
    one_hot pad
""")

INIT = names("""
    xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_ normal_ uniform_ zeros_ ones_
    constant_ calculate_gain
""")

# Module of the engine -> what it shows.
CONTRACT = {
    "engine": ENGINE,
    "engine.nn": LAYERS | names("functional init utils"),
    "engine.nn.functional": FUNCTIONAL,
    "engine.nn.init": INIT,
    "engine.nn.utils": names("clip_grad_norm_ clip_grad_value_"),
    "engine.optim": names("Optimizer SGD RMSprop Adam AdamW lr_scheduler"),
    "engine.optim.lr_scheduler": names("""
        LRScheduler StepLR ExponentialLR LambdaLR CosineAnnealingLR OneCycleLR ReduceLROnPlateau
    """),
    "engine.utils.data": names("""
        Dataset TensorDataset Subset random_split DataLoader default_collate
    """),
}

# Tools that PyTorch's users get from elsewhere: torchinfo, torch_lr_finder, torch.autograd.
UTILS = names("data summary LRFinder save load gradcheck")

# The engine's own beside the contract.
OWN_TENSOR = names("array")
