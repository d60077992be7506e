"""Real data, and the four things one does with it before the first gradient.

The penguins are met in lesson 01 and give lesson 03 its straight line; the digits are for the
networks of lesson 07. Both lie inside the package (`gradcourse/data/README.md` says who collected
them and under which license), so no network is needed. Every sample is a row, on axis 0.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import ArrayLike

from gradcourse import require

MEASUREMENTS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")


@dataclass(frozen=True, eq=False, repr=False)
class Penguins:
    """Penguins in named columns: `birds.flipper_length_mm` is an array with one entry per bird.

    `birds[birds.species == "Gentoo"]` picks birds by a mask or by indices.
    """

    species: np.ndarray
    island: np.ndarray
    bill_length_mm: np.ndarray
    bill_depth_mm: np.ndarray
    flipper_length_mm: np.ndarray
    body_mass_g: np.ndarray
    sex: np.ndarray
    year: np.ndarray

    def matrix(self, *names: str) -> np.ndarray:
        """Put the named measurements side by side (all four if none is named).

        Returns:    (n_birds, n_names)
        """
        wanted = [require.one_of("a measurement", name, MEASUREMENTS) for name in names]
        return np.stack([getattr(self, name) for name in wanted or MEASUREMENTS], axis=1)

    def __getitem__(self, rows: slice | ArrayLike) -> "Penguins":
        if isinstance(rows, str):
            raise TypeError(
                f"Penguins are picked by a mask or indices, but rows is {rows!r}; "
                f"a column is an attribute: birds.{rows}."
            )
        everyone = np.arange(len(self))
        picked = np.atleast_1d(everyone[rows if isinstance(rows, slice) else np.asarray(rows)])
        return Penguins(*(getattr(self, field.name)[picked] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.species)

    def __repr__(self) -> str:
        kinds, counts = np.unique(self.species, return_counts=True)
        told = ", ".join(f"{count} {kind}" for kind, count in zip(kinds, counts, strict=True))
        return f"Penguins({len(self)} birds: {told})"


@cache
def penguins() -> Penguins:
    """Give the Palmer penguins whose four measurements were taken: 342 of 344 birds.

    Two birds have no measurements and are left out. Nine more have no recorded sex: they stay,
    with the sex "unknown". The arrays are read-only; `.copy()` gives one to change.

    Example:
        >>> penguins()
        Penguins(342 birds: 151 Adelie, 68 Chinstrap, 123 Gentoo)
        >>> penguins().flipper_length_mm[:3]
        array([181., 186., 195.])

    See:        lessons 01, 03, 04; Horst, Hill and Gorman (2020), CC0
    """
    lines = _open("penguins.csv").read_text("utf-8").splitlines()
    birds = [bird for bird in csv.DictReader(lines) if bird["body_mass_g"] != "NA"]
    kinds: dict[str, type] = {"year": int, **dict.fromkeys(MEASUREMENTS, float)}
    columns = {name: [bird[name] for bird in birds] for name in birds[0]}
    columns["sex"] = [sex.replace("NA", "unknown") for sex in columns["sex"]]
    arrays: dict[str, np.ndarray] = {
        name: np.array(column, kinds.get(name, str)) for name, column in columns.items()
    }
    return Penguins(**{name: _fixed(array) for name, array in arrays.items()})


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Give 1797 handwritten digits: the images X and the digit y each one shows.

    `X[i].reshape(8, 8)` is an image, from 0 (paper) to 1 (ink). The arrays are read-only;
    `.copy()` gives one to change.

    Returns:    X (1797, 64) floats in [0, 1]; y (1797,) whole numbers 0–9

    Example:
        >>> X, y = digits()
        >>> X.shape, y[:3]
        ((1797, 64), array([0, 1, 2]))

    See:        lesson 07; Alpaydin and Kaynak (1998), CC BY 4.0
    """
    with _open("digits.csv.gz").open("rb") as packed, gzip.open(packed) as lines:
        table = np.loadtxt(lines, dtype=int, delimiter=",")
    ink, digit = table[:, :-1] / 16, table[:, -1].copy()
    return _fixed(ink), _fixed(digit)


