"""Losses: one number that says how far predictions are from the truth, and its gradient.

Each loss comes as a pair of functions: `mean_squared_error(y_pred, y)` is the number,
`mean_squared_error_gradient(y_pred, y)` says how that number answers to each prediction. All are
means over the samples, which lie on axis 0; further axes of `y_pred` are many models side by
side. `weights` (n_samples,), none below 0 and best with the mean 1, let some samples count more.
Lesson 01 starts here.

`LinearRegression(X, y)` joins a loss with a model and so becomes a function of the parameters:
the landscape of real data that lesson 03 descends. `LogisticRegression` and `LinearSVM` do the same
for two classes, in lesson 04, and `GaussianFit` for a bell curve, in lesson 06.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gradcourse import require

ALL_ROWS = slice(None)
Rows = slice | ArrayLike  # some samples: a slice, an array of indices or a mask


def mean_squared_error(
    y_pred: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
) -> np.ndarray:
    """Return the mean of the squared errors: 1/n Σ (ŷ − y)².

    It is a plain mean, without the extra ½ that some books write, so the gradient keeps its 2.

    Parameters: y_pred : (n_samples, ...) – predictions ŷ
                y : (n_samples,) – what was measured
    Returns:    shape (...) – one number per model
    Raises:     ValueError – y and y_pred count different samples

    Example:
        >>> round(float(mean_squared_error([1, 2, 5], [1, 2, 3])), 3)
        1.333

    See:        lesson 01
    """
    error = _error(y_pred, y)
    return _mean(error * error, weights)


def mean_squared_error_gradient(
    y_pred: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
) -> np.ndarray:
    """Return the slope of the mean squared error along each prediction: 2(ŷ − y) / n.

    Example:
        >>> mean_squared_error_gradient([1, 2, 5], [1, 2, 3]).round(3)
        array([0.   , 0.   , 1.333])
    """
    error = _error(y_pred, y)
    return _share(2 * error, weights)


def logistic_loss(y_pred: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> np.ndarray:
    """Return the mean binary cross-entropy: 1/n Σ log(1 + e^ŷ) − y ŷ, for labels 0 and 1.

    `y_pred` are logits, the model's raw scores; `sigmoid` turns them into probabilities. Computed
    as log(1 + e^±ŷ), it neither overflows nor rounds a small loss to 0.

    Parameters: y_pred : (n_samples, ...) – logits ŷ, any number
                y : (n_samples,) – labels, each 0 or 1
    Returns:    shape (...)
    Raises:     ValueError – a label other than 0 and 1

    Example:
        >>> float(logistic_loss([0, 1000], [1, 1]).round(4))  # no idea, and sure and right
        0.3466

    See:        lesson 04
    """
    logits, y = _labeled(y_pred, y, (0, 1))
    return _mean(np.logaddexp(0, (1 - 2 * y) * logits), weights)


def logistic_loss_gradient(
    y_pred: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
) -> np.ndarray:
    """Return (sigmoid(ŷ) − y) / n: predicted probability minus what happened.

    For y = 1 it is computed as −sigmoid(−ŷ): the difference itself would cancel to 0 for a sample
    that is predicted well.

    Example:
        >>> [f"{slope:.2g}" for slope in logistic_loss_gradient([0, 40], [1, 1])]
        ['-0.25', '-2.1e-18']
    """
    logits, y = _labeled(y_pred, y, (0, 1))
    away = 1 - 2 * y
    return _share(away * sigmoid(away * logits), weights)


def sigmoid(z: ArrayLike) -> np.ndarray:
    """Return 1 / (1 + e⁻ᶻ), the probability that belongs to the logit z, without overflow.

    Example:
        >>> sigmoid(np.array([-1000, 0, 1000]))
        array([0. , 0.5, 1. ])
    """
    z = require.numbers("z", z)
    with np.errstate(invalid="ignore"):  # NaN stays NaN, without a warning
        return np.exp(-np.logaddexp(0, -z))


def hinge_loss(y_pred: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> np.ndarray:
    """Return 1/n Σ max(0, 1 − y ŷ), for labels −1 and 1.

    A score on the right side by a margin of 1 costs nothing; the support vector machine's loss.

    Example:
        >>> float(hinge_loss([3, 0.5], [1, 1]))
        0.25

    See:        lesson 04
    """
    scores, y = _labeled(y_pred, y, (-1, 1))
    return _mean(np.maximum(0, 1 - y * scores), weights)


def hinge_loss_gradient(
    y_pred: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
) -> np.ndarray:
    """Return −y / n where y ŷ < 1, else 0: a subgradient.

    At the kink y ŷ = 1 every slope between the two will do; we take 0, the flat side's.

    Example:
        >>> hinge_loss_gradient([3, 0.5, 1], [1, 1, 1]).round(3)
        array([ 0.   , -0.333,  0.   ])
    """
    scores, y = _labeled(y_pred, y, (-1, 1))
    slopes = np.where(y * scores < 1, -y, 0.0)
    return _share(np.where(np.isnan(scores), np.nan, slopes), weights)


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A loss of the predictions X w + b, as a function of theta = (w, b): intercept last.

    A kind of model names its pair of losses, `loss` and `loss_gradient`, and is done. The
    gradient follows by the chain rule: Aᵀ ∂L/∂ŷ, where A is X with a column of ones. The data are
    copied: what becomes of your arrays later does not change the model.

    Parameters: X : (n_samples,) or (n_samples, n_features) – one feature, or several
                y : (n_samples,) – targets
                weights : (n_samples,) – how much each sample counts, scaled to the mean 1; all
                          alike by default. Those of `balanced_weights` lift a rare class
    Raises:     ValueError – wrong shapes, NaN or infinity, no data, a weight below 0, a label of
                    another kind
    """

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None
    labels: ClassVar[tuple[int, int] | None] = None  # what y may hold; any number if None
    loss: ClassVar[Callable[..., np.ndarray]]
    loss_gradient: ClassVar[Callable[..., np.ndarray]]

    def __post_init__(self):
        X = require.real("X", self.X)
        y = require.real("y", self.y)
        X = X[:, None] if X.ndim == 1 else X
        if X.ndim != 2 or y.shape != X.shape[:1]:
            raise ValueError(
                f"X must be (n_samples, n_features) and y (n_samples,), but their shapes are "
                f"{np.shape(self.X)} and {np.shape(self.y)}."
            )
        if self.labels is not None:
            _refuse_other_labels(y, self.labels)
        object.__setattr__(self, "X", _own(X))
        object.__setattr__(self, "y", _own(y))
        if self.weights is not None:
            object.__setattr__(self, "weights", _own(_mean_one(self.weights, len(y))))

    @cached_property
    def design(self) -> np.ndarray:
        """X with a last column of ones, so that predictions are `design @ theta`."""
        ones = np.ones(len(self.X))
        return _own(np.column_stack([self.X, ones]))

    def predict(self, theta: ArrayLike, rows: Rows = ALL_ROWS) -> np.ndarray:
        """Return X w + b: theta (n_features + 1, ...) → (n_samples, ...)."""
        theta = require.numbers("theta", theta)
        design = self.design[_picked(rows)]
        if theta.shape[:1] != design.shape[1:]:
            raise ValueError(
                f"theta must hold {design.shape[1]} numbers on axis 0, one weight per feature and "
                f"the intercept, but its shape is {theta.shape}."
            )
        return _times(design, theta)

    def __call__(self, theta: ArrayLike, rows: Rows = ALL_ROWS) -> np.ndarray:
        """Return the loss at theta: (n_features + 1,) → one number, (n_features + 1, ...) → (...).

        `rows` picks some samples, a mini-batch: a slice or an array of indices; one index is a
        batch of one.
        """
        return self.loss(self.predict(theta, rows), *self._targets(rows))

    def gradient(self, theta: ArrayLike, rows: Rows = ALL_ROWS) -> np.ndarray:
        """Return the gradient at theta, in theta's shape."""
        slopes = self.loss_gradient(self.predict(theta, rows), *self._targets(rows))
        return _times(self.design[_picked(rows)].T, slopes)

    def _targets(self, rows: Rows) -> tuple[np.ndarray, np.ndarray | None]:
        """The targets of some samples, and their weights if there are any."""
        picked = _picked(rows)
        weights = None if self.weights is None else self.weights[picked]
        return self.y[picked], weights

    def _hessian(self, bends: np.ndarray) -> np.ndarray:
        """Return 1/n Aᵀ diag(bends) A, where `bends` (n_samples,) are the losses' curvatures."""
        counted = _share(bends, self.weights)
        half = self.design * np.sqrt(counted)[:, None]
        return half.T @ half


