"""The operations of networks: a full layer, the loss, batch norm, convolution, max pooling.

They could be written with the operations of gradcourse.autodiff. Here each is *fused*: one node of
the graph with its pullback written out, which is faster, and for the loss also more exact. Lesson
07 derives the first two, lesson 08 batch norm and max pooling, lesson 10 the convolution. Images
are (n_images, height, width, channels).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from gradcourse.autodiff import Tensor, lift, matrix_product, record

EPS = 1e-5  # batch norm adds it to a variance, so that a constant column is not divided by 0
ALL = slice(None)
EVEN = slice(0, None, 2)
ODD = slice(1, None, 2)
CORNERS = [  # of all 2 × 2 blocks of images, row by row: the order in which ties are decided
    (ALL, EVEN, EVEN),
    (ALL, EVEN, ODD),
    (ALL, ODD, EVEN),
    (ALL, ODD, ODD),
]


def linear(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Return x W + b: (n, n_in), (n_in, n_out), (n_out,) → (n, n_out).

    Example:
        >>> linear(Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]]), Tensor([5.0])).data
        array([[16.]])
    """
    x, W, b = lift(x), lift(W), lift(b)
    if x.data.ndim != 2 or W.data.ndim != 2 or b.data.shape != W.data.shape[1:]:
        return x @ W + b  # two nodes instead of one: slower, and right for all shapes that fit

    def pull(g):
        slope_x = g @ W.data.T if x.wants_slope else None
        return slope_x, x.data.T @ g, np.add.reduce(g)

    output = matrix_product(x.data, W.data) + b.data
    return record("linear", output, (x, W, b), pull)


def cross_entropy(logits: Tensor, labels: np.ndarray) -> Tensor:
    """Return the mean −log probability of the true classes, one number.

    The softmax is inside, computed from differences to the largest logit: nothing overflows. The
    slope along the logits is (softmax − one-hot) / n: predicted minus true, as in lesson 04.

    Parameters: logits : (n, n_classes); labels : (n,) whole numbers from 0
    Raises:     ValueError – logits or labels of a wrong shape, or labels beyond the classes

    Example:
        >>> round(cross_entropy(Tensor([[0.0, 0.0]]), np.array([1])).item(), 4)  # log 2
        0.6931
    """
    logits = lift(logits)
    if logits.data.ndim != 2:
        raise ValueError(f"logits must be (n, n_classes), but their shape is {logits.shape}.")
    labels = whole_labels(labels, *logits.data.shape)
    n = len(labels)
    rows = np.arange(n)
    shifted = logits.data - logits.data.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    total = np.add.reduce(exponentials, axis=1)

    def pull(g):
        slope = exponentials / total[:, None]
        slope[rows, labels] -= 1
        return (slope * (g / n),)

    loss = np.add.reduce(np.log(total) - shifted[rows, labels]) / n
    return record("cross-entropy", loss, (logits,), pull)


