"""The checks of notebook 05. Inputs are multiples of 1/4 and weights of 1/8 or coarser, so that
sums are exact in any order. What a function of the setup cell gives for a right answer appears
here as that function."""

import numpy as np

import engine
from engine import nn
from engine.grading.exercises import Exercise, Mutant
from engine.nn import functional as F


def output_size(n, kernel_size, stride, padding, dilation):
    """05.1: how many windows fit, and how many pixels lie behind the last one."""
    room = n + 2 * padding - dilation * (kernel_size - 1) - 1
    return room // stride + 1, room % stride


def size_without_rounding(n, kernel_size, stride, padding, dilation):
    """The formula of the notes: 3.5 windows."""
    room = n + 2 * padding - dilation * (kernel_size - 1) - 1
    return room / stride + 1, room % stride


def size_without_the_first_window(n, kernel_size, stride, padding, dilation):
    """The steps are counted, not the windows."""
    size, unread = output_size(n, kernel_size, stride, padding, dilation)
    return size - 1, unread


def size_inputs(rng):
    """(n, kernel_size, stride, padding, dilation): the notebook's 3.5, each option, 12 random."""
    yield 8, 3, 2, 0, 1
    yield 8, 3, 1, 1, 1
    yield 9, 3, 1, 0, 2
    yield 10, 3, 3, 1, 2
    for _ in range(12):
        kernel_size, stride, dilation = (int(v) for v in rng.integers((2, 1, 1), (6, 5, 4)))
        reach = dilation * (kernel_size - 1) + 1
        padding = int(rng.integers(0, 4))
        yield reach + int(rng.integers(0, 30)), kernel_size, stride, padding, dilation


def edge_filter():
    """05.2: one of many; these weights are exact in binary."""
    return [[0.25, 0.0, -0.25], [0.5, 0.0, -0.5], [0.25, 0.0, -0.25]]


def edge_images(rng):
    """Images that change from column to column, from row to row, or not at all."""
    # Twelve pixels each, so that a failing one is shown whole.
    yield (np.tile([1.0, 1.0, 5.0, 5.0], (3, 1)),)
    yield (np.tile([[1.0], [3.0], [3.0], [4.0]], (1, 3)),)
    yield (np.full((3, 4), 2.0),)
    for _ in range(3):
        height, width = (int(n) for n in rng.integers(3, 6, size=2))
        yield (np.tile(_quarters(rng, 1, width), (height, 1)),)
        yield (np.tile(_quarters(rng, height, 1), (1, width)),)


def conv2d(x, weight, bias, stride, padding):
    """05.3: what the engine computes."""
    x, weight, bias = (engine.tensor(a) for a in (x, weight, bias))
    return F.conv2d(x[None], weight, bias, stride, padding)[0].numpy() + 0.0


def conv2d_in_loops(x, weight, bias, stride, padding, *, pad_all=False, step=True, channels=None):
    """The loops, and what becomes of them when a line is wrong."""
    border = (padding, padding)
    padded = np.pad(x, padding if pad_all else ((0, 0), border, border))
    size = weight.shape[-1]
    y = np.zeros_like(conv2d(x, weight, bias, stride, padding))
    for o, i, j in np.ndindex(y.shape):
        top, left = (i * stride, j * stride) if step else (i, j)
        window = padded[:channels, top : top + size, left : left + size]
        y[o, i, j] = (window * weight[o, :channels]).sum() + bias[o]
    return y


def conv2d_inputs(rng):
    """(x, weight, bias, stride, padding): the example, each option alone, random ones."""
    x = np.arange(1.0, 13.0).reshape(1, 3, 4)
    yield x, np.array([[[[1.0, 0.0], [0.0, -1.0]]]]), np.array([0.5]), 1, 0
    # One option at a time, so that the first failing input says which one it is.
    for c_in, stride, padding in ((2, 1, 0), (1, 2, 0), (2, 1, 1), (2, 2, 1), (3, 3, 2), (2, 2, 0)):
        size = int(rng.integers(2, 4))
        c_out, height, width = (int(n) for n in rng.integers((1, 4, 6), (4, 6, 8)))
        x, weight = _quarters(rng, c_in, height, width), _quarters(rng, c_out, c_in, size, size)
        yield x, weight, _quarters(rng, c_out) + 3.0, stride, padding


def max_pool(x, dy, size, stride):
    """05.4: forward, and the gradient back to the first maximum of each window."""
    return pool_with(x, dy, size, stride)


def pool_with(x, dy, size, stride, *, add=True, ties=False, upstream=True, corner=True):
    """Max pooling, and what becomes of it when a line is wrong."""
    y, dx = np.zeros_like(dy), np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        top, left = i * stride, j * stride
        window = x[top : top + size, left : left + size]
        y[i, j] = window.max()
        places = np.argwhere(window == window.max())
        for row, column in places if ties else places[:1]:
            place = (top + row, left + column) if corner else (row, column)
            dx[place] = add * dx[place] + (dy[i, j] if upstream else 1.0)
    return y, dx