@dataclass(frozen=True, eq=False)
class LinearRegression(LinearModel):
    """The mean squared error of a straight line: L(w, b) = 1/n Σ (x·w + b − y)².

    A bowl whose shape is the data's. Its gradient is 2/n Aᵀ(A theta − y) and its Hessian the same
    everywhere, 2/n AᵀA, where A is X with a last column of ones.

    Parameters: X : (n_samples,) or (n_samples, n_features)
                y : (n_samples,)

    Example:
        >>> line = LinearRegression([0, 1, 2], [1, 3, 5])
        >>> theta = np.array([0.0, 0.0])  # slope and intercept
        >>> round(float(line(theta)), 3), line.gradient(theta).round(3)
        (11.667, array([-8.667, -6.   ]))
        >>> line.minimizer().round(3)
        array([2., 1.])

    See:        lessons 01 and 03
    """

    loss = staticmethod(mean_squared_error)
    loss_gradient = staticmethod(mean_squared_error_gradient)

    def hessian(self, theta: np.ndarray | None = None) -> np.ndarray:
        """Return the second derivatives, (n_features + 1, n_features + 1), the same everywhere."""
        return self._hessian(np.full(len(self.y), 2.0))

    def minimizer(self) -> np.ndarray:
        """Return the theta of least loss, solved directly, without descending."""
        A, b = self.design, self.y
        if self.weights is not None:
            counted = np.sqrt(self.weights)
            A, b = A * counted[:, None], b * counted
        return np.linalg.lstsq(A, b, rcond=None)[0]

    @property
    def smoothness(self) -> float:
        """L, the largest eigenvalue of the Hessian: a learning rate must stay below 2 / L."""
        return float(np.linalg.eigvalsh(self.hessian())[-1])