def standardize(
    X: ArrayLike, reference: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shift and scale each column to mean 0 and standard deviation 1.

    Z = (X − mean) / std. The loss of a linear model is then as round as its data allow, so one
    learning rate suits every weight. New data must be scaled as the old were: give the old ones
    as `reference`.

    Parameters: X : (n_samples,) or (n_samples, n_features) – the data to scale
                reference : like X – the data that mean and std are taken from; X itself if None
    Returns:    Z, like X, and mean and std, one per column; X is Z * std + mean again
    Raises:     ValueError – a column is constant, or would be without rounding: drop it

    Example:
        >>> Z, mean, std = standardize([[1, 10], [2, 20], [3, 60]])
        >>> mean, Z[:, 0].round(3)
        (array([ 2., 30.]), array([-1.225,  0.   ,  1.225]))

    See:        lesson 03
    """
    X = require.real("X", X)
    reference = X if reference is None else require.real("reference", reference)
    if X.ndim not in (1, 2) or reference.shape[1:] != X.shape[1:]:
        raise ValueError(
            f"X must be (n_samples,) or (n_samples, n_features) with the columns of reference, but "
            f"the shapes are {X.shape} and {reference.shape}."
        )
    mean, std = reference.mean(axis=0), reference.std(axis=0)
    _refuse_constant_columns(reference, std)
    return (X - mean) / std, mean, std


def split(
    *arrays: ArrayLike, test_fraction: float = 0.2, rng: np.random.Generator
) -> list[np.ndarray]:
    """Divide samples at random into those to learn from and those kept back for the test.

    Parameters: arrays : each with one row per sample – all are divided alike
                test_fraction : between 0 and 1 – the share of rows kept for the test
                rng : generator – `np.random.default_rng(0)` gives the same division every time
    Returns:    train and test part of the first array, of the second, and so on

    Example:
        >>> X_train, X_test = split(np.arange(5), test_fraction=0.4, rng=np.random.default_rng(0))
        >>> X_train, X_test
        (array([0, 1, 3]), array([2, 4]))
    """
    if any(isinstance(array, Penguins) for array in arrays):
        raise TypeError(
            "split divides arrays, but one is a table of Penguins; split birds.matrix() and "
            "birds.species."
        )
    tables = _same_length(*arrays)
    n = len(tables[0])
    if not 0 < test_fraction < 1:
        raise ValueError(require.sentence("test_fraction", "between 0 and 1", test_fraction))
    if n < 2:
        raise ValueError("A split needs at least two samples, one to learn from and one to test.")
    n_test = min(max(round(n * test_fraction), 1), n - 1)
    order = require.generator("rng", rng).permutation(n)
    test = np.sort(order[:n_test])
    train = np.sort(order[n_test:])
    return [part for table in tables for part in (table[train], table[test])]


def minibatches(
    X: ArrayLike, y: ArrayLike, batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Walk through the data once, in small batches of shuffled rows: one epoch.

    Every row is met exactly once, still beside its own target. The last batch is shorter if
    batch_size does not divide the number of rows, so average over `len(y_batch)`. A batch of all
    rows is not shuffled: the order changes no mean. Batches are copies, the data stay as they are.

    Parameters: X : (n_samples, ...) and y : (n_samples, ...) – one row per sample
                batch_size : whole number from 1 to n_samples
                rng : generator – made once before the first epoch, so that each is shuffled anew
    Returns:    an iterator over pairs (X_batch, y_batch)

    Example:
        >>> rng = np.random.default_rng(0)
        >>> for X_batch, y_batch in minibatches([1, 2, 3], [10, 20, 30], batch_size=2, rng=rng):
        ...     print(X_batch, y_batch)
        [3 1] [30 10]
        [2] [20]

    See:        lesson 04
    """
    X, y = _same_length(X, y)
    n, batch_size = len(X), require.whole("batch_size", batch_size)
    if batch_size > n:
        raise ValueError(require.sentence("batch_size", f"at most {n}, all rows", batch_size))
    if batch_size < n:  # one gather per epoch; the batches below are then mere views
        order = require.generator("rng", rng).permutation(n)
        X, y = X[order], y[order]
    else:
        X, y = X.copy(), y.copy()
    batches = [slice(i, i + batch_size) for i in range(0, n, batch_size)]
    return ((X[batch], y[batch]) for batch in batches)


def _open(name: str) -> Traversable:
    return files("gradcourse") / "data" / name


def _fixed(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)  # the cache hands out the same array every time
    return array


def _refuse_constant_columns(X: np.ndarray, std: np.ndarray) -> None:
    rounding = 8 * np.finfo(X.dtype).eps * np.abs(X).max(axis=0)
    level = np.ptp(X, axis=0) <= rounding
    tiny = ~level & (std == 0)  # the squares of the differences are rounded to 0
    if tiny.any():
        raise ValueError(
            "The values lie so close to 0 that their squares are rounded to 0; multiply them by a "
            "large number first, which changes nothing about Z."
        )
    constant = np.flatnonzero(level | (std == 0))
    if constant.size:
        where = f"Column {constant[0]}" if X.ndim == 2 else "The column"
        raise ValueError(
            f"{where} has the same value in all {len(X)} samples, up to rounding, so it cannot be "
            "scaled to standard deviation 1; leave it out."
        )


def _same_length(*arrays: ArrayLike) -> list[np.ndarray]:
    tables = [np.atleast_1d(array) for array in arrays]
    lengths = [len(table) for table in tables]
    if len(set(lengths)) != 1 or 0 in lengths:
        raise ValueError(
            f"The arrays must have the same number of rows, one or more, but they have {lengths}; "
            "axis 0 counts the samples."
        )
    return tables
