"""Networks: layers on top of gradcourse.autodiff, their parameters in one flat vector.

A layer is a recipe, as an optimizer is: `parameters(rng)` makes its starting values, calling it on
an input and those values gives the output. `Network` strings layers together and keeps all
parameters in one vector `theta`, so every optimizer of the course can move them. Lesson 07 trains
one on the digits; lesson 08 watches some fail.

The operations here are those of autodiff fused into one node where that pays, with pullbacks
written out. Images are (n_images, height, width, channels).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcourse import require
from gradcourse.autodiff import Tensor, lift, no_grad, record
from gradcourse.datasets import minibatches

# ---- how weights begin: (fan_in, fan_out) → standard deviation; lesson 08 compares them --------
INITIALIZERS = {
    "zeros": lambda fan_in, fan_out: 0.0,
    "too small": lambda fan_in, fan_out: 0.01,
    "Xavier": lambda fan_in, fan_out: (2 / (fan_in + fan_out)) ** 0.5,
    "He": lambda fan_in, fan_out: (2 / fan_in) ** 0.5,
    "too large": lambda fan_in, fan_out: 1.0,
}


# ---- operations ----------------------------------------------------------------------------------
def linear(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Return x W + b: (n, n_in), (n_in, n_out), (n_out,) → (n, n_out).

    Example:
        >>> linear(Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]]), Tensor([5.0])).data
        array([[16.]])
    """
    x = lift(x)

    def pull(g):
        return g @ W.data.T if x.wants_slope else None, x.data.T @ g, np.add.reduce(g)

    return record("linear", x.data @ W.data + b.data, (x, W, b), pull)


