"""Reverse-mode automatic differentiation: arrays that remember how they were computed.

Every operation on a `Tensor` makes a new one that knows its parents and a *pullback*: a function
that turns the slope of the loss along the result into the slopes along the parents. `backward`
walks the graph from the end to the start, once, and adds up what arrives at each node. That is
backpropagation; the rest of this file says it for some twenty operations. Lesson 07 builds it up.

Conventions are PyTorch's: gradients add up in `grad` until they are set to None, and a graph can be
used once, then its memory is freed. Plain arrays and numbers take part as constants. Nobody
watches `data`, in PyTorch as here: change it after `backward`, not before.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from operator import attrgetter

import numpy as np

from gradcourse import require

_recording = ContextVar("recording", default=True)
_clock = count()


class Tensor:
    """An array of which gradients can be asked.

    Attributes:
        data : array – the value, float32 or float64; other numbers become float64
        grad : array of the same shape, or None – the slope of the loss along each entry
        parents : tensors this one was computed from; empty for a leaf, such as a parameter
        op : str – the operation that made it, "" for a leaf

    Example:
        >>> w = Tensor([1.0, 2.0])
        >>> loss = (w * w).sum()
        >>> loss.backward()
        >>> w.grad
        array([2., 4.])

    See:        lesson 07; Baydin et al., Automatic Differentiation in Machine Learning (2018)
    """

    __slots__ = ("born", "data", "grad", "op", "parents", "pullback")
    __array_priority__ = 100  # so that array + tensor asks the tensor
    wants_slope = True

    def __init__(self, data: np.ndarray):
        data = require.numbers("data", data)
        self.data = data if data.dtype.kind == "f" else data.astype(float)
        self.grad, self.op, self.parents, self.pullback = None, "", (), None
        self.born = next(_clock)  # parents are older than children: a topological order for free

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self.data.shape

    def item(self) -> float:
        """Return the value of a tensor with one entry."""
        return self.data.item()

    def backward(self, gradient: np.ndarray | None = None, keep_graph: bool = False) -> None:
        """Add the slopes of this tensor along every leaf to the leaves' `grad`.

        Parameters: gradient : array of this shape – where to start; 1 for a single number
                    keep_graph : bool – keep the memory, to go backward again
        Raises:     ValueError – more than one entry and no gradient given, or of a wrong shape;
                    RuntimeError – the graph was used already
        """
        slopes = {self: _seed(self, gradient)}
        for node in reversed(graph(self)):
            if not node.wants_slope:
                continue
            slope = slopes.pop(node)
            if not node.parents:
                if node.grad is None:
                    node.grad = np.zeros_like(node.data)
                node.grad += slope  # in place: a network's gradients are views of one vector
                continue
            for parent, part in zip(node.parents, node.pullback(slope), strict=True):
                if parent.wants_slope:  # += where it was reached before: slopes add up
                    slopes[parent] = slopes[parent] + part if parent in slopes else part
            if not keep_graph:
                node.pullback = _freed

    # ---- arithmetic ------------------------------------------------------------------------
    def __add__(self, other):
        return _binary("+", self, other, np.add, lambda g, a, b: (g, g))

    def __sub__(self, other):
        return _binary("−", self, other, np.subtract, lambda g, a, b: (g, -g))

    def __mul__(self, other):
        return _binary("×", self, other, np.multiply, lambda g, a, b: (g * b, g * a))

    def __truediv__(self, other):
        return _binary("÷", self, other, np.divide, lambda g, a, b: (g / b, -g * a / (b * b)))

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return self**-1.0 * other

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return record("−", -self.data, (self,), lambda g: (-g,))

    def __pow__(self, n: float):
        x = self.data
        return record(f"^{n:g}", x**n, (self,), lambda g: (g * n * x ** (n - 1),))

    def __matmul__(self, other):
        a, b = self, lift(other)
        return record("@", a.data @ b.data, (a, b), lambda g: _pull_matmul(g, a.data, b.data))

    def __rmatmul__(self, other):
        return lift(other) @ self

    def __getitem__(self, key):
        def pull(g):
            slope = np.zeros_like(self.data)
            np.add.at(slope, key, g)  # an entry picked twice gets both slopes
            return (slope,)

        return record("[ ]", self.data[key], (self,), pull)

    # ---- functions of each entry --------------------------------------------------------------
    def exp(self):
        """Return e to the power of each entry."""
        y = np.exp(self.data)
        return record("exp", y, (self,), lambda g: (g * y,))

    def log(self):
        """Return the natural logarithm of each entry."""
        x = self.data
        return record("log", np.log(x), (self,), lambda g: (g / x,))

    def tanh(self):
        """Return the hyperbolic tangent of each entry."""
        y = np.tanh(self.data)
        return record("tanh", y, (self,), lambda g: (g * (1 - y * y),))

    def sigmoid(self):
        """Return 1 / (1 + e⁻ˣ) of each entry, without overflow."""
        y = 0.5 * (1 + np.tanh(0.5 * self.data))
        return record("sigmoid", y, (self,), lambda g: (g * y * (1 - y),))

    def relu(self):
        """Return each entry, or 0 where it is negative; at the kink we take the slope 0."""
        y = np.maximum(self.data, 0)
        return record("relu", y, (self,), lambda g: (g * np.sign(y),))  # 1 where x > 0, else 0

    # ---- shapes and sums ------------------------------------------------------------------------
    def sum(self, axis: int | tuple | None = None, keepdims: bool = False):
        """Return the sum over all entries, or along an axis."""
        shape = self.shape

        def pull(g):
            wide = g if keepdims or axis is None else np.expand_dims(g, axis)
            return (np.broadcast_to(wide, shape),)

        return record("sum", self.data.sum(axis, keepdims=keepdims), (self,), pull)

    def mean(self, axis: int | tuple | None = None, keepdims: bool = False):
        """Return the mean over all entries, or along an axis."""
        total = self.sum(axis, keepdims)
        return total * (total.data.size / self.data.size)

    def max(self, axis: int | None = None, keepdims: bool = False):
        """Return the largest entry, or along an axis; entries that tie share the slope."""
        top = self.data.max(axis, keepdims=True)
        winners = self.data == top
        share = winners / winners.sum(axis, keepdims=True)

        def pull(g):
            return (np.reshape(g, top.shape) * share,)

        return record("max", self.data.max(axis, keepdims=keepdims), (self,), pull)

    def reshape(self, *shape: int):
        """Return the entries in another shape."""
        before = self.shape
        return record("reshape", self.data.reshape(*shape), (self,), lambda g: (g.reshape(before),))

    @property
    def T(self):  # noqa: N802 – numpy's and the field's name
        """The transpose."""
        return record("T", self.data.T, (self,), lambda g: (g.T,))

    # ---- what would go wrong in silence -------------------------------------------------------
    def __setitem__(self, key, value):
        raise TypeError(
            "A Tensor cannot be changed in place: the graph still needs the old value. Build a new "
            "one, or change `.data` of a parameter after backward."
        )

    def _in_place(self, other):
        raise TypeError(
            "`w -= step` would put the update into the graph. Write `w.data -= step` to update a "
            "parameter, or `w = w - step` to go on computing."
        )

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __imatmul__ = __ipow__ = _in_place

    def __bool__(self):
        raise TypeError("A Tensor is no yes or no; compare its `.data`.")

    def __len__(self):
        return len(self.data)

    def __repr__(self):
        made = f", op={self.op!r}" if self.op else ""
        return f"Tensor({np.array2string(self.data, precision=4)}{made})"


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without remembering: faster, and the results are constants.

    Example:
        >>> w = Tensor([3.0])
        >>> with no_grad():
        ...     prediction = 2 * w
        >>> prediction.parents
        ()
    """
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


