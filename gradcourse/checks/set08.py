"""Exercise set 08: safe clipping, first weights, batch norm and pooling backward, a diagnosis."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, Mistake, Question, section_link

_read = partial(section_link, "08_when_gradients_go_wrong")


# ---- clipping ----------------------------------------------------------------------------------
def _clip_cases(rng):
    return [
        Case((rng.normal(size=4) * 10, 1.0), "a long gradient"),
        Case((rng.normal(size=3) * 0.1, 5.0), "a short gradient", "Leave it as it is."),
        Case((np.array([3.0, 4.0]), 5.0), "just the limit"),
        Case((rng.normal(size=(2, 3)) * 7, 0.5), "a matrix"),
        Case(
            (np.array([3e200, -4e200]), 2.0),
            "huge entries",
            "Squares overflow: divide by the largest entry before you square.",
        ),
        Case(
            (np.array([np.nan, 3.0, 4.0]), 1.0),
            "a NaN",
            "NaN is not greater than any limit: set it to 0 first.",
        ),
        Case(
            (np.array([-np.inf, 5.0, np.inf]), 1.0),
            "infinite entries",
            "Let the infinite entries alone give the direction: their signs, the rest 0.",
        ),
        Case((np.zeros(3), 1.0), "a zero gradient", "Do not divide by a length of 0."),
        Case(([6, 8], 5), "a list of whole numbers"),
    ]


def _clip(grad, limit, *, nan=True, infinite=True, scale=True, always=False, each=False, flat=True):
    grad = np.array(grad, dtype=float)
    if nan:
        grad[np.isnan(grad)] = 0.0
    if infinite and np.isinf(grad).any():
        grad = np.where(np.isinf(grad), np.sign(grad), 0.0)
        return grad * (limit / np.sqrt((grad**2).sum()))
    if each:
        return np.clip(grad, -limit, limit)
    largest = (np.abs(grad).max() or 1.0) if scale else 1.0
    length = np.sqrt(((grad / largest) ** 2).sum(axis=None if flat else -1, keepdims=not flat))
    if not always and not np.any(length * largest > limit):  # a NaN is not
        return grad
    return grad / largest * (limit / length)


clip_norm = Question(
    "08.clip_norm",
    _clip,
    _clip_cases,
    (
        Mistake(
            "the usual three lines",
            partial(_clip, nan=False, infinite=False, scale=False),
            "they fail for huge, infinite and NaN entries; look at the cases one by one.",
        ),
        Mistake(
            "let NaN through",
            partial(_clip, nan=False),
            "a comparison with NaN is False; set NaN to 0 first.",
        ),
        Mistake(
            "overflow in the square",
            partial(_clip, scale=False),
            "divide by the largest entry before you square.",
        ),
        Mistake(
            "infinity divided by infinity",
            partial(_clip, infinite=False),
            "where entries are infinite, keep their signs and set the rest to 0.",
        ),
        Mistake(
            "made short gradients longer",
            partial(_clip, always=True),
            "only a gradient longer than the limit is changed.",
        ),
        Mistake(
            "clipped each entry",
            partial(_clip, each=True),
            "that turns the direction; shorten the whole gradient.",
        ),
        Mistake(
            "clipped each row of a matrix",
            partial(_clip, flat=False),
            "one length for all entries together.",
        ),
    ),
    _read("Clip what explodes"),
    points=2,
    tolerance=1e-9,
)


# ---- first weights -----------------------------------------------------------------------------
def _std_cases(rng):
    sizes = rng.integers(2, 600, (4, 2)).tolist()
    kinds = ("relu", "tanh", "relu", "tanh")
    return [
        *(Case((*pair, kind), kind) for pair, kind in zip(sizes, kinds, strict=True)),
        Case((1, 1, "relu"), "a single input"),
        Case((50, 50, "tanh"), "as many in as out"),
    ]


def _std(n_in, n_out, activation, *, root=True, fan="in", gain=2.0, both=True, swap=False):
    activation = {"relu": "tanh", "tanh": "relu"}[activation] if swap else activation
    n_relu = n_in if fan == "in" else n_out
    variance = gain / n_relu if activation == "relu" else 2 / (n_in + n_out) if both else 2 / n_in
    return variance**0.5 if root else variance


weight_std = Question(
    "08.weight_std",
    _std,
    _std_cases,
    (
        Mistake(
            "the variance, not its root",
            partial(_std, root=False),
            "asked for is the standard deviation.",
        ),
        Mistake(
            "counted the outputs for He",
            partial(_std, fan="out"),
            "a unit adds up its INPUTS: n_in of them.",
        ),
        Mistake(
            "forgot the 2 of He", partial(_std, gain=1.0), "ReLU cuts half away; the 2 pays for it."
        ),
        Mistake("He for both", partial(_std, both=False), "Xavier takes 2 / (n_in + n_out)."),
        Mistake("swapped the two rules", partial(_std, swap=True), "He belongs to ReLU."),
    ),
    _read("Begin with the right size"),
    tolerance=1e-9,
)


# ---- batch norm --------------------------------------------------------------------------------
def _norm_cases(rng):
    def case(n, d, label="", far=0.0):
        args = far + 3 * rng.normal(size=(n, d)), rng.normal(size=d), rng.normal(size=(n, d))
        return Case(args, label)

    return [
        case(6, 3),
        case(4, 1, "one column"),
        case(20, 5, "twenty rows"),
        case(8, 2, "far from 0", far=100.0),
        case(3, 3, "as many rows as columns"),
        case(50, 4, "fifty rows"),
    ]


def _norm(x, gain, slope, *, mean=True, along=True, spread=True, times=True, average=np.mean):
    s = np.sqrt(x.var(axis=0) + 1e-5)
    hat = (x - x.mean(axis=0)) / s
    g = slope * gain if times else slope
    dx = g - (average(g, axis=0) if mean else 0) - (hat * average(g * hat, axis=0) if along else 0)
    dx = dx / s if spread else dx
    return [dx, (slope * hat).sum(axis=0), slope.sum(axis=0)]


batch_norm_backward = Question(
    "08.batch_norm_backward",
    _norm,
    _norm_cases,
    (
        Mistake(
            "took mean and deviation for constants",
            partial(_norm, mean=False, along=False),
            "every row moves them: subtract both means.",
        ),
        Mistake(
            "forgot the mean of the slopes",
            partial(_norm, mean=False),
            "shifting the column changes nothing, so the slopes must sum to 0.",
        ),
        Mistake(
            "forgot the part along the column",
            partial(_norm, along=False),
            "stretching the column changes nothing: subtract hat times the mean of g · hat.",
        ),
        Mistake(
            "forgot to divide by the deviation",
            partial(_norm, spread=False),
            "the last step is / s.",
        ),
        Mistake(
            "forgot the gain",
            partial(_norm, times=False),
            "g is the slope arriving times the gain.",
        ),
        Mistake(
            "summed instead of averaged",
            partial(_norm, average=np.sum),
            "the bars are means over the batch.",
        ),
    ),
    _read("Batch normalization"),
    points=3,
    tolerance=1e-7,
)


# ---- ReLU and max pooling ----------------------------------------------------------------------
def _pool_cases(rng):
    return [
        Case((rng.normal(size=(2, 2)), rng.normal(size=(1, 1))), "one block"),
        Case((rng.normal(size=(4, 6)), rng.normal(size=(2, 3))), "six blocks"),
        Case(
            (np.array([[2.0, 2, 0, 1], [2, 1, 3, 3]]), np.array([[5.0, -1]])),
            "a tie",
            "The first of the largest gets it all: row by row, left to right.",
        ),
        Case(
            (-1 - rng.random((2, 4)), np.array([[1.5, -2.0]])),
            "nothing above 0",
            "ReLU first: where it gave 0, nothing flows back.",
        ),
        Case(
            (np.array([[0.0, -1], [-2, -3]]), np.array([[4.0]])),
            "a zero",
            "At its kink ReLU takes the slope 0.",
        ),
        Case((rng.normal(size=(8, 8)), rng.normal(size=(4, 4))), "an 8 × 8 image"),
        Case((np.array([[1, 2], [3, 4]]), np.array([[7]])), "whole numbers"),
    ]


def _pool(image, slope, *, first=True, relu=True, share=False, kink=0.0, everywhere=False):
    image, slope = np.array(image, dtype=float), np.asarray(slope, dtype=float)
    out = np.zeros_like(image)
    for i, j in np.ndindex(*slope.shape):
        rows, columns = slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2)
        block = np.maximum(image[rows, columns], 0)
        flat = block.ravel()
        place = np.zeros(4)
        place[int(flat.argmax()) if first else 3 - int(flat[::-1].argmax())] = 1
        if share:
            place = (flat == flat.max()) / (flat == flat.max()).sum()
        place = np.ones(4) if everywhere else place
        open_ = (image[rows, columns] > 0) + kink * (image[rows, columns] == 0) if relu else 1.0
        out[rows, columns] = slope[i, j] * place.reshape(2, 2) * open_
    return out


pool_backward = Question(
    "08.pool_backward",
    _pool,
    _pool_cases,
    (
        Mistake(
            "gave a tie to the last",
            partial(_pool, first=False),
            "the first of the largest, as argmax finds it.",
        ),
        Mistake(
            "shared a tie",
            partial(_pool, share=True),
            "a subgradient too, but here the first one gets it all.",
        ),
        Mistake(
            "forgot the ReLU", partial(_pool, relu=False), "where ReLU gave 0, nothing flows back."
        ),
        Mistake(
            "slope 1 at ReLU's kink",
            partial(_pool, kink=1.0),
            "at 0 we take the slope 0: image > 0.",
        ),
        Mistake(
            "gave the slope to the whole block",
            partial(_pool, everywhere=True),
            "only the winner moves the block's maximum.",
        ),
    ),
    _read("Kinks"),
    points=2,
    tolerance=1e-9,
)


# ---- a relaxed choice --------------------------------------------------------------------------
def _choice_cases(rng):
    return [
        Case((rng.normal(size=3), rng.normal(size=3), 1.0)),
        Case((rng.normal(size=5), rng.normal(size=5), 0.5), "T = 0.5"),
        Case((rng.normal(size=4), rng.normal(size=4), 3.0), "T = 3"),
        Case(
            (np.array([900.0, 899.0, 0.0]), np.array([1.0, 4, -2]), 1.0),
            "large scores",
            "Subtract the largest score before you take exp.",
        ),
        Case(([1, 2, 2], [3, 1, 5], 2), "lists of whole numbers"),
        Case((rng.normal(size=2), rng.normal(size=2), 0.25), "two to choose from"),
    ]


def _soft(scores, values, T, *, shift=True, over=True, centered=True, hot=True, times=True):
    z = np.asarray(scores, dtype=float) / T if hot else np.asarray(scores, dtype=float)
    e = np.exp(z - (z.max() if shift else 0))
    p = e / e.sum()
    values = np.asarray(values, dtype=float)
    value = p @ values
    slopes = (p if times else 1.0) * (values - (value if centered else 0)) / (T if over else 1)
    return value, slopes


def _in_one(function, *args):
    value, slopes = function(*args)
    return [float(value), *np.asarray(slopes, dtype=float)]


soft_choice = Question(
    "08.soft_choice",
    _soft,
    _choice_cases,
    (
        Mistake(
            "forgot 1 / T in the slopes",
            partial(_soft, over=False),
            "z / T changes with z by 1 / T.",
        ),
        Mistake(
            "forgot that all shares change",
            partial(_soft, centered=False),
            "raising one score lowers the other shares: p * (values - value) / T.",
        ),
        Mistake(
            "forgot the temperature",
            partial(_soft, hot=False, over=False),
            "softmax of scores / T.",
        ),
        Mistake(
            "forgot the shares", partial(_soft, times=False), "each slope is weighted by its share."
        ),
        Mistake(
            "overflow in softmax",
            partial(_soft, shift=False),
            "subtract the largest before you take exp.",
        ),
    ),
    _read("Jumps"),
    points=2,
    tolerance=1e-8,
    probe=_in_one,
)


# ---- six logs ----------------------------------------------------------------------------------
def _log(losses, norms, dead, pace):
    return {
        "losses": np.round(losses, 4).tolist(),
        "gradient_norms": norms,
        "dead": dead,
        "pace": pace,
    }


def _log_cases(rng):
    def falling(to):
        return np.geomspace(2.3, to, 8) * rng.uniform(0.97, 1.03, 8)

    level = lambda: (10 ** rng.uniform(-0.5, 0.5, 5)).tolist()  # noqa: E731
    still = 2.3 - 0.001 * np.arange(8) + 1e-4 * rng.random(8)
    return [
        Case((_log(falling(0.1), level(), 0.05, 0.01),), "a log"),
        Case((_log([2.3, 9.0, 80, 700, 6e3, 5e4, 4e5, 3e6], level(), 0.0, 0.9),), "a log"),
        Case(
            (_log([2.3, 4.0, np.nan, np.nan], level(), 0.0, 0.7),),
            "a log with NaN",
            "NaN at the end: compare so that NaN counts as a failure.",
        ),
        Case((_log(still, [1e-9, 1e-7, 1e-5, 1e-3, 0.4], 0.0, 0.01),), "a log"),
        Case(
            (_log([2.3, 8.0, 9.0, 9.5], [3e5, 2e5, 4e5, 1e5], 0.1, 0.9),),
            "a log",
            "Look at the gradient at the start before you look at the loss.",
        ),
        Case(
            (_log(still, [0.0, 0.0, 0.0, 0.2], 0.97, 0.0),),
            "a log",
            "A dead layer lets nothing through: look at it before the gradients.",
        ),
        Case((_log(2.3 - 0.001 * np.arange(8), level(), 0.02, 1e-6),), "a log"),
        Case((_log(falling(0.4), level(), 0.3, 0.004),), "a log"),
    ]


def _name(
    log, *, ratio=lambda norms: norms[0] / norms[-1] < 1e-3, dead=0.9, grown=True, explode=True
):
    losses, norms = log["losses"], log["gradient_norms"]
    tests = {
        "exploding": explode and max(norms) > 1e3,
        "dead": log["dead"] >= dead,
        "diverging": not losses[-1] <= losses[0] if grown else losses[-1] > losses[0],
        "vanishing": ratio(norms),
        "too slow": log["pace"] < 1e-3,
    }
    return next((name for name, found in tests.items() if found), "healthy")


name_illness = Question(
    "08.name_illness",
    _name,
    _log_cases,
    (
        Mistake(
            "NaN passed for a small loss",
            partial(_name, grown=False),
            "NaN > 2.3 is False: ask whether the last loss is NOT at most the first.",
        ),
        Mistake(
            "read the layers in the wrong order",
            partial(_name, ratio=lambda norms: norms[-1] / max(norms[0], 1e-300) < 1e-3),
            "the first entry is the first layer's; when gradients vanish, it is the small one.",
        ),
        Mistake(
            "called exploding gradients diverging",
            partial(_name, explode=False),
            "ask for the gradients at the start first.",
        ),
        Mistake(
            "passed over dead units",
            partial(_name, dead=2.0),
            "log['dead'] is a share: 0.97 is nearly the whole layer.",
        ),
    ),
    _read("The clinic"),
    points=2,
)