@dataclass(frozen=True, eq=False)
class LogisticRegression(LinearModel):
    """The logistic loss of a straight boundary: probabilities for the labels 0 and 1.

    X w + b is a logit, `sigmoid` of it the probability of label 1. The gradient is
    1/n Aᵀ(sigmoid(A theta) − y): predicted minus true, as for a line.

    Example:
        >>> model = LogisticRegression([-1, 0, 1], [0, 0, 1])
        >>> round(float(model(np.zeros(2))), 3), model.gradient(np.zeros(2)).round(3)
        (0.693, array([-0.333,  0.167]))

    See:        lesson 04
    """

    labels = (0, 1)
    loss = staticmethod(logistic_loss)
    loss_gradient = staticmethod(logistic_loss_gradient)

    def hessian(self, theta: ArrayLike) -> np.ndarray:
        """Return the second derivatives at theta: 1/n Aᵀ diag(p (1 − p)) A.

        The labels do not occur in it, so it is the Fisher matrix as well (lesson 06).
        """
        logits = self.predict(theta)
        return self._hessian(sigmoid(logits) * sigmoid(-logits))  # the second is 1 − p


@dataclass(frozen=True, eq=False)
class LinearSVM(LinearModel):
    """The support vector machine: hinge loss of a straight boundary, labels −1 and 1.

    Samples beyond the margin, y (x·w + b) > 1, cost nothing and pull at nothing. The gradient
    is a subgradient: at the kink one of many slopes.

    Example:
        >>> model = LinearSVM([-2, 0, 2], [-1, 1, 1])
        >>> round(float(model(np.array([1.0, 0.0]))), 3), model.gradient(np.zeros(2)).round(3)
        (0.333, array([-1.333, -0.333]))

    See:        lesson 04
    """

    labels = (-1, 1)
    loss = staticmethod(hinge_loss)
    loss_gradient = staticmethod(hinge_loss_gradient)


