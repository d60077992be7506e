"""Reverse-mode automatic differentiation: arrays that remember how they were computed.

Every operation on a `Tensor` makes a new one that knows its parents and a *pullback*: a function
that turns the slope of the loss along the result into the slopes along the parents. `backward`
walks the graph from the end to the start, once, and adds up what arrives at each node. That is
backpropagation; the rest of this file says it for some twenty operations. Lesson 07 builds it up.

Conventions are PyTorch's: gradients add up in `grad` until they are set to None, and a graph can be
used once, then its memory is freed. Plain arrays and numbers take part as constants. Arrays and
indices that go in are copied, so a buffer can be filled anew at once. Nobody watches `data`,
though: change it after `backward`, not before.

The field calls the slope of the loss along a node its *adjoint* or *cotangent*, and the pullback
the *vector-Jacobian product* (VJP).
"""

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count

import numpy as np
from numpy.typing import ArrayLike

from gradcourse import require

Pullback = Callable[[np.ndarray], tuple]  # the slope along the result -> one for each parent

_POWER = "for a power that learns write `(n * x.log()).exp()`"
_recording = ContextVar("recording", default=True)
_clock = count()
# array + tensor arrives as np.add(array, tensor); other functions of numpy know no Tensor
_OPERATORS: dict[np.ufunc, Callable] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.matmul: operator.matmul,
}


class Tensor:
    """An array of which gradients can be asked.

    Attributes:
        data : array – the value, float32 or float64; other numbers become float64. It is a copy:
            two tensors made of one array do not change each other
        grad : array of the same shape, or None – the slope of the loss along each entry
        parents : tensors this one was computed from; empty for a leaf, such as a parameter
        op : str – the operation that made it, "" for a leaf
        wants_slope : bool – False for a Constant; PyTorch's `requires_grad`

    Example:
        >>> w = Tensor([1.0, 2.0])
        >>> loss = (w * w).sum()
        >>> loss.backward()
        >>> w.grad
        array([2., 4.])

    See:        lesson 07; Baydin et al., Automatic Differentiation in Machine Learning (2018)
    """

    __slots__ = ("born", "data", "grad", "op", "parents", "pullback")
    data: np.ndarray
    grad: np.ndarray | None
    op: str
    parents: tuple["Tensor", ...]
    pullback: Pullback
    wants_slope = True

    def __init__(self, data: ArrayLike):
        numbers = require.numbers("data", data)
        if numbers.dtype.kind == "c":
            raise TypeError(require.sentence("data", "real numbers", data, "take `.real` of it"))
        kept = numbers.dtype in (np.float32, np.float64)
        self.data = np.array(numbers, numbers.dtype if kept else float)
        self.grad = None
        self.op = ""
        self.parents = ()
        self.pullback = _leaf
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
                    keep_graph : bool – keep the memory, to go backward again; PyTorch's
                        `retain_graph`
        Raises:     ValueError – more than one entry and no gradient given, or of a wrong shape;
                    RuntimeError – the graph was used already, or there is none
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

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self):
        return record("−", -self.data, (self,), lambda g: (-g,))

    def __pow__(self, n):
        if not isinstance(n, int | float | np.integer | np.floating):
            raise TypeError(require.sentence("the exponent", "a plain number", n, _POWER))
        x = self.data

        def pull(g):
            return (g * n * x ** (n - 1) if n else np.zeros_like(x),)  # at 0, too: x⁰ is level

        return record(f"^{n:g}", x**n, (self,), pull)

    def __rpow__(self, base):
        raise TypeError(require.sentence("the exponent", "a plain number", self, _POWER))

    def __matmul__(self, other):
        a, b = self, lift(other)
        product = matrix_product(a.data, b.data)
        return record("@", product, (a, b), lambda g: _pull_matmul(g, a.data, b.data))

    def __rmatmul__(self, other):
        return lift(other) @ self

    def __getitem__(self, key):
        key = _own(key)

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
        """Return 1 / (1 + e⁻ˣ) of each entry, without overflow, and right far out on both sides."""
        x = self.data
        small = np.exp(-np.abs(x))  # e⁻ˣ on the right, eˣ on the left: never above 1
        y = np.where(x < 0, small, 1) / (1 + small)
        return record("sigmoid", y, (self,), lambda g: (g * small / (1 + small) ** 2,))

    def relu(self):
        """Return each entry, or 0 where it is negative; at the kink we take the slope 0."""
        y = np.maximum(self.data, 0)
        return record("relu", y, (self,), lambda g: (g * np.sign(y),))  # 1 where x > 0, else 0

    # ---- shapes and sums ------------------------------------------------------------------------
    def sum(self, axis: int | tuple | None = None, keepdims: bool = False) -> "Tensor":
        """Return the sum over all entries, or along an axis."""
        shape = self.shape

        def pull(g):
            wide = g if keepdims or axis is None else np.expand_dims(g, axis)
            return (np.broadcast_to(wide, shape),)

        return record("sum", self.data.sum(axis, keepdims=keepdims), (self,), pull)

    def mean(self, axis: int | tuple | None = None, keepdims: bool = False) -> "Tensor":
        """Return the mean over all entries, or along an axis."""
        self._refuse_empty("mean")
        total = self.sum(axis, keepdims)
        return total * (total.data.size / self.data.size)

    def max(self, axis: int | None = None, keepdims: bool = False) -> "Tensor":
        """Return the largest entry, or along an axis.

        Entries that tie share the slope equally, as in PyTorch's `amax`: a subgradient. (Max
        pooling has another convention, there and here: the first of the largest gets it all.)
        """
        self._refuse_empty("max")
        top = self.data.max(axis, keepdims=True)
        winners = self.data == top
        share = winners / winners.sum(axis, keepdims=True)

        def pull(g):
            return (np.reshape(g, top.shape) * share,)

        return record("max", self.data.max(axis, keepdims=keepdims), (self,), pull)

    def reshape(self, *shape: int) -> "Tensor":
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

    def __eq__(self, other: object) -> bool:
        raise TypeError("Tensors are not compared; compare their `.data`, or ask `a is b`.")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __hash__ = object.__hash__  # each tensor is itself: a graph is a set of them

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if ufunc not in _OPERATORS or method != "__call__" or options:
            raise _no_array(ufunc.__name__)
        first, second = inputs
        return _OPERATORS[ufunc](lift(first, beside=self), second)

    def __array_function__(self, function, types, args, kwargs):
        raise _no_array(function.__name__)

    def __array__(self, dtype=None, copy=None):
        raise _no_array("asarray")

    def _refuse_empty(self, what: str) -> None:
        if self.data.size == 0:
            raise ValueError(f"There is no {what} of no numbers: the shape is {self.shape}.")

    def __iter__(self):
        if not self.data.ndim:
            raise TypeError("A Tensor of one number cannot be walked through; its shape is ().")
        return (self[k] for k in range(len(self.data)))

    def __len__(self):
        if not self.data.ndim:
            raise TypeError("A Tensor of one number has no length; its shape is ().")
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
    found = {end}
    todo = [end]
    while todo:  # a loop, not a recursion: chains may have 100,000 links
        for parent in todo.pop().parents:
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    return sorted(found, key=operator.attrgetter("born"))


