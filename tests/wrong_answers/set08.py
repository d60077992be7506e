"""Wrong answers to exercise set 08, as learners write them: (question, mistake, function)."""

import numpy as np

from gradcourse.checks import set08


# ---- clipping
def three_lines(grad, limit):
    grad = np.array(grad, dtype=float)
    norm = np.sqrt((grad**2).sum())
    return grad * (limit / norm) if norm > limit else grad


def directed(grad):
    """Infinite entries alone."""
    grad = np.array(grad, dtype=float)
    return np.sign(grad) * np.isinf(grad) if np.isinf(grad).any() else grad


def shortened(grad, limit):
    size = np.max(np.abs(grad))
    if size == 0:
        return grad
    length = np.linalg.norm(grad / size)
    return grad / size * limit / length if size * length > limit else grad


def without_nan(grad):
    return np.where(np.isnan(grad), 0.0, grad)


def nan_passes(grad, limit):
    grad = np.array(grad, dtype=float)
    if np.isinf(grad).any():
        return directed(grad) * limit / np.linalg.norm(directed(grad))
    return shortened(grad, limit)


def overflowing(grad, limit):
    grad = without_nan(np.array(grad, dtype=float))
    if np.isinf(grad).any():
        return directed(grad) * limit / np.linalg.norm(directed(grad))
    norm = np.sqrt((grad * grad).sum())
    return grad / norm * limit if norm > limit else grad


def infinite_over_infinite(grad, limit):
    return shortened(without_nan(np.array(grad, dtype=float)), limit)


def always_that_long(grad, limit):
    grad = without_nan(np.array(grad, dtype=float))
    grad = directed(grad)
    size = np.max(np.abs(grad)) or 1.0
    return grad / size * limit / np.linalg.norm(grad / size)


def entry_by_entry(grad, limit):
    grad = without_nan(np.array(grad, dtype=float))
    if np.isinf(grad).any():
        return directed(grad) * limit / np.linalg.norm(directed(grad))
    return np.maximum(np.minimum(grad, limit), -limit)


def row_by_row(grad, limit):
    grad = directed(without_nan(np.array(grad, dtype=float)))
    if grad.ndim == 2:
        return np.array([shortened(row, limit) for row in grad])
    infinite = np.abs(grad).max() == 1 and set(np.abs(grad)) <= {0.0, 1.0} and grad.any()
    return grad * limit / np.linalg.norm(grad) if infinite else shortened(grad, limit)


def plain_clip(grad, limit):
    return np.clip(grad, -limit, limit)


def nothing_done(grad, limit):
    return np.array(grad, dtype=float)


# ---- first weights
def std(relu, tanh):
    return lambda n_in, n_out, activation: (relu if activation == "relu" else tanh)(n_in, n_out)


variances = std(lambda i, o: 2 / i, lambda i, o: 2 / (i + o))
by_outputs = std(lambda i, o: (2 / o) ** 0.5, lambda i, o: (2 / (i + o)) ** 0.5)
without_the_two = std(lambda i, o: (1 / i) ** 0.5, lambda i, o: (2 / (i + o)) ** 0.5)
he_for_both = std(lambda i, o: (2 / i) ** 0.5, lambda i, o: (2 / i) ** 0.5)
swapped = std(lambda i, o: (2 / (i + o)) ** 0.5, lambda i, o: (2 / i) ** 0.5)
xavier_for_both = std(lambda i, o: (2 / (i + o)) ** 0.5, lambda i, o: (2 / (i + o)) ** 0.5)
halved = std(lambda i, o: (1 / (2 * i)) ** 0.5, lambda i, o: (1 / (i + o)) ** 0.5)


# ---- batch norm
def backward(formula, gain_first=True):
    def function(x, gain, slope):
        s = (x.var(axis=0) + 1e-5) ** 0.5
        hat = (x - x.mean(axis=0)) / s
        g = slope * gain if gain_first else slope
        return formula(g, hat, s), (slope * hat).sum(axis=0), slope.sum(axis=0)

    return function


def mean(a):
    return a.mean(axis=0)


constants = backward(lambda g, hat, s: g / s)
without_mean = backward(lambda g, hat, s: (g - hat * mean(g * hat)) / s)
without_along = backward(lambda g, hat, s: (g - mean(g)) / s)
undivided = backward(lambda g, hat, s: g - mean(g) - hat * mean(g * hat))
ungained = backward(lambda g, hat, s: (g - mean(g) - hat * mean(g * hat)) / s, gain_first=False)
sums = backward(lambda g, hat, s: (g - g.sum(axis=0) - hat * (g * hat).sum(axis=0)) / s)
added = backward(lambda g, hat, s: (g + mean(g) + hat * mean(g * hat)) / s)
over_variance = backward(lambda g, hat, s: (g - mean(g) - hat * mean(g * hat)) / s**2)