def graph(end: Tensor) -> list[Tensor]:
    """Return all tensors `end` was computed from and itself, parents before children.

    Each has `op`, `data`, `parents`: enough to draw the graph, or to walk it by hand.

    Example:
        >>> x = Tensor(3.0)
        >>> [node.op for node in graph((x * x).exp())]
        ['', '×', 'exp']
    """
    found, todo = {end}, [end]
    while todo:  # a loop, not a recursion: chains may have 100,000 links
        for parent in todo.pop().parents:
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    return sorted(found, key=attrgetter("born"))


def record(op: str, data: np.ndarray, parents: tuple, pullback: Callable) -> Tensor:
    """Return the result of an operation as a tensor that remembers it.

    `pullback` takes the slope along the result and returns one along each parent (anything for a
    constant). All operations, here and in gradcourse.nn, are made with this.

    Example:
        >>> x = Tensor(3.0)
        >>> cube = record("cube", x.data**3, (x,), lambda g: (g * 3 * x.data**2,))
        >>> cube.backward()
        >>> float(x.grad)
        27.0
    """
    for parent in parents:
        if parent.wants_slope and _recording.get():
            break
    else:  # nobody will ask
        return Constant(data)
    node = Tensor.__new__(Tensor)
    node.data, node.grad, node.born = np.asarray(data), None, next(_clock)
    node.op, node.parents, node.pullback = op, parents, pullback
    return node