@dataclass(frozen=True, eq=False)
class GaussianFit:
    """The mean −log probability of data under a bell curve, as a function of theta = (μ, log σ).

    L = log σ + (spread² + (mean − μ)²) / 2σ² + ½ log 2π, with mean and spread of the data.

    Parameters: y : (n_samples,) – the data, not all alike

    Example:
        >>> fit = GaussianFit([1.0, 3.0])
        >>> theta = np.array([2.0, 0.0])  # the data's own mean 2 and spread 1
        >>> round(float(fit(theta)), 3), fit.gradient(theta), fit.fisher(theta).tolist()
        (1.419, array([0., 0.]), [[1.0, 0.0], [0.0, 2.0]])

    See:        lesson 06
    """

    y: np.ndarray

    def __post_init__(self):
        y = require.real("y", self.y)
        if y.ndim != 1 or np.ptp(y) == 0:
            raise ValueError(
                f"y must be a vector with at least two different values, but it is {y}."
            )
        object.__setattr__(self, "y", _own(y))

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Return the loss: theta (2, ...) → (...)."""
        mu, log_sigma = _pair(theta)
        away = mu - self.y.mean()
        square = (self.y.var() + away**2) * np.exp(-2 * log_sigma)
        return log_sigma + square / 2 + np.log(2 * np.pi) / 2

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """Return the gradient, in theta's shape."""
        mu, log_sigma = _pair(theta)
        away = mu - self.y.mean()
        precision = np.exp(-2 * log_sigma)
        square = (self.y.var() + away**2) * precision
        return np.array([away * precision, 1 - square])

    def hessian(self, theta: np.ndarray) -> np.ndarray:
        """Return the second derivatives of the loss, (2, 2): they depend on the data."""
        mu, log_sigma = _pair(theta)
        away = mu - self.y.mean()
        precision = np.exp(-2 * log_sigma)
        mixed = -2 * away * precision
        square = (self.y.var() + away**2) * precision
        return np.array([[precision, mixed], [mixed, 2 * square]])

    def fisher(self, theta: np.ndarray) -> np.ndarray:
        """Return the Fisher matrix of the bell curve, (2, 2): the data do not occur in it."""
        _, log_sigma = _pair(theta)
        return np.diag([np.exp(-2 * log_sigma), 2.0])


def balanced_weights(y: ArrayLike) -> np.ndarray:
    """Return a weight for each sample with which every class counts alike: n / (k · its count).

    Parameters: y : (n_samples,) – labels, k different ones, numbers or words
    Returns:    (n_samples,) – weights with the mean 1
    Raises:     ValueError – no vector, or NaN, which is no class

    Example:
        >>> balanced_weights(np.array([0, 0, 0, 1])).round(3)
        array([0.667, 0.667, 0.667, 2.   ])

    See:        lesson 04
    """
    labels = np.asarray(y)
    if labels.dtype.kind not in "US":  # words may stay what they are
        labels = require.finite("y", y)
    if labels.ndim != 1 or not labels.size:
        raise ValueError(f"y must be a vector of labels, but its shape is {labels.shape}.")
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return (place.size / (len(counts) * counts))[place]


