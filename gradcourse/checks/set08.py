"""Exercise set 08: safe clipping, first weights, batch norm and pooling backward, a diagnosis."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, question

ask = partial(question, "08_when_gradients_go_wrong")


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


@ask("Clip what explodes", _clip_cases, points=2)
def clip_norm(
    grad, limit, *, nan=True, infinite=True, scale=True, always=False, each=False, flat=True
):
    """A gradient shortened to the limit, whatever is in it."""
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


clip_norm.mistake(
    "the usual three lines",
    "they fail for huge, infinite and NaN entries; look at the cases one by one.",
    nan=False,
    infinite=False,
    scale=False,
)
clip_norm.mistake(
    "let NaN through", "a comparison with NaN is False; set NaN to 0 first.", nan=False
)
clip_norm.mistake(
    "overflow in the square", "divide by the largest entry before you square.", scale=False
)
clip_norm.mistake(
    "infinity divided by infinity",
    "where entries are infinite, keep their signs and set the rest to 0.",
    infinite=False,
)
clip_norm.mistake(
    "made short gradients longer", "only a gradient longer than the limit is changed.", always=True
)
clip_norm.mistake(
    "clipped each entry", "that turns the direction; shorten the whole gradient.", each=True
)
clip_norm.mistake(
    "clipped each row of a matrix", "one length for all entries together.", flat=False
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


@ask("Begin with the right size", _std_cases)
def weight_std(n_in, n_out, activation, *, root=True, fan="in", gain=2.0, both=True, swap=False):
    """The standard deviation of a layer's first weights: He for ReLU, Xavier for tanh."""
    if (activation == "relu") != swap:
        variance = gain / (n_in if fan == "in" else n_out)
    else:
        variance = 2 / (n_in + n_out if both else n_in)
    return variance**0.5 if root else variance


weight_std.mistake("the variance, not its root", "asked for is the standard deviation.", root=False)
weight_std.mistake(
    "counted the outputs for He", "a unit adds up its INPUTS: n_in of them.", fan="out"
)
weight_std.mistake("forgot the 2 of He", "ReLU cuts half away; the 2 pays for it.", gain=1.0)
weight_std.mistake("He for both", "Xavier takes 2 / (n_in + n_out).", both=False)
weight_std.mistake("swapped the two rules", "He belongs to ReLU.", swap=True)


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


@ask("Batch normalization", _norm_cases, points=3, tolerance=1e-7)
def batch_norm_backward(
    x, gain, slope, *, mean=True, along=True, spread=True, times=True, average=np.mean
):
    """The gradients of batch norm along its input, gain and shift."""
    s = np.sqrt(x.var(axis=0) + 1e-5)
    hat = (x - x.mean(axis=0)) / s
    g = slope * gain if times else slope
    dx = g - (average(g, axis=0) if mean else 0) - (hat * average(g * hat, axis=0) if along else 0)
    dx = dx / s if spread else dx
    return [dx, (slope * hat).sum(axis=0), slope.sum(axis=0)]


batch_norm_backward.mistake(
    "took mean and deviation for constants",
    "every row moves them: subtract both means.",
    mean=False,
    along=False,
)
batch_norm_backward.mistake(
    "forgot the mean of the slopes",
    "shifting the column changes nothing, so the slopes must sum to 0.",
    mean=False,
)
batch_norm_backward.mistake(
    "forgot the part along the column",
    "stretching the column changes nothing: subtract hat times the mean of g · hat.",
    along=False,
)
batch_norm_backward.mistake(
    "forgot to divide by the deviation", "the last step is / s.", spread=False
)
batch_norm_backward.mistake(
    "forgot the gain", "g is the slope arriving times the gain.", times=False
)
batch_norm_backward.mistake(
    "summed instead of averaged", "the bars are means over the batch.", average=np.sum
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


@ask("Kinks", _pool_cases, points=2)
def pool_backward(image, slope, *, first=True, relu=True, share=False, kink=0.0, everywhere=False):
    """The gradient of ReLU and 2 × 2 max pooling along the image."""
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


pool_backward.mistake(
    "gave a tie to the last", "the first of the largest, as argmax finds it.", first=False
)
pool_backward.mistake(
    "shared a tie", "a subgradient too, but here the first one gets it all.", share=True
)
pool_backward.mistake("forgot the ReLU", "where ReLU gave 0, nothing flows back.", relu=False)
pool_backward.mistake("slope 1 at ReLU's kink", "at 0 we take the slope 0: image > 0.", kink=1.0)
pool_backward.mistake(
    "gave the slope to the whole block",
    "only the winner moves the block's maximum.",
    everywhere=True,
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


def _in_one(function, *args):
    value, slopes = function(*args)
    return [float(value), *np.asarray(slopes, dtype=float)]


@ask("Jumps", _choice_cases, points=2, tolerance=1e-8, probe=_in_one)
def soft_choice(scores, values, T, *, shift=True, over=True, centered=True, hot=True, times=True):
    """The mean of values under a softmax of scores, and its gradient along the scores."""
    z = np.asarray(scores, dtype=float) / T if hot else np.asarray(scores, dtype=float)
    e = np.exp(z - (z.max() if shift else 0))
    p = e / e.sum()
    values = np.asarray(values, dtype=float)
    value = p @ values
    slopes = (p if times else 1.0) * (values - (value if centered else 0)) / (T if over else 1)
    return value, slopes


soft_choice.mistake("forgot 1 / T in the slopes", "z / T changes with z by 1 / T.", over=False)
soft_choice.mistake(
    "forgot that all shares change",
    "raising one score lowers the other shares: p * (values - value) / T.",
    centered=False,
)
soft_choice.mistake("forgot the temperature", "softmax of scores / T.", hot=False, over=False)
soft_choice.mistake("forgot the shares", "each slope is weighted by its share.", times=False)
soft_choice.mistake("overflow in softmax", "subtract the largest before you take exp.", shift=False)


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

    def level():
        return (10 ** rng.uniform(-0.5, 0.5, 5)).tolist()

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


@ask("The clinic", _log_cases, points=2)
def name_illness(
    log, *, ratio=lambda norms: norms[0] / norms[-1] < 1e-3, dead=0.9, grown=True, explode=True
):
    """What a log of training suffers from."""
    losses, norms = log["losses"], log["gradient_norms"]
    tests = {
        "exploding": explode and max(norms) > 1e3,
        "dead": log["dead"] >= dead,
        "diverging": not losses[-1] <= losses[0] if grown else losses[-1] > losses[0],
        "vanishing": ratio(norms),
        "too slow": log["pace"] < 1e-3,
    }
    return next((name for name, found in tests.items() if found), "healthy")


name_illness.mistake(
    "NaN passed for a small loss",
    "NaN > 2.3 is False: ask whether the last loss is NOT at most the first.",
    grown=False,
)
name_illness.mistake(
    "read the layers in the wrong order",
    "the first entry is the first layer's; when gradients vanish, it is the small one.",
    ratio=lambda norms: norms[-1] / max(norms[0], 1e-300) < 1e-3,
)
name_illness.mistake(
    "called exploding gradients diverging",
    "ask for the gradients at the start first.",
    explode=False,
)
name_illness.mistake(
    "passed over dead units", "log['dead'] is a share: 0.97 is nearly the whole layer.", dead=2.0
)