def whole_labels(labels: ArrayLike, n: int, n_classes: int) -> np.ndarray:
    """Return a copy of the labels, one per row, or say what is wrong with them."""
    labels = np.array(labels)
    if n == 0:
        raise ValueError("logits have no rows, so there is no loss; pass at least one sample.")
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels must be {n} whole numbers, one per row of logits, but they are of type "
            f"{labels.dtype} and shape {labels.shape}."
        )
    for label in (labels.min(), labels.max()):
        if not 0 <= label < n_classes:
            raise ValueError(f"labels must lie from 0 to {n_classes - 1}, but one is {label}.")
    return labels


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities from logits along the last axis, without overflow.

    Example:
        >>> softmax(np.array([1000.0, 1000.0]))
        array([0.5, 0.5])
    """
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def batch_norm(x: Tensor, gain: Tensor, shift: Tensor, eps: float = EPS) -> Tensor:
    """Return gain · (x − mean) / std + shift, with mean and std of each column of this batch.

    Mean and std depend on every row, so slopes flow through them as well: the pullback takes out
    of the slope its mean and its part along the normalized column. A column is the last axis: of
    images (n, h, w, c) each channel is one.

    Example:
        >>> one, zero = Tensor([1.0]), Tensor([0.0])
        >>> batch_norm(Tensor([[1.0], [3.0]]), one, zero).data.round(3).ravel()
        array([-1.,  1.])
    """
    x, gain, shift = lift(x), lift(gain), lift(shift)
    if x.data.ndim < 2:
        raise ValueError(f"x must have rows and columns, (n, n_columns), but it is {x.shape}.")
    n_columns = x.data.shape[-1]
    _require_shape("gain", gain, (n_columns,), "one entry per column of x")
    _require_shape("shift", shift, (n_columns,), "one entry per column of x")
    columns = x.data.reshape(-1, n_columns)
    spread = np.sqrt(columns.var(axis=0) + eps)
    unit = (columns - columns.mean(axis=0)) / spread

    def pull(g):
        g = g.reshape(-1, n_columns)
        inner = g * gain.data
        along = unit * (inner * unit).mean(axis=0)
        slope = (inner - inner.mean(axis=0) - along) / spread
        slope_gain = (g * unit).sum(axis=0)
        return slope.reshape(x.data.shape), slope_gain, g.sum(axis=0)

    output = (gain.data * unit + shift.data).reshape(x.data.shape)
    return record("batch norm", output, (x, gain, shift), pull)


def conv3x3(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Slide 3 × 3 filters over images with a border of zeros: (n, h, w, c) → (n, h, w, n_filters).

    Every window becomes a row, so the convolution is one matrix product; W is (9 c, n_filters).

    Example:
        >>> one_image = Tensor(np.ones((1, 4, 4, 1)))
        >>> conv3x3(one_image, Tensor(np.ones((9, 1))), Tensor([0.0])).data[0, :2, :2, 0]
        array([[4., 6.],
               [6., 9.]])
    """
    x, W, b = lift(x), lift(W), lift(b)
    n, h, w, c = _image_shape(x)
    n_filters = W.data.shape[-1] if W.data.ndim else 0
    _require_shape("W", W, (9 * c, n_filters), f"nine rows for each of the {c} channels of x")
    _require_shape("b", b, (n_filters,), "one entry per filter")
    padded = np.zeros((n, h + 2, w + 2, c), x.data.dtype)
    padded[:, 1:-1, 1:-1] = x.data
    windows = sliding_window_view(padded, (3, 3), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    rows = windows.reshape(n * h * w, 9 * c)

    def pull(g):
        g = g.reshape(n * h * w, -1)
        slope_x = pull_image(g) if x.wants_slope else None
        return slope_x, rows.T @ g, np.add.reduce(g)

    def pull_image(g):
        parts = (g @ W.data.T).reshape(n, h, w, 3, 3, c)
        slope = np.zeros_like(padded)
        for i in range(3):
            for j in range(3):
                slope[:, i : i + h, j : j + w] += parts[:, :, :, i, j]
        return slope[:, 1:-1, 1:-1]

    output = (rows @ W.data + b.data).reshape(n, h, w, n_filters)
    return record("conv", output, (x, W, b), pull)


def max_pool(x: Tensor) -> Tensor:
    """Keep the largest of each 2 × 2 block: (n, h, w, c) → (n, h/2, w/2, c).

    The slope goes to the winner alone, the first if several tie: a subgradient, as in PyTorch.
    (`Tensor.max` shares it among them, as PyTorch's `amax` does.)

    Example:
        >>> max_pool(Tensor(np.arange(16.0).reshape(1, 4, 4, 1))).data[0, :, :, 0]
        array([[ 5.,  7.],
               [13., 15.]])
    """
    x = lift(x)
    _, h, w, _ = _image_shape(x)
    if h % 2 or w % 2:
        raise ValueError(f"max_pool needs an even height and width, but they are {h} and {w}.")
    top = np.maximum.reduce([x.data[corner] for corner in CORNERS])

    def pull(g):
        slope = np.empty_like(x.data)
        left = g
        for corner in CORNERS:  # what one corner has got, the next ones can't get any more
            slope[corner] = left * (x.data[corner] == top)
            left = left - slope[corner]
        return (slope,)

    return record("max pool", top, (x,), pull)


def _image_shape(x: Tensor) -> tuple[int, ...]:
    if x.data.ndim != 4:
        raise ValueError(
            f"Images must be (n, height, width, channels), but their shape is {x.shape}."
        )
    return x.data.shape


def _require_shape(name: str, tensor: Tensor, shape: tuple[int, ...], meaning: str) -> None:
    if tensor.data.shape != shape:
        raise ValueError(
            f"{name} must have the shape {shape}, {meaning}, but its shape is {tensor.shape}."
        )