def _pair(theta: ArrayLike) -> np.ndarray:
    theta = require.numbers("theta", theta)
    if theta.shape[:1] != (2,):
        raise ValueError(
            f"theta must hold two numbers on axis 0, μ and log σ, but its shape is {theta.shape}."
        )
    return theta


def _own(array: np.ndarray) -> np.ndarray:
    """Return a copy that nobody can change."""
    array = array.copy()
    array.setflags(write=False)
    return array


def _picked(rows: Rows) -> slice | np.ndarray:
    """Return what picks these rows; one index is a batch of one."""
    if isinstance(rows, slice):
        return rows
    picked = np.atleast_1d(np.asarray(rows))
    if picked.dtype.kind not in "biu" or not picked.size:
        wanted = "a slice, a mask or whole numbers, one or more"
        raise ValueError(require.sentence("rows", wanted, rows, "leave it out for all rows"))
    return picked


def _mean_one(weights: ArrayLike, n_samples: int) -> np.ndarray:
    weights = _one_per_sample(weights, n_samples)
    if not weights.any():
        raise ValueError("weights must not all be 0; leave them out to count all samples alike.")
    return weights / weights.mean()


def _one_per_sample(weights: ArrayLike, n_samples: int) -> np.ndarray:
    weights = require.real("weights", weights)
    if weights.shape != (n_samples,) or (weights < 0).any():
        raise ValueError(
            f"weights must be {n_samples} numbers, one per sample, none below 0; "
            f"their shape is {weights.shape}, the smallest {weights.min():g}."
        )
    return weights


def _times(A: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A @ v with any further axes of v kept: (n, d) and (d, ...) → (n, ...)."""
    if v.ndim < 3:
        return A @ v
    columns = v.reshape(len(v), -1)
    return (A @ columns).reshape(len(A), *v.shape[1:])


def _mean(values: np.ndarray, weights: ArrayLike | None) -> np.ndarray:
    """Average over axis 0, each sample counting as much as its weight says."""
    if weights is not None:
        values = _weighted(values, weights)
    return values.mean(axis=0)


def _share(slopes: np.ndarray, weights: ArrayLike | None) -> np.ndarray:
    """Slopes of an average, from those of its terms."""
    if weights is not None:
        slopes = _weighted(slopes, weights)
    return slopes / len(slopes)


def _weighted(values: np.ndarray, weights: ArrayLike) -> np.ndarray:
    """Multiply each sample, on axis 0, by its weight."""
    weights = _one_per_sample(weights, len(values))
    further_axes = values.ndim - 1
    return values * weights.reshape((-1,) + (1,) * further_axes)


def _error(y_pred: ArrayLike, y: ArrayLike) -> np.ndarray:
    y_pred, y = _aligned(y_pred, y)
    return y_pred - y


def _labeled(
    y_pred: ArrayLike, y: ArrayLike, labels: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Check the labels too: 0/1 and −1/1 are easily mistaken for each other."""
    y_pred, y = _aligned(y_pred, y)
    _refuse_other_labels(y, labels)
    return y_pred, y


def _refuse_other_labels(y: np.ndarray, labels: tuple[int, int]) -> None:
    allowed = (y == labels[0]) | (y == labels[1])
    if not allowed.all():
        raise ValueError(
            f"y must hold only the labels {labels[0]} and {labels[1]}, but it contains "
            f"{y[~allowed][0]:g}; relabel it first."
        )


def _aligned(y_pred: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Give y as many axes as y_pred, so that (n,) never spreads against (n, B) into (n, n)."""
    y_pred = require.numbers("y_pred", y_pred)
    y = require.numbers("y", y)
    if y.ndim == 0 or y_pred.shape[: y.ndim] != y.shape:
        raise ValueError(
            f"y_pred must have one row per entry of y, but the shapes are "
            f"{y_pred.shape} and {y.shape}; axis 0 counts the samples."
        )
    further_axes = y_pred.ndim - y.ndim
    return y_pred, y.reshape(y.shape + (1,) * further_axes)