def max_pool_inputs(rng):
    """(x, dy, size, stride): apart, overlapping, with ties, with a strip that no window reads."""
    x = np.array([[1.0, 3.0, 0.0, 2.0], [3.0, 2.0, 1.0, 1.0]])
    yield x, np.array([[10.0, 20.0]]), 2, 2
    yield np.array([[0.0, 7.0, 1.0], [2.0, 3.0, 4.0]]), np.array([[1.0, 10.0]]), 2, 1
    yield np.zeros((4, 4)), np.array([[1.0, 2.0], [3.0, 4.0]]), 2, 2
    for size, stride, height, width in ((2, 2, 4, 6), (3, 3, 6, 7), (3, 2, 5, 7), (2, 1, 4, 4)):
        shape = (height - size) // stride + 1, (width - size) // stride + 1
        # Few different numbers, so that ties are common.
        x = rng.integers(-3, 4, size=(height, width)).astype(np.float64)
        yield x, rng.integers(2, 9, size=shape).astype(np.float64), size, stride


class Bottleneck(nn.Module):
    """05.5: the repaired block, and what it looks like when a line is wrong."""

    def __init__(self, in_channels, out_channels, mistake=""):
        super().__init__()
        mid = out_channels // 4
        self.conv1 = nn.Conv2d(in_channels, mid, 1)
        self.conv2 = nn.Conv2d(mid, mid, 3, padding=1)
        self.conv3 = nn.Conv2d(mid, out_channels, 1)
        self.mistake = mistake
        differ = in_channels != out_channels
        if mistake == "always" or (mistake not in ("never", "left out") and differ):
            self.project = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x):
        """(B, in_channels, H, W) to (B, out_channels, H, W)."""
        out = self.conv3(engine.relu(self.conv2(engine.relu(self.conv1(x)))))
        shortcut = self.project(x) if hasattr(self, "project") else x
        if self.mistake == "left out" and x.shape != out.shape:
            return engine.relu(out)
        if self.mistake == "after":
            return engine.relu(out) + shortcut
        return engine.relu(out + shortcut)


def run_bottleneck(in_channels, out_channels, x):
    """05.5: what the function of the setup cell gives for the repaired block."""
    return run_block(in_channels, out_channels, x)


def run_block(in_channels, out_channels, x, mistake=""):
    """Size, output and gradient of a block whose weights follow from their names."""
    model = Bottleneck(in_channels, out_channels, mistake)
    state = {}
    for name, p in model.named_parameters():
        pattern = np.arange(p.numel()) * len(name) % 11 - 5
        state[name] = engine.tensor(pattern.reshape(p.shape) / 8)
    model.to(engine.float64)
    model.load_state_dict(state)
    x = engine.tensor(x, requires_grad=True)
    y = model(x)
    y.sum().backward()
    parameters = sum(p.numel() for p in model.parameters())
    return {"parameters": parameters, "y": y.detach() + 0.0, "gradient of x": x.grad + 0.0}


def bottleneck_inputs(rng):
    """(in_channels, out_channels, x): equal, wider, narrower, and the notebook's 64 to 128."""
    for in_channels, out_channels in ((8, 8), (8, 16), (16, 8), (4, 12)):
        yield in_channels, out_channels, _quarters(rng, 1, in_channels, 2, 2)
    yield 64, 128, _quarters(rng, 1, 64, 1, 1)


def small_cnn_layers():
    """05.6: one of many, as the function of the setup cell lists its layers."""
    return [str(layer) for layer in small_cnn(16, 24)]


def small_cnn(first, second, *, norm=True, pool=True):
    """Two blocks of convolution, BatchNorm and ReLU, each halving the image."""
    layers = []
    for c_in, c_out in ((1, first), (first, second)):
        layers += [nn.Conv2d(c_in, c_out, 3, padding=1)]
        layers += [nn.BatchNorm2d(c_out)] * norm + [nn.ReLU()] + [nn.MaxPool2d(2)] * pool
    places = 4 if pool else 64
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(second * places, 10))


def large_maps():
    """Few parameters, but all of them at work in 64 places of four layers."""
    block = [nn.Conv2d(12, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU()]
    layers = [nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), *block, *block, nn.MaxPool2d(4)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(48, 10))


