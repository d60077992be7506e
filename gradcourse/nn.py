"""Networks: layers on top of gradcourse.autodiff, their parameters in one flat vector.

A layer is a recipe, as an optimizer is: `parameters(rng)` makes its starting values, calling it on
an input and those values gives the output, and it remembers nothing itself. `Network` strings
layers together and keeps all parameters in one vector `theta`, so every optimizer of the course can
move them. Lesson 07 trains one on the digits; lesson 08 watches some fail.

What the layers compute stands in gradcourse.operations.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gradcourse import require
from gradcourse.autodiff import Tensor, lift, no_grad
from gradcourse.datasets import minibatches
from gradcourse.operations import (
    EPS,
    batch_norm,
    conv3x3,
    cross_entropy,
    linear,
    max_pool,
    whole_labels,
)
from gradcourse.operations import softmax as softmax  # found here too, beside its layers
from gradcourse.optimizers import Optimizer

# ---- how weights begin: (fan_in, fan_out) → standard deviation; lesson 08 compares them --------
INITIALIZERS = {
    "zeros": lambda fan_in, fan_out: 0.0,
    "too small": lambda fan_in, fan_out: 0.01,
    "Xavier": lambda fan_in, fan_out: (2 / (fan_in + fan_out)) ** 0.5,
    "He": lambda fan_in, fan_out: (2 / fan_in) ** 0.5,
    "too large": lambda fan_in, fan_out: 1.0,
}


# ---- layers ------------------------------------------------------------------------------------
class Layer:
    """What a Network asks of a layer; a new kind of layer overrides what it needs.

    A layer is a recipe and may serve in many networks, so it keeps nothing itself. What it has to
    remember from batch to batch (PyTorch's *buffers*) it makes in `averages`; each network keeps
    its own, hands them in, and takes new ones out.
    """

    def parameters(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return the starting values of what is learned."""
        return []

    def averages(self) -> list[np.ndarray]:
        """Return what is remembered before the first batch."""
        return []

    def __call__(self, x: Tensor, *values: Tensor) -> Tensor:
        """Return the output for an input and the parameters' values."""
        raise NotImplementedError

    def remember(self, x: Tensor, averages: list[np.ndarray]) -> list[np.ndarray]:
        """Return what is remembered after one more batch of training."""
        return averages

    def predict(
        self, x: Tensor, values: Sequence[Tensor], averages: Sequence[np.ndarray]
    ) -> Tensor:
        """Return the output for new data, of which each row stands for itself."""
        return self(x, *values)


@dataclass(frozen=True)
class Linear(Layer):
    """A full layer: n_in inputs to n_out outputs, weights begun by one of INITIALIZERS, bias 0."""

    n_in: int
    n_out: int
    init: str = "He"

    def __post_init__(self):
        require.whole("n_in", self.n_in)
        require.whole("n_out", self.n_out)

    def parameters(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return starting values of weights and bias."""
        return _begin(self.n_in, self.n_out, self.init, rng)

    def __call__(self, x: Tensor, *values: Tensor) -> Tensor:
        """Return x W + b."""
        return linear(x, *values)


@dataclass(frozen=True)
class Conv3x3(Layer):
    """Filters of 3 × 3 that slide over images: n_in channels to n_out channels.

    PyTorch's `Conv2d(n_in, n_out, kernel_size=3, padding=1)`.
    """

    n_in: int
    n_out: int
    init: str = "He"

    def __post_init__(self):
        require.whole("n_in", self.n_in)
        require.whole("n_out", self.n_out)

    def parameters(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return starting values of filters and bias."""
        return _begin(9 * self.n_in, self.n_out, self.init, rng)

    def __call__(self, x: Tensor, *values: Tensor) -> Tensor:
        """Return the images as the filters see them."""
        return conv3x3(x, *values)


def _begin(fan_in: int, fan_out: int, init: str, rng: np.random.Generator) -> list[np.ndarray]:
    std = INITIALIZERS[require.one_of("init", init, INITIALIZERS)](fan_in, fan_out)
    return [std * rng.standard_normal((fan_in, fan_out)), np.zeros(fan_out)]


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Normalize each of n columns over the batch, then let the network choose scale and shift.

    A prediction must not depend on who else is in the batch, so `Network.predict` normalizes by
    averages over the batches of the training (PyTorch's *running statistics*). They belong to the
    network; `fit` moves them, and so does `network.gradient(X, y, remember=True)` in a loop of
    your own. Nothing else does.
    """

    n: int

    def __post_init__(self):
        require.whole("n", self.n)

    def parameters(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return gain 1 and shift 0."""
        return [np.ones(self.n), np.zeros(self.n)]

    def averages(self) -> list[np.ndarray]:
        """Return mean 0 and variance 1."""
        return [np.zeros(self.n), np.ones(self.n)]

    def __call__(self, x: Tensor, *values: Tensor) -> Tensor:
        """Return the columns normalized by this batch."""
        gain, shift = values
        return batch_norm(x, gain, shift)

    def remember(self, x: Tensor, averages: list[np.ndarray]) -> list[np.ndarray]:
        """Move the averages a tenth of the way to this batch's mean and variance."""
        self._refuse_other_columns(x)
        columns = x.data.reshape(-1, self.n)
        seen = (columns.mean(axis=0), columns.var(axis=0))
        return [old + 0.1 * (new - old) for old, new in zip(averages, seen, strict=True)]

    def predict(
        self, x: Tensor, values: Sequence[Tensor], averages: Sequence[np.ndarray]
    ) -> Tensor:
        """Return the columns normalized by the averages of the training."""
        self._refuse_other_columns(x)
        gain, shift = values
        mean, variance = averages
        return gain * ((x - mean) / np.sqrt(variance + EPS)) + shift

    def _refuse_other_columns(self, x: Tensor) -> None:
        if x.shape[-1] != self.n:
            raise ValueError(
                f"{self} needs {self.n} columns, but its input has the shape {x.shape}; write "
                f"BatchNorm({x.shape[-1]})."
            )


@dataclass(frozen=True)
class Function(Layer):
    """A layer without parameters: a function of a tensor."""

    name: str
    apply: Callable[[Tensor], Tensor]

    def __call__(self, x: Tensor, *values: Tensor) -> Tensor:
        """Return the function's value."""
        return self.apply(x)

    def __repr__(self) -> str:
        return self.name


# with names of their own, because pickle finds a function by its name
def _flat(x: Tensor) -> Tensor:
    return x.reshape(len(x), -1)


def _images_8x8(x: Tensor) -> Tensor:
    return x.reshape(-1, 8, 8, 1)


RELU = Function("ReLU", Tensor.relu)
TANH = Function("tanh", Tensor.tanh)
SIGMOID = Function("sigmoid", Tensor.sigmoid)
POOL = Function("max pool", max_pool)
FLATTEN = Function("flatten", _flat)
IMAGES_8X8 = Function("8 × 8 images", _images_8x8)
ACTIVATIONS = {"ReLU": RELU, "tanh": TANH, "sigmoid": SIGMOID}


# Why: docs/decisions.md#layers-are-recipes-parameters-one-vector
class Network:
    """Layers in a row, with all parameters in one vector.

    Attributes:
        theta : (n_parameters,) – all parameters; change its entries or set it, and the network
            changes
        grad : (n_parameters,) – the gradient after `gradient`, or after `backward` of a loss
        parameters : list of lists of Tensors, one list per layer, views of theta
        averages : list of lists of arrays, one list per layer – what `predict` needs beside theta
            (empty but for BatchNorm); only training moves them

    Parameters: layers : of this module – Linear, Conv3x3, BatchNorm, RELU, TANH, SIGMOID, POOL …;
                    the same list may serve several networks
                rng : generator – for the starting values
                dtype : float32 (the default, twice as fast) or float64 (for gradient checks)

    Example:
        >>> net = Network([Linear(64, 16), RELU, Linear(16, 10)], np.random.default_rng(0))
        >>> net.theta.shape, net.predict(np.zeros((5, 64))).shape
        ((1210,), (5, 10))

    See:        lesson 07
    """

    def __init__(
        self, layers: Sequence[Layer], rng: np.random.Generator, dtype: type | np.dtype = np.float32
    ):
        if not isinstance(layers, Sequence):
            raise TypeError(
                require.sentence("layers", "a list of layers", layers, "try [Linear(64, 10)]")
            )
        self.layers = list(layers)
        for k, layer in enumerate(self.layers):
            if isinstance(layer, type) or not hasattr(layer, "parameters"):
                wanted = "a layer of gradcourse.nn"
                raise TypeError(
                    require.sentence(f"layers[{k}]", wanted, layer, "try Linear(64, 10)")
                )
        require.generator("rng", rng)
        if np.dtype(dtype).kind != "f":
            wanted = "a floating-point type"
            raise TypeError(require.sentence("dtype", wanted, dtype, "try float or np.float32"))
        begun = [layer.parameters(rng) for layer in self.layers]
        flat = [array.ravel() for values in begun for array in values]
        self._theta: np.ndarray = np.concatenate([*flat, np.zeros(0)]).astype(dtype)
        self._grad = np.zeros_like(self._theta)
        # each parameter, and its places in the two vectors: where its value and gradient belong
        self._homes: list[tuple[Tensor, np.ndarray, np.ndarray]] = []
        self.parameters = [[self._parameter(array) for array in values] for values in begun]
        self.averages = [
            [array.astype(dtype) for array in layer.averages()] for layer in self.layers
        ]

    def _parameter(self, start: np.ndarray) -> Tensor:
        """Return a tensor whose value and gradient are views of the two vectors."""
        place = sum(tensor.data.size for tensor, _, _ in self._homes)
        here = slice(place, place + start.size)
        data = self._theta[here].reshape(start.shape)
        grad = self._grad[here].reshape(start.shape)
        tensor = Tensor(start)
        tensor.data = data
        tensor.grad = grad
        self._homes.append((tensor, data, grad))
        return tensor

    @property
    def theta(self) -> np.ndarray:
        """All parameters in one vector. Set it, or change its entries: the network follows."""
        for tensor, data, _ in self._homes:
            if tensor.data is not data:  # somebody wrote `parameter.data = …`
                _fill(data, "a parameter's data", tensor.data)
                tensor.data = data
        return self._theta

    @theta.setter
    def theta(self, values: ArrayLike) -> None:
        _fill(self.theta, "theta", values)

    @property
    def grad(self) -> np.ndarray:
        """The gradient by theta, 0 where a parameter's `grad` was set to None."""
        for tensor, _, grad in self._homes:
            if tensor.grad is not grad:
                given = np.zeros_like(grad) if tensor.grad is None else tensor.grad
                _fill(grad, "a parameter's grad", given)
                tensor.grad = grad
        return self._grad

    @grad.setter
    def grad(self, values: ArrayLike | None) -> None:
        _fill(self.grad, "grad", np.zeros_like(self._grad) if values is None else values)

    def copy(self) -> "Network":
        """Return a network of its own with the same parameters and averages.

        Keep the best one of a training, as early stopping does (lesson 09): a copy of theta alone
        would forget what BatchNorm remembers.
        """
        return _restored(self.layers, self.theta, self.averages)

    def __reduce__(self):  # so that copy.deepcopy and pickle make views of the new vector, too
        return _restored, (self.layers, self.theta, self.averages)

    def __call__(self, X: np.ndarray | Tensor) -> Tensor:
        """Return the output as a tensor with its graph: (n, n_in) → (n, n_out)."""
        return self.activations(X)[-1]

    def activations(self, X: np.ndarray | Tensor, remember: bool = False) -> list[Tensor]:
        """Return the output of every layer, the input first.

        Parameters: X : (n, n_in) – a Tensor gets slopes of its own, so the inputs' can be asked
                    remember : bool – let BatchNorm's averages take note: for training alone
        """
        outputs = [self._input(X)]
        for k, layer in enumerate(self.layers):
            if remember:
                self.averages[k] = layer.remember(outputs[-1], self.averages[k])
            outputs.append(layer(outputs[-1], *self.parameters[k]))
        return outputs

    def loss(self, X: np.ndarray, y: np.ndarray) -> Tensor:
        """Return the mean cross-entropy of a batch, ready for `backward`."""
        return cross_entropy(self(X), y)

    def gradient(
        self, X: np.ndarray, y: np.ndarray, remember: bool = False
    ) -> tuple[float, np.ndarray]:
        """Return the loss of a batch and its gradient by theta (the same array every time).

        Parameters: X : (n, n_in); y : (n,) labels
                    remember : bool – this is a step of training: let BatchNorm's averages take note
        """
        self.grad[:] = 0
        loss = cross_entropy(self.activations(X, remember)[-1], y)
        loss.backward()
        return loss.item(), self._grad

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the logits of new data, (n, n_out), without remembering anything."""
        with no_grad():
            x = self._input(X)
            for layer, values, kept in zip(
                self.layers, self.parameters, self.averages, strict=True
            ):
                x = layer.predict(x, values, kept)
            return x.data

    def accuracy(self, X: np.ndarray, y: np.ndarray) -> float:
        """Return the share of rows whose largest logit is the right one."""
        logits = self.predict(X)
        return float((logits.argmax(axis=1) == whole_labels(y, *logits.shape)).mean())

    def _input(self, X: np.ndarray | Tensor) -> Tensor:
        x = X if isinstance(X, Tensor) else lift(np.asarray(X, self._theta.dtype))
        if x.data.ndim < 2:
            raise ValueError(
                f"X must have one row per sample, (n, n_in), but its shape is {x.shape}; for a "
                "single sample write X[None]."
            )
        return x


def _fill(vector: np.ndarray, name: str, values: ArrayLike) -> None:
    """Copy values into a vector of the same shape, or say that the shapes differ."""
    values = np.asarray(values)
    if values.shape != vector.shape:
        raise ValueError(
            f"{name} must have the shape {vector.shape}, but the new one has {values.shape}."
        )
    vector[...] = values


def _restored(
    layers: Sequence[Layer], theta: np.ndarray, averages: Sequence[Sequence[np.ndarray]]
) -> Network:
    """Return a network with these parameters and averages, all of them copied."""
    network = Network(layers, np.random.default_rng(0), theta.dtype)
    network.theta = theta
    network.averages = [[array.copy() for array in kept] for kept in averages]
    return network


# ---- training -----------------------------------------------------------------------------------
@dataclass(repr=False)
class History:
    """What happened in training.

    Fields:
        batch_size : int – rows per step
        losses : list – the mean loss of each epoch
        step_losses : list – the loss of each mini-batch, before its step
        promises : list – gradient · step for each epoch's first step, the change of the loss that
            the slope promises (the *directional derivative* along the step): below 0, downhill
        watched : list – what a `watch` function returned, at the start and after each epoch
        stopped : str – why training ended, one sentence
    """

    batch_size: int
    losses: list[float] = field(default_factory=list)
    step_losses: list[float] = field(default_factory=list)
    promises: list[float] = field(default_factory=list)
    watched: list[Any] = field(default_factory=list)
    stopped: str = ""

    def __repr__(self) -> str:
        ends = f", loss {self.losses[0]:.3g} → {self.losses[-1]:.3g}" if self.losses else ""
        return f"History({len(self.losses)} epochs{ends}. {self.stopped})"


Watch = Callable[[Network], Any]


def fit(
    network: Network,
    X: np.ndarray,
    y: np.ndarray,
    optimizer: Optimizer,
    n_epochs: int = 10,
    batch_size: int = 32,
    *,
    rng: np.random.Generator,
    watch: Watch | None = None,
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
    n_epochs = require.whole("n_epochs", n_epochs, least=0)
    require.recipe("optimizer", optimizer)
    X = require.real("X", X).astype(network.theta.dtype, copy=False)
    history = History(min(require.whole("batch_size", batch_size), len(X)))
    state = optimizer.init(network.theta)
    with np.errstate(all="ignore"), _interruptible(history):  # what goes wrong is said in words
        _look(history, network, watch)
        for epoch in range(1, n_epochs + 1):
            state = one_epoch(network, X, y, optimizer, state, history, rng)
            _flush_faded(state)
            _look(history, network, watch)
            if show_progress:
                _show_progress(epoch, n_epochs, history.losses[-1])
            if not np.isfinite(history.losses[-1]):
                history.stopped = f"The loss stopped being finite in epoch {epoch}."
                break
    taken = "The 1 epoch was taken." if n_epochs == 1 else f"All {n_epochs} epochs were taken."
    history.stopped = history.stopped or taken
    return history


def one_epoch(
    network: Network,
    X: np.ndarray,
    y: np.ndarray,
    optimizer: Optimizer,
    state: Any,
    history: History,
    rng: np.random.Generator,
) -> Any:
    """Take a step for every mini-batch, write the losses down, return the optimizer's memory."""
    losses: list[float] = []
    for X_batch, y_batch in minibatches(X, y, history.batch_size, rng):
        loss, grad = network.gradient(X_batch, y_batch, remember=True)
        theta, state = optimizer.step(network.theta, grad, state)
        if not losses:  # once an epoch: does the step lead downhill?
            history.promises.append(float(grad @ (theta - network.theta)))
        network.theta = theta
        losses.append(loss)
    history.step_losses += losses
    history.losses.append(float(np.mean(losses)))
    return state


@contextmanager
def _interruptible(history: History) -> Iterator[None]:
    """Let Ctrl-C or the stop button end the training and keep what was learned."""
    try:
        yield
    except KeyboardInterrupt:
        history.stopped = f"Interrupted in epoch {len(history.losses) + 1}."


def _look(history: History, network: Network, watch: Watch | None) -> None:
    if watch is not None:
        history.watched.append(watch(network))


def _flush_faded(state: Any) -> None:
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