def record(op: str, data: np.ndarray, parents: tuple[Tensor, ...], pullback: Pullback) -> Tensor:
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
            node = Tensor.__new__(Tensor)
            node.op = op
            node.parents = parents
            node.pullback = pullback
            break
    else:  # nobody will ask
        node = Constant.__new__(Constant)
        node.op = ""
        node.parents = ()
        node.pullback = _leaf
    node.data = np.asarray(data)
    node.grad = None
    node.born = next(_clock)
    return node


class Constant(Tensor):
    """A plain array inside a graph: it takes part, but nobody asks for its slope."""

    __slots__ = ()
    wants_slope = False


def lift(value: Tensor | ArrayLike, beside: Tensor | None = None) -> Tensor:
    """Return a tensor as it is, and anything else as a constant with a copy of it.

    A plain number takes the precision of the tensor `beside` it, so that float32 stays float32.
    """
    if isinstance(value, Tensor):
        return value
    if beside is not None and isinstance(value, int | float | np.integer | np.floating):
        return Constant(np.asarray(value, beside.data.dtype))
    return Constant(value)


def matrix_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a @ b, or say which shapes do not fit.

    Example:
        >>> matrix_product(np.ones((2, 3)), np.ones((2, 3)))
        Traceback (most recent call last):
        ...
        ValueError: The shapes (2, 3) @ (2, 3) do not fit: each row of the first must be as long ...
    """
    try:
        return a @ b
    except ValueError:
        raise ValueError(
            f"The shapes {a.shape} @ {b.shape} do not fit: each row of the first must be as long "
            "as each column of the second (a single number multiplies with *)."
        ) from None


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


def _binary(
    op: str, a: Tensor, other: Tensor | ArrayLike, function: Callable, slopes: Callable
) -> Tensor:
    b = lift(other, beside=a)
    x, y = a.data, b.data

    def pull(g):
        slope_a, slope_b = slopes(g, x, y)
        return unbroadcast(slope_a, x.shape), unbroadcast(slope_b, y.shape)

    return record(op, function(x, y), (a, b), pull)


def _pull_matmul(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give vectors a second axis, so that one formula serves all cases."""
    rows = np.atleast_2d(a)
    columns = b[:, None] if b.ndim == 1 else b
    stack = g.shape[: g.ndim - (a.ndim > 1) - (b.ndim > 1)]
    g = g.reshape(*stack, rows.shape[-2], columns.shape[-1])
    slope_a = g @ np.swapaxes(columns, -1, -2)
    slope_b = np.swapaxes(rows, -1, -2) @ g
    return (
        unbroadcast(slope_a, rows.shape).reshape(a.shape),
        unbroadcast(slope_b, columns.shape).reshape(b.shape),
    )


def _own(key):
    """Return an index that nobody else can change before `backward`."""
    if isinstance(key, tuple):
        return tuple(_own(part) for part in key)
    if isinstance(key, Tensor):
        raise TypeError("An index must be whole numbers, not a Tensor; write `t.data.astype(int)`.")
    return key.copy() if isinstance(key, np.ndarray | list) else key


def _seed(end: Tensor, gradient: np.ndarray | None) -> np.ndarray:
    if not end.wants_slope:
        raise RuntimeError(
            "There is no graph to go backward through: this was computed under no_grad, or from "
            "plain arrays alone."
        )
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


def _leaf(slope: np.ndarray) -> tuple:
    return ()  # no parents, nothing to hand on


def _freed(slope: np.ndarray) -> tuple:
    raise RuntimeError(
        "backward went through this graph already, and its memory was freed. Compute the loss "
        "again, or call backward(keep_graph=True) the first time."
    )


def _no_array(name: str) -> TypeError:
    """Return what to say when numpy is asked to compute with a Tensor."""
    own = f"write `t.{name}()`" if hasattr(Tensor, name) else "use the methods of Tensor"
    return TypeError(
        f"np.{name} takes arrays and would lose the graph; {own}, or pass `t.data` if no slope is "
        "wanted."
    )