def cross_entropy(logits: Tensor, labels: np.ndarray) -> Tensor:
    """Return the mean −log probability of the true classes, one number.

    The softmax is inside, computed from differences to the largest logit: nothing overflows. The
    slope along the logits is (softmax − one-hot) / n: predicted minus true, as in lesson 04.

    Parameters: logits : (n, n_classes); labels : (n,) whole numbers from 0
    Raises:     ValueError – labels of a wrong shape, or beyond the classes

    Example:
        >>> round(cross_entropy(Tensor([[0.0, 0.0]]), np.array([1])).item(), 4)  # log 2
        0.6931
    """
    labels, (n, n_classes) = np.asarray(labels), logits.shape
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be {n} whole numbers, one per row of logits; got {labels}.")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"labels must lie from 0 to {n_classes - 1}, but they hold {labels}.")
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


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities from logits along the last axis, without overflow.

    Example:
        >>> softmax(np.array([1000.0, 1000.0]))
        array([0.5, 0.5])
    """
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def batch_norm(x: Tensor, gain: Tensor, shift: Tensor, eps: float = 1e-5) -> Tensor:
    """Return gain · (x − mean) / std + shift, with mean and std of each column of this batch.

    Mean and std depend on every row, so slopes flow through them as well: the pullback takes out
    of the slope its mean and its part along the normalized column.

    Example:
        >>> one, zero = Tensor([1.0]), Tensor([0.0])
        >>> batch_norm(Tensor([[1.0], [3.0]]), one, zero).data.round(3).ravel()
        array([-1.,  1.])
    """
    spread = np.sqrt(x.data.var(axis=0) + eps)
    unit = (x.data - x.data.mean(axis=0)) / spread

    def pull(g):
        inner = g * gain.data
        along = unit * (inner * unit).mean(axis=0)
        return (inner - inner.mean(axis=0) - along) / spread, (g * unit).sum(0), g.sum(0)

    return record("batch norm", gain.data * unit + shift.data, (x, gain, shift), pull)


def conv3x3(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Slide 3 × 3 filters over images with a border of zeros: (n, h, w, c) → (n, h, w, n_filters).

    Every window becomes a row, so the convolution is one matrix product; W is (9 c, n_filters).

    Example:
        >>> one_image = Tensor(np.ones((1, 4, 4, 1)))
        >>> conv3x3(one_image, Tensor(np.ones((9, 1))), Tensor([0.0])).data[0, :2, :2, 0]
        array([[4., 6.],
               [6., 9.]])
    """
    x = lift(x)
    n, h, w, c = x.shape
    padded = np.zeros((n, h + 2, w + 2, c), x.data.dtype)
    padded[:, 1:-1, 1:-1] = x.data
    windows = sliding_window_view(padded, (3, 3), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    rows = windows.reshape(n * h * w, 9 * c)

    def pull(g):
        g = g.reshape(n * h * w, -1)
        return pull_image(g) if x.wants_slope else None, rows.T @ g, np.add.reduce(g)

    def pull_image(g):
        parts = (g @ W.data.T).reshape(n, h, w, 3, 3, c)
        slope = np.zeros_like(padded)
        for i in range(3):
            for j in range(3):
                slope[:, i : i + h, j : j + w] += parts[:, :, :, i, j]
        return slope[:, 1:-1, 1:-1]

    return record("conv", (rows @ W.data + b.data).reshape(n, h, w, -1), (x, W, b), pull)


def max_pool(x: Tensor) -> Tensor:
    """Keep the largest of each 2 × 2 block: (n, h, w, c) → (n, h/2, w/2, c).

    The slope goes to the winner alone, the first if several tie: a subgradient, as in PyTorch.

    Example:
        >>> max_pool(Tensor(np.arange(16.0).reshape(1, 4, 4, 1))).data[0, :, :, 0]
        array([[ 5.,  7.],
               [13., 15.]])
    """
    corners = [(slice(None), slice(i, None, 2), slice(j, None, 2)) for i in (0, 1) for j in (0, 1)]
    top = np.maximum.reduce([x.data[corner] for corner in corners])

    def pull(g):
        slope, left = np.empty_like(x.data), g
        for corner in corners:  # what one corner has got, the next ones can't get any more
            slope[corner] = left * (x.data[corner] == top)
            left = left - slope[corner]
        return (slope,)

    return record("max pool", top, (x,), pull)


# ---- layers ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Linear:
    """A full layer: n_in inputs to n_out outputs, weights begun by one of INITIALIZERS, bias 0."""

    n_in: int
    n_out: int
    init: str = "He"
    op = staticmethod(linear)

    def parameters(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return starting values of weights and bias."""
        std = INITIALIZERS[require.one_of("init", self.init, INITIALIZERS)](self.n_in, self.n_out)
        return [std * rng.standard_normal((self.n_in, self.n_out)), np.zeros(self.n_out)]

    def __call__(self, x: Tensor, W: Tensor, b: Tensor) -> Tensor:
        """Return the layer's output."""
        return self.op(x, W, b)


@dataclass(frozen=True)
class Conv(Linear):
    """A layer of 3 × 3 filters over images: n_in channels to n_out channels."""

    op = staticmethod(conv3x3)

    def parameters(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return starting values of filters and bias."""
        return Linear(9 * self.n_in, self.n_out, self.init).parameters(rng)


@dataclass(frozen=True)
class BatchNorm:
    """Normalize each of n columns over the batch, then let the network choose scale and shift.

    A prediction must not depend on who else is in the batch: `averages` remembers the means and
    spreads met in training, and `Network.predict` uses them.
    """

    n: int
    averages: list = field(default_factory=list, compare=False, repr=False)

    def parameters(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return gain 1 and shift 0."""
        self.averages[:] = [np.zeros(self.n), np.ones(self.n)]
        return [np.ones(self.n), np.zeros(self.n)]

    def __call__(self, x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
        """Return the normalized columns, and remember their mean and spread."""
        for old, new in zip(self.averages, (x.data.mean(0), x.data.var(0)), strict=True):
            old += 0.1 * (new - old)
        return batch_norm(x, gain, shift)

    def predict(self, x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
        """Return the columns normalized by the averages of the training."""
        mean, variance = self.averages
        return gain * ((x - mean) / np.sqrt(variance + 1e-5)) + shift


@dataclass(frozen=True)
class Function:
    """A layer without parameters: a function of a tensor."""

    name: str
    apply: object

    def parameters(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return nothing to learn."""
        return []

    def __call__(self, x: Tensor) -> Tensor:
        """Return the function's value."""
        return self.apply(x)

    def __repr__(self) -> str:
        return self.name


RELU = Function("ReLU", Tensor.relu)
TANH = Function("tanh", Tensor.tanh)
SIGMOID = Function("sigmoid", Tensor.sigmoid)
POOL = Function("max pool", max_pool)
FLATTEN = Function("flatten", lambda x: x.reshape(len(x), -1))
IMAGES = Function("8 × 8 images", lambda x: x.reshape(-1, 8, 8, 1))
ACTIVATIONS = {"ReLU": RELU, "tanh": TANH, "sigmoid": SIGMOID}


class Network:
    """Layers in a row, with all parameters in one vector.

    Attributes:
        theta : (n_parameters,) – all parameters; change its entries and the network changes
        grad : (n_parameters,) – the gradient after `gradient`
        parameters : list of lists of Tensors, one list per layer, views of theta

    Parameters: layers : of this module – Linear, Conv, BatchNorm, RELU, TANH, SIGMOID, POOL …
                rng : generator – for the starting values
                dtype : float32 (the default, twice as fast) or float64 (for gradient checks)

    Example:
        >>> net = Network([Linear(64, 16), RELU, Linear(16, 10)], np.random.default_rng(0))
        >>> net.theta.shape, net.predict(np.zeros((5, 64))).shape
        ((1210,), (5, 10))

    See:        lesson 07
    """

    def __init__(self, layers: list, rng: np.random.Generator, dtype: type = np.float32):
        self.layers = list(layers)
        arrays = [layer.parameters(rng) for layer in self.layers]
        flat = [array.ravel() for some in arrays for array in some]
        self.theta = np.concatenate([*flat, np.zeros(0)]).astype(dtype)
        self.grad, self.parameters, place = np.zeros_like(self.theta), [], 0
        for some in arrays:
            self.parameters.append([])
            for array in some:
                here = slice(place, place + array.size)
                tensor = Tensor(self.theta[here].reshape(array.shape))
                tensor.grad = self.grad[here].reshape(array.shape)
                self.parameters[-1].append(tensor)
                place += array.size

    def __call__(self, X: np.ndarray) -> Tensor:
        """Return the output as a tensor with its graph: (n, n_in) → (n, n_out)."""
        return self.activations(X)[-1]

    def activations(self, X: np.ndarray) -> list[Tensor]:
        """Return the output of every layer, the input first."""
        outputs = [lift(np.asarray(X, self.theta.dtype))]
        for layer, values in zip(self.layers, self.parameters, strict=True):
            outputs.append(layer(outputs[-1], *values))
        return outputs

    def loss(self, X: np.ndarray, y: np.ndarray) -> Tensor:
        """Return the mean cross-entropy of a batch, ready for `backward`."""
        return cross_entropy(self(X), y)

    def gradient(self, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss of a batch and its gradient by theta (the same array every time)."""
        self.grad[:] = 0
        loss = self.loss(X, y)
        loss.backward()
        return loss.item(), self.grad

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the logits of new data, (n, n_out), without remembering anything."""
        with no_grad():
            x = lift(np.asarray(X, self.theta.dtype))
            for layer, values in zip(self.layers, self.parameters, strict=True):
                x = getattr(layer, "predict", layer)(x, *values)
            return x.data

    def accuracy(self, X: np.ndarray, y: np.ndarray) -> float:
        """Return the share of rows whose largest logit is the right one."""
        return float((self.predict(X).argmax(axis=1) == y).mean())


@dataclass(repr=False)
class History:
    """What happened in training.

    Fields:
        batch_size : int – rows per step
        losses : list – the mean loss of each epoch
        step_losses : list – the loss of each mini-batch, before its step
        promises : list – gradient · step for each epoch's first step: below 0, downhill
        watched : list – what a `watch` function returned, at the start and after each epoch
        stopped : str – why training ended, one sentence
    """

    batch_size: int
    losses: list[float] = field(default_factory=list)
    step_losses: list[float] = field(default_factory=list)
    promises: list[float] = field(default_factory=list)
    watched: list[object] = field(default_factory=list)
    stopped: str = ""

    def __repr__(self) -> str:
        ends = f", loss {self.losses[0]:.3g} → {self.losses[-1]:.3g}" if self.losses else ""
        return f"History({len(self.losses)} epochs{ends}. {self.stopped})"


def fit(
    network: Network,
    X: np.ndarray,
    y: np.ndarray,
    optimizer: object,
    n_epochs: int = 10,
    batch_size: int = 32,
    *,
    rng: np.random.Generator,
    watch: object = None,
    show_progress: bool = False,
) -> History:
    """Train a network with shuffled mini-batches; the parameters are changed.

    Ends early, with a word, at a loss that is not finite, and when it is interrupted.

    Parameters: network : Network; X : (n, n_in); y : (n,) labels
                optimizer : a recipe from gradcourse.optimizers
                n_epochs, batch_size : whole numbers
                rng : generator – for the shuffling
                watch : callable – network → anything worth keeping, called before the first and
                        after every epoch
                show_progress : bool – a bar that grows with the epochs, and the loss
    Returns:    History

    Example:
        >>> from gradcourse.optimizers import GradientDescent
        >>> rng = np.random.default_rng(0)
        >>> net = Network([Linear(2, 2)], rng)
        >>> X, y = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 1])
        >>> history = fit(net, X, y, GradientDescent(1.0), n_epochs=20, batch_size=2, rng=rng)
        >>> history.losses[-1] < 0.1, history.stopped
        (True, 'All 20 epochs were taken.')

    See:        lesson 07
    """
    require.whole("n_epochs", n_epochs, least=0)
    X, history = np.asarray(X, network.theta.dtype), History(min(batch_size, len(X)))
    state = optimizer.init(network.theta)
    history.watched += [watch(network)] if watch else []
    with np.errstate(all="ignore"):  # what goes wrong is said in words
        try:
            for epoch in range(n_epochs):
                losses = []
                for X_batch, y_batch in minibatches(X, y, history.batch_size, rng):
                    loss, grad = network.gradient(X_batch, y_batch)
                    theta, state = optimizer.step(network.theta, grad, state)
                    if not losses:  # once an epoch: does the step lead downhill?
                        history.promises.append(float(grad @ (theta - network.theta)))
                    losses.append(loss)
                    network.theta[:] = theta
                history.step_losses += losses
                history.losses.append(float(np.mean(losses)))
                history.watched += [watch(network)] if watch else []
                _sweep(state)
                if show_progress:
                    _show_progress(epoch + 1, n_epochs, history.losses[-1])
                if not np.isfinite(history.losses[-1]):
                    history.stopped = f"The loss stopped being finite in epoch {epoch + 1}."
                    break
        except KeyboardInterrupt:
            history.stopped = f"Interrupted in epoch {len(history.losses) + 1}."
    history.stopped = history.stopped or f"All {n_epochs} epochs were taken."
    return history


def _sweep(state: object) -> None:
    """Set to 0 what has faded below 1e-30, as Adam's mean for a dead unit does.

    Below 1e-38 float32 gives up precision to reach further down, and takes ten times as long.
    """
    for part in state if isinstance(state, tuple) else ():
        if isinstance(part, np.ndarray):
            part[np.abs(part) < 1e-30] = 0


def _show_progress(epoch: int, n_epochs: int, loss: float) -> None:
    done = 24 * epoch // n_epochs
    line = f"\r{'█' * done}{'·' * (24 - done)} epoch {epoch} of {n_epochs}, loss {loss:.4f}"
    print(line, end="" if epoch < n_epochs else "\n", flush=True)