def mlp():
    """As many parameters as allowed, none of them shared."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 65), nn.ReLU(), nn.Linear(65, 10))


def a_seed(rng):
    """It divides the digits into fifths and draws the first weights."""
    yield (int(rng.integers(1000)),)


def _quarters(rng, *shape):
    return rng.integers(-8, 9, size=shape) / 4


EXERCISES = [
    Exercise(
        id="05.1",
        points=1,
        cases=size_inputs,
        reference=output_size,
        outputs=("size", "unread"),
        mutants=(
            Mutant(
                size_without_rounding,
                "part of a window is no window: the division has to be rounded down.",
            ),
            Mutant(
                lambda n, kernel_size, stride, padding, dilation: output_size(
                    n, kernel_size, stride, padding / 2, dilation
                ),
                "the padding is counted on one side only. It stands at both ends.",
            ),
            Mutant(
                lambda n, kernel_size, stride, padding, dilation: output_size(
                    n, kernel_size, stride, padding, 1
                ),
                "the dilation plays no part. A kernel of 3 with dilation 2 reaches over 5 pixels.",
            ),
            Mutant(
                size_without_the_first_window,
                "one too few: between two windows lies one step. Count the windows.",
            ),
        ),
    ),
    Exercise(
        id="05.2",
        points=1,
        cases=edge_images,
        reference=edge_filter,
        measure="filter_responses",
        mutants=(
            Mutant(
                lambda: (-3.0 * np.array([[1.0, 0, -1]] * 3) / 3).tolist(),
                "this is the notebook's filter: right minus left, and added up over three rows.",
            ),
            Mutant(
                lambda: (-np.array(edge_filter())).tolist(),
                "the sign is turned: it should be positive where the left side is larger.",
            ),
            Mutant(
                lambda: [[1.0, 0.0, -1.0]] * 3,
                "three times too strong: all three rows of the filter see the same edge.",
            ),
            Mutant(
                lambda: np.array(edge_filter()).T.tolist(),
                "it answers to horizontal edges. Are rows and columns mixed up?",
            ),
        ),
    ),
    Exercise(
        id="05.3",
        builds=(
            "conv2d",
            "Conv2d",
            "convolve",
            "correlate",
        ),
        points=3,
        cases=conv2d_inputs,
        reference=conv2d,
        mutants=(
            Mutant(
                lambda *args: conv2d_in_loops(*args, step=False),
                "the shape is right, but the windows move by 1. Where does window (i, j) begin?",
            ),
            Mutant(
                lambda x, weight, bias, stride, padding: conv2d(
                    x, weight, np.zeros_like(bias), stride, padding
                ),
                "the bias is missing: one number for each output channel.",
            ),
            Mutant(
                lambda *args: conv2d_in_loops(*args, pad_all=True),
                "`np.pad(x, padding)` pads all three axes. Channels must stay as they are.",
            ),
            Mutant(
                lambda *args: conv2d_in_loops(*args, channels=1),
                "only the first input channel is read. A filter has a slice for each of them.",
            ),
        ),
    ),
    Exercise(
        id="05.4",
        builds=(
            "max_pool2d",
            "MaxPool2d",
        ),
        points=2,
        cases=max_pool_inputs,
        reference=max_pool,
        outputs=("y", "dx"),
        mutants=(
            Mutant(
                lambda *args: pool_with(*args, ties=True),
                "where a maximum occurs twice, both get the gradient. Only the first one may.",
            ),
            Mutant(
                lambda *args: pool_with(*args, add=False),
                "windows overlap: a pixel that wins twice gets the sum, not the last gradient.",
            ),
            Mutant(
                lambda *args: pool_with(*args, upstream=False),
                "each winner gets 1. It should get what arrives at its window's output.",
            ),
            Mutant(
                lambda *args: pool_with(*args, corner=False),
                "the place inside the window is used as a place in x: add the window's corner.",
            ),
        ),
    ),
    Exercise(
        id="05.5",
        points=3,
        cases=bottleneck_inputs,
        reference=run_bottleneck,
        answers=("Bottleneck",),
        mutants=(
            Mutant(
                lambda *args: run_block(*args, mistake="never"),
                "x still has in_channels when it meets out, which has out_channels.",
            ),
            Mutant(
                lambda *args: run_block(*args, mistake="always"),
                "where both numbers of channels are equal, x itself fits: no new parameters there.",
            ),
            Mutant(
                lambda *args: run_block(*args, mistake="after"),
                "the sum is right, its ReLU is not: it comes after adding, as in the notebook.",
            ),
            Mutant(
                lambda *args: run_block(*args, mistake="left out"),
                "where the channels differ, the shortcut is gone: x has to reach that sum too.",
            ),
        ),
    ),
    Exercise(
        id="05.6",
        points=2,
        cases=a_seed,
        reference=small_cnn_layers,
        answers=("small_cnn",),
        measure="digits_by_cnn",
        mutants=(
            Mutant(
                lambda: [str(layer) for layer in small_cnn(16, 32)],
                "count the parameters layer by layer: which one holds most of them?",
            ),
            Mutant(
                lambda: [str(layer) for layer in large_maps()],
                "the weights work in too many places. Shrink the image earlier.",
            ),
            Mutant(
                lambda: [str(layer) for layer in mlp()],
                "no convolution: every weight has to learn its own pixel.",
            ),
            Mutant(
                lambda: [str(layer) for layer in small_cnn(6, 12, norm=False)],
                "something that costs two parameters a channel and eases training is missing.",
            ),
        ),
    ),
]