# ---- pooling
def pool(pick, gate=lambda block: block > 0):
    def function(image, slope):
        image = np.array(image, dtype=float)
        out = np.zeros(image.shape)
        for i in range(0, image.shape[0], 2):
            for j in range(0, image.shape[1], 2):
                block = image[i : i + 2, j : j + 2]
                share = pick(np.maximum(block, 0)) * gate(block)
                out[i : i + 2, j : j + 2] = share * slope[i // 2][j // 2]
        return out

    return function


def first_winner(block):
    share = np.zeros(4)
    share[block.argmax()] = 1
    return share.reshape(2, 2)


def last_winner(block):
    share = np.zeros(4)
    share[np.flatnonzero(block.ravel() == block.max())[-1]] = 1
    return share.reshape(2, 2)


def all_winners(block):
    return (block == block.max()) * 1.0


last_of_a_tie = pool(last_winner)
shared_tie = pool(lambda block: all_winners(block) / all_winners(block).sum())
without_relu = pool(first_winner, gate=lambda block: 1.0)
open_at_zero = pool(first_winner, gate=lambda block: block >= 0)
whole_block = pool(lambda block: np.ones((2, 2)))
every_winner = pool(all_winners)
average = pool(lambda block: np.full((2, 2), 0.25))


# ---- choice
def softened(slopes, warm=True, shift=True):
    def function(scores, values, T):
        z = np.array(scores, dtype=float) / (T if warm else 1)
        e = np.exp(z - z.max()) if shift else np.exp(z)
        p, v = e / e.sum(), np.array(values, dtype=float)
        return p @ v, slopes(p, v, p @ v, T)

    return function


without_t = softened(lambda p, v, m, T: p * (v - m))
own_share_only = softened(lambda p, v, m, T: p * v / T)
cold = softened(lambda p, v, m, T: p * (v - m), warm=False)
unweighted = softened(lambda p, v, m, T: (v - m) / T)
overflow = softened(lambda p, v, m, T: p * (v - m) / T, shift=False)
turned = softened(lambda p, v, m, T: p * (m - v) / T)


def hard(scores, values, T):
    return values[int(np.argmax(scores))], np.zeros(len(scores))


# ---- illness
def asked(*questions):
    tests = {
        "exploding": lambda log: max(log["gradient_norms"]) > 1000,
        "dead": lambda log: log["dead"] >= 0.9,
        "diverging": lambda log: not log["losses"][-1] <= log["losses"][0],
        "vanishing": lambda log: log["gradient_norms"][0] < log["gradient_norms"][-1] / 1000,
        "too slow": lambda log: log["pace"] < 1e-3,
    } | dict(q for q in questions if isinstance(q, tuple))

    def name(log):
        for illness, test in tests.items():
            if illness not in questions and test(log):
                return illness
        return "healthy"

    return name


nan_is_small = asked(("diverging", lambda log: log["losses"][-1] > log["losses"][0]))
from_the_end = asked(
    ("vanishing", lambda log: log["gradient_norms"][-1] < log["gradient_norms"][0] / 1000)
)
no_explosions = asked("exploding")
no_deaths = asked("dead")
no_pace = asked("too slow")


def always_healthy(log):
    return "healthy"


CLIP, STD, NORM = set08.clip_norm, set08.weight_std, set08.batch_norm_backward
POOL, CHOICE, NAME = set08.pool_backward, set08.soft_choice, set08.name_illness
WRONG = [
    (CLIP, "the usual three lines", three_lines),
    (CLIP, "let NaN through", nan_passes),
    (CLIP, "overflow in the square", overflowing),
    (CLIP, "infinity divided by infinity", infinite_over_infinite),
    (CLIP, "made short gradients longer", always_that_long),
    (CLIP, "clipped each entry", entry_by_entry),
    (CLIP, "clipped each row of a matrix", row_by_row),
    (CLIP, "", plain_clip),
    (CLIP, "", nothing_done),
    (STD, "the variance, not its root", variances),
    (STD, "counted the outputs for He", by_outputs),
    (STD, "forgot the 2 of He", without_the_two),
    (STD, "He for both", he_for_both),
    (STD, "swapped the two rules", swapped),
    (STD, "", xavier_for_both),
    (STD, "", halved),
    (NORM, "took mean and deviation for constants", constants),
    (NORM, "forgot the mean of the slopes", without_mean),
    (NORM, "forgot the part along the column", without_along),
    (NORM, "forgot to divide by the deviation", undivided),
    (NORM, "forgot the gain", ungained),
    (NORM, "summed instead of averaged", sums),
    (NORM, "", added),
    (NORM, "", over_variance),
    (POOL, "gave a tie to the last", last_of_a_tie),
    (POOL, "shared a tie", shared_tie),
    (POOL, "forgot the ReLU", without_relu),
    (POOL, "slope 1 at ReLU's kink", open_at_zero),
    (POOL, "gave the slope to the whole block", whole_block),
    (POOL, "", every_winner),
    (POOL, "", average),
    (CHOICE, "forgot 1 / T in the slopes", without_t),
    (CHOICE, "forgot that all shares change", own_share_only),
    (CHOICE, "forgot the temperature", cold),
    (CHOICE, "forgot the shares", unweighted),
    (CHOICE, "overflow in softmax", overflow),
    (CHOICE, "", turned),
    (CHOICE, "", hard),
    (NAME, "NaN passed for a small loss", nan_is_small),
    (NAME, "read the layers in the wrong order", from_the_end),
    (NAME, "called exploding gradients diverging", no_explosions),
    (NAME, "passed over dead units", no_deaths),
    (NAME, "", no_pace),
    (NAME, "", always_healthy),
]