class Constant(Tensor):
    """A plain array inside a graph: it takes part, but nobody asks for its slope."""

    __slots__ = ()
    wants_slope = False


def lift(value: object, beside: Tensor | None = None) -> Tensor:
    """Return a tensor as it is, and anything else as a constant.

    A plain number takes the precision of the tensor `beside` it, so that float32 stays float32.
    """
    if isinstance(value, Tensor):
        return value
    plain = beside is not None and isinstance(value, int | float)
    return Constant(np.asarray(value, beside.data.dtype) if plain else value)


def unbroadcast(slope: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum a slope over the axes along which a smaller array was repeated.

    Example:
        >>> unbroadcast(np.ones((4, 3)), (3,))
        array([4., 4., 4.])
    """
    if slope.shape == shape:
        return slope
    slope = slope.sum(tuple(range(slope.ndim - len(shape))))
    repeated = tuple(i for i, n in enumerate(shape) if n == 1 and slope.shape[i] != 1)
    return slope.sum(repeated, keepdims=True) if repeated else slope


def _binary(op: str, a: Tensor, b: object, function: Callable, slopes: Callable) -> Tensor:
    b = lift(b, beside=a)
    x, y = a.data, b.data

    def pull(g):
        slope_a, slope_b = slopes(g, x, y)
        return unbroadcast(slope_a, x.shape), unbroadcast(slope_b, y.shape)

    return record(op, function(x, y), (a, b), pull)


def _pull_matmul(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give vectors a second axis, so that one formula serves all cases."""
    rows, columns = np.atleast_2d(a), b[:, None] if b.ndim == 1 else b
    g = g.reshape(
        *g.shape[: g.ndim - (a.ndim > 1) - (b.ndim > 1)], rows.shape[-2], columns.shape[-1]
    )
    slope_a, slope_b = g @ np.swapaxes(columns, -1, -2), np.swapaxes(rows, -1, -2) @ g
    return (
        unbroadcast(slope_a, rows.shape).reshape(a.shape),
        unbroadcast(slope_b, columns.shape).reshape(b.shape),
    )


def _seed(end: Tensor, gradient: np.ndarray | None) -> np.ndarray:
    if gradient is None and end.data.size != 1:
        raise ValueError(
            f"backward starts from one number, but this Tensor has the shape {end.shape}; sum or "
            "average it first, or pass the gradient to start with."
        )
    start = np.ones(end.shape) if gradient is None else gradient
    slope = np.asarray(start, end.data.dtype)
    if slope.shape != end.shape:
        raise ValueError(f"gradient must have the shape {end.shape}, but it has {slope.shape}.")
    return slope


def _freed(slope: np.ndarray) -> tuple:
    raise RuntimeError(
        "backward went through this graph already, and its memory was freed. Compute the loss "
        "again, or call backward(keep_graph=True) the first time."
    )
